//! TikTok's request budget for one app (§7.4): too fast is HTTP 200 with code 40100, never a 429. A refused call does
//! not count, or a client that keeps knocking would never be let in again; TikTok documents neither.

use std::collections::VecDeque;

use crate::{
    clock::{DAY_MS, MINUTE_MS},
    config::Limits,
};

/// What the answer says when the minute's budget is spent.
pub(crate) const QPM: &str = "Too many requests. QPM limit reached.";
/// What the answer says when the day's budget is spent.
pub(crate) const QPD: &str = "Too many requests. QPD limit reached.";

/// The calls of the last minute and of the day, and until when all are refused.
#[derive(Debug)]
pub(crate) struct Limiter {
    limits: Limits,
    recent: VecDeque<i64>,
    closed_until: i64,
    day: i64,
    in_day: u32,
}

impl Limiter {
    pub(crate) fn new(limits: Limits) -> Limiter {
        Limiter { limits, recent: VecDeque::new(), closed_until: 0, day: 0, in_day: 0 }
    }

    /// Lets a call in, or says which budget is spent.
    pub(crate) fn admit(&mut self, now: i64) -> Result<(), &'static str> {
        if now < self.closed_until {
            return Err("Too many requests in this period. Please retry later.");
        }
        if now.div_euclid(DAY_MS) != self.day {
            self.day = now.div_euclid(DAY_MS);
            self.in_day = 0;
        }
        while self.recent.front().is_some_and(|at| *at <= now - MINUTE_MS) {
            self.recent.pop_front();
        }
        if self.in_day >= self.limits.per_day {
            self.closed_until = (self.day + 1) * DAY_MS;
            return Err(QPD);
        }
        if count(self.recent.len()) >= self.limits.per_minute {
            self.closed_until = now + 5 * MINUTE_MS;
            return Err(QPM);
        }
        let in_second = self.recent.iter().rev().take_while(|at| **at > now - 1000).count();
        if count(in_second) >= self.limits.per_second {
            return Err("Too many requests. QPS limit reached.");
        }
        self.recent.push_back(now);
        self.in_day += 1;
        Ok(())
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(per_second: u32, per_minute: u32, per_day: u32) -> Limiter {
        Limiter::new(Limits { per_second, per_minute, per_day })
    }

    #[test]
    fn the_eleventh_call_within_a_second_is_too_many_and_the_next_second_is_fine() {
        let mut limiter = limiter(10, 600, 864_000);
        assert!((0..10).all(|n| limiter.admit(5_000 + n).is_ok()));
        assert!(limiter.admit(5_999).is_err());
        assert!(limiter.admit(6_000).is_ok());
    }

    #[test]
    fn past_the_minute_budget_the_app_waits_five_minutes() {
        let mut limiter = limiter(1000, 3, 864_000);
        assert!((0..3).all(|_| limiter.admit(0).is_ok()));
        assert!(limiter.admit(10).is_err());
        assert!(limiter.admit(2 * MINUTE_MS).is_err());
        assert!(limiter.admit(5 * MINUTE_MS + 10).is_ok());
    }

    #[test]
    fn past_the_day_budget_the_app_waits_for_midnight() {
        let mut limiter = limiter(1000, 1000, 2);
        assert!(limiter.admit(DAY_MS + 1).is_ok() && limiter.admit(DAY_MS + 2).is_ok());
        assert!(limiter.admit(2 * DAY_MS - 1).is_err());
        assert!(limiter.admit(2 * DAY_MS).is_ok());
    }
}
