//! Errors at the border: a code and its parameters, never a sentence. The page's catalogue says what happened and
//! what the agent can do.

use engine::automatic::AutoError;
use engine::automatic::comments::CommentError;
use engine::call::CallError;
use engine::linking::LinkError;
use engine::media::PictureError;
use engine::picture::Problem;
use engine::relay::{PairError, RelayError, RelayFailureCode};
use engine::scheduled::ScheduleError;
use engine::tokens::TokenError;
use engine::unlinking::UnlinkError;
use engine::{SecretsError, TikTokWords};
use model::TextProblem;
use serde::{Deserialize, Serialize};
use store::StoreError;
use ts_rs::TS;

/// What went wrong, for the page's catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// Which sentence of the catalogue fits.
    pub code: FaultCode,
    /// What TikTok or the system said, if it helps the agent; shown one click away.
    pub detail: Option<String>,
    /// For unexpected errors: the id under which the log has the whole story.
    pub incident: Option<String>,
}

/// The kinds of error the page tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum FaultCode {
    /// The request was not one of the contract's, or its arguments had the wrong shape.
    BadRequest,
    /// The conversation, message or account does not exist (any more).
    NotFound,
    /// The reply has no visible text.
    ReplyEmpty,
    /// The reply has more characters than TikTok takes.
    ReplyTooLong,
    /// The message is not in a state in which this can be done.
    WrongState,
    /// A colleague has replied since; the thread shows it.
    ColleagueReplied,
    /// The quoted message is of a kind that TikTok does not let one quote, or is not confirmed yet.
    QuoteNotAllowed,
    /// The card cannot be sent; `detail` is `noTitle`, `titleTooLong`, `noButtons`, `tooManyButtons`, `buttonTooLong` or `sameButtons`.
    CardInvalid,
    /// The time is in the past.
    ScheduleInPast,
    /// The reply window will have closed by then; `detail` is when it closes, in ms since the epoch.
    ScheduleAfterWindow,
    /// The customer has not written yet, so nothing can be sent.
    NoWindow,
    /// The file has more bytes than Deskbell reads (32 MiB).
    ImageTooLarge,
    /// The picture has more pixels than Deskbell decodes safely.
    ImageTooManyPixels,
    /// The file is not a picture, whatever its name says.
    ImageNotAPicture,
    /// A HEIC or AVIF picture; `detail` names the format. It has to be saved as JPEG first.
    ImageFormat,
    /// The picture is cut off or damaged.
    ImageBroken,
    /// TikTok does not take pictures in this conversation.
    ImagesNotAllowed,
    /// The picture or video is not to be had: TikTok does not give it out any more.
    MediaGone,
    /// The video is larger than Deskbell fetches (200 MiB).
    VideoTooLarge,
    /// This host cannot do that: there is no clipboard, no folder for downloads or no player.
    NotPossibleHere,
    /// The automatic message cannot be sent; `detail` is `noTitle`, `noBody`, `titleTooLong` or `bodyTooLong`.
    AutoTextInvalid,
    /// The account has as many automatic messages of this kind as TikTok allows.
    AutoTooMany,
    /// The account has this automatic message already.
    AutoDuplicate,
    /// TikTok is reviewing it and takes no change meanwhile.
    AutoReviewing,
    /// TikTok rejected it: it can only be replaced.
    AutoRejected,
    /// TikTok does not delete or sort this kind.
    AutoNotPossible,
    /// It was changed outside Deskbell since the agent began: it says something else now, and nothing was overwritten.
    AutoChangedElsewhere,
    /// The access lacks the permission to change automatic messages: the account must be linked again.
    AutoNotPermitted,
    /// TikTok offers comment-to-message only to accounts registered in Vietnam, Indonesia and Thailand.
    CommentToMessageNotHere,
    /// The comment cannot be answered by message; `detail` is a `CommentCondition`.
    CommentNotAnswerable,
    /// The rule cannot be kept; `detail` is a `RuleProblem`.
    RuleInvalid,
    /// The business hours make no sense; `detail` is `timeZone`, `week` or `holiday`.
    HoursInvalid,
    /// The saved reply cannot be kept; `detail` is a `SavedReplyProblem`.
    SavedReplyInvalid,
    /// The file cannot be read as saved replies; `detail` is `tooLarge`, `tooMany` (more than 10,000), `columns` (no name or no
    /// text), `format`, or `quotes:` or `json:` and a line.
    ImportUnreadable,
    /// The pictures of the saved replies are more than one file takes.
    ExportTooLarge,
    /// The name has no letters, or another agent has it.
    AgentNameInvalid,
    /// The link or number is not that of a TikTok post.
    PostInvalid,
    /// The app has no permission to list posts (`video.list`).
    PostsNotPermitted,
    /// TikTok cannot be reached.
    Offline,
    /// TikTok asked us to slow down.
    RateLimited,
    /// TikTok refused; `detail` has its words.
    TikTokRefused,
    /// TikTok's answer could not be understood, or its servers failed.
    TikTokUnwell,
    /// No keychain answers on this system.
    KeychainUnavailable,
    /// The keychain refused to keep or to give a secret.
    KeychainRefused,
    /// An app id, key or secret is missing or malformed.
    CredentialsInvalid,
    /// TikTok does not know this Business app id, or the secret is wrong.
    CredentialsRefused,
    /// TikTok does not know this Login Kit client key, or the secret is wrong.
    LoginCredentialsRefused,
    /// The redirect address breaks TikTok's rules; `detail` says which.
    RedirectInvalid,
    /// Linking is not at the step this belongs to.
    LinkNotStarted,
    /// The agent pressed Cancel on TikTok's page.
    LinkCancelled,
    /// TikTok's page refused; `detail` has its words.
    LinkRefused,
    /// TikTok did not grant a permission Deskbell needs; `detail` names it.
    LinkScopeMissing,
    /// The address does not belong to this attempt to link: its `state` is another one.
    LinkWrongState,
    /// The address has no code in it.
    LinkNoCode,
    /// The code was used already or is older than ten minutes.
    LinkCodeExpired,
    /// The browser did not come back within five minutes.
    LinkTimedOut,
    /// No loopback port could be opened for the browser to come back to.
    LinkPortTaken,
    /// The browser could not be opened; the address can be copied.
    BrowserNotOpened,
    /// The account is not a Business Account.
    NotBusinessAccount,
    /// The relay's address is not an https address.
    RelayAddressInvalid,
    /// The relay cannot be reached; `detail` has the system's words.
    RelayUnreachable,
    /// The relay's certificate is not accepted; `detail` says why.
    RelayCertificate,
    /// What answers at the address is no relay, or one of another version; `detail` says what was odd.
    RelayNotOne,
    /// The clocks of this computer and the relay are apart; `detail` is by how many ms, positive if this computer's is ahead.
    RelayClock,
    /// The pairing code does not exist, was used, or is too old.
    RelayCodeInvalid,
    /// The relay does not know this computer: it was revoked, or never paired.
    RelayNotPaired,
    /// The account is not linked at the relay, or has to be linked there again.
    RelayAccountMissing,
    /// This computer may not do that at the relay: an admin may.
    RelayNotAllowed,
    /// The relay said no; `detail` has its words.
    RelayRefused,
    /// Practice cannot be started from this host.
    PracticeUnavailable,
    /// The account is gone, but something of it is still on the disk; `detail` says why. It is removed as soon as it can be.
    EraseUnfinished,
    /// The disk is full or cannot be written.
    DiskFull,
    /// Something we did not expect; `incident` leads to the log.
    Unexpected,
}

