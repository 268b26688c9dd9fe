//! [`Error`] and the reasons in it.

use super::{
    answer::{RawAnswer, Words},
    limit::RateLimit,
};
use std::time::Duration;

/// Why a call did not succeed. Each variant is one thing to do next ("Error codes").
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Certainly not taken: the request never left this computer whole. Wait, then the same call is safe.
    #[error("TikTok could not be reached ({why})")]
    Unreachable {
        /// How far it got.
        why: UnreachableWhy,
        /// The system's own words, such as "Connection refused". No address, no query.
        detail: String,
    },

    /// Certainly not taken: too fast, or maintenance. Wait `after`; on repeated ones the caller waits longer
    /// (queries per minute: 5 minutes; per day: until 00:00 UTC). See "Rate limits".
    #[error("TikTok asks to wait {} ms (code {code}{})", after.as_millis(), ticket(request_id.as_deref()))]
    Later {
        /// The shortest wait that can help.
        after: Duration,
        /// Whether we asked too fast, or TikTok is not available.
        why: LaterWhy,
        /// TikTok's code (40100, 40016, 40133, 60001), or the HTTP status where there was none.
        code: i64,
        /// TikTok's words.
        message: Words,
        /// For a support ticket.
        request_id: Option<String>,
        /// The answer as it came, shortened, tokens taken out.
        raw: RawAnswer,
    },

    /// Not taken: the access token is expired or wrong (40102, 40105, `access_token_invalid`). Refresh once, repeat.
    #[error("TikTok wants a fresh access token (code {code}{})", ticket(request_id.as_deref()))]
    Refresh {
        /// TikTok's code, or the HTTP status on Login Kit.
        code: i64,
        /// TikTok's words.
        message: Words,
        /// For a support ticket.
        request_id: Option<String>,
        /// The answer as it came, shortened, tokens taken out.
        raw: RawAnswer,
    },

    /// Not taken: no token or code of ours will do (40103, 40107, 40110, 40115, `invalid_grant`). A person must link
    /// the account again, and that helps for certain: these codes are about what a new link replaces. A missing
    /// permission (40001) is no such thing, see [`Reason::NotPermitted`].
    #[error("TikTok wants the account to be linked again (code {code}{})", ticket(request_id.as_deref()))]
    Reauthorise {
        /// TikTok's code, or the HTTP status on Login Kit.
        code: i64,
        /// TikTok's words.
        message: Words,
        /// For a support ticket.
        request_id: Option<String>,
        /// The answer as it came, shortened, tokens taken out.
        raw: RawAnswer,
    },

    /// Not taken, and it never will be: the same call would be refused again.
    #[error("TikTok refused ({reason:?}, code {code}{})", ticket(request_id.as_deref()))]
    Refused {
        /// TikTok's code, or the HTTP status where there was none.
        code: i64,
        /// TikTok's words: for 40064 the only hint which messaging rule it was.
        message: Words,
        /// For a support ticket.
        request_id: Option<String>,
        /// Why, as far as the code tells.
        reason: Reason,
        /// The answer as it came, shortened, tokens taken out.
        raw: RawAnswer,
    },

    /// A gateway in front of TikTok answered in its place. Its code says whether TikTok was called.
    #[error("the gateway answered {code}")]
    Gateway {
        /// The gateway's code.
        code: String,
        /// The wait that it asked for.
        retry_after: Option<Duration>,
        /// Its answer as it came, shortened, tokens taken out.
        raw: RawAnswer,
    },

    /// There is no telling whether it happened. A [`crate::Safety::Repeatable`] call may simply be made again later; a
    /// [`crate::Safety::Once`] call must be settled by looking, never by calling again.
    #[error("TikTok's answer does not say whether it happened ({why}{}{})", code_of(*code), ticket(request_id.as_deref()))]
    Unknown {
        /// The fault of the answer.
        why: UnknownWhy,
        /// TikTok's code, where one was read.
        code: Option<i64>,
        /// TikTok's words; empty where nothing was heard of it.
        message: Words,
        /// For a support ticket.
        request_id: Option<String>,
        /// As much of the answer as arrived, shortened, tokens taken out; may be empty.
        raw: RawAnswer,
    },
}

/// Why TikTok wants us to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LaterWhy {
    /// We asked too fast; which count ran out, where TikTok's words say so. No header does.
    TooFast(Option<RateLimit>),
    /// TikTok is not available just now (60001, `temporarily_unavailable`), however slowly we ask.
    Unavailable,
}

/// How far a call got that never arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnreachableWhy {
    /// The request could not be put together (an impossible header or address). Waiting will not help.
    NotBuilt,
    /// The name, the connection or the secure handshake failed.
    Connect,
    /// No connection within the connect timeout.
    ConnectTimeout,
}

/// Why TikTok refused for good ("Error codes").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// 40064: the direct-message rules (reply window, message cap, block, pace); TikTok does not say which.
    MessagingRules,
    /// 40000, 40002: a parameter, or the account's messages are off; the message names it.
    InvalidParameter,
    /// 40000, 40002 with a message that names `media_id`: TikTok no longer has the uploaded image, or never had it. A
    /// new upload can help.
    MediaNotFound,
    /// 40001: the scope was not granted, the app is not approved for it, or the account is not the token's.
    /// It is said of one call, not of the account: a missing `video.list` leaves the messages as they are. Linking
    /// again helps only if the scope is granted this time; [`crate::business::oauth::token_info`] tells what is granted
    /// now.
    NotPermitted,
    /// 40101, `invalid_client`: the app's id, its secret or the code are wrong.
    BadCredentials,
    /// 40113: TikTok has blocked the app, or its id or secret are wrong. No new link helps, only the developer portal.
    AppBlocked,
    /// 40104: TikTok saw no token on the call, which is a mistake of ours or of something in between.
    TokenMissing,
    /// 40008, 40009, 40014: TikTok's own test system does not have this.
    NotInSandbox,
    /// 40132: too often for one value of a field. Documented for other parts of the API, with no wait to go by.
    TooOften,
    /// 40118: the app or the region is not on TikTok's list.
    NotAllowlisted,
    /// 40007: no such object.
    NotFound,
    /// 40907: the file is too large.
    TooLarge,
    /// 40908: this kind of file is not taken.
    UnsupportedType,
    /// 41000: TikTok does not serve the country this computer's address is in.
    BannedNetwork,
    /// 40006, 40051: TikTok no longer has this version of its API.
    UnsupportedVersion,
    /// A code with no advice of its own; show TikTok's words.
    Other,
}

