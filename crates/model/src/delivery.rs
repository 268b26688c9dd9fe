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
    /// The call's answer was lost: it may have arrived.
    Unconfirmed {
        /// Whether we are still looking, or it is the agent's turn to decide.
        stage: UnconfirmedStage,
    },
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
    /// Another code.
    Other,
}
