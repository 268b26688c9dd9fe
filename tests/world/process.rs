//! Child processes that never outlive their test.

use std::fs::{self, File};
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::patience::{PATIENCE, Patience};

/// How often a state is looked at while waiting for it.
pub const GLANCE: Duration = Duration::from_millis(30);

/// Looks until there is something to see.
pub fn wait_until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> Result<T> {
    let mut patience = Patience::default();
    loop {
        if let Some(seen) = look() {
            return Ok(seen);
        }
        if patience.is_over() {
            bail!("waited {} s in vain for {what}", PATIENCE.as_secs());
        }
        std::thread::sleep(GLANCE);
    }
}

/// The same, without holding up the other tasks of the test.
pub async fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> Result<T> {
    let mut patience = Patience::default();
    loop {
        if let Some(seen) = look() {
            return Ok(seen);
        }
        if patience.is_over() {
            bail!("waited {} s in vain for {what}", PATIENCE.as_secs());
        }
        tokio::time::sleep(GLANCE).await;
    }
}

/// A program that ends with us; what it says goes to a file.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Process {
    /// Starts it. `log` gets its standard error and, unless the command has other plans for it, its standard output.
    pub fn start(command: &mut Command, log: &Path) -> Result<Process> {
        let file = File::options().create(true).append(true).open(log)?;
        command.stderr(file.try_clone()?);
        Process::start_as_is(command.stdout(file), log)
    }

    /// Starts it with the pipes the command asks for.
    pub fn start_as_is(command: &mut Command, log: &Path) -> Result<Process> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().with_context(|| {
            format!("`{name}` could not be started. `cargo xtask check --only test` installs what the real-window tests need")
        })?;
        Ok(Process { child, name, log: log.to_owned() })
    }

    /// The pipes and all.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The last of what it said.
    pub fn said(&self) -> String {
        tail(&self.log, 4_000)
    }

    /// Waits until somebody listens on the port, as long as the program lives.
    pub async fn listens(&mut self, port: u16) -> Result<()> {
        let mut patience = Patience::default();
        loop {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("`{}` ended ({status}) before it listened:\n{}", self.name, self.said());
            }
            if patience.is_over() {
                bail!("`{}` does not listen on port {port}:\n{}", self.name, self.said());
            }
            tokio::time::sleep(GLANCE).await;
        }
    }
}

impl Drop for Process {
    /// Asks first: an X server that is killed leaves its lock behind.
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.child.id())
            && let Some(pid) = Pid::from_raw(pid)
        {
            let _ = kill_process(pid, Signal::TERM);
        }
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(2) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ends every process whose environment names this folder, but one: what our children started and left behind.
pub fn sweep(mark: &Path, spared: Option<u32>) {
    for pid in marked(mark) {
        if u32::try_from(pid.as_raw_nonzero().get()).ok() != spared {
            kill(pid);
        }
    }
}

/// The processes of this program whose environment names this folder.
pub fn running(program: &Path, mark: &Path) -> Vec<Pid> {
    let is_it =
        |pid: &Pid| fs::read_link(format!("/proc/{}/exe", pid.as_raw_nonzero())).is_ok_and(|exe| exe == program);
    marked(mark).into_iter().filter(is_it).collect()
}

/// `kill -9`, as a power cut would.
pub fn kill(pid: Pid) {
    let _ = kill_process(pid, Signal::KILL);
}

fn marked(mark: &Path) -> Vec<Pid> {
    let mut home = b"HOME=".to_vec();
    home.extend_from_slice(mark.as_os_str().as_bytes());
    let ours = i32::try_from(std::process::id()).ok();
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| Some(*pid) != ours)
        .filter(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(&home))
        })
        .filter_map(Pid::from_raw)
        .collect()
}

/// A loopback port nobody listens on right now.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Where a program lies in `PATH`.
pub fn which(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Runs a program to its end and gives what it printed, whether or not it was content.
pub fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("`{name}` could not be started"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The last bytes of a file, as text.
pub fn tail(file: &Path, bytes: usize) -> String {
    let mut all = Vec::new();
    if File::open(file).and_then(|mut file| file.read_to_end(&mut all)).is_err() {
        return String::new();
    }
    let from = all.len().saturating_sub(bytes);
    String::from_utf8_lossy(all.get(from..).unwrap_or_default()).into_owned()
}
