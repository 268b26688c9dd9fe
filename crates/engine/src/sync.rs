//! Follows one linked account: lists which conversations moved, fetches those with news, and watches the one on screen.
//!
//! [`AccountSync::run`] takes one step after another: it **sweeps** the lists, **watches** the conversation on screen,
//! **fetches** one conversation, or rests until the next of these is due. The conversation on screen is read every few
//! seconds while the window has the focus and something happens in it. The lists are swept less often, less often without
//! the focus, and least once it has been gone for `Timing::idle_after`.
//!
//! A sweep stops at the first page that holds something unchanged; now and then it goes to the last page. Conversations with
//! news are fetched newest first, so that an agent can answer while old ones still arrive, and once more, `Timing::lag` after
//! their last activity, when no earlier message can still appear
//! ([`Completeness`](crate::completeness::Completeness) says when). One that cannot be read is deferred for a while: it must
//! not hold up the others. What fails is tried again at growing intervals, for ever.
//!
//! A reaction moves no `update_time`. In a conversation that is neither on screen nor moves for another reason it is seen only
//! where it is pushed ([`inbound::pushed`](crate::inbound::pushed)), and never by polling.

mod duty;
mod lists;
mod outcome;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use model::{AccountId, ConversationId, Millis};
use store::table::account::Account;
use store::table::conversation::Conversation;
use store::table::{conversation, cursor};
use tokio::time::Instant;

use self::duty::{Duty, Lease, publish_claim};
use self::lists::{Pass, read_lists};
use crate::call::CallError;
use crate::completeness::Completeness;
use crate::context::Context;
use crate::conversation_fetch::ConversationFetch;
use crate::pace::Priority;
use crate::source::Source;
use crate::timing::{Backoff, millis};

/// When so many conversations fail and none is read in between, the trouble is not theirs: the whole loop pauses.
const MAX_UNREADABLE_IN_A_ROW: usize = 3;
/// After so many failures of one conversation, over at least twice `Timing::put_aside`, another one is read to tell whether
/// only this one fails.
const MAX_FAILURES_UNEXPLAINED: usize = 3;
/// How many conversations with news are looked at to find one that is not deferred.
const DUE_PAGE_SIZE: u32 = 50;
/// How many conversations that TikTok refused, and how many that it showed without their newest message, are tried again
/// with each whole sweep.
const RETRIES_PER_SWEEP: u32 = 20;
/// How often the desktop that sweeps for all looks for conversations that were pushed.
const PUSHED_INTERVAL: Duration = Duration::from_secs(3);

/// The loop of one account.
pub(crate) struct AccountSync<S> {
    context: Context,
    fetcher: ConversationFetch,
    account: AccountId,
    remote_id: String,
    linked_at_ms: Millis,
    source: S,
    /// Who sweeps, if the account goes through the shop's relay.
    lease: Lease,
    duty: Duty,
    /// When the newest sweep ended.
    listed_at: Option<Instant>,
    /// When the newest sweep to the last page began.
    whole_sweep_at: Option<Instant>,
    /// How often the computer had slept, changed its network or had its clock set, by the newest sweep.
    resumes: u64,
    /// Every conversation that moved up to this time, by TikTok's clock, was listed by a sweep to the end of both lists.
    listed_to_ms: Option<Millis>,
    /// The conversation that was read for the screen last, and when.
    watched: Option<(ConversationId, Instant)>,
    /// The conversation on screen, and since when nothing has happened in it.
    quiet_since: Option<(ConversationId, Instant)>,
    /// Since when the window has not had the focus.
    away_since: Option<Instant>,
    /// When the time of the newest success was last written down.
    synced_at_kept: Option<Instant>,
    /// Conversations that are left alone until a time.
    deferred: HashMap<ConversationId, Instant>,
    /// Conversations that could not be read since one could.
    unreadable: HashSet<ConversationId>,
    failures: HashMap<ConversationId, Failures>,
    backoff: Backoff,
}

/// What the loop does next.
enum Step {
    Sweep,
    Watch(ConversationId),
    Fetch(Conversation),
    Rest(Instant),
}

/// How one conversation has failed to be read.
#[derive(Debug, Clone, Copy)]
struct Failures {
    /// The `update_time` it was read for.
    updated_ms: Millis,
    /// How often in a row.
    times: usize,
    since: Instant,
}

