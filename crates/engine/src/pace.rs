//! One budget of calls for the app's credential, shared by everything that asks TikTok.
//!
//! TikTok allows 10 calls a second, 600 a minute and 864,000 a day for each app and answers more with 40100, without a
//! header that says how much is left or which of the three it was (rate limits). We plan with half of it and let replies
//! go before everything else. Told to slow down, all of us stop for a second; told so again within a minute, it is the
//! minute's limit: five minutes, and from then on half the rate, won back by a tenth each minute. Told so right after
//! that pause as well, it is the day's: until midnight UTC, where it begins anew.
//!
//! Several computers may share the credential, and are told so together. So that they do not come back together, each
//! waits up to a quarter longer, a minute at most. Never shorter: what TikTok wants is the least that can help.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tiktok::RateLimit;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::lock::lock;
use crate::timing::Budget;

/// The slowest we go, as a part of the plan.
const SLOWEST: f64 = 0.125;
/// What is won back each minute, as a part of the plan.
const WON_BACK: f64 = 0.1;

/// Who goes first when calls have to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// First fetches of old conversations, pictures.
    Backfill,
    /// Listings and what they found.
    Sweep,
    /// Looking for an unconfirmed message.
    Reconcile,
    /// The conversation on screen.
    Open,
    /// A reply.
    Send,
}

const MINUTE: Duration = Duration::from_secs(60);
/// The step at which it is the day's limit.
const DAY: u32 = 3;

/// The budget.
#[derive(Debug)]
pub struct Pace {
    budget: Budget,
    rate_pause: Duration,
    state: Mutex<State>,
    /// How many of each priority wait.
    waiting: [AtomicUsize; 5],
    /// Rings when a pause begins, or ends before its time.
    moved: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    calls: VecDeque<Instant>,
    /// The first fetches of old conversations, which have a plan of their own.
    backfills: VecDeque<Instant>,
    paused_until: Option<Instant>,
    /// When the newest pause ends, or ended, that TikTok gave us for asking too fast. A pause for its own reasons is none.
    slowed_until: Option<Instant>,
    /// How often in a row TikTok has said so, each time within a minute of the pause before.
    slowed: u32,
    /// Whether the newest pause is the day's.
    for_today: bool,
    /// The part of the plan we went on with, and since when.
    rate: Option<(f64, Instant)>,
    /// With how many other computers the credential is shared.
    others: u32,
}

impl State {
    /// The part of the plan that may be used now.
    fn rate(&self, now: Instant) -> f64 {
        self.rate.map_or(1.0, |(rate, since)| {
            let minutes = now.saturating_duration_since(since).as_secs_f64() / MINUTE.as_secs_f64();
            (rate + WON_BACK * minutes).min(1.0)
        })
    }
}

