//! One budget of calls for the app's credential, shared by everything that asks TikTok.
//!
//! TikTok allows 10 calls a second and 600 a minute for each app and answers more with 40100, without a header that
//! says how much is left (rate limits). We plan with half of it, let replies go before everything else, and when told
//! to slow down, all of us do.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::timing::Budget;

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

/// The budget.
#[derive(Debug)]
pub struct Pace {
    budget: Budget,
    rate_pause: Duration,
    state: Mutex<State>,
    /// How many of each priority wait.
    waiting: [AtomicUsize; 5],
}

#[derive(Debug, Default)]
struct State {
    calls: VecDeque<Instant>,
    paused_until: Option<Instant>,
    slowed_at: Option<Instant>,
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
        Self { budget, rate_pause, state: Mutex::default(), waiting: Default::default() }
    }

    /// Waits until a call may be made.
    pub async fn turn(&self, priority: Priority) {
        let counter = self.waiting.get(priority as usize);
        let _waiter = counter.map(|counter| {
            counter.fetch_add(1, Ordering::Relaxed);
            Waiter(counter)
        });
        while let Some(wait) = self.try_turn(priority) {
            tokio::time::sleep(wait).await;
        }
    }

    /// Takes a turn, or says how long to wait before asking again.
    fn try_turn(&self, priority: Priority) -> Option<Duration> {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
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
        let budget = self.budget;
        let (per_second, per_minute) = if priority == Priority::Send {
            (budget.sends_per_second, budget.sends_per_minute)
        } else {
            (budget.per_second, budget.per_minute)
        };
        // The call that has to leave its window before there is room for one more.
        let leaves = |most: usize, window: Duration| {
            let oldest = state.calls.len().checked_sub(most).and_then(|at| state.calls.get(at));
            oldest.map(|call| (*call + window).saturating_duration_since(now)).filter(|wait| !wait.is_zero())
        };
        let wait = leaves(per_second, Duration::from_secs(1)).max(leaves(per_minute, MINUTE));
        if wait.is_none() {
            state.calls.push_back(now);
        }
        wait
    }

    /// TikTok said to slow down: everyone waits this long, or longer if it said so twice within a minute. Returns how
    /// long.
    pub fn slow_down(&self, at_least: Duration) -> Duration {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = state.paused_until.filter(|until| *until > now) {
            // Calls that were under way when the first one was told so.
            return until - now;
        }
        let again = state.slowed_at.is_some_and(|before| now.duration_since(before) < MINUTE);
        let pause = if again { at_least.max(self.rate_pause) } else { at_least };
        state.slowed_at = Some(now);
        state.paused_until = Some(now + pause);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(pace.slow_down(Duration::from_secs(1)), Duration::from_secs(1));
        let before = Instant::now();
        pace.turn(Priority::Send).await;
        assert!(before.elapsed() >= Duration::from_secs(1));
        assert_eq!(pace.slow_down(Duration::from_secs(1)), Duration::from_secs(300));
        assert!(pace.slow_down(Duration::from_secs(1)) > Duration::from_secs(299), "already waiting: not longer");
    }
}
