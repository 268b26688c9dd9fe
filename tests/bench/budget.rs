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
    /// At most so many milliseconds more than the floor, in the middle.
    pub(crate) beyond: Option<f64>,
}

const fn promise(cases: &'static str, ratio: Option<f64>, p95: Option<f64>) -> Budget {
    Budget { cases, ratio, p95, beyond: None }
}

/// Where a case has a desk command, the promise is about that.
const BUDGETS: [Budget; 13] = [
    promise("list_beside_backfill", None, Some(1.0)),
    promise("list_", Some(3.0), Some(1.0)),
    promise("open_header", None, Some(1.0)),
    promise("open_", Some(3.0), Some(1.0)),
    promise("scroll_back", Some(3.0), Some(1.0)),
    promise("search_", None, Some(10.0)),
    promise("enqueue", Some(2.0), None),
    // Half the floor's rate.
    promise("apply_backfill_1000", Some(2.0), None),
    Budget { cases: "window_start", ratio: None, p95: None, beyond: Some(150.0) },
    promise("window_key", None, Some(50.0)),
    promise("window_search", None, Some(50.0)),
    promise("window_switch", None, Some(100.0)),
    promise("window_bubble", None, Some(50.0)),
];

/// A case's growth may be so much steeper than the floor's, as a log-log slope.
pub(crate) const SLOPE: f64 = 0.05;
/// Memory of the idle window's processes, beyond the empty window.
pub(crate) const IDLE_MB: f64 = 40.0;
/// How much of a core an idle window may take, in hundredths.
pub(crate) const IDLE_CPU: f64 = 0.5;
/// Memory after 500 opened conversations, beyond idle.
pub(crate) const OPENED_MB: f64 = 60.0;

impl Budget {
    pub(crate) fn of(case: &str) -> Option<&'static Budget> {
        BUDGETS.iter().find(|budget| case.starts_with(budget.cases))
    }

    /// Whether the promise was kept, by the bad end of what was measured.
    pub(crate) fn is_met(&self, measured: &Measured) -> Option<bool> {
        let level: &Level = measured.desk.as_ref().or(measured.store.as_ref())?;
        let ratio = self.ratio.zip(level.ratio).is_none_or(|(most, (_, bad))| bad <= most);
        let floor = measured.floor.as_ref().map(|floor| floor.p50);
        let beyond = self.beyond.zip(floor).is_none_or(|(most, floor)| level.p50 <= floor + most);
        Some(ratio && beyond && self.p95.is_none_or(|most| level.p95 <= most))
    }

    pub(crate) fn told(&self) -> String {
        let ratio = self.ratio.map(|most| format!("<={most}x"));
        let p95 = self.p95.map(|most| format!("p95<={most}ms"));
        let beyond = self.beyond.map(|most| format!("<=floor+{most}ms"));
        [ratio, p95, beyond].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}