impl Fault {
    /// A fault that needs no more words than its code.
    #[must_use]
    pub fn new(code: FaultCode) -> Self {
        Self { code, detail: None, incident: None }
    }

    /// A fault with the other side's own words.
    #[must_use]
    pub fn with_detail(code: FaultCode, detail: impl Into<String>) -> Self {
        Self { code, detail: Some(detail.into()), incident: None }
    }

    /// An unexpected error: logged once, here, under a fresh incident id.
    pub fn unexpected(error: &(dyn std::error::Error + 'static)) -> Self {
        let incident = format!("{:08x}", rand::random::<u32>());
        tracing::error!(incident, error = for_the_log(error), "unexpected error in a command");
        Self { code: FaultCode::Unexpected, detail: None, incident: Some(incident) }
    }
}

/// An error's words with those of its causes, unless they may quote a customer: a panic's message may hold anything.
fn for_the_log(error: &(dyn std::error::Error + 'static)) -> String {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    let panicked = |error: &tokio::task::JoinError| error.is_panic();
    if causes.any(|error| error.downcast_ref().is_some_and(panicked)) {
        return "a task panicked".to_owned();
    }
    model::describe_error(error)
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::new(FaultCode::NotFound),
            StoreError::WrongState => Self::new(FaultCode::WrongState),
            StoreError::DiskFull(ref cause) => {
                tracing::error!(error = %cause, "the disk refused a write");
                Self::new(FaultCode::DiskFull)
            }
            error => Self::unexpected(&error),
        }
    }
}

