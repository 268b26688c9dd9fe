//! Conversations: whether TikTok counts them as requests, where the agent has put them, and where they came from.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Millis;

/// TikTok's two kinds of conversation (`conversation_type` of conversation/list).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ConversationKind {
    /// The customer wrote and the business has never answered: a message request. TikTok's `STRANGER`.
    Request,
    /// The business has answered at least once. TikTok's `SINGLE`.
    Chat,
}

/// Where the agent has put a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// In the inbox.
    Open,
    /// Dealt with. A new message from the customer opens it again.
    Done,
}

/// The tabs above the conversation list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Tab {
    /// Open, and a customer's message is unanswered: also while our answer has not reached TikTok.
    Waiting,
    /// Open, and never answered by the business: TikTok's message requests. They are in [`Tab::Waiting`] too.
    Requests,
    /// Open, waiting or not.
    All,
    /// Open and assigned to the agent at this computer.
    Mine,
    /// Put away until a time, or until the customer writes.
    Snoozed,
    /// With replies that TikTok does not have, wherever the agent has put the conversation.
    Unsent,
    /// Done.
    Done,
}

/// How many conversations each tab holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TabCounts {
    /// Conversations in [`Tab::Waiting`].
    pub waiting: u32,
    /// Conversations in [`Tab::Requests`].
    pub requests: u32,
    /// Conversations in [`Tab::All`].
    pub all: u32,
    /// Conversations in [`Tab::Mine`].
    pub mine: u32,
    /// Conversations in [`Tab::Snoozed`].
    pub snoozed: u32,
    /// Conversations in [`Tab::Unsent`].
    pub unsent: u32,
    /// Replies that TikTok does not have, in all of them.
    pub unsent_replies: u32,
    /// Conversations in [`Tab::Done`].
    pub done: u32,
}

impl TabCounts {
    /// How many one tab holds.
    #[must_use]
    pub fn of(&self, tab: Tab) -> u32 {
        match tab {
            Tab::Waiting => self.waiting,
            Tab::Requests => self.requests,
            Tab::All => self.all,
            Tab::Mine => self.mine,
            Tab::Snoozed => self.snoozed,
            Tab::Unsent => self.unsent,
            Tab::Done => self.done,
        }
    }
}

/// How the customer came to write (`referral` of conversation/list).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Origin {
    /// Through an advertisement.
    Ad {
        /// The ad's name as the advertiser gave it.
        name: String,
        /// When the customer tapped it, if TikTok said.
        at_ms: Option<Millis>,
    },
    /// Through a tiktok.me short link.
    ShortLink {
        /// The link's `ref` tag.
        reference: String,
    },
}
