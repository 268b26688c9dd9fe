//! The log: everything that happened, once each, in one order, for every desktop to read by its own cursor.
//!
//! Sequences are given under the lock of the team's row, which is held to the commit: they are contiguous, and whoever
//! sees one has seen all before it. A number from a database sequence would not do: a reader could see 8 before 7 was
//! committed, move its cursor past it, and never learn of 7.
//!
//! [`Log::append`] commits in groups: one task collects what arrives within two milliseconds, up to 64 events, and
//! commits them together. An event that is known already is no failure. If a group fails because of one of its events,
//! each is committed by itself, so that one bad event costs no other.

mod append;
mod read;

use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use wire::{EventBody, EventId};

use crate::context::TEAM;
use crate::database::{Database, DatabaseError, Tx};
use crate::metrics::Metrics;

pub use append::AppendError;
pub use read::ReadError;

/// How often a process looks for what other processes have appended.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// How many events may wait to be committed; beyond that the door answers 503 and TikTok repeats them.
const MAX_WAITING: usize = 4_096;

/// An event to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// TikTok's `business_id`; empty if it is about the whole shop.
    pub account: String,
    /// What tells a repetition from another event, at most 200 bytes of ASCII. A known one is not stored again.
    pub dedup: String,
    /// The event.
    pub body: EventBody,
    /// If the shop said something in a conversation: what a later send must have seen.
    pub answer: Option<Answer>,
}

/// Something that the shop said in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// TikTok's id of the conversation.
    pub conversation: String,
    /// The device that sent it through the gateway; empty if it came by another way.
    pub device: String,
    /// The device's name, or empty.
    pub answered_by: String,
    /// TikTok's id of the message, or empty.
    pub message: String,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// It is in the log now.
    New(EventId),
    /// It was in the log before.
    Known,
}

/// The ends of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ends {
    /// The epoch of all sequences given from now on.
    pub epoch: String,
    /// The newest sequence; 0 before the first.
    pub head: u64,
    /// The oldest sequence that is kept; `head + 1` if none is.
    pub tail: u64,
}

/// The log. Clones share it.
#[derive(Debug, Clone)]
pub struct Log {
    database: Database,
    waiting: mpsc::Sender<append::Waiting>,
    ends: watch::Sender<Ends>,
}

impl Log {
    /// Opens the log, and makes the team's row when there is none. The task that commits runs until the last clone is
    /// gone.
    ///
    /// # Errors
    /// [`DatabaseError`]
    pub async fn start(database: Database, metrics: Metrics) -> Result<Self, DatabaseError> {
        read::make_team(&database).await?;
        let ends = watch::Sender::new(read::ends(&database).await?);
        let (waiting, inbox) = mpsc::channel(MAX_WAITING);
        tokio::spawn(append::commit_groups(database.clone(), inbox, ends.clone(), metrics));
        let log = Self { database, waiting, ends };
        tokio::spawn(read::follow(log.database.clone(), log.ends.clone(), log.waiting.downgrade()));
        Ok(log)
    }

    /// Appends an event; it is committed, durably, when this returns.
    ///
    /// # Errors
    /// [`AppendError`]; after [`AppendError::TimedOut`] it may be committed later all the same. Appending it again does
    /// no harm.
    pub async fn append(&self, event: NewEvent, timeout: Duration) -> Result<Appended, AppendError> {
        let (done, outcome) = oneshot::channel();
        self.waiting.try_send(append::Waiting { event, done }).map_err(|_| AppendError::Full)?;
        match tokio::time::timeout(timeout, outcome).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(AppendError::Full),
            Err(_) => Err(AppendError::TimedOut),
        }
    }

    /// Appends an event within a transaction that does more. Call [`Log::look`] after its commit.
    ///
    /// # Errors
    /// [`DatabaseError`]
    pub async fn append_in(tx: &mut Tx, event: &NewEvent) -> Result<Appended, DatabaseError> {
        append::append_in(tx, TEAM, std::slice::from_ref(event)).await?.pop().ok_or(DatabaseError::Column("seq"))
    }

    /// Locks the log until the transaction ends: nothing is appended meanwhile. Returns its ends.
    ///
    /// # Errors
    /// [`DatabaseError`]
    pub async fn lock_in(tx: &mut Tx) -> Result<Ends, DatabaseError> {
        append::lock(tx, TEAM).await
    }

    /// Looks for what was appended by another way than [`Log::append`], and wakes the streams.
    pub async fn look(&self) {
        match read::ends(&self.database).await {
            Ok(ends) => read::publish(&self.ends, ends),
            Err(error) => tracing::warn!(%error, "could not look for new events"),
        }
    }

    /// Events after a sequence, oldest first, at most `limit` and about 1 MB.
    ///
    /// # Errors
    /// [`ReadError::Gone`] if some of them are not kept any more.
    pub async fn read(&self, after: u64, limit: u32) -> Result<Vec<wire::Event>, ReadError> {
        read::after(&self.database, after, limit).await
    }

    /// Events before a sequence, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn read_before(&self, before: u64, limit: u32) -> Result<Vec<wire::Event>, ReadError> {
        read::before(&self.database, before, limit).await
    }

    /// Deletes events that were stored before this time, except the newest `keep_newest`. Returns how many went.
    ///
    /// # Errors
    /// [`DatabaseError`]
    pub async fn prune(&self, before_ms: i64, keep_newest: u64) -> Result<u64, DatabaseError> {
        let gone = read::prune(&self.database, before_ms, keep_newest).await?;
        self.look().await;
        Ok(gone)
    }

    /// The ends of the log, now and whenever they move.
    #[must_use]
    pub fn ends(&self) -> watch::Receiver<Ends> {
        self.ends.subscribe()
    }
}
