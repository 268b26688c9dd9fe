//! Why a backup or a restore failed.

use std::path::PathBuf;

use crate::database::DatabaseError;

/// Why a backup or a restore failed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file would be overwritten.
    #[error("{} exists already: name a file that does not", .0.display())]
    Exists(PathBuf),
    /// The PostgreSQL database has tables already.
    #[error("the database is not empty: make a new one")]
    NotEmpty,
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The backup is damaged, or is no relay's.
    #[error("the backup cannot be used: {0}")]
    Unusable(String),
    /// PostgreSQL's own program is missing or failed.
    #[error("{program} failed: {words}")]
    Program {
        /// The program.
        program: &'static str,
        /// What it said.
        words: String,
    },
    /// The tables are restored, and the new epoch is not.
    #[error(
        "the tables are restored, but not marked ({0}): run `deskbell-relay restore --mark` before the relay serves"
    )]
    NotMarked(String),
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}
