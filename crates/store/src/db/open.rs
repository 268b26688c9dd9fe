//! Opening a database: whose it is, whether it is whole, and bringing it up to date.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use rusqlite::Connection;

use crate::files::{DATABASE, LOCK, log_of};
use crate::migrations::{APPLICATION_ID, MIGRATIONS, migrate};
use crate::recovery::{self, Inspection};
use crate::rows::only;
use crate::{OpenError, private};

/// SQLite before this can corrupt a WAL database that is written and checkpointed at once (sqlite.org/wal.html).
const OLDEST_SAFE_SQLITE: i32 = 3_051_003;

/// The folder is ours from here on, until this is dropped.
pub(super) fn lock_folder(folder: &Path) -> Result<File, OpenError> {
    private::claim_folder(folder)?;
    let lock = private::new_file().read(true).write(true).create(true).truncate(false).open(folder.join(LOCK));
    let lock = lock.map_err(|error| io(folder, &error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: folder.display().to_string() }),
        Err(TryLockError::Error(error)) => Err(io(folder, &error)),
    }
}

/// Looks at the database, opens it, and brings it up to date; and whether it was closed in order the last time.
pub(super) fn connect(folder: &Path, mut lock: &File) -> Result<(Connection, bool), OpenError> {
    let path = folder.join(DATABASE);
    let io = |error: std::io::Error| io(folder, &error);
    let name = path.display().to_string();
    if rusqlite::version_number() < OLDEST_SAFE_SQLITE {
        let detail = format!("SQLite {} has a known corruption bug", rusqlite::version());
        return Err(OpenError::Io { path: name, detail });
    }
    if let Some(detail) = recovery::marked(folder) {
        return Err(OpenError::Damaged { path: name, detail });
    }
    let mut lived_here = String::new();
    lock.read_to_string(&mut lived_here).map_err(io)?;
    let lived_here = !lived_here.is_empty();
    match recovery::inspect(&path, lived_here).map_err(io)? {
        Inspection::Fine => {}
        Inspection::Damaged(detail) => return Err(OpenError::Damaged { path: name, detail }),
        Inspection::NotOurs => return Err(OpenError::NotOurs { path: name }),
    }
    // Closing it in order leaves no log.
    let ended_well = !log_of(&path).metadata().is_ok_and(|log| log.len() > 0);
    // What SQLite puts beside it, the log above all, it makes as readable as the database is.
    private::new_file().append(true).create(true).open(&path).map_err(io)?;
    private::close_to_others(&path, 0o600).map_err(io)?;
    let opened = open_connection(&path).map_err(|error| open_error(&path, &error));
    let opened = opened.and_then(|mut writer| prepare(&mut writer, &path).map(|()| writer));
    let writer = match opened {
        Ok(writer) => writer,
        // Only ours are mended.
        Err(OpenError::Damaged { .. }) if !recovery::was_ours(&path, lived_here).map_err(io)? => {
            return Err(OpenError::NotOurs { path: name });
        }
        Err(error) => return Err(error),
    };
    if !lived_here {
        lock.write_all(b"A database of Deskbell is in this folder.\n").map_err(io)?;
    }
    Ok((writer, ended_well))
}

pub(super) fn io(path: &Path, error: &dyn std::fmt::Display) -> OpenError {
    OpenError::Io { path: path.display().to_string(), detail: error.to_string() }
}

pub(super) fn open_connection(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
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
    let application: u32 = connection.pragma_query_value(None, "application_id", only).map_err(sql)?;
    let found: i64 = connection.pragma_query_value(None, "user_version", only).map_err(sql)?;
    let (tables, ours): (i64, i64) = connection
        .query_row(
            "SELECT count(*), count(*) FILTER (WHERE name IN ('conversation', 'message_raw', 'outbox')) FROM sqlite_schema",
            [],
            |row| row.try_into(),
        )
        .map_err(sql)?;
    if tables > 0 && application != APPLICATION_ID {
        let path = path.display().to_string();
        return Err(if ours == 3 {
            OpenError::Damaged { path, detail: "its mark is not ours, but its tables are".to_owned() }
        } else {
            OpenError::NotOurs { path }
        });
    }
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 16777216;")
        .map_err(sql)?;
    migrate(connection, usize::try_from(found).unwrap_or(0), MIGRATIONS.len()).map_err(sql)?;
    match missing(connection).map_err(sql)? {
        Some(what) => Err(OpenError::Damaged { path: path.display().to_string(), detail: what }),
        None => Ok(()),
    }
}

/// A table, index or trigger of the newest schema that is not there.
fn missing(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let mut reference = Connection::open_in_memory()?;
    migrate(&mut reference, 0, MIGRATIONS.len())?;
    let names = |sql: &Connection| {
        let mut query = sql.prepare(
            "SELECT type || ' ' || name FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\'",
        )?;
        query.query_map([], only)?.collect::<rusqlite::Result<BTreeSet<String>>>()
    };
    let there = names(connection)?;
    Ok(names(&reference)?.into_iter().find(|name| !there.contains(name)).map(|name| format!("the {name} is missing")))
}

fn open_error(path: &Path, error: &rusqlite::Error) -> OpenError {
    use rusqlite::ErrorCode;
    let path = path.display().to_string();
    let detail = error.to_string();
    match error.sqlite_error_code() {
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::PermissionDenied
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OutOfMemory,
        ) => OpenError::Io { path, detail },
        _ => OpenError::Damaged { path, detail },
    }
}
