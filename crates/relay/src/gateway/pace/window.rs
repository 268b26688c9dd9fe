//! How many calls the last second and the last minute hold.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// The slowest the app goes, as a part of its pace.
const SLOWEST: f64 = 0.125;
/// What is won back each minute, as a part of the pace.
const WON_BACK: f64 = 0.1;

#[derive(Debug)]
pub(super) struct Window {
    /// Of all that call with the app.
    of_app: usize,
    per_second: usize,
    calls: VecDeque<Instant>,
    /// The part of the pace that the app went on with after a pause, and since when.
    rate: Option<(f64, Instant)>,
}

impl Window {
    pub(super) fn new(per_second: usize) -> Self {
        let per_second = per_second.max(1);
        Self { of_app: per_second, per_second, calls: VecDeque::new(), rate: None }
    }

    /// From now on this is one of so many.
    pub(super) fn share_among(&mut self, processes: usize) {
        self.per_second = (self.of_app / processes.max(1)).max(1);
    }

    fn rate(&self, now: Instant) -> f64 {
        self.rate.map_or(1.0, |(rate, since)| {
            let minutes = now.saturating_duration_since(since).as_secs_f64() / MINUTE.as_secs_f64();
            (rate + WON_BACK * minutes).min(1.0)
        })
    }

    /// From `until` on half of what was gone with so far, won back bit by bit.
    pub(super) fn halve(&mut self, now: Instant, until: Instant) {
        self.rate = Some(((self.rate(now) / 2.0).max(SLOWEST), until));
    }

    /// When there is room for a call of a priority that may use so many tenths of the pace.
    pub(super) fn free_at(&self, tenths: usize, now: Instant) -> Instant {
        let share = f64::from(u32::try_from(self.per_second * tenths).unwrap_or(u32::MAX)) / 10.0;
        let room = share * self.rate(now);
        let (in_second, in_minute) = (whole(room), whole(room * 60.0));
        // Slower than one call a second only the minute says.
        let second = self.leaves(in_second, SECOND);
        let minute = self.leaves(in_minute, MINUTE);
        second.max(minute).map_or(now, |at| at.max(now))
    }

    /// When the call leaves the window that has to before there is room for one more.
    fn leaves(&self, most: usize, window: Duration) -> Option<Instant> {
        let oldest = self.calls.len().checked_sub(most)?;
        self.calls.get(oldest).map(|call| *call + window)
    }

    pub(super) fn record(&mut self, now: Instant) {
        while self.calls.front().is_some_and(|call| now.duration_since(*call) >= MINUTE) {
            self.calls.pop_front();
        }
        self.calls.push_back(now);
    }

    /// About how long so many calls take.
    pub(super) fn time_for(&self, calls: usize) -> Duration {
        let calls = u32::try_from(calls).unwrap_or(u32::MAX);
        let per_second = u32::try_from(self.per_second).unwrap_or(u32::MAX);
        SECOND * calls.div_ceil(per_second).max(1)
    }
}

/// At least one.
fn whole(room: f64) -> usize {
    // A pace has a few digits.
    format!("{:.0}", room.floor().max(1.0)).parse().unwrap_or(1)
}
