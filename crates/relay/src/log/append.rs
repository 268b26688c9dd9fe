//! Appending: the group commit.

use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use wire::EventId;

use super::{Appended, Ends, NewEvent, read};
use crate::clock::now_ms;
use crate::context::TEAM;
use crate::database::{Database, DatabaseError, Tx, Value};
use crate::metrics::Metrics;

/// Events committed together at most.
const MAX_GROUP: usize = 64;
/// How long a group waits for more.
const GROUP_WAIT: Duration = Duration::from_millis(2);

/// An event and who waits for it.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) event: NewEvent,
    pub(super) done: oneshot::Sender<Result<Appended, AppendError>>,
}

/// Why an event was not appended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Too many events wait already, or the relay is closing.
    #[error("too many events wait to be stored")]
    Full,
    /// The database did not commit it in time. It may yet.
    #[error("the database did not answer in time")]
    TimedOut,
    /// The database did not commit it.
    #[error("{0}")]
    Database(String),
}

/// Commits what arrives, in groups, until the log is gone.
pub(super) async fn commit_groups(
    database: Database,
    mut inbox: mpsc::Receiver<Waiting>,
    ends: watch::Sender<Ends>,
    metrics: Metrics,
) {
    while let Some(first) = inbox.recv().await {
        let mut group = vec![first];
        let until = tokio::time::Instant::now() + GROUP_WAIT;
        while group.len() < MAX_GROUP {
            match tokio::time::timeout_at(until, inbox.recv()).await {
                Ok(Some(next)) => group.push(next),
                Ok(None) | Err(_) => break,
            }
        }
        // Those who stopped waiting get it stored all the same: their event was valid.
        let (events, waiting): (Vec<NewEvent>, Vec<_>) = group.into_iter().map(|one| (one.event, one.done)).unzip();
        let began = Instant::now();
        let outcomes = commit(&database, events).await;
        metrics.record_commit(outcomes.len(), began.elapsed());
        if let Ok(now) = read::ends(&database).await {
            read::publish(&ends, now);
        }
        for (done, outcome) in waiting.into_iter().zip(outcomes) {
            // It may have stopped waiting.
            let _ = done.send(outcome);
        }
    }
}

/// Commits a group, or each event by itself if the group is refused.
async fn commit(database: &Database, events: Vec<NewEvent>) -> Vec<Result<Appended, AppendError>> {
    let count = events.len();
    let error = match commit_together(database, events.clone()).await {
        Ok(appended) => return appended.into_iter().map(Ok).collect(),
        Err(error) => error,
    };
    if count == 1 || !matches!(error, DatabaseError::Refused(_)) {
        tracing::error!(%error, count, "could not store events");
        return (0..count).map(|_| Err(AppendError::Database(error.to_string()))).collect();
    }
    tracing::warn!(%error, count, "a group of events was refused; each is stored by itself");
    let mut outcomes = Vec::with_capacity(count);
    for event in events {
        let outcome = match commit_together(database, vec![event]).await {
            Ok(mut appended) => appended.pop().ok_or(AppendError::Full),
            Err(error) => {
                tracing::error!(%error, "could not store an event");
                Err(AppendError::Database(error.to_string()))
            }
        };
        outcomes.push(outcome);
    }
    outcomes
}

async fn commit_together(database: &Database, events: Vec<NewEvent>) -> Result<Vec<Appended>, DatabaseError> {
    database.write(move |tx| Box::pin(async move { append_in(tx, TEAM, &events).await })).await
}

/// Locks the team's row until the transaction ends, and reads it.
pub(super) async fn lock(tx: &mut Tx, team: i64) -> Result<Ends, DatabaseError> {
    let sql = "UPDATE team SET head = head WHERE id = $1 RETURNING epoch, head, tail";
    let row = tx.query_one(sql, &[Value::Int(team)]).await?.ok_or(DatabaseError::Column("team"))?;
    let epoch = format!("{}{}", row.text("epoch")?, read::timeline(tx).await?);
    Ok(Ends { epoch, head: unsigned(row.int("head")?), tail: unsigned(row.int("tail")?) })
}

/// Appends events in one transaction, in this order.
pub(super) async fn append_in(tx: &mut Tx, team: i64, events: &[NewEvent]) -> Result<Vec<Appended>, DatabaseError> {
    let Ends { epoch, mut head, .. } = lock(tx, team).await?;
    let before = head;
    let at_ms = now_ms();
    let mut appended = Vec::with_capacity(events.len());
    for event in events {
        let json = event.body.to_json().map_err(|error| DatabaseError::Refused(error.to_string()))?;
        let sequence = signed(head + 1);
        let inserted = tx
            .execute(
                "INSERT INTO event (team, seq, dedup, kind, account, at_ms, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (team, dedup) DO NOTHING",
                &[
                    Value::Int(team),
                    Value::Int(sequence),
                    Value::Text(&event.dedup),
                    Value::Text(event.body.kind()),
                    Value::Text(&event.account),
                    Value::Int(at_ms),
                    Value::Bytes(json.as_bytes()),
                ],
            )
            .await?;
        if inserted == 0 {
            appended.push(Appended::Known);
            continue;
        }
        head += 1;
        if let Some(answer) = &event.answer {
            tx.execute(
                "INSERT INTO answered (account, conversation, seq, device, answered_by, message)
                 VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (account, conversation) DO UPDATE SET seq = excluded.seq, device = excluded.device,
                     answered_by = excluded.answered_by, message = excluded.message",
                &[
                    Value::Text(&event.account),
                    Value::Text(&answer.conversation),
                    Value::Int(sequence),
                    Value::Text(&answer.device),
                    Value::Text(&answer.answered_by),
                    Value::Text(&answer.message),
                ],
            )
            .await?;
        }
        appended.push(Appended::New(EventId { epoch: epoch.clone(), sequence: head }));
    }
    if head > before {
        tx.execute("UPDATE team SET head = $2 WHERE id = $1", &[Value::Int(team), Value::Int(signed(head))]).await?;
    }
    Ok(appended)
}

/// A sequence as the database has it.
pub(super) fn signed(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

/// A sequence of the database's.
pub(super) fn unsigned(sequence: i64) -> u64 {
    u64::try_from(sequence).unwrap_or(0)
}
