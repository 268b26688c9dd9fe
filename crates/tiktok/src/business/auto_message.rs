//! Automatic messages, which TikTok sends for the business by itself ("Automatic messages"): listing and changing them.
//!
//! A kind is switched on and off as a whole. TikTok shows a message to customers if it has approved it and its kind is
//! on; a kind that is switched on anew shows none of the messages it had before, and nothing in [`ListAutoMessages`]
//! tells.

mod change;
mod content;

pub use change::{
    AutoMessageChanged, CreateAutoMessage, DeleteAutoMessage, SetAutoMessageStatus, SortAutoMessages, UpdateAutoMessage,
};
pub use content::{AuditStatus, AutoMessageText, OperationStatus};

use super::message::AutoMessageType;
use crate::{Endpoint, Safety, lenient::Fields};
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;

/// Lists a kind's messages, all of them, in the order customers see them.
#[derive(Debug, Clone)]
pub struct ListAutoMessages {
    /// The account.
    pub business_id: String,
    /// The kind to list.
    pub kind: AutoMessageType,
}

/// A kind's messages.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "AutoMessagesWire")]
pub struct AutoMessages {
    /// Whether the kind is on; `None` when TikTok did not say.
    pub status: Option<OperationStatus>,
    /// The messages that could be read, in TikTok's order.
    pub messages: Vec<AutoMessage>,
    /// How many entries had no id or were of no kind we know.
    pub unreadable: usize,
}

/// An automatic message. `Debug` leaves the text out.
#[derive(Clone)]
pub struct AutoMessage {
    /// The message's id.
    pub auto_message_id: String,
    /// Its content; empty where TikTok did not say.
    pub text: AutoMessageText,
    /// The result of TikTok's review; `None` when it did not say.
    pub audit: Option<AuditStatus>,
    /// The entry as it came.
    pub raw: Box<RawValue>,
}

impl Endpoint for ListAutoMessages {
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/business/message/auto_message/get/";
    const SAFETY: Safety = Safety::Repeatable;
    type Reply = AutoMessages;

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("business_id", self.business_id.clone()), ("auto_message_type", self.kind.as_str().to_owned())]
    }

    /// An empty answer would pass for a kind that has no messages any more.
    fn missing(&self, reply: &AutoMessages) -> Option<&'static str> {
        (reply.status.is_none() && reply.messages.is_empty()).then_some("data.operation_status")
    }
}

#[derive(Deserialize)]
struct AutoMessagesWire {
    #[serde(default)]
    operation_status: Option<Box<RawValue>>,
    #[serde(default)]
    auto_messages: Option<Vec<Box<RawValue>>>,
}

impl From<AutoMessagesWire> for AutoMessages {
    fn from(wire: AutoMessagesWire) -> Self {
        let entries = wire.auto_messages.unwrap_or_default();
        let messages: Vec<AutoMessage> = entries.iter().filter_map(|raw| message(raw)).collect();
        let status = wire.operation_status.as_deref().and_then(crate::lenient::text).filter(|word| !word.is_empty());
        Self {
            status: status.map(|word| OperationStatus::read(&word)),
            unreadable: entries.len() - messages.len(),
            messages,
        }
    }
}

fn message(raw: &RawValue) -> Option<AutoMessage> {
    let fields = Fields::read(raw)?;
    let kind =
        fields.id("auto_message_type").map_or_else(|| kind(&fields), |word| Some(AutoMessageType::read(&word)))?;
    Some(AutoMessage {
        auto_message_id: fields.remote_id("auto_message_id")?,
        text: AutoMessageText::read(&kind, &fields).or_else(|| AutoMessageText::empty(&kind))?,
        audit: fields.id("audit_status").map(|word| AuditStatus::read(&word)),
        raw: raw.to_owned(),
    })
}

/// The kind of an entry that does not name it.
fn kind(fields: &Fields<'_>) -> Option<AutoMessageType> {
    [
        ("welcome_message", AutoMessageType::WelcomeMessage),
        ("suggested_question", AutoMessageType::SuggestedQuestion),
        ("chat_prompt", AutoMessageType::ChatPrompt),
    ]
    .into_iter()
    .find_map(|(block, kind)| fields.object(block).map(|_| kind))
}

impl fmt::Debug for AutoMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AutoMessage")
            .field("auto_message_id", &self.auto_message_id)
            .field("text", &self.text)
            .field("audit", &self.audit)
            .finish_non_exhaustive()
    }
}
