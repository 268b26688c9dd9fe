//! Looks at a database before SQLite does: SQLite takes an empty file for a new database and deletes its log, and takes a
//! log up to where it breaks.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::files::log_of;
use crate::migrations::APPLICATION_ID;

use super::image::{Header, MAGIC, beginning};
use super::wal;

/// Words that stand in every schema of ours and in nobody else's.
const TRACE: &[u8] = b"CREATE TABLE message_raw";

/// What a look from outside says of a database.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Inspection {
    /// Nothing speaks against it; or there is none yet.
    Fine,
    /// It was ours, and SQLite would lose something if it opened it.
    Damaged(String),
    /// It is no database, and never was one of ours.
    NotOurs,
}

/// Looks at a database and its log. `lived_here`: whether this folder is known to have held a database of ours.
pub(crate) fn inspect(path: &Path, lived_here: bool) -> std::io::Result<Inspection> {
    let header = beginning(path)?;
    let log_length = length(&log_of(path))?;
    let damaged = |what: &str| Ok(Inspection::Damaged(what.to_owned()));
    if header.is_empty() {
        // A file of no length is what a crash of the system can leave; a missing one somebody moved away, log and all.
        return match (log_length, path.exists()) {
            (1.., _) => damaged("the file is empty while its write-ahead log is not"),
            (0, true) if lived_here => damaged("the file is empty"),
            _ => Ok(Inspection::Fine),
        };
    }
    if !header.starts_with(MAGIC) {
        return if was_ours(path, lived_here)? {
            damaged("the file does not begin like a database")
        } else {
            Ok(Inspection::NotOurs)
        };
    }
    if log_length > 0
        && let Some(log) = wal::read(&log_of(path), Header::read(&header).map(|header| header.page_size))?
        && let Some(what) = log.damage
        && was_ours(path, lived_here)?
    {
        return Ok(Inspection::Damaged(what));
    }
    Ok(Inspection::Fine)
}

/// Whether a file that SQLite cannot read was a database of ours.
pub(crate) fn was_ours(path: &Path, lived_here: bool) -> std::io::Result<bool> {
    let header = beginning(path)?;
    let marked = header.get(68..72) == Some(&APPLICATION_ID.to_be_bytes());
    // Where the header is whole it says whose it is.
    let lived_here = lived_here && !header.starts_with(MAGIC);
    Ok(marked || lived_here || holds(path, TRACE)? || holds(&log_of(path), TRACE)?)
}

fn length(path: &Path) -> std::io::Result<u64> {
    match std::fs::metadata(path) {
        Ok(about) => Ok(about.len()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

/// Whether these bytes stand anywhere in a file.
fn holds(path: &Path, wanted: &[u8]) -> std::io::Result<bool> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut window = Vec::new();
    let mut chunk = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            return Ok(false);
        }
        window.extend_from_slice(chunk.get(..read).unwrap_or_default());
        if window.windows(wanted.len()).any(|here| here == wanted) {
            return Ok(true);
        }
        // What begins here may end in the next piece.
        window.drain(..window.len().saturating_sub(wanted.len()));
    }
}
