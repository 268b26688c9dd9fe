//! The conversation list, and a conversation's header.

use model::{
    AccountId, Card, ConversationId, ConversationKind, Delivery, Direction, MessageId, Millis, Origin, PersonId,
    ReplyWindow, ScheduledId, SendBudget, Snippet, Status, StopReason, TabCounts, TagId,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{AgentView, DraftView, ScheduledView};

/// A window of the conversation list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConversationWindow {
    /// How many conversations the tab holds in all.
    pub total: u32,
    /// The number of the first row.
    pub offset: u32,
    /// The rows asked for.
    pub rows: Vec<ConversationRow>,
    /// How many conversations each tab holds.
    pub counts: TabCounts,
}

/// One row of the conversation list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConversationRow {
    /// Its id.
    pub id: ConversationId,
    /// The customer.
    pub person: PersonView,
    /// The last line; none while nothing was fetched.
    pub snippet: Option<Snippet>,
    /// Whether the last line is ours. While a customer waits, it is what they asked.
    pub snippet_from: Direction,
    /// Whether TikTok itself or a rule said the last line.
    pub snippet_automatic: bool,
    /// When something last happened, ms since the epoch.
    pub last_at_ms: Millis,
    /// Messages the agent has not seen.
    pub unread: u32,
    /// Whether a customer's message is unanswered.
    pub waiting: bool,
    /// The reply window, once the customer has written.
    pub window: Option<ReplyWindow>,
    /// How many replies are left, once the customer has written.
    pub budget: Option<SendBudget>,
    /// How many replies are to go out later.
    pub scheduled: u32,
    /// How many replies TikTok does not have, those for later among them.
    pub unsent: u32,
    /// The first few of them, what needs the agent first.
    pub unsent_replies: Vec<UnsentView>,
    /// Whether TikTok counts it as a message request.
    pub kind: ConversationKind,
    /// Open or done.
    pub status: Status,
    /// The draft's first line, if there is one.
    pub draft: Option<String>,
    /// Whether a message of ours was refused or is not confirmed.
    pub trouble: bool,
    /// Whether messages may be missing in it.
    pub has_gap: bool,
    /// Whether TikTok lists it and refuses to show it.
    pub unreadable: bool,
    /// The agent it is assigned to, if there is one.
    pub assignee: Option<AgentView>,
    /// Until when it is put away, ms since the epoch.
    pub snoozed_until_ms: Option<Millis>,
    /// The customer's tags, by name.
    pub tags: Vec<TagView>,
}

/// A reply that TikTok does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum UnsentView {
    /// It is in the outbox.
    Reply {
        /// The message.
        message: MessageId,
        /// The text, shortened.
        snippet: Snippet,
        /// The state of delivery.
        delivery: Delivery,
    },
    /// It is to go out later.
    Scheduled {
        /// Its id.
        scheduled: ScheduledId,
        /// The text, shortened.
        snippet: Snippet,
        /// The time, ms since the epoch.
        at_ms: Millis,
        /// Why it did not go out at its time.
        stopped: Option<StopReason>,
    },
}

/// A word on customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TagView {
    /// Its id.
    pub id: TagId,
    /// As it was typed.
    pub name: String,
    /// A hue for its chip, 0 to 359, the same for one name always.
    pub hue: u16,
}

/// A tag of an account, for choosing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TagCount {
    /// The tag.
    pub tag: TagView,
    /// How many customers have it.
    pub people: u32,
}

/// A customer as shown in rows and headers.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PersonView {
    /// Their id.
    pub id: PersonId,
    /// Their display name; empty if TikTok has not said.
    pub name: String,
    /// Their @handle without the @, if known.
    pub handle: Option<String>,
    /// A hue for the stand-in avatar, 0 to 359, the same for one person always.
    pub hue: u16,
    /// Their avatar's key in the media vault.
    pub avatar: Option<String>,
    /// Whether they follow the business, if TikTok said.
    pub is_follower: Option<bool>,
    /// When they first wrote, ms since the epoch, as far as Deskbell knows.
    pub first_contact_ms: Option<Millis>,
}

/// A conversation's header, and what surrounds its messages.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConversationView {
    /// Its row, as the list shows it.
    pub row: ConversationRow,
    /// Which account it belongs to.
    pub account: AccountId,
    /// Where the customer came from.
    pub origin: Option<Origin>,
    /// What the agent has typed and attached so far.
    pub draft: DraftView,
    /// The card the agent has begun.
    pub card: Option<Card>,
    /// Replies to be sent later, soonest first.
    pub scheduled: Vec<ScheduledView>,
    /// Whether TikTok takes pictures here; none while it was not asked.
    pub images: Option<bool>,
}
