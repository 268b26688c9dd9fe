//! One pace of calls for the app, shared by all devices.
//!
//! TikTok counts the app's calls by the second, the minute and the day, and answers more with 40100, without a header that
//! says how much is left or which of the three it was ("Rate limits"). So turns are given out here: people's sends first,
//! then the conversations on screens, then everything else, and within each of these one device after the other. Of each
//! second the lower priorities leave a part to the higher ones, so that a send need not wait for the next.
//!
//! Told to slow down, all stop for a second; told so again within a minute, it is the minute's limit: five minutes, and
//! from then on half the rate, won back by a tenth each minute. Told so right after that as well, it is the day's: until
//! midnight UTC. While everyone stops for long, nobody waits here: the answer says when to come again.

mod queue;
mod window;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tiktok::RateLimit;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use queue::Queue;
use window::Window;

/// The pause at which nobody waits for its end.
const LONG_PAUSE: Duration = Duration::from_secs(5);
/// How long the minute's limit is waited out.
const MINUTE_PAUSE: Duration = Duration::from_secs(300);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// The step at which it is the day's limit.
const DAY_STEP: u32 = 3;
/// Calls of one device and one priority that may wait.
const MAX_WAITING_OF_DEVICE: usize = 64;
/// Calls that may wait in all.
const MAX_WAITING: usize = 1_024;

/// Who goes first when calls have to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Priority {
    /// A message of a person's.
    Send,
    /// The conversation on a screen.
    Open,
    /// Lists, and whatever nobody looks at.
    Background,
}

impl Priority {
    const ALL: [Self; 3] = [Self::Send, Self::Open, Self::Background];

    /// The tenths of the pace that this priority may use.
    const fn tenths(self) -> usize {
        match self {
            Self::Send => 10,
            Self::Open => 9,
            Self::Background => 7,
        }
    }
}

/// There is no turn now; this is how long to wait before asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoTurn {
    pub(crate) wait: Duration,
}

/// The pace of one app.
#[derive(Debug)]
pub(crate) struct Pace {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Arc<Notify>,
}

#[derive(Debug)]
struct State {
    queues: [Queue; 3],
    window: Window,
    paused_until: Option<Instant>,
    /// When the newest pause ends, or ended, that TikTok gave for asking too fast. A pause for its own reasons is none.
    slowed_until: Option<Instant>,
    /// How often in a row TikTok has said so, each time within a minute of the pause before.
    slowed: u32,
    /// Whether the newest pause is the day's.
    for_today: bool,
    next_ticket: u64,
}

/// What the giver of turns does next.
enum Next {
    Gave,
    SleepUntil(Instant),
    Idle,
}

/// Takes a call out of its queue when it stops waiting.
struct Place<'a> {
    shared: &'a Shared,
    priority: Priority,
    device: &'a str,
    ticket: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.shared.lock().queue(self.priority).remove(self.device, self.ticket);
    }
}

impl Drop for Pace {
    fn drop(&mut self) {
        // Its task ends.
        self.shared.changed.notify_one();
    }
}

