//! What the relay counts, for Prometheus. No label names a customer, a shop or a conversation.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// One label with a value from a short list.
type Label = [(&'static str, &'static str); 1];
/// A platform and what became of a webhook.
type DoorLabels = [(&'static str, &'static str); 2];
/// A device's id, which the relay drew by lot.
type DeviceLabel = [(&'static str, String); 1];

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
    webhooks: Family<DoorLabels, Counter>,
    webhook_seconds: Histogram,
    webhooks_out_of_time: Gauge<f64, AtomicU64>,
    connections: Gauge,
    connections_refused: Family<Label, Counter>,
    requests_limited: Counter,
    streams: Gauge,
    gateway_calls: Family<Label, Counter>,
    devices_behind: Family<DeviceLabel, Gauge>,
    accounts: Family<Label, Gauge>,
    certificate_expires: Gauge,
}

/// Counts a stream for as long as it lives.
#[derive(Debug)]
pub(crate) struct OpenStream {
    streams: Gauge,
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.streams.dec();
    }
}

/// Counts a connection for as long as it lives.
#[derive(Debug)]
pub(crate) struct OpenConnection {
    connections: Gauge,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.connections.dec();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("deskbell_relay");
        let counts = Counts {
            events_committed: Counter::default(),
            commit_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
            webhooks: Family::default(),
            webhook_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
            webhooks_out_of_time: Gauge::default(),
            connections: Gauge::default(),
            connections_refused: Family::default(),
            requests_limited: Counter::default(),
            streams: Gauge::default(),
            gateway_calls: Family::default(),
            devices_behind: Family::default(),
            accounts: Family::default(),
            certificate_expires: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register("events_committed", "Events stored, or known already", counts.events_committed.clone());
        registry.register("commit_seconds", "How long a group of events took to commit", counts.commit_seconds.clone());
        registry.register("webhooks", "Webhooks by platform and by what became of them", counts.webhooks.clone());
        registry.register(
            "webhook_seconds",
            "How long a webhook took, from its first byte to its answer",
            counts.webhook_seconds.clone(),
        );
        registry.register(
            "webhooks_out_of_time_ratio",
            "Of the webhooks of the last hour that TikTok signed, the part whose time is not now by the relay's clock",
            counts.webhooks_out_of_time.clone(),
        );
        registry.register("connections", "Open connections", counts.connections.clone());
        registry.register(
            "connections_refused",
            "Connections that were closed unread, by reason",
            counts.connections_refused.clone(),
        );
        registry.register("requests_limited", "Requests over the limit of an address", counts.requests_limited.clone());
        registry.register("streams", "Open streams", counts.streams.clone());
        registry.register("gateway_calls", "Calls for desktops, by outcome", counts.gateway_calls.clone());
        registry.register("device_behind", "Events that a device has yet to read", counts.devices_behind.clone());
        registry.register("accounts", "Accounts by the state of their link", counts.accounts.clone());
        registry.register(
            "certificate_expires_seconds",
            "When the relay's own certificate ends, in seconds since the epoch; 0 without one",
            counts.certificate_expires.clone(),
        );
        Self { counts: Arc::new(Counts { registry, ..counts }) }
    }
}

impl Metrics {
    /// A group of events was committed, or failed.
    pub fn record_commit(&self, events: usize, took: Duration) {
        self.counts.events_committed.inc_by(u64::try_from(events).unwrap_or(u64::MAX));
        self.counts.commit_seconds.observe(took.as_secs_f64());
    }

    /// A webhook was answered.
    pub fn record_webhook(&self, platform: &'static str, outcome: &'static str, took: Duration) {
        self.counts.webhooks.get_or_create(&[("platform", platform), ("outcome", outcome)]).inc();
        self.counts.webhook_seconds.observe(took.as_secs_f64());
    }

    /// The part of the webhooks of the last hour whose signature was right and whose time was not.
    pub fn set_webhooks_out_of_time(&self, ratio: f64) {
        self.counts.webhooks_out_of_time.set(ratio);
    }

    /// A request was over the limit of its address.
    pub fn record_limited(&self) {
        self.counts.requests_limited.inc();
    }

    /// A connection was accepted: counted until the value is dropped.
    pub(crate) fn open_connection(&self) -> OpenConnection {
        self.counts.connections.inc();
        OpenConnection { connections: self.counts.connections.clone() }
    }

    /// A connection was closed unread.
    pub(crate) fn record_refused_connection(&self, reason: &'static str) {
        self.counts.connections_refused.get_or_create(&[("reason", reason)]).inc();
    }

    /// A stream was opened: counted until the value is dropped.
    pub(crate) fn open_stream(&self) -> OpenStream {
        self.counts.streams.inc();
        OpenStream { streams: self.counts.streams.clone() }
    }

    /// A call for a desktop ended. The outcome is from a short list: a failure's code, or `answered`.
    pub fn record_gateway_call(&self, outcome: &'static str) {
        self.counts.gateway_calls.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// How many events each device has yet to read, by its id; other devices are forgotten.
    pub fn set_devices_behind(&self, devices: impl IntoIterator<Item = (String, i64)>) {
        self.counts.devices_behind.clear();
        for (device, behind) in devices {
            self.counts.devices_behind.get_or_create(&[("device", device)]).set(behind);
        }
    }

    /// How many accounts are in a state.
    pub fn set_accounts(&self, state: &'static str, count: i64) {
        self.counts.accounts.get_or_create(&[("state", state)]).set(count);
    }

    /// When the relay's own certificate ends, in seconds since the epoch.
    pub(crate) fn set_certificate_expires(&self, at_s: i64) {
        self.counts.certificate_expires.set(at_s);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_come_out_as_prometheus_reads_them() {
        let metrics = Metrics::default();
        metrics.record_webhook("business", "stored", Duration::from_millis(3));
        metrics.set_devices_behind([("d1".to_owned(), 7)]);
        metrics.set_devices_behind([("d2".to_owned(), 2)]);
        let stream = metrics.open_stream();
        let text = metrics.encode();
        for line in [
            "deskbell_relay_webhooks_total{platform=\"business\",outcome=\"stored\"} 1",
            "deskbell_relay_device_behind{device=\"d2\"} 2",
            "deskbell_relay_streams 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        assert!(!text.contains("d1"), "{text}");
        drop(stream);
        assert!(metrics.encode().contains("deskbell_relay_streams 0"));
    }
}