/// The fault of an answer that leaves the outcome open.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum UnknownWhy {
    /// No whole answer within the total timeout.
    TimedOut,
    /// The connection broke after the request had begun to leave.
    HungUp,
    /// HTTP 5xx, or a refusal without a code of TikTok's: it came from something in between.
    Status(u16),
    /// Not the JSON that was expected; `path` is where it stopped making sense (`data.message.message_id`).
    Garbled {
        /// JSON path, `.` for the whole answer.
        path: String,
    },
    /// The answer was longer than the client reads (8 MiB).
    TooLong,
    /// Code 0, but what proves success is not there; `path` names it.
    NoRequiredData {
        /// JSON path.
        path: &'static str,
    },
    /// 40050: TikTok took this for a repetition; an earlier call may have arrived.
    Duplicate,
    /// 50000 to 59999, `server_error`: TikTok's own fault, with nothing said about the message.
    SystemError,
    /// A code outside every documented family.
    UnheardOfCode,
}

impl std::fmt::Display for UnreachableWhy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotBuilt => "the request could not be put together",
            Self::Connect => "no connection",
            Self::ConnectTimeout => "no connection in time",
        })
    }
}

impl std::fmt::Display for UnknownWhy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TimedOut => f.write_str("no answer in time"),
            Self::HungUp => f.write_str("the connection broke"),
            Self::Status(status) => write!(f, "HTTP {status}"),
            Self::Garbled { path } => write!(f, "unreadable at {path}"),
            Self::TooLong => f.write_str("too long"),
            Self::NoRequiredData { path } => write!(f, "{path} is missing"),
            Self::Duplicate => f.write_str("taken for a repetition"),
            Self::SystemError => f.write_str("an error on TikTok's side"),
            Self::UnheardOfCode => f.write_str("an undocumented code"),
        }
    }
}

impl Error {
    /// TikTok's code (or the HTTP status standing in for one), where an answer was read.
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        match self {
            Self::Unreachable { .. } | Self::Gateway { .. } => None,
            Self::Unknown { code, .. } => *code,
            Self::Later { code, .. }
            | Self::Refresh { code, .. }
            | Self::Reauthorise { code, .. }
            | Self::Refused { code, .. } => Some(*code),
        }
    }

    /// TikTok's words; empty where it said nothing. Shown to the agent as a quotation, never matched on, never logged.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::Unreachable { .. } | Self::Gateway { .. } => "",
            Self::Later { message, .. }
            | Self::Refresh { message, .. }
            | Self::Reauthorise { message, .. }
            | Self::Refused { message, .. }
            | Self::Unknown { message, .. } => message.as_str(),
        }
    }

    /// What this computer says of a call that brought no words of TikTok's: the system's ("Connection refused"), or
    /// ours.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Unreachable { detail, .. } => detail.clone(),
            Self::Unknown { why, .. } => why.to_string(),
            Self::Later { .. }
            | Self::Refresh { .. }
            | Self::Reauthorise { .. }
            | Self::Refused { .. }
            | Self::Gateway { .. } => self.to_string(),
        }
    }

    /// TikTok's id of the call, for a support ticket.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Unreachable { .. } | Self::Gateway { .. } => None,
            Self::Later { request_id, .. }
            | Self::Refresh { request_id, .. }
            | Self::Reauthorise { request_id, .. }
            | Self::Refused { request_id, .. }
            | Self::Unknown { request_id, .. } => request_id.as_deref(),
        }
    }

    /// The answer as it came (at most 4 KiB, tokens taken out), where there was one.
    #[must_use]
    pub fn raw(&self) -> Option<&str> {
        match self {
            Self::Unreachable { .. } => None,
            Self::Later { raw, .. }
            | Self::Refresh { raw, .. }
            | Self::Reauthorise { raw, .. }
            | Self::Refused { raw, .. }
            | Self::Gateway { raw, .. }
            | Self::Unknown { raw, .. } => Some(raw.as_str()).filter(|raw| !raw.is_empty()),
        }
    }

    /// Whether TikTok says that the app's id or its secret is wrong, or that it has blocked the app.
    #[must_use]
    pub fn is_about_the_app(&self) -> bool {
        matches!(self, Self::Refused { reason: Reason::BadCredentials | Reason::AppBlocked, .. })
    }

    /// Whether the call was certainly not carried out, so that making it again cannot do a thing twice. Of a gateway's
    /// own answer only its code tells.
    #[must_use]
    pub fn is_certainly_not_taken(&self) -> bool {
        !matches!(self, Self::Unknown { .. } | Self::Gateway { .. })
    }
}

/// A request id as part of an error's sentence.
fn ticket(request_id: Option<&str>) -> String {
    request_id.map(|id| format!(", request {id}")).unwrap_or_default()
}

/// A code as part of an error's sentence.
fn code_of(code: Option<i64>) -> String {
    code.map(|code| format!(", code {code}")).unwrap_or_default()
}
