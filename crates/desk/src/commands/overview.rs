//! What the frame around the screens asks.

use std::sync::Arc;

use engine::Keeping;
use engine::events::ActiveView;
use model::{Change, ConversationId};
use store::recovery;
use store::table::account;
use ts_rs::TS;

use crate::command::Command;
use crate::command::Done;
use crate::view::{Keychain, Overview, Settings};
use crate::{Desk, Fault, FaultCode, read};

async fn overview(desk: &Desk) -> Result<Overview, Fault> {
    let engine = desk.engine().clone();
    let accounts = desk
        .store()
        .read(move |sql| {
            account::all(sql)?.iter().map(|account| read::account_view(sql, &engine, account)).collect::<Result<_, _>>()
        })
        .await?;
    Ok(Overview {
        practice: desk.practice(),
        can_practice: desk.host().can_practice() && !desk.practice(),
        accounts,
        keychain: match desk.engine().secrets().keeping() {
            Keeping::System => Keychain::System,
            Keeping::Nowhere => Keychain::Missing,
            Keeping::Session => Keychain::SessionOnly,
        },
        settings: desk.settings().await,
        now_ms: desk.engine().clock().now_ms(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        repair: desk.store().read(recovery::report).await?.map(read::repair_view),
        damaged: desk.engine().is_damaged(),
        unreadable: desk.store().unreadable().into_iter().map(str::to_owned).collect(),
        can_restart: desk.host().can_restart(),
    })
}

/// Everything the frame around the screens shows.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetOverview {}

impl Command for GetOverview {
    type Reply = Overview;

    async fn run(self, desk: &Desk) -> Result<Overview, Fault> {
        overview(desk).await
    }
}

/// Replaces the agent's settings.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveSettings {
    /// All of them.
    pub settings: Settings,
}

impl Command for SaveSettings {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.save_settings(&self.settings).await?;
        Ok(Done {})
    }
}

/// Keeps secrets in memory until Deskbell ends, because no keychain answers.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UseSessionSecrets {}

impl Command for UseSessionSecrets {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().secrets().keep_in_session();
        desk.store().announce(Change::Everything);
        desk.engine().sync_now().await;
        Ok(Done {})
    }
}

/// Asks the system's keychain again.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetryKeychain {}

impl Command for RetryKeychain {
    type Reply = Overview;

    async fn run(self, desk: &Desk) -> Result<Overview, Fault> {
        desk.engine().secrets().probe().await;
        desk.engine().sync_now().await;
        overview(desk).await
    }
}

/// Opens Practice, the built-in sandbox, in a profile of its own.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartPractice {}

impl Command for StartPractice {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        let host = Arc::clone(desk.host());
        let started = tokio::task::spawn_blocking(move || host.start_practice()).await;
        match started {
            Ok(Ok(())) => Ok(Done {}),
            Ok(Err(error)) => Err(Fault::with_detail(FaultCode::PracticeUnavailable, error.to_string())),
            Err(error) => Err(Fault::unexpected(&error)),
        }
    }
}

/// Tells where the agent is, so that polling is quick where they look and nothing is notified that they see.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetActiveView {
    /// The conversation on screen.
    pub conversation: Option<ConversationId>,
    /// Whether the window has the focus.
    pub focused: bool,
}

impl Command for SetActiveView {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().events().set_active_view(ActiveView { conversation: self.conversation, focused: self.focused });
        Ok(Done {})
    }
}

/// Asks TikTok at once instead of at the next turn, and tries waiting replies again.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncAccounts {}

impl Command for SyncAccounts {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().sync_despite_limit().await;
        Ok(Done {})
    }
}