/// Counts itself out when dropped, so that a cancelled waiter does not hold up the others.
struct Waiter<'a>(&'a AtomicUsize);

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pace {
    /// A fresh budget; `rate_pause` is how long a per-minute limit is waited out.
    #[must_use]
    pub fn new(budget: Budget, rate_pause: Duration) -> Self {
        Self { budget, rate_pause, state: Mutex::default(), waiting: Default::default(), moved: watch::Sender::new(()) }
    }

    /// Waits until a call may be made.
    pub async fn turn(&self, priority: Priority) {
        let counter = self.waiting.get(priority as usize);
        let _waiter = counter.map(|counter| {
            counter.fetch_add(1, Ordering::Relaxed);
            Waiter(counter)
        });
        // A pause may end before its time, and the wait with it.
        let mut moved = self.moved.subscribe();
        while let Some(wait) = self.try_turn(priority) {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = moved.changed() => {}
            }
        }
    }

    /// Hears whenever a pause begins, or ends before its time.
    #[must_use]
    pub fn pauses(&self) -> watch::Receiver<()> {
        self.moved.subscribe()
    }

    /// How long everyone waits because TikTok said so, if they do.
    #[must_use]
    pub fn paused(&self) -> Option<Duration> {
        let now = Instant::now();
        let state = lock(&self.state);
        state.paused_until.map(|until| until.saturating_duration_since(now)).filter(|wait| !wait.is_zero())
    }

    /// Takes a turn, or says how long to wait before asking again.
    fn try_turn(&self, priority: Priority) -> Option<Duration> {
        let now = Instant::now();
        let mut state = lock(&self.state);
        if let Some(until) = state.paused_until.filter(|until| *until > now) {
            return Some(until - now);
        }
        let ahead = self.waiting.iter().skip(priority as usize + 1).any(|counter| counter.load(Ordering::Relaxed) > 0);
        if ahead {
            return Some(Duration::from_millis(10));
        }
        while state.calls.front().is_some_and(|call| now.duration_since(*call) >= MINUTE) {
            state.calls.pop_front();
        }
        let budget = self.budget.at(state.rate(now) / f64::from(state.others + 1));
        let (per_second, per_minute) = if priority == Priority::Send {
            (budget.sends_per_second, budget.sends_per_minute)
        } else {
            (budget.per_second, budget.per_minute)
        };
        // The call that has to leave its window before there is room for one more.
        let leaves = |calls: &VecDeque<Instant>, most: usize, window: Duration| {
            let oldest = calls.len().checked_sub(most).and_then(|at| calls.get(at));
            oldest.map(|call| (*call + window).saturating_duration_since(now)).filter(|wait| !wait.is_zero())
        };
        let second = Duration::from_secs(1);
        let mut wait = leaves(&state.calls, per_second, second).max(leaves(&state.calls, per_minute, MINUTE));
        if priority == Priority::Backfill {
            wait = wait.max(leaves(&state.backfills, budget.backfills_per_second, second));
        }
        if wait.is_none() {
            state.calls.push_back(now);
            if priority == Priority::Backfill {
                state.backfills.push_back(now);
                while state.backfills.len() > budget.backfills_per_second {
                    state.backfills.pop_front();
                }
            }
        }
        wait
    }

    /// So many computers call with the same credential, this one among them: each keeps to its share, because TikTok counts
    /// them together and none hears of the others.
    pub fn share_among(&self, computers: u32) {
        lock(&self.state).others = computers.saturating_sub(1);
    }

    /// TikTok is not there for a while, which is no matter of how much we ask: everyone waits this long.
    pub fn pause(&self, wait: Duration) -> Duration {
        let now = Instant::now();
        let mut state = lock(&self.state);
        let alone = now + spread(wait);
        let until = state.paused_until.map_or(alone, |until| until.max(alone));
        state.paused_until = Some(until);
        self.moved.send_replace(());
        until - now
    }

    /// TikTok said to slow down: everyone waits `at_least` this long, and longer if it said so just before or named a
    /// longer limit. The day ends for TikTok in `day_left`. Returns how long.
    pub fn slow_down(&self, at_least: Duration, named: Option<RateLimit>, day_left: Duration) -> Duration {
        let now = Instant::now();
        let mut state = lock(&self.state);
        if let Some(until) = state.slowed_until.filter(|until| *until > now) {
            // Calls that were under way when the first one was told so.
            return until.max(state.paused_until.unwrap_or(until)) - now;
        }
        // At midnight everybody comes back, which is enough to be told so: by then it says nothing about the day before.
        let again = !state.for_today && state.slowed_until.is_some_and(|until| now.duration_since(until) < MINUTE);
        state.slowed = if again { state.slowed + 1 } else { 0 };
        state.slowed = match named {
            Some(RateLimit::Second) => 0,
            Some(RateLimit::Minute) => state.slowed.clamp(1, DAY - 1),
            Some(RateLimit::Day) => DAY,
            None => state.slowed,
        };
        state.for_today = state.slowed >= DAY;
        let pause = spread(match state.slowed {
            0 => at_least,
            1..DAY => at_least.max(self.rate_pause),
            _ => day_left.max(self.rate_pause),
        });
        let until = now + pause;
        if state.slowed > 0 {
            state.rate = Some(((state.rate(now) / 2.0).max(SLOWEST), until));
        }
        state.slowed_until = Some(until);
        let until = state.paused_until.map_or(until, |paused| paused.max(until));
        state.paused_until = Some(until);
        self.moved.send_replace(());
        until - now
    }

    /// The agent wants it tried now: a pause that was to last until tomorrow may have been a misunderstanding.
    pub fn end_pause(&self) {
        let now = Instant::now();
        let mut state = lock(&self.state);
        if state.for_today && state.paused_until.is_some_and(|until| until > now) {
            state.paused_until = Some(now);
            state.slowed_until = Some(now);
            state.for_today = false;
            state.slowed = 1;
            self.moved.send_replace(());
        }
    }

    /// The computer slept this long. Timers stood still meanwhile, and TikTok's day did not.
    pub fn skip_pause(&self, long: Duration) {
        let mut state = lock(&self.state);
        // Before this computer was started there was no pause.
        state.paused_until = state.paused_until.and_then(|until| until.checked_sub(long));
        state.slowed_until = state.slowed_until.and_then(|until| until.checked_sub(long));
        state.rate = state.rate.and_then(|(rate, since)| Some((rate, since.checked_sub(long)?)));
        self.moved.send_replace(());
    }
}

