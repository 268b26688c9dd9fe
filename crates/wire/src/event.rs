//! The events of the log, as a stream delivers them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// The longest epoch, in bytes.
const MAX_EPOCH_LENGTH: usize = 64;

/// The place of an event in a relay's log: `EPOCH-SEQUENCE`.
///
/// Sequences of one epoch are contiguous from 1. The epoch changes when the log was restored from a backup or the
/// database failed over, because a sequence may then have been given twice. A desktop that meets another epoch applies
/// the newest thousand events again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventId {
    /// Letters and digits, 1 to 64.
    pub epoch: String,
    /// From 1 on; 0 is the place before the first event.
    pub sequence: u64,
}

/// Why a text is no [`EventId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event id is an epoch of letters and digits, a hyphen, and a sequence number")]
pub struct EventIdError;

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.sequence)
    }
}

impl FromStr for EventId {
    type Err = EventIdError;

    fn from_str(text: &str) -> Result<Self, EventIdError> {
        let (epoch, sequence) = text.rsplit_once('-').ok_or(EventIdError)?;
        let is_epoch =
            (1..=MAX_EPOCH_LENGTH).contains(&epoch.len()) && epoch.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_sequence = !sequence.is_empty() && sequence.bytes().all(|byte| byte.is_ascii_digit());
        if !is_epoch || !is_sequence {
            return Err(EventIdError);
        }
        // SQLite and PostgreSQL count in 63 bits.
        let sequence = sequence.parse::<u64>().ok().filter(|sequence| i64::try_from(*sequence).is_ok());
        Ok(Self { epoch: epoch.to_owned(), sequence: sequence.ok_or(EventIdError)? })
    }
}

impl Serialize for EventId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// One event of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place.
    pub id: EventId,
    /// TikTok's `business_id` of the account it is about; empty if it is about the whole shop.
    pub account: String,
    /// When the relay stored it, ms since the epoch, by the relay's clock.
    pub at_ms: i64,
    /// The event itself.
    pub body: EventBody,
}

/// An event by its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventBody {
    /// TikTok pushed this, signed a moment ago.
    Webhook(Webhook),
    /// Something happened that TikTok must be asked about: a webhook without content, or one whose signature was right
    /// and old.
    Hint(Hint),
    /// TikTok answered this when a desktop asked for a list or for a conversation's messages through the gateway.
    Page(Page),
    /// A desktop sent a message through the gateway.
    Sent(Sent),
    /// The desktop with the lease read all of an account's lists, and every conversation that had moved.
    Complete(Complete),
    /// The account was linked, renewed, or has to be linked again.
    Account(Account),
    /// From here on the relay hears: every webhook that TikTok sends after this event's time is in the log, until the next
    /// event of this kind. Before it the relay was off, or refused a webhook, which TikTok repeats late or not at all.
    Listening,
    /// A kind that this version does not know, with all its fields. It is kept and applied after an upgrade.
    Unknown {
        /// Its kind.
        kind: String,
        /// Its body.
        body: Value,
    },
}

/// [`EventBody::Webhook`]. `Debug` leaves the content out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// TikTok's name of the event: `im_receive_msg`.
    pub name: String,
    /// The body as TikTok sent it.
    pub raw: String,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("name", &self.name).finish_non_exhaustive()
    }
}

/// [`EventBody::Hint`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Hint {
    /// TikTok's id of the conversation, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
}

/// [`EventBody::Page`]. `Debug` leaves the content out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// TikTok's path: `/business/message/content/list/`.
    pub path: String,
    /// The query as it was asked, without the account.
    pub query: Vec<(String, String)>,
    /// When TikTok was asked, ms since the epoch, by TikTok's clock and no later.
    pub asked_at_ms: i64,
    /// The answer's `data` as it came: JSON text.
    pub data: String,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("path", &self.path).field("asked_at_ms", &self.asked_at_ms).finish_non_exhaustive()
    }
}

/// [`EventBody::Sent`]. `Debug` leaves the text out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// TikTok's id of the conversation; of an answer to a comment `comment:` and the comment's id.
    pub conversation: String,
    /// The id of the device that sent it.
    pub device: String,
    /// Its name when it sent.
    pub device_name: String,
    /// The desktop's key of the send.
    pub key: String,
    /// TikTok's id of the message; none while it is not known whether TikTok took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Its text, if it is one: colleagues see it before TikTok tells of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent")
            .field("conversation", &self.conversation)
            .field("device", &self.device)
            .field("key", &self.key)
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}

/// [`EventBody::Complete`]: everything that happened in the account between the two times is in the log before this
/// event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complete {
    /// ms since the epoch, by TikTok's clock.
    pub from_ms: i64,
    /// The same.
    pub to_ms: i64,
}

/// [`EventBody::Account`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// How its link is now.
    pub state: AccountState,
    /// Its handle, without `@`.
    #[serde(default)]
    pub handle: String,
    /// Its display name.
    #[serde(default)]
    pub name: String,
}

/// How an account's link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// The relay has tokens that TikTok takes.
    Linked,
    /// An admin has to link it again.
    NeedsLinking,
    /// It is not linked at this relay any more.
    Unlinked,
    /// A state that this version does not know.
    #[serde(other)]
    Unknown,
}

/// How an event is written.
#[derive(Serialize, Deserialize)]
struct EventJson {
    id: EventId,
    account: String,
    at_ms: i64,
    kind: String,
    body: Box<RawValue>,
}

