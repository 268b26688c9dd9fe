//! SQLite: `VACUUM INTO`, which copies one snapshot while others read and write.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::BackupError;

/// How long it waits for the relay's writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Copies the database into a new file.
pub(super) async fn backup(path: &Path, into: &Path) -> Result<u64, BackupError> {
    let (path, into) = (path.to_owned(), into.to_owned());
    blocking(move || {
        refuse_existing(&into)?;
        let unfinished = beside(&into, "unfinished");
        let outcome = vacuum(&path, &unfinished)
            .and_then(|()| check(&unfinished))
            .and_then(|()| put_in_place(&unfinished, &into));
        if outcome.is_err() {
            remove(&unfinished);
        }
        outcome?;
        fs::metadata(&into).map(|file| file.len()).map_err(|error| BackupError::File { path: into, error })
    })
    .await
}

/// Copies a backup to a file beside the database that is to be; returns that file.
pub(super) async fn copy(from: &Path, path: &Path) -> Result<PathBuf, BackupError> {
    let (from, path) = (from.to_owned(), path.to_owned());
    blocking(move || {
        refuse_existing(&path)?;
        let unfinished = beside(&path, "restoring");
        // An earlier restore broke off.
        remove(&unfinished);
        let mut source = File::open(&from).map_err(|error| BackupError::File { path: from, error })?;
        let mut target = create(&unfinished)?;
        // Not `fs::copy`, which would give the copy the rights of the backup's file.
        std::io::copy(&mut source, &mut target)
            .map_err(|error| BackupError::File { path: unfinished.clone(), error })?;
        check(&unfinished).inspect_err(|_| remove(&unfinished))?;
        Ok(unfinished)
    })
    .await
}

/// Puts the restored file in its place.
pub(super) async fn finish(unfinished: &Path, path: &Path) -> Result<(), BackupError> {
    let (unfinished, path) = (unfinished.to_owned(), path.to_owned());
    blocking(move || {
        check(&unfinished)?;
        put_in_place(&unfinished, &path)
    })
    .await
}

fn vacuum(path: &Path, into: &Path) -> Result<(), BackupError> {
    // Empty and the owner's before anything is in it.
    create(into)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> rusqlite::Result<()> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.execute("VACUUM INTO ?1", [into.to_string_lossy()])?;
        Ok(())
    };
    open().map_err(unusable)
}

/// Whether it is a relay's database, whole. Leaves it as one file, without a write-ahead log beside it.
fn check(path: &Path) -> Result<(), BackupError> {
    let look = || -> rusqlite::Result<String> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "journal_mode", "DELETE")?;
        connection.query_row("SELECT version FROM relay_version", [], |row| row.get::<_, i64>(0))?;
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
    };
    match look().map_err(unusable)?.as_str() {
        "ok" => Ok(()),
        problem => Err(BackupError::Unusable(problem.to_owned())),
    }
}

fn put_in_place(unfinished: &Path, path: &Path) -> Result<(), BackupError> {
    let file_error = |error| BackupError::File { path: path.to_owned(), error };
    // SQLite does not wait for the disk here.
    File::open(unfinished).and_then(|file| file.sync_all()).map_err(file_error)?;
    refuse_existing(path)?;
    fs::rename(unfinished, path).map_err(file_error)?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(file_error)?;
    }
    Ok(())
}

/// Refuses a file that is there, and one whose write-ahead log was left behind by another database.
fn refuse_existing(path: &Path) -> Result<(), BackupError> {
    let all = [path.to_owned(), suffixed(path, "-wal"), suffixed(path, "-shm")];
    all.into_iter().find(|file| file.exists()).map_or(Ok(()), |file| Err(BackupError::Exists(file)))
}

fn create(path: &Path) -> Result<File, BackupError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => BackupError::Exists(path.to_owned()),
        _ => BackupError::File { path: path.to_owned(), error },
    })
}

fn remove(path: &Path) {
    for file in [path.to_owned(), suffixed(path, "-wal"), suffixed(path, "-shm"), suffixed(path, "-journal")] {
        // It may not be there.
        let _ = fs::remove_file(file);
    }
}

fn beside(path: &Path, what: &str) -> PathBuf {
    suffixed(path, &format!(".{what}"))
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn unusable(error: rusqlite::Error) -> BackupError {
    BackupError::Unusable(error.to_string())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(BackupError::Unusable(error.to_string())),
    }
}