impl Pace {
    /// So many calls a second, and sixty times as many a minute. Needs a runtime: a task gives the turns.
    pub(crate) fn new(per_second: usize) -> Self {
        let state = State {
            queues: Default::default(),
            window: Window::new(per_second),
            paused_until: None,
            slowed_until: None,
            slowed: 0,
            for_today: false,
            next_ticket: 0,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Arc::default() });
        tokio::spawn(give_turns(Arc::downgrade(&shared), Arc::clone(&shared.changed)));
        Self { shared }
    }

    /// Waits until a call may be made, so long at most.
    pub(crate) async fn turn(&self, priority: Priority, device: &str, most: Duration) -> Result<(), NoTurn> {
        let (give, given) = oneshot::channel();
        let place = {
            let mut state = self.shared.lock();
            if let Some(wait) = state.long_pause(Instant::now()) {
                return Err(NoTurn { wait });
            }
            let waiting: usize = state.queues.iter().map(Queue::len).sum();
            if waiting >= MAX_WAITING || state.queue(priority).len_of(device) >= MAX_WAITING_OF_DEVICE {
                return Err(NoTurn { wait: state.window.time_for(waiting) });
            }
            let ticket = state.next_ticket;
            state.next_ticket += 1;
            state.queue(priority).push(device, ticket, give);
            Place { shared: &self.shared, priority, device, ticket }
        };
        self.shared.changed.notify_one();
        let outcome = tokio::time::timeout(most, given).await;
        drop(place);
        match outcome {
            Ok(Ok(turn)) => turn,
            Ok(Err(_)) | Err(_) => {
                let state = self.shared.lock();
                let waiting: usize = state.queues.iter().map(Queue::len).sum();
                Err(NoTurn { wait: state.window.time_for(waiting.max(1)) })
            }
        }
    }

    /// So many relay processes call with the app, this one among them: each keeps to its part, because TikTok counts them
    /// together.
    pub(crate) fn share_among(&self, processes: usize) {
        self.shared.lock().window.share_among(processes);
        self.shared.changed.notify_one();
    }

    /// TikTok is not there for a while, which is no matter of how much is asked: everyone waits this long.
    pub(crate) fn pause(&self, wait: Duration) {
        let now = Instant::now();
        let mut state = self.shared.lock();
        let until = now + wait;
        state.paused_until = Some(state.paused_until.map_or(until, |known| known.max(until)));
        state.send_away(now);
        drop(state);
        self.shared.changed.notify_one();
    }

    /// TikTok said to slow down: everyone waits `at_least` this long, and longer if it said so just before or named a
    /// longer limit. The day ends for TikTok in `day_left`.
    pub(crate) fn slow_down(&self, at_least: Duration, named: Option<RateLimit>, day_left: Duration) {
        let now = Instant::now();
        let mut state = self.shared.lock();
        if state.slowed_until.is_some_and(|until| until > now) {
            // A call that was under way when the first one was told so.
            return;
        }
        // At midnight everybody comes back, which is enough to be told so: it says nothing about the day before.
        let again = !state.for_today && state.slowed_until.is_some_and(|until| now.duration_since(until) < MINUTE);
        let step = if again { state.slowed + 1 } else { 0 };
        state.slowed = match named {
            Some(RateLimit::Second) => 0,
            Some(RateLimit::Minute) => step.clamp(1, DAY_STEP - 1),
            Some(RateLimit::Day) => DAY_STEP,
            None => step.min(DAY_STEP),
        };
        state.for_today = state.slowed >= DAY_STEP;
        let pause = match state.slowed {
            0 => at_least,
            1..DAY_STEP => at_least.max(MINUTE_PAUSE),
            _ => day_left.min(DAY).max(MINUTE_PAUSE),
        };
        let until = now + pause;
        if state.slowed > 0 {
            state.window.halve(now, until);
        }
        state.slowed_until = Some(until);
        state.paused_until = Some(state.paused_until.map_or(until, |known| known.max(until)));
        state.send_away(now);
        tracing::warn!(pause_ms = pause.as_millis(), "TikTok asks the app to slow down");
        drop(state);
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn queue(&mut self, priority: Priority) -> &mut Queue {
        let [sends, opens, background] = &mut self.queues;
        match priority {
            Priority::Send => sends,
            Priority::Open => opens,
            Priority::Background => background,
        }
    }

    /// How long everyone stops, if it is too long to wait for.
    fn long_pause(&self, now: Instant) -> Option<Duration> {
        let left = self.paused_until?.saturating_duration_since(now);
        (left > LONG_PAUSE).then_some(left)
    }

    /// Ends the waiting of all calls if everyone stops for long.
    fn send_away(&mut self, now: Instant) {
        let Some(wait) = self.long_pause(now) else { return };
        for queue in &mut self.queues {
            while let Some(give) = queue.pop() {
                // It may have stopped waiting.
                let _ = give.send(Err(NoTurn { wait }));
            }
        }
    }

    /// Gives one turn, if there is one to give.
    fn next(&mut self, now: Instant) -> Next {
        let Some(first) = Priority::ALL.into_iter().find(|priority| self.queue(*priority).len() > 0) else {
            return Next::Idle;
        };
        if let Some(until) = self.paused_until.filter(|until| *until > now) {
            return Next::SleepUntil(until);
        }
        // What waits behind does not go ahead: it may use less of the pace.
        let free_at = self.window.free_at(first.tenths(), now);
        if free_at > now {
            return Next::SleepUntil(free_at);
        }
        if let Some(give) = self.queue(first).pop()
            && give.send(Ok(())).is_ok()
        {
            self.window.record(now);
        }
        Next::Gave
    }
}

/// Gives turns until the pace is gone.
async fn give_turns(shared: Weak<Shared>, changed: Arc<Notify>) {
    loop {
        let next = match shared.upgrade() {
            Some(shared) => shared.lock().next(Instant::now()),
            None => return,
        };
        match next {
            Next::Gave => {}
            Next::SleepUntil(until) => {
                tokio::select! {
                    () = tokio::time::sleep_until(until) => {}
                    () = changed.notified() => {}
                }
            }
            Next::Idle => changed.notified().await,
        }
    }
}

#[cfg(test)]
mod tests;
