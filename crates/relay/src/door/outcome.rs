//! The results of webhooks.

use axum::http::StatusCode;

/// The result of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is in the log.
    Stored,
    /// It was in the log before.
    Known,
    /// It is in the log as a hint.
    Hinted,
    /// It tells of the link before the one that the account has now.
    Outdated,
    /// The account is not linked here; kept in `stray`.
    StrayAccount,
    /// This version does not know the event; kept in `stray`.
    StrayEvent,
    /// It is no event; kept in `stray`.
    Unreadable,
    /// It is not signed.
    NotSigned,
    /// It has several signatures: there would be a choice of which to believe.
    SeveralSignatures,
    /// The signature is malformed.
    MalformedSignature,
    /// The signature is by another secret, or over another body.
    WrongSignature,
    /// No app of this platform is configured here.
    NoSecret,
    /// Its body is too long.
    TooLarge,
    /// Its body did not arrive in time.
    TooSlow,
    /// Its body broke off.
    Broken,
    /// The database did not take it; TikTok repeats it.
    Unavailable,
}

impl Outcome {
    /// Its name in the metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Known => "known",
            Self::Hinted => "hinted",
            Self::Outdated => "outdated",
            Self::StrayAccount => "stray_account",
            Self::StrayEvent => "stray_event",
            Self::Unreadable => "unreadable",
            Self::NotSigned => "not_signed",
            Self::SeveralSignatures => "several_signatures",
            Self::MalformedSignature => "malformed_signature",
            Self::WrongSignature => "wrong_signature",
            Self::NoSecret => "no_secret",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::Broken => "broken",
            Self::Unavailable => "unavailable",
        }
    }

    /// Whether TikTok may have sent it and repeats it at a time of its own.
    #[must_use]
    pub const fn is_repeated(self) -> bool {
        match self {
            Self::WrongSignature
            | Self::NoSecret
            | Self::TooLarge
            | Self::TooSlow
            | Self::Broken
            | Self::Unavailable => true,
            Self::Stored
            | Self::Known
            | Self::Hinted
            | Self::Outdated
            | Self::StrayAccount
            | Self::StrayEvent
            | Self::Unreadable
            | Self::NotSigned
            | Self::SeveralSignatures
            | Self::MalformedSignature => false,
        }
    }

    /// The HTTP status that it is answered with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Stored
            | Self::Known
            | Self::Hinted
            | Self::Outdated
            | Self::StrayAccount
            | Self::StrayEvent
            | Self::Unreadable => StatusCode::OK,
            Self::NotSigned
            | Self::SeveralSignatures
            | Self::MalformedSignature
            | Self::WrongSignature
            | Self::NoSecret => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}
