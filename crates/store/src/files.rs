//! The files of a database in its folder.

use std::path::{Path, PathBuf};

/// The database itself.
pub(crate) const DATABASE: &str = "deskbell.db";
/// Held while the database is open. It says, too, that a database of ours has been here.
pub(crate) const LOCK: &str = "deskbell.lock";
/// Says that the database is damaged and is to be recovered.
pub(crate) const MARKER: &str = "deskbell.damaged";

/// Where SQLite keeps the log of a database.
pub(crate) fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}
