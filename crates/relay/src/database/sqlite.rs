//! SQLite: one connection that writes, a few that read, each used off the async threads.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, Statement, ToSql};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::value::Cell;
use super::{DatabaseError, Row, Value};

/// How long a statement waits for another program that has the file, such as a backup.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Readers that are kept for the next question.
const MAX_IDLE_READERS: usize = 8;

/// An open file.
#[derive(Debug)]
pub(super) struct Sqlite {
    path: PathBuf,
    writer: Arc<AsyncMutex<Connection>>,
    readers: Arc<Mutex<Vec<Connection>>>,
}

/// A transaction, or a reader's snapshot.
#[derive(Debug)]
pub(super) struct Session {
    /// None only while a statement runs, or after the thread that ran it panicked.
    connection: Option<Held>,
}

#[derive(Debug)]
enum Held {
    Writer(OwnedMutexGuard<Connection>),
    Reader { connection: Connection, idle: Arc<Mutex<Vec<Connection>>> },
}

impl Held {
    fn connection(&self) -> &Connection {
        match self {
            Self::Writer(guard) => guard,
            Self::Reader { connection, .. } => connection,
        }
    }

    /// Rolls back what is open. A reader goes back to the others.
    fn end(self) {
        if !self.connection().is_autocommit() && self.connection().execute_batch("ROLLBACK").is_err() {
            tracing::warn!("a transaction could not be rolled back");
            return;
        }
        if let Self::Reader { connection, idle } = self {
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
            let writer = connect(&path)?;
            // Every commit is on the disk before a webhook is answered.
            writer.pragma_update(None, "journal_mode", "WAL").map_err(unreachable)?;
            writer.pragma_update(None, "synchronous", "FULL").map_err(unreachable)?;
            Ok((path, writer))
        })
        .await?;
        Ok(Self { path, writer: Arc::new(AsyncMutex::new(writer)), readers: Arc::default() })
    }

    pub(super) async fn begin(&self, writes: bool) -> Result<Session, DatabaseError> {
        if writes {
            let mut session = Session { connection: Some(Held::Writer(Arc::clone(&self.writer).lock_owned().await)) };
            // A task that was dropped in the middle of a transaction has left it open.
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
        Ok(Session { connection: Some(Held::Reader { connection, idle }) })
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
            let outcome = work(held.connection());
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
            let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
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
            let _ = tokio::task::spawn_blocking(move || held.end()).await;
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
    for (index, value) in values.iter().enumerate() {
        let name = format!("${}", index + 1);
        if let Some(place) = statement.parameter_index(&name).map_err(refused)? {
            statement.raw_bind_parameter(place, value).map_err(refused)?;
        }
    }
    Ok(())
}

fn connect(path: &Path) -> Result<Connection, DatabaseError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(unreachable)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(unreachable)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(unreachable)?;
    Ok(connection)
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
