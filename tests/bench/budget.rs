//! What was promised, as data: the budgets of the desk, at one million messages in fifty thousand conversations.

use crate::measure::{Level, Measured};

/// The promise about one kind of case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// How the names of its cases begin.
    cases: &'static str,
    /// At most so many times the floor.
    pub(crate) ratio: Option<f64>,
    /// At most so many milliseconds for 95 of a hundred.
    pub(crate) p95: Option<f64>,
}

/// Where a case has a desk command, the promise is about that.
const BUDGETS: [Budget; 9] = [
    Budget { cases: "list_beside_backfill", ratio: None, p95: Some(1.0) },
    Budget { cases: "list_", ratio: Some(3.0), p95: Some(1.0) },
    Budget { cases: "open_header", ratio: None, p95: Some(1.0) },
    Budget { cases: "open_", ratio: Some(3.0), p95: Some(1.0) },
    Budget { cases: "scroll_back", ratio: Some(3.0), p95: Some(1.0) },
    Budget { cases: "search_", ratio: None, p95: Some(10.0) },
    Budget { cases: "enqueue", ratio: Some(2.0), p95: None },
    // Half the floor's rate.
    Budget { cases: "apply_backfill_1000", ratio: Some(2.0), p95: None },
    Budget { cases: "cold_open", ratio: None, p95: None },
];

/// A case's growth may be so much steeper than the floor's, as a log-log slope.
pub(crate) const SLOPE: f64 = 0.05;
/// Memory after 500 opened conversations, beyond idle.
pub(crate) const OPENED_MB: f64 = 60.0;

impl Budget {
    pub(crate) fn of(case: &str) -> Option<&'static Budget> {
        BUDGETS.iter().find(|budget| case.starts_with(budget.cases)).filter(|one| one.ratio.or(one.p95).is_some())
    }

    /// Whether the promise was kept, by the bad end of what was measured.
    pub(crate) fn is_met(&self, measured: &Measured) -> Option<bool> {
        let level: &Level = measured.desk.as_ref().or(measured.store.as_ref())?;
        let ratio = self.ratio.zip(level.ratio).is_none_or(|(most, (_, bad))| bad <= most);
        Some(ratio && self.p95.is_none_or(|most| level.p95 <= most))
    }

    pub(crate) fn told(&self) -> String {
        let ratio = self.ratio.map(|most| format!("<={most}x"));
        let p95 = self.p95.map(|most| format!("p95<={most}ms"));
        [ratio, p95].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}
