//! Times that TikTok names.

/// 1 January 2014, ms since the epoch: before there was anything like TikTok.
const EARLIEST_MS: i64 = 1_388_534_400_000;
/// 1 January 2100, ms since the epoch.
const LATEST_MS: i64 = 4_102_444_800_000;
/// How far ahead of us a moment may lie that has happened: TikTok's own computers do not quite agree.
const MAX_AHEAD_MS: i64 = 3_600_000;

/// A moment that TikTok named. It is only made where an answer is parsed, between the years 2014 and 2100, and only
/// read by a caller that knows what time it is ([`Self::ms_by`]). What is no such moment was not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// A moment of the calendar, ms since the epoch.
    pub(crate) fn of_ms(ms: i64) -> Option<Self> {
        (EARLIEST_MS..=LATEST_MS).contains(&ms).then_some(Self(ms))
    }

    /// A number that is a moment in seconds or in ms: of the two only one can be one.
    pub(crate) fn read(number: i64) -> Option<Self> {
        Self::of_ms(number).or_else(|| Self::of_ms(number.checked_mul(1000)?))
    }

    /// The moment in ms since the epoch; `None` if it lies more than an hour ahead of `now_ms`, when it cannot have
    /// happened yet.
    #[must_use]
    pub fn ms_by(self, now_ms: i64) -> Option<i64> {
        (self.0 <= now_ms.saturating_add(MAX_AHEAD_MS)).then_some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_moment_that_can_have_happened_is_one() {
        let now_ms = 1_790_000_000_000;
        let read = |number| Timestamp::read(number).and_then(|at| at.ms_by(now_ms));
        assert_eq!(read(now_ms), Some(now_ms));
        assert_eq!(read(now_ms / 1000), Some(now_ms), "seconds");
        assert_eq!(read(now_ms + MAX_AHEAD_MS), Some(now_ms + MAX_AHEAD_MS));
        let year_ms = 365 * 86_400_000;
        for odd in [
            0,
            1,
            -1,
            i64::MIN,
            i64::MAX,
            -now_ms,
            now_ms * 1000,
            now_ms * 1_000_000,
            1_000_000_000_000_000_000,
            8_640_000_000_000_000,
            EARLIEST_MS - 1,
            LATEST_MS + 1,
            now_ms + MAX_AHEAD_MS + 1,
            now_ms + year_ms,
            (now_ms + year_ms) / 1000,
            i64::from(i32::MIN),
            i64::from(i32::MAX),
        ] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
