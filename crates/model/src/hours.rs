//! When a shop answers: business hours of each weekday in the shop's own time zone, and the days on which it is closed.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

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
