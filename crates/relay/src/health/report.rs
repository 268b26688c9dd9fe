//! The findings of a look.

use serde::Serialize;

/// How good or bad something is; the worst part is the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All is well.
    #[default]
    Ok,
    /// Something works less well, and a person should look.
    Degraded,
    /// Messages do not come through: answered with 503.
    Failing,
}

/// The findings of a look.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The worst of it.
    pub status: Status,
    /// The relay's version.
    pub version: &'static str,
    /// A sentence for each thing that is not well.
    pub problems: Vec<Problem>,
    /// `sqlite` or `postgres`.
    pub database: &'static str,
    /// The newest stored event; 0 before the first.
    pub newest_event: i64,
    /// When it was stored, ms since the epoch.
    pub newest_event_at_ms: Option<i64>,
    /// How many devices are paired.
    pub devices: usize,
    /// How many of them have events to read.
    pub devices_behind: usize,
    /// Linked accounts.
    pub accounts_linked: i64,
    /// Accounts that an admin has to link again.
    pub accounts_need_linking: i64,
    /// Right signatures of webhooks in the last hour, at this process.
    pub webhooks_last_hour: u64,
    /// Those of them whose time was not now.
    pub webhooks_out_of_time: u64,
    /// TikTok's clock minus the relay's, in ms.
    pub clock_offset_ms: i64,
    /// Each device, for monitors only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub device_list: Vec<DeviceReport>,
}

/// Something that is not well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How bad it is.
    pub status: Status,
    /// Its name, under which the runbook has it.
    pub name: &'static str,
    /// A sentence for people.
    pub sentence: String,
}

/// How far a device has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceReport {
    /// Its id.
    pub id: String,
    /// Events that it has yet to read.
    pub behind: i64,
    /// When it last called.
    pub seen_at_ms: Option<i64>,
    /// When the oldest event that it has not read was stored.
    pub oldest_unread_at_ms: Option<i64>,
}

impl Report {
    pub(super) fn add(&mut self, status: Status, name: &'static str, sentence: impl Into<String>) {
        self.status = self.status.max(status);
        self.problems.push(Problem { status, name, sentence: sentence.into() });
    }
}
