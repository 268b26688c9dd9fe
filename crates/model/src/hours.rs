//! When a shop answers: business hours of each weekday in the shop's own time zone, and the days on which it is closed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Millis;

/// The minutes of a day.
const DAY: u16 = 24 * 60;
/// So many days ahead it is looked when the shop opens: no shop closes for longer.
const MAX_DAYS: u32 = 731;

/// A stretch of a day, in minutes since midnight. One that ends at or before its beginning goes on into the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DaySpan {
    /// The first minute, 0 to 1439.
    pub from_minute: u16,
    /// The minute after the last, 0 to 1440.
    pub to_minute: u16,
}

/// A day on which the shop is closed whatever the weekday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Holiday {
    /// The date, as `2026-12-25`.
    pub date: String,
    /// What it is called; may be empty.
    pub name: String,
}

/// Business hours of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BusinessHours {
    /// The name of the time zone in the tz database, as `Asia/Bangkok`.
    pub time_zone: String,
    /// Monday to Sunday: seven entries, each the stretches in which the shop answers; none for a day off.
    pub week: Vec<Vec<DaySpan>>,
    /// Days off.
    pub holidays: Vec<Holiday>,
}

/// What is wrong with business hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoursProblem {
    /// The tz database has no such zone.
    TimeZone,
    /// Not seven days, or a stretch that is none.
    Week,
    /// A date that is none.
    Holiday,
}

impl DaySpan {
    /// Whether its minutes are a day's.
    #[must_use]
    pub fn is_valid(self) -> bool {
        self.from_minute < DAY && self.to_minute <= DAY
    }

    /// Whether it goes on into the next day.
    fn is_overnight(self) -> bool {
        self.to_minute <= self.from_minute
    }

    fn holds_today(self, minute: u16) -> bool {
        self.from_minute <= minute && (self.is_overnight() || minute < self.to_minute)
    }

    fn holds_from_yesterday(self, minute: u16) -> bool {
        self.is_overnight() && minute < self.to_minute
    }
}

impl BusinessHours {
    /// What is wrong with them, if anything is.
    #[must_use]
    pub fn problem(&self) -> Option<HoursProblem> {
        if Zone::named(&self.time_zone).is_none() {
            Some(HoursProblem::TimeZone)
        } else if self.week.len() != 7 || self.week.iter().flatten().any(|span| !span.is_valid()) {
            Some(HoursProblem::Week)
        } else if self.holidays.iter().any(|holiday| date(&holiday.date).is_none()) {
            Some(HoursProblem::Holiday)
        } else {
            None
        }
    }
}

/// A place's time. Its rules come from the tz database that Deskbell brings along.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of this name in the tz database.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().map(Self)
    }

    /// This computer's zone, as the system says; UTC if it does not.
    #[must_use]
    pub fn here() -> Self {
        Self(TimeZone::system())
    }

    /// All names there are, by the alphabet.
    #[must_use]
    pub fn names() -> Vec<String> {
        let mut names: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
        names.sort_unstable();
        names
    }

    /// How far its clocks are ahead of UTC at a time, in ms.
    #[must_use]
    pub fn offset_ms(&self, at_ms: Millis) -> Millis {
        // No clock shows a time outside of the calendar, so how far it is ahead there does not matter.
        Timestamp::from_millisecond(at_ms).map_or(0, |at| Millis::from(self.0.to_offset(at).seconds()) * 1_000)
    }

    /// Its date, as `2026-11-28`.
    #[must_use]
    pub fn date_of(&self, at_ms: Millis) -> String {
        self.local(at_ms).map_or_else(String::new, |(date, _)| date.to_string())
    }

    /// Whether a time is within a stretch of one of these weekdays, 1 for Monday to 7; of any if there are none. What goes
    /// on after midnight belongs to the day it began on.
    #[must_use]
    pub fn is_within(&self, at_ms: Millis, span: DaySpan, days: &[u8]) -> bool {
        let Some((date, minute)) = self.local(at_ms) else { return false };
        let on = |date: Date| {
            days.is_empty() || u8::try_from(date.weekday().to_monday_one_offset()).is_ok_and(|day| days.contains(&day))
        };
        span.holds_today(minute) && on(date) || span.holds_from_yesterday(minute) && date.yesterday().is_ok_and(on)
    }

    /// The day and the minute of it.
    fn local(&self, at_ms: Millis) -> Option<(Date, u16)> {
        let local = self.0.to_datetime(Timestamp::from_millisecond(at_ms).ok()?);
        let minute = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        Some((local.date(), minute))
    }

    /// When a minute of a day is: twice where clocks are put back, and where they are put forward the time it becomes.
    fn instants(&self, date: Date, minute: u16) -> Vec<Millis> {
        let Ok(hour) = i8::try_from(minute / 60 % 24) else { return Vec::new() };
        let Ok(past) = i8::try_from(minute % 60) else { return Vec::new() };
        let date = if minute >= DAY { date.tomorrow() } else { Ok(date) };
        let (Ok(date), Ok(time)) = (date, Time::new(hour, past, 0, 0)) else { return Vec::new() };
        let at = |found: Result<Timestamp, jiff::Error>| found.ok().map(Timestamp::as_millisecond);
        let local = DateTime::from_parts(date, time);
        let (earlier, later) = (self.0.to_ambiguous_timestamp(local), self.0.to_ambiguous_timestamp(local));
        [at(earlier.earlier()), at(later.later())].into_iter().flatten().collect()
    }
}

