//! Messages, and why one was not sent.

use model::{AutoType, Content, Delivery, Direction, MessageId, Millis, Reaction, Refusal, Snippet, Surface};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{PostView, RuleRunNote};

/// Everything Deskbell knows about why a message is not sent.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SendDetails {
    /// The state of delivery.
    pub delivery: Delivery,
    /// TikTok's refusal, if it refused.
    pub refusal: Option<Refusal>,
    /// Every attempt, oldest first.
    pub attempts: Vec<AttemptView>,
    /// How often the conversation was read since the newest attempt without finding the message.
    pub checks: u32,
}

/// One attempt to send a message.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AttemptView {
    /// When the call began, by TikTok's clock.
    pub started_at_ms: Millis,
    /// When its outcome was known; none if Deskbell ended meanwhile.
    pub ended_at_ms: Option<Millis>,
    /// The outcome.
    pub outcome: AttemptOutcome,
    /// TikTok's code, if it said one.
    pub code: Option<i64>,
    /// TikTok's words, or the system's.
    pub message: String,
    /// The id of the request, for TikTok's support.
    pub request_id: Option<String>,
    /// The answer as it came, shortened, secrets taken out.
    pub answer: Option<String>,
}

/// The outcome of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum AttemptOutcome {
    /// Deskbell ended before the answer came.
    Interrupted,
    /// TikTok has it.
    Sent,
    /// Certainly not taken; tried again.
    NotTaken,
    /// TikTok said no.
    Refused,
    /// The answer did not say.
    Unknown,
}

/// A stretch of a conversation's messages, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MessagePage {
    /// The messages, oldest first.
    pub messages: Vec<MessageView>,
    /// Where messages may be missing between two of them.
    pub gaps: Vec<GapView>,
    /// Whether there are older ones here.
    pub has_older: bool,
    /// Whether there are newer ones here.
    pub has_newer: bool,
}

/// Messages may be missing in the stretch before this message.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct GapView {
    /// The first message after the gap.
    pub before: MessageId,
    /// Whether this is the start of what TikTok still had when the account was linked, not a hole between two messages.
    pub at_start: bool,
}

/// One message.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MessageView {
    /// Its id; stays the same when TikTok confirms it.
    pub id: MessageId,
    /// The message's direction.
    pub direction: Direction,
    /// The time, ms since the epoch, by TikTok's clock.
    pub sent_at_ms: Millis,
    /// Through what it was sent.
    pub surface: Surface,
    /// Which automatic message it is, if one.
    pub auto: Option<AutoType>,
    /// The rule that sent it, by its name then.
    pub rule: Option<String>,
    /// What rules did because of it.
    pub firings: Vec<RuleRunNote>,
    /// The content.
    pub content: Content,
    /// The account's own post that it shares, if it is known.
    pub post: Option<PostView>,
    /// The message it quotes.
    pub quoted: Option<Quoted>,
    /// The state of delivery, for ours.
    pub delivery: Option<Delivery>,
    /// Emoji the two sides put on it.
    pub reactions: Vec<Reaction>,
    /// Where what was searched for stands in its text; nothing if nothing was. A card's text is its title and its buttons,
    /// with a space before each.
    pub marks: Vec<Mark>,
}

/// A stretch of a text that answers a search, in UTF-16 code units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// Where it begins.
    pub start: u32,
    /// How long it is.
    pub len: u32,
}

/// A quoted message, in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Quoted {
    /// The quoted message, if we hold it.
    pub id: Option<MessageId>,
    /// The message's direction, if we hold it.
    pub from: Option<Direction>,
    /// Its last line, if we hold it.
    pub snippet: Option<Snippet>,
}
