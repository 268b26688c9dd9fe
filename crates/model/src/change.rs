//! What a commit made stale. A change never says what is new: the page that shows the thing asks again.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{AccountId, ConversationId};

/// One thing that is stale after a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Change {
    /// Anything may have changed: ask again for all that is shown.
    Everything,
    /// The list of accounts, or one account's state or health.
    Accounts,
    /// Which conversations an account's list shows, their order or their rows.
    Inbox {
        /// Whose list.
        account: AccountId,
    },
    /// One conversation's header, messages, gaps or draft.
    Conversation {
        /// Which conversation.
        conversation: ConversationId,
    },
    /// An account's own posts, as kept for sharing.
    Posts {
        /// The account it concerns.
        account: AccountId,
    },
    /// Replies to be sent later.
    Scheduled {
        /// The account it concerns.
        account: AccountId,
    },
    /// An account's tags, or who has them.
    Tags {
        /// The account it concerns.
        account: AccountId,
    },
    /// An account's automatic messages, their review, or comments that may be answered by message.
    AutoMessages {
        /// The account it concerns.
        account: AccountId,
    },
    /// The saved replies.
    SavedReplies,
    /// The rules, what they did, or the business hours.
    Rules,
    /// Who answers customers, and who is away.
    Agents,
    /// How far linking an account has come.
    Link,
    /// The agent's settings.
    Settings,
    /// What closing Deskbell would hold up: the agent has asked to close it.
    Departure,
}
