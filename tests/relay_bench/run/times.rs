//! Many durations, in little memory: counted in classes that are one percent wide.

use std::time::Duration;

/// Each class ends this much above the one before.
const STEP: f64 = 1.01;
/// The first class ends at ten microseconds.
const FIRST_MS: f64 = 0.01;
/// The last at about an hour.
const CLASSES: usize = 2_000;

#[derive(Debug, Clone, Default)]
pub(crate) struct Times {
    counts: Vec<u32>,
    count: u64,
    max_ms: f64,
}

impl Times {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the class is cut at both ends")]
    pub(crate) fn record(&mut self, took: Duration) {
        let ms = took.as_secs_f64() * 1_000.0;
        let class = ((ms / FIRST_MS).ln() / STEP.ln()).ceil().max(0.0) as usize;
        self.counts.resize(CLASSES, 0);
        if let Some(count) = self.counts.get_mut(class.min(CLASSES - 1)) {
            *count += 1;
        }
        self.count += 1;
        self.max_ms = self.max_ms.max(ms);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.counts.resize(CLASSES, 0);
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.count += other.count;
        self.max_ms = self.max_ms.max(other.max_ms);
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn max_ms(&self) -> f64 {
        self.max_ms
    }

    /// The time, in ms, that this part of all (0 to 1) did not exceed; none without any.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "some millions at most")]
    #[expect(clippy::cast_sign_loss, reason = "a part of a count")]
    pub(crate) fn quantile(&self, part: f64) -> Option<f64> {
        let wanted = (self.count as f64 * part).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (class, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted {
                return Some((FIRST_MS * STEP.powi(i32::try_from(class).unwrap_or(i32::MAX))).min(self.max_ms));
            }
        }
        None
    }
}
