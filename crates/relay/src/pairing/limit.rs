//! How often a wrong code may be tried.
//!
//! The counts that decide are in the database, where all relay processes see them. In front of it each process has a
//! limit in memory, so that a flood of tries does not become a flood of transactions.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use wire::FailureCode;

use crate::credential::new_id;
use crate::database::{DatabaseError, Tx, Value};
use crate::refusal::Refusal;

/// How long wrong codes of a network are remembered.
const WINDOW_MS: i64 = 10 * 60_000;
/// Wrong codes from one network within that time.
const MAX_WRONG_OF_NETWORK: i64 = 5;
/// Wrong codes from all networks within a minute.
const MAX_WRONG_A_MINUTE: i64 = 30;
const MINUTE_MS: i64 = 60_000;
/// Tries of one network that a process looks at within a minute, right or wrong.
const TRIES_OF_NETWORK: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// Tries of all networks that a process looks at within a minute, right or wrong.
const TRIES: NonZeroU32 = NonZeroU32::new(120).unwrap();
/// How many networks are remembered before those without recent tries are forgotten.
const MAX_REMEMBERED: usize = 10_000;

/// The limits of this process.
#[derive(Debug)]
pub(super) struct TryLimits {
    of_network: DefaultKeyedRateLimiter<String>,
    of_all: DefaultDirectRateLimiter,
}

impl Default for TryLimits {
    fn default() -> Self {
        Self {
            of_network: RateLimiter::keyed(Quota::per_minute(TRIES_OF_NETWORK)),
            of_all: RateLimiter::direct(Quota::per_minute(TRIES)),
        }
    }
}

impl TryLimits {
    pub(super) fn check(&self, network: &String) -> Result<(), Refusal> {
        if self.of_network.len() > MAX_REMEMBERED {
            self.of_network.retain_recent();
        }
        let now = DefaultClock::default().now();
        // A network that is over its own limit takes nothing from the others.
        let outcome = self.of_network.check_key(network).and_then(|()| self.of_all.check());
        outcome.map_err(|until| refusal(milliseconds(until.wait_time_from(now))))
    }
}

fn milliseconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

/// The answer to a try that is not looked at.
pub(super) fn refusal(retry_after_ms: u64) -> Refusal {
    Refusal::after(
        FailureCode::TooManyRequests,
        "too many wrong pairing codes; wait before the next try",
        retry_after_ms,
    )
}

/// What counts as one caller: an address of IPv4, or a subscriber's /64 of IPv6.
pub(super) fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// How long this network has to wait; none if its next try is looked at.
pub(super) async fn blocked_for_ms(tx: &mut Tx, network: &str, now_ms: i64) -> Result<Option<u64>, DatabaseError> {
    let old = [Value::Int(now_ms.saturating_sub(WINDOW_MS))];
    tx.execute("DELETE FROM pairing_failure WHERE at_ms <= $1", &old).await?;
    let row = tx
        .query_one(
            "SELECT CAST(count(*) AS BIGINT) AS failures, min(at_ms) AS first FROM pairing_failure WHERE address = $1",
            &[Value::Text(network)],
        )
        .await?;
    let of_network = row.ok_or(DatabaseError::Column("failures"))?;
    let wait = |from_ms: Option<i64>, window_ms: i64| {
        let until_ms = from_ms.unwrap_or(now_ms).saturating_add(window_ms);
        Some(u64::try_from(until_ms.saturating_sub(now_ms)).unwrap_or(0).max(1_000))
    };
    if of_network.int("failures")? >= MAX_WRONG_OF_NETWORK {
        return Ok(wait(of_network.maybe_int("first")?, WINDOW_MS));
    }
    let row = tx
        .query_one(
            "SELECT CAST(count(*) AS BIGINT) AS failures, min(at_ms) AS first FROM pairing_failure WHERE at_ms > $1",
            &[Value::Int(now_ms.saturating_sub(MINUTE_MS))],
        )
        .await?;
    let of_all = row.ok_or(DatabaseError::Column("failures"))?;
    if of_all.int("failures")? >= MAX_WRONG_A_MINUTE {
        tracing::warn!("pairing is closed for a minute: too many wrong codes");
        return Ok(wait(of_all.maybe_int("first")?, MINUTE_MS));
    }
    Ok(None)
}

/// Counts a wrong code.
pub(super) async fn record_wrong(tx: &mut Tx, network: &str, now_ms: i64) -> Result<(), DatabaseError> {
    tx.execute(
        "INSERT INTO pairing_failure (id, address, at_ms) VALUES ($1, $2, $3)",
        &[Value::Text(&new_id()), Value::Text(network), Value::Int(now_ms)],
    )
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_has_one_network() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("192.0.2.7"), of("::ffff:192.0.2.7"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }

    #[test]
    fn a_flood_of_one_network_leaves_the_others_their_tries() {
        let limits = TryLimits::default();
        let flooding = "192.0.2.7".to_owned();
        let taken = (0..1_000).filter(|_| limits.check(&flooding).is_ok()).count();
        assert!((20..=21).contains(&taken), "{taken}");
        assert!(limits.check(&"192.0.2.8".to_owned()).is_ok());
        let Refusal(failure) = limits.check(&flooding).unwrap_err();
        assert_eq!(failure.code, FailureCode::TooManyRequests);
        assert!(failure.retry_after_ms.is_some_and(|wait| wait <= 60_000));
    }
}
