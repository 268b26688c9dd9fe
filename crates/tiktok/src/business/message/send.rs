//! Sending a message, a typing sign or a read receipt.

use crate::{Endpoint, Safety, lenient::Fields};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use std::fmt;

/// Sends one message, a typing sign or a read receipt into a conversation ("Send").
///
/// TikTok takes no idempotency key: this call is made once, and an [`crate::Error::Unknown`] is settled by looking into
/// the conversation. The business can only answer; there is no way to open a conversation.
#[derive(Debug, Clone)]
pub struct SendMessage {
    /// The account.
    pub business_id: String,
    /// The conversation.
    pub conversation_id: String,
    /// The message or the sign.
    pub body: Outgoing,
}

/// Answers a comment by message ("Send", comment direct reply): once for each comment, and only within TikTok's
/// conditions ("Comment-to-Message"). It opens a conversation, or goes into the one there is. `Debug` leaves the words
/// out.
///
/// This call is made once, like [`SendMessage`].
#[derive(Clone)]
pub struct AnswerComment {
    /// The account.
    pub business_id: String,
    /// The comment that is answered.
    pub comment_id: String,
    /// The text, at most 6000 characters.
    pub body: String,
}

/// The content to send. `Debug` leaves the text out.
#[derive(Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// A text.
    Text {
        /// At most 6000 characters, spaces and emoji included.
        body: String,
        /// The message it quotes: one of kind text, image or shared post.
        referenced_message_id: Option<String>,
    },
    /// An image, uploaded before ([`crate::business::media::UploadMedia`]); it goes without a text.
    Image {
        /// Good for 30 days.
        media_id: String,
    },
    /// One of the account's own posts ([`crate::business::video::ListVideos`]).
    SharePost {
        /// The post's id.
        item_id: String,
    },
    /// A card with answers to tap.
    Template(OutgoingCard),
    /// "Typing…", shown for about five seconds.
    Typing,
    /// The business has read the whole conversation.
    MarkRead,
}

/// A card to send. `Debug` leaves the words out.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingCard {
    /// The kind of card.
    pub kind: CardKind,
    /// The question, at most 40 characters.
    pub title: String,
    /// One to three answers, top to bottom.
    pub buttons: Vec<OutgoingButton>,
}

/// The kinds of card TikTok takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CardKind {
    /// `QA_BUTTON_CARD`: answers of at most 20 characters.
    Button,
    /// `QA_LINK_CARD`: answers of at most 40 characters.
    Link,
}

/// An answer on a card to send: always a `REPLY`, the only kind documented. `Debug` leaves the words out.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingButton {
    /// The text on it.
    pub title: String,
    /// The business's own mark, at most 40 characters, which comes back with the tap.
    pub id: Option<String>,
}

/// TikTok's answer to a send.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "SentWire")]
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
        if let (Value::Object(body), Value::Object(specific)) = (&mut body, self.body.wire()) {
            body.extend(specific);
        }
        Some(body)
    }

    fn missing(&self, reply: &Sent) -> Option<&'static str> {
        let is_message = !matches!(self.body, Outgoing::Typing | Outgoing::MarkRead);
        (is_message && reply.message_id.is_none()).then_some("data.message.message_id")
    }
}

impl Endpoint for AnswerComment {
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/business/message/send/";
    const SAFETY: Safety = Safety::Once;
    type Reply = Sent;

    fn body(&self) -> Option<Value> {
        Some(json!({
            "business_id": self.business_id,
            "message_type": "TEXT",
            "text": { "body": self.body },
            "direct_reply": { "reply_type": "COMMENT_REPLY", "comment_reply": { "comment_id": self.comment_id } },
        }))
    }

    fn missing(&self, reply: &Sent) -> Option<&'static str> {
        reply.message_id.is_none().then_some("data.message.message_id")
    }
}

impl Outgoing {
    /// The fields that depend on the kind ("Send").
    fn wire(&self) -> Value {
        match self {
            Self::Text { body, referenced_message_id: None } => {
                json!({ "message_type": "TEXT", "text": { "body": body } })
            }
            Self::Text { body, referenced_message_id: Some(id) } => json!({
                "message_type": "TEXT",
                "text": { "body": body },
                "referenced_message_info": { "referenced_message_id": id },
            }),
            Self::Image { media_id } => json!({ "message_type": "IMAGE", "image": { "media_id": media_id } }),
            Self::SharePost { item_id } => {
                json!({ "message_type": "SHARE_POST", "share_post": { "item_id": item_id } })
            }
            Self::Template(card) => json!({ "message_type": "TEMPLATE", "template": card.wire() }),
            Self::Typing => json!({ "message_type": "SENDER_ACTION", "sender_action": "TYPING" }),
            Self::MarkRead => json!({ "message_type": "SENDER_ACTION", "sender_action": "MARK_READ" }),
        }
    }
}

impl CardKind {
    /// TikTok's name for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Button => "QA_BUTTON_CARD",
            Self::Link => "QA_LINK_CARD",
        }
    }
}

impl OutgoingCard {
    fn wire(&self) -> Value {
        let button = |button: &OutgoingButton| match &button.id {
            Some(id) => json!({ "type": "REPLY", "title": button.title, "id": id }),
            None => json!({ "type": "REPLY", "title": button.title }),
        };
        let buttons: Vec<Value> = self.buttons.iter().map(button).collect();
        json!({ "type": self.kind.as_str(), "title": self.title, "buttons": buttons })
    }
}

#[derive(Deserialize)]
struct SentWire {
    #[serde(default)]
    message: Option<Box<RawValue>>,
}

impl From<SentWire> for Sent {
    fn from(wire: SentWire) -> Self {
        let message = wire.message.as_deref().and_then(Fields::read);
        Self { message_id: message.and_then(|message| message.id("message_id")) }
    }
}

impl fmt::Debug for AnswerComment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerComment").field("comment_id", &self.comment_id).finish_non_exhaustive()
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
            Self::Image { media_id } => f.debug_struct("Image").field("media_id", media_id).finish(),
            Self::SharePost { item_id } => f.debug_struct("SharePost").field("item_id", item_id).finish(),
            Self::Template(card) => f.debug_tuple("Template").field(card).finish(),
            Self::Typing => f.write_str("Typing"),
            Self::MarkRead => f.write_str("MarkRead"),
        }
    }
}

impl fmt::Debug for OutgoingCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingCard")
            .field("kind", &self.kind)
            .field("buttons", &self.buttons.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for OutgoingButton {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingButton").field("id", &self.id).finish_non_exhaustive()
    }
}
