//! A damaged database is set aside, and what can be read of it goes into a new one; the rest is fetched again.
//!
//! Nothing is deleted and nothing starts empty in silence: the damaged files stay as they are in a folder of their own
//! beside the new database, and a [`Report`] says what was kept, what was put together from other places and what is lost.
//! A file beside the database says that it is to be mended. It is there before the first file is moved and goes when the
//! new database is in place, so that mending that was cut short starts over from the files set aside.

mod btree;
mod copy;
mod image;
mod inspect;
mod parents;
mod report;
mod schema;
mod sense;
mod settle;
#[cfg(test)]
pub(crate) mod tests;
mod wal;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use self::copy::Budget;
use self::image::Image;
pub(crate) use self::inspect::{Inspection, inspect, was_ours};
pub use self::report::{Counts, Losses, Report, dismiss, report};
use crate::files::{DATABASE, MARKER};
use crate::migrations::{APPLICATION_ID, MIGRATIONS, migrate};
use crate::rows::only;
use crate::tx::commit;
use crate::{OpenError, StoreError, private};

/// The new database while it is made.
const RECOVERING: &str = "deskbell.mending";
/// What belongs to a database beside its own file.
const PARTS: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// That a database is damaged, and how far mending it has come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Marker {
    detail: String,
    /// Where the damaged files are, or are being moved.
    set_aside: Option<String>,
    /// Whether all of them are there: what stands in their old place from then on is new.
    moved: bool,
}

/// Remembers that the database in this folder is damaged, so that the next start mends it.
pub(crate) fn mark(folder: &Path, detail: &str) -> std::io::Result<()> {
    if marked(folder).is_some() {
        return Ok(());
    }
    write_marker(folder, &Marker { detail: detail.to_owned(), ..Marker::default() })
}

/// What is wrong with the database in this folder, if that was noticed before.
pub(crate) fn marked(folder: &Path) -> Option<String> {
    read_marker(folder).map(|marker| marker.detail)
}

fn read_marker(folder: &Path) -> Option<Marker> {
    let written = fs::read_to_string(folder.join(MARKER)).ok()?;
    Some(serde_json::from_str(&written).unwrap_or_default())
}

/// All of it or nothing, on the disk before this returns.
fn write_marker(folder: &Path, marker: &Marker) -> std::io::Result<()> {
    let new = folder.join(format!("{MARKER}.new"));
    let mut file = private::new_file().write(true).create(true).truncate(true).open(&new)?;
    file.write_all(&serde_json::to_vec(marker)?)?;
    file.sync_all()?;
    fs::rename(new, folder.join(MARKER))?;
    sync_folder(folder);
    Ok(())
}

/// Sets the database in this folder aside and puts what can be read of it into a new one. The folder's lock is held.
pub(crate) fn recover(folder: &Path, detail: &str) -> Result<Option<Report>, OpenError> {
    recover_within(folder, detail, &mut Budget::default())
}

/// As [`recover`], with as many rows as a test allows.
fn recover_within(folder: &Path, detail: &str, budget: &mut Budget) -> Result<Option<Report>, OpenError> {
    let io = |error: std::io::Error| OpenError::Io { path: folder.display().to_string(), detail: error.to_string() };
    let mut marker = read_marker(folder).unwrap_or_else(|| Marker { detail: detail.to_owned(), ..Marker::default() });
    if !(marker.moved && folder.join(DATABASE).exists()) {
        if !marker.moved {
            refuse_newer(&folder.join(DATABASE))?;
            set_aside(folder, &mut marker).map_err(io)?;
        }
        tracing::warn!(detail = marker.detail, "mending the database");
        let name = marker.set_aside.clone().unwrap_or_default();
        let new = folder.join(RECOVERING);
        discard(&new).map_err(io)?;
        let made = make(&folder.join(&name).join(DATABASE), &new, &name, &marker.detail, budget);
        if let Err(error) = made.and_then(|()| Ok(put_in_place(folder, &new)?)) {
            // The disk may be full: what was made so far must not keep it so.
            let _ = discard(&new);
            return Err(OpenError::RecoveryFailed {
                path: folder.join(name).display().to_string(),
                detail: words(&error),
            });
        }
    }
    fs::remove_file(folder.join(MARKER)).map_err(io)?;
    sync_folder(folder);
    let path = folder.join(DATABASE);
    let read = Connection::open(&path).map_err(StoreError::from).and_then(|sql| report(&sql));
    read.map_err(|error| OpenError::Damaged { path: path.display().to_string(), detail: words(&error) })
}

