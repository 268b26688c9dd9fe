//! Which conversations are here completely, and up to when (decision 9).
//!
//! TikTok's lists lag: a message may show in a conversation up to [`Timing::lag`](crate::timing::Timing::lag) after it was
//! written, and a conversation may be listed as moved before the message that moved it can be read. So one reading proves
//! nothing about the last moments before it. [`Completeness`] remembers three things:
//!
//! - when each conversation was last **read**, so that a reply does not go into a thread that Deskbell has not read
//!   since Send was pressed;
//! - which readings **missed** the newest message that a list had announced, how often and for how long;
//! - which conversations are **unsettled**: read too soon after their last activity, so that an earlier message may still
//!   show. They are read once more when the lag has passed.
//!
//! From these it says up to when an account is complete. It is kept in memory: [`Completeness::resume`] takes up after a
//! start what the last claim on disk does not cover. When a conversation was read and settles is TikTok's time, because a
//! timer stands still during sleep; how long a message has been missed is a timer's, so that sleep does not count.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::{AccountId, ConversationId, Millis};
use store::StoreError;
use store::table::conversation::Conversation;
use store::table::{account, conversation, message};
use tokio::time::Instant;

use crate::context::Context;
use crate::lock::lock;
use crate::timing::{after, millis};

/// How many readings are remembered. When so many are held, the next one first clears them all: those conversations count as
/// not read.
const MAX_READINGS: usize = 2_000;
/// The claim on disk is exact to this: not every listing is worth a write.
const CLAIM_GRAIN_MS: Millis = 60_000;
/// How far ahead of the relay's clock and this computer's a claim of another desktop may be. Within a day, TikTok's clock,
/// by which it was proven, is the better one.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(86_400);

/// Tracks which conversations were read, which readings missed something, and what may still come to light. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Completeness {
    context: Context,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When each conversation was last asked for and came, by TikTok's clock.
    read_at_ms: Mutex<HashMap<ConversationId, Millis>>,
    missing: Mutex<HashMap<ConversationId, Missing>>,
    unsettled: Mutex<HashMap<ConversationId, Unsettled>>,
}

/// A conversation that was read without the message that moved it.
#[derive(Debug, Clone, Copy)]
struct Missing {
    account: AccountId,
    /// The `update_time` whose message did not show.
    updated_ms: Millis,
    /// How many readings or refusals in a row did not show it.
    misses: usize,
    /// The first miss. A timer, so that sleep does not use up the patience.
    since: Instant,
    /// The newest miss.
    last: Instant,
    /// Whether it is left alone until a whole sweep takes it up again ([`Completeness::retry_given_up`], a limited number each).
    given_up: bool,
}

/// A conversation in which an earlier message may still show: it was read sooner after its last activity than TikTok's lists
/// may lag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsettled {
    pub(crate) account: AccountId,
    /// Its `update_time`.
    pub(crate) updated_ms: Millis,
    /// A reading asked for `lag` or more after this settles it. The `update_time`, or the first reading's time if that lies in
    /// its future.
    pub(crate) settle_after_ms: Millis,
    /// Every message of it up to this time is here.
    pub(crate) complete_to_ms: Millis,
}

impl Completeness {
    pub(crate) fn new(context: Context) -> Self {
        Self { context, state: Arc::default() }
    }

    /// When a conversation was last asked for and came, by TikTok's clock.
    pub(crate) fn last_read_at_ms(&self, conversation: ConversationId) -> Option<Millis> {
        lock(&self.state.read_at_ms).get(&conversation).copied()
    }

    /// When a conversation was last read, if it was asked for at or after `from_ms` and no longer ago than `within`. What a
    /// list says of a conversation is no reading, nor is one that failed.
    pub(crate) fn read_since(
        &self,
        conversation: ConversationId,
        from_ms: Millis,
        now_ms: Millis,
        within: Duration,
    ) -> Option<Millis> {
        self.last_read_at_ms(conversation).filter(|at_ms| *at_ms >= from_ms && is_recent(*at_ms, now_ms, within))
    }

    /// How often a conversation was read without the message that moved it to `updated_ms`.
    pub(crate) fn misses(&self, conversation: ConversationId, updated_ms: Millis) -> usize {
        self.missing(conversation, updated_ms).map_or(0, |missing| missing.misses)
    }

