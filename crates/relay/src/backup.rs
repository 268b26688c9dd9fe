//! Backups of the database while it serves, and what has to follow a restore.
//!
//! A backup holds secrets only as they are in the database: sealed. The key is not in it, and without the key the restored
//! relay reads none of them.
//!
//! A restored log goes back in time: sequences that desktops have seen will be given again, for other events. So every
//! restore ends with [`mark_restored`], which begins a new epoch; desktops that meet it look at the newest events again.

mod error;
mod postgres;
mod sqlite;

use std::path::Path;

use crate::audit;
use crate::context::TEAM;
use crate::credential::new_id;
use crate::database::{Database, DatabaseAddress, DatabaseError, Tx, Value};
use crate::log::Log;

pub use error::BackupError;

/// What a restored relay begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The new epoch.
    pub epoch: String,
    /// The names of the devices that are paired. One that was revoked after the backup is among them, and has to be
    /// revoked again.
    pub devices: Vec<String>,
}

/// Writes a consistent copy of the database into a new file, which only the owner may read. The relay goes on serving.
/// Returns how many bytes it has.
///
/// # Errors
/// [`BackupError`]; then there is no such file.
pub async fn backup(address: &DatabaseAddress, into: &Path) -> Result<u64, BackupError> {
    match address {
        DatabaseAddress::Sqlite(path) => sqlite::backup(path, into).await,
        DatabaseAddress::Postgres(address) => postgres::backup(address, into).await,
    }
}

/// Makes a database from a backup: a file that does not exist yet, or an empty PostgreSQL database.
///
/// # Errors
/// [`BackupError`]. A file is there whole and marked, or not at all; for PostgreSQL the error says what is left to do.
pub async fn restore(from: &Path, address: &DatabaseAddress) -> Result<Restored, BackupError> {
    match address {
        DatabaseAddress::Sqlite(path) => {
            let unfinished = sqlite::copy(from, path).await?;
            let database = Database::open(&DatabaseAddress::Sqlite(unfinished.clone())).await?;
            let restored = mark_restored(&database).await?;
            drop(database);
            sqlite::finish(&unfinished, path).await?;
            Ok(restored)
        }
        DatabaseAddress::Postgres(postgres) => {
            postgres::restore(from, postgres).await?;
            let marked = match Database::open(address).await {
                Ok(database) => mark_restored(&database).await,
                Err(error) => Err(error),
            };
            marked.map_err(|error| BackupError::NotMarked(error.to_string()))
        }
    }
}

/// Begins a new epoch, because the database was restored from a backup. What must not come back to life is ended:
/// pairing codes, links under way, leases.
///
/// # Errors
/// [`DatabaseError`]
pub async fn mark_restored(database: &Database) -> Result<Restored, DatabaseError> {
    database
        .write(|tx| {
            Box::pin(async move {
                Log::lock_in(tx).await?;
                let epoch = new_id();
                let values = [Value::Int(TEAM), Value::Text(&epoch)];
                tx.execute("UPDATE team SET epoch = $2 WHERE id = $1", &values).await?;
                for sql in ["DELETE FROM pairing_code", "DELETE FROM linking", "DELETE FROM lease"] {
                    tx.execute(sql, &[]).await?;
                }
                audit::record(tx, audit::COMMAND_LINE, "database.restored", &epoch).await?;
                Ok(Restored { devices: devices(tx).await?, epoch })
            })
        })
        .await
}

async fn devices(tx: &mut Tx) -> Result<Vec<String>, DatabaseError> {
    let sql = "SELECT name FROM device WHERE team = $1 AND revoked_at_ms IS NULL ORDER BY paired_at_ms";
    tx.query(sql, &[Value::Int(TEAM)]).await?.iter().map(|row| row.text("name")).collect()
}
