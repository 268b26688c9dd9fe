//! TikTok's automatic messages, their history, and comments that may be answered by message.

use model::{
    AccountId, AuditStatus, AutoMessageId, AutoMessageType, AutoText, AutoVersionId, CommentCondition, CommentId,
    ConversationId, Millis, Refusal,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// An account's automatic messages.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AutoMessagesView {
    /// The account.
    pub account: AccountId,
    /// The three kinds, in the order the screen shows them.
    pub kinds: Vec<AutoKindView>,
    /// When TikTok was last asked, ms since the epoch; none if it never was.
    pub fetched_at_ms: Option<Millis>,
    /// Why the last question failed; what stands here is older then.
    pub fault: Option<crate::Fault>,
    /// Comment-to-message.
    pub comment_to_message: CommentToMessageView,
}

/// One kind of automatic message.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AutoKindView {
    /// The kind of automatic message.
    pub kind: AutoMessageType,
    /// Whether TikTok sends them.
    pub enabled: bool,
    /// The messages, in TikTok's order.
    pub items: Vec<AutoMessageView>,
    /// When they were last changed outside Deskbell, ms since the epoch, as far as it noticed.
    pub changed_elsewhere_ms: Option<Millis>,
}

/// One automatic message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AutoMessageView {
    /// Its id.
    pub id: AutoMessageId,
    /// The text.
    pub text: AutoText,
    /// The state of TikTok's review.
    pub audit: AuditStatus,
    /// Whether TikTok switched it off when its kind was turned on: customers see it again once it is made anew.
    pub off: bool,
}

/// An earlier state of one kind, to compare and to bring back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AutoVersionView {
    /// Its id.
    pub id: AutoVersionId,
    /// Since when it was so, ms since the epoch.
    pub at_ms: Millis,
    /// Whether it was changed outside Deskbell.
    pub elsewhere: bool,
    /// Whether TikTok sent them.
    pub enabled: bool,
    /// What they said, in order.
    pub items: Vec<AutoText>,
}

/// What came of bringing several messages to TikTok: each is a call of its own, and some may be refused.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AutoOutcome {
    /// How it stands now.
    pub now: AutoMessagesView,
    /// What TikTok did not take, with why.
    pub refused: Vec<AutoRefusal>,
}

/// A message that TikTok did not take.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AutoRefusal {
    /// What it would have said.
    pub text: AutoText,
    /// Why TikTok did not take it.
    pub fault: crate::Fault,
}

/// Whether comments of high intent may be answered by message.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CommentToMessageView {
    /// Whether it is on; none if TikTok was never asked, or refuses to say.
    pub enabled: Option<bool>,
    /// Why TikTok does not offer it for this account.
    pub fault: Option<crate::Fault>,
    /// How many comments can be answered now.
    pub open: u32,
}

/// A comment of high intent.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CommentView {
    /// Its id.
    pub id: CommentId,
    /// Who wrote it: their name or handle; empty if TikTok has not said.
    pub name: String,
    /// A hue for the stand-in avatar, 0 to 359.
    pub hue: u16,
    /// What they wrote.
    pub body: String,
    /// Whether they follow the business, if TikTok said.
    pub is_follower: Option<bool>,
    /// The time, ms since the epoch.
    pub at_ms: Millis,
    /// Until when it can be answered: 48 hours after it.
    pub closes_at_ms: Millis,
    /// TikTok's six conditions for an answer by message, as far as Deskbell knows.
    pub conditions: Vec<CommentConditionView>,
    /// How far an answer has come.
    pub state: CommentState,
    /// The conversation with its author, if there is one.
    pub conversation: Option<ConversationId>,
}

/// One of TikTok's conditions for answering a comment by message (direct reply).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CommentConditionView {
    /// The condition.
    pub condition: CommentCondition,
    /// Whether it holds; none where only TikTok knows.
    pub holds: Option<bool>,
}

/// How far the answer to a comment has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum CommentState {
    /// Not answered.
    Open,
    /// The call is under way.
    Sending {
        /// What it says.
        body: String,
    },
    /// Answered.
    Answered {
        /// What it said.
        body: String,
        /// The time, ms since the epoch.
        at_ms: Millis,
    },
    /// TikTok said no.
    Refused {
        /// What it would have said.
        body: String,
        /// Why TikTok refused it.
        refusal: Refusal,
    },
    /// The answer of TikTok's was lost: it may have gone out, and is not sent again by itself.
    Unconfirmed {
        /// What it says.
        body: String,
        /// When it was sent, ms since the epoch.
        at_ms: Millis,
    },
    /// The agent put it aside.
    Dismissed,
}
