//! PostgreSQL: a pool of connections, over TLS when the address asks for it.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::connect::{Connector, CutWaits};
use super::value::Cell;
use super::{DatabaseError, Row, Value};

/// Connections at most.
const MAX_CONNECTIONS: usize = 16;
/// Connections that write at most. All of them may wait for a standby while the others read.
const MAX_WRITERS: usize = 10;
/// How long a caller waits for a connection.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(5);
/// A server that vanished without a word is noticed after the sum of these: idle, and three tries.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(5);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(2);
const KEEPALIVE_TRIES: u32 = 3;
/// The same while the server owes an acknowledgement of what was sent to it.
const UNACKNOWLEDGED_TIMEOUT: Duration = Duration::from_secs(15);

/// A server whose commits are asynchronous would acknowledge what a crash then loses: this asks for durable ones and
/// leaves a stricter setting alone. Its warnings are wanted whatever its configuration says ([`CutWaits`]).
const BEGIN_WRITE: &str = "BEGIN; SET LOCAL client_min_messages = warning; \
    SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'";
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// The pool.
#[derive(Debug)]
pub(super) struct Postgres {
    pool: Pool,
    writers: Arc<Semaphore>,
    cut_waits: CutWaits,
}

/// A transaction.
#[derive(Debug)]
pub(super) struct Session {
    /// Closed, and not given back to the pool, when a transaction on it was left open.
    connection: Option<Object>,
    cut_waits: CutWaits,
    /// Given back when the transaction has ended, however long that takes.
    _writer: Option<OwnedSemaphorePermit>,
}

impl Postgres {
    pub(super) fn open(address: &str) -> Result<Self, DatabaseError> {
        // The parser's error names the part that is wrong, and never its value.
        let mut config: Config = address
            .parse()
            .map_err(|error| DatabaseError::Unreachable(format!("the address is malformed: {error}")))?;
        config.connect_timeout(CONNECTION_TIMEOUT);
        config.keepalives_idle(KEEPALIVE_IDLE);
        config.keepalives_interval(KEEPALIVE_INTERVAL);
        config.keepalives_retries(KEEPALIVE_TRIES);
        config.tcp_user_timeout(UNACKNOWLEDGED_TIMEOUT);
        // Of several hosts the primary, and never a standby that has yet to be promoted.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.application_name("deskbell-relay");
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let tls = if config.get_ssl_mode() == SslMode::Disable {
            None
        } else {
            let tls = crate::tls::client_config().map_err(|error| DatabaseError::Unreachable(error.to_string()))?;
            Some(MakeRustlsConnect::new(tls))
        };
        let cut_waits = CutWaits::default();
        let connector = Connector { tls, cut_waits: cut_waits.clone() };
        let manager = Manager::from_connect(config, connector, recycling);
        let pool = Pool::builder(manager)
            .max_size(MAX_CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts {
                wait: Some(CONNECTION_TIMEOUT),
                create: Some(CONNECTION_TIMEOUT),
                recycle: Some(CONNECTION_TIMEOUT),
            })
            .build()
            .map_err(|error| DatabaseError::Unreachable(error.to_string()))?;
        Ok(Self { pool, writers: Arc::new(Semaphore::new(MAX_WRITERS)), cut_waits })
    }

    pub(super) async fn begin(&self, writes: bool) -> Result<Session, DatabaseError> {
        let writer = if writes { Some(self.writer().await?) } else { None };
        let connection = self.pool.get().await.map_err(|error| DatabaseError::Unreachable(error.to_string()))?;
        let session = Session { connection: Some(connection), cut_waits: self.cut_waits.clone(), _writer: writer };
        let begin = if writes { BEGIN_WRITE } else { BEGIN_READ };
        session.connection()?.batch_execute(begin).await.map_err(|error| DatabaseError::Unreachable(words(&error)))?;
        Ok(session)
    }

    async fn writer(&self) -> Result<OwnedSemaphorePermit, DatabaseError> {
        let permit = tokio::time::timeout(CONNECTION_TIMEOUT, Arc::clone(&self.writers).acquire_owned()).await;
        // The semaphore is never closed.
        permit.ok().and_then(Result::ok).ok_or_else(|| DatabaseError::Unreachable("too many writes wait".to_owned()))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Dropped in the middle of a transaction: the connection is closed. The server finishes or rolls back by itself.
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }
}

