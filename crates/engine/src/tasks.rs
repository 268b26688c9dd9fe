//! The engine's background tasks, and the calls that closing waits for.

use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use crate::lock::lock;

/// How often closing looks whether the last call has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Owns every background task of the engine and counts the calls in flight.
#[derive(Debug, Default)]
pub(crate) struct TaskSet {
    tasks: Mutex<JoinSet<()>>,
    closing: AtomicBool,
    calls_in_flight: AtomicUsize,
}

/// A call that closing waits for, as long as this value lives.
#[derive(Debug)]
pub(crate) struct InFlight<'a>(&'a AtomicUsize);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl TaskSet {
    /// Runs a task until it ends or the engine does. Starts nothing once the engine is closing.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Option<AbortHandle> {
        let mut tasks = lock(&self.tasks);
        if self.closing.load(Ordering::SeqCst) {
            return None;
        }
        // Ended tasks would pile up otherwise.
        while tasks.try_join_next().is_some() {}
        Some(tasks.spawn(task))
    }

    /// Begins a call that closing waits for; none once the engine is closing.
    pub(crate) fn begin_call(&self) -> Option<InFlight<'_>> {
        self.calls_in_flight.fetch_add(1, Ordering::SeqCst);
        let call = InFlight(&self.calls_in_flight);
        (!self.closing.load(Ordering::SeqCst)).then_some(call)
    }

    /// Lets no task and no call begin from now on.
    pub(crate) fn begin_closing(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }

    /// Waits until no call is in flight, for `timeout` at most.
    pub(crate) async fn finish_calls(&self, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        while self.calls_in_flight.load(Ordering::SeqCst) > 0 && Instant::now() < deadline {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Aborts all tasks and waits until they are gone.
    pub(crate) async fn abort_all(&self) {
        self.begin_closing();
        let mut tasks = std::mem::take(&mut *lock(&self.tasks));
        tasks.shutdown().await;
    }
}
