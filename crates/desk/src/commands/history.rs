//! How complete an account's history is, how long its access lasts, and the end of both.

use model::AccountId;
use store::recovery;
use store::table::{account, token_event};
use ts_rs::TS;

use crate::command::Command;
use crate::command::Done;
use crate::view::TokenEventView;
use crate::{Desk, Fault, read};

/// No timeline shows more events than this.
const MAX_TOKEN_EVENTS: u32 = 200;

/// Pauses the first fetch of old conversations, or goes on with it. What is new is fetched all the same.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PauseBackfill {
    /// The account.
    pub account: AccountId,
    /// Whether to pause it.
    pub paused: bool,
}

impl Command for PauseBackfill {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        let Self { account: id, paused } = self;
        desk.store().write(move |tx| account::set_backfill_paused(tx, id, paused)).await?;
        desk.engine().sync_account(id);
        Ok(Done {})
    }
}

/// What became of an account's tokens, newest first.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListTokenEvents {
    /// The account.
    pub account: AccountId,
}

impl Command for ListTokenEvents {
    type Reply = Vec<TokenEventView>;

    async fn run(self, desk: &Desk) -> Result<Vec<TokenEventView>, Fault> {
        let id = self.account;
        let events = desk.store().read(move |sql| token_event::newest(sql, id, MAX_TOKEN_EVENTS)).await?;
        Ok(events.into_iter().map(read::token_event_view).collect())
    }
}

/// Unlinks an account: its access is given back to TikTok and forgotten here, and nothing of it is sent or received any
/// more. Its history stays to be read and searched until the account is linked again, unless it is to be erased; what
/// was erased is gone from this computer.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnlinkAccount {
    /// The account.
    pub account: AccountId,
    /// Whether its conversations, pictures, drafts and waiting replies go too.
    pub erase: bool,
}

impl Command for UnlinkAccount {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().unlinking().unlink(self.account, self.erase).await?;
        Ok(Done {})
    }
}

/// The agent has read what came of mending the database.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DismissRepair {}

impl Command for DismissRepair {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.store().write(recovery::dismiss).await?;
        Ok(Done {})
    }
}
