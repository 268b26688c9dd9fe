//! How long a test waits before it says that something never comes.
//!
//! Such a limit only ends a wait that is in vain; it says nothing about speed. So it is counted in time that the machine had
//! for the test, not in time on the wall: where twenty threads want two cores, a second counts for a tenth. A test that
//! waits in vain fails as soon on a calm machine, and on a busy one nothing fails that is only late.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout};

/// How long anything in a test may take to come about, on a calm machine.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How often a wait for a future is looked at.
const GLANCE: Duration = Duration::from_millis(500);

/// Patience that is used up while the machine has time for the test.
#[derive(Debug, Clone)]
pub struct Patience {
    left: Duration,
    looked: Instant,
}

impl Default for Patience {
    fn default() -> Self {
        Self::of(PATIENCE)
    }
}

impl Patience {
    /// Patience for so long on a calm machine.
    #[must_use]
    pub fn of(limit: Duration) -> Self {
        Self { left: limit, looked: Instant::now() }
    }

    /// Whether it has come to its end. To be asked every now and then: what lies between two questions counts by how busy the
    /// machine is at the second.
    pub fn is_over(&mut self) -> bool {
        let now = Instant::now();
        let spent = now.duration_since(self.looked).div_f64(threads_per_core());
        self.looked = now;
        self.left = self.left.saturating_sub(spent);
        self.left.is_zero()
    }

    /// Waits for something; nothing if it does not come while there is patience.
    pub async fn wait_for<T>(mut self, what: impl Future<Output = T>) -> Option<T> {
        let mut what = std::pin::pin!(what);
        loop {
            match timeout(GLANCE, &mut what).await {
                Ok(come) => return Some(come),
                Err(_) if self.is_over() => return None,
                Err(_) => {}
            }
        }
    }
}

/// How many threads want each core, one at least: now, or in the last minute if those were more. Linux alone says so.
#[must_use]
pub fn threads_per_core() -> f64 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    (wanting(&load) / f64::from(u32::try_from(cores).unwrap_or(u32::MAX))).max(1.0)
}

/// Of a line such as `20.33 18.80 13.80 21/450 22597` the first number or the fourth, whichever is larger.
fn wanting(load: &str) -> f64 {
    let mut words = load.split_whitespace();
    let last_minute = words.next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
    let now = words.nth(2).and_then(|word| word.split('/').next()?.parse().ok()).unwrap_or(0.0);
    f64::max(last_minute, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busier_the_machine_was_or_is_the_more_threads_want_it() {
        assert!((wanting("20.33 18.80 13.80 2/450 22597") - 20.33).abs() < 0.001);
        assert!((wanting("0.40 0.10 0.00 9/450 22597") - 9.0).abs() < 0.001);
        assert!(wanting("").abs() < 0.001);
        assert!(threads_per_core() >= 1.0);
    }

    #[tokio::test]
    async fn a_wait_in_vain_comes_to_an_end_and_no_other_does() {
        let none = Patience::of(Duration::from_millis(1)).wait_for(std::future::pending::<()>()).await;
        assert_eq!(none, None);
        assert_eq!(Patience::of(Duration::ZERO).wait_for(async { 7 }).await, Some(7));
    }
}
