//! Reading JSON that may not be what its documentation says.
//!
//! A customer's message must not be lost because a counter came as text or a field came as `null`. So an object is read
//! field by field, each field on its own: what cannot be read is simply absent, and the rest stands. Numbers used as
//! identifiers keep every digit, because their text is taken, not their value.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use crate::Timestamp;

/// TikTok's ids have up to about a hundred characters.
const MAX_ID_BYTES: usize = 1024;
/// TikTok's display names have up to 30 characters.
const MAX_NAME_CHARS: usize = 1000;
/// JavaScript counts no further in whole numbers.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;
/// TikTok's tokens live for a day and a year. What says less or more says nothing.
const MIN_LIFETIME: Duration = Duration::from_secs(60);
const MAX_LIFETIME: Duration = Duration::from_secs(400 * 86_400);

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

    /// A moment, in seconds or in ms.
    pub(crate) fn timestamp(&self, key: &str) -> Option<Timestamp> {
        self.integer(key).and_then(Timestamp::read)
    }

    /// TikTok's own name for a thing, which we say back to it: no longer than an address takes.
    pub(crate) fn remote_id(&self, key: &str) -> Option<String> {
        self.id(key).filter(|id| id.len() <= MAX_ID_BYTES)
    }

    /// A person's name, cut where no name is as long.
    pub(crate) fn name(&self, key: &str) -> Option<String> {
        self.id(key).map(name)
    }

    /// For how long something lives, in seconds; what no token of TikTok's does was not said.
    pub(crate) fn lifetime(&self, key: &str) -> Option<Duration> {
        self.get(key).and_then(life)
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

/// A whole number, also one written as text, with a fraction of zero or with an exponent.
pub(crate) fn integer(raw: &RawValue) -> Option<i64> {
    let text = text(raw)?;
    let text = text.trim();
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let number: f64 = text.parse().ok()?;
    let whole = number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER;
    // It has no fraction, and no more digits than fit.
    whole.then(|| format!("{number:.0}").parse().ok()).flatten()
}

/// A person's name, cut where no name is as long.
pub(crate) fn name(mut name: String) -> String {
    if let Some((end, _)) = name.char_indices().nth(MAX_NAME_CHARS) {
        name.truncate(end);
    }
    name
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

/// For optional names of people in derived types.
pub(crate) fn optional_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(optional_text(deserializer)?.map(name))
}

fn life(raw: &RawValue) -> Option<Duration> {
    let seconds = integer(raw).and_then(|seconds| u64::try_from(seconds).ok());
    seconds.map(Duration::from_secs).filter(|life| (MIN_LIFETIME..=MAX_LIFETIME).contains(life))
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
    fn a_number_is_whole_however_it_is_written() {
        let number = |json: &str| fields(&format!(r#"{{"a":{json}}}"#)).unwrap().1;
        for written in ["1790000000123", "1790000000123.0", "1.790000000123e12", r#""1790000000123""#] {
            assert_eq!(number(written), Some(1_790_000_000_123), "{written}");
        }
        for odd in ["1.5", "1e300", "1e18", "-1e400", r#""""#, r#""NaN""#, r#""inf""#, "true", "[1]", r#"{"b":1}"#] {
            assert_eq!(number(odd), None, "{odd}");
        }
    }

    #[test]
    fn half_a_surrogate_pair_costs_one_character_not_the_text() {
        let (text, ..) = fields(r#"{"a":"hi \ud83d there"}"#).unwrap();
        let text = text.unwrap();
        assert!(text.starts_with("hi ") && text.ends_with(" there"), "{text}");
    }
}