impl EventBody {
    /// The name of its kind in the log: `webhook`.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Hint(_) => "hint",
            Self::Page(_) => "page",
            Self::Sent(_) => "sent",
            Self::Complete(_) => "complete",
            Self::Account(_) => "account",
            Self::Listening => "listening",
            Self::Unknown { kind, .. } => kind,
        }
    }

    /// Its body as JSON.
    ///
    /// # Errors
    /// Never in practice: every type of this module can be written.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Webhook(body) => serde_json::to_string(body),
            Self::Hint(body) => serde_json::to_string(body),
            Self::Page(body) => serde_json::to_string(body),
            Self::Sent(body) => serde_json::to_string(body),
            Self::Complete(body) => serde_json::to_string(body),
            Self::Account(body) => serde_json::to_string(body),
            Self::Listening => Ok("{}".to_owned()),
            Self::Unknown { body, .. } => serde_json::to_string(body),
        }
    }

    /// Reads a body by its kind. A kind that is not known is kept as [`EventBody::Unknown`].
    ///
    /// # Errors
    /// If the body of a known kind is not as it should be.
    pub fn from_json(kind: &str, json: &str) -> Result<Self, serde_json::Error> {
        Ok(match kind {
            "webhook" => Self::Webhook(serde_json::from_str(json)?),
            "hint" => Self::Hint(serde_json::from_str(json)?),
            "page" => Self::Page(serde_json::from_str(json)?),
            "sent" => Self::Sent(serde_json::from_str(json)?),
            "complete" => Self::Complete(serde_json::from_str(json)?),
            "account" => Self::Account(serde_json::from_str(json)?),
            "listening" => Self::Listening,
            other => Self::Unknown { kind: other.to_owned(), body: serde_json::from_str(json)? },
        })
    }
}

impl Serialize for Event {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let body = self.body.to_json().and_then(RawValue::from_string).map_err(serde::ser::Error::custom)?;
        let (id, account, kind) = (self.id.clone(), self.account.clone(), self.body.kind().to_owned());
        EventJson { id, account, at_ms: self.at_ms, kind, body }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let EventJson { id, account, at_ms, kind, body } = EventJson::deserialize(deserializer)?;
        // A body that a newer relay writes in another way must not stop the stream: it is kept as one of an unknown kind is.
        let body = match EventBody::from_json(&kind, body.get()) {
            Ok(body) => body,
            Err(_) => {
                let body = serde_json::from_str(body.get()).map_err(serde::de::Error::custom)?;
                EventBody::Unknown { kind, body }
            }
        };
        Ok(Self { id, account, at_ms, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text() {
        for text in ["a1-1", "00000002-9223372036854775807", "e-0"] {
            assert_eq!(text.parse::<EventId>().unwrap().to_string(), text);
        }
        for text in ["", "-", "a-", "-1", "a-1x", "a--1", "a b-1", "a-+1", "a-9223372036854775808", "é-1"] {
            assert_eq!(text.parse::<EventId>(), Err(EventIdError), "{text}");
        }
    }

    #[test]
    fn every_kind_survives_its_json() {
        let bodies = [
            EventBody::Webhook(Webhook { name: "im_receive_msg".to_owned(), raw: r#"{"a":"\u00e9"}"#.to_owned() }),
            EventBody::Hint(Hint { conversation: Some("7aB+c/d==".to_owned()) }),
            EventBody::Page(Page {
                path: "/business/message/content/list/".to_owned(),
                query: vec![("cursor".to_owned(), "1".to_owned())],
                asked_at_ms: 1,
                data: r#"{"messages":[12345678901234567890]}"#.to_owned(),
            }),
            EventBody::Sent(Sent {
                conversation: "c".to_owned(),
                device: "d".to_owned(),
                device_name: "Nok's laptop".to_owned(),
                key: "k".to_owned(),
                message: None,
                text: Some("on its way".to_owned()),
            }),
            EventBody::Complete(Complete { from_ms: 1, to_ms: 2 }),
            EventBody::Account(Account {
                state: AccountState::NeedsLinking,
                handle: "shop".to_owned(),
                name: String::new(),
            }),
            EventBody::Listening,
            EventBody::Unknown { kind: "work".to_owned(), body: serde_json::json!({ "assigned": "Nok" }) },
        ];
        for body in bodies {
            let id = EventId { epoch: "e".to_owned(), sequence: 7 };
            let event = Event { id, account: "_000shop".to_owned(), at_ms: 1_790_000_000_123, body };
            let json = serde_json::to_string(&event).unwrap();
            assert!(!json.contains('\n'), "one line: {json}");
            assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event, "{json}");
        }
    }

    #[test]
    fn a_newer_relay_may_add_fields_and_kinds() {
        let json = r#"{"id":"e-1","account":"","at_ms":1,"kind":"note","body":{"x":1},"new":true}"#;
        let event: Event = serde_json::from_str(json).unwrap();
        assert!(matches!(event.body, EventBody::Unknown { kind, .. } if kind == "note"));
        let json = r#"{"id":"e-1","account":"","at_ms":1,"kind":"sent","body":{"to":"another shape"}}"#;
        let event: Event = serde_json::from_str(json).unwrap();
        assert!(matches!(event.body, EventBody::Unknown { kind, .. } if kind == "sent"));
        let json = r#"{"id":"e-1","account":"","at_ms":1,"kind":"account","body":{"state":"paused"}}"#;
        let event: Event = serde_json::from_str(json).unwrap();
        assert!(matches!(event.body, EventBody::Account(Account { state: AccountState::Unknown, .. })));
    }
}
