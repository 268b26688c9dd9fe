//! Changing automatic messages. None of these calls takes an idempotency key: an [`crate::Error::Unknown`] is settled
//! by reading the kind again, never by calling again.

use super::{AutoMessageText, OperationStatus};
use crate::{Endpoint, Safety, business::message::AutoMessageType, lenient::Fields};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

/// Makes a message; TikTok reviews it, which takes seconds to hours. One that is there already is refused.
#[derive(Debug, Clone)]
pub struct CreateAutoMessage {
    /// The account.
    pub business_id: String,
    /// The content.
    pub text: AutoMessageText,
}

/// Changes a message; TikTok reviews it anew. Not while it is being reviewed, and never once it was rejected.
#[derive(Debug, Clone)]
pub struct UpdateAutoMessage {
    /// The account.
    pub business_id: String,
    /// The message's id.
    pub auto_message_id: String,
    /// The new content.
    pub text: AutoMessageText,
}

/// Deletes a suggested question or a chat prompt. A welcome message can only be switched off.
#[derive(Debug, Clone)]
pub struct DeleteAutoMessage {
    /// The account.
    pub business_id: String,
    /// Its kind.
    pub kind: AutoMessageType,
    /// The message's id.
    pub auto_message_id: String,
}

/// Puts the chat prompts into an order; sources differ about other kinds.
#[derive(Debug, Clone)]
pub struct SortAutoMessages {
    /// The account.
    pub business_id: String,
    /// Their kind.
    pub kind: AutoMessageType,
    /// All of them, the leftmost first.
    pub auto_message_ids: Vec<String>,
}

/// Switches a kind on or off. Switched on, suggested questions and chat prompts that were there are shown no more: they
/// have to be made anew. A welcome message that was never set gets TikTok's own words.
#[derive(Debug, Clone)]
pub struct SetAutoMessageStatus {
    /// The account.
    pub business_id: String,
    /// The kind to switch.
    pub kind: AutoMessageType,
    /// On or off.
    pub enabled: bool,
}

/// TikTok's answer to a change.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "AutoMessageChangedWire")]
pub struct AutoMessageChanged {
    /// The message's id, where TikTok named it.
    pub auto_message_id: Option<String>,
}

impl Endpoint for CreateAutoMessage {
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/business/message/auto_message/create/";
    const SAFETY: Safety = Safety::Once;
    type Reply = AutoMessageChanged;

    fn body(&self) -> Option<Value> {
        Some(with_text(&self.business_id, &self.text))
    }

    fn missing(&self, reply: &AutoMessageChanged) -> Option<&'static str> {
        reply.auto_message_id.is_none().then_some("data.auto_message.auto_message_id")
    }
}

impl Endpoint for UpdateAutoMessage {
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/business/message/auto_message/update/";
    const SAFETY: Safety = Safety::Once;
    type Reply = AutoMessageChanged;

    fn body(&self) -> Option<Value> {
        let mut body = with_text(&self.business_id, &self.text);
        if let Value::Object(body) = &mut body {
            body.insert("auto_message_id".to_owned(), json!(self.auto_message_id));
        }
        Some(body)
    }
}

impl Endpoint for DeleteAutoMessage {
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/business/message/auto_message/delete/";
    const SAFETY: Safety = Safety::Once;
    type Reply = AutoMessageChanged;

    fn body(&self) -> Option<Value> {
        Some(json!({
            "business_id": self.business_id,
            "auto_message_type": self.kind.as_str(),
            "auto_message_id": self.auto_message_id,
        }))
    }
}

impl Endpoint for SortAutoMessages {
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/business/message/auto_message/sort/";
    const SAFETY: Safety = Safety::Once;
    type Reply = AutoMessageChanged;

    fn body(&self) -> Option<Value> {
        Some(json!({
            "business_id": self.business_id,
            "auto_message_type": self.kind.as_str(),
            "auto_message_ids": self.auto_message_ids,
        }))
    }
}

impl Endpoint for SetAutoMessageStatus {
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/business/message/auto_message/status/update/";
    const SAFETY: Safety = Safety::Once;
    type Reply = AutoMessageChanged;

    fn body(&self) -> Option<Value> {
        Some(json!({
            "business_id": self.business_id,
            "auto_message_type": self.kind.as_str(),
            "operation_status": OperationStatus::of(self.enabled).as_str(),
        }))
    }
}

fn with_text(business_id: &str, text: &AutoMessageText) -> Value {
    let (block, words) = text.wire();
    let mut body = json!({ "business_id": business_id, "auto_message_type": text.kind().as_str() });
    if let Value::Object(body) = &mut body {
        body.insert(block.to_owned(), words);
    }
    body
}

#[derive(Deserialize)]
struct AutoMessageChangedWire {
    #[serde(default)]
    auto_message: Option<Box<RawValue>>,
}

impl From<AutoMessageChangedWire> for AutoMessageChanged {
    fn from(wire: AutoMessageChangedWire) -> Self {
        let message = wire.auto_message.as_deref().and_then(Fields::read);
        Self { auto_message_id: message.and_then(|message| message.id("auto_message_id")) }
    }
}