    /// For how long a conversation has been read without the message that moved it to `updated_ms`.
    pub(crate) fn missing_for(&self, conversation: ConversationId, updated_ms: Millis) -> Duration {
        self.missing(conversation, updated_ms).map_or(Duration::ZERO, |missing| missing.since.elapsed())
    }

    /// Whether the message that moved a conversation to `updated_ms` is not looked for at the moment.
    pub(crate) fn is_given_up(&self, conversation: ConversationId, updated_ms: Millis) -> bool {
        self.missing(conversation, updated_ms).is_some_and(|missing| missing.given_up)
    }

    /// How many conversations of an account are given up for the moment.
    pub(crate) fn count_given_up(&self, account: AccountId) -> usize {
        let missing = lock(&self.state.missing);
        missing.values().filter(|missing| missing.account == account && missing.given_up).count()
    }

    /// Takes up at most `limit` of an account's conversations that were given up, those first that have waited longest.
    pub(crate) fn retry_given_up(&self, account: AccountId, limit: usize) -> Vec<ConversationId> {
        let mut missing = lock(&self.state.missing);
        let mut given_up: Vec<(Instant, ConversationId)> = missing
            .iter()
            .filter(|(_, missing)| missing.account == account && missing.given_up)
            .map(|(id, missing)| (missing.last, *id))
            .collect();
        given_up.sort_unstable();
        given_up.truncate(limit);
        for (_, id) in &given_up {
            if let Some(missing) = missing.get_mut(id) {
                missing.given_up = false;
            }
        }
        given_up.into_iter().map(|(_, id)| id).collect()
    }

    /// Notes that a reading did not show the newest message, and whether to give up looking for it for now.
    pub(crate) fn record_miss(&self, known: &Conversation, give_up: bool) {
        let updated_ms = known.remote_updated_ms;
        let now = Instant::now();
        let before = self.missing(known.id, updated_ms);
        let (misses, since) = before.map_or((0, now), |before| (before.misses, before.since));
        let missing =
            Missing { account: known.account, updated_ms, misses: misses + 1, since, last: now, given_up: give_up };
        lock(&self.state.missing).insert(known.id, missing);
    }

    fn missing(&self, conversation: ConversationId, updated_ms: Millis) -> Option<Missing> {
        lock(&self.state.missing).get(&conversation).filter(|missing| missing.updated_ms == updated_ms).copied()
    }

    /// Nothing more is expected in a conversation.
    pub(crate) fn mark_settled(&self, conversation: ConversationId) {
        lock(&self.state.unsettled).remove(&conversation);
    }

    fn mark_unsettled(&self, conversation: ConversationId, state: Unsettled) {
        lock(&self.state.unsettled).insert(conversation, state);
    }

    /// Like [`Completeness::mark_unsettled`], but never overwrites what a later reading has found.
    fn mark_unsettled_if_absent(&self, conversation: ConversationId, state: Unsettled) {
        lock(&self.state.unsettled).entry(conversation).or_insert(state);
    }

    /// What may still come to light in a conversation.
    fn unsettled(&self, conversation: ConversationId) -> Option<Unsettled> {
        lock(&self.state.unsettled).get(&conversation).copied()
    }

    /// The conversations of an account in which something may still come to light.
    pub(crate) fn unsettled_of(&self, account: AccountId) -> HashMap<ConversationId, Unsettled> {
        let unsettled = lock(&self.state.unsettled);
        unsettled.iter().filter(|(_, state)| state.account == account).map(|(id, state)| (*id, *state)).collect()
    }

    /// When a reading of an unsettled conversation shows all that was written by its `update_time`.
    pub(crate) fn settles_at(&self, state: &Unsettled, now: Instant) -> Instant {
        let lag = self.context.timing().lag;
        let since_ms = self.context.caller().proven_now_ms().saturating_sub(state.settle_after_ms);
        // However wrong a clock is, nothing takes longer than the lag.
        now + u64::try_from(since_ms).map_or(lag, |since_ms| lag.saturating_sub(Duration::from_millis(since_ms)))
    }

