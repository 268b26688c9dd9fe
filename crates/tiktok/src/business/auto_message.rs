//! What TikTok sends for the business by itself ("Automatic messages"): reading it, and changing it.
//!
//! A kind is switched on and off as a whole. TikTok shows a message to customers if it has approved it and its kind is on;
//! a kind that is switched on anew shows none of the messages it had before, and nothing in [`ListAutoMessages`] tells.

mod change;

pub use change::{
    AutoMessageChanged, CreateAutoMessage, DeleteAutoMessage, SetAutoMessageStatus, SortAutoMessages, UpdateAutoMessage,
};

use super::message::AutoMessageType;
use crate::{Endpoint, Safety, lenient::Fields, words::words};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use std::fmt;

/// Lists a kind's messages, all of them, in the order customers see them.
#[derive(Debug, Clone)]
pub struct ListAutoMessages {
    /// The account.
    pub business_id: String,
    /// Which kind.
    pub kind: AutoMessageType,
}

/// A kind's messages.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Wire")]
pub struct AutoMessages {
    /// Whether the kind is on; `None` when TikTok did not say.
    pub status: Option<OperationStatus>,
    /// What could be read, in TikTok's order.
    pub messages: Vec<AutoMessage>,
    /// How many entries had no id or were of no kind we know.
    pub unreadable: usize,
}

/// One message. `Debug` leaves the words out.
#[derive(Clone)]
pub struct AutoMessage {
    /// Which.
    pub auto_message_id: String,
    /// What it says; empty where TikTok did not say.
    pub text: AutoMessageText,
    /// TikTok's verdict; `None` when it did not say.
    pub audit: Option<AuditStatus>,
    /// The entry as it came.
    pub raw: Box<RawValue>,
}

/// What an automatic message says. `Debug` leaves the words out.
#[derive(Clone, PartialEq, Eq)]
pub enum AutoMessageText {
    /// Greets whoever opens the conversation.
    Welcome {
        /// The greeting, at most 250 characters; it may have several lines.
        content: String,
    },
    /// A question to tap, and its answer.
    SuggestedQuestion {
        /// What the customer taps, at most 80 characters.
        question: String,
        /// What they are answered, at most 200 characters.
        answer: String,
    },
    /// A prompt above the keyboard, and what it makes the customer ask. TikTok answers nothing; no message is labelled so.
    ChatPrompt {
        /// What the customer taps, at most 18 characters.
        title: String,
        /// What they then ask, at most 150 characters.
        content: String,
    },
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

words! {
    /// Whether something that TikTok does by itself is switched on.
    OperationStatus {
        /// It is.
        Enable = "ENABLE",
        /// It is not.
        Disable = "DISABLE",
    }
}

impl OperationStatus {
    /// TikTok's word for on or off.
    #[must_use]
    pub fn of(enabled: bool) -> Self {
        if enabled { Self::Enable } else { Self::Disable }
    }
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
struct Wire {
    #[serde(default)]
    operation_status: Option<Box<RawValue>>,
    #[serde(default)]
    auto_messages: Option<Vec<Box<RawValue>>>,
}

impl From<Wire> for AutoMessages {
    fn from(wire: Wire) -> Self {
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

impl AutoMessageText {
    /// Which kind of message says such a thing.
    #[must_use]
    pub fn kind(&self) -> AutoMessageType {
        match self {
            Self::Welcome { .. } => AutoMessageType::WelcomeMessage,
            Self::SuggestedQuestion { .. } => AutoMessageType::SuggestedQuestion,
            Self::ChatPrompt { .. } => AutoMessageType::ChatPrompt,
        }
    }

    pub(super) fn read(kind: &AutoMessageType, fields: &Fields<'_>) -> Option<Self> {
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
                Some(Self::ChatPrompt {
                    title: block.text("title").or_else(|| block.text("question"))?,
                    content: block.text("content").or_else(|| block.text("answer"))?,
                })
            }
            AutoMessageType::AutoReply | AutoMessageType::Unknown(_) => None,
        }
    }

    /// One that says nothing.
    fn empty(kind: &AutoMessageType) -> Option<Self> {
        let none = String::new;
        match kind {
            AutoMessageType::WelcomeMessage => Some(Self::Welcome { content: none() }),
            AutoMessageType::SuggestedQuestion => Some(Self::SuggestedQuestion { question: none(), answer: none() }),
            AutoMessageType::ChatPrompt => Some(Self::ChatPrompt { title: none(), content: none() }),
            AutoMessageType::AutoReply | AutoMessageType::Unknown(_) => None,
        }
    }

    /// The object's name and what is in it.
    fn wire(&self) -> (&'static str, Value) {
        match self {
            Self::Welcome { content } => ("welcome_message", json!({ "content": content })),
            Self::SuggestedQuestion { question, answer } => {
                ("suggested_question", json!({ "question": question, "answer": answer }))
            }
            Self::ChatPrompt { title, content } => ("chat_prompt", json!({ "title": title, "content": content })),
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

impl fmt::Debug for AutoMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AutoMessage")
            .field("auto_message_id", &self.auto_message_id)
            .field("text", &self.text)
            .field("audit", &self.audit)
            .finish_non_exhaustive()
    }
}
