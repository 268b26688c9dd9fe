//! Reading, and forgetting.

use rand::Rng as _;
use rand::distr::Alphanumeric;
use tokio::sync::{mpsc, watch};
use wire::{Event, EventBody, EventId};

use super::append::{Waiting, lock, signed, unsigned};
use super::{Ends, POLL_INTERVAL};
use crate::context::TEAM;
use crate::database::{Database, DatabaseError, Engine, Row, Tx, Value};

/// How many bytes of events are read at once, more or less.
const MAX_PAGE_BYTES: usize = 1 << 20;
/// How many events are read at once.
const MAX_PAGE: u32 = 1_000;
const EPOCH_LENGTH: usize = 12;

/// Why events cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Some of them are not kept any more. Holds the ends of the log.
    #[error("these events are not kept any more")]
    Gone(Ends),
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// A new epoch.
pub(crate) fn new_epoch() -> String {
    rand::rng().sample_iter(Alphanumeric).take(EPOCH_LENGTH).map(char::from).collect()
}

/// Makes the team's row when there is none.
pub(super) async fn make_team(database: &Database) -> Result<(), DatabaseError> {
    database
        .write(|tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO team (id, name, epoch, head, tail) VALUES ($1, 'shop', $2, 0, 1)
                     ON CONFLICT (id) DO NOTHING",
                    &[Value::Int(TEAM), Value::Text(&new_epoch())],
                )
                .await?;
                Ok(())
            })
        })
        .await
}

/// PostgreSQL's timeline, which changes with every failover; empty on SQLite.
pub(super) async fn timeline(tx: &mut Tx) -> Result<String, DatabaseError> {
    if tx.engine() == Engine::Sqlite {
        return Ok(String::new());
    }
    // `pg_control_checkpoint()` still names the old one right after a promotion.
    let row = tx.query_one("SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS timeline", &[]).await?;
    row.ok_or(DatabaseError::Column("timeline"))?.text("timeline")
}

pub(super) async fn ends(database: &Database) -> Result<Ends, DatabaseError> {
    database.read(|tx| Box::pin(ends_in(tx))).await
}

async fn ends_in(tx: &mut Tx) -> Result<Ends, DatabaseError> {
    let row = tx.query_one("SELECT epoch, head, tail FROM team WHERE id = $1", &[Value::Int(TEAM)]).await?;
    let row = row.ok_or(DatabaseError::Column("team"))?;
    let epoch = format!("{}{}", row.text("epoch")?, timeline(tx).await?);
    Ok(Ends { epoch, head: unsigned(row.int("head")?), tail: unsigned(row.int("tail")?) })
}

/// Tells the streams of new ends; older news than is known tells nothing.
pub(super) fn publish(ends: &watch::Sender<Ends>, now: Ends) {
    ends.send_if_modified(|known| {
        let is_news = known.epoch != now.epoch || now.head > known.head || now.tail > known.tail;
        if is_news {
            *known = now;
        }
        is_news
    });
}

/// Looks for what other processes append, until the log is gone.
pub(super) async fn follow(database: Database, sender: watch::Sender<Ends>, log: mpsc::WeakSender<Waiting>) {
    let alone = database.engine() == Engine::Sqlite;
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        if log.upgrade().is_none() {
            return;
        }
        // Nobody else writes a file of ours but the command line, which appends nothing.
        if alone {
            continue;
        }
        match ends(&database).await {
            Ok(now) => publish(&sender, now),
            Err(error) => tracing::debug!(%error, "could not look for new events"),
        }
    }
}

pub(super) async fn after(database: &Database, after: u64, limit: u32) -> Result<Vec<Event>, ReadError> {
    database
        .read(move |tx| {
            Box::pin(async move {
                let ends = ends_in(tx).await?;
                if after.saturating_add(1) < ends.tail || after > ends.head {
                    return Err(ReadError::Gone(ends));
                }
                let rows = tx
                    .query(
                        "SELECT seq, kind, account, at_ms, body FROM event WHERE team = $1 AND seq > $2
                         ORDER BY seq LIMIT $3",
                        &[Value::Int(TEAM), Value::Int(signed(after)), Value::Int(limit.min(MAX_PAGE).into())],
                    )
                    .await?;
                let mut events = Vec::with_capacity(rows.len());
                let mut bytes = 0;
                for row in rows {
                    let (event, length) = event(&row, &ends.epoch)?;
                    bytes += length;
                    events.push(event);
                    if bytes > MAX_PAGE_BYTES {
                        break;
                    }
                }
                Ok(events)
            })
        })
        .await
}

pub(super) async fn before(database: &Database, before: u64, limit: u32) -> Result<Vec<Event>, ReadError> {
    database
        .read(move |tx| {
            Box::pin(async move {
                let ends = ends_in(tx).await?;
                let rows = tx
                    .query(
                        "SELECT seq, kind, account, at_ms, body FROM event WHERE team = $1 AND seq < $2
                         ORDER BY seq DESC LIMIT $3",
                        &[Value::Int(TEAM), Value::Int(signed(before)), Value::Int(limit.min(MAX_PAGE).into())],
                    )
                    .await?;
                rows.iter().map(|row| Ok(event(row, &ends.epoch)?.0)).collect()
            })
        })
        .await
}

/// Reads an event, and how many bytes its body has. A body that cannot be read is passed on as an unknown kind: it must
/// not stop the stream.
fn event(row: &Row, epoch: &str) -> Result<(Event, usize), DatabaseError> {
    let (kind, bytes) = (row.text("kind")?, row.bytes("body")?);
    let json = String::from_utf8_lossy(&bytes);
    let body = EventBody::from_json(&kind, &json).unwrap_or_else(|error| {
        tracing::error!(%error, kind, "an event of the log cannot be read");
        EventBody::Unknown { kind: format!("unreadable {kind}"), body: serde_json::Value::Null }
    });
    let id = EventId { epoch: epoch.to_owned(), sequence: unsigned(row.int("seq")?) };
    Ok((Event { id, account: row.text("account")?, at_ms: row.int("at_ms")?, body }, bytes.len()))
}

/// Deletes what is older than this, except the newest.
pub(super) async fn prune(database: &Database, before_ms: i64, keep_newest: u64) -> Result<u64, DatabaseError> {
    database
        .write(move |tx| {
            Box::pin(async move {
                let ends = lock(tx, TEAM).await?;
                let row = tx
                    .query_one(
                        "SELECT min(seq) AS first FROM event WHERE team = $1 AND at_ms >= $2",
                        &[Value::Int(TEAM), Value::Int(before_ms)],
                    )
                    .await?;
                let first = row.ok_or(DatabaseError::Column("first"))?.maybe_int("first")?;
                let first = first.map_or(ends.head + 1, unsigned);
                let tail = first.min((ends.head + 1).saturating_sub(keep_newest)).max(ends.tail);
                let values = [Value::Int(TEAM), Value::Int(signed(tail))];
                let gone = tx.execute("DELETE FROM event WHERE team = $1 AND seq < $2", &values).await?;
                tx.execute("UPDATE team SET tail = $2 WHERE id = $1", &values).await?;
                Ok(gone)
            })
        })
        .await
}
