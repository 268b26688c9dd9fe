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
use tokio::time::Instant;

/// So many conversations are remembered; the others count as not read.
const MOST: usize = 2_000;

/// What was read lately.
#[derive(Debug, Default)]
pub(crate) struct Fresh {
    listed: Mutex<HashMap<AccountId, Millis>>,
    fetched: Mutex<HashMap<ConversationId, Millis>>,
    /// The conversations that were read without their newest message.
    behind: Mutex<HashMap<ConversationId, Behind>>,
}

/// A conversation that was read in vain.
#[derive(Debug, Clone, Copy)]
struct Behind {
    /// The `update_time` whose message did not show.
    updated_ms: Millis,
    /// How often it was read for it.
    tries: usize,
    /// Since when. A timer, so that sleep does not use up the patience.
    since: Instant,
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
        self.behind(conversation, updated_ms).map_or(0, |behind| behind.tries)
    }

    /// For how long a conversation has been read in vain for what happened at this time.
    pub(crate) fn in_vain_for(&self, conversation: ConversationId, updated_ms: Millis) -> Duration {
        self.behind(conversation, updated_ms).map_or(Duration::ZERO, |behind| behind.since.elapsed())
    }

    /// Notes whether a reading showed what happened at this time.
    pub(crate) fn note(&self, conversation: ConversationId, updated_ms: Millis, behind: bool) {
        let before = self.behind(conversation, updated_ms);
        let mut known = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        if behind {
            let (tries, since) = before.map_or((0, Instant::now()), |before| (before.tries, before.since));
            known.insert(conversation, Behind { updated_ms, tries: tries + 1, since });
        } else {
            known.remove(&conversation);
        }
    }

    fn behind(&self, conversation: ConversationId, updated_ms: Millis) -> Option<Behind> {
        let known = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&conversation).filter(|behind| behind.updated_ms == updated_ms).copied()
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
