//! How the times of signatures compare with the relay's clock: if many do not fit, the clock is wrong.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);
/// How many minutes are counted.
const MAX_MINUTES: usize = 60;
/// Fewer than this are no reason to doubt the clock: TikTok repeats a delivery now and then.
const MIN_OUT_OF_TIME: u64 = 5;
/// A stranger tries once or twice.
const MIN_WRONG: u64 = 5;
/// In percent of all.
const MAX_OUT_OF_TIME_PERCENT: u64 = 1;

/// Counts the signatures of the last hour by whether they were right, and whether their time was now.
#[derive(Debug, Default)]
pub struct SignatureTimes {
    warned: Mutex<Option<Instant>>,
    minutes: Mutex<VecDeque<CountedMinute>>,
}

#[derive(Debug)]
struct CountedMinute {
    began: Instant,
    count: SignatureCount,
}

/// Signatures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SignatureCount {
    /// Right ones.
    pub all: u64,
    /// Those that were more than 300 s old, or more than 60 s ahead.
    pub out_of_time: u64,
    /// Well-formed ones that were wrong: by another secret, or over another body.
    pub wrong: u64,
}

impl SignatureCount {
    /// The part whose time was not now, from 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of an hour")]
    pub fn ratio(self) -> f64 {
        if self.all == 0 { 0.0 } else { self.out_of_time as f64 / self.all as f64 }
    }

    /// Whether all that came was wrong: the app's secret was changed at TikTok and not here, or strangers try.
    #[must_use]
    pub fn is_by_another_secret(self) -> bool {
        self.all == 0 && self.wrong >= MIN_WRONG
    }

    /// Whether so many do not fit that the relay's clock must be looked at.
    #[must_use]
    pub fn is_alarming(self) -> bool {
        self.out_of_time >= MIN_OUT_OF_TIME && self.out_of_time * 100 > self.all * MAX_OUT_OF_TIME_PERCENT
    }
}

impl SignatureTimes {
    /// A signature was right.
    pub(super) fn record(&self, fresh: bool) {
        self.record_at(fresh, Instant::now());
    }

    /// Whether a warning is due: at most one a minute.
    pub(super) fn is_time_to_warn(&self) -> bool {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = warned.is_none_or(|at| at.elapsed() >= MINUTE);
        if is_due {
            *warned = Some(Instant::now());
        }
        is_due
    }

    /// A signature was wrong.
    pub(super) fn record_wrong(&self) {
        self.count_in_minute(Instant::now(), |count| count.wrong += 1);
    }

    fn record_at(&self, fresh: bool, now: Instant) {
        self.count_in_minute(now, |count| {
            count.all += 1;
            count.out_of_time += u64::from(!fresh);
        });
    }

    fn count_in_minute(&self, now: Instant, add: impl FnOnce(&mut SignatureCount)) {
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        if minutes.back().is_none_or(|minute| now.duration_since(minute.began) >= MINUTE) {
            minutes.push_back(CountedMinute { began: now, count: SignatureCount::default() });
        }
        while minutes.len() > MAX_MINUTES {
            minutes.pop_front();
        }
        if let Some(minute) = minutes.back_mut() {
            add(&mut minute.count);
        }
    }

    /// The signatures of the last hour.
    #[must_use]
    pub fn count(&self) -> SignatureCount {
        self.count_at(Instant::now())
    }

    fn count_at(&self, now: Instant) -> SignatureCount {
        let minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        let hour = MINUTE * u32::try_from(MAX_MINUTES).unwrap_or(u32::MAX);
        let recent = minutes.iter().filter(|minute| now.duration_since(minute.began) <= hour);
        recent.fold(SignatureCount::default(), |sum, minute| SignatureCount {
            all: sum.all + minute.count.all,
            out_of_time: sum.out_of_time + minute.count.out_of_time,
            wrong: sum.wrong + minute.count.wrong,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_one_in_a_hundred_is_alarming_and_an_hour_later_forgotten() {
        let (times, began) = (SignatureTimes::default(), Instant::now());
        for index in 0..500 {
            times.record_at(index % 100 != 0, began + Duration::from_secs(index));
        }
        let at = began + Duration::from_secs(500);
        assert_eq!(times.count_at(at), SignatureCount { all: 500, out_of_time: 5, wrong: 0 });
        assert!(!times.count_at(at).is_alarming(), "one in a hundred");
        times.record_at(false, at);
        assert!(times.count_at(at).is_alarming());
        assert_eq!(times.count_at(at + Duration::from_secs(3_700)), SignatureCount::default());
    }

    #[test]
    fn a_few_late_ones_on_a_quiet_day_say_nothing() {
        let times = SignatureTimes::default();
        for _ in 0..4 {
            times.record(false);
        }
        assert!(!times.count().is_alarming());
        times.record(false);
        assert!(times.count().is_alarming());
    }

    #[test]
    fn nothing_but_wrong_signatures_is_another_secret() {
        let times = SignatureTimes::default();
        for _ in 0..5 {
            assert!(!times.count().is_by_another_secret());
            times.record_wrong();
        }
        assert!(times.count().is_by_another_secret());
        times.record(true);
        assert!(!times.count().is_by_another_secret());
    }

    #[test]
    fn the_memory_does_not_grow() {
        let (times, began) = (SignatureTimes::default(), Instant::now());
        for minute in 0..500 {
            times.record_at(true, began + MINUTE * minute);
        }
        assert_eq!(times.minutes.lock().unwrap().len(), MAX_MINUTES);
    }
}