/// A pause, and as much more as keeps those who were told so together from coming back together.
fn spread(pause: Duration) -> Duration {
    pause + (pause / 4).min(MINUTE).mul_f64(rand::random_range(0.0..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a pause is of so many seconds, and not much longer.
    fn lasts(pause: Duration, seconds: u64) -> bool {
        let least = Duration::from_secs(seconds);
        (least..=least + (least / 4).min(MINUTE)).contains(&pause)
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_holds_more_calls_than_planned() {
        let pace = Pace::new(Budget::default(), MINUTE);
        let mut calls = Vec::new();
        for _ in 0..40 {
            pace.turn(Priority::Sweep).await;
            calls.push(Instant::now());
        }
        for window in calls.windows(Budget::default().per_second + 1) {
            assert!(*window.last().unwrap() - window[0] >= Duration::from_secs(1));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reply_goes_before_a_backfill_that_waited_longer() {
        let pace = std::sync::Arc::new(Pace::new(Budget::default(), MINUTE));
        for _ in 0..Budget::default().sends_per_second {
            pace.turn(Priority::Send).await;
        }
        let order = std::sync::Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for priority in [Priority::Backfill, Priority::Send] {
            let (pace, order) = (pace.clone(), order.clone());
            tasks.push(tokio::spawn(async move {
                pace.turn(priority).await;
                order.lock().unwrap().push(priority);
            }));
            tokio::task::yield_now().await;
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [Priority::Send, Priority::Backfill]);
    }

    #[tokio::test(start_paused = true)]
    async fn told_twice_within_a_minute_everyone_waits_out_the_minute_limit() {
        let pace = Pace::new(Budget::default(), Duration::from_secs(300));
        let day = Duration::from_secs(10 * 3600);
        assert!(lasts(pace.slow_down(Duration::from_secs(1), None, day), 1));
        let before = Instant::now();
        pace.turn(Priority::Send).await;
        assert!(before.elapsed() >= Duration::from_secs(1));
        assert!(lasts(pace.slow_down(Duration::from_secs(1), None, day), 300));
        assert!(
            pace.slow_down(Duration::from_secs(1), None, day) > Duration::from_secs(299),
            "already waiting: not longer"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn told_so_after_every_pause_everyone_waits_for_tiktoks_midnight_unless_the_agent_insists() {
        let pace = Pace::new(Budget::default(), Duration::from_secs(300));
        let (second, day) = (Duration::from_secs(1), Duration::from_secs(10 * 3600));
        // The second round is the next day's: what was said the day before does not count.
        for seconds in [1, 300, 300, 36_000, 1, 300, 300] {
            let pause = pace.slow_down(second, None, day);
            assert!(lasts(pause, seconds), "{pause:?} for {seconds} s");
            tokio::time::advance(pause).await;
        }
        assert!(lasts(pace.slow_down(second, None, day), 36_000), "and the next day again, if need be");
        pace.end_pause();
        let before = Instant::now();
        pace.turn(Priority::Send).await;
        assert!(before.elapsed() < MINUTE);
        tokio::time::advance(2 * MINUTE).await;
        assert!(lasts(pace.slow_down(second, None, day), 1), "a quiet minute ends it");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_for_midnight_goes_on_when_the_agent_insists() {
        let pace = std::sync::Arc::new(Pace::new(Budget::default(), Duration::from_secs(300)));
        let mut heard = pace.pauses();
        pace.slow_down(Duration::from_secs(1), Some(RateLimit::Day), Duration::from_secs(36_000));
        assert!(heard.has_changed().unwrap(), "that a pause begins is heard");
        let waiting = pace.clone();
        let waiting = tokio::spawn(async move { waiting.turn(Priority::Sweep).await });
        tokio::task::yield_now().await;
        heard.mark_unchanged();
        pace.end_pause();
        assert!(heard.has_changed().unwrap() && pace.paused().is_none(), "and that it ends");
        tokio::time::timeout(MINUTE, waiting).await.expect("a turn within the minute").unwrap();
        pace.slow_down(Duration::from_secs(1), Some(RateLimit::Minute), Duration::from_secs(36_000));
        pace.end_pause();
        assert!(pace.paused().is_some(), "five minutes are no misunderstanding");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_slept_through_is_not_waited_for_again() {
        let hour = Duration::from_secs(3_600);
        let pace = std::sync::Arc::new(Pace::new(Budget::default(), Duration::from_secs(300)));
        pace.slow_down(Duration::from_secs(1), Some(RateLimit::Day), 4 * hour);
        let waiting = pace.clone();
        let waiting = tokio::spawn(async move { waiting.turn(Priority::Sweep).await });
        tokio::task::yield_now().await;
        pace.skip_pause(hour);
        let left = pace.paused().unwrap();
        assert!(left > 2 * hour && left <= 3 * hour + MINUTE, "{left:?}");
        pace.skip_pause(7 * hour);
        assert_eq!(pace.paused(), None);
        tokio::time::timeout(MINUTE, waiting).await.expect("a turn within the minute").unwrap();
        assert!(lasts(pace.slow_down(Duration::from_secs(1), None, hour), 1), "it ended hours ago");
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_that_tiktok_names_is_believed_and_maintenance_is_none() {
        let day = Duration::from_secs(36_000);
        let told = |limit| {
            Pace::new(Budget::default(), Duration::from_secs(300)).slow_down(Duration::from_secs(1), Some(limit), day)
        };
        assert!(lasts(told(RateLimit::Second), 1));
        assert!(lasts(told(RateLimit::Minute), 300));
        assert!(lasts(told(RateLimit::Day), 36_000));
        let pace = Pace::new(Budget::default(), Duration::from_secs(300));
        for _ in 0..10 {
            let pause = pace.pause(MINUTE);
            assert!(lasts(pause, 60), "{pause:?}, however often");
            tokio::time::advance(pause).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_for_tiktoks_own_reasons_does_not_count_as_asking_too_fast() {
        let (second, day) = (Duration::from_secs(1), Duration::from_secs(36_000));
        let pace = Pace::new(Budget::default(), Duration::from_secs(300));
        let pause = pace.pause(MINUTE);
        tokio::time::advance(pause).await;
        assert!(lasts(pace.slow_down(second, None, day), 1), "the first time we were told so");
        tokio::time::advance(2 * second).await;
        let pause = pace.pause(MINUTE);
        tokio::time::advance(second).await;
        let told = pace.slow_down(second, None, day);
        assert!(lasts(told, 300), "the second time within a minute, {told:?}, though maintenance came between");
        assert!(told > pause);
        let pace = Pace::new(Budget::default(), Duration::from_secs(300));
        let pause = pace.pause(MINUTE);
        let told = pace.slow_down(second, None, day);
        assert!(told > second && told <= pause, "and nobody is let in before maintenance ends: {told:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn computers_that_are_told_so_together_do_not_come_back_together() {
        let day = Duration::from_secs(36_000);
        for limit in [RateLimit::Second, RateLimit::Minute, RateLimit::Day] {
            let back = (0..9).map(|_| {
                Pace::new(Budget::default(), Duration::from_secs(300)).slow_down(
                    Duration::from_secs(1),
                    Some(limit),
                    day,
                )
            });
            let back: std::collections::BTreeSet<Duration> = back.collect();
            assert!(back.len() > 5, "{back:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn after_the_minutes_limit_we_go_at_half_the_rate_and_win_it_back() {
        let pace = Pace::new(Budget::default(), Duration::from_secs(300));
        let day = Duration::from_secs(36_000);
        pace.slow_down(Duration::from_secs(1), None, day);
        tokio::time::advance(Duration::from_secs(2)).await;
        let pause = pace.slow_down(Duration::from_secs(1), None, day);
        tokio::time::advance(pause).await;
        let calls = async |pace: &Pace| {
            let (began, mut calls) = (Instant::now(), 0);
            while began.elapsed() < Duration::from_secs(10) {
                pace.turn(Priority::Sweep).await;
                calls += 1;
            }
            calls
        };
        let slow = calls(&pace).await;
        assert!((20..=28).contains(&slow), "{slow} calls in ten seconds at half of five a second");
        tokio::time::advance(Duration::from_secs(6 * 60)).await;
        let full = calls(&pace).await;
        assert!(full >= 48, "{full} calls in ten seconds once it is won back");
    }

    #[tokio::test(start_paused = true)]
    async fn nine_computers_together_stay_below_what_tiktok_allows() {
        let (began, mut calls) = (Instant::now(), 0);
        let desks: Vec<_> = (0..9).map(|_| Pace::new(Budget::default(), MINUTE)).collect();
        desks.iter().for_each(|pace| pace.share_among(9));
        for pace in &desks {
            while pace.try_turn(Priority::Send).is_none() {
                calls += 1;
            }
        }
        assert!(began.elapsed().is_zero() && calls <= 10, "{calls} replies in one second");
    }

    #[tokio::test(start_paused = true)]
    async fn old_conversations_take_two_calls_a_second_and_leave_the_rest_to_others() {
        let pace = Pace::new(Budget::default(), MINUTE);
        let began = Instant::now();
        for _ in 0..20 {
            pace.turn(Priority::Backfill).await;
        }
        assert!(began.elapsed() >= Duration::from_secs(9), "{:?}", began.elapsed());
        let began = Instant::now();
        for _ in 0..3 {
            pace.turn(Priority::Open).await;
        }
        assert!(began.elapsed() < Duration::from_secs(1));
    }
}
