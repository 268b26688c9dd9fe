//! Reading a conversation.

use super::{AutoMessageType, Content, MessageSource, MessageType, Reaction, Role};
use crate::{Endpoint, Safety, Timestamp, lenient::Fields};
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

/// The newest messages of a conversation.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "MessagePageWire")]
pub struct MessagePage {
    /// The account and the customer.
    pub participants: Vec<Participant>,
    /// At most 20, in the order TikTok sent them, which is none: sort by time, then id.
    pub messages: Vec<Message>,
    /// Messages without a usable id, as they came.
    pub unreadable: Vec<String>,
    /// When each of those was sent, as far as it says.
    pub unreadable_at: Vec<Option<Timestamp>>,
}

/// Someone in a conversation. `Debug` leaves the name out.
#[derive(Clone, PartialEq, Eq)]
pub struct Participant {
    /// The side: business or customer.
    pub role: Role,
    /// The `business_id`, or the customer's `unique_identifier`.
    pub id: String,
    /// As shown in TikTok; the customer's to change.
    pub display_name: Option<String>,
    /// A link that dies (`x-expires`): keep the image, not the link.
    pub profile_image: Option<String>,
    /// Whether the customer follows the business.
    pub is_follower: Option<bool>,
}

/// One side of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// The side: business or customer.
    pub role: Role,
    /// The `business_id`, or the customer's `unique_identifier`.
    pub id: String,
}

/// A message as TikTok has it. `Debug` leaves out its content and the names.
#[derive(Clone)]
pub struct Message {
    /// TikTok's id; never empty.
    pub message_id: String,
    /// The conversation, where the message repeats it.
    pub conversation_id: Option<String>,
    /// The time TikTok says; nothing if it says none, or one that cannot be.
    pub timestamp: Option<Timestamp>,
    /// The side that wrote it.
    pub from_user: Option<Party>,
    /// The side it was written to.
    pub to_user: Option<Party>,
    /// The writer's user name, which can change.
    pub sender: Option<String>,
    /// The reader's user name.
    pub recipient: Option<String>,
    /// The kind of message.
    pub kind: MessageType,
    /// The content.
    pub content: Content,
    /// The app it was written in.
    pub source: Option<MessageSource>,
    /// The kind of automatic message; `None` for a person.
    pub auto_message_type: Option<AutoMessageType>,
    /// Reactions to it.
    pub reactions: Vec<Reaction>,
    /// The message it answers, if it quotes one.
    pub referenced_message_id: Option<String>,
    /// The button it is the tap of, if it is one: such a message comes as text.
    pub tap: Option<Tap>,
    /// Whether the customer follows the business.
    pub is_follower: Option<bool>,
    /// The message's JSON as it came.
    pub raw: Box<RawValue>,
}

/// A tap on a button of a card ("Webhooks", `reply_source_payload`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tap {
    /// The card's message.
    pub message_id: Option<String>,
    /// The business's own mark on the button, [`super::OutgoingButton::id`].
    pub button_id: Option<String>,
}

#[derive(Deserialize)]
struct MessagePageWire {
    #[serde(default)]
    participants: Option<Box<RawValue>>,
    #[serde(default)]
    messages: Option<Vec<Box<RawValue>>>,
}

impl From<MessagePageWire> for MessagePage {
    fn from(wire: MessagePageWire) -> Self {
        let participants = wire.participants.as_deref().map(RawValue::get);
        let participants: Vec<&RawValue> =
            participants.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        let mut page = Self {
            participants: participants.into_iter().filter_map(participant).collect(),
            messages: Vec::new(),
            unreadable: Vec::new(),
            unreadable_at: Vec::new(),
        };
        for raw in wire.messages.unwrap_or_default() {
            match Message::read(&raw) {
                Some(message) => page.messages.push(message),
                None => {
                    page.unreadable_at.push(Fields::read(&raw).and_then(|fields| fields.timestamp("timestamp")));
                    page.unreadable.push(raw.get().to_owned());
                }
            }
        }
        page
    }
}

