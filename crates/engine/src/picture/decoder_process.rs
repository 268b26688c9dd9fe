//! The picture decoder's process: the shipped program, started again with [`DECODER_ARGUMENT`] before it does anything else.
//!
//! A decoder that panics, loops, overflows its stack, is aborted or takes all memory ends this process, which costs one
//! picture. On Linux the process limits its own address space, on every Unix its processor time; everywhere the engine ends it
//! by the clock. Decision 17.

use std::io::{stdin, stdout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;

use super::{Problem, protocol};

/// The private argument that makes a host's program the decoder.
pub const DECODER_ARGUMENT: &str = "--decode-pictures";
/// What decoding may take beyond what the process has when it starts: the file, its pixels and the encoded picture. What
/// Deskbell itself holds of the same picture is the rest of the 300 MiB that are promised.
#[cfg(target_os = "linux")]
const MAX_MEMORY_BYTES: u64 = 240 * 1024 * 1024;
/// The processor time that one picture may take, in seconds.
#[cfg(unix)]
const MAX_CPU_SECONDS: u64 = 20;
/// A process whose highest memory use is beyond this has kept some of it, and is not used again.
const MAX_REUSE_PEAK_KB: u64 = 128 * 1024;
/// A process is not used for more pictures than this.
const MAX_PICTURES: u32 = 100;

/// Whether this process was started as the decoder. A host asks this first and then does nothing but [`run_decoder`].
#[must_use]
pub fn is_decoder() -> bool {
    std::env::args_os().nth(1).is_some_and(|argument| argument == DECODER_ARGUMENT)
}

/// The running program, for a host whose own program is the decoder. On Linux by a link that still leads to it when an
/// update has replaced the file.
///
/// # Errors
/// When the system does not say where the program lies.
pub fn this_program() -> std::io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok(PathBuf::from("/proc/self/exe")) } else { std::env::current_exe() }
}

/// Decodes the pictures that come on standard input, until it is closed.
#[must_use]
pub fn run_decoder() -> ExitCode {
    // A decoder's words may quote the picture's.
    std::panic::set_hook(Box::new(|_| {}));
    if limit_process().is_err() {
        return ExitCode::FAILURE;
    }
    let (mut input, mut output) = (stdin().lock(), stdout().lock());
    for count in 1.. {
        let (purpose, file) = match protocol::read_request(&mut input) {
            Ok(Some(request)) => request,
            Ok(None) => return ExitCode::SUCCESS,
            Err(_) => return ExitCode::FAILURE,
        };
        if limit_cpu().is_err() {
            return ExitCode::FAILURE;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| purpose.decode(&file)));
        drop(file);
        let has_panicked = outcome.is_err();
        let outcome = outcome.unwrap_or_else(|_| Err(Problem::Broken("the decoder failed".to_owned())));
        let peak_kb = status_kb("VmHWM").unwrap_or(0);
        let is_last = has_panicked || count >= MAX_PICTURES || peak_kb > MAX_REUSE_PEAK_KB;
        if protocol::write_answer(&mut output, outcome, is_last, peak_kb).is_err() {
            return ExitCode::FAILURE;
        }
        if is_last {
            break;
        }
    }
    ExitCode::SUCCESS
}

/// Closes every file but the pipes: the program that started Deskbell may have left some open, which its programs inherit.
#[cfg(unix)]
fn close_inherited_files() -> std::io::Result<()> {
    let open: Vec<i32> = std::fs::read_dir("/dev/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|file| *file > 2)
        .collect();
    // The listing itself is closed by now.
    for file in open.into_iter().filter(|file| std::fs::symlink_metadata(format!("/dev/fd/{file}")).is_ok()) {
        #[expect(unsafe_code, reason = "nothing of this process has opened a file yet, so none of these is anybody's")]
        // SAFETY: see above.
        unsafe {
            rustix::io::close(file);
        }
    }
    Ok(())
}

/// The decoder opens no file, writes none and leaves no core with a customer's picture behind.
#[cfg(unix)]
fn limit_process() -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};

    close_inherited_files()?;
    let at_most = |value| Rlimit { current: Some(value), maximum: Some(value) };
    setrlimit(Resource::Core, at_most(0))?;
    setrlimit(Resource::Fsize, at_most(0))?;
    #[cfg(target_os = "linux")]
    {
        let own = status_kb("VmSize").ok_or(std::io::ErrorKind::Unsupported)? * 1024;
        setrlimit(Resource::As, at_most(own + MAX_MEMORY_BYTES))?;
    }
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it may fail")]
fn limit_process() -> std::io::Result<()> {
    Ok(())
}

/// Gives the next picture its processor time: the system counts that of the whole process.
#[cfg(unix)]
fn limit_cpu() -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    use rustix::time::{ClockId, clock_gettime};

    let used = u64::try_from(clock_gettime(ClockId::ProcessCPUTime).tv_sec).unwrap_or(0);
    Ok(setrlimit(Resource::Cpu, Rlimit { current: Some(used + MAX_CPU_SECONDS), maximum: None })?)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it may fail")]
fn limit_cpu() -> std::io::Result<()> {
    Ok(())
}

/// A line of what Linux says about this process's memory.
fn status_kb(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
