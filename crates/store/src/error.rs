//! What can go wrong with a database.

use crate::stored::UnknownWord;

/// A read or a write failed. The transaction it belonged to left nothing behind.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row is not there (any more).
    #[error("no such row")]
    NotFound,
    /// The row is not in a state in which this can be done.
    #[error("the row is in another state")]
    WrongState,
    /// The disk is full or cannot be written.
    #[error("the disk is full or cannot be written")]
    DiskFull(#[source] rusqlite::Error),
    /// A column holds what we did not put there.
    #[error("a stored value cannot be read: {0}")]
    Damaged(String),
    /// SQLite refused.
    #[error("the database refused")]
    Sqlite(#[source] rusqlite::Error),
    /// What a mended database left beside it could not be removed.
    #[error("the damaged files beside the database could not be removed")]
    Leftovers(#[source] std::io::Error),
    /// The write-ahead log could not be cut, because a reader still uses it.
    #[error("the database's log is still being read")]
    LogInUse,
    /// The store is closed.
    #[error("the database is closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        if let rusqlite::Error::FromSqlConversionFailure(_, _, source) = &error
            && source.is::<UnknownWord>()
        {
            return Self::Damaged(source.to_string());
        }
        match error.sqlite_error_code() {
            _ if matches!(error, rusqlite::Error::QueryReturnedNoRows) => Self::NotFound,
            Some(ErrorCode::DiskFull | ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => {
                Self::DiskFull(error)
            }
            _ => Self::Sqlite(error),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// A database could not be opened. Each is a sentence for the person at the computer.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Made by a later version; it is not touched.
    #[error(
        "This data was written by a newer Deskbell (format {found}; this one knows up to {known}). Install the newer version again; nothing was changed."
    )]
    Newer {
        /// The version found.
        found: i64,
        /// The newest version we know.
        known: i64,
    },
    /// Another process has it open.
    #[error("Deskbell is already running on this data ({path}).")]
    InUse {
        /// Where the data is.
        path: String,
    },
    /// Not a database, or not ours.
    #[error("The file {path} is not a Deskbell database. Move it away and start again.")]
    NotOurs {
        /// Which file.
        path: String,
    },
    /// The folder belongs to another program.
    #[error(
        "The folder {path} holds other files and can be read by others, so Deskbell keeps no customers' messages in it. Name an empty folder, or one that does not exist yet; nothing was changed."
    )]
    NotOurFolder {
        /// The path of the folder.
        path: String,
    },
    /// It is damaged.
    #[error("The database {path} cannot be read ({detail}). Restore a backup, or move it away to start afresh.")]
    Damaged {
        /// Which file.
        path: String,
        /// SQLite's words.
        detail: String,
    },
    /// It was damaged, and what can be read of it could not be put into a new one.
    #[error(
        "The database was damaged. It is kept in {path}, but a new one could not be made from it: {detail}. Make room on the disk if it is full, and start Deskbell again."
    )]
    RecoveryFailed {
        /// Where the damaged files are.
        path: String,
        /// The system's words, or SQLite's.
        detail: String,
    },
    /// The folder or the file cannot be written.
    #[error("Deskbell cannot write to {path}: {detail}.")]
    Io {
        /// The folder or the file.
        path: String,
        /// The system's words.
        detail: String,
    },
}
