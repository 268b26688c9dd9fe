//! What the gateway reads of a request: the account, and of a send where it goes. All else is passed on unread.

use std::collections::BTreeMap;
use std::fmt;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::time::Duration;
use wire::{EventId, FailureCode};

use super::pace::Priority;
use crate::refusal::Refusal;

/// The longest body that is not a file.
const MAX_BODY_BYTES: usize = 1 << 20;
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// TikTok's ids have up to about a hundred characters.
const MAX_ID_BYTES: usize = 1_024;
/// The longest key of a send.
const MAX_KEY_LENGTH: usize = 64;

/// A malformed request; it was not passed on.
pub(crate) fn bad_request(detail: impl Into<String>) -> Refusal {
    Refusal::new(FailureCode::BadRequest, detail)
}

/// The whole body, if it is not too long and comes in time.
pub(crate) async fn read_body(body: Body) -> Result<Bytes, Refusal> {
    let whole = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, MAX_BODY_BYTES).collect()).await;
    match whole {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(_)) => Err(bad_request("the body broke off, or is longer than the relay passes on")),
        Err(_) => Err(bad_request("the body did not come in time")),
    }
}

/// An object's fields, not yet read. An object that has a field twice is refused: the relay and TikTok might each
/// believe another one.
pub(crate) struct Fields(BTreeMap<String, Box<RawValue>>);

impl Fields {
    pub(crate) fn read(json: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(json).map_err(|_| bad_request("the body is not a JSON object, or has a field twice"))
    }

    /// A field that is there and not `null`.
    fn get(&self, key: &str) -> Option<&RawValue> {
        self.0.get(key).map(|raw| &**raw).filter(|raw| raw.get() != "null")
    }

    /// A text.
    fn text(&self, key: &str) -> Result<Option<String>, Refusal> {
        let Some(raw) = self.get(key) else { return Ok(None) };
        serde_json::from_str(raw.get()).map(Some).map_err(|_| bad_request(format!("`{key}` is not a text")))
    }

    fn object(&self, key: &str) -> Result<Option<Self>, Refusal> {
        self.get(key).map(|raw| Self::read(raw.get().as_bytes())).transpose()
    }

    /// The account of a body.
    pub(crate) fn account(&self) -> Result<String, Refusal> {
        id("business_id", self.text("business_id")?)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EachOnce;
        impl<'de> Visitor<'de> for EachOnce {
            type Value = Fields;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if fields.insert(key, value).is_some() {
                        return Err(A::Error::custom("a field twice"));
                    }
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(EachOnce)
    }
}

/// An id of TikTok's that the database takes.
pub(crate) fn id(name: &str, value: Option<String>) -> Result<String, Refusal> {
    let value = value.ok_or_else(|| bad_request(format!("`{name}` is missing")))?;
    if value.is_empty() || value.len() > MAX_ID_BYTES || value.chars().any(char::is_control) {
        return Err(bad_request(format!("`{name}` is not an id of TikTok's")));
    }
    Ok(value)
}

/// The account of a query.
pub(crate) fn account_of_query(query: &str) -> Result<String, Refusal> {
    let mut accounts =
        url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "business_id").map(|(_, value)| value);
    let account = accounts.next().map(std::borrow::Cow::into_owned);
    if accounts.next().is_some() {
        return Err(bad_request("`business_id` stands in the query twice"));
    }
    id("business_id", account)
}

/// What is sent with `/business/message/send/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SendKind {
    /// A typing sign or a read receipt: no message.
    Action,
    /// A message into this conversation. An answer to a comment, whose conversation nobody knows yet, goes by
    /// `comment:` and the comment's id, which no conversation's id begins with.
    Message {
        conversation: String,
        /// Its text, if it is one and goes into a conversation.
        text: Option<String>,
    },
}

impl SendKind {
    pub(crate) fn read(fields: &Fields) -> Result<Self, Refusal> {
        let kind = fields.text("message_type")?.ok_or_else(|| bad_request("`message_type` is missing"))?;
        if kind == "SENDER_ACTION" {
            return Ok(Self::Action);
        }
        let recipient = fields.text("recipient")?;
        let Some(reply) = fields.object("direct_reply")? else {
            let text = if kind == "TEXT" { fields.object("text")?.map(|text| text.text("body")) } else { None };
            let text = text.transpose()?.flatten().filter(|text| !text.contains('\0'));
            return Ok(Self::Message { conversation: id("recipient", recipient)?, text });
        };
        if recipient.is_some() {
            return Err(bad_request("a message goes to a conversation or to a comment, not to both"));
        }
        let comment = match reply.object("comment_reply")? {
            Some(reply) => reply.text("comment_id")?,
            None => None,
        };
        Ok(Self::Message { conversation: format!("comment:{}", id("comment_id", comment)?), text: None })
    }
}

