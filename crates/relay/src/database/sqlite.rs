//! SQLite: one connection that writes, a few that read, each used off the async threads.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, Statement, ToSql};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use super::value::Cell;
use super::{DatabaseError, Row, Value};

/// How long a statement waits for another program that has the file, such as a backup.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How large the journal may stay after a burst.
const MAX_IDLE_JOURNAL_BYTES: i64 = 64 << 20;
/// Prepared statements that a connection keeps.
const MAX_CACHED_STATEMENTS: usize = 128;
/// Connections that read at most; each has a cache of its own.
const MAX_READERS: usize = 16;
/// Those that are kept for the next question.
const MAX_IDLE_READERS: usize = 8;
/// How long a caller waits for one.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(5);

/// An open file.
#[derive(Debug)]
pub(super) struct Sqlite {
    path: PathBuf,
    writer: Arc<AsyncMutex<Connection>>,
    readers: Arc<Mutex<Vec<Connection>>>,
    /// A turn to read.
    turns: Arc<Semaphore>,
}

/// A transaction, or a reader's snapshot.
#[derive(Debug)]
pub(super) struct Session {
    /// None only while a statement runs, or after the thread that ran it panicked.
    connection: Option<Held>,
}

/// A connection with an open transaction. Dropped, it rolls back what is open; a reader goes back to the others.
#[derive(Debug)]
enum Held {
    Writer(OwnedMutexGuard<Connection>),
    /// None only once it is dropped.
    Reader {
        connection: Option<Connection>,
        idle: Arc<Mutex<Vec<Connection>>>,
        _turn: OwnedSemaphorePermit,
    },
}

impl Held {
    fn connection(&self) -> Result<&Connection, DatabaseError> {
        let connection = match self {
            Self::Writer(guard) => Some(&**guard),
            Self::Reader { connection, .. } => connection.as_ref(),
        };
        connection.ok_or_else(|| DatabaseError::Interrupted("the session is gone".to_owned()))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Ok(open) = self.connection() else { return };
        if !open.is_autocommit()
            && let Err(error) = open.execute_batch("ROLLBACK")
        {
            // The writer's next transaction begins with another try; a reader is closed.
            tracing::warn!(%error, "a transaction could not be rolled back");
            return;
        }
        if let Self::Reader { connection, idle, .. } = self
            && let Some(connection) = connection.take()
        {
            let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < MAX_IDLE_READERS {
                idle.push(connection);
            }
        }
    }
}

impl Sqlite {
    pub(super) async fn open(path: &Path) -> Result<Self, DatabaseError> {
        let path = path.to_owned();
        let (path, writer) = blocking(move || {
            make_private(&path)?;
            let writer = connect(&path)?;
            let mode: String = writer
                .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
                .map_err(unreachable)?;
            if mode != "wal" {
                return Err(DatabaseError::Unreachable(format!(
                    "the file cannot be used from several connections (journal mode `{mode}`): is it on a network drive?"
                )));
            }
            // Every commit is on the disk before a webhook is answered; on macOS that takes a second call.
            writer.pragma_update(None, "synchronous", "FULL").map_err(unreachable)?;
            writer.pragma_update(None, "fullfsync", true).map_err(unreachable)?;
            writer.pragma_update(None, "checkpoint_fullfsync", true).map_err(unreachable)?;
            writer.pragma_update(None, "journal_size_limit", MAX_IDLE_JOURNAL_BYTES).map_err(unreachable)?;
            Ok((path, writer))
        })
        .await?;
        Ok(Self {
            path,
            writer: Arc::new(AsyncMutex::new(writer)),
            readers: Arc::default(),
            turns: Arc::new(Semaphore::new(MAX_READERS)),
        })
    }

    pub(super) async fn begin(&self, writes: bool) -> Result<Session, DatabaseError> {
        if writes {
            let mut session = Session { connection: Some(Held::Writer(Arc::clone(&self.writer).lock_owned().await)) };
            // One that could not be rolled back.
            session
                .run(|sql| {
                    if !sql.is_autocommit() {
                        sql.execute_batch("ROLLBACK").map_err(refused)?;
                    }
                    sql.execute_batch("BEGIN IMMEDIATE").map_err(refused)
                })
                .await?;
            return Ok(session);
        }
        let turn = tokio::time::timeout(CONNECTION_TIMEOUT, Arc::clone(&self.turns).acquire_owned()).await;
        // The semaphore is never closed.
        let turn = turn.ok().and_then(Result::ok);
        let turn = turn.ok_or_else(|| DatabaseError::Unreachable("too many reads wait".to_owned()))?;
        let idle = Arc::clone(&self.readers);
        let waiting = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let path = self.path.clone();
        let connection = blocking(move || {
            let connection = match waiting {
                Some(connection) => connection,
                None => {
                    let connection = connect(&path)?;
                    connection.pragma_update(None, "query_only", true).map_err(unreachable)?;
                    connection
                }
            };
            connection.execute_batch("BEGIN").map_err(refused)?;
            Ok(connection)
        })
        .await?;
        Ok(Session { connection: Some(Held::Reader { connection: Some(connection), idle, _turn: turn }) })
    }
}

