//! What was read of an answer, on its way to becoming an error.

use super::{
    answer::{RawAnswer, Words},
    limit::RateLimit,
    redact::redact,
    variants::{Error, LaterWhy, Reason, UnknownWhy},
};
use std::time::Duration;

/// A request id that looks like one. TikTok's are letters and digits; anything else might be personal text, and is
/// only kept in the raw answer.
fn request_id_in(text: &str) -> Option<String> {
    let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    let longest = 128;
    (!text.is_empty()
        && text.len() <= longest
        && text.chars().all(is_id)
        && text.contains(|c: char| c.is_ascii_digit()))
    .then(|| text.to_owned())
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
        self.message = Words::keep(message, secrets);
        self.request_id = request_id.map(|id| redact(id, secrets)).and_then(|id| request_id_in(&id));
        self
    }

    /// The code, or the HTTP status where there is none.
    fn code_or(&self, status: u16) -> i64 {
        self.code.unwrap_or_else(|| i64::from(status))
    }

    /// TikTok is not available just now.
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
