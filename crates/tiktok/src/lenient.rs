//! Reading JSON that may not be what its documentation says.
//!
//! A customer's message must not be lost because a counter came as text or a field came as `null`. So an object is read
//! field by field, each field on its own: what cannot be read is simply absent, and the rest stands. Numbers used as
//! identifiers keep every digit, because their text is taken, not their value.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::BTreeMap};

/// An object's fields, not yet read.
pub(crate) struct Fields<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'a> Fields<'a> {
    /// The fields of `raw`, if it is an object.
    pub(crate) fn read(raw: &'a RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok().map(Self)
    }

    /// A field that is there and not `null`.
    pub(crate) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.0.get(key).copied().filter(|raw| raw.get() != "null")
    }

    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(text)
    }

    /// Text that names something: never empty.
    pub(crate) fn id(&self, key: &str) -> Option<String> {
        self.text(key).filter(|id| !id.is_empty())
    }

    pub(crate) fn integer(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(integer)
    }

    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        self.get(key).and_then(flag)
    }

    /// A moment TikTok writes in **seconds**, in ms. Should it ever write ms there, a moment beyond the year 5138 tells.
    pub(crate) fn seconds_as_ms(&self, key: &str) -> Option<i64> {
        let at = self.integer(key)?;
        Some(if at < 100_000_000_000 { at.saturating_mul(1000) } else { at })
    }

    pub(crate) fn object(&self, key: &str) -> Option<Fields<'a>> {
        self.get(key).and_then(Fields::read)
    }

    /// A list's entries, or the one object that stands where a list could.
    pub(crate) fn one_or_many(&self, key: &str) -> Vec<&'a RawValue> {
        match self.get(key) {
            Some(raw) if raw.get().starts_with('{') => vec![raw],
            _ => self.list(key),
        }
    }

    pub(crate) fn list(&self, key: &str) -> Vec<&'a RawValue> {
        self.get(key).and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }
}

/// A string, or a number's digits as they were written.
pub(crate) fn text(raw: &RawValue) -> Option<String> {
    let json = raw.get();
    if !json.starts_with('"') {
        let is_number = json.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        return is_number.then(|| json.to_owned());
    }
    if let Ok(text) = serde_json::from_str(json) {
        return Some(text);
    }
    // Half of a surrogate pair (`\ud83d`) is legal JSON but no text: keep the rest of the string.
    let bytes: Bytes = serde_json::from_str(json).ok()?;
    Some(String::from_utf8_lossy(&bytes.0).into_owned())
}

/// A whole number, also one written as text or with a fraction of zero.
pub(crate) fn integer(raw: &RawValue) -> Option<i64> {
    let text = text(raw)?;
    let text = text.trim();
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let (whole, fraction) = text.split_once('.')?;
    fraction.bytes().all(|digit| digit == b'0').then(|| whole.parse().ok()).flatten()
}

/// Yes or no, also written as text or as a number.
pub(crate) fn flag(raw: &RawValue) -> Option<bool> {
    match raw.get() {
        "true" | "\"true\"" | "1" => Some(true),
        "false" | "\"false\"" | "0" => Some(false),
        _ => None,
    }
}

struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}

/// For required text fields of derived types: a string or a number, never empty.
pub(crate) fn required_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    text(&raw).filter(|text| !text.is_empty()).ok_or_else(|| serde::de::Error::custom("expected text"))
}

/// For optional text fields of derived types; anything else counts as absent.
pub(crate) fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(text(&raw).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Option<(Option<String>, Option<i64>, Option<bool>)> {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        let fields = Fields::read(raw)?;
        Some((fields.text("a"), fields.integer("a"), fields.flag("a")))
    }

    #[test]
    fn each_field_is_read_on_its_own_terms() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(fields(r#"{"a":"x"}"#), Some((text("x"), None, None)));
        assert_eq!(fields(r#"{"a":null}"#), Some((None, None, None)));
        assert_eq!(fields(r#"{"a":{"b":1}}"#), Some((None, None, None)));
        assert_eq!(fields(r#"{"a":1}"#), Some((text("1"), Some(1), Some(true))));
        assert_eq!(fields(r#"{"a":" 12 "}"#), Some((text(" 12 "), Some(12), None)));
        assert_eq!(fields(r#"{"a":12.0}"#), Some((text("12.0"), Some(12), None)));
        assert_eq!(fields(r#"{"a":"true"}"#), Some((text("true"), None, Some(true))));
        assert_eq!(fields("[]"), None);
    }

    #[test]
    fn a_number_keeps_every_digit() {
        let (text, number, _) = fields(r#"{"a":7361234567890123457}"#).unwrap();
        assert_eq!((text.as_deref(), number), (Some("7361234567890123457"), Some(7_361_234_567_890_123_457)));
        let (text, number, _) = fields(r#"{"a":99999999999999999999999}"#).unwrap();
        assert_eq!((text.as_deref(), number), (Some("99999999999999999999999"), None));
    }

    #[test]
    fn half_a_surrogate_pair_costs_one_character_not_the_text() {
        let (text, ..) = fields(r#"{"a":"hi \ud83d there"}"#).unwrap();
        let text = text.unwrap();
        assert!(text.starts_with("hi ") && text.ends_with(" there"), "{text}");
    }
}
