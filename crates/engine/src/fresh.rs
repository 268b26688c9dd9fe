//! What was read lately, and what that is worth: when a conversation was last read, so that a reply does not go into a
//! thread that nobody has looked at since it was pressed; and up to when everything in it has come to light.
//!
//! In memory: after a start nothing was looked at, and what may still come to light is read once more. By the clock and not
//! by a timer, because a timer may stand still while the computer sleeps.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use model::{AccountId, ConversationId, Millis};
use store::table::conversation::Conversation;
use tokio::time::Instant;

/// So many conversations are remembered; the others count as not read.
const MOST: usize = 2_000;

/// What was read lately.
#[derive(Debug, Default)]
pub(crate) struct Fresh {
    fetched: Mutex<HashMap<ConversationId, Millis>>,
    /// The conversations that were read without their newest message.
    behind: Mutex<HashMap<ConversationId, Behind>>,
    /// The conversations in which something may still come to light.
    unsettled: Mutex<HashMap<ConversationId, Unsettled>>,
}

/// A conversation that was read in vain.
#[derive(Debug, Clone, Copy)]
struct Behind {
    /// Of which account.
    account: AccountId,
    /// The `update_time` whose message did not show.
    updated_ms: Millis,
    /// How often it was read for it.
    tries: usize,
    /// Since when. A timer, so that sleep does not use up the patience.
    since: Instant,
    /// When it was last read for it.
    tried: Instant,
    /// Whether it is left alone until the lists are read to their end again.
    given_up: bool,
}

/// A conversation that was read sooner after its last activity than TikTok's lists may lag: what was written before may
/// show after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsettled {
    /// Of which account.
    pub(crate) account: AccountId,
    /// Its `update_time`.
    pub(crate) updated_ms: Millis,
    /// A reading that is asked for `lag` after this settles it: the `update_time`, unless that is still to come.
    pub(crate) until_ms: Millis,
    /// Everything in it up to here is here.
    pub(crate) here_to_ms: Millis,
}

impl Fresh {
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

    /// Notes that a reading showed what happened last.
    pub(crate) fn shown(&self, conversation: ConversationId) {
        self.behind.lock().unwrap_or_else(PoisonError::into_inner).remove(&conversation);
    }

    /// Notes that a reading did not show what happened last, and whether to leave it at that for now.
    pub(crate) fn in_vain(&self, known: &Conversation, give_up: bool) {
        let updated_ms = known.remote_updated_ms;
        let before = self.behind(known.id, updated_ms);
        let now = Instant::now();
        let (tries, since) = before.map_or((0, now), |before| (before.tries, before.since));
        let behind =
            Behind { account: known.account, updated_ms, tries: tries + 1, since, tried: now, given_up: give_up };
        self.behind.lock().unwrap_or_else(PoisonError::into_inner).insert(known.id, behind);
    }

    /// Whether what happened at this time was looked for in vain and is left alone for now.
    pub(crate) fn is_given_up(&self, conversation: ConversationId, updated_ms: Millis) -> bool {
        self.behind(conversation, updated_ms).is_some_and(|behind| behind.given_up)
    }

    /// How many conversations of an account are left alone for now.
    pub(crate) fn given_up(&self, account: AccountId) -> usize {
        let known = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().filter(|behind| behind.account == account && behind.given_up).count()
    }

    /// Takes up so many of the conversations that are left alone, those first that have waited longest.
    pub(crate) fn try_again(&self, account: AccountId, most: usize) -> Vec<ConversationId> {
        let mut known = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left: Vec<(Instant, ConversationId)> = known
            .iter()
            .filter(|(_, behind)| behind.account == account && behind.given_up)
            .map(|(id, behind)| (behind.tried, *id))
            .collect();
        left.sort_unstable();
        left.truncate(most);
        for (_, id) in &left {
            if let Some(behind) = known.get_mut(id) {
                behind.given_up = false;
            }
        }
        left.into_iter().map(|(_, id)| id).collect()
    }

    /// Something may still come to light in a conversation.
    pub(crate) fn unsettled(&self, conversation: ConversationId, state: Unsettled) {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).insert(conversation, state);
    }

    /// The same as far as is known from before the start; what was read since knows better.
    pub(crate) fn perhaps_unsettled(&self, conversation: ConversationId, state: Unsettled) {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).entry(conversation).or_insert(state);
    }

    /// Nothing more is to be expected in a conversation.
    pub(crate) fn settled(&self, conversation: ConversationId) {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).remove(&conversation);
    }

    /// What may still come to light in a conversation.
    pub(crate) fn is_unsettled(&self, conversation: ConversationId) -> Option<Unsettled> {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).get(&conversation).copied()
    }

    /// The conversations of an account in which something may still come to light.
    pub(crate) fn all_unsettled(&self, account: AccountId) -> HashMap<ConversationId, Unsettled> {
        let known = self.unsettled.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter(|(_, state)| state.account == account).map(|(id, state)| (*id, *state)).collect()
    }

    fn behind(&self, conversation: ConversationId, updated_ms: Millis) -> Option<Behind> {
        let known = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&conversation).filter(|behind| behind.updated_ms == updated_ms).copied()
    }

    /// When a conversation was last asked for and came, by TikTok's clock.
    pub(crate) fn last_fetched(&self, conversation: ConversationId) -> Option<Millis> {
        self.fetched.lock().unwrap_or_else(PoisonError::into_inner).get(&conversation).copied()
    }

    /// When a conversation was last read, if it was asked for at or after this moment and no longer ago than this. What a
    /// list of conversations says is no reading, nor is one that did not come.
    pub(crate) fn read_since(
        &self,
        conversation: ConversationId,
        from_ms: Millis,
        now_ms: Millis,
        within: Duration,
    ) -> Option<Millis> {
        self.last_fetched(conversation).filter(|at_ms| *at_ms >= from_ms && is_recent(*at_ms, now_ms, within))
    }
}

/// Whether something happened no longer ago than this. A clock that went back proves nothing.
pub(crate) fn is_recent(at_ms: Millis, now_ms: Millis, within: Duration) -> bool {
    let within_ms = i64::try_from(within.as_millis()).unwrap_or(i64::MAX);
    (0..=within_ms).contains(&now_ms.saturating_sub(at_ms))
}