impl From<ScheduleError> for Fault {
    fn from(error: ScheduleError) -> Self {
        match error {
            ScheduleError::Past => Self::new(FaultCode::ScheduleInPast),
            ScheduleError::NoWindow => Self::new(FaultCode::NoWindow),
            ScheduleError::AfterWindow { closes_at_ms } => {
                Self::with_detail(FaultCode::ScheduleAfterWindow, closes_at_ms.to_string())
            }
            ScheduleError::Store(error) => error.into(),
        }
    }
}

impl From<PairError> for Fault {
    fn from(error: PairError) -> Self {
        match error {
            PairError::Address => Self::new(FaultCode::RelayAddressInvalid),
            PairError::Relay(error) => error.into(),
            PairError::Clock(offset_ms) => Self::with_detail(FaultCode::RelayClock, offset_ms.to_string()),
            PairError::NotPaired => Self::new(FaultCode::RelayNotPaired),
            PairError::NotAtRelay => Self::new(FaultCode::RelayAccountMissing),
            PairError::Secrets(error) => error.into(),
            PairError::Token(TokenError::TikTok(error)) => tiktok(&error),
            PairError::Token(TokenError::Secrets(error)) => error.into(),
            PairError::Token(error) => Self::unexpected(&error),
            PairError::Store(error) => error.into(),
        }
    }
}

impl From<RelayError> for Fault {
    fn from(error: RelayError) -> Self {
        match error {
            RelayError::Unreachable(words) | RelayError::NoAnswer(words) => {
                Self::with_detail(FaultCode::RelayUnreachable, words)
            }
            RelayError::Certificate(words) => Self::with_detail(FaultCode::RelayCertificate, words),
            RelayError::NotARelay(words) => Self::with_detail(FaultCode::RelayNotOne, words),
            RelayError::Failed(failure) => {
                let code = match failure.code {
                    RelayFailureCode::CodeInvalid => FaultCode::RelayCodeInvalid,
                    RelayFailureCode::NotPaired => FaultCode::RelayNotPaired,
                    RelayFailureCode::NotAllowed => FaultCode::RelayNotAllowed,
                    RelayFailureCode::NeedsLinking => FaultCode::RelayAccountMissing,
                    RelayFailureCode::TooManyRequests | RelayFailureCode::SlowDown => FaultCode::RateLimited,
                    RelayFailureCode::BadRequest
                    | RelayFailureCode::Stale
                    | RelayFailureCode::Busy
                    | RelayFailureCode::TikTokUnreachable
                    | RelayFailureCode::Unavailable
                    | RelayFailureCode::Unconfirmed
                    | RelayFailureCode::Gone
                    | RelayFailureCode::NotFound
                    | RelayFailureCode::Unknown => FaultCode::RelayRefused,
                };
                Self::with_detail(code, failure.detail)
            }
        }
    }
}

