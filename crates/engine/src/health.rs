//! How each account fares, for the rail's dot and the banner. In memory: after a restart it is found out anew.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use model::{AccountId, Change, Millis};
use store::Store;

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

    /// How an account fares, and when it was last asked with success in this run.
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