/// What a send says of itself in its headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SendHeaders {
    pub(crate) key: String,
    pub(crate) seen: EventId,
}

impl SendHeaders {
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let key = one(headers, wire::headers::SEND_KEY)?.to_owned();
        check_key(&key)?;
        let seen = one(headers, wire::headers::SEEN)?.parse();
        Ok(Self { key, seen: seen.map_err(|error| bad_request(format!("`{}`: {error}", wire::headers::SEEN)))? })
    }
}

pub(crate) fn check_key(key: &str) -> Result<(), Refusal> {
    let is_key = (1..=MAX_KEY_LENGTH).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_key { Ok(()) } else { Err(bad_request("the key of a send is 1 to 64 of A-Z a-z 0-9 - _")) }
}

/// A header that has to be there once.
fn one<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (Some(Ok(value)), None) => Ok(value),
        _ => Err(bad_request(format!("a send has the header `{name}`, once"))),
    }
}

/// Which kind of work a call is for. Only a send goes before everything else, whatever its header says.
pub(crate) fn priority(headers: &HeaderMap, is_send: bool) -> Priority {
    let named = headers.get(wire::headers::PRIORITY).and_then(|value| value.to_str().ok());
    match named {
        _ if is_send => Priority::Send,
        Some("background") => Priority::Background,
        _ => Priority::Open,
    }
}

/// The one header of the caller's that is passed on.
pub(crate) fn content_type(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(header::CONTENT_TYPE).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(json: &str) -> Result<SendKind, FailureCode> {
        Fields::read(json.as_bytes()).and_then(|fields| SendKind::read(&fields)).map_err(|refusal| refusal.0.code)
    }

    #[test]
    fn a_message_is_told_from_a_sign() {
        let to = |conversation: &str| Ok(SendKind::Message { conversation: conversation.to_owned(), text: None });
        let said = Some("hi".to_owned());
        assert_eq!(
            kind(r#"{"message_type":"TEXT","recipient":"c","text":{"body":"hi"}}"#),
            Ok(SendKind::Message { conversation: "c".to_owned(), text: said })
        );
        for (json, expected) in [
            (r#"{"message_type":"TEXT","recipient":"7aB+c/d=="}"#, to("7aB+c/d==")),
            (r#"{"message_type":"SENDER_ACTION","sender_action":"TYPING","recipient":"c"}"#, Ok(SendKind::Action)),
            (r#"{"message_type":"NEW_KIND","recipient":"c"}"#, to("c")),
            (
                r#"{"message_type":"TEXT","direct_reply":{"reply_type":"COMMENT_REPLY","comment_reply":{"comment_id":"7"}}}"#,
                to("comment:7"),
            ),
            (r#"{"message_type":"TEXT"}"#, Err(FailureCode::BadRequest)),
            (r#"{"message_type":"TEXT","recipient":7}"#, Err(FailureCode::BadRequest)),
            (r#"{"message_type":"TEXT","recipient":"a\u0000b"}"#, Err(FailureCode::BadRequest)),
            (r#"{"message_type":"TEXT","recipient":"c","direct_reply":{}}"#, Err(FailureCode::BadRequest)),
            (r#"{"message_type":"TEXT","direct_reply":{}}"#, Err(FailureCode::BadRequest)),
            (r#"{"recipient":"c"}"#, Err(FailureCode::BadRequest)),
            (r#"{"message_type":"SENDER_ACTION","message_type":"TEXT","recipient":"c"}"#, Err(FailureCode::BadRequest)),
            (
                r#"{"message_type":"SENDER_ACTION","message\u005ftype":"TEXT","recipient":"c"}"#,
                Err(FailureCode::BadRequest),
            ),
            ("[]", Err(FailureCode::BadRequest)),
            ("", Err(FailureCode::BadRequest)),
        ] {
            assert_eq!(kind(json), expected, "{json}");
        }
    }

    #[test]
    fn one_account_stands_in_a_query() {
        assert_eq!(account_of_query("a=b&business_id=_000%2Bx").unwrap(), "_000+x");
        for query in ["", "business_id=", "business_id=a&business_id=b", "business_id=a%00", "Business_id=a"] {
            assert!(account_of_query(query).is_err(), "{query}");
        }
    }

    #[test]
    fn only_a_send_goes_first() {
        let mut headers = HeaderMap::new();
        assert_eq!(priority(&headers, false), Priority::Open);
        for (named, expected) in
            [("send", Priority::Open), ("open", Priority::Open), ("background", Priority::Background)]
        {
            headers.insert(wire::headers::PRIORITY, HeaderValue::from_static(named));
            assert_eq!(priority(&headers, false), expected);
            assert_eq!(priority(&headers, true), Priority::Send);
        }
    }
}
