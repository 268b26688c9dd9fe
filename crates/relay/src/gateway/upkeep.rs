//! What the gateway does without being asked.

use std::sync::Weak;
use std::time::Duration;

use super::{Gateway, sends};
use crate::clock::now_ms;
use crate::context::Context;
use crate::database::{DatabaseError, Engine, Value};

/// How often.
const INTERVAL: Duration = Duration::from_secs(5);
/// How long a relay process that says nothing counts as one that calls TikTok.
const MAX_SILENCE_MS: i64 = 15_000;

/// Settles what other relay processes left behind and shares the app's pace with them, until the gateway is gone.
pub(super) async fn run(gateway: Weak<Gateway>) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        let Some(context) = gateway.upgrade().map(|gateway| gateway.context.clone()) else { return };
        if let Err(error) = sends::settle_overdue(&context).await {
            tracing::warn!(%error, "could not look for sends that were left under way");
        }
        match count_callers(&context).await {
            Ok(count) => {
                let Some(gateway) = gateway.upgrade() else { return };
                gateway.pace.share_among(count);
            }
            Err(error) => tracing::warn!(%error, "could not count the relay processes"),
        }
    }
}

/// Says that this process calls TikTok, and counts those that do.
pub(super) async fn count_callers(context: &Context) -> Result<usize, DatabaseError> {
    // A file has one relay.
    if context.database.engine() == Engine::Sqlite {
        return Ok(1);
    }
    let (worker, now_ms) = (context.worker.clone(), now_ms());
    let count: i64 = context
        .database
        .write::<_, DatabaseError, _>(move |tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO caller (worker, seen_at_ms) VALUES ($1, $2)
                     ON CONFLICT (worker) DO UPDATE SET seen_at_ms = excluded.seen_at_ms",
                    &[Value::Text(&worker), Value::Int(now_ms)],
                )
                .await?;
                let silent = [Value::Int(now_ms.saturating_sub(MAX_SILENCE_MS))];
                tx.execute("DELETE FROM caller WHERE seen_at_ms < $1", &silent).await?;
                let row = tx.query_one("SELECT CAST(count(*) AS BIGINT) AS callers FROM caller", &[]).await?;
                row.ok_or(DatabaseError::Column("callers"))?.int("callers")
            })
        })
        .await?;
    Ok(usize::try_from(count).unwrap_or(1).max(1))
}