/// Why a new database could not be made.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("a file could not be read or written")]
    Io(#[from] std::io::Error),
    #[error("the new database could not be written")]
    Store(#[from] StoreError),
    #[error("the new database could not be written")]
    Sqlite(#[from] rusqlite::Error),
}

/// The words of the first refusal.
fn words(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), words)
}

/// A newer Deskbell mends its own.
fn refuse_newer(path: &Path) -> Result<(), OpenError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let header = image::beginning(path).ok().and_then(|bytes| image::Header::read(&bytes));
    match header.filter(|header| header.application_id == APPLICATION_ID).map(|header| i64::from(header.user_version)) {
        Some(found) if found > known => Err(OpenError::Newer { found, known }),
        _ => Ok(()),
    }
}

/// Moves the damaged files into a folder of their own.
fn set_aside(folder: &Path, marker: &mut Marker) -> std::io::Result<()> {
    let name = match &marker.set_aside {
        Some(name) => name.clone(),
        None => free_name(folder)?,
    };
    marker.set_aside = Some(name.clone());
    write_marker(folder, marker)?;
    let aside = folder.join(name);
    private::create_folder(&aside)?;
    for part in PARTS {
        let (from, to) = (folder.join(format!("{DATABASE}{part}")), aside.join(format!("{DATABASE}{part}")));
        // Never over what is there already.
        if from.exists() && !to.exists() {
            fs::rename(from, to)?;
        }
    }
    sync_folder(&aside);
    sync_folder(folder);
    marker.moved = true;
    write_marker(folder, marker)
}

/// Removes the folders that damaged databases were set aside in. One that cannot be removed does not keep the others.
pub(crate) fn delete_set_aside(folder: &Path) -> std::io::Result<()> {
    let mut outcome = Ok(());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.file_name().to_string_lossy().starts_with("damaged-") {
            outcome = outcome.and(fs::remove_dir_all(entry.path()));
        }
    }
    outcome
}

/// A name for the folder that says when, and is not taken.
fn free_name(folder: &Path) -> std::io::Result<String> {
    let now = Connection::open_in_memory()
        .and_then(|sql| sql.query_row("SELECT strftime('%Y%m%dT%H%M%SZ')", [], only::<String>))
        .map_err(std::io::Error::other)?;
    let names = (1..).map(|nth| if nth == 1 { format!("damaged-{now}") } else { format!("damaged-{now}-{nth}") });
    Ok(names.into_iter().find(|name| !folder.join(name).exists()).unwrap_or_default())
}

/// Makes the new database: rows, what follows from them, the report.
fn make(damaged: &Path, new: &Path, set_aside: &str, detail: &str, budget: &mut Budget) -> Result<(), Failure> {
    let image = Image::open(damaged)?;
    let (roots, _) = schema::roots(&image);
    let version = schema::version(&roots, image.header.map(|header| header.user_version), MIGRATIONS)?;
    private::new_file().write(true).create_new(true).open(new)?;
    let mut sql = Connection::open(new)?;
    // It counts for nothing until it is whole and flushed, so nothing before that needs to be; and rows come before what
    // they refer to.
    sql.execute_batch(
        "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA cache_size = -65536; PRAGMA secure_delete = ON;",
    )?;
    let mut tables = Vec::new();
    for version in 0..version {
        migrate(&mut sql, version, version + 1)?;
        tables = schema::tables_since(&tables, &sql)?;
    }
    let copied = copy::copy(&image, &roots, &tables, &sql, budget)?;
    migrate(&mut sql, version, MIGRATIONS.len())?;
    let now_ms = model::Clock::system().now_ms();
    let settled = settle::settle(&mut sql, &copied, image.is_stale(), now_ms)?;
    let (lost, others) = report::count_lost(&sql, &copied, &settled)?;
    let report = Report {
        at_ms: now_ms,
        set_aside: set_aside.to_owned(),
        kept: report::count_kept(&sql)?,
        rebuilt: settled.rebuilt,
        lost,
        others,
        stale: image.is_stale(),
        detail: detail.to_owned(),
    };
    commit(&mut sql, |tx| report::save(tx, &report))?;
    Ok(sql.close().map_err(|(_, error)| error)?)
}

fn put_in_place(folder: &Path, new: &Path) -> std::io::Result<()> {
    OpenOptions::new().write(true).open(new)?.sync_all()?;
    fs::rename(new, folder.join(DATABASE))?;
    sync_folder(folder);
    let _ = discard(new);
    Ok(())
}

/// Removes what an attempt left behind.
fn discard(new: &Path) -> std::io::Result<()> {
    for part in PARTS {
        let mut path = new.as_os_str().to_owned();
        path.push(part);
        match fs::remove_file(PathBuf::from(path)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// So that a rename is on the disk. Where folders cannot be flushed the system does it by itself.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}