impl<S: Source> AccountSync<S> {
    pub(crate) fn new(context: Context, fetcher: ConversationFetch, account: &Account, source: S) -> Self {
        let backoff = Backoff::new(context.timing());
        Self {
            context,
            fetcher,
            account: account.id,
            remote_id: account.remote_id.clone(),
            linked_at_ms: account.linked_at_ms,
            source,
            lease: Lease::default(),
            duty: Duty::Poll,
            listed_at: None,
            whole_sweep_at: None,
            resumes: 0,
            listed_to_ms: None,
            watched: None,
            quiet_since: None,
            away_since: None,
            synced_at_kept: None,
            deferred: HashMap::new(),
            unreadable: HashSet::new(),
            failures: HashMap::new(),
            backoff,
        }
    }

    fn completeness(&self) -> &Completeness {
        self.fetcher.completeness()
    }

    /// Runs until the engine drops it.
    pub(crate) async fn run(mut self) {
        let prompt = self.context.signals().account_sync.of(self.account);
        let mut view = self.context.events().active_view();
        while let Err(error) = self.completeness().resume(self.account, self.linked_at_ms).await {
            tracing::error!(account = self.account.0, %error, "could not read what to sync next");
            tokio::time::sleep(self.backoff.failed()).await;
        }
        loop {
            let step = match self.next_step().await {
                Ok(step) => step,
                Err(error) => {
                    tracing::error!(account = self.account.0, %error, "could not read what to sync next");
                    Step::Rest(Instant::now() + self.backoff.failed())
                }
            };
            let done = match step {
                Step::Sweep => self.sweep().await,
                Step::Watch(id) => self.watch(id).await,
                Step::Fetch(known) => self.fetch_due(&known).await,
                Step::Rest(until) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(until) => {}
                        () = prompt.notified() => self.start_over(),
                        _ = view.changed() => {}
                    }
                    continue;
                }
            };
            let pause = match done {
                Ok(()) => {
                    self.record_success().await;
                    continue;
                }
                Err(error) => self.record_failure(&error),
            };
            // A prompt (try now, or linked again) ends any wait.
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = prompt.notified() => self.start_over(),
            }
        }
    }

    /// Makes everything due at once.
    fn start_over(&mut self) {
        self.listed_at = None;
        self.watched = None;
        self.deferred.clear();
    }

    /// Chooses the next step: the sweep if it is due, then the conversation on screen, then one with news, then one to be
    /// settled, else rest.
    async fn next_step(&mut self) -> Result<Step, store::StoreError> {
        self.duty = self.lease.duty(&self.context, self.account, &self.remote_id).await?;
        let now = Instant::now();
        if self.duty == Duty::Follow {
            self.context.health().record_success(self.account, self.context.clock().now_ms());
            return Ok(Step::Rest(self.lease.ask_again_at()));
        }
        let view = *self.context.events().active_view().borrow();
        let every = self.sweep_every(view.focused, now);
        let sweep_at = self.listed_at.map_or(now, |at| at + every);
        if sweep_at <= now {
            return Ok(Step::Sweep);
        }
        let mut rest_until = sweep_at;
        if self.duty == Duty::SweepForAll {
            // What was pushed is read soon, so that it counts for all.
            rest_until = rest_until.min(now + PUSHED_INTERVAL).min(self.lease.ask_again_at());
        } else if let Some(open) = view.conversation.filter(|_| view.focused) {
            let watched_at = self.watched.and_then(|(id, at)| (id == open).then_some(at));
            let every = self.watch_every(open, now);
            let watch_at = watched_at.map_or(now, |at| at + every);
            if watch_at <= now {
                let account = self.account;
                let known = self.context.store().read(move |sql| conversation::get(sql, open)).await;
                if known.is_ok_and(|known| known.account == account) {
                    return Ok(Step::Watch(open));
                }
            } else {
                rest_until = rest_until.min(watch_at);
            }
        }
        // The open conversation waits at most `Timing::open_conversation`.
        if let Some(until) = view.conversation.and_then(|open| self.deferred.get_mut(&open)) {
            *until = (*until).min(now + self.context.timing().open_conversation);
        }
        self.deferred.retain(|_, until| *until > now);
        let (account, completeness) = (self.account, self.completeness());
        // The limit grows by those deferred or given up, so that they cannot fill the page.
        let waiting = self.deferred.len().saturating_add(completeness.count_given_up(account));
        let limit = DUE_PAGE_SIZE.saturating_add(u32::try_from(waiting).unwrap_or(u32::MAX));
        let mut due = self.context.store().read(move |sql| conversation::due(sql, account, limit)).await?;
        due.retain(|known| !completeness.is_given_up(known.id, known.remote_updated_ms));
        if let Some(known) = due.iter().find(|known| !self.deferred.contains_key(&known.id)) {
            return Ok(Step::Fetch(known.clone()));
        }
        let unsettled = completeness.unsettled_of(account);
        let settling = unsettled.iter().filter(|(id, _)| !self.deferred.contains_key(id));
        if let Some((at, id)) = settling.map(|(id, state)| (completeness.settles_at(state, now), *id)).min() {
            if at <= now {
                match self.context.store().read(move |sql| conversation::get(sql, id)).await {
                    Ok(known) => return Ok(Step::Fetch(known)),
                    Err(store::StoreError::NotFound) => completeness.mark_settled(id),
                    Err(error) => return Err(error),
                }
            }
            rest_until = rest_until.min(at);
        }
        if let Some(listed_to_ms) = self.listed_to_ms {
            let claimed = completeness.claim(account, listed_to_ms, &due, &unsettled).await?;
            if let Some((from_ms, to_ms)) = claimed.filter(|_| self.duty == Duty::SweepForAll) {
                publish_claim(&self.context, &self.remote_id, from_ms, to_ms).await;
            }
        }
        Ok(Step::Rest(self.deferred.values().min().copied().map_or(rest_until, |until| until.min(rest_until))))
    }

    /// The time between two sweeps.
    fn sweep_every(&mut self, focused: bool, now: Instant) -> Duration {
        let timing = self.context.timing();
        if focused {
            self.away_since = None;
        }
        if self.duty == Duty::SweepForAll {
            return timing.sweep_background;
        }
        if focused {
            return timing.sweep_focused;
        }
        let since = *self.away_since.get_or_insert(now);
        if now.duration_since(since) < timing.idle_after { timing.sweep_background } else { timing.sweep_idle }
    }

    /// The time between two readings of the conversation on screen.
    fn watch_every(&mut self, open: ConversationId, now: Instant) -> Duration {
        let timing = self.context.timing();
        let since = match self.quiet_since {
            Some((known, since)) if known == open => since,
            _ => {
                self.quiet_since = Some((open, now));
                now
            }
        };
        if now.duration_since(since) < timing.quiet_after { timing.open_conversation } else { timing.open_quiet }
    }

    /// Reads the lists up to the first page that holds something unchanged, and now and then to the last page.
    async fn sweep(&mut self) -> Result<(), CallError> {
        let now = Instant::now();
        let resumes = self.context.signals().resumes();
        if std::mem::replace(&mut self.resumes, resumes) != resumes {
            self.whole_sweep_at = None;
        }
        let whole = self.whole_sweep_at.is_none_or(|at| now.duration_since(at) >= self.context.timing().sweep_whole);
        let mut pass = Pass::new(whole);
        let read = read_lists(&self.context, self.account, &self.source, &mut pass).await;
        // The next sweep must be whole: a quick one would stop at the pages stored before the failure, which look unchanged
        // now, and miss the rest. So too after a move between two pages.
        if pass.moved_between_lists || (pass.paged && read.is_err()) {
            self.whole_sweep_at = None;
        }
        read?;
        // Counted from its end: a sweep that takes longer than the interval would otherwise leave time for nothing else.
        self.listed_at = Some(Instant::now());
        let Some(asked_at_ms) = pass.asked_at_ms else { return Ok(()) };
        if pass.to_the_end && !pass.moved_between_lists {
            self.listed_to_ms = Some(asked_at_ms.saturating_sub(millis(self.context.timing().lag)));
        }
        if whole && !pass.moved_between_lists {
            self.whole_sweep_at = Some(now);
            let (account, at) = (self.account, self.context.clock().now_ms().to_string());
            let given_up = self.completeness().retry_given_up(account, RETRIES_PER_SWEEP as usize);
            self.context
                .store()
                .write(move |tx| {
                    conversation::mark_refused_due(tx, account, RETRIES_PER_SWEEP)?;
                    for id in given_up {
                        conversation::mark_due(tx, id)?;
                    }
                    cursor::set(tx, account, "whole_sweep_at_ms", &at)
                })
                .await
                .map_err(local)?;
        }
        Ok(())
    }

    /// Reads the conversation on screen, whatever the listing says of it.
    async fn watch(&mut self, id: ConversationId) -> Result<(), CallError> {
        self.watched = Some((id, Instant::now()));
        match self.fetcher.fetch(&self.source, id, Priority::Open).await {
            // Its own trouble, not the account's: the next look comes soon enough.
            Err(error @ (CallError::Refused(_) | CallError::Unknown(_))) => {
                tracing::warn!(conversation = id.0, code = error.code(), "could not read the conversation on screen");
                Ok(())
            }
            Ok(applied) => {
                if applied.changed {
                    self.quiet_since = Some((id, Instant::now()));
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Fetches a conversation with news. One that cannot be read is deferred or, in the end, marked unreadable.
    async fn fetch_due(&mut self, known: &Conversation) -> Result<(), CallError> {
        match self.fetcher.fetch(&self.source, known.id, priority(known, self.linked_at_ms)).await {
            Ok(applied) => {
                self.unreadable.clear();
                self.failures.remove(&known.id);
                if self.completeness().is_given_up(known.id, known.remote_updated_ms) {
                    return self.completeness().hide_if_empty(known).await.map_err(local);
                }
                if applied.behind || self.completeness().is_overdue(known.id) {
                    self.look_again(known);
                }
                Ok(())
            }
            Err(CallError::Refused(error)) => {
                tracing::warn!(
                    conversation = known.id.0,
                    code = error.code(),
                    "TikTok refused a conversation that it lists"
                );
                // What was listed a moment ago may not be found yet, for as long as lists may lag.
                if self.completeness().missing_for(known.id, known.remote_updated_ms) < self.context.timing().lag {
                    self.completeness().record_miss(known, false);
                    self.look_again(known);
                    return Ok(());
                }
                self.completeness().hide(known).await.map_err(local)
            }
            // The answer makes no sense, or cannot be kept.
            Err(error @ (CallError::Unknown(_) | CallError::Local(_))) => {
                tracing::warn!(conversation = known.id.0, %error, "could not read a conversation");
                let failures = self.count_failure(known);
                let timing = self.context.timing();
                // The first failure may be a hiccup; only what goes on failing waits for long.
                let look = timing.look.get(failures.times.saturating_sub(1)).copied().unwrap_or(timing.put_aside);
                self.deferred.insert(known.id, Instant::now() + look.min(timing.put_aside));
                self.unreadable.insert(known.id);
                if failures.times >= MAX_FAILURES_UNEXPLAINED
                    && failures.since.elapsed() >= timing.put_aside.saturating_mul(2)
                {
                    if !self.can_read_another(known).await {
                        return Err(error);
                    }
                    self.unreadable.clear();
                    return self.completeness().hide(known).await.map_err(local);
                }
                if self.unreadable.len() < MAX_UNREADABLE_IN_A_ROW { Ok(()) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }

    /// Counts a failure to read a conversation for the same news.
    fn count_failure(&mut self, known: &Conversation) -> Failures {
        let updated_ms = known.remote_updated_ms;
        let none = Failures { updated_ms, times: 0, since: Instant::now() };
        let failures = self.failures.entry(known.id).or_insert(none);
        if failures.updated_ms != updated_ms {
            *failures = none;
        }
        failures.times = failures.times.saturating_add(1);
        *failures
    }

    /// Whether another conversation can be read now: then the trouble is this conversation's, and not TikTok's or ours.
    async fn can_read_another(&self, known: &Conversation) -> bool {
        let (account, id) = (self.account, known.id);
        match self.context.store().read(move |sql| conversation::newest_readable_except(sql, account, id)).await {
            Ok(Some(other)) => self.fetcher.fetch(&self.source, other, Priority::Sweep).await.is_ok(),
            _ => false,
        }
    }

    /// Defers a conversation whose newest message does not show yet, longer each time.
    fn look_again(&mut self, known: &Conversation) {
        let tries = self.completeness().misses(known.id, known.remote_updated_ms);
        let timing = self.context.timing();
        let wait = timing.look.get(tries.saturating_sub(1)).copied().unwrap_or(timing.look_again);
        self.deferred.insert(known.id, Instant::now() + wait);
    }
}

/// What was there before the account was linked waits behind everything else. A customer who first wrote since is news like
/// any other.
fn priority(known: &Conversation, linked_at_ms: Millis) -> Priority {
    let old = known.fetched_updated_ms == 0 && known.remote_updated_ms <= linked_at_ms;
    if old { Priority::Backfill } else { Priority::Sweep }
}

fn local(error: store::StoreError) -> CallError {
    CallError::Local(error.into())
}

#[cfg(test)]
mod tests {
    use model::{ConversationKind, SendLedger, Status};

    use super::*;

    #[test]
    fn a_new_customer_does_not_wait_behind_the_old_conversations() {
        let known = |remote_updated_ms, fetched_updated_ms| Conversation {
            id: ConversationId(1),
            account: AccountId(1),
            remote_id: "c".to_owned(),
            remote_updated_ms,
            fetched_updated_ms,
            read_up_to_ms: 0,
            window_opened_at_ms: None,
            ledger: SendLedger::default(),
            kind: ConversationKind::Request,
            images: None,
            status: Status::Open,
            person: None,
        };
        let linked_at_ms = 1_000;
        assert_eq!(priority(&known(1_000, 0), linked_at_ms), Priority::Backfill);
        assert_eq!(priority(&known(1_001, 0), linked_at_ms), Priority::Sweep, "nobody had written before");
        assert_eq!(priority(&known(1_000, 900), linked_at_ms), Priority::Sweep, "it was read before");
    }
}
