//! Classifies answers: pure functions of status and text, tested as a table.
//!
//! The rule behind the table: an outcome is called "not taken" only when TikTok said so in words we know. HTTP is 200
//! even for errors on the Business API, so its `code` decides first; a 5xx is never believed either way.

use super::{
    facts::Facts,
    messages,
    variants::{Error, Reason, UnknownWhy},
};
use crate::lenient::Fields;
use serde_json::value::RawValue;
use std::time::Duration;

/// The shortest waits that can help ("Rate limits": the QPS window is one second).
const NEXT_SECOND: Duration = Duration::from_secs(1);
const MAINTENANCE: Duration = Duration::from_secs(60);
/// Login Kit counts per minute over a sliding window.
const LOGIN_KIT_WINDOW: Duration = Duration::from_secs(60);

/// A Business answer that says "ok": what it carried, still unread.
#[derive(Debug)]
pub(crate) struct BusinessAnswer {
    /// `data`, or `{}` where there was none.
    pub(crate) data: Box<RawValue>,
    /// Ready for an error, should `data` turn out unreadable.
    pub(crate) facts: Facts,
}

/// Reads a Business API answer ("Calling convention", "Error codes").
pub(crate) fn business(
    status: u16,
    retry_after: Option<Duration>,
    text: &str,
    secrets: &[&str],
) -> Result<BusinessAnswer, Error> {
    let facts = Facts::of(text, secrets);
    let raw = serde_json::from_str::<&RawValue>(text).ok();
    let fields = raw.and_then(Fields::read);
    // A code that is no code is no answer either.
    let code = fields.as_ref().and_then(|fields| fields.integer("code")).filter(|code| i32::try_from(*code).is_ok());
    let message = fields.as_ref().and_then(|fields| fields.text("message")).unwrap_or_default();
    let request_id = fields.as_ref().and_then(|fields| fields.text("request_id"));
    let facts = facts.with(code, &message, request_id.as_deref(), secrets);

    if status >= 500 {
        return Err(facts.unknown(UnknownWhy::Status(status)));
    }
    if status == 429 {
        return Err(facts.too_fast(status, retry_after.unwrap_or(NEXT_SECOND)));
    }
    let Some(code) = code else {
        return Err(without_code(status, facts));
    };
    if code == 0 || code == 20_001 {
        if !(200..300).contains(&status) {
            return Err(facts.unknown(UnknownWhy::Status(status)));
        }
        let data = fields.as_ref().and_then(|fields| fields.get("data")).map(ToOwned::to_owned);
        return match data.or_else(|| RawValue::from_string("{}".to_owned()).ok()) {
            Some(data) => Ok(BusinessAnswer { data, facts }),
            None => Err(facts.unknown(UnknownWhy::Garbled { path: "data".to_owned() })),
        };
    }
    Err(by_code(code, status, retry_after, facts))
}

/// The error of an answer that a gateway gave in TikTok's place. What its code means, only its client knows.
pub(crate) fn gateway(code: &str, retry_after: Option<Duration>, text: &str, secrets: &[&str]) -> Error {
    Error::Gateway { code: code.to_owned(), retry_after, raw: Facts::of(text, secrets).raw }
}

/// Reads an answer of the Business API that came by another way than [`crate::Client::call`]: the JSON text of its `data`,
/// or what the answer means. `secrets` are taken out of what an error keeps.
///
/// # Errors
/// Every variant of [`Error`] but [`Error::Unreachable`].
pub fn business_data(
    status: u16,
    retry_after: Option<Duration>,
    text: &str,
    secrets: &[&str],
) -> Result<Box<RawValue>, Error> {
    business(status, retry_after, text, secrets).map(|answer| answer.data)
}

fn by_code(code: i64, status: u16, retry_after: Option<Duration>, facts: Facts) -> Error {
    match code {
        40_100 | 40_016 | 40_133 => facts.too_fast(status, retry_after.unwrap_or(NEXT_SECOND)),
        60_001 => facts.later(status, retry_after.unwrap_or(MAINTENANCE)),
        40_102 | 40_105 => facts.refresh(status),
        40_103 | 40_107 | 40_110 | 40_115 => facts.reauthorise(status),
        40_050 => facts.unknown(UnknownWhy::Duplicate),
        40_000..=49_999 => {
            let reason = messages::reason(facts.message.as_str(), reason(code));
            facts.refused(status, reason)
        }
        50_000..=59_999 => facts.unknown(UnknownWhy::SystemError),
        _ => facts.unknown(UnknownWhy::UnheardOfCode),
    }
}

