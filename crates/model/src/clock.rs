//! What time it is. Windows and stamps are TikTok's time: the local clock plus the offset its answers show.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch.
pub type Millis = i64;

/// A duration in whole milliseconds.
#[must_use]
pub fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// A clock that can be set apart from the computer's own, by TikTok's `Date` header or by a test. Clones share the
/// offset.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset_ms: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that agrees with the computer until told otherwise.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// Now, by the server's reckoning. A computer whose clock stands before 1970 reads as 1970.
    #[must_use]
    pub fn now_ms(&self) -> Millis {
        let local = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis);
        local.saturating_add(self.offset_ms.load(Ordering::Relaxed))
    }

    /// How far the server is ahead of the computer, in milliseconds.
    #[must_use]
    pub fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    /// Notes how far the server is ahead of the computer.
    pub fn set_offset_ms(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
    }
}
