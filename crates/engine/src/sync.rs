//! One account's loop: list what moved, fetch what has news, watch the conversation on screen.
//!
//! How often depends on where the agent is: the conversation on screen every few seconds while something happens in it,
//! the lists less often, and less often still once nobody has looked for a while.
//!
//! What is complete is only said when it is proven: both lists read to their last page, every conversation that had news
//! by then fetched, and once more when nothing could come to light any more that was written before. Holes and
//! conversations that TikTok refuses to show are counted beside it.
//!
//! Newest first, so that an agent can answer while old conversations still arrive. A conversation that cannot be read is
//! put aside for a while: it must not hold up the others. What fails is tried again, at growing intervals, for ever.
//!
//! An emoji that somebody puts on a message moves no `update_time`. So in a conversation that is neither on screen nor moves
//! for another reason it is seen only where it is pushed ([`inbound::pushed`]); by polling alone, never.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use model::{AccountId, ConversationId, MessageId, Millis};
use store::table::account::Account;
use store::table::conversation::{Conversation, ListedConversation};
use store::table::{account, conversation, cursor, message};
use tokio::time::Instant;

use crate::call::CallError;
use crate::engine::{Arrival, Engine};
use crate::fresh::Unsettled;
use crate::health::Health;
use crate::inbound::{self, Applied, Rules};
use crate::pace::Priority;
use crate::source::Source;
use crate::timing::Backoff;

/// Where the agent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attention {
    /// The conversation on screen.
    pub conversation: Option<ConversationId>,
    /// Whether the window has the focus.
    pub focused: bool,
}

/// So many conversations in a row that cannot be read are TikTok's trouble, not theirs.
const UNREADABLE_IN_A_ROW: usize = 3;
/// After so many failures it is asked whether TikTok shows another conversation.
const BROKEN_AFTER: usize = 3;
/// How often the time of the newest success is put on disk when nothing else is.
const STAMP_EVERY: Duration = Duration::from_secs(60);
/// A list whose pages name nothing new so often in a row is not followed any further in this sweep: its cursors repeat, or
/// lead on for ever. A page or two like that there may be, where conversations move while they are listed.
const MAX_PAGES_WITHOUT_PROGRESS: u32 = 3;
/// No list is followed further than this in one sweep: half a million conversations.
const MAX_PAGES_PER_LIST: u32 = 5_000;
/// So many conversations of a page are kept in one transaction, so that no page holds up the agent's own writes.
const LISTED_AT_ONCE: usize = 500;
/// How many conversations with news are looked at to find one that is not put aside.
const DUE: u32 = 50;
/// How many conversations that TikTok refused, and how many that it showed without their newest message, are tried again
/// with each listing to the end.
const AGAIN: u32 = 20;

pub(crate) struct AccountLoop<S> {
    engine: Engine,
    account: AccountId,
    linked_at_ms: Millis,
    source: S,
    swept_at: Option<Instant>,
    whole_sweep_at: Option<Instant>,
    /// How often the computer had woken by the newest listing.
    woken: u64,
    /// When both lists were last asked for and read to the end, by TikTok's clock.
    listed_to_ms: Option<Millis>,
    /// The conversation that was read for the screen last, and when.
    watched: Option<(ConversationId, Instant)>,
    /// The conversation on screen, and since when nothing has happened in it.
    quiet: Option<(ConversationId, Instant)>,
    /// Since when the agent is away.
    away_since: Option<Instant>,
    stamped_at: Option<Instant>,
    aside: HashMap<ConversationId, Instant>,
    /// Those that could not be read since one could.
    unreadable: HashSet<ConversationId>,
    /// The conversations that could not be read.
    broken: HashMap<ConversationId, Broken>,
    backoff: Backoff,
}

/// What the loop does next.
enum Step {
    Sweep,
    Watch(ConversationId),
    Fetch(Conversation),
    Rest(Instant),
}

/// A conversation that cannot be read.
#[derive(Debug, Clone, Copy)]
struct Broken {
    /// The `update_time` it was read for.
    updated_ms: Millis,
    /// How often in a row it could not be read.
    times: usize,
    /// Since when.
    since: Instant,
}

