//! How far this computer's clock is from TikTok's, learned from the answers' `Date`.
//!
//! A median of five, because one answer that sat in a queue would otherwise move every reply window.

use crate::Timestamp;
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Instant, SystemTime},
};

const SAMPLES: usize = 5;
/// `Date` is cut to the second.
const GRAIN_MS: i64 = 1_000;

#[derive(Debug, Default)]
pub(crate) struct ServerClock {
    offsets_ms: Mutex<VecDeque<i64>>,
    /// The newest `Date`, and when it was heard by a timer.
    heard: Mutex<Option<(i64, Instant)>>,
}

impl ServerClock {
    /// Learns from one `Date` header, read between `asked_ms` and `answered_ms` by the local clock.
    pub(crate) fn learn(&self, date: &str, asked_ms: i64, answered_ms: i64) {
        let Ok(date) = httpdate::parse_http_date(date) else {
            return;
        };
        // A server whose clock is not of this century says nothing about ours.
        if Timestamp::of_ms(to_ms(date)).is_none() {
            return;
        }
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some((to_ms(date), Instant::now()));
        // Half a second later is the best guess.
        let server_ms = to_ms(date).saturating_add(GRAIN_MS / 2);
        let local_ms = asked_ms.midpoint(answered_ms);
        let mut offsets = self.offsets_ms.lock().unwrap_or_else(PoisonError::into_inner);
        if offsets.len() == SAMPLES {
            offsets.pop_front();
        }
        offsets.push_back(server_ms.saturating_sub(local_ms));
    }

    /// The computer's clock was set: what was learned by the old one says nothing.
    pub(crate) fn forget(&self) {
        self.offsets_ms.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The latest it can be: what the newest answer said, and the time since. This computer's clock has no part in it,
    /// and while it sleeps time stands still.
    pub(crate) fn at_most_ms(&self) -> Option<i64> {
        let (date_ms, at) = (*self.heard.lock().unwrap_or_else(PoisonError::into_inner))?;
        let since_ms = i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX);
        Some(date_ms.saturating_add(GRAIN_MS).saturating_add(since_ms))
    }

    pub(crate) fn offset_ms(&self) -> i64 {
        let offsets = self.offsets_ms.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<i64> = offsets.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or(0)
    }
}

/// Now by this computer's clock, in ms since the epoch.
pub(crate) fn local_ms() -> i64 {
    to_ms(SystemTime::now())
}

fn to_ms(time: SystemTime) -> i64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_odd_answer_does_not_move_the_clock() {
        let clock = ServerClock::default();
        assert_eq!(clock.offset_ms(), 0);
        let epoch_ms = 1_730_882_977_000; // Wed, 06 Nov 2024 08:49:37 GMT
        for local in [0, 100, 200, 300, 3_600_000] {
            clock.learn("Wed, 06 Nov 2024 08:49:37 GMT", epoch_ms + local, epoch_ms + local);
        }
        assert_eq!(clock.offset_ms(), 300);
        let most = clock.at_most_ms().unwrap();
        assert!((epoch_ms + 1_000..epoch_ms + 60_000).contains(&most), "{most}");
        for odd in ["yesterday", "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"] {
            clock.learn(odd, 0, 0);
        }
        assert_eq!(clock.offset_ms(), 300);
    }
}
