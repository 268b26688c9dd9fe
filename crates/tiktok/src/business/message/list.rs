//! Reading a conversation.

use super::{AutoMessageType, Content, MessageSource, MessageType, Role};
use crate::{Endpoint, Safety, lenient::Fields};
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;

/// Reads the newest 20 messages of a conversation and who takes part ("Message list"). There is no older page.
#[derive(Debug, Clone)]
pub struct ListMessages {
    /// The account.
    pub business_id: String,
    /// The conversation.
    pub conversation_id: String,
}

impl Endpoint for ListMessages {
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/business/message/content/list/";
    const SAFETY: Safety = Safety::Repeatable;
    type Reply = MessagePage;

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("business_id", self.business_id.clone()), ("conversation_id", self.conversation_id.clone())]
    }
}

/// What was read of a conversation.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Wire")]
pub struct MessagePage {
    /// Who takes part.
    pub participants: Vec<Participant>,
    /// At most 20, in the order TikTok sent them, which is none: sort by time, then id.
    pub messages: Vec<Message>,
    /// Messages without a usable id, as they came.
    pub unreadable: Vec<String>,
}

/// Someone in a conversation. `Debug` leaves the name out.
#[derive(Clone, PartialEq, Eq)]
pub struct Participant {
    /// Which side.
    pub role: Role,
    /// The `business_id`, or the customer's `unique_identifier`.
    pub id: String,
    /// As shown in TikTok; the customer's to change.
    pub display_name: Option<String>,
    /// A link that dies (`x-expires`): keep the picture, not the link.
    pub profile_image: Option<String>,
    /// Whether the customer follows the business.
    pub is_follower: Option<bool>,
}

/// One side of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Which side.
    pub role: Role,
    /// The `business_id`, or the customer's `unique_identifier`.
    pub id: String,
}

/// A message as TikTok has it. `Debug` leaves out what was said and by which name.
#[derive(Clone)]
pub struct Message {
    /// TikTok's id; never empty.
    pub message_id: String,
    /// The conversation, where the message repeats it.
    pub conversation_id: Option<String>,
    /// When, ms since the epoch.
    pub timestamp_ms: Option<i64>,
    /// Who wrote it.
    pub from_user: Option<Party>,
    /// To whom.
    pub to_user: Option<Party>,
    /// The writer's user name, which people change.
    pub sender: Option<String>,
    /// The reader's user name.
    pub recipient: Option<String>,
    /// What it is.
    pub kind: MessageType,
    /// What it says.
    pub content: Content,
    /// Where it was written.
    pub source: Option<MessageSource>,
    /// Which automatism wrote it; `None` for a person.
    pub auto_message_type: Option<AutoMessageType>,
    /// Reactions to it.
    pub reactions: Vec<Reaction>,
    /// The message it answers, if it quotes one.
    pub referenced_message_id: Option<String>,
    /// Whether the customer follows the business.
    pub is_follower: Option<bool>,
    /// The message's JSON as it came.
    pub raw: Box<RawValue>,
}

/// A reaction to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// `EMOJI` or `AI_EMOJI`.
    pub kind: String,
    /// The emoji, for `EMOJI`.
    pub emoji: Option<String>,
    /// Its picture, for `AI_EMOJI`; good for 30 days.
    pub ai_emoji_url: Option<String>,
    /// Whose.
    pub unique_identifier: Option<String>,
    /// When, ms since the epoch.
    pub timestamp_ms: Option<i64>,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    participants: Option<Box<RawValue>>,
    #[serde(default)]
    messages: Option<Vec<Box<RawValue>>>,
}

impl From<Wire> for MessagePage {
    fn from(wire: Wire) -> Self {
        let participants = wire.participants.as_deref().map(RawValue::get);
        let participants: Vec<&RawValue> =
            participants.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        let mut page = Self {
            participants: participants.into_iter().filter_map(participant).collect(),
            messages: Vec::new(),
            unreadable: Vec::new(),
        };
        for raw in wire.messages.unwrap_or_default() {
            match Message::read(&raw) {
                Some(message) => page.messages.push(message),
                None => page.unreadable.push(raw.get().to_owned()),
            }
        }
        page
    }
}

fn participant(raw: &RawValue) -> Option<Participant> {
    let fields = Fields::read(raw)?;
    Some(Participant {
        role: Role::read(&fields.text("role").unwrap_or_default()),
        id: fields.id("id")?,
        display_name: fields.id("display_name"),
        profile_image: fields.id("profile_image"),
        is_follower: fields.flag("is_follower"),
    })
}

fn party(fields: &Fields<'_>, key: &str) -> Option<Party> {
    let fields = fields.object(key)?;
    Some(Party { role: Role::read(&fields.text("role").unwrap_or_default()), id: fields.id("id")? })
}

fn reaction(raw: &RawValue) -> Option<Reaction> {
    let fields = Fields::read(raw)?;
    Some(Reaction {
        kind: fields.id("type")?,
        emoji: fields.id("emoji"),
        ai_emoji_url: fields.id("ai_emoji_url"),
        unique_identifier: fields.id("unique_identifier"),
        timestamp_ms: fields.integer("timestamp"),
    })
}

impl Message {
    /// Reads one message's JSON, here or from a stored [`Message::raw`]; `None` when it is no object with an id.
    #[must_use]
    pub fn read(raw: &RawValue) -> Option<Self> {
        let fields = Fields::read(raw)?;
        let kind = MessageType::read(&fields.text("message_type").unwrap_or_default());
        Some(Self {
            message_id: fields.id("message_id")?,
            conversation_id: fields.id("conversation_id"),
            timestamp_ms: fields.integer("timestamp"),
            from_user: party(&fields, "from_user"),
            to_user: party(&fields, "to_user"),
            sender: fields.id("sender"),
            recipient: fields.id("recipient"),
            content: Content::read(&kind, &fields),
            kind,
            source: fields
                .object("message_tag")
                .and_then(|tag| tag.id("source"))
                .map(|word| MessageSource::read(&word)),
            auto_message_type: fields.id("auto_message_type").map(|word| AutoMessageType::read(&word)),
            reactions: fields.list("reactions").into_iter().filter_map(reaction).collect(),
            referenced_message_id: fields
                .object("referenced_message_info")
                .and_then(|info| info.id("referenced_message_id")),
            is_follower: fields.flag("is_follower"),
            raw: raw.to_owned(),
        })
    }

    /// Whether the business wrote it; `None` when the message does not say.
    #[must_use]
    pub fn is_from_business(&self, business_id: &str) -> Option<bool> {
        match (&self.from_user, &self.to_user) {
            (Some(from), _) if from.id == business_id => Some(true),
            (_, Some(to)) if to.id == business_id => Some(false),
            (Some(Party { role: Role::Business, .. }), _) => Some(true),
            (Some(Party { role: Role::Personal, .. }), _) => Some(false),
            _ => None,
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("message_id", &self.message_id)
            .field("timestamp_ms", &self.timestamp_ms)
            .field("kind", &self.kind)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Participant").field("role", &self.role).field("id", &self.id).finish_non_exhaustive()
    }
}
