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
mod ends;
mod event;
mod prune;
mod read;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use crate::database::{Database, DatabaseError, Tx};
use crate::metrics::Metrics;
use crate::team::TEAM;

pub use append::AppendError;
pub use ends::Ends;
pub use event::{Answer, Appended, NewEvent};
pub use read::{Page, ReadError};

/// How many events may wait to be committed; beyond that the door answers 503 and TikTok repeats them.
const MAX_WAITING: usize = 4_096;
/// How much they may take in memory, in KiB.
const MAX_WAITING_KIB: usize = 64 << 10;
/// How long the database may fail to answer, or to commit, before the log counts as not working.
const MAX_SILENCE: Duration = Duration::from_secs(10);

/// The log. Clones share it.
#[derive(Debug, Clone)]
pub struct Log {
    database: Database,
    waiting: mpsc::Sender<append::Waiting>,
    /// A permit for each KiB that waits.
    room: Arc<Semaphore>,
    ends: watch::Sender<Ends>,
    pulse: Arc<ends::Pulse>,
}

impl Log {
    /// Opens the log, and makes the team's row when there is none. The task that commits runs until the last clone is
    /// gone.
    ///
    /// # Errors
    /// [`DatabaseError`]
    pub async fn start(database: Database, metrics: Metrics) -> Result<Self, DatabaseError> {
        let ends = watch::Sender::new(ends::open(&database).await?);
        let pulse = Arc::new(ends::Pulse::new());
        let (waiting, inbox) = mpsc::channel(MAX_WAITING);
        tokio::spawn(append::commit_groups(database.clone(), inbox, ends.clone(), Arc::clone(&pulse), metrics));
        tokio::spawn(ends::follow(database.clone(), ends.clone(), Arc::clone(&pulse), waiting.downgrade()));
        Ok(Self { database, waiting, room: Arc::new(Semaphore::new(MAX_WAITING_KIB)), ends, pulse })
    }

    /// Appends an event; it is committed, durably, when this returns.
    ///
    /// # Errors
    /// [`AppendError`]; after [`AppendError::TimedOut`] it may be committed later all the same. Appending it again does
    /// no harm.
    pub async fn append(&self, event: NewEvent, timeout: Duration) -> Result<Appended, AppendError> {
        let event = append::Encoded::new(event)?;
        let room = Arc::clone(&self.room).try_acquire_many_owned(event.kib()).map_err(|_| AppendError::Full)?;
        let (done, outcome) = oneshot::channel();
        let waiting = append::Waiting { event, done, room };
        self.waiting.try_send(waiting).map_err(|_| AppendError::Full)?;
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
        let event = append::Encoded::new(event.clone()).map_err(|error| DatabaseError::Refused(error.to_string()))?;
        let (mut appended, _) = append::append_in(tx, TEAM, &[event]).await?;
        appended.pop().ok_or(DatabaseError::Column("seq"))
    }

    /// Locks the log until the transaction ends: nothing is appended meanwhile. Returns its ends.
    ///
    /// # Errors
    /// [`DatabaseError`]
    pub async fn lock_in(tx: &mut Tx) -> Result<Ends, DatabaseError> {
        ends::lock(tx, TEAM).await
    }

    /// Begins a new epoch: after a restore, when sequences may be given a second time. Call [`Log::look`] after the
    /// commit.
    ///
    /// # Errors
    /// [`DatabaseError`]
    pub async fn begin_epoch_in(tx: &mut Tx) -> Result<(), DatabaseError> {
        ends::begin_epoch(tx, TEAM).await
    }

    /// Looks for what was appended by another way than [`Log::append`], and wakes the streams.
    pub async fn look(&self) {
        if let Err(error) = self.read_ends().await {
            tracing::warn!(%error, "could not look for new events");
        }
    }

    /// Events after a sequence, oldest first, at most `limit` and about 1 MB.
    ///
    /// # Errors
    /// [`ReadError::Gone`] if some of them are not kept any more.
    pub async fn read(&self, after: u64, limit: u32) -> Result<Vec<wire::Event>, ReadError> {
        Ok(self.read_page(after, limit, read::MAX_PAGE_BYTES).await?.events)
    }

    /// Events after a sequence, oldest first, at most `limit` and about `bytes` (but always one), with the ends of the
    /// log at that moment.
    ///
    /// # Errors
    /// [`ReadError::Gone`] if some of them are not kept any more, or the log does not reach so far.
    pub async fn read_page(&self, after: u64, limit: u32, bytes: u64) -> Result<Page, ReadError> {
        read::after(&self.database, after, limit, bytes).await
    }

    /// Events before a sequence, newest first, at most `limit` and about 1 MB.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn read_before(&self, before: u64, limit: u32) -> Result<Page, ReadError> {
        read::before(&self.database, before, limit, read::MAX_PAGE_BYTES).await
    }

    /// Deletes events that were stored before this time, except the newest `keep_newest`. Returns how many went.
    ///
    /// # Errors
    /// [`DatabaseError`]; some may have gone.
    pub async fn prune(&self, before_ms: i64, keep_newest: u64) -> Result<u64, DatabaseError> {
        let gone = prune::prune(&self.database, before_ms, keep_newest).await;
        self.look().await;
        gone
    }

    /// The ends of the log in the database. If they have moved, the streams are woken.
    ///
    /// # Errors
    /// [`DatabaseError`]
    pub async fn read_ends(&self) -> Result<Ends, DatabaseError> {
        let ends = ends::read(&self.database).await?;
        ends::publish(&self.ends, ends.clone());
        Ok(ends)
    }

    /// The ends of the log, now and whenever they move.
    #[must_use]
    pub fn ends(&self) -> watch::Receiver<Ends> {
        self.ends.subscribe()
    }

    /// Whether the database answers, and commits what is appended: within the last ten seconds it did.
    #[must_use]
    pub fn is_working(&self) -> bool {
        self.pulse.is_beating(MAX_SILENCE)
    }
}
