//! The log: a file in the data directory that never grows past its cap, and in debug builds also stderr.
//!
//! It never holds message bodies, names, handles, tokens or query strings; the places that log see to that. A panic's
//! message may quote any of them, so only its place is written down.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// Bytes after which a file makes room for the next one.
const CAP: u64 = 2 * 1024 * 1024;
/// How many full files are kept beside the one being written.
const KEPT: usize = 2;
/// What is logged unless `DESKBELL_LOG` says otherwise: our rooms, and others' warnings.
const USUAL: &str = "warn,deskbell=info,crust=info,desk=info,engine=info,store=info,tiktok=info,sandbox=info";

/// Logs to `directory/deskbell.log` from now on.
///
/// # Errors
/// When the file cannot be written; Deskbell runs on without it.
pub(crate) fn open(directory: &Path) -> io::Result<()> {
    let file = Journal::open(directory.join("deskbell.log"), CAP)?;
    let filter = || EnvFilter::try_from_env("DESKBELL_LOG").unwrap_or_else(|_| EnvFilter::new(USUAL));
    let stderr = cfg!(debug_assertions).then(|| fmt::layer().with_writer(io::stderr).with_filter(filter()));
    let registry = tracing_subscriber::registry()
        .with(fmt::layer().with_ansi(false).with_writer(file).with_filter(filter()))
        .with(stderr);
    registry.try_init().map_err(io::Error::other)?;
    note_panics();
    Ok(())
}

/// Writes down where a panic happened.
fn note_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
        tracing::error!(place, thread, "a panic");
        if cfg!(debug_assertions) {
            before(panic);
        }
    }));
}

/// A file that is moved aside when it is full.
struct Journal {
    path: PathBuf,
    cap: u64,
    open: Mutex<(File, u64)>,
}

impl Journal {
    fn open(path: PathBuf, cap: u64) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            desk::private::create_folder(directory)?;
        }
        let file = append(&path)?;
        let size = file.metadata()?.len();
        Ok(Self { path, cap, open: Mutex::new((file, size)) })
    }

    /// Moves the full file aside and the older ones along; the oldest goes.
    fn turn(&self) -> io::Result<File> {
        let numbered = |number: usize| self.path.with_extension(format!("{number}.log"));
        for number in (1..KEPT).rev() {
            // Missing as long as there were fewer.
            let _ = std::fs::rename(numbered(number), numbered(number + 1));
        }
        std::fs::rename(&self.path, numbered(1))?;
        append(&self.path)
    }
}

fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl Write for &Journal {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.1 > 0 && open.1 + line.len() as u64 > self.cap {
            *open = (self.turn()?, 0);
        }
        open.0.write_all(line)?;
        open.1 += line.len() as u64;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Journal {
    type Writer = &'a Journal;

    fn make_writer(&'a self) -> &'a Journal {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_never_grows_past_its_cap() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::open(directory.path().join("deskbell.log"), 100).unwrap();
        for number in 0..50 {
            writeln!(&journal, "line {number:03} of a chatty day").unwrap();
        }
        let files: Vec<_> = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap()).collect();
        assert_eq!(files.len(), 1 + KEPT);
        assert!(files.iter().all(|file| file.metadata().unwrap().len() <= 100));
        let newest = std::fs::read_to_string(directory.path().join("deskbell.log")).unwrap();
        assert!(newest.ends_with("line 049 of a chatty day\n"), "{newest}");
    }

    #[test]
    fn a_restart_goes_on_where_the_last_run_stopped() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deskbell.log");
        for line in ["one", "two"] {
            let journal = Journal::open(path.clone(), 100).unwrap();
            writeln!(&journal, "{line}").unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }
}
