//! When an account was last listed and a conversation last read, so that a reply does not go into a thread that nobody has
//! looked at since.
//!
//! In memory: after a start nothing was looked at. By the clock and not by a timer, because a timer may stand still while
//! the computer sleeps.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use model::{AccountId, ConversationId, Millis};
use store::table::conversation::Known;

/// So many conversations are remembered; the others count as not read.
const MOST: usize = 2_000;

/// What was read lately.
#[derive(Debug, Default)]
pub(crate) struct Fresh {
    listed: Mutex<HashMap<AccountId, Millis>>,
    fetched: Mutex<HashMap<ConversationId, Millis>>,
    /// How often a conversation was read without its newest message, and for which `update_time`.
    behind: Mutex<HashMap<ConversationId, (Millis, usize)>>,
}

impl Fresh {
    /// An account's list was asked for at this time, and came.
    pub(crate) fn listed(&self, account: AccountId, at_ms: Millis) {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner).insert(account, at_ms);
    }

    /// A conversation was asked for at this time, and came.
    pub(crate) fn fetched(&self, conversation: ConversationId, at_ms: Millis) {
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        if fetched.len() >= MOST {
            fetched.clear();
        }
        fetched.insert(conversation, at_ms);
    }

    /// How often a conversation was read in vain for what happened at this time.
    pub(crate) fn tries(&self, conversation: ConversationId, updated_ms: Millis) -> usize {
        let behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        behind.get(&conversation).filter(|(at_ms, _)| *at_ms == updated_ms).map_or(0, |(_, tries)| *tries)
    }

    /// Notes whether a reading showed what happened at this time.
    pub(crate) fn note(&self, conversation: ConversationId, updated_ms: Millis, behind: bool) {
        let tries = self.tries(conversation, updated_ms);
        let mut known = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        if behind {
            known.insert(conversation, (updated_ms, tries + 1));
        } else {
            known.remove(&conversation);
        }
    }

    /// Whether a reply may go into the thread as it is known: it was read within this time, or a list from within it says
    /// that there is nothing new.
    pub(crate) fn is_fresh(&self, known: &Known, now_ms: Millis, within: Duration) -> bool {
        let within = i64::try_from(within.as_millis()).unwrap_or(i64::MAX);
        // A clock that went back proves nothing.
        let recent = |at: Option<Millis>| at.is_some_and(|at| (0..=within).contains(&now_ms.saturating_sub(at)));
        let fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner).get(&known.id).copied();
        let listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner).get(&known.account).copied();
        recent(fetched) || (known.fetched_updated_ms >= known.remote_updated_ms && recent(listed))
    }
}
