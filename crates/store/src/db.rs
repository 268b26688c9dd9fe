//! One writer, many readers.
//!
//! A single thread owns the writing connection and runs one transaction after another; readers come from a stack, the
//! last used first because its page cache is warm. A pool crate was not needed: SQLite admits one writer anyway, and
//! queueing for it here is fairer than its busy-wait. After a commit the changes it made are published, never before.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use model::Change;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use tokio::sync::{broadcast, oneshot};

use crate::{OpenError, StoreError};

/// `DBEL`, so that `file` and we can tell our databases from others.
const APPLICATION_ID: i32 = 0x4442_454C;
/// The list's index is the version: never reorder, never edit what has shipped.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/0001.sql"), include_str!("../migrations/0002.sql")];
/// Changes a slow listener may lag behind before it is told to look at everything.
const CHANGES_KEPT: usize = 1024;
/// SQLite before this can corrupt a WAL database that is written and checkpointed at once (sqlite.org/wal.html).
const OLDEST_SAFE_SQLITE: i32 = 3_051_003;

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
}

/// A transaction that remembers what it made stale.
#[derive(Debug)]
pub struct Tx<'a> {
    sql: Transaction<'a>,
    changes: Vec<Change>,
}

impl std::ops::Deref for Tx<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        &self.sql
    }
}

impl Tx<'_> {
    /// Says that this will be stale once committed.
    pub fn touch(&mut self, change: Change) {
        if !self.changes.contains(&change) {
            self.changes.push(change);
        }
    }
}

impl Store {
    /// Opens the database in this folder, making or migrating it as needed.
    ///
    /// # Errors
    /// [`OpenError`]; nothing is changed when it is a newer or a foreign database.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let io = |error: &dyn std::fmt::Display| OpenError::Io {
            path: folder.display().to_string(),
            detail: error.to_string(),
        };
        make_private_folder(folder).map_err(|error| io(&error))?;
        let lock = File::create(folder.join("deskbell.lock")).map_err(|error| io(&error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse { path: folder.display().to_string() }),
            Err(TryLockError::Error(error)) => return Err(io(&error)),
        }
        let path = folder.join("deskbell.db");
        let mut writer = open_connection(&path, OpenFlags::default()).map_err(|error| open_error(&path, &error))?;
        prepare(&mut writer, &path)?;
        make_private_file(&path).map_err(|error| io(&error))?;

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
            .map_err(|error| io(&error))?;
        let (changes, _) = broadcast::channel(CHANGES_KEPT);
        let writer = Mutex::new(Some(writer));
        Ok(Self { shared: Arc::new(Shared { path, jobs, writer, readers: Mutex::default(), changes }) })
    }

    /// Runs one transaction on the writer's thread. What it touched is published after its commit.
    ///
    /// # Errors
    /// What `work` returns, and then nothing of it is kept; or [`StoreError`] from the commit itself.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (done, answer) = oneshot::channel();
        let changes = self.shared.changes.clone();
        let job: Job = Box::new(move |connection| {
            let result = commit(connection, work).map(|(value, touched)| {
                for change in touched {
                    // Nobody listening is fine.
                    let _ = changes.send(change);
                }
                value
            });
            let _ = done.send(result);
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
        let reader = self.shared.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut reader = match reader {
            Some(reader) => reader,
            None => {
                let reader = open_connection(&self.shared.path, OpenFlags::default())?;
                reader.pragma_update(None, "query_only", true)?;
                reader
            }
        };
        let snapshot = reader.transaction()?;
        let result = work(&snapshot);
        snapshot.finish()?;
        self.shared.readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
        result
    }

    /// Finishes what was asked to be written, and closes. Writes from now on fail with [`StoreError::Closed`].
    pub async fn close(&self) {
        let shared = Arc::clone(&self.shared);
        let closing = tokio::task::spawn_blocking(move || {
            let _ = shared.jobs.send(None);
            let writer = shared.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
            if writer.is_some_and(|writer| writer.join().is_err()) {
                tracing::error!("the writer's thread ended in a panic");
            }
            shared.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
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

/// One transaction and the changes it made.
fn commit<T>(
    connection: &mut Connection,
    work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
) -> Result<(T, Vec<Change>), StoreError> {
    let sql = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut tx = Tx { sql, changes: Vec::new() };
    let value = work(&mut tx)?;
    let Tx { sql, changes } = tx;
    sql.commit()?;
    Ok((value, changes))
}

fn open_connection(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(128);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -16_000)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// Checks that the database is ours and not from the future, then brings it up to date.
fn prepare(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let sql = |error: rusqlite::Error| open_error(path, &error);
    if rusqlite::version_number() < OLDEST_SAFE_SQLITE {
        let detail = format!("SQLite {} has a known corruption bug", rusqlite::version());
        return Err(OpenError::Damaged { path: path.display().to_string(), detail });
    }
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(sql)?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(sql)?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(sql)?;
    if tables > 0 && application != APPLICATION_ID {
        return Err(OpenError::NotOurs { path: path.display().to_string() });
    }
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 16777216;")
        .map_err(sql)?;
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(usize::try_from(found).unwrap_or(0)) {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql)?;
        tx.execute_batch(migration).map_err(sql)?;
        tx.pragma_update(None, "user_version", i64::try_from(index).unwrap_or(0) + 1).map_err(sql)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(sql)?;
        tx.commit().map_err(sql)?;
    }
    Ok(())
}

fn open_error(path: &Path, error: &rusqlite::Error) -> OpenError {
    use rusqlite::ErrorCode;
    let path = path.display().to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotOurs { path },
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::PermissionDenied,
        ) => OpenError::Io { path, detail: error.to_string() },
        _ => OpenError::Damaged { path, detail: error.to_string() },
    }
}

#[cfg(unix)]
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

#[cfg(unix)]
fn make_private_file(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn make_private_file(_path: &Path) -> std::io::Result<()> {
    Ok(())
}
