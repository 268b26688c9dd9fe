//! Reading.

use wire::{Event, EventBody, EventId};

use super::ends::{self, Ends, signed, unsigned};
use crate::database::{Database, DatabaseError, Row, Tx, Value};
use crate::team::TEAM;

/// How many bytes of events are read at once, more or less.
pub(super) const MAX_PAGE_BYTES: u64 = 1 << 20;
/// How many events are read at once.
const MAX_PAGE: u32 = 1_000;

/// Events that follow on each other, and the ends of the log when they were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The ends of the log.
    pub ends: Ends,
    /// The events.
    pub events: Vec<Event>,
}

/// Why events cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Some of them are not kept any more, or there are none so far on. Holds the ends of the log.
    #[error("these events are not kept any more")]
    Gone(Ends),
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

pub(super) async fn after(database: &Database, after: u64, limit: u32, bytes: u64) -> Result<Page, ReadError> {
    database
        .read(move |tx| {
            Box::pin(async move {
                let ends = ends::read_in(tx).await?;
                if after.saturating_add(1) < ends.tail || after > ends.head {
                    return Err(ReadError::Gone(ends));
                }
                let values = [Value::Int(TEAM), Value::Int(signed(after)), Value::Int(limit.min(MAX_PAGE).into())];
                let sizes = tx
                    .query(
                        "SELECT seq, CAST(length(body) AS BIGINT) AS bytes FROM event WHERE team = $1 AND seq > $2
                         ORDER BY seq LIMIT $3",
                        &values,
                    )
                    .await?;
                let Some(last) = last_within(&sizes, bytes)? else { return Ok(Page { ends, events: Vec::new() }) };
                let sql = "SELECT seq, kind, account, at_ms, body FROM event
                           WHERE team = $1 AND seq > $2 AND seq <= $3 ORDER BY seq";
                let events = events(tx, sql, &ends, after, last).await?;
                Ok(Page { ends, events })
            })
        })
        .await
}

pub(super) async fn before(database: &Database, before: u64, limit: u32, bytes: u64) -> Result<Page, ReadError> {
    database
        .read(move |tx| {
            Box::pin(async move {
                let ends = ends::read_in(tx).await?;
                let values = [Value::Int(TEAM), Value::Int(signed(before)), Value::Int(limit.min(MAX_PAGE).into())];
                let sizes = tx
                    .query(
                        "SELECT seq, CAST(length(body) AS BIGINT) AS bytes FROM event WHERE team = $1 AND seq < $2
                         ORDER BY seq DESC LIMIT $3",
                        &values,
                    )
                    .await?;
                let Some(last) = last_within(&sizes, bytes)? else { return Ok(Page { ends, events: Vec::new() }) };
                let sql = "SELECT seq, kind, account, at_ms, body FROM event
                           WHERE team = $1 AND seq < $2 AND seq >= $3 ORDER BY seq DESC";
                let events = events(tx, sql, &ends, before, last).await?;
                Ok(Page { ends, events })
            })
        })
        .await
}

/// The sequence up to which events together have no more than this many bytes; the first in any case. Bodies are read
/// only once it is known how large they are.
fn last_within(sizes: &[Row], bytes: u64) -> Result<Option<i64>, DatabaseError> {
    let mut last = None;
    let mut sum = 0_u64;
    for row in sizes {
        sum = sum.saturating_add(unsigned(row.int("bytes")?));
        if last.is_some() && sum > bytes {
            break;
        }
        last = Some(row.int("seq")?);
    }
    Ok(last)
}

async fn events(
    tx: &mut Tx,
    sql: &'static str,
    ends: &Ends,
    bound: u64,
    last: i64,
) -> Result<Vec<Event>, DatabaseError> {
    let rows = tx.query(sql, &[Value::Int(TEAM), Value::Int(signed(bound)), Value::Int(last)]).await?;
    rows.iter().map(|row| event(row, &ends.epoch)).collect()
}

/// Reads an event. A body that cannot be read is passed on as an unknown kind: it must not stop the stream.
fn event(row: &Row, epoch: &str) -> Result<Event, DatabaseError> {
    let (kind, bytes) = (row.text("kind")?, row.bytes("body")?);
    let json = String::from_utf8_lossy(&bytes);
    let body = EventBody::from_json(&kind, &json).unwrap_or_else(|error| {
        tracing::error!(%error, kind, "an event of the log cannot be read");
        EventBody::Unknown { kind: format!("unreadable {kind}"), body: serde_json::Value::Null }
    });
    let id = EventId { epoch: epoch.to_owned(), sequence: unsigned(row.int("seq")?) };
    Ok(Event { id, account: row.text("account")?, at_ms: row.int("at_ms")?, body })
}
