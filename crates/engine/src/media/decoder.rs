//! Decodes pictures in a process of their own, one at a time, the agent's own first.
//!
//! Whatever a picture does to its decoder, it costs that picture only: a process that crashes, hangs or takes too much memory
//! ends, and the picture is broken. It inherits nothing of ours: no files, no environment but where its libraries lie.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::lock::lock;
use crate::picture::decoder_process::DECODER_ARGUMENT;
use crate::picture::protocol::{self, Answer};
use crate::picture::{Picture, Problem, Purpose};

/// How long a process without pictures is kept: starting it takes longer than decoding an avatar.
const IDLE_TIMEOUT: Duration = Duration::from_secs(2);
/// The only variables it is given: where the system, or a package, keeps the libraries that the program cannot start without.
const LIBRARY_VARIABLES: [&str; 2] = ["LD_LIBRARY_PATH", "SystemRoot"];

/// The decoder's process is not there: it could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the picture decoder could not be started: {0}")]
pub struct NotStarted(#[from] std::io::Error);

/// Starts and ends the decoder's process.
#[derive(Debug, Clone)]
pub(super) struct Decoder {
    program: PathBuf,
    /// How long one picture may take by the clock.
    timeout: Duration,
    idle: Arc<Mutex<Idle>>,
}

/// The process that waits for the next picture, and how often one was put here.
#[derive(Debug, Default)]
struct Idle {
    process: Option<Child>,
    count: u64,
}

/// How a process ended that should have answered.
#[derive(Debug)]
struct Lost {
    status: Option<ExitStatus>,
    has_timed_out: bool,
}

impl Decoder {
    pub(super) fn new(program: &Path, timeout: Duration) -> Self {
        Self { program: program.to_owned(), timeout, idle: Arc::default() }
    }

    /// Decodes a file.
    pub(super) async fn decode(&self, purpose: Purpose, file: &[u8]) -> Result<Result<Picture, Problem>, NotStarted> {
        let idle = lock(&self.idle).process.take();
        if let Some(process) = idle {
            // A process that has decoded before may have less memory left, so its end says nothing about this picture.
            match self.ask(process, purpose, file).await {
                Ok(outcome) => return Ok(outcome),
                Err(Lost { status, has_timed_out }) => {
                    tracing::info!(?status, has_timed_out, "a reused picture decoder ended; a fresh one tries again");
                }
            }
        }
        let process = self.start()?;
        match self.ask(process, purpose, file).await {
            Ok(outcome) => Ok(outcome),
            Err(Lost { status, has_timed_out }) => {
                let code = status.and_then(|status| status.code());
                tracing::warn!(code, signal = signal(status), has_timed_out, "the picture decoder ended in a picture");
                Ok(Err(Problem::Broken("the decoder ended".to_owned())))
            }
        }
    }

    fn start(&self) -> Result<Child, NotStarted> {
        let mut command = Command::new(&self.program);
        command.arg(DECODER_ARGUMENT).env_clear().kill_on_drop(true);
        command.envs(LIBRARY_VARIABLES.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        #[cfg(unix)]
        command.arg0("deskbell-pictures").current_dir("/");
        #[cfg(windows)]
        command.creation_flags(0x0800_0000); // CREATE_NO_WINDOW
        Ok(command.spawn()?)
    }

    async fn ask(&self, mut process: Child, purpose: Purpose, file: &[u8]) -> Result<Result<Picture, Problem>, Lost> {
        let answered = tokio::time::timeout(self.timeout, answer(&mut process, purpose, file)).await;
        match answered {
            Ok(Some((outcome, answer))) => {
                tracing::debug!(peak_kb = answer.peak_kb, "a picture was decoded");
                if !answer.is_last {
                    self.keep(process);
                }
                Ok(outcome)
            }
            Ok(None) => {
                // It has ended, or says what makes no sense.
                let _ = process.start_kill();
                Err(Lost { status: process.wait().await.ok(), has_timed_out: false })
            }
            Err(_) => {
                let _ = process.start_kill();
                Err(Lost { status: process.wait().await.ok(), has_timed_out: true })
            }
        }
    }

    /// Keeps the process for the next picture, for a while.
    fn keep(&self, process: Child) {
        let count = {
            let mut idle = lock(&self.idle);
            idle.process = Some(process);
            idle.count += 1;
            idle.count
        };
        let idle = Arc::clone(&self.idle);
        tokio::spawn(async move {
            tokio::time::sleep(IDLE_TIMEOUT).await;
            let mut idle = lock(&idle);
            if idle.count == count {
                idle.process = None;
            }
        });
    }
}

async fn answer(process: &mut Child, purpose: Purpose, file: &[u8]) -> Option<(Result<Picture, Problem>, Answer)> {
    protocol::write_request(process.stdin.as_mut()?, purpose, file).await.ok()?;
    protocol::read_answer(process.stdout.as_mut()?).await.ok()
}

#[cfg(unix)]
fn signal(status: Option<ExitStatus>) -> Option<i32> {
    status.and_then(|status| std::os::unix::process::ExitStatusExt::signal(&status))
}

#[cfg(not(unix))]
fn signal(_status: Option<ExitStatus>) -> Option<i32> {
    None
}

/// Lets one picture at a time be decoded, and of those that wait the agent's own first.
#[derive(Debug)]
pub(super) struct Queue {
    one: Arc<Semaphore>,
    /// How many pictures of the agent's wait.
    agents: AtomicUsize,
}

impl Default for Queue {
    fn default() -> Self {
        Self { one: Arc::new(Semaphore::new(1)), agents: AtomicUsize::new(0) }
    }
}

/// A picture of the agent's waits for as long as this lives.
struct AgentWaits<'a>(&'a AtomicUsize);

impl Drop for AgentWaits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Queue {
    /// Waits for its turn, which lasts for as long as the permit is held.
    pub(super) async fn turn(&self, purpose: Purpose) -> Option<OwnedSemaphorePermit> {
        let _waits = (purpose == Purpose::Send).then(|| {
            self.agents.fetch_add(1, Ordering::AcqRel);
            AgentWaits(&self.agents)
        });
        loop {
            let permit = Arc::clone(&self.one).acquire_owned().await.ok()?;
            if purpose == Purpose::Send || self.agents.load(Ordering::Acquire) == 0 {
                return Some(permit);
            }
            // An order that lets go stands at the end of the queue again, with the others in the order they came.
            drop(permit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_agents_picture_goes_before_all_that_wait() {
        let (queue, done) = (Arc::new(Queue::default()), Arc::new(Mutex::new(Vec::new())));
        let first = queue.turn(Purpose::Keep).await;
        let mut all = Vec::new();
        for (name, purpose) in [("a", Purpose::Keep), ("b", Purpose::Keep), ("mine", Purpose::Send)] {
            let (queue, done) = (Arc::clone(&queue), Arc::clone(&done));
            all.push(tokio::spawn(async move {
                let _turn = queue.turn(purpose).await;
                lock(&done).push(name);
            }));
            tokio::task::yield_now().await;
        }
        drop(first);
        for one in all {
            one.await.unwrap();
        }
        assert_eq!(*lock(&done), ["mine", "a", "b"]);
    }

    #[tokio::test]
    async fn an_agent_who_gives_up_holds_nobody_up() {
        let queue = Queue::default();
        let first = queue.turn(Purpose::Keep).await;
        let waited = tokio::time::timeout(Duration::from_millis(1), queue.turn(Purpose::Send)).await;
        assert!(waited.is_err());
        drop(first);
        assert!(queue.turn(Purpose::Keep).await.is_some());
    }
}