/// One reading of the lists.
struct Pass {
    /// Whether it goes to the end, whatever it finds.
    whole: bool,
    /// When TikTok was first asked, by its clock.
    asked_at_ms: Option<Millis>,
    /// Whether it has read to the end of what is new in every list.
    to_the_end: bool,
    /// Whether a list had more than one page.
    paged: bool,
    /// Whether a conversation went from one list to another meanwhile. What leaves a list between two of its pages lets
    /// another slip past: from the second to the first, unseen.
    slipped: bool,
}

impl<S: Source> AccountLoop<S> {
    pub(crate) fn new(engine: Engine, account: &Account, source: S) -> Self {
        let backoff = Backoff::new(engine.timing());
        Self {
            engine,
            account: account.id,
            linked_at_ms: account.linked_at_ms,
            source,
            swept_at: None,
            whole_sweep_at: None,
            woken: 0,
            listed_to_ms: None,
            watched: None,
            quiet: None,
            away_since: None,
            stamped_at: None,
            aside: HashMap::new(),
            unreadable: HashSet::new(),
            broken: HashMap::new(),
            backoff,
        }
    }

    /// Runs until the engine drops it.
    pub(crate) async fn run(mut self) {
        let prompt = self.engine.prompt(self.account);
        let mut attention = self.engine.attention();
        while let Err(error) = self.resume().await {
            tracing::error!(account = self.account.0, %error, "sync.store_failed");
            tokio::time::sleep(self.backoff.failed()).await;
        }
        loop {
            let step = match self.next_step().await {
                Ok(step) => step,
                Err(error) => {
                    tracing::error!(account = self.account.0, %error, "sync.store_failed");
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
                        _ = attention.changed() => {}
                    }
                    continue;
                }
            };
            let pause = match done {
                Ok(()) => {
                    self.worked().await;
                    continue;
                }
                Err(error) => self.failed(&error),
            };
            // A prompt (try now, or linked again) ends any wait.
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = prompt.notified() => self.start_over(),
            }
        }
    }

    fn start_over(&mut self) {
        self.swept_at = None;
        self.watched = None;
        self.aside.clear();
    }

    async fn next_step(&mut self) -> Result<Step, store::StoreError> {
        let now = Instant::now();
        let attention = *self.engine.attention().borrow();
        let every = self.sweep_every(attention.focused, now);
        let sweep_at = self.swept_at.map_or(now, |at| at + every);
        if sweep_at <= now {
            return Ok(Step::Sweep);
        }
        let mut rest_until = sweep_at;
        if let Some(open) = attention.conversation.filter(|_| attention.focused) {
            let watched_at = self.watched.and_then(|(id, at)| (id == open).then_some(at));
            let every = self.watch_every(open, now);
            let watch_at = watched_at.map_or(now, |at| at + every);
            if watch_at <= now {
                let account = self.account;
                let known = self.engine.store().read(move |sql| conversation::get(sql, open)).await;
                if known.is_ok_and(|known| known.account == account) {
                    return Ok(Step::Watch(open));
                }
            } else {
                rest_until = rest_until.min(watch_at);
            }
        }
        // Whoever looks at it does not wait for as long as the others can.
        if let Some(until) = attention.conversation.and_then(|open| self.aside.get_mut(&open)) {
            *until = (*until).min(now + self.engine.timing().open_conversation);
        }
        self.aside.retain(|_, until| *until > now);
        let (account, fresh) = (self.account, self.engine.fresh());
        // Those that wait must not hide the others.
        let waiting = self.aside.len().saturating_add(fresh.given_up(account));
        let most = DUE.saturating_add(u32::try_from(waiting).unwrap_or(u32::MAX));
        let mut due = self.engine.store().read(move |sql| conversation::due(sql, account, most)).await?;
        due.retain(|known| !fresh.is_given_up(known.id, known.remote_updated_ms));
        if let Some(known) = due.iter().find(|known| !self.aside.contains_key(&known.id)) {
            return Ok(Step::Fetch(known.clone()));
        }
        let unsettled = fresh.all_unsettled(account);
        let settling = unsettled.iter().filter(|(id, _)| !self.aside.contains_key(id));
        if let Some((at, id)) = settling.map(|(id, state)| (self.settles_at(state, now), *id)).min() {
            if at <= now {
                match self.engine.store().read(move |sql| conversation::get(sql, id)).await {
                    Ok(known) => return Ok(Step::Fetch(known)),
                    Err(store::StoreError::NotFound) => fresh.settled(id),
                    Err(error) => return Err(error),
                }
            }
            rest_until = rest_until.min(at);
        }
        self.note_complete(&due, &unsettled).await?;
        Ok(Step::Rest(self.aside.values().min().copied().map_or(rest_until, |until| until.min(rest_until))))
    }

    /// When a reading of a conversation shows all that was written by its `update_time`.
    fn settles_at(&self, state: &Unsettled, now: Instant) -> Instant {
        let lag = self.engine.timing().lag;
        let since_ms = self.engine.caller().proven_now_ms().saturating_sub(state.until_ms);
        // However wrong a clock is, nothing takes longer than that.
        now + u64::try_from(since_ms).map_or(lag, |since_ms| lag.saturating_sub(Duration::from_millis(since_ms)))
    }

    /// Takes up what the end of the program before left unsettled: whatever happened after the last claim. What was there
    /// long before the account was linked is settled by any reading.
    async fn resume(&self) -> Result<(), store::StoreError> {
        let (id, lag_ms) = (self.account, ms(self.engine.timing().lag));
        let linked_ms = self.linked_at_ms.saturating_sub(lag_ms);
        let (here_to_ms, active) = self
            .engine
            .store()
            .read(move |sql| {
                let here_to_ms = account::get(sql, id)?.complete_to_ms.unwrap_or(linked_ms).max(linked_ms);
                Ok((here_to_ms, conversation::active_since(sql, id, here_to_ms)?))
            })
            .await?;
        let now_ms = self.engine.caller().proven_now_ms();
        for (conversation, updated_ms) in active {
            let state = Unsettled { account: id, updated_ms, until_ms: updated_ms.min(now_ms), here_to_ms };
            self.engine.fresh().perhaps_unsettled(conversation, state);
        }
        Ok(())
    }

    /// How long between two listings.
    fn sweep_every(&mut self, focused: bool, now: Instant) -> Duration {
        let timing = self.engine.timing();
        if focused {
            self.away_since = None;
            return timing.sweep_focused;
        }
        let since = *self.away_since.get_or_insert(now);
        if now.duration_since(since) < timing.idle_after { timing.sweep_background } else { timing.sweep_idle }
    }

    /// How long between two readings of the conversation on screen.
    fn watch_every(&mut self, open: ConversationId, now: Instant) -> Duration {
        let timing = self.engine.timing();
        let since = match self.quiet {
            Some((known, since)) if known == open => since,
            _ => {
                self.quiet = Some((open, now));
                now
            }
        };
        if now.duration_since(since) < timing.quiet_after { timing.open_conversation } else { timing.open_quiet }
    }

    /// Lists what moved. Stops at the first page that holds something unchanged, but now and then goes to the end.
    async fn sweep(&mut self) -> Result<(), CallError> {
        let now = Instant::now();
        let woken = self.engine.times_woken();
        if std::mem::replace(&mut self.woken, woken) != woken {
            self.whole_sweep_at = None;
        }
        let whole = self.whole_sweep_at.is_none_or(|at| now.duration_since(at) >= self.engine.timing().sweep_whole);
        let mut pass = Pass { whole, asked_at_ms: None, to_the_end: true, paged: false, slipped: false };
        let read = self.read_lists(&mut pass).await;
        // What the pages before a failure held is known by now and would end a quick listing before it comes to the rest;
        // so is what let another one slip past.
        if pass.slipped || (pass.paged && read.is_err()) {
            self.whole_sweep_at = None;
        }
        read?;
        // From its end on: where one takes longer than the time between two, there would be nothing but listings.
        self.swept_at = Some(Instant::now());
        let Some(asked_at_ms) = pass.asked_at_ms else { return Ok(()) };
        if pass.to_the_end && !pass.slipped {
            self.listed_to_ms = Some(asked_at_ms.saturating_sub(ms(self.engine.timing().lag)));
        }
        if whole && !pass.slipped {
            self.whole_sweep_at = Some(now);
            let (account, at) = (self.account, self.engine.clock().now_ms().to_string());
            let given_up = self.engine.fresh().try_again(account, AGAIN as usize);
            self.engine
                .store()
                .write(move |tx| {
                    conversation::mark_refused_due(tx, account, AGAIN)?;
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

    /// Reads one list after the other.
    async fn read_lists(&self, pass: &mut Pass) -> Result<(), CallError> {
        let mut before: HashSet<String> = HashSet::new();
        for list in 0..self.source.lists() {
            let (mut next, mut here, paged) = (None, HashSet::new(), pass.paged);
            let (mut cursors, mut pages, mut idle) = (HashSet::new(), 0, 0);
            loop {
                let page = self.source.list(list, next).await?;
                pass.asked_at_ms.get_or_insert(page.asked_at_ms);
                // Whoever answered it: it stood on a list that went on without it.
                pass.slipped |= paged && page.listed.iter().any(|listed| before.contains(&listed.remote_id));
                let known = here.len();
                here.extend(page.listed.iter().map(|listed| listed.remote_id.clone()));
                pages += 1;
                idle = if here.len() > known { 0 } else { idle + 1 };
                let empty = page.listed.is_empty();
                let all_new = self.keep_listed(page.listed).await?;
                // A list that goes in a circle, or on and on with nothing new in it, is not followed, and its end was not
                // reached.
                let leads_on = page.next.as_ref().is_none_or(|next| {
                    let progress = !empty && idle < MAX_PAGES_WITHOUT_PROGRESS && pages < MAX_PAGES_PER_LIST;
                    progress && cursors.insert(next.clone())
                });
                if !leads_on {
                    tracing::warn!(account = self.account.0, list, pages, "a list of conversations comes to no end");
                }
                pass.to_the_end &= page.sure && leads_on && (page.next.is_none() || pass.whole || all_new);
                next = page.next.filter(|_| leads_on && (pass.whole || all_new));
                if next.is_none() {
                    break;
                }
                pass.paged = true;
            }
            before.extend(here);
        }
        Ok(())
    }

    /// Keeps what a page lists; whether all of it was new.
    async fn keep_listed(&self, listed: Vec<ListedConversation>) -> Result<bool, CallError> {
        let account = self.account;
        let mut all_new = !listed.is_empty();
        // What a page names twice is not new the second time.
        let mut seen = HashSet::new();
        let first = |one: ListedConversation| {
            let first = seen.insert(one.remote_id.clone());
            (one, first)
        };
        let listed: Vec<(ListedConversation, bool)> = listed.into_iter().map(first).collect();
        for part in listed.chunks(LISTED_AT_ONCE) {
            let part = part.to_vec();
            let kept = self.engine.store().write(move |tx| {
                let mut all_new = true;
                for (conversation, first) in &part {
                    all_new &= conversation::upsert_listed(tx, account, conversation)? || !first;
                }
                Ok(all_new)
            });
            all_new &= kept.await.map_err(local)?;
        }
        Ok(all_new)
    }

    /// Reads the conversation on screen, whatever the listing says of it.
    async fn watch(&mut self, id: ConversationId) -> Result<(), CallError> {
        self.watched = Some((id, Instant::now()));
        match fetch(&self.engine, &self.source, id, Priority::Open).await {
            // Its own trouble, not the account's: the next look comes soon enough.
            Err(error @ (CallError::Refused(_) | CallError::Unknown(_))) => {
                tracing::warn!(conversation = id.0, code = error_code(&error), "sync.open_conversation_unreadable");
                Ok(())
            }
            Ok(applied) => {
                if applied.news {
                    self.quiet = Some((id, Instant::now()));
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn fetch_due(&mut self, known: &Conversation) -> Result<(), CallError> {
        match fetch(&self.engine, &self.source, known.id, priority(known, self.linked_at_ms)).await {
            Ok(applied) => {
                self.unreadable.clear();
                self.broken.remove(&known.id);
                if self.engine.fresh().is_given_up(known.id, known.remote_updated_ms) {
                    return self.hide_if_empty(known).await;
                }
                if applied.behind || self.is_still_unsettled(known.id) {
                    self.look_again(known);
                }
                Ok(())
            }
            Err(CallError::Refused(error)) => {
                tracing::warn!(conversation = known.id.0, code = error.code(), "sync.conversation_refused");
                // What was listed a moment ago may not be found yet, for as long as lists may lag.
                if self.engine.fresh().in_vain_for(known.id, known.remote_updated_ms) < self.engine.timing().lag {
                    self.engine.fresh().in_vain(known, false);
                    self.look_again(known);
                    return Ok(());
                }
                self.hide(known).await
            }
            // The answer makes no sense, or cannot be kept.
            Err(error @ (CallError::Unknown(_) | CallError::Local(_))) => {
                tracing::warn!(conversation = known.id.0, %error, "sync.conversation_unreadable");
                let broken = self.count_failure(known);
                let timing = self.engine.timing();
                // The first failure may be a hiccup; only what goes on failing waits for long.
                let look = timing.look.get(broken.times.saturating_sub(1)).copied().unwrap_or(timing.put_aside);
                self.aside.insert(known.id, Instant::now() + look.min(timing.put_aside));
                self.unreadable.insert(known.id);
                if broken.times >= BROKEN_AFTER && broken.since.elapsed() >= timing.put_aside.saturating_mul(2) {
                    if !self.can_read_another(known).await {
                        return Err(error);
                    }
                    self.unreadable.clear();
                    return self.hide(known).await;
                }
                if self.unreadable.len() < UNREADABLE_IN_A_ROW { Ok(()) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }

    /// Counts a failure. After many for the same news the conversation itself may be the reason.
    fn count_failure(&mut self, known: &Conversation) -> Broken {
        let updated_ms = known.remote_updated_ms;
        let fresh = Broken { updated_ms, times: 0, since: Instant::now() };
        let broken = self.broken.entry(known.id).or_insert(fresh);
        if broken.updated_ms != updated_ms {
            *broken = fresh;
        }
        broken.times = broken.times.saturating_add(1);
        *broken
    }

    /// Whether a conversation beside this one can be read at this moment, so that the trouble is not TikTok's or ours.
    async fn can_read_another(&self, known: &Conversation) -> bool {
        let (account, id) = (self.account, known.id);
        match self.engine.store().read(move |sql| conversation::newest_readable_except(sql, account, id)).await {
            Ok(Some(other)) => fetch(&self.engine, &self.source, other, Priority::Sweep).await.is_ok(),
            _ => false,
        }
    }

    /// Says that TikTok does not show a conversation; it is tried again when the lists are read to their end.
    async fn hide(&self, known: &Conversation) -> Result<(), CallError> {
        let (id, updated_ms) = (known.id, known.remote_updated_ms);
        self.engine.store().write(move |tx| conversation::mark_refused(tx, id, updated_ms)).await.map_err(local)?;
        self.engine.fresh().settled(id);
        Ok(())
    }

    /// A conversation that TikTok lists, and of which it has shown nothing for as long as its lists may lag, is hidden. One
    /// that lacks its newest message only is left as it is: what moved its `update_time` may not have been a message.
    async fn hide_if_empty(&self, known: &Conversation) -> Result<(), CallError> {
        let id = known.id;
        let held = self.engine.store().read(move |sql| message::page(sql, id, message::PageAnchor::Newest, 1)).await;
        if held.map_err(local)?.0.is_empty() { self.hide(known).await } else { Ok(()) }
    }

    /// Whether a conversation was just read to settle it, and was not: the clocks do not quite agree.
    fn is_still_unsettled(&self, id: ConversationId) -> bool {
        let now = Instant::now();
        self.engine.fresh().is_unsettled(id).is_some_and(|state| self.settles_at(&state, now) <= now)
    }

    /// Puts a conversation aside whose newest message does not show yet, longer each time.
    fn look_again(&mut self, known: &Conversation) {
        let tries = self.engine.fresh().tries(known.id, known.remote_updated_ms);
        let timing = self.engine.timing();
        let wait = timing.look.get(tries.saturating_sub(1)).copied().unwrap_or(timing.look_again);
        self.aside.insert(known.id, Instant::now() + wait);
    }

    async fn worked(&mut self) {
        let recovered = self.backoff.worked();
        let now_ms = self.engine.clock().now_ms();
        self.engine.health().live(self.account, now_ms);
        if self.stamped_at.is_none_or(|at| at.elapsed() >= STAMP_EVERY) {
            self.stamped_at = Some(Instant::now());
            let account = self.account;
            if let Err(error) = self.engine.store().write(move |tx| account::set_synced_at(tx, account, now_ms)).await {
                tracing::error!(%error, "sync.stamp_not_kept");
            }
        }
        if recovered {
            tracing::info!(account = self.account.0, "sync.recovered");
            self.engine.outbox().network_is_back(&self.engine).await;
            self.engine.media().network_is_back(&self.engine).await;
        }
    }

    /// Tells how it fares, and how long to wait.
    fn failed(&mut self, error: &CallError) -> Duration {
        let now_ms = self.engine.clock().now_ms();
        let at = |wait: Duration| now_ms.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
        let health = self.engine.health();
        match error {
            CallError::SlowDown(wait) => {
                health.trouble(self.account, now_ms, |_| Health::RateLimited { until_ms: at(*wait) });
                *wait
            }
            // Told by the account's row; a prompt comes when it is linked again, or has a token after all.
            CallError::Relink(_) => {
                // What waited meanwhile is let go once it works.
                self.backoff.failed();
                Duration::from_secs(24 * 3600)
            }
            CallError::Offline(_) => {
                let wait = self.backoff.failed();
                health.trouble(self.account, now_ms, |since_ms| Health::Offline { since_ms, retry_at_ms: at(wait) });
                wait
            }
            CallError::Local(_) | CallError::Refused(_) | CallError::Unknown(_) => {
                let wait = self.backoff.failed();
                tracing::warn!(account = self.account.0, %error, wait_ms = wait.as_millis(), "sync.failed");
                let detail = error.to_string();
                health.trouble(self.account, now_ms, |since_ms| Health::Unwell {
                    since_ms,
                    retry_at_ms: at(wait),
                    detail,
                });
                wait
            }
        }
    }

    /// Nothing can be read at this moment: everything is here up to the newest listing that went to the end, or to where
    /// the conversations that wait were last proven. Not so while old conversations wait because the agent paused them.
    async fn note_complete(
        &mut self,
        due: &[Conversation],
        unsettled: &HashMap<ConversationId, Unsettled>,
    ) -> Result<(), store::StoreError> {
        let Some(listed_to_ms) = self.listed_to_ms else { return Ok(()) };
        if due.iter().any(|known| !unsettled.contains_key(&known.id)) {
            return Ok(());
        }
        let here_to_ms = unsettled.values().map(|state| state.here_to_ms).fold(listed_to_ms, Millis::min);
        let id = self.account;
        let (account, waiting) = self
            .engine
            .store()
            .read(move |sql| Ok((account::get(sql, id)?, conversation::has_unfetched(sql, id)?)))
            .await?;
        if waiting {
            return Ok(());
        }
        let now_ms = self.engine.caller().proven_now_ms();
        // Told to the minute: not every listing is worth a write.
        let minute = |at_ms: Millis| at_ms / 60_000;
        let told = |at_ms: Millis| at_ms <= now_ms && minute(at_ms) >= minute(here_to_ms);
        if account.backfilled && account.complete_to_ms.is_some_and(told) {
            return Ok(());
        }
        if !account.backfilled {
            tracing::info!(account = id.0, "sync.backfilled");
            self.engine.much_was_written();
        }
        self.engine
            .store()
            .write(move |tx| {
                if !account.backfilled {
                    account::mark_backfilled(tx, id)?;
                }
                account::set_complete_to(tx, id, here_to_ms, now_ms)
            })
            .await
    }
}

/// What was there before the account was linked waits behind everything else. A customer who first wrote since is news like
/// any other.
fn priority(known: &Conversation, linked_at_ms: Millis) -> Priority {
    let old = known.fetched_updated_ms == 0 && known.remote_updated_ms <= linked_at_ms;
    if old { Priority::Backfill } else { Priority::Sweep }
}

/// Fetches one conversation and takes in what came.
pub(crate) async fn fetch<S: Source>(
    engine: &Engine,
    source: &S,
    id: ConversationId,
    priority: Priority,
) -> Result<Applied, CallError> {
    let known = engine.store().read(move |sql| {
        let known = conversation::get(sql, id)?;
        let business = account::get(sql, known.account)?;
        Ok((known, business))
    });
    let (known, business) = known.await.map_err(local)?;
    let account = known.account;
    let batch = source.fetch(&known, priority).await?;
    let asked_at_ms = batch.asked_at_ms;
    let newest_ms = batch.messages.iter().map(|news| news.sent_at_ms).max().unwrap_or(0);
    let timing = engine.timing();
    let rules = Rules {
        now_ms: engine.clock().now_ms(),
        call_ms: ms(timing.call),
        undecided_after_ms: ms(timing.undecided_after),
        updated_ms: known.remote_updated_ms,
        patient: known.fetched_updated_ms > 0 || known.remote_updated_ms > business.linked_at_ms,
    };
    // Once it is kept it has no news any more, and until it is noted below what it is worth nothing may be claimed.
    let updated_ms = known.remote_updated_ms;
    let unknown = Unsettled { account, updated_ms, until_ms: updated_ms.min(asked_at_ms), here_to_ms: Millis::MIN };
    engine.fresh().perhaps_unsettled(id, unknown);
    let applied = engine.store().write(move |tx| inbound::apply(tx, id, &batch, rules)).await.map_err(local)?;
    engine.fresh().fetched(id, asked_at_ms);
    note_read(engine, &known, asked_at_ms, newest_ms, applied.behind);
    if inbound::settled(&applied) {
        engine.outbox().wake(engine, id);
    }
    for reopened in &applied.reopened {
        engine.outbox().wake(engine, *reopened);
    }
    if applied.pictures {
        engine.media().wake(account);
    }
    if !applied.arrived.is_empty() {
        engine.ruled().notify_one();
    }
    // What the first fetch brings was there before us: history, not news, however fresh. Decided here, because by the time
    // a listener looks the first fetch may be complete.
    for message in applied.arrived.iter().filter(|message| is_news(&business, **message)) {
        engine.announce(Arrival { account, conversation: id, message: *message });
    }
    Ok(applied)
}

/// Notes what a reading is worth: what is still to be looked for, and up to when everything is here. What was written
/// longer before it was asked for than TikTok's lists may lag is in it.
fn note_read(engine: &Engine, known: &Conversation, asked_at_ms: Millis, newest_ms: Millis, behind: bool) {
    let (fresh, lag) = (engine.fresh(), engine.timing().lag);
    let (id, account, updated_ms) = (known.id, known.account, known.remote_updated_ms);
    let sure_to_ms = asked_at_ms.saturating_sub(ms(lag));
    // Nothing was written in the future, whatever a clock says: then it is the time of the first reading that counts.
    let until_ms = if updated_ms <= asked_at_ms {
        updated_ms
    } else {
        let before = fresh.is_unsettled(id).filter(|state| state.updated_ms == updated_ms);
        before.map_or(asked_at_ms, |state| state.until_ms)
    };
    if !behind {
        fresh.shown(id);
        if sure_to_ms >= until_ms {
            fresh.settled(id);
        } else {
            fresh.unsettled(id, Unsettled { account, updated_ms, until_ms, here_to_ms: sure_to_ms });
        }
        return;
    }
    // Whoever reads it, and however often: for as long as TikTok's lists may be behind, what does not show yet may still
    // come. Then it is looked for when the lists are read to their end, and nothing waits for it: it may be no message.
    let give_up = sure_to_ms >= until_ms && fresh.in_vain_for(id, updated_ms) >= lag;
    fresh.in_vain(known, give_up);
    if give_up {
        fresh.settled(id);
    } else {
        // A page that lacks something may be as old as its newest message.
        let here_to_ms = sure_to_ms.min(newest_ms);
        fresh.unsettled(id, Unsettled { account, updated_ms, until_ms, here_to_ms });
    }
}

/// Whether a message that arrived is told of. What the first fetch brings was there before us, however fresh; what was
/// written since is news even while the first fetch is paused.
pub(crate) fn is_news(business: &Account, message: MessageId) -> bool {
    business.backfilled || message::time_of(message) > business.linked_at_ms
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn local(error: store::StoreError) -> CallError {
    CallError::Local(error.into())
}

/// TikTok's code, if it said one; its words may quote a message and are not for the log.
fn error_code(error: &CallError) -> Option<i64> {
    match error {
        CallError::Refused(error) | CallError::Unknown(error) => error.code(),
        _ => None,
    }
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
