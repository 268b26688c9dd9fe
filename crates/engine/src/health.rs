//! How each account fares, for the rail's dot and the banner. In memory: after a restart it is found out anew.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use model::{AccountId, Change, Millis};
use store::Store;

use crate::engine::Engine;

/// How an account fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Not asked yet.
    Starting,
    /// Messages arrive.
    Live,
    /// TikTok cannot be reached.
    Offline {
        /// Since when.
        since_ms: Millis,
        /// When the next attempt is made.
        retry_at_ms: Millis,
    },
    /// TikTok asked us to slow down.
    RateLimited {
        /// Until when.
        until_ms: Millis,
    },
    /// TikTok answers with errors.
    Unwell {
        /// Since when.
        since_ms: Millis,
        /// When the next attempt is made.
        retry_at_ms: Millis,
        /// TikTok's words.
        detail: String,
    },
}

impl Engine {
    /// How an account fares, and when it was last asked with success in this run. While all wait because TikTok said so,
    /// that is how: only the account that was told so hears of it, and another one is as silent.
    #[must_use]
    pub fn health_of(&self, account: AccountId) -> (Health, Option<Millis>) {
        let (health, synced_at_ms) = self.health().of(account);
        match (self.caller().paused(), &health) {
            (Some(left), Health::Starting | Health::Live | Health::RateLimited { .. }) => {
                let left_ms = i64::try_from(left.as_millis()).unwrap_or(i64::MAX);
                (Health::RateLimited { until_ms: self.clock().now_ms().saturating_add(left_ms) }, synced_at_ms)
            }
            _ => (health, synced_at_ms),
        }
    }
}

/// Tells the page whenever that wait begins or is over. Nobody's row changes with it.
pub(crate) async fn tell_pauses(engine: Engine) {
    let mut pauses = engine.caller().pauses();
    loop {
        let left = engine.caller().paused();
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
        engine.store().announce(Change::Accounts);
    }
}

/// The health of every account.
#[derive(Debug)]
pub struct HealthBoard {
    store: Store,
    accounts: Mutex<HashMap<AccountId, Entry>>,
}

#[derive(Debug, Clone)]
struct Entry {
    health: Health,
    synced_at_ms: Option<Millis>,
}

impl HealthBoard {
    /// Nobody was asked yet.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, accounts: Mutex::default() }
    }

    /// How an account's own calls fared, and when it was last asked with success in this run.
    #[must_use]
    pub fn of(&self, account: AccountId) -> (Health, Option<Millis>) {
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.get(&account).map_or((Health::Starting, None), |entry| (entry.health.clone(), entry.synced_at_ms))
    }

    /// TikTok answered.
    pub fn live(&self, account: AccountId, now_ms: Millis) {
        let changed = self.set(account, |entry| {
            entry.synced_at_ms = Some(now_ms);
            Health::Live
        });
        self.announce(changed);
    }

    /// TikTok did not answer well. `trouble` gets the time since which that has been so.
    pub fn trouble(&self, account: AccountId, now_ms: Millis, trouble: impl FnOnce(Millis) -> Health) {
        let changed = self.set(account, |entry| {
            let since_ms = match &entry.health {
                Health::Offline { since_ms, .. } | Health::Unwell { since_ms, .. } => *since_ms,
                _ => now_ms,
            };
            trouble(since_ms)
        });
        self.announce(changed);
    }

    fn set(&self, account: AccountId, next: impl FnOnce(&mut Entry) -> Health) -> bool {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = accounts.entry(account).or_insert(Entry { health: Health::Starting, synced_at_ms: None });
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
