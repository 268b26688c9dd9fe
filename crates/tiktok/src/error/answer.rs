//! The parts of an answer that an error keeps: the answer itself and TikTok's message, shortened and without tokens.

use super::redact::redact;
use std::{fmt, ops::Deref};

/// How much of an answer is kept, in bytes.
const MAX_RAW_BYTES: usize = 4 * 1024;
/// How much of TikTok's message is kept, in bytes.
const MAX_MESSAGE_BYTES: usize = 512;

/// An answer as TikTok sent it, at most 4 KiB, tokens taken out.
///
/// It may quote a customer, so `Debug` prints only its length: an error can be logged, its raw answer is for the store.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct RawAnswer(String);

impl RawAnswer {
    pub(crate) fn keep(text: &str, secrets: &[&str]) -> Self {
        // Redact somewhat more than is kept, so that no token is cut before it is recognised.
        let mut kept = redact(cut(text, MAX_RAW_BYTES * 4), secrets);
        kept.truncate(cut(&kept, MAX_RAW_BYTES).len());
        Self(kept)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for RawAnswer {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawAnswer({} bytes)", self.0.len())
    }
}

impl From<RawAnswer> for String {
    fn from(raw: RawAnswer) -> Self {
        raw.0
    }
}

/// TikTok's own words, at most 512 bytes, tokens taken out.
///
/// They may quote a customer or hold a line break: there is no `Display`, and `Debug` prints only their length. Only
/// the screen shows them, as a quotation.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Words(String);

impl Words {
    pub(super) fn keep(message: &str, secrets: &[&str]) -> Self {
        Self(redact(cut(message, MAX_MESSAGE_BYTES), secrets))
    }

    /// The words themselves: for the store and the screen, never for the log.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Words({} bytes)", self.0.len())
    }
}

impl From<&str> for Words {
    fn from(words: &str) -> Self {
        Self(words.to_owned())
    }
}

/// The longest beginning of `text` that fits `bytes` and ends between characters.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
