//! The reply window: how long TikTok lets a business answer.
//!
//! A business may answer until 48 hours after the customer's newest message (TikTok API for Business, messaging
//! windows). Deskbell counts and warns; TikTok's own verdict on a send decides.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Millis;

/// How long a window lasts: 48 hours.
pub const WINDOW_MS: i64 = 48 * 3_600_000;
/// From here on the window is shown in brass with its hours: 6 hours.
pub const WINDOW_WARNING_MS: i64 = 6 * 3_600_000;
/// From here on the window is shown in red: 1 hour.
pub const WINDOW_URGENT_MS: i64 = 3_600_000;

/// One customer's reply window, open or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReplyWindow {
    /// When the customer's newest message opened it, ms since the epoch.
    pub opened_at_ms: Millis,
    /// When it closes, ms since the epoch.
    pub closes_at_ms: Millis,
}

impl ReplyWindow {
    /// The window that a customer's message opens.
    #[must_use]
    pub fn opened_by(message_at_ms: Millis) -> Self {
        Self { opened_at_ms: message_at_ms, closes_at_ms: message_at_ms.saturating_add(WINDOW_MS) }
    }

    /// Whether a reply may still go out.
    #[must_use]
    pub fn is_open(self, now_ms: Millis) -> bool {
        now_ms < self.closes_at_ms
    }

    /// What is left of it in milliseconds; zero once closed.
    #[must_use]
    pub fn left_ms(self, now_ms: Millis) -> i64 {
        self.closes_at_ms.saturating_sub(now_ms).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_closes_48_hours_after_the_customers_message_and_not_a_millisecond_later() {
        let window = ReplyWindow::opened_by(1_000);
        assert!(window.is_open(1_000 + WINDOW_MS - 1));
        assert!(!window.is_open(1_000 + WINDOW_MS));
        assert_eq!(window.left_ms(1_000 + WINDOW_MS - 5), 5);
        assert_eq!(window.left_ms(i64::MAX), 0);
    }

    #[test]
    fn a_hostile_timestamp_does_not_overflow() {
        assert!(ReplyWindow::opened_by(i64::MAX).closes_at_ms == i64::MAX);
        assert_eq!(ReplyWindow::opened_by(i64::MIN).left_ms(i64::MAX), 0);
    }
}
