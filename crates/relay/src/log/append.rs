//! Appending: the group commit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};
use wire::EventId;

use super::ends::{self, Ends, Pulse, signed};
use super::event::{Answer, Appended, NewEvent};
use crate::clock::now_ms;
use crate::database::{Database, DatabaseError, Tx, Value};
use crate::metrics::Metrics;
use crate::team::TEAM;

/// Events committed together at most.
const MAX_GROUP: usize = 64;
/// How long a group waits for more.
const GROUP_WAIT: Duration = Duration::from_millis(2);

/// An event and who waits for it.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) event: Encoded,
    pub(super) done: oneshot::Sender<Result<Appended, AppendError>>,
    /// Its share of the memory for waiting events.
    pub(super) room: OwnedSemaphorePermit,
}

/// An event as it goes into the database.
#[derive(Debug)]
pub(super) struct Encoded {
    account: String,
    dedup: String,
    kind: String,
    json: String,
    answer: Option<Answer>,
}

impl Encoded {
    pub(super) fn new(event: NewEvent) -> Result<Self, AppendError> {
        let json = event.body.to_json().map_err(|error| AppendError::Refused(error.to_string()))?;
        let NewEvent { account, dedup, body, answer } = event;
        Ok(Self { account, dedup, kind: body.kind().to_owned(), json, answer })
    }

    /// How much of the memory for waiting events it takes.
    pub(super) fn kib(&self) -> u32 {
        u32::try_from(self.json.len() / 1_024).unwrap_or(u32::MAX).saturating_add(1)
    }
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
    /// The database cannot take this event, now or later.
    #[error("the database refused the event: {0}")]
    Refused(String),
    /// The database did not commit it, or did not say so.
    #[error("{0}")]
    Database(String),
}

impl From<&DatabaseError> for AppendError {
    fn from(error: &DatabaseError) -> Self {
        match error {
            DatabaseError::Refused(words) => Self::Refused(words.clone()),
            DatabaseError::Unreachable(_)
            | DatabaseError::Interrupted(_)
            | DatabaseError::Full(_)
            | DatabaseError::Column(_)
            | DatabaseError::Foreign(_) => Self::Database(error.to_string()),
        }
    }
}

/// Commits what arrives, in groups, until the log is gone.
pub(super) async fn commit_groups(
    database: Database,
    mut inbox: mpsc::Receiver<Waiting>,
    ends: watch::Sender<Ends>,
    pulse: Arc<Pulse>,
    metrics: Metrics,
) {
    let committer = Committer { database, ends, pulse };
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
        let mut events = Vec::with_capacity(group.len());
        let mut waiting = Vec::with_capacity(group.len());
        for Waiting { event, done, room } in group {
            events.push(event);
            waiting.push((done, room));
        }
        let began = Instant::now();
        committer.pulse.record_commit_start();
        let outcomes = committer.commit(events).await;
        let is_written_to = |outcome: &Result<_, AppendError>| !matches!(outcome, Err(AppendError::Database(_)));
        committer.pulse.record_commit_end(outcomes.iter().any(is_written_to));
        metrics.record_commit(outcomes.len(), began.elapsed());
        for ((done, _room), outcome) in waiting.into_iter().zip(outcomes) {
            // It may have stopped waiting.
            let _ = done.send(outcome);
        }
    }
}

struct Committer {
    database: Database,
    ends: watch::Sender<Ends>,
    pulse: Arc<Pulse>,
}

impl Committer {
    /// Commits a group, or each event by itself if the group is refused.
    async fn commit(&self, events: Vec<Encoded>) -> Vec<Result<Appended, AppendError>> {
        let events: Vec<Arc<Encoded>> = events.into_iter().map(Arc::new).collect();
        let count = events.len();
        let error = match self.commit_together(events.clone()).await {
            Ok(appended) => return appended.into_iter().map(Ok).collect(),
            Err(error) => error,
        };
        if count == 1 || !matches!(error, DatabaseError::Refused(_)) {
            tracing::error!(%error, count, "could not store events");
            return (0..count).map(|_| Err(AppendError::from(&error))).collect();
        }
        tracing::warn!(%error, count, "a group of events was refused; each is stored by itself");
        let mut outcomes = Vec::with_capacity(count);
        for event in events {
            let outcome = match self.commit_together(vec![event]).await {
                Ok(mut appended) => appended.pop().ok_or(AppendError::Full),
                Err(error) => {
                    tracing::error!(%error, "could not store an event");
                    Err(AppendError::from(&error))
                }
            };
            outcomes.push(outcome);
        }
        outcomes
    }

    async fn commit_together(&self, events: Vec<Arc<Encoded>>) -> Result<Vec<Appended>, DatabaseError> {
        // However long it takes: the next group would only wait for the same row.
        let (appended, ends) = self
            .database
            .write_without_timeout(move |tx| Box::pin(async move { append_in(tx, TEAM, &events).await }))
            .await?;
        ends::publish(&self.ends, ends);
        Ok(appended)
    }
}

/// Appends events in one transaction, in this order. Returns the ends of the log as they are once it is committed.
pub(super) async fn append_in<E: AsRef<Encoded>>(
    tx: &mut Tx,
    team: i64,
    events: &[E],
) -> Result<(Vec<Appended>, Ends), DatabaseError> {
    let mut ends = ends::lock(tx, team).await?;
    let before = ends.head;
    let at_ms = now_ms();
    let mut appended = Vec::with_capacity(events.len());
    for event in events {
        let event = event.as_ref();
        let sequence = signed(ends.head + 1);
        let inserted = tx
            .execute(
                "INSERT INTO event (team, seq, dedup, kind, account, at_ms, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (team, dedup) DO NOTHING",
                &[
                    Value::Int(team),
                    Value::Int(sequence),
                    Value::Text(&event.dedup),
                    Value::Text(&event.kind),
                    Value::Text(&event.account),
                    Value::Int(at_ms),
                    Value::Bytes(event.json.as_bytes()),
                ],
            )
            .await?;
        if inserted == 0 {
            appended.push(Appended::Known);
            continue;
        }
        ends.head += 1;
        if let Some(answer) = &event.answer {
            record_answer(tx, &event.account, answer, sequence).await?;
        }
        appended.push(Appended::New(EventId { epoch: ends.epoch.clone(), sequence: ends.head }));
    }
    if ends.head > before {
        tx.execute("UPDATE team SET head = $2 WHERE id = $1", &[Value::Int(team), Value::Int(signed(ends.head))])
            .await?;
    }
    Ok((appended, ends))
}

async fn record_answer(tx: &mut Tx, account: &str, answer: &Answer, sequence: i64) -> Result<(), DatabaseError> {
    tx.execute(
        "INSERT INTO answered (account, conversation, seq, device, answered_by, message)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (account, conversation) DO UPDATE SET seq = excluded.seq, device = excluded.device,
             answered_by = excluded.answered_by, message = excluded.message",
        &[
            Value::Text(account),
            Value::Text(&answer.conversation),
            Value::Int(sequence),
            Value::Text(&answer.device),
            Value::Text(&answer.answered_by),
            Value::Text(&answer.message),
        ],
    )
    .await?;
    Ok(())
}

impl AsRef<Encoded> for Encoded {
    fn as_ref(&self) -> &Encoded {
        self
    }
}
