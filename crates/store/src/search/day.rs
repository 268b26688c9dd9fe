//! Days of the calendar, as typed after `before:`, `after:` and `on:`.

use model::Millis;

use model::text_fold::fold;

const DAY_MS: Millis = 86_400_000;

/// What was typed for a date: days counted from 1970-01-01, the second one excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Days(i64, i64),
    Today,
    Yesterday,
}

impl When {
    /// A year, a month, a day, `today` or `yesterday`.
    pub(super) fn parse(typed: &str) -> Option<Self> {
        let folded = fold(typed);
        match folded.as_str() {
            "today" => return Some(Self::Today),
            "yesterday" => return Some(Self::Yesterday),
            _ => {}
        }
        let mut parts = folded.split(['-', '/', '.']).map(|part| {
            (!part.is_empty() && part.len() <= 4 && part.chars().all(|c| c.is_ascii_digit()))
                .then(|| part.parse::<i64>().ok())
                .flatten()
        });
        let year = parts.next()??;
        let month = parts.next().map_or(Some(None), |part| part.map(Some))?;
        let day = parts.next().map_or(Some(None), |part| part.map(Some))?;
        if parts.next().is_some() || !(1970..=9999).contains(&year) {
            return None;
        }
        let (first, after) = match (month, day) {
            (None, _) => (days(year, 1, 1), days(year + 1, 1, 1)),
            (Some(month @ 1..=12), None) => (days(year, month, 1), next_month(year, month)),
            (Some(month @ 1..=12), Some(day)) => {
                let first = days(year, month, 1);
                let wanted = first + day - 1;
                if day < 1 || wanted >= next_month(year, month) {
                    return None;
                }
                (wanted, wanted + 1)
            }
            _ => return None,
        };
        Some(Self::Days(first, after))
    }

    /// Whether this may become a date once more is typed.
    pub(super) fn begins(typed: &str) -> bool {
        let folded = fold(typed);
        "today".starts_with(&folded)
            || "yesterday".starts_with(&folded)
            || (folded.chars().count() < 4 && folded.chars().all(|c| c.is_ascii_digit()))
            || folded.strip_suffix(['-', '/', '.']).is_some_and(|start| Self::parse(start).is_some())
            || folded.strip_suffix("-0").is_some_and(|start| Self::parse(start).is_some())
    }

    /// From when to when it is, if it can be known: `today` needs a clock.
    pub(super) fn span(self, clock: Option<Millis>, offset_ms: &dyn Fn(Millis) -> Millis) -> Option<(Millis, Millis)> {
        let today = clock.map(|now| (now + offset_ms(now)).div_euclid(DAY_MS));
        let (first, after) = match self {
            Self::Days(first, after) => (first, after),
            Self::Today => (today?, today? + 1),
            Self::Yesterday => (today? - 1, today?),
        };
        Some((midnight(first, offset_ms), midnight(after, offset_ms)))
    }
}

/// When a day begins where the agent is. Asked twice, because the offset of that moment is not known before it is.
fn midnight(day: i64, offset_ms: &dyn Fn(Millis) -> Millis) -> Millis {
    let there = day * DAY_MS;
    let guess = there - offset_ms(there);
    there - offset_ms(guess)
}

fn next_month(year: i64, month: i64) -> i64 {
    if month == 12 { days(year + 1, 1, 1) } else { days(year, month + 1, 1) }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, counting years from March so that the leap day comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(2000, 3, 1), 11_017);
        assert_eq!(days(2026, 11, 5), 20_762);
    }

    #[test]
    fn a_date_is_a_year_a_month_or_a_day_in_any_digits() {
        assert_eq!(When::parse("2026-11-05"), Some(When::Days(20_762, 20_763)));
        assert_eq!(When::parse("2026-11-5"), When::parse("٢٠٢٦-١١-٠٥"));
        assert_eq!(When::parse("2026-11"), Some(When::Days(20_758, 20_788)));
        assert_eq!(When::parse("2024"), Some(When::Days(days(2024, 1, 1), days(2024, 1, 1) + 366)));
        assert_eq!(When::parse("Today"), Some(When::Today));
        for wrong in ["", "2026-13", "2026-02-29", "2026-1-1-1", "soon", "26", "2026-11-00", "99999", "-1"] {
            assert_eq!(When::parse(wrong), None, "{wrong}");
        }
        assert!(["t", "20", "2026-", "2026-0", "yester"].iter().all(|typed| When::begins(typed)));
        assert!(!["x", "2026-13", "12-12"].iter().any(|typed| When::begins(typed)));
    }

    #[test]
    fn a_day_begins_when_it_does_where_the_agent_is_and_is_an_hour_short_when_the_clocks_change() {
        // Berlin: summer time ended on 2026-10-25 at 01:00 UTC.
        let change = days(2026, 10, 25) * DAY_MS + 3_600_000;
        let berlin = move |at: Millis| if at < change { 7_200_000 } else { 3_600_000 };
        let (from, to) = When::parse("2026-10-25").unwrap().span(None, &berlin).unwrap();
        assert_eq!(from, days(2026, 10, 25) * DAY_MS - 7_200_000);
        assert_eq!(to - from, 25 * 3_600_000);
        let now = days(2026, 11, 5) * DAY_MS + 23 * 3_600_000 + 1_800_000;
        assert_eq!(When::Today.span(Some(now), &berlin).unwrap().0, days(2026, 11, 6) * DAY_MS - 3_600_000);
        assert_eq!(When::Today.span(None, &berlin), None);
    }
}
