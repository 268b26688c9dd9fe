//! The parts of an answer an error keeps.

use super::{Error, LaterWhy, RateLimit, Reason, UnknownWhy, redact::redact};
use std::{fmt, ops::Deref, time::Duration};

/// How much of an answer is kept, in bytes.
const KEPT: usize = 4 * 1024;
/// How much of TikTok's message is kept, in bytes.
const KEPT_MESSAGE: usize = 512;

/// An answer as TikTok sent it, at most 4 KiB, tokens taken out.
///
/// It may quote a customer, so `Debug` prints only its length: an error can be logged, its raw answer is for the store.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct RawAnswer(String);

impl RawAnswer {
    pub(crate) fn keep(text: &str, secrets: &[&str]) -> Self {
        // Redact somewhat more than is kept, so that no token is cut before it is recognised.
        let mut kept = redact(cut(text, KEPT * 4), secrets);
        kept.truncate(cut(&kept, KEPT).len());
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
/// They may quote a customer or hold a line break: there is no `Display`, and `Debug` prints only their length. Only the
/// screen shows them, as a quotation.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Words(String);

impl Words {
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

/// A request id that looks like one. TikTok's are letters and digits; anything else might be somebody's words, and is only
/// kept in the raw answer.
fn request_id(text: &str) -> Option<String> {
    let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    let longest = 128;
    (!text.is_empty()
        && text.len() <= longest
        && text.chars().all(is_id)
        && text.contains(|c: char| c.is_ascii_digit()))
    .then(|| text.to_owned())
}

/// The longest beginning of `text` that fits `bytes` and ends between characters.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// What every error built from an answer shares.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) code: Option<i64>,
    pub(crate) message: Words,
    pub(crate) request_id: Option<String>,
    pub(crate) raw: RawAnswer,
}

impl Facts {
    /// Facts of an answer nothing was read from yet.
    pub(crate) fn of(text: &str, secrets: &[&str]) -> Self {
        Self { raw: RawAnswer::keep(text, secrets), ..Self::default() }
    }

    pub(crate) fn with(mut self, code: Option<i64>, message: &str, request_id: Option<&str>, secrets: &[&str]) -> Self {
        self.code = code;
        self.message = Words(redact(cut(message, KEPT_MESSAGE), secrets));
        self.request_id = request_id.map(|id| redact(id, secrets)).and_then(|id| self::request_id(&id));
        self
    }

    /// The code, or the HTTP status where there is none.
    fn code_or(&self, status: u16) -> i64 {
        self.code.unwrap_or_else(|| i64::from(status))
    }

    /// TikTok is not there for anybody just now.
    pub(crate) fn later(self, status: u16, after: Duration) -> Error {
        self.wait(status, after, LaterWhy::Unavailable)
    }

    /// We asked too often.
    pub(crate) fn too_fast(self, status: u16, after: Duration) -> Error {
        let limit = RateLimit::named_in(self.message.as_str());
        self.wait(status, after, LaterWhy::TooFast(limit))
    }

    fn wait(self, status: u16, after: Duration, why: LaterWhy) -> Error {
        let code = self.code_or(status);
        Error::Later { after, why, code, message: self.message, request_id: self.request_id, raw: self.raw }
    }

    pub(crate) fn refresh(self, status: u16) -> Error {
        let code = self.code_or(status);
        Error::Refresh { code, message: self.message, request_id: self.request_id, raw: self.raw }
    }

    pub(crate) fn reauthorise(self, status: u16) -> Error {
        let code = self.code_or(status);
        Error::Reauthorise { code, message: self.message, request_id: self.request_id, raw: self.raw }
    }

    pub(crate) fn refused(self, status: u16, reason: Reason) -> Error {
        let code = self.code_or(status);
        Error::Refused { code, message: self.message, request_id: self.request_id, reason, raw: self.raw }
    }

    pub(crate) fn unknown(self, why: UnknownWhy) -> Error {
        Error::Unknown { why, code: self.code, message: self.message, request_id: self.request_id, raw: self.raw }
    }
}
