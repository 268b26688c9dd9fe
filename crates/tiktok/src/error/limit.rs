//! Reads from a "too many requests" which of TikTok's rate limits was hit.

/// What a "too many requests" was counted over ("Rate limits": each has a recovery of its own).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateLimit {
    /// Queries per second: the next second will do.
    Second,
    /// Queries per minute: pause for five minutes.
    Minute,
    /// Queries per day: nothing before 00:00 UTC.
    Day,
}

impl RateLimit {
    /// Every count with the words it goes by, in small letters.
    const WORDS: [(Self, &[&str]); 3] = [
        (Self::Second, &["qps", "per second", "per-second", "/second"]),
        (Self::Minute, &["qpm", "per minute", "per-minute", "/minute"]),
        (Self::Day, &["qpd", "per day", "per-day", "/day", "daily"]),
    ];

    /// The one count a message names. Code, status and headers are the same for all three, so a message that names none
    /// leaves it open, and one that names several (a list of the app's limits) does too.
    pub(crate) fn named_in(message: &str) -> Option<Self> {
        let message = message.to_ascii_lowercase();
        let mut named = Self::WORDS.iter().filter(|(_, words)| words.iter().any(|word| message.contains(word)));
        match (named.next(), named.next()) {
            (Some((limit, _)), None) => Some(*limit),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{self, Error, LaterWhy};

    fn why(code: i64, message: &str) -> LaterWhy {
        let text = format!(r#"{{"code":{code},"message":"{message}"}}"#);
        match error::business(200, None, &text, &[]).unwrap_err() {
            Error::Later { why, .. } => why,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn a_message_that_names_one_count_is_believed() {
        for (message, expected) in [
            ("Too many requests. QPS limit reached.", Some(RateLimit::Second)),
            ("App QPM exceeded", Some(RateLimit::Minute)),
            ("more than 600 requests per minute", Some(RateLimit::Minute)),
            ("Request limit exceeded (QPD)", Some(RateLimit::Day)),
            ("You have reached the daily limit", Some(RateLimit::Day)),
            ("864000 calls per day", Some(RateLimit::Day)),
            ("Too many requests", None),
            ("", None),
            ("limits are 10 QPS, 600 QPM and 864000 QPD", None),
        ] {
            assert_eq!(why(40_100, message), LaterWhy::TooFast(expected), "{message}");
        }
    }

    #[test]
    fn maintenance_is_no_count() {
        assert_eq!(why(60_001, "Daily maintenance"), LaterWhy::Unavailable);
    }
}