impl From<PictureError> for Fault {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::Problem(Problem::Format(name)) => Self::with_detail(FaultCode::ImageFormat, name),
            PictureError::Problem(Problem::NotAPicture) => Self::new(FaultCode::ImageNotAPicture),
            PictureError::Problem(Problem::TooManyPixels) => Self::new(FaultCode::ImageTooManyPixels),
            PictureError::Problem(Problem::Broken(words)) => Self::with_detail(FaultCode::ImageBroken, words),
            PictureError::Disk(error) => {
                tracing::error!(%error, "a picture could not be written");
                Self::new(FaultCode::DiskFull)
            }
            PictureError::NotStarted(error) => Self::unexpected(&error),
        }
    }
}

impl From<CallError> for Fault {
    fn from(error: CallError) -> Self {
        Self::from(&error)
    }
}

impl From<&CallError> for Fault {
    fn from(error: &CallError) -> Self {
        match error {
            CallError::Offline(words) => Self::with_detail(FaultCode::Offline, words),
            CallError::SlowDown(_) => Self::with_detail(FaultCode::RateLimited, error.to_string()),
            CallError::Relink(words) => Self::with_detail(FaultCode::TikTokRefused, words.as_str()),
            CallError::Local(TokenError::TikTok(cause)) => tiktok(cause),
            CallError::Local(_) => Self::unexpected(error),
            CallError::Stale { .. } => Self::with_detail(FaultCode::TikTokRefused, error.to_string()),
            CallError::Refused(cause) | CallError::Unknown(cause) => tiktok(cause),
        }
    }
}

impl From<&AutoError> for Fault {
    fn from(error: &AutoError) -> Self {
        let words = |code, words: &TikTokWords| Self {
            detail: Some(words.as_str().to_owned()).filter(|words| !words.is_empty()),
            ..Self::new(code)
        };
        match error {
            AutoError::Text(problem) => Self::with_detail(FaultCode::AutoTextInvalid, camel(problem)),
            AutoError::TooMany => Self::new(FaultCode::AutoTooMany),
            AutoError::Duplicate => Self::new(FaultCode::AutoDuplicate),
            AutoError::Reviewing => Self::new(FaultCode::AutoReviewing),
            AutoError::Rejected => Self::new(FaultCode::AutoRejected),
            AutoError::NotPossible => Self::new(FaultCode::AutoNotPossible),
            AutoError::ChangedElsewhere => Self::new(FaultCode::AutoChangedElsewhere),
            AutoError::NotPermitted(said) => words(FaultCode::AutoNotPermitted, said),
            AutoError::NotHere(said) => words(FaultCode::CommentToMessageNotHere, said),
            AutoError::Call(error) => error.into(),
            AutoError::Store(StoreError::NotFound) => Self::new(FaultCode::NotFound),
            AutoError::Store(StoreError::WrongState) => Self::new(FaultCode::WrongState),
            AutoError::Store(StoreError::DiskFull(_)) => Self::new(FaultCode::DiskFull),
            AutoError::Store(error) => Self::unexpected(error),
        }
    }
}

impl From<AutoError> for Fault {
    fn from(error: AutoError) -> Self {
        match error {
            AutoError::Store(error) => error.into(),
            error => Self::from(&error),
        }
    }
}

impl From<CommentError> for Fault {
    fn from(error: CommentError) -> Self {
        match error {
            CommentError::Text(TextProblem::Empty) => Self::new(FaultCode::ReplyEmpty),
            CommentError::Text(TextProblem::TooLong { chars }) => {
                Self::with_detail(FaultCode::ReplyTooLong, chars.to_string())
            }
            CommentError::Condition(condition) => Self::with_detail(FaultCode::CommentNotAnswerable, camel(&condition)),
            CommentError::Automatic(error) => error.into(),
        }
    }
}

