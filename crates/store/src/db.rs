//! One writer, many readers.
//!
//! A single thread owns the writing connection and runs one transaction after another; readers come from a stack, the
//! last used first because its page cache is warm. A pool crate was not needed: SQLite admits one writer anyway, and
//! queueing for it here is fairer than its busy-wait. After a commit the changes it made are published, never before.

pub(crate) mod check;
mod open;
mod stop;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use model::Change;
use rusqlite::Connection;
use tokio::sync::{broadcast, oneshot};

use self::open::{connect, io, lock_folder, open_connection};
use self::stop::Stop;
use crate::files::DATABASE;
use crate::recovery::{self, Report};
use crate::tx::{Tx, commit};
use crate::{OpenError, StoreError};

/// Changes a slow listener may lag behind before it is told to look at everything.
const CHANGES_KEPT: usize = 1024;
/// Readers kept for the next question. More at once are opened and closed again: each holds files and a cache.
const READERS_KEPT: usize = 8;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// An open database. Clones share it; it closes with the last.
#[derive(Debug, Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    /// `None` asks the writer to end.
    jobs: std::sync::mpsc::Sender<Option<Job>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    readers: Mutex<Vec<Connection>>,
    changes: broadcast::Sender<Change>,
    /// Whether it was closed in order the last time, or found sound since.
    sound: AtomicBool,
    closing: AtomicBool,
    /// Stops the check under way.
    check: Mutex<Option<Stop>>,
    /// The tables that hold values which could not be read.
    unreadable: Mutex<BTreeSet<&'static str>>,
    /// Whether damage was met in this session.
    damaged: AtomicBool,
}

impl Store {
    /// Opens the database in this folder, making or migrating it as needed.
    ///
    /// # Errors
    /// [`OpenError`]; nothing is changed when it is a newer, a foreign or a damaged database.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let lock = lock_folder(folder)?;
        let opened = connect(folder, &lock)?;
        Self::start(folder, lock, opened)
    }

    /// As [`Store::open`]; a damaged database is set aside, and what can be read of it is put into a new one. Then there is
    /// a [`Report`], which [`recovery::report`] also gives until it is dismissed.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::RecoveryFailed`] if the new database could not be made. What was set aside stays there, and the
    /// next start tries again.
    pub fn open_or_recover(folder: &Path) -> Result<(Self, Option<Report>), OpenError> {
        let lock = lock_folder(folder)?;
        match connect(folder, &lock) {
            Ok(opened) => Ok((Self::start(folder, lock, opened)?, None)),
            Err(OpenError::Damaged { detail, .. }) => {
                let report = recovery::recover(folder, &detail)?;
                let opened = connect(folder, &lock)?;
                Ok((Self::start(folder, lock, opened)?, report))
            }
            Err(error) => Err(error),
        }
    }

    fn start(folder: &Path, lock: File, (mut writer, ended_well): (Connection, bool)) -> Result<Self, OpenError> {
        let (jobs, inbox) = std::sync::mpsc::channel::<Option<Job>>();
        let writer = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                while let Ok(Some(job)) = inbox.recv() {
                    job(&mut writer);
                }
                if let Err(error) = writer.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)") {
                    tracing::warn!(%error, "could not tidy the database while closing");
                }
                drop(writer);
                // Only now may another process open it: it must never send the same queue.
                drop(lock);
            })
            .map_err(|error| io(folder, &error))?;
        let (changes, _) = broadcast::channel(CHANGES_KEPT);
        let shared = Shared {
            path: folder.join(DATABASE),
            jobs,
            writer: Mutex::new(Some(writer)),
            readers: Mutex::default(),
            changes,
            sound: AtomicBool::new(ended_well),
            closing: AtomicBool::new(false),
            check: Mutex::default(),
            unreadable: Mutex::default(),
            damaged: AtomicBool::new(false),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Runs one transaction on the writer's thread. What it touched is published after its commit.
    ///
    /// # Errors
    /// What `work` returns, and then nothing of it is kept; or [`StoreError`] from the commit itself.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let changes = self.shared.changes.clone();
        self.on_writer(move |connection| {
            let (value, touched) = commit(connection, work)?;
            for change in touched {
                // Without a listener there is nothing to do.
                let _ = changes.send(change);
            }
            Ok(value)
        })
        .await
    }

    /// Runs this on the writer's thread, after what it was asked to do before.
    async fn on_writer<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (done, answer) = oneshot::channel();
        let store = self.clone();
        let job: Job = Box::new(move |connection| {
            let _ = done.send(store.note_damage(work(connection)));
        });
        self.shared.jobs.send(Some(job)).map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Reads from a consistent snapshot, off the async threads.
    ///
    /// # Errors
    /// What `work` returns, or [`StoreError`] if no reader could be opened.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.read_now(work)).await.map_err(|_| StoreError::Closed)?
    }

    /// As [`Store::read`], on this thread.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_now<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.note_damage(self.read_snapshot(work))
    }

    fn read_snapshot<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let reader = lock(&self.shared.readers).pop();
        let mut reader = match reader {
            Some(reader) => reader,
            None => {
                let reader = open_connection(&self.shared.path)?;
                reader.pragma_update(None, "query_only", true)?;
                reader
            }
        };
        let snapshot = reader.transaction()?;
        let result = work(&snapshot);
        snapshot.finish()?;
        let mut readers = lock(&self.shared.readers);
        if readers.len() < READERS_KEPT {
            readers.push(reader);
        }
        drop(readers);
        result
    }

    /// Finishes what was asked to be written, and closes. Writes from now on fail with [`StoreError::Closed`].
    pub async fn close(&self) {
        self.stop_checking();
        let shared = Arc::clone(&self.shared);
        let closing = tokio::task::spawn_blocking(move || {
            let _ = shared.jobs.send(None);
            let writer = lock(&shared.writer).take();
            if writer.is_some_and(|writer| writer.join().is_err()) {
                tracing::error!("the writer's thread ended in a panic");
            }
            lock(&shared.readers).clear();
        });
        let _ = closing.await;
    }

    /// Hears of every change from now on.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.shared.changes.subscribe()
    }

    /// Publishes a change that no row stands for, such as an account's health.
    pub fn announce(&self, change: Change) {
        let _ = self.shared.changes.send(change);
    }
}

/// Locks a mutex, even if a thread panicked while it held the lock: what is in ours is whole at every moment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
