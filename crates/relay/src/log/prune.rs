//! Forgetting what is older than the shop keeps.

use super::ends::{self, signed, unsigned};
use crate::database::{Database, DatabaseError, Value};
use crate::team::TEAM;

/// How many events are deleted in one transaction: nothing is appended meanwhile.
const MAX_DELETED_AT_ONCE: u64 = 2_000;

/// Deletes what is older than this, except the newest.
pub(super) async fn prune(database: &Database, before_ms: i64, keep_newest: u64) -> Result<u64, DatabaseError> {
    let mut gone = 0;
    loop {
        let (deleted, is_done) = prune_some(database, before_ms, keep_newest).await?;
        gone += deleted;
        if is_done {
            return Ok(gone);
        }
    }
}

/// Returns how many went, and whether those were all.
async fn prune_some(database: &Database, before_ms: i64, keep_newest: u64) -> Result<(u64, bool), DatabaseError> {
    database
        .write(move |tx| {
            Box::pin(async move {
                let ends = ends::lock(tx, TEAM).await?;
                let end = (ends.head + 1).min(ends.tail.saturating_add(MAX_DELETED_AT_ONCE));
                // The beginning of the log, up to the first event that is to stay.
                let row = tx
                    .query_one(
                        "SELECT min(seq) AS first FROM event WHERE team = $1 AND at_ms >= $2 AND seq < $3",
                        &[Value::Int(TEAM), Value::Int(before_ms), Value::Int(signed(end))],
                    )
                    .await?;
                let first = row.ok_or(DatabaseError::Column("first"))?.maybe_int("first")?.map_or(end, unsigned);
                let tail = first.min((ends.head + 1).saturating_sub(keep_newest)).max(ends.tail);
                let values = [Value::Int(TEAM), Value::Int(signed(tail))];
                let gone = tx.execute("DELETE FROM event WHERE team = $1 AND seq < $2", &values).await?;
                tx.execute("UPDATE team SET tail = $2 WHERE id = $1", &values).await?;
                Ok((gone, tail < end || end == ends.head + 1))
            })
        })
        .await
}
