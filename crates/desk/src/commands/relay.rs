//! The shop's relay: pairing with it, and moving accounts to its link.

use engine::relay::StreamStatus;
use model::AccountId;
use store::table::{account, relay};
use ts_rs::TS;

use crate::command::Command;
use crate::view::{RelayOwnAccount, RelayPairing, RelayStream, RelayView};
use crate::{Desk, Fault};

async fn relay_view(desk: &Desk) -> Result<RelayView, Fault> {
    let (pairing, accounts) = desk.engine().store().read(|sql| Ok((relay::get(sql)?, account::all(sql)?))).await?;
    let stream = match desk.engine().relay().status().borrow().clone() {
        StreamStatus::NotPaired => RelayStream::NotPaired,
        StreamStatus::Connecting { since_ms, problem } => RelayStream::Connecting { since_ms, problem },
        StreamStatus::Live => RelayStream::Live,
        StreamStatus::Revoked => RelayStream::Revoked,
    };
    let own = accounts.into_iter().filter(|account| !account.via_relay && account.unlinked_at_ms.is_none());
    Ok(RelayView {
        pairing: pairing.map(|relay| RelayPairing {
            url: relay.url,
            team: relay.team,
            device_name: relay.device_name,
            is_admin: relay.is_admin,
            paired_at_ms: relay.paired_at_ms,
        }),
        stream,
        own_accounts: own.map(|account| RelayOwnAccount { id: account.id, handle: account.handle }).collect(),
    })
}

/// How this computer stands to the shop's relay.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetRelay {}

impl Command for GetRelay {
    type Reply = RelayView;

    async fn run(self, desk: &Desk) -> Result<RelayView, Fault> {
        relay_view(desk).await
    }
}

/// Pairs this computer with a relay, and follows the accounts that are linked there.
#[derive(Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PairWithRelay {
    /// The relay's address; a host is enough.
    pub address: String,
    /// The pairing code that an admin made.
    pub code: String,
    /// This computer's name, 1 to 64 characters.
    pub device_name: String,
}

impl std::fmt::Debug for PairWithRelay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PairWithRelay").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Command for PairWithRelay {
    type Reply = RelayView;

    async fn run(self, desk: &Desk) -> Result<RelayView, Fault> {
        desk.engine().relay().pair(&self.address, &self.code, &self.device_name).await?;
        relay_view(desk).await
    }
}

/// Ends the pairing on this computer. Accounts that went through the relay stay with their history, and have to be linked
/// again.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnpairFromRelay {}

impl Command for UnpairFromRelay {
    type Reply = RelayView;

    async fn run(self, desk: &Desk) -> Result<RelayView, Fault> {
        desk.engine().relay().unpair().await?;
        relay_view(desk).await
    }
}

/// Lets an account that is linked on this computer go through the relay's link instead: its history and its queue stay, its
/// own tokens are forgotten.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MoveAccountToRelay {
    /// The account.
    pub account: AccountId,
}

impl Command for MoveAccountToRelay {
    type Reply = RelayView;

    async fn run(self, desk: &Desk) -> Result<RelayView, Fault> {
        desk.engine().relay().move_account(self.account).await?;
        relay_view(desk).await
    }
}
