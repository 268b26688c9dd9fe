//! How far an outgoing message has come, and what Deskbell does not know about it.
//!
//! TikTok's send takes no idempotency key, so a call whose answer is lost is neither sent nor not sent:
//! `Unconfirmed` is a state of its own, settled by looking and never by sending again.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Millis;

/// How far an outgoing message has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Delivery {
    /// Not even queued: it can be undone until then, and goes back into the draft if Deskbell dies before.
    Held {
        /// When it is queued, ms since the epoch.
        until_ms: Millis,
    },
    /// On disk, not handed to TikTok yet.
    Queued {
        /// What it waits for, if not just its turn.
        waiting: Option<WaitReason>,
    },
    /// The call to TikTok is under way.
    Sending,
    /// TikTok gave it an id.
    Sent,
    /// The customer has read it.
    Read,
    /// TikTok will not take it.
    Refused(Refusal),
    /// Deskbell did not send it: the agent should look first.
    Stopped {
        /// Why.
        why: StopReason,
    },
    /// The call's answer was lost: it may have arrived.
    Unconfirmed {
        /// Whether we are still looking, or it is the agent's turn to decide.
        stage: UnconfirmedStage,
    },
}

/// Why Deskbell stopped a message before sending it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum StopReason {
    /// A colleague's reply came in that the agent had not seen when they pressed Send.
    ColleagueReplied,
    /// It was to go out later, and by now the reply window has closed.
    WindowClosed,
    /// It was to go out while Deskbell was not running, and it is long past the time.
    Overdue,
    /// It was not sent because Deskbell ended, and the draft already holds another picture or card in its place.
    Interrupted,
    /// What Deskbell kept of it is damaged.
    Unreadable,
}

/// What a queued message waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "reason", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum WaitReason {
    /// TikTok cannot be reached.
    Offline,
    /// TikTok asked us to slow down.
    RateLimited {
        /// When it will be tried again.
        until_ms: Millis,
    },
    /// The account has to be linked again first.
    Relink,
    /// An earlier message of this conversation is not confirmed yet.
    EarlierUnconfirmed,
    /// Its picture is being uploaded.
    Uploading,
    /// It was sent before and never confirmed: it is looked for before it is sent again.
    MayHaveArrived,
}

/// How an unconfirmed message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum UnconfirmedStage {
    /// Deskbell is reading the conversation to find it.
    Checking,
    /// It was not found in time. The agent decides.
    Undecided,
}

/// Why TikTok did not take a message, with what is needed to ask TikTok about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// The kind of reason, for which the page has a sentence.
    pub reason: RefusalReason,
    /// TikTok's code.
    pub code: i64,
    /// TikTok's own words.
    pub message: String,
    /// The id of the request, for TikTok's support.
    pub request_id: String,
    /// When TikTok said so.
    pub at_ms: Millis,
}

/// The kinds of refusal an agent can be told apart (general error codes of TikTok API for Business).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RefusalReason {
    /// 40064 while the reply window was closed by our count.
    WindowClosed,
    /// 40064 while by our count all ten replies had been sent.
    RepliesSpent,
    /// 40064 otherwise: a limit on messages, a block, or sending too fast. TikTok does not say which.
    MessagingRules,
    /// 40000 or 40002: a parameter is wrong; the message names it.
    InvalidParameter,
    /// 40001: the app or the account lacks the permission.
    NotPermitted,
    /// 40118: the account or region is not on TikTok's list.
    NotAllowlisted,
    /// 40007: the conversation does not exist any more.
    NotFound,
    /// 41000: calls from this network's country are not accepted.
    BannedNetwork,
    /// Pictures cannot be sent into this conversation: it depends on both countries (capabilities/get said so).
    ImagesNotAllowed,
    /// 40907: TikTok found the picture too large.
    ImageTooLarge,
    /// 40908: TikTok does not take this kind of picture.
    ImageTypeRefused,
    /// The picture to send is not on this computer any more.
    ImageMissing,
    /// 40006 or 40051: TikTok has retired the version of its API that this Deskbell speaks.
    DeskbellTooOld,
    /// 40008, 40009 or 40014: TikTok's own sandbox does not do this.
    SandboxOnly,
    /// 40101, 40104 or 40113: TikTok does not accept the app itself.
    AppRefused,
    /// Another code.
    Other,
}