impl Session {
    /// Runs this on the connection, off the async threads.
    async fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, DatabaseError> + Send + 'static,
    ) -> Result<T, DatabaseError> {
        let held =
            self.connection.take().ok_or_else(|| DatabaseError::Interrupted("the session is gone".to_owned()))?;
        let (held, outcome) = blocking(move || {
            let outcome = held.connection().and_then(work);
            Ok((held, outcome))
        })
        .await?;
        self.connection = Some(held);
        outcome
    }

    pub(super) async fn query(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, DatabaseError> {
        let values = owned(values);
        self.run(move |connection| {
            let mut statement = connection.prepare_cached(sql).map_err(refused)?;
            let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
            bind(&mut statement, &values)?;
            let mut rows = statement.raw_query();
            let mut read = Vec::new();
            while let Some(row) = rows.next().map_err(refused)? {
                let mut cells = Vec::with_capacity(columns.len());
                for (index, column) in columns.iter().enumerate() {
                    let cell = match row.get_ref(index).map_err(refused)? {
                        ValueRef::Null => Cell::Null,
                        ValueRef::Integer(value) => Cell::Int(value),
                        ValueRef::Text(bytes) => Cell::Text(String::from_utf8_lossy(bytes).into_owned()),
                        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
                        ValueRef::Real(_) => return Err(DatabaseError::Refused(format!("`{column}` is a fraction"))),
                    };
                    cells.push((column.clone(), cell));
                }
                read.push(Row { cells });
            }
            Ok(read)
        })
        .await
    }

    pub(super) async fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, DatabaseError> {
        let values = owned(values);
        self.run(move |connection| {
            let mut statement = connection.prepare_cached(sql).map_err(refused)?;
            bind(&mut statement, &values)?;
            let changed = statement.raw_execute().map_err(refused)?;
            Ok(u64::try_from(changed).unwrap_or(u64::MAX))
        })
        .await
    }

    pub(super) async fn batch(&mut self, sql: String) -> Result<(), DatabaseError> {
        self.run(move |connection| connection.execute_batch(&sql).map_err(refused)).await
    }

    pub(super) async fn commit(mut self) -> Result<(), DatabaseError> {
        let committed = self.run(|connection| connection.execute_batch("COMMIT").map_err(refused)).await;
        self.rollback().await;
        committed
    }

    pub(super) async fn rollback(mut self) {
        if let Some(held) = self.connection.take() {
            // It only fails when the runtime ends, and then the file is closed.
            let _ = tokio::task::spawn_blocking(move || drop(held)).await;
        }
    }
}

/// A parameter that may travel to another thread.
enum Owned {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl ToSql for Owned {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

fn owned(values: &[Value<'_>]) -> Vec<Owned> {
    let owned = |value: &Value<'_>| match *value {
        Value::Int(value) | Value::MaybeInt(Some(value)) => Owned::Int(value),
        Value::Text(value) | Value::MaybeText(Some(value)) => Owned::Text(value.to_owned()),
        Value::Bytes(value) | Value::MaybeBytes(Some(value)) => Owned::Bytes(value.to_vec()),
        Value::MaybeInt(None) | Value::MaybeText(None) | Value::MaybeBytes(None) => Owned::Null,
    };
    values.iter().map(owned).collect()
}

/// Binds `$1`, `$2`, … by their names: SQLite numbers named parameters by where they first stand.
fn bind(statement: &mut Statement<'_>, values: &[Owned]) -> Result<(), DatabaseError> {
    // PostgreSQL refuses the same; SQLite would take NULL for a missing one.
    let (wanted, given) = (statement.parameter_count(), values.len());
    if wanted != given {
        return Err(DatabaseError::Refused(format!("a statement has {wanted} parameters, and got {given}")));
    }
    for (index, value) in values.iter().enumerate() {
        let name = format!("${}", index + 1);
        let place = statement.parameter_index(&name).map_err(refused)?;
        let place = place.ok_or_else(|| DatabaseError::Refused(format!("a statement has no parameter {name}")))?;
        statement.raw_bind_parameter(place, value).map_err(refused)?;
    }
    Ok(())
}

fn connect(path: &Path) -> Result<Connection, DatabaseError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(unreachable)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(unreachable)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(unreachable)?;
    connection.set_prepared_statement_cache_capacity(MAX_CACHED_STATEMENTS);
    Ok(connection)
}

/// Makes the file, if it is not there, for this user only: it holds what customers write. SQLite makes the files beside
/// it alike.
fn make_private(path: &Path) -> Result<(), DatabaseError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(DatabaseError::Unreachable(format!("{}: {error}", path.display()))),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DatabaseError> + Send + 'static,
) -> Result<T, DatabaseError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(DatabaseError::Interrupted(error.to_string())),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn unreachable(error: rusqlite::Error) -> DatabaseError {
    DatabaseError::Unreachable(error.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn refused(error: rusqlite::Error) -> DatabaseError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::ReadOnly) => DatabaseError::Full(error.to_string()),
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::CannotOpen
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OutOfMemory,
        ) => DatabaseError::Interrupted(error.to_string()),
        _ => DatabaseError::Refused(error.to_string()),
    }
}