    /// Whether a conversation is unsettled although its time to settle has come. Right after a reading this means that the
    /// clocks do not agree.
    pub(crate) fn is_overdue(&self, conversation: ConversationId) -> bool {
        let now = Instant::now();
        self.unsettled(conversation).is_some_and(|state| self.settles_at(&state, now) <= now)
    }

    /// Marks a conversation unsettled before what was read of it is stored. Storing clears the due flag, and without this a
    /// concurrent [`Completeness::claim`] would count the conversation as complete.
    pub(crate) fn begin_storing(&self, known: &Conversation, asked_at_ms: Millis) {
        let updated_ms = known.remote_updated_ms;
        let state = Unsettled {
            account: known.account,
            updated_ms,
            settle_after_ms: updated_ms.min(asked_at_ms),
            complete_to_ms: Millis::MIN,
        };
        self.mark_unsettled_if_absent(known.id, state);
    }

    /// Notes what a reading that is stored proves. `newest_ms` is the time of its newest message; `behind` says that it lacks
    /// the message that moved the conversation.
    pub(crate) fn record_reading(&self, known: &Conversation, asked_at_ms: Millis, newest_ms: Millis, behind: bool) {
        self.record_read_at(known.id, asked_at_ms);
        let lag = self.context.timing().lag;
        let (id, account, updated_ms) = (known.id, known.account, known.remote_updated_ms);
        // What was written this long before the question is in the answer.
        let sure_to_ms = asked_at_ms.saturating_sub(millis(lag));
        // An `update_time` in the future is a clock's mistake: then the time of the first reading counts.
        let settle_after_ms = if updated_ms <= asked_at_ms {
            updated_ms
        } else {
            let before = self.unsettled(id).filter(|state| state.updated_ms == updated_ms);
            before.map_or(asked_at_ms, |state| state.settle_after_ms)
        };
        let unsettled_to = |complete_to_ms| Unsettled { account, updated_ms, settle_after_ms, complete_to_ms };
        if !behind {
            lock(&self.state.missing).remove(&id);
            if sure_to_ms >= settle_after_ms {
                self.mark_settled(id);
            } else {
                self.mark_unsettled(id, unsettled_to(sure_to_ms));
            }
            return;
        }
        // The missing message may show for as long as the lists may lag. After that it is looked for again when the lists are
        // read to their end, and nothing waits for it: what moved the conversation may have been no message.
        let give_up = sure_to_ms >= settle_after_ms && self.missing_for(id, updated_ms) >= lag;
        self.record_miss(known, give_up);
        if give_up {
            self.mark_settled(id);
        } else {
            // A page that lacks a message may be as old as its newest one.
            self.mark_unsettled(id, unsettled_to(sure_to_ms.min(newest_ms)));
        }
    }

    fn record_read_at(&self, conversation: ConversationId, at_ms: Millis) {
        let mut read_at_ms = lock(&self.state.read_at_ms);
        if read_at_ms.len() >= MAX_READINGS {
            read_at_ms.clear();
        }
        read_at_ms.insert(conversation, at_ms);
    }

    /// Marks as unsettled after a start whatever happened since the last claim on disk. What was there long before the account
    /// was linked is settled by any reading.
    pub(crate) async fn resume(&self, id: AccountId, linked_at_ms: Millis) -> Result<(), StoreError> {
        let linked_ms = linked_at_ms.saturating_sub(millis(self.context.timing().lag));
        let (complete_to_ms, active) = self
            .context
            .store()
            .read(move |sql| {
                let complete_to_ms = account::get(sql, id)?.complete_to_ms.unwrap_or(linked_ms).max(linked_ms);
                Ok((complete_to_ms, conversation::active_since(sql, id, complete_to_ms)?))
            })
            .await?;
        let now_ms = self.context.caller().proven_now_ms();
        for (conversation, updated_ms) in active {
            let settle_after_ms = updated_ms.min(now_ms);
            let state = Unsettled { account: id, updated_ms, settle_after_ms, complete_to_ms };
            self.mark_unsettled_if_absent(conversation, state);
        }
        Ok(())
    }

