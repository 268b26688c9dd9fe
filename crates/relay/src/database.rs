//! The relay's database: SQLite or PostgreSQL, with the same statements on both.
//!
//! Everything the relay knows is written once, in SQL that both databases understand, and runs on whichever is
//! configured. [`Database::write`] runs a transaction; [`Database::read`] runs statements that change nothing.
//! Parameters are written `$1`, `$2`, …; times and counts are `BIGINT`, texts `TEXT`, bytes `BYTEA`. A row lock is an
//! `UPDATE … RETURNING`, which takes the row's lock on PostgreSQL and does no harm on SQLite, where a transaction has
//! the whole file.
//!
//! **Invariant:** a statement on PostgreSQL is never cancelled and its server process never ended while it waits for a
//! standby: the unconfirmed commit would become visible, and a failover would lose it
//! (`docs/decisions/0019-…`). A caller that cannot wait any longer stops waiting; the transaction goes on by itself.
//!
//! **Invariant:** a transaction in which a statement failed is never committed. PostgreSQL would answer such a commit
//! with a rollback that looks like success.

mod connect;
mod error;
mod postgres;
mod sqlite;
#[cfg(test)]
mod tests;
mod value;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

pub use error::DatabaseError;
pub use value::{Row, Value};

/// How long a caller waits for its transaction. It is longer than the waits of the parts for a connection and a lock
/// together, and shorter than the patience of a desktop.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// Where the database is. `Debug` leaves PostgreSQL's address out: it may hold the password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseAddress {
    /// A file of ours.
    Sqlite(PathBuf),
    /// `postgres://user:password@host/name`. Several hosts may be named: the one that takes writes is used.
    Postgres(String),
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.write_str("Postgres(..)"),
        }
    }
}

/// The two kinds of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// An open database. Clones share it.
#[derive(Debug, Clone)]
pub struct Database {
    driver: Driver,
}

#[derive(Debug, Clone)]
enum Driver {
    Sqlite(Arc<sqlite::Sqlite>),
    Postgres(Arc<postgres::Postgres>),
}

/// A transaction.
#[derive(Debug)]
pub struct Tx {
    session: Session,
    /// A statement failed: the transaction can only be given up.
    is_failed: bool,
}

#[derive(Debug)]
enum Session {
    Sqlite(sqlite::Session),
    Postgres(postgres::Session),
}

impl Database {
    /// Opens the database as it is: its tables may be missing or old.
    pub(crate) async fn connect(address: &DatabaseAddress) -> Result<Self, DatabaseError> {
        let driver = match address {
            DatabaseAddress::Sqlite(path) => Driver::Sqlite(Arc::new(sqlite::Sqlite::open(path).await?)),
            DatabaseAddress::Postgres(address) => Driver::Postgres(Arc::new(postgres::Postgres::open(address)?)),
        };
        Ok(Self { driver })
    }

    /// Which database it is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.driver {
            Driver::Sqlite(_) => Engine::Sqlite,
            Driver::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs one transaction. It is committed, durably, when this returns `Ok`; when `work` fails, nothing of it is kept.
    ///
    /// The transaction runs in a task of its own: a caller that stops waiting does not end it. The same after 20
    /// seconds, when a standby is away or another transaction holds a row: the transaction may be committed later.
    ///
    /// # Errors
    /// What `work` returns, or [`DatabaseError`] of the commit.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        match tokio::time::timeout(WRITE_TIMEOUT, self.write_without_timeout(work)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(DatabaseError::Interrupted("a transaction takes too long".to_owned()).into()),
        }
    }

    /// The same, however long it takes: for the one task that appends to the log. A second transaction of its would
    /// only wait for the first.
    pub(crate) async fn write_without_timeout<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        let driver = self.driver.clone();
        let task = tokio::spawn(async move {
            let mut tx = Tx::begin(&driver, true).await?;
            match work(&mut tx).await {
                Ok(value) => {
                    tx.commit().await?;
                    Ok(value)
                }
                Err(error) => {
                    tx.rollback().await;
                    Err(error)
                }
            }
        });
        match task.await {
            Ok(outcome) => outcome,
            Err(error) => Err(DatabaseError::Interrupted(error.to_string()).into()),
        }
    }

    /// Runs statements that change nothing, on one snapshot.
    ///
    /// # Errors
    /// What `work` returns, or [`DatabaseError`].
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        let mut tx = Tx::begin(&self.driver, false).await?;
        let outcome = work(&mut tx).await;
        tx.rollback().await;
        outcome
    }
}

impl Tx {
    async fn begin(driver: &Driver, writes: bool) -> Result<Self, DatabaseError> {
        let session = match driver {
            Driver::Sqlite(sqlite) => Session::Sqlite(sqlite.begin(writes).await?),
            Driver::Postgres(postgres) => Session::Postgres(postgres.begin(writes).await?),
        };
        Ok(Self { session, is_failed: false })
    }

    /// Runs a statement and returns its rows.
    ///
    /// # Errors
    /// [`DatabaseError`]; the transaction can then only be given up.
    pub async fn query(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, DatabaseError> {
        let outcome = match &mut self.session {
            Session::Sqlite(session) => session.query(sql, values).await,
            Session::Postgres(session) => session.query(sql, values).await,
        };
        self.is_failed |= outcome.is_err();
        outcome
    }

    /// Runs a statement and returns its one row; none if there is none.
    ///
    /// # Errors
    /// [`DatabaseError`]
    pub async fn query_one(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Option<Row>, DatabaseError> {
        Ok(self.query(sql, values).await?.into_iter().next())
    }

    /// Runs a statement and returns how many rows it changed.
    ///
    /// # Errors
    /// [`DatabaseError`]
    pub async fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, DatabaseError> {
        let outcome = match &mut self.session {
            Session::Sqlite(session) => session.execute(sql, values).await,
            Session::Postgres(session) => session.execute(sql, values).await,
        };
        self.is_failed |= outcome.is_err();
        outcome
    }

    /// Runs several statements without parameters, for migrations.
    pub(crate) async fn batch(&mut self, sql: String) -> Result<(), DatabaseError> {
        let outcome = match &mut self.session {
            Session::Sqlite(session) => session.batch(sql).await,
            Session::Postgres(session) => session.batch(&sql).await,
        };
        self.is_failed |= outcome.is_err();
        outcome
    }

    /// Now, ms since the epoch, by the one clock that all relay processes on this database share.
    ///
    /// # Errors
    /// [`DatabaseError`]
    pub async fn now_ms(&mut self) -> Result<i64, DatabaseError> {
        if self.engine() == Engine::Sqlite {
            return Ok(crate::clock::now_ms());
        }
        let sql = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) AS now_ms";
        self.query_one(sql, &[]).await?.ok_or(DatabaseError::Column("now_ms"))?.int("now_ms")
    }

    /// Which database it is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.session {
            Session::Sqlite(_) => Engine::Sqlite,
            Session::Postgres(_) => Engine::Postgres,
        }
    }

    async fn commit(self) -> Result<(), DatabaseError> {
        if self.is_failed {
            self.rollback().await;
            return Err(DatabaseError::Refused("a statement of the transaction had failed".to_owned()));
        }
        match self.session {
            Session::Sqlite(session) => session.commit().await,
            Session::Postgres(session) => session.commit().await,
        }
    }

    async fn rollback(self) {
        match self.session {
            Session::Sqlite(session) => session.rollback().await,
            Session::Postgres(session) => session.rollback().await,
        }
    }
}
