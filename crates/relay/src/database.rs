//! The relay's database: SQLite or PostgreSQL, with the same statements on both.
//!
//! Everything the relay knows is written once, in SQL that both databases understand, and runs on whichever is
//! configured. [`Database::write`] runs a transaction; [`Database::read`] runs statements that change nothing.
//! Parameters are written `$1`, `$2`, …; times and counts are `BIGINT`, texts `TEXT`, bytes `BYTEA`. A row lock is an
//! `UPDATE … RETURNING`, which takes the row's lock on PostgreSQL and does no harm on SQLite, where a transaction has
//! the whole file.
//!
//! **Invariant:** a statement on PostgreSQL is never cancelled and its session never ended while it waits for a
//! standby: the unconfirmed commit would become visible, and a failover would lose it
//! (`docs/decisions/0019-…`). A caller that cannot wait any longer stops waiting; the transaction goes on by itself.

mod postgres;
mod sqlite;
mod value;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;

pub use value::{Row, Value};

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseAddress {
    /// A file of ours.
    Sqlite(PathBuf),
    /// `postgres://user@host/name`, with the password in it or in the environment. Never printed.
    Postgres(String),
}

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It cannot be reached, or takes no connection. Nothing was done.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The connection broke or the disk failed while it worked: a write may or may not have been done.
    #[error("the database did not answer: {0}")]
    Interrupted(String),
    /// The statement was refused: a fault of ours, or a row that the schema does not allow. Nothing was done.
    #[error("the database refused a statement: {0}")]
    Refused(String),
    /// The disk is full or cannot be written to. Nothing was done.
    #[error("the database cannot be written to: {0}")]
    Full(String),
    /// A column is missing or of another type.
    #[error("a row has no readable `{0}`")]
    Column(&'static str),
    /// The database was made by a newer version, or is another program's.
    #[error("{0}")]
    Foreign(String),
}

/// Which database it is.
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
}

#[derive(Debug)]
enum Session {
    Sqlite(sqlite::Session),
    Postgres(postgres::Session),
}

impl Database {
    /// Opens the database, and makes or migrates its tables.
    ///
    /// # Errors
    /// [`DatabaseError`]
    pub async fn open(address: &DatabaseAddress) -> Result<Self, DatabaseError> {
        let driver = match address {
            DatabaseAddress::Sqlite(path) => Driver::Sqlite(Arc::new(sqlite::Sqlite::open(path).await?)),
            DatabaseAddress::Postgres(address) => Driver::Postgres(Arc::new(postgres::Postgres::open(address)?)),
        };
        let database = Self { driver };
        crate::migrations::migrate(&database).await?;
        Ok(database)
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
    /// The transaction runs in a task of its own: a caller that stops waiting does not end it.
    ///
    /// # Errors
    /// What `work` returns, or [`DatabaseError`] of the commit.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
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
        Ok(Self { session })
    }

    /// Runs a statement and returns its rows.
    ///
    /// # Errors
    /// [`DatabaseError`]; the transaction can then only be given up, on PostgreSQL.
    pub async fn query(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, DatabaseError> {
        match &mut self.session {
            Session::Sqlite(session) => session.query(sql, values).await,
            Session::Postgres(session) => session.query(sql, values).await,
        }
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
        match &mut self.session {
            Session::Sqlite(session) => session.execute(sql, values).await,
            Session::Postgres(session) => session.execute(sql, values).await,
        }
    }

    /// Runs several statements without parameters, for migrations.
    pub(crate) async fn batch(&mut self, sql: String) -> Result<(), DatabaseError> {
        match &mut self.session {
            Session::Sqlite(session) => session.batch(sql).await,
            Session::Postgres(session) => session.batch(&sql).await,
        }
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
