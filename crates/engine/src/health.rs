//! How each account fares: whether its messages arrive, and if not, why and until when. The rail's dot and the banner show it.
//! Kept in memory: after a restart it is found out anew.

// A new kind of message, error or state does not compile here before it has an answer.
#![warn(clippy::wildcard_enum_match_arm)]

use std::collections::HashMap;
use std::sync::Mutex;

use model::{AccountId, Change, Millis};
use store::Store;

use crate::call::Caller;
use crate::lock::lock;
use crate::timing::after;

/// How an account fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncHealth {
    /// Not asked yet.
    Starting,
    /// Messages arrive.
    Live,
    /// TikTok cannot be reached.
    Offline {
        /// Since this time, ms since the epoch.
        since_ms: Millis,
        /// When the next attempt is made, ms since the epoch.
        retry_at_ms: Millis,
    },
    /// TikTok asked us to slow down.
    RateLimited {
        /// Until this time, ms since the epoch.
        until_ms: Millis,
    },
    /// TikTok answers with errors.
    Unwell {
        /// Since this time, ms since the epoch.
        since_ms: Millis,
        /// When the next attempt is made, ms since the epoch.
        retry_at_ms: Millis,
        /// TikTok's words.
        detail: String,
    },
}

/// The health of every account.
#[derive(Debug)]
pub struct HealthBoard {
    store: Store,
    caller: Caller,
    accounts: Mutex<HashMap<AccountId, AccountHealth>>,
}

#[derive(Debug, Clone)]
struct AccountHealth {
    health: SyncHealth,
    synced_at_ms: Option<Millis>,
}

impl HealthBoard {
    /// Every account is [`SyncHealth::Starting`].
    pub(crate) fn new(store: Store, caller: Caller) -> Self {
        Self { store, caller, accounts: Mutex::default() }
    }

    /// How an account fares, and when it last answered in this run. While TikTok's rate limit pauses all calls, every account
    /// that does not fare worse is rate limited: only the account whose call met the limit noticed it, and the others are as
    /// silent.
    #[must_use]
    pub fn of(&self, account: AccountId) -> (SyncHealth, Option<Millis>) {
        let (health, synced_at_ms) = self.own(account);
        match (self.caller.paused(), &health) {
            (Some(left), SyncHealth::Starting | SyncHealth::Live | SyncHealth::RateLimited { .. }) => {
                (SyncHealth::RateLimited { until_ms: after(self.caller.clock().now_ms(), left) }, synced_at_ms)
            }
            _ => (health, synced_at_ms),
        }
    }

    /// How an account's own calls fared, and when it last answered in this run.
    fn own(&self, account: AccountId) -> (SyncHealth, Option<Millis>) {
        let accounts = lock(&self.accounts);
        accounts.get(&account).map_or((SyncHealth::Starting, None), |entry| (entry.health.clone(), entry.synced_at_ms))
    }

    /// Whether TikTok cannot be reached for an account.
    pub(crate) fn is_offline(&self, account: AccountId) -> bool {
        matches!(self.own(account).0, SyncHealth::Offline { .. })
    }

    /// Publishes a change whenever a pause of all calls begins or ends, for as long as the engine runs: no row changes with it.
    pub(crate) async fn announce_pauses(&self) {
        let mut pauses = self.caller.pauses();
        loop {
            let left = self.caller.paused();
            let over = async {
                match left {
                    Some(left) => tokio::time::sleep(left).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = over => {}
                _ = pauses.changed() => {}
            }
            self.store.announce(Change::Accounts);
        }
    }

    /// Notes that TikTok answered an account's call.
    pub(crate) fn record_success(&self, account: AccountId, now_ms: Millis) {
        let changed = self.set(account, |entry| {
            entry.synced_at_ms = Some(now_ms);
            SyncHealth::Live
        });
        self.announce(changed);
    }

    /// Notes that an account's call failed. `trouble` makes the new health from the time since which calls have failed.
    pub(crate) fn record_trouble(
        &self,
        account: AccountId,
        now_ms: Millis,
        trouble: impl FnOnce(Millis) -> SyncHealth,
    ) {
        let changed = self.set(account, |entry| {
            let since_ms = match &entry.health {
                SyncHealth::Offline { since_ms, .. } | SyncHealth::Unwell { since_ms, .. } => *since_ms,
                SyncHealth::Starting | SyncHealth::Live | SyncHealth::RateLimited { .. } => now_ms,
            };
            trouble(since_ms)
        });
        self.announce(changed);
    }

    fn set(&self, account: AccountId, next: impl FnOnce(&mut AccountHealth) -> SyncHealth) -> bool {
        let mut accounts = lock(&self.accounts);
        let entry =
            accounts.entry(account).or_insert(AccountHealth { health: SyncHealth::Starting, synced_at_ms: None });
        let health = next(entry);
        let changed = health != entry.health;
        entry.health = health;
        changed
    }

    fn announce(&self, changed: bool) {
        if changed {
            self.store.announce(Change::Accounts);
        }
    }
}