    /// Writes down up to when an account is complete: to the newest listing that went to the end (`listed_to_ms`), or to where
    /// its unsettled conversations are complete. Claims nothing while a conversation of `due` has news that were not read,
    /// nor while old conversations were never read because the agent paused them. Returns from when to when it claimed more
    /// than before; none if it claimed nothing, or for the first time.
    pub(crate) async fn claim(
        &self,
        id: AccountId,
        listed_to_ms: Millis,
        due: &[Conversation],
        unsettled: &HashMap<ConversationId, Unsettled>,
    ) -> Result<Option<(Millis, Millis)>, StoreError> {
        if due.iter().any(|known| !unsettled.contains_key(&known.id)) {
            return Ok(None);
        }
        let complete_to_ms = unsettled.values().map(|state| state.complete_to_ms).fold(listed_to_ms, Millis::min);
        let store = self.context.store();
        let (account, waiting) =
            store.read(move |sql| Ok((account::get(sql, id)?, conversation::has_unfetched(sql, id)?))).await?;
        if waiting {
            return Ok(None);
        }
        let now_ms = self.context.caller().proven_now_ms();
        let is_claimed = |at_ms: Millis| at_ms <= now_ms && at_ms / CLAIM_GRAIN_MS >= complete_to_ms / CLAIM_GRAIN_MS;
        if account.backfilled && account.complete_to_ms.is_some_and(is_claimed) {
            return Ok(None);
        }
        if !account.backfilled {
            tracing::info!(account = id.0, "an account's history is complete");
            self.context.signals().request_index_merge();
        }
        let before_ms = account.complete_to_ms.filter(|_| account.backfilled);
        store
            .write(move |tx| {
                if !account.backfilled {
                    account::mark_backfilled(tx, id)?;
                }
                account::set_complete_to(tx, id, complete_to_ms, now_ms)
            })
            .await?;
        Ok(before_ms.map(|before_ms| (before_ms, complete_to_ms)))
    }

    /// Takes over what the desktop that sweeps an account's lists has claimed: everything that happened between the two times
    /// is in the relay's log, and all of it up to the claim is stored here. It was proven by TikTok's clock, which a desktop
    /// that only follows does not hear of; the relay stored it at `at_ms` by its own.
    pub(crate) async fn adopt(
        &self,
        id: AccountId,
        from_ms: Millis,
        to_ms: Millis,
        at_ms: Millis,
    ) -> Result<(), StoreError> {
        let now_ms = self.context.caller().proven_now_ms().max(at_ms);
        let is_believable = to_ms <= after(now_ms, CLOCK_TOLERANCE);
        self.context
            .store()
            .write(move |tx| {
                let known = account::get(tx, id)?;
                let joins = known.complete_to_ms.is_some_and(|complete_to_ms| complete_to_ms >= from_ms);
                if known.backfilled && joins && is_believable {
                    account::set_complete_to(tx, id, to_ms, now_ms.max(to_ms))?;
                }
                Ok(())
            })
            .await
    }

    /// Marks a conversation as unreadable: TikTok lists it, and it cannot be read. It stays in the list with a mark, and is
    /// tried again when it moves, or by turns with whole sweeps.
    pub(crate) async fn hide(&self, known: &Conversation) -> Result<(), StoreError> {
        let (id, updated_ms) = (known.id, known.remote_updated_ms);
        self.context.store().write(move |tx| conversation::mark_refused(tx, id, updated_ms)).await?;
        self.mark_settled(id);
        Ok(())
    }

    /// Hides a conversation of which TikTok has shown no message for as long as its lists may lag. One that lacks only its
    /// newest message stays as it is: what moved its `update_time` may have been no message.
    pub(crate) async fn hide_if_empty(&self, known: &Conversation) -> Result<(), StoreError> {
        let id = known.id;
        let newest = move |sql: &store::Connection| message::page(sql, id, message::PageAnchor::Newest, 1);
        if self.context.store().read(newest).await?.0.is_empty() { self.hide(known).await } else { Ok(()) }
    }
}

/// Whether something happened no longer ago than `within`. A clock that went back proves nothing.
pub(crate) fn is_recent(at_ms: Millis, now_ms: Millis, within: Duration) -> bool {
    (0..=millis(within)).contains(&now_ms.saturating_sub(at_ms))
}
