//! The sandbox's own time: the real clock, moved forward on demand, so that a reply window can close while a test
//! waits for nothing.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// One day in milliseconds.
pub(crate) const DAY_MS: i64 = 86_400_000;
/// One hour in milliseconds.
pub(crate) const HOUR_MS: i64 = 3_600_000;
/// One minute in milliseconds.
pub(crate) const MINUTE_MS: i64 = 60_000;

/// Real time plus what it was advanced by. It never runs backwards: it is anchored once and then follows the
/// monotonic clock, so a computer that corrects its time does not reorder a conversation.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    start_ms: i64,
    advanced_ms: AtomicI64,
}

impl Clock {
    /// A clock that shows `start_ms` (milliseconds since the epoch) now, or the real time.
    pub(crate) fn starting_at(start_ms: Option<i64>) -> Clock {
        Clock { started: Instant::now(), start_ms: start_ms.unwrap_or_else(wall_ms), advanced_ms: AtomicI64::new(0) }
    }

    /// Milliseconds since the epoch.
    pub(crate) fn now_ms(&self) -> i64 {
        self.start_ms + ms(self.started.elapsed()) + self.advanced_ms.load(Ordering::SeqCst)
    }

    /// Moves the clock forward.
    pub(crate) fn advance(&self, by: Duration) {
        self.advanced_ms.fetch_add(ms(by), Ordering::SeqCst);
    }

    /// What the clock showed when the sandbox opened, in milliseconds since the epoch.
    pub(crate) fn opened_at(&self) -> i64 {
        self.start_ms
    }
}

/// A duration in whole milliseconds; absurdly long ones saturate.
pub(crate) fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

/// `YYYYMMDDhhmmss` in UTC, the way TikTok's log ids begin.
pub(crate) fn stamp(at_ms: i64) -> String {
    let (days, in_day) = (at_ms.div_euclid(DAY_MS), at_ms.rem_euclid(DAY_MS) / 1000);
    // Days to a civil date, counted from 1 March of year 0 so that the leap day is the last of its year.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (in_day / 3600, in_day / 60 % 60, in_day % 60);
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
}

/// The time as a `Date` header says it, to the second.
pub(crate) fn http_date(at_ms: i64) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let stamp = stamp(at_ms);
    let part = |from: usize, to: usize| stamp.get(from..to).unwrap_or_default();
    let number = |from: usize, to: usize| part(from, to).parse::<usize>().unwrap_or_default();
    // The epoch began on a Thursday.
    let day = usize::try_from((at_ms.div_euclid(DAY_MS) + 4).rem_euclid(7)).unwrap_or_default();
    let (day, month) = (DAYS.get(day), MONTHS.get(number(4, 6).wrapping_sub(1)));
    format!(
        "{}, {} {} {} {}:{}:{} GMT",
        day.copied().unwrap_or_default(),
        part(6, 8),
        month.copied().unwrap_or_default(),
        part(0, 4),
        part(8, 10),
        part(10, 12),
        part(12, 14)
    )
}

fn wall_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advancing_moves_the_clock_by_that_much() {
        let clock = Clock::starting_at(Some(1_000));
        clock.advance(Duration::from_secs(3600));
        assert!((3_601_000..3_601_000 + 60_000).contains(&clock.now_ms()));
    }

    #[test]
    fn a_date_header_names_the_day_and_the_second() {
        assert_eq!(http_date(784_111_777_999), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn a_log_stamp_is_the_civil_date_in_utc() {
        assert_eq!(stamp(0), "19700101000000");
        assert_eq!(stamp(1_709_210_096_000), "20240229123456");
        assert_eq!(stamp(1_798_761_599_999), "20261231235959");
    }
}