/// Business hours ready to be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    zone: Zone,
    week: Vec<Vec<DaySpan>>,
    holidays: BTreeSet<Date>,
}

impl Hours {
    /// None if there is anything wrong with them.
    #[must_use]
    pub fn of(hours: &BusinessHours) -> Option<Self> {
        if hours.problem().is_some() {
            return None;
        }
        let holidays = hours.holidays.iter().filter_map(|holiday| date(&holiday.date)).collect();
        Some(Self { zone: Zone::named(&hours.time_zone)?, week: hours.week.clone(), holidays })
    }

    /// Their time zone.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Whether the shop answers at this time. On a holiday it does not from midnight to midnight, whatever goes on into it
    /// or out of it.
    #[must_use]
    pub fn is_open(&self, at_ms: Millis) -> bool {
        let Some((today, minute)) = self.zone.local(at_ms) else { return false };
        if self.holidays.contains(&today) {
            return false;
        }
        let yesterday = today.yesterday().ok().filter(|date| !self.holidays.contains(date));
        self.on(today).iter().any(|span| span.holds_today(minute))
            || yesterday.is_some_and(|date| self.on(date).iter().any(|span| span.holds_from_yesterday(minute)))
    }

    /// When the shop opens or closes next after this time; none within two years.
    #[must_use]
    pub fn changes_at(&self, at_ms: Millis) -> Option<Millis> {
        let open = self.is_open(at_ms);
        let (mut day, _) = self.zone.local(at_ms)?;
        let mut edges: BTreeSet<u16> =
            self.week.iter().flatten().flat_map(|span| [span.from_minute, span.to_minute]).collect();
        edges.extend([0, DAY]);
        for _ in 0..MAX_DAYS {
            let mut found: Vec<Millis> =
                edges.iter().flat_map(|minute| self.zone.instants(day, *minute)).filter(|edge| *edge > at_ms).collect();
            // Where clocks are put forward or back, it may be another hour of business.
            let next_day = self.zone.instants(day, DAY).into_iter().max()?;
            let moved = self.zone.0.following(Timestamp::from_millisecond(at_ms).ok()?).next();
            found.extend(moved.map(|moved| moved.timestamp().as_millisecond()).filter(|moved| *moved <= next_day));
            found.sort_unstable();
            if let Some(change) = found.into_iter().find(|edge| self.is_open(*edge) != open) {
                return Some(change);
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    fn on(&self, date: Date) -> &[DaySpan] {
        let day = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default();
        self.week.get(day).map_or(&[], Vec::as_slice)
    }
}

fn date(text: &str) -> Option<Date> {
    text.parse().ok().filter(|date: &Date| date.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn ms(time: &str) -> Millis {
        time.parse::<Timestamp>().unwrap().as_millisecond()
    }

    fn span(from: u16, to: u16) -> DaySpan {
        DaySpan { from_minute: from, to_minute: to }
    }

    fn hours(zone: &str, spans: &[DaySpan], holidays: &[&str]) -> Hours {
        let holidays = holidays.iter().map(|date| Holiday { date: (*date).to_owned(), name: String::new() }).collect();
        Hours::of(&BusinessHours { time_zone: zone.to_owned(), week: vec![spans.to_vec(); 7], holidays }).unwrap()
    }

    #[test]
    fn a_shop_is_open_from_its_first_minute_to_the_one_before_its_last_by_its_own_clock() {
        let hours = hours("Asia/Bangkok", &[span(9 * 60, 18 * 60)], &["2026-12-05"]);
        assert!(!hours.is_open(ms("2026-12-01T01:59:59Z")));
        assert!(hours.is_open(ms("2026-12-01T02:00:00Z")));
        assert!(hours.is_open(ms("2026-12-01T10:59:59Z")));
        assert!(!hours.is_open(ms("2026-12-01T11:00:00Z")));
        assert!(!hours.is_open(ms("2026-12-05T05:00:00Z")), "a holiday");
        assert_eq!(hours.changes_at(ms("2026-12-04T12:00:00Z")), Some(ms("2026-12-06T02:00:00Z")));
        assert_eq!(hours.changes_at(ms("2026-12-01T02:00:00Z")), Some(ms("2026-12-01T11:00:00Z")));
    }

    #[test]
    fn what_goes_on_after_midnight_belongs_to_the_evening_it_began_on() {
        let mut week = vec![Vec::new(); 7];
        week[4] = vec![span(22 * 60, 2 * 60)];
        let hours = BusinessHours { time_zone: "UTC".to_owned(), week, holidays: Vec::new() };
        let hours = Hours::of(&hours).unwrap();
        assert!(!hours.is_open(ms("2026-11-27T01:00:00Z")), "the small hours of Friday are Thursday's night");
        assert!(hours.is_open(ms("2026-11-27T22:00:00Z")));
        assert!(hours.is_open(ms("2026-11-28T01:59:00Z")));
        assert!(!hours.is_open(ms("2026-11-28T02:00:00Z")));
        let zone = Zone::named("UTC").unwrap();
        assert!(zone.is_within(ms("2026-11-28T01:59:00Z"), span(22 * 60, 2 * 60), &[5]));
        assert!(!zone.is_within(ms("2026-11-28T22:00:00Z"), span(22 * 60, 2 * 60), &[5]));
    }

    #[test]
    fn where_clocks_are_put_forward_or_back_hours_stay_those_on_the_clock() {
        let hours = hours("Europe/Berlin", &[span(9 * 60, 18 * 60)], &[]);
        assert!(hours.is_open(ms("2026-03-28T08:00:00Z")) && !hours.is_open(ms("2026-03-28T07:59:00Z")));
        assert!(hours.is_open(ms("2026-03-29T07:00:00Z")) && !hours.is_open(ms("2026-03-29T06:59:00Z")));
        assert_eq!(hours.changes_at(ms("2026-03-28T20:00:00Z")), Some(ms("2026-03-29T07:00:00Z")));
        assert_eq!(hours.changes_at(ms("2026-10-24T20:00:00Z")), Some(ms("2026-10-25T08:00:00Z")));
    }

    #[test]
    fn a_shop_that_never_closes_or_never_opens_does_not_change() {
        assert_eq!(hours("UTC", &[span(0, 24 * 60)], &[]).changes_at(0), None);
        assert!(hours("UTC", &[span(540, 540)], &[]).is_open(0), "from nine to nine is the whole day");
        let never = hours("UTC", &[], &[]);
        assert!(!never.is_open(0));
        assert_eq!(never.changes_at(0), None);
    }

    #[test]
    fn the_next_change_is_what_asking_minute_by_minute_finds() {
        let cases = [
            hours("Europe/Berlin", &[span(90, 150), span(1_380, 30)], &["2026-10-25", "2026-03-30"]),
            hours("America/New_York", &[span(1_200, 150)], &["2026-11-02"]),
            hours("Australia/Lord_Howe", &[span(100, 125), span(600, 1_440)], &[]),
            hours("Asia/Kathmandu", &[span(0, 1), span(1_439, 1_440)], &["2026-10-26"]),
        ];
        for hours in &cases {
            for start in
                ["2026-03-28T00:00:00Z", "2026-10-24T00:00:00Z", "2026-10-31T20:00:00Z", "2026-04-04T10:00:00Z"]
            {
                let (start, mut next) = (ms(start), None);
                for minute in 0..3 * 24 * 60 {
                    let at_ms = start + minute * MINUTE;
                    if next.is_none() {
                        next = Some(hours.changes_at(at_ms).unwrap());
                    }
                    let changed = hours.is_open(at_ms + MINUTE) != hours.is_open(at_ms);
                    assert_eq!(changed, next == Some(at_ms + MINUTE), "{hours:?} after minute {minute} of {start}");
                    next = next.filter(|_| !changed);
                }
            }
        }
    }

    #[test]
    fn hours_that_make_no_sense_are_told_apart() {
        let good =
            BusinessHours { time_zone: "Asia/Bangkok".to_owned(), week: vec![Vec::new(); 7], holidays: Vec::new() };
        assert_eq!(good.problem(), None);
        assert_eq!(
            BusinessHours { time_zone: "Asia/Atlantis".to_owned(), ..good.clone() }.problem(),
            Some(HoursProblem::TimeZone)
        );
        assert_eq!(BusinessHours { week: vec![Vec::new(); 6], ..good.clone() }.problem(), Some(HoursProblem::Week));
        for wrong in [span(1_440, 0), span(0, 1_441)] {
            let week = vec![vec![wrong], vec![], vec![], vec![], vec![], vec![], vec![]];
            assert_eq!(BusinessHours { week, ..good.clone() }.problem(), Some(HoursProblem::Week));
        }
        for wrong in ["2026-02-29", "5.12.", ""] {
            let holidays = vec![Holiday { date: wrong.to_owned(), name: String::new() }];
            assert_eq!(BusinessHours { holidays, ..good.clone() }.problem(), Some(HoursProblem::Holiday), "{wrong}");
        }
        assert!(Zone::names().len() > 400 && Zone::names().contains(&"Asia/Bangkok".to_owned()));
    }
}
