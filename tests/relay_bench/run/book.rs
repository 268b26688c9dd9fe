//! What the signer sent, when, and what was acknowledged.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// One entry for each webhook, by its number.
#[derive(Debug)]
pub(crate) struct Book {
    began: Instant,
    /// When it was first sent, in microseconds; 0 if it was not.
    sent_us: Vec<AtomicU64>,
    acknowledged: Vec<AtomicBool>,
    last_acknowledged_us: AtomicU64,
    /// Webhooks before this number are not timed.
    timed_from: AtomicU32,
    /// Answers that were not 200, and attempts without an answer.
    refused: AtomicU64,
}

impl Book {
    pub(crate) fn new(count: u32) -> Self {
        Self {
            began: Instant::now(),
            sent_us: (0..count).map(|_| AtomicU64::new(0)).collect(),
            acknowledged: (0..count).map(|_| AtomicBool::new(false)).collect(),
            last_acknowledged_us: AtomicU64::new(0),
            timed_from: AtomicU32::new(0),
            refused: AtomicU64::new(0),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.sent_us.len()
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX).max(1)
    }

    pub(crate) fn record_sent(&self, number: u32) {
        if let Some(sent) = self.sent_us.get(number as usize) {
            // A repetition does not change it.
            let _ = sent.compare_exchange(0, self.now_us(), Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    pub(crate) fn record_acknowledged(&self, number: u32) {
        if let Some(acknowledged) = self.acknowledged.get(number as usize) {
            acknowledged.store(true, Ordering::Relaxed);
        }
        self.last_acknowledged_us.store(self.now_us(), Ordering::Relaxed);
    }

    pub(crate) fn record_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    pub(crate) fn is_acknowledged(&self, number: u32) -> bool {
        self.acknowledged.get(number as usize).is_some_and(|entry| entry.load(Ordering::Relaxed))
    }

    pub(crate) fn is_sent(&self, number: u32) -> bool {
        self.sent_us.get(number as usize).is_some_and(|entry| entry.load(Ordering::Relaxed) > 0)
    }

    /// Times only webhooks from this number on.
    pub(crate) fn time_from(&self, number: u32) {
        self.timed_from.store(number, Ordering::Relaxed);
    }

    /// How long ago it was first sent, if it is timed.
    pub(crate) fn since_sent(&self, number: u32) -> Option<Duration> {
        if number < self.timed_from.load(Ordering::Relaxed) {
            return None;
        }
        let sent = self.sent_us.get(number as usize)?.load(Ordering::Relaxed);
        (sent > 0).then(|| Duration::from_micros(self.now_us().saturating_sub(sent)))
    }

    /// Waits for the first acknowledgement from now on; returns how long that took.
    pub(crate) async fn next_acknowledgement(&self, timeout: Duration) -> Option<Duration> {
        let (from, began) = (self.now_us(), Instant::now());
        while began.elapsed() < timeout {
            if self.last_acknowledged_us.load(Ordering::Relaxed) > from {
                return Some(began.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        None
    }
}
