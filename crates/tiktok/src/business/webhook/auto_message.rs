//! Automatic messages: changed, and judged by TikTok.

use crate::{business::message::AutoMessageType, lenient::Fields, words::words};
use std::fmt;

/// An automatic message was changed, here or in TikTok's app, up to five minutes ago ("Webhooks",
/// `im_auto_message_config_update`). An edited welcome message comes as a deletion and a creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoMessageConfig {
    /// Which; a whole kind is switched on and off at once.
    pub auto_message_id: Option<String>,
    /// Its kind.
    pub kind: AutoMessageType,
    /// What was done to it.
    pub action: AutoMessageAction,
    /// When, ms since the epoch.
    pub at_ms: Option<i64>,
    /// What it says now, where the event tells.
    pub text: Option<AutoMessageText>,
}

words! {
    /// What was done to an automatic message.
    AutoMessageAction {
        /// It was made.
        Create = "CREATE",
        /// It was edited.
        Update = "UPDATE",
        /// It is gone.
        Delete = "DELETE",
        /// Its kind was switched on.
        Enable = "ENABLE",
        /// Its kind was switched off.
        Disable = "DISABLE",
    }
}

/// What an automatic message says ("Automatic messages"). `Debug` leaves the words out.
#[derive(Clone, PartialEq, Eq)]
pub enum AutoMessageText {
    /// Greets whoever opens the conversation.
    Welcome {
        /// The greeting.
        content: String,
    },
    /// A question to tap, and its answer.
    SuggestedQuestion {
        /// What the customer taps.
        question: String,
        /// What they are answered.
        answer: String,
    },
    /// A prompt above the keyboard, and what it answers.
    ChatPrompt {
        /// What the customer taps.
        title: String,
        /// What they are answered.
        content: String,
    },
}

/// TikTok has judged an automatic message, up to five minutes ago ("Webhooks", `im_auto_message_audit_update`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoMessageAudit {
    /// Which.
    pub auto_message_id: String,
    /// Its kind.
    pub kind: AutoMessageType,
    /// The verdict.
    pub status: AuditStatus,
    /// When, ms since the epoch.
    pub at_ms: Option<i64>,
}

words! {
    /// TikTok's verdict on an automatic message; only an approved one is shown to customers.
    AuditStatus {
        /// Not judged yet.
        Reviewing = "REVIEWING",
        /// It may be shown.
        Approved = "APPROVED",
        /// It may not, and cannot be edited: it has to be made anew.
        Rejected = "REJECTED",
    }
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
            at_ms: fields.integer("timestamp"),
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
            at_ms: fields.integer("timestamp"),
        })
    }
}

impl AutoMessageText {
    fn read(kind: &AutoMessageType, fields: &Fields<'_>) -> Option<Self> {
        match kind {
            AutoMessageType::WelcomeMessage => {
                Some(Self::Welcome { content: fields.object("welcome_message")?.text("content")? })
            }
            AutoMessageType::SuggestedQuestion => {
                let block = fields.object("suggested_question")?;
                Some(Self::SuggestedQuestion { question: block.text("question")?, answer: block.text("answer")? })
            }
            AutoMessageType::ChatPrompt => {
                // The documentation's own example has it under the other name.
                let block = fields.object("chat_prompt").or_else(|| fields.object("suggested_question"))?;
                Some(Self::ChatPrompt { title: block.text("title")?, content: block.text("content")? })
            }
            AutoMessageType::AutoReply | AutoMessageType::Unknown(_) => None,
        }
    }
}

impl fmt::Debug for AutoMessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Welcome { .. } => "Welcome",
            Self::SuggestedQuestion { .. } => "SuggestedQuestion",
            Self::ChatPrompt { .. } => "ChatPrompt",
        })
    }
}
