//! The relay's own failures, as opposed to TikTok's answers.

use serde::{Deserialize, Serialize};

use crate::event::EventId;

/// The body of an answer in which the relay itself says no. The header [`crate::headers::FAILURE`] has the code too,
/// so that a call through the gateway tells it from an answer of TikTok's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code:?}: {detail}")]
pub struct Failure {
    /// What happened, for programs.
    pub code: FailureCode,
    /// The same for people who run a relay, in English. Holds no secret and no word of a customer's.
    #[serde(default)]
    pub detail: String,
    /// How long to wait before the next try, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// With [`FailureCode::Stale`]: who answered meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<String>,
    /// With [`FailureCode::Gone`]: the newest event, to go on from once the newest state was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<EventId>,
}

/// Why the relay said no. Each code says whether a call through the gateway may have reached TikTok.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// The device token is not known, or was revoked: pair again. Not taken.
    NotPaired,
    /// The device's role does not allow it. Not taken.
    NotAllowed,
    /// The relay does not pass this path on, or the request is malformed. Not taken.
    BadRequest,
    /// A colleague answered the conversation after what the agent had seen. Not taken.
    Stale,
    /// A send of another device into the same conversation is under way: try again soon. Not taken.
    Busy,
    /// TikTok could not be reached. Not taken.
    TikTokUnreachable,
    /// The relay's pace or TikTok's limit does not allow the call now: see `retry_after_ms`. Not taken.
    SlowDown,
    /// The account is not linked at this relay, or an admin has to link it again. Not taken.
    NeedsLinking,
    /// The relay's database does not answer. Not taken.
    Unavailable,
    /// The relay called TikTok and heard no answer: TikTok may have taken the message. For a send, the same key asks
    /// again what is known of it, without sending again.
    Unconfirmed,
    /// The pairing code does not exist, was used, or is too old.
    CodeInvalid,
    /// Too many requests from this address or device. Not taken.
    TooManyRequests,
    /// The cursor is older than the oldest event that is kept: read the newest state and go on from the head.
    Gone,
    /// There is no such thing.
    NotFound,
    /// A code that this version does not know. Nothing is known of the call.
    #[serde(other)]
    Unknown,
}

impl FailureCode {
    /// Every code a relay of this version gives.
    pub const ALL: [Self; 14] = [
        Self::NotPaired,
        Self::NotAllowed,
        Self::BadRequest,
        Self::Stale,
        Self::Busy,
        Self::TikTokUnreachable,
        Self::SlowDown,
        Self::NeedsLinking,
        Self::Unavailable,
        Self::Unconfirmed,
        Self::CodeInvalid,
        Self::TooManyRequests,
        Self::Gone,
        Self::NotFound,
    ];

    /// As it stands in JSON and in the header: `not_paired`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotPaired => "not_paired",
            Self::NotAllowed => "not_allowed",
            Self::BadRequest => "bad_request",
            Self::Stale => "stale",
            Self::Busy => "busy",
            Self::TikTokUnreachable => "tik_tok_unreachable",
            Self::SlowDown => "slow_down",
            Self::NeedsLinking => "needs_linking",
            Self::Unavailable => "unavailable",
            Self::Unconfirmed => "unconfirmed",
            Self::CodeInvalid => "code_invalid",
            Self::TooManyRequests => "too_many_requests",
            Self::Gone => "gone",
            Self::NotFound => "not_found",
            Self::Unknown => "unknown",
        }
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::NotPaired => 401,
            Self::NotAllowed => 403,
            Self::BadRequest | Self::CodeInvalid => 400,
            Self::Stale | Self::Busy | Self::NeedsLinking => 409,
            Self::TikTokUnreachable => 502,
            Self::SlowDown | Self::TooManyRequests => 429,
            Self::Unavailable => 503,
            Self::Unconfirmed => 504,
            Self::Gone => 410,
            Self::NotFound => 404,
            Self::Unknown => 500,
        }
    }

    /// Whether a call through the gateway that ended so certainly did not reach TikTok.
    #[must_use]
    pub const fn is_certainly_not_taken(self) -> bool {
        !matches!(self, Self::Unconfirmed | Self::Unknown)
    }
}

impl Failure {
    /// A failure with a sentence for the people who run the relay.
    #[must_use]
    pub fn new(code: FailureCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), retry_after_ms: None, answered_by: None, head: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_and_the_body_name_a_code_alike() {
        for code in FailureCode::ALL {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{}\"", code.as_str()));
        }
        assert_eq!(serde_json::from_str::<FailureCode>("\"on_holiday\"").unwrap(), FailureCode::Unknown);
    }
}
