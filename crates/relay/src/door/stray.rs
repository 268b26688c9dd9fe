//! Webhooks that cannot be used now, kept for a while: an account may be linked, or the relay upgraded.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Semaphore;

use crate::clock::now_ms;
use crate::context::Context;
use crate::database::{DatabaseError, Tx, Value};

/// As long as TikTok would have repeated them.
pub(super) const KEEP_MS: i64 = 72 * 3_600_000;
pub(super) const MAX_BYTES: i64 = 32 << 20;
/// After how many the bounds are looked at; a process exceeds them by no more.
const PRUNE_EVERY: u32 = 64;
/// Transactions at a time: while a database hangs they must not take all its connections.
const MAX_WRITERS: usize = 2;

/// Keeps strays.
#[derive(Debug)]
pub(super) struct Strays {
    max_rows: i64,
    writers: Arc<Semaphore>,
    since_prune: AtomicU32,
}

/// A webhook that is put aside.
#[derive(Debug, Clone)]
pub(super) struct Stray {
    pub(super) key: String,
    /// A few words for a person who looks into the table.
    pub(super) reason: &'static str,
    /// The account it names, or empty.
    pub(super) account: String,
    pub(super) body: Vec<u8>,
}

impl Strays {
    pub(super) fn new(max_rows: u32) -> Self {
        // The first one prunes: what an earlier process has left is old.
        let since_prune = AtomicU32::new(PRUNE_EVERY);
        Self { max_rows: max_rows.into(), writers: Arc::new(Semaphore::new(MAX_WRITERS)), since_prune }
    }

    /// Keeps one; a known one is not kept again.
    pub(super) async fn keep(&self, context: &Context, stray: Stray) -> Result<(), DatabaseError> {
        let permit = Arc::clone(&self.writers).acquire_owned().await;
        let permit = permit.map_err(|error| DatabaseError::Unreachable(error.to_string()))?;
        let prunes = self.since_prune.fetch_add(1, Ordering::Relaxed) >= PRUNE_EVERY;
        if prunes {
            self.since_prune.store(1, Ordering::Relaxed);
        }
        let (max_rows, database) = (self.max_rows, context.database.clone());
        // In a task of its own: the permit is kept until the transaction ends, also when the caller stops waiting.
        let kept = tokio::spawn(async move {
            let _permit = permit;
            database
                .write_without_timeout::<_, DatabaseError, _>(move |tx| {
                    Box::pin(async move {
                        insert(tx, &stray).await?;
                        if prunes { prune(tx, max_rows).await } else { Ok(()) }
                    })
                })
                .await
        });
        kept.await.map_err(|error| DatabaseError::Interrupted(error.to_string()))?
    }
}

async fn insert(tx: &mut Tx, stray: &Stray) -> Result<(), DatabaseError> {
    tx.execute(
        "INSERT INTO stray (dedup, reason, account, received_at_ms, body) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (dedup) DO NOTHING",
        &[
            Value::Text(&stray.key),
            Value::Text(stray.reason),
            Value::Text(&stray.account),
            Value::Int(now_ms()),
            Value::Bytes(&stray.body),
        ],
    )
    .await?;
    Ok(())
}

/// Deletes the oldest until the rest is within its bounds.
async fn prune(tx: &mut Tx, max_rows: i64) -> Result<(), DatabaseError> {
    tx.execute("DELETE FROM stray WHERE received_at_ms < $1", &[Value::Int(now_ms() - KEEP_MS)]).await?;
    loop {
        let row = tx
            .query_one(
                "SELECT CAST(count(*) AS BIGINT) AS entries,
                        CAST(coalesce(sum(length(body)), 0) AS BIGINT) AS total_bytes FROM stray",
                &[],
            )
            .await?
            .ok_or(DatabaseError::Column("entries"))?;
        let (entries, bytes) = (row.int("entries")?, row.int("total_bytes")?);
        let too_many = (entries - max_rows).max(if bytes > MAX_BYTES { entries / 4 + 1 } else { 0 });
        if too_many <= 0 {
            return Ok(());
        }
        tx.execute(
            "DELETE FROM stray WHERE dedup IN (SELECT dedup FROM stray ORDER BY received_at_ms, dedup LIMIT $1)",
            &[Value::Int(too_many)],
        )
        .await?;
    }
}
