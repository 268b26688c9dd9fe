//! Retention: forgets, every hour, what the relay need not keep.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::clock::now_ms;
use crate::context::Context;
use crate::database::{DatabaseError, Value};
use crate::lease;

/// The fewest days for which events can be kept: TikTok repeats a webhook for three, and a repetition is told from news
/// by what is kept.
pub const MIN_KEEP_DAYS: u32 = 4;
const DAY_MS: i64 = 86_400_000;
/// How long webhooks of unknown accounts and kinds are kept.
const KEEP_STRAY_MS: i64 = 4 * DAY_MS;
/// How long the outcome of a send is kept: a desktop that was off asks for it when it is back.
const KEEP_SENDS_MS: i64 = 30 * DAY_MS;
/// How long used or expired pairing codes and leases are kept.
const KEEP_ENDED_MS: i64 = DAY_MS;

/// What the relay keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How often it is looked for what can go.
    pub interval: Duration,
    /// For how many days events are kept, at least [`MIN_KEEP_DAYS`]; none keeps them for ever.
    pub keep_days: Option<u32>,
    /// The newest events are kept however old they are, or seem when this computer's clock is wrong.
    pub keep_newest: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { interval: Duration::from_secs(3_600), keep_days: None, keep_newest: 10_000 }
    }
}

/// What went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forgotten {
    /// Events of the log.
    pub events: u64,
    /// Rows of the other tables.
    pub rows: u64,
}

/// Forgets again and again; it never returns. Several relay processes may do so at once.
pub async fn run(context: Context, retention: Retention) {
    loop {
        match forget(&context, retention).await {
            Ok(Forgotten { events: 0, rows: 0 }) => {}
            Ok(Forgotten { events, rows }) => tracing::info!(events, rows, "old events and rows were deleted"),
            Err(error) => tracing::warn!(%error, "could not delete old events and rows; trying again later"),
        }
        tokio::time::sleep(retention.interval).await;
    }
}

/// Forgets once.
///
/// # Errors
/// [`DatabaseError`]; some may have gone.
pub async fn forget(context: &Context, retention: Retention) -> Result<Forgotten, DatabaseError> {
    let now_ms = now_ms();
    let events = match retention.keep_days {
        Some(days) => {
            let keep_ms = i64::from(days.max(MIN_KEEP_DAYS)).saturating_mul(DAY_MS);
            context.log.prune(now_ms.saturating_sub(keep_ms), retention.keep_newest).await?
        }
        None => 0,
    };
    let rows = context
        .database
        .write(move |tx| {
            Box::pin(async move {
                let mut rows = lease::delete_ended(tx, now_ms - KEEP_ENDED_MS).await?;
                let sql = "DELETE FROM stray WHERE received_at_ms < $1";
                rows += tx.execute(sql, &[Value::Int(now_ms - KEEP_STRAY_MS)]).await?;
                // A call that is still under way is never that old; one whose process died is settled first.
                let sql = "DELETE FROM send WHERE began_at_ms < $1 AND state <> 'calling'";
                rows += tx.execute(sql, &[Value::Int(now_ms - KEEP_SENDS_MS)]).await?;
                let sql = "DELETE FROM pairing_code WHERE expires_at_ms < $1";
                rows += tx.execute(sql, &[Value::Int(now_ms - KEEP_ENDED_MS)]).await?;
                Ok::<_, DatabaseError>(rows)
            })
        })
        .await?;
    Ok(Forgotten { events, rows })
}
