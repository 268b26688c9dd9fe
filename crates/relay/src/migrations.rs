//! The database's tables, one step after another; a database of any older version is brought up to date when it is
//! opened.

use crate::database::{Database, DatabaseAddress, DatabaseError, Engine, Value};

/// All steps in order; the number of a step is its place, from 1 on. A step that has shipped never changes.
const STEPS: &[&str] = &[include_str!("../migrations/0001.sql"), include_str!("../migrations/0002_listening.sql")];

/// The version that the tables have after the last step.
#[cfg(test)]
pub(crate) const NEWEST: i64 = STEPS.len() as i64;
/// The number of our advisory lock on PostgreSQL: any that others do not use.
const MIGRATION_LOCK: i64 = 0x6465_736b_6265_6c6c;

impl Database {
    /// Opens the database, and makes or migrates its tables.
    ///
    /// # Errors
    /// [`DatabaseError`]; it is [`DatabaseError::Foreign`] if the database was made by a newer version.
    pub async fn open(address: &DatabaseAddress) -> Result<Self, DatabaseError> {
        let database = Self::connect(address).await?;
        migrate(&database).await?;
        Ok(database)
    }
}

/// Brings the tables up to date, in one transaction.
async fn migrate(database: &Database) -> Result<(), DatabaseError> {
    // Without a write, when there is nothing to do: a relay can start while PostgreSQL waits for its standby.
    let known: Result<i64, DatabaseError> = database
        .read(|tx| {
            Box::pin(async move {
                let row = tx.query_one("SELECT version FROM relay_version", &[]).await?;
                row.ok_or(DatabaseError::Column("version"))?.int("version")
            })
        })
        .await;
    match known {
        Ok(version) if usize::try_from(version) == Ok(STEPS.len()) => return Ok(()),
        // The table is missing, or the version is another.
        Ok(_) | Err(DatabaseError::Refused(_) | DatabaseError::Column(_)) => {}
        Err(error) => return Err(error),
    }
    database
        .write_without_timeout(|tx| {
            Box::pin(async move {
                if tx.engine() == Engine::Postgres {
                    // Relays that start together on an empty database: even `IF NOT EXISTS` fails for one of them.
                    tx.batch(format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
                }
                tx.batch(
                    "CREATE TABLE IF NOT EXISTS relay_version (one BIGINT PRIMARY KEY, version BIGINT NOT NULL);
                     INSERT INTO relay_version (one, version) VALUES (1, 0) ON CONFLICT (one) DO NOTHING"
                        .to_owned(),
                )
                .await?;
                let row = tx.query_one("SELECT version FROM relay_version", &[]).await?;
                let version = row.ok_or(DatabaseError::Column("version"))?.int("version")?;
                let done = usize::try_from(version).unwrap_or(usize::MAX);
                if done > STEPS.len() {
                    return Err(DatabaseError::Foreign(format!(
                        "the database is of version {version}, and this relay knows versions up to {}: install the newer relay",
                        STEPS.len()
                    )));
                }
                for step in STEPS.iter().skip(done) {
                    let sql = match tx.engine() {
                        Engine::Sqlite => step.replace("BYTEA", "BLOB"),
                        Engine::Postgres => (*step).to_owned(),
                    };
                    tx.batch(sql).await?;
                }
                let version = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
                tx.execute("UPDATE relay_version SET version = $1", &[Value::Int(version)]).await?;
                Ok(())
            })
        })
        .await
}
