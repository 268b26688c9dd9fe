//! The conversation list.

use model::{AccountId, ConversationId, MarkRead, Status, Tab};
use store::table::{account, conversation};
use ts_rs::TS;

use crate::command::Command;
use crate::command::Done;
use crate::view::{ConversationView, ConversationWindow};
use crate::{Desk, Fault, read};

/// No screen shows more rows than this.
const MAX_ROWS: u32 = 200;

/// A window of the conversation list, newest first.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListConversations {
    /// The account.
    pub account: AccountId,
    /// The tab.
    pub tab: Tab,
    /// The number of the first row wanted.
    pub offset: u32,
    /// How many rows at most; 200 is the most.
    pub limit: u32,
}

impl Command for ListConversations {
    type Reply = ConversationWindow;

    async fn run(self, desk: &Desk) -> Result<ConversationWindow, Fault> {
        let Self { account, tab, offset, limit } = self;
        let window = desk.store().read(move |sql| {
            let counts = account::tab_counts(sql, account)?;
            let rows = conversation::window(sql, account, tab, offset, limit.min(MAX_ROWS))?;
            Ok(ConversationWindow { total: counts.of(tab), offset, rows: read::conversation_rows(sql, rows)?, counts })
        });
        Ok(window.await?)
    }
}

/// One conversation's header.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetConversation {
    /// The conversation.
    pub conversation: ConversationId,
}

impl Command for GetConversation {
    type Reply = ConversationView;

    async fn run(self, desk: &Desk) -> Result<ConversationView, Fault> {
        let id = self.conversation;
        Ok(desk.store().read(move |sql| read::conversation_view(sql, id)).await?)
    }
}

/// Marks a conversation done, or opens it again.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetConversationStatus {
    /// The conversation.
    pub conversation: ConversationId,
    /// The new status.
    pub status: Status,
}

impl Command for SetConversationStatus {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        let Self { conversation: id, status } = self;
        desk.store().write(move |tx| conversation::set_status(tx, id, status)).await?;
        Ok(Done {})
    }
}

/// The agent has seen a conversation's messages. TikTok is told only if the account tells its customers on opening.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MarkConversationSeen {
    /// The conversation.
    pub conversation: ConversationId,
}

impl Command for MarkConversationSeen {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        let id = self.conversation;
        desk.store().write(move |tx| conversation::mark_seen(tx, id)).await?;
        desk.engine().presence().mark_read(id, MarkRead::OnOpen).await?;
        Ok(Done {})
    }
}