fn reason(code: i64) -> Reason {
    match code {
        40_064 => Reason::MessagingRules,
        40_000 | 40_002 => Reason::InvalidParameter,
        40_001 => Reason::NotPermitted,
        40_006 | 40_051 => Reason::UnsupportedVersion,
        40_007 => Reason::NotFound,
        40_008 | 40_009 | 40_014 => Reason::NotInSandbox,
        40_101 => Reason::BadCredentials,
        40_104 => Reason::TokenMissing,
        40_113 => Reason::AppBlocked,
        40_118 => Reason::NotAllowlisted,
        40_132 => Reason::TooOften,
        40_907 => Reason::TooLarge,
        40_908 => Reason::UnsupportedType,
        41_000 => Reason::BannedNetwork,
        _ => Reason::Other,
    }
}

/// An answer without a readable `code`. TikTok gives its refusals one; a bare 401, 403 or 404 is the page of something
/// in between (a CDN, a proxy, a hotel's network), which knows nothing of tokens, permissions or messages. Only what is
/// said of the body itself, by the server that would not carry it, is believed.
fn without_code(status: u16, facts: Facts) -> Error {
    match status {
        200..300 => facts.unknown(UnknownWhy::Garbled { path: ".".to_owned() }),
        413 => facts.refused(status, Reason::TooLarge),
        415 => facts.refused(status, Reason::UnsupportedType),
        _ => facts.unknown(UnknownWhy::Status(status)),
    }
}

/// Checks a Login Kit answer: `Ok` means a success status and no error in the text.
///
/// Two shapes carry errors: `{"error":"invalid_grant",…}` from the token endpoints and `{"error":{"code":…}}` from the
/// rest, which also appears on success with `code:"ok"` ("User info").
pub(crate) fn login_kit(
    status: u16,
    retry_after: Option<Duration>,
    text: &str,
    secrets: &[&str],
) -> Result<Facts, Error> {
    let facts = Facts::of(text, secrets);
    let fields = serde_json::from_str::<&RawValue>(text).ok().and_then(Fields::read);
    let nested = fields.as_ref().and_then(|fields| fields.object("error"));
    let (word, message, log_id) = match (&nested, &fields) {
        (Some(error), _) => (error.text("code"), error.text("message"), error.text("log_id")),
        (None, Some(fields)) => (fields.text("error"), fields.text("error_description"), fields.text("log_id")),
        (None, None) => (None, None, None),
    };
    let word = word.filter(|word| !word.is_empty() && word != "ok");
    let message = message.unwrap_or_default();
    let message = match (&word, message.is_empty()) {
        (Some(word), true) => word.clone(),
        (Some(word), false) => format!("{word}: {message}"),
        (None, _) => message,
    };
    // Login Kit's codes are words; the number kept is the HTTP status.
    let code = word.as_ref().map(|_| i64::from(status));
    let facts = facts.with(code, &message, log_id.as_deref(), secrets);

    if status >= 500 {
        return Err(facts.unknown(UnknownWhy::Status(status)));
    }
    if status == 429 {
        return Err(facts.too_fast(status, retry_after.unwrap_or(LOGIN_KIT_WINDOW)));
    }
    let Some(word) = word else {
        return if (200..300).contains(&status) { Ok(facts) } else { Err(without_code(status, facts)) };
    };
    Err(match word.as_str() {
        "access_token_invalid" => facts.refresh(status),
        "invalid_grant" | "access_denied" | "scope_not_authorized" | "scope_permission_missed" => {
            facts.reauthorise(status)
        }
        "rate_limit_exceeded" => facts.too_fast(status, retry_after.unwrap_or(LOGIN_KIT_WINDOW)),
        "temporarily_unavailable" => facts.later(status, retry_after.unwrap_or(MAINTENANCE)),
        "server_error" | "internal_error" => facts.unknown(UnknownWhy::SystemError),
        "invalid_client" | "unauthorized_client" => facts.refused(status, Reason::BadCredentials),
        "invalid_request"
        | "invalid_params"
        | "invalid_param"
        | "invalid_scope"
        | "unsupported_grant_type"
        | "unsupported_response_type" => facts.refused(status, Reason::InvalidParameter),
        _ => facts.refused(status, Reason::Other),
    })
}

#[cfg(test)]
mod tests;