impl From<SecretsError> for Fault {
    fn from(error: SecretsError) -> Self {
        match error {
            SecretsError::Missing => Self::new(FaultCode::KeychainUnavailable),
            SecretsError::Refused(words) => Self::with_detail(FaultCode::KeychainRefused, words),
        }
    }
}

impl From<TokenError> for Fault {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Relink(words) => Self::with_detail(FaultCode::TikTokRefused, words.as_str()),
            TokenError::TooSoon(_) => Self::with_detail(FaultCode::RateLimited, error.to_string()),
            TokenError::Secrets(error) => error.into(),
            TokenError::Store(error) => error.into(),
            TokenError::TikTok(error) => tiktok(&error),
        }
    }
}

impl From<UnlinkError> for Fault {
    fn from(error: UnlinkError) -> Self {
        match error {
            UnlinkError::Token(error) => error.into(),
            UnlinkError::Unfinished(why) => Self::with_detail(FaultCode::EraseUnfinished, why),
        }
    }
}

impl From<LinkError> for Fault {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Credentials(field) => Self::with_detail(FaultCode::CredentialsInvalid, field),
            LinkError::Redirect(rule) => Self::with_detail(FaultCode::RedirectInvalid, rule),
            LinkError::NotStarted => Self::new(FaultCode::LinkNotStarted),
            LinkError::Port(words) => Self::with_detail(FaultCode::LinkPortTaken, words),
            LinkError::Cancelled => Self::new(FaultCode::LinkCancelled),
            LinkError::Refused(words) => Self::with_detail(FaultCode::LinkRefused, words.as_str()),
            LinkError::ScopeMissing(scope) => Self::with_detail(FaultCode::LinkScopeMissing, scope),
            LinkError::WrongState => Self::new(FaultCode::LinkWrongState),
            LinkError::NoCode => Self::new(FaultCode::LinkNoCode),
            LinkError::TimedOut => Self::new(FaultCode::LinkTimedOut),
            LinkError::NotBusiness => Self::new(FaultCode::NotBusinessAccount),
            LinkError::Secrets(error) => error.into(),
            LinkError::LoginCredentials(error) => Self::with_detail(FaultCode::LoginCredentialsRefused, words(&error)),
            LinkError::TikTok(error) => tiktok(&error),
            LinkError::Store(_) => Self::unexpected(&error),
        }
    }
}

/// TikTok's words, or what there is to say where it said none.
fn words(error: &engine::TikTokError) -> String {
    if error.message().is_empty() { error.reason() } else { error.message().to_owned() }
}

/// What TikTok said while linking.
fn tiktok(error: &engine::TikTokError) -> Fault {
    use engine::TikTokError as Error;
    let words = words(error);
    match error {
        Error::Unreachable { .. } => Fault::with_detail(FaultCode::Offline, words),
        Error::Later { .. } => Fault::with_detail(FaultCode::RateLimited, words),
        // 40101, 40113, invalid_client: the app's id or secret. 40110, 40115, invalid_grant: the code.
        Error::Refused { reason: engine::TikTokReason::BadCredentials | engine::TikTokReason::AppBlocked, .. } => {
            Fault::with_detail(FaultCode::CredentialsRefused, words)
        }
        Error::Reauthorise { .. } => Fault::with_detail(FaultCode::LinkCodeExpired, words),
        Error::Refused { .. } | Error::Refresh { .. } => Fault::with_detail(FaultCode::TikTokRefused, words),
        Error::Unknown { .. } | Error::Gateway { .. } => Fault::with_detail(FaultCode::TikTokUnwell, words),
    }
}

/// The name by which the page knows one of a few words.
fn camel(word: &impl Serialize) -> String {
    match serde_json::to_value(word) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
