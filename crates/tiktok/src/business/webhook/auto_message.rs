//! Events about automatic messages: changed, and reviewed by TikTok.

use crate::{
    Timestamp,
    business::{
        auto_message::{AuditStatus, AutoMessageText},
        message::AutoMessageType,
    },
    lenient::Fields,
    words::words,
};

/// An automatic message was changed, here or in TikTok's app, up to five minutes ago ("Webhooks",
/// `im_auto_message_config_update`). An edited welcome message comes as a deletion and a creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoMessageConfig {
    /// The message; `None` where a whole kind was switched on or off.
    pub auto_message_id: Option<String>,
    /// Its kind.
    pub kind: AutoMessageType,
    /// The change.
    pub action: AutoMessageAction,
    /// The time TikTok says; nothing if it says none, or one that cannot be.
    pub at: Option<Timestamp>,
    /// Its content after the change, where the event tells.
    pub text: Option<AutoMessageText>,
}

words! {
    /// The change to an automatic message.
    AutoMessageAction {
        /// It was made.
        Create = "CREATE",
        /// It was edited.
        Update = "UPDATE",
        /// It was deleted.
        Delete = "DELETE",
        /// Its kind was switched on.
        Enable = "ENABLE",
        /// Its kind was switched off.
        Disable = "DISABLE",
    }
}

/// TikTok has reviewed an automatic message, up to five minutes ago ("Webhooks", `im_auto_message_audit_update`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoMessageAudit {
    /// The message that was reviewed.
    pub auto_message_id: String,
    /// Its kind.
    pub kind: AutoMessageType,
    /// The result of the review.
    pub status: AuditStatus,
    /// The time TikTok says; nothing if it says none, or one that cannot be.
    pub at: Option<Timestamp>,
}

fn kind(fields: &Fields<'_>) -> Option<AutoMessageType> {
    fields.id("auto_message_type").map(|word| AutoMessageType::read(&word))
}

impl AutoMessageConfig {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        let kind = kind(fields)?;
        Some(Self {
            auto_message_id: fields.id("auto_message_id"),
            action: AutoMessageAction::read(&fields.id("auto_message_action")?),
            at: fields.timestamp("timestamp"),
            text: AutoMessageText::read(&kind, fields),
            kind,
        })
    }
}

impl AutoMessageAudit {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Self> {
        Some(Self {
            auto_message_id: fields.id("auto_message_id")?,
            kind: kind(fields)?,
            status: AuditStatus::read(&fields.id("audit_status")?),
            at: fields.timestamp("timestamp"),
        })
    }
}