impl Session {
    fn connection(&self) -> Result<&Object, DatabaseError> {
        self.connection.as_ref().ok_or_else(|| DatabaseError::Interrupted("the session is gone".to_owned()))
    }

    pub(super) async fn query(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, DatabaseError> {
        let connection = self.connection()?;
        let statement = connection.prepare_cached(sql).await.map_err(refused)?;
        let rows = connection.query(&statement, &parameters(values)).await.map_err(refused)?;
        rows.iter().map(read).collect()
    }

    pub(super) async fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, DatabaseError> {
        let connection = self.connection()?;
        let statement = connection.prepare_cached(sql).await.map_err(refused)?;
        connection.execute(&statement, &parameters(values)).await.map_err(refused)
    }

    pub(super) async fn batch(&mut self, sql: &str) -> Result<(), DatabaseError> {
        self.connection()?.batch_execute(sql).await.map_err(refused)
    }

    pub(super) async fn commit(mut self) -> Result<(), DatabaseError> {
        // Of all commits together: one too many that is not acknowledged is only repeated.
        let cut_before = self.cut_waits.count();
        self.connection()?.batch_execute("COMMIT").await.map_err(|error| DatabaseError::Interrupted(words(&error)))?;
        if self.cut_waits.count() != cut_before {
            return Err(DatabaseError::Interrupted("the wait for the standby was cut short".to_owned()));
        }
        // Back to the pool.
        drop(self.connection.take());
        Ok(())
    }

    pub(super) async fn rollback(mut self) {
        let Ok(connection) = self.connection() else { return };
        if connection.batch_execute("ROLLBACK").await.is_ok() {
            drop(self.connection.take());
        }
    }
}

fn parameters<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values
        .iter()
        .map(|value| -> &(dyn ToSql + Sync) {
            match value {
                Value::Int(value) => value,
                Value::Text(value) => value,
                Value::Bytes(value) => value,
                Value::MaybeInt(value) => value,
                Value::MaybeText(value) => value,
                Value::MaybeBytes(value) => value,
            }
        })
        .collect()
}

fn read(row: &tokio_postgres::Row) -> Result<Row, DatabaseError> {
    let mut cells = Vec::with_capacity(row.len());
    for (index, column) in row.columns().iter().enumerate() {
        let odd = |error: tokio_postgres::Error| DatabaseError::Refused(format!("`{}`: {error}", column.name()));
        let cell = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(index).map_err(odd)?.map(Cell::Int),
            Type::INT4 => row.try_get::<_, Option<i32>>(index).map_err(odd)?.map(|value| Cell::Int(value.into())),
            Type::TEXT | Type::VARCHAR | Type::NAME => {
                row.try_get::<_, Option<String>>(index).map_err(odd)?.map(Cell::Text)
            }
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(index).map_err(odd)?.map(Cell::Bytes),
            ref other => {
                return Err(DatabaseError::Refused(format!("`{}` is of type {other}", column.name())));
            }
        };
        cells.push((column.name().to_owned(), cell.unwrap_or(Cell::Null)));
    }
    Ok(Row { cells })
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn refused(error: tokio_postgres::Error) -> DatabaseError {
    let Some(server) = error.as_db_error() else {
        let is_broken = error.is_closed() || error.source().is_some_and(<dyn StdError>::is::<std::io::Error>);
        // Otherwise a value is of another type than its parameter.
        return if is_broken {
            DatabaseError::Interrupted(words(&error))
        } else {
            DatabaseError::Refused(words(&error))
        };
    };
    match server.code().code() {
        // 53100 disk full, 53200 out of memory, 25006 read-only: a standby.
        "53100" | "53200" | "25006" => DatabaseError::Full(words(&error)),
        // Classes 57 (shut down by an operator), 58 (the system failed), 40 (rolled back), 08 (connection), 53 (resources).
        code if ["57", "58", "40", "08", "53"].iter().any(|class| code.starts_with(class)) => {
            DatabaseError::Interrupted(words(&error))
        }
        _ => DatabaseError::Refused(words(&error)),
    }
}

/// What the server said, without the row that it quotes in the detail.
fn words(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(server) => format!("{} ({})", server.message(), server.code().code()),
        None => error.to_string(),
    }
}
