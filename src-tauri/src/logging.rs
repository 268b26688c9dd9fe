//! The log: a file in the data directory that never grows past its cap, and in debug builds also stderr.
//!
//! It never holds message bodies, names, handles, tokens or query strings; the places that log see to that, and the errors
//! do: none prints TikTok's words. A panic's message may quote any of them, so only its place is written down.
//!
//! One event is one line, whatever its fields hold: line breaks, escape sequences and marks that turn the direction of
//! writing are written out, so that no line can be forged.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, FormatFields, Full, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// Bytes after which a file makes room for the next one.
const MAX_FILE_BYTES: u64 = 2 * 1024 * 1024;
/// How many full files are kept beside the one being written.
const MAX_OLD_FILES: usize = 2;
/// The filter unless `DESKBELL_LOG` sets another one: info of our crates, warnings of all others.
const DEFAULT_FILTER: &str =
    "warn,deskbell=info,desktop_shell=info,desk=info,engine=info,store=info,tiktok=info,sandbox=info";

/// Logs to `directory/deskbell.log` from now on.
///
/// # Errors
/// When the file cannot be written; Deskbell runs on without it.
pub(crate) fn init(directory: &Path) -> io::Result<()> {
    let file = LogFile::open(directory.join("deskbell.log"), MAX_FILE_BYTES)?;
    let filter = || EnvFilter::try_from_env("DESKBELL_LOG").unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let stderr = cfg!(debug_assertions)
        .then(|| fmt::layer().event_format(OneLine::default()).with_writer(io::stderr).with_filter(filter()));
    let registry = tracing_subscriber::registry()
        .with(fmt::layer().with_ansi(false).event_format(OneLine::default()).with_writer(file).with_filter(filter()))
        .with(stderr);
    registry.try_init().map_err(io::Error::other)?;
    log_panics();
    Ok(())
}

/// The usual format, kept to one line.
#[derive(Default)]
struct OneLine(Format<Full>);

impl<S, N> FormatEvent<S, N> for OneLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        writer.write_str(&escaped(line.trim_end_matches('\n')))?;
        writer.write_char('\n')
    }
}

/// Escapes every invisible or direction-changing character: control characters, line and paragraph separators, bidirectional
/// marks, and unassigned code points.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '"' | '\'' | '\\') { out.push(c) } else { out.extend(c.escape_debug()) }
    }
    out
}

/// Logs where a panic happened.
fn log_panics() {
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
struct LogFile {
    path: PathBuf,
    cap: u64,
    open: Mutex<(File, u64)>,
}

impl LogFile {
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
        for number in (1..MAX_OLD_FILES).rev() {
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

impl Write for &LogFile {
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

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = &'a LogFile;

    fn make_writer(&'a self) -> &'a LogFile {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_never_grows_past_its_cap() {
        let directory = tempfile::tempdir().unwrap();
        let log = LogFile::open(directory.path().join("deskbell.log"), 100).unwrap();
        for number in 0..50 {
            writeln!(&log, "line {number:03} of a chatty day").unwrap();
        }
        let files: Vec<_> = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap()).collect();
        assert_eq!(files.len(), 1 + MAX_OLD_FILES);
        assert!(files.iter().all(|file| file.metadata().unwrap().len() <= 100));
        let newest = std::fs::read_to_string(directory.path().join("deskbell.log")).unwrap();
        assert!(newest.ends_with("line 049 of a chatty day\n"), "{newest}");
    }

    #[test]
    fn no_field_can_forge_a_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deskbell.log");
        let log = LogFile::open(path.clone(), 1 << 20).unwrap();
        let layer = fmt::layer().with_ansi(false).event_format(OneLine::default()).with_writer(log);
        let forged = "x\n2026-11-30T00:00:00Z ERROR forged\r\u{1b}[2J\u{85}\u{2028}\u{202e}\u{2066}\u{200f}\u{feff}\u{9b}31m\0\u{7f}";
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let span = tracing::info_span!("call", path = forged);
            let _entered = span.enter();
            tracing::info!(text = forged, display = %forged, debug = ?forged, "{forged}");
            tracing::warn!(error = %io::Error::other(forged), "could not be read");
        });
        let log = std::fs::read_to_string(&path).unwrap();
        assert_eq!(log.lines().count(), 2, "one line for each event: {log:?}");
        let odd = |c: &char| *c != '\n' && c.escape_debug().len() > 1 && !matches!(c, '"' | '\'' | '\\');
        assert_eq!(log.chars().find(odd), None, "{log:?}");
        assert!(log.contains("forged"), "the words themselves are there");
    }

    #[test]
    fn a_restart_goes_on_where_the_last_run_stopped() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deskbell.log");
        for line in ["one", "two"] {
            let log = LogFile::open(path.clone(), 100).unwrap();
            writeln!(&log, "{line}").unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }
}
