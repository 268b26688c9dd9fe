//! What the relay counts, for Prometheus.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// The counts. Clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    counts: Arc<Counts>,
}

#[derive(Debug)]
struct Counts {
    registry: Registry,
    events_committed: Counter,
    commit_seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("deskbell_relay");
        let events_committed = Counter::default();
        registry.register("events_committed", "Events stored, or known already", events_committed.clone());
        let commit_seconds = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        registry.register("commit_seconds", "How long a group of events took to commit", commit_seconds.clone());
        Self { counts: Arc::new(Counts { registry, events_committed, commit_seconds }) }
    }
}

impl Metrics {
    /// A group of events was committed, or failed.
    pub fn record_commit(&self, events: usize, took: Duration) {
        self.counts.events_committed.inc_by(u64::try_from(events).unwrap_or(u64::MAX));
        self.counts.commit_seconds.observe(took.as_secs_f64());
    }

    /// All counts in Prometheus' text format.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = encode(&mut text, &self.counts.registry);
        text
    }
}