fn participant(raw: &RawValue) -> Option<Participant> {
    let fields = Fields::read(raw)?;
    Some(Participant {
        role: Role::read(&fields.text("role").unwrap_or_default()),
        id: fields.remote_id("id")?,
        display_name: fields.name("display_name"),
        profile_image: fields.id("profile_image"),
        is_follower: fields.flag("is_follower"),
    })
}

impl Party {
    /// The party under `key`, `from_user` or `to_user`.
    pub(crate) fn read(fields: &Fields<'_>, key: &str) -> Option<Self> {
        let fields = fields.object(key)?;
        Some(Self { role: Role::read(&fields.text("role").unwrap_or_default()), id: fields.remote_id("id")? })
    }
}

/// Whether what goes `from` here `to` there comes from the business; `None` when neither says. Ids tell before roles
/// do: TikTok's documentation has the business's id on one side of everything.
pub(crate) fn is_from_business(from: Option<&Party>, to: Option<&Party>, business_id: &str) -> Option<bool> {
    match (from, to) {
        (Some(from), _) if from.id == business_id => Some(true),
        (_, Some(to)) if to.id == business_id => Some(false),
        (Some(Party { role: Role::Business, .. }), _) => Some(true),
        (Some(Party { role: Role::Personal, .. }), _) => Some(false),
        (Some(Party { role: Role::Unknown(_), .. }) | None, _) => None,
    }
}

/// The kind of a message. A webhook calls the field `type` and writes its words small; an unknown word is kept as
/// the list would write it.
fn kind(fields: &Fields<'_>) -> MessageType {
    let listed = fields.id("message_type");
    let word = listed.or_else(|| fields.id("type").map(|word| word.to_ascii_uppercase()));
    MessageType::read(&word.unwrap_or_default())
}

fn tap(fields: &Fields<'_>) -> Option<Tap> {
    let payload = fields.object("reply_source_payload")?;
    let tap = Tap { message_id: payload.id("reply_source_msg_id"), button_id: payload.id("reply_source_unique_id") };
    (tap.message_id.is_some() || tap.button_id.is_some()).then_some(tap)
}

impl Message {
    /// Reads one message's JSON, here or from a stored [`Message::raw`]; `None` when it is no object with an id.
    ///
    /// A webhook says the same in other words (`type` for `message_type`, `from` for `sender`, a card nested one
    /// deeper: "Webhooks", content of `im_receive_msg`). Both are read to the same value, so that a message pushed and
    /// then listed is one message.
    #[must_use]
    pub fn read(raw: &RawValue) -> Option<Self> {
        let fields = Fields::read(raw)?;
        let kind = kind(&fields);
        Some(Self {
            message_id: fields.remote_id("message_id")?,
            conversation_id: fields.id("conversation_id"),
            timestamp: fields.timestamp("timestamp"),
            from_user: Party::read(&fields, "from_user"),
            to_user: Party::read(&fields, "to_user"),
            sender: fields.name("sender").or_else(|| fields.name("from")),
            recipient: fields.name("recipient").or_else(|| fields.name("to")),
            content: Content::read(&kind, &fields),
            kind,
            source: fields
                .object("message_tag")
                .and_then(|tag| tag.id("source"))
                .map(|word| MessageSource::read(&word)),
            auto_message_type: fields.id("auto_message_type").map(|word| AutoMessageType::read(&word)),
            reactions: fields
                .list("reactions")
                .into_iter()
                .filter_map(|raw| Reaction::read(&Fields::read(raw)?))
                .collect(),
            referenced_message_id: fields
                .object("referenced_message_info")
                .and_then(|info| info.id("referenced_message_id")),
            tap: tap(&fields),
            is_follower: fields.flag("is_follower"),
            raw: raw.to_owned(),
        })
    }

    /// Whether the business wrote it; `None` when the message does not say.
    #[must_use]
    pub fn is_from_business(&self, business_id: &str) -> Option<bool> {
        is_from_business(self.from_user.as_ref(), self.to_user.as_ref(), business_id)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("message_id", &self.message_id)
            .field("timestamp", &self.timestamp)
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
