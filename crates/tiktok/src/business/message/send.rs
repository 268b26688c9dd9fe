//! Saying something.

use crate::{Endpoint, Safety, lenient::Fields};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use std::fmt;

/// Sends one message, or a sign of life, into a conversation ("Send").
///
/// TikTok takes no idempotency key: this call is made once, and an [`crate::Error::Unknown`] is settled by looking into
/// the conversation. The business can only answer; there is no way to open a conversation.
#[derive(Debug, Clone)]
pub struct SendMessage {
    /// The account.
    pub business_id: String,
    /// The conversation.
    pub conversation_id: String,
    /// What to send.
    pub body: Outgoing,
}

/// What can be sent. `Debug` leaves the words out.
#[derive(Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// Words.
    Text {
        /// At most 6000 characters, spaces and emoji included.
        body: String,
        /// The message it quotes: one of kind text, image or shared post.
        referenced_message_id: Option<String>,
    },
    /// "Typing…", shown for about five seconds.
    Typing,
    /// The business has read the whole conversation.
    MarkRead,
}

/// What TikTok said to a send.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Sent {
    /// The new message's id; `None` for [`Outgoing::Typing`] and [`Outgoing::MarkRead`].
    pub message_id: Option<String>,
}

impl Endpoint for SendMessage {
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/business/message/send/";
    const SAFETY: Safety = Safety::Once;
    type Reply = Sent;

    fn body(&self) -> Option<Value> {
        let mut body = json!({
            "business_id": self.business_id,
            "recipient_type": "CONVERSATION",
            "recipient": self.conversation_id,
        });
        let specific = match &self.body {
            Outgoing::Text { body: text, referenced_message_id: None } => {
                json!({ "message_type": "TEXT", "text": { "body": text } })
            }
            Outgoing::Text { body: text, referenced_message_id: Some(id) } => json!({
                "message_type": "TEXT",
                "text": { "body": text },
                "referenced_message_info": { "referenced_message_id": id },
            }),
            Outgoing::Typing => {
                json!({ "message_type": "SENDER_ACTION", "sender_action": "TYPING" })
            }
            Outgoing::MarkRead => {
                json!({ "message_type": "SENDER_ACTION", "sender_action": "MARK_READ" })
            }
        };
        if let (Value::Object(body), Value::Object(specific)) = (&mut body, specific) {
            body.extend(specific);
        }
        Some(body)
    }

    fn missing(&self, reply: &Sent) -> Option<&'static str> {
        let is_message = matches!(self.body, Outgoing::Text { .. });
        (is_message && reply.message_id.is_none()).then_some("data.message.message_id")
    }
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    message: Option<Box<RawValue>>,
}

impl From<Wire> for Sent {
    fn from(wire: Wire) -> Self {
        let message = wire.message.as_deref().and_then(Fields::read);
        Self { message_id: message.and_then(|message| message.id("message_id")) }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { body, referenced_message_id } => f
                .debug_struct("Text")
                .field("chars", &body.chars().count())
                .field("referenced_message_id", referenced_message_id)
                .finish_non_exhaustive(),
            Self::Typing => f.write_str("Typing"),
            Self::MarkRead => f.write_str("MarkRead"),
        }
    }
}
