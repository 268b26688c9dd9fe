//! All streams of a process: which device has one, and what they share.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, oneshot, watch};
use wire::api::StreamStart;
use wire::{EventId, Failure, FailureCode};

use super::progress::{self, Progress};
use super::recent::{self, Recent};
use crate::context::Context;
use crate::log::Ends;
use crate::refusal::Refusal;

/// How long a new stream waits until this process knows of a failover that the database has just shown.
const EPOCH_TIMEOUT: Duration = Duration::from_secs(5);
/// How many readers read the database at once.
const MAX_CATCHING_UP: usize = 4;

/// What a stream does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamSettings {
    /// How often a comment is written when there is nothing else.
    pub heartbeat: Duration,
    /// How often it is recorded how far the devices have read.
    pub progress_interval: Duration,
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self { heartbeat: Duration::from_secs(15), progress_interval: Duration::from_secs(5) }
    }
}

/// Resolves when a device, by its id, is revoked.
type Revoked = dyn Fn(&str) -> BoxFuture<'static, ()> + Send + Sync;

/// All streams of this process.
pub struct Streams {
    pub(super) context: Context,
    pub(super) settings: StreamSettings,
    pub(super) revoked: Box<Revoked>,
    pub(super) recent: Arc<Recent>,
    /// A turn to read the database.
    pub(super) catching_up: Semaphore,
    /// The one stream of each device. Dropping the sender ends it.
    open: Mutex<HashMap<String, Open>>,
    next_id: AtomicU64,
    pub(super) progress: Arc<Progress>,
    pub(super) is_closed: watch::Sender<bool>,
}

#[derive(Debug)]
struct Open {
    id: u64,
    _end: oneshot::Sender<()>,
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").field("open", &self.count()).finish_non_exhaustive()
    }
}

impl Streams {
    /// Starts the tasks that all streams share; they end with the streams. `revoked` gives, for a device's id, a future
    /// that resolves when the device is revoked.
    pub fn start(
        context: Context,
        settings: StreamSettings,
        revoked: impl Fn(&str) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let recent = Arc::new(Recent::new(context.log.ends().borrow().clone()));
        let streams = Arc::new(Self {
            context,
            settings,
            revoked: Box::new(revoked),
            recent,
            catching_up: Semaphore::new(MAX_CATCHING_UP),
            open: Mutex::default(),
            next_id: AtomicU64::new(0),
            progress: Arc::default(),
            is_closed: watch::Sender::new(false),
        });
        tokio::spawn(recent::follow(streams.context.log.clone(), Arc::downgrade(&streams.recent)));
        let (database, progress) = (streams.context.database.clone(), Arc::downgrade(&streams.progress));
        tokio::spawn(progress::record(database, progress, settings.progress_interval));
        streams
    }

    /// How many streams are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Ends all streams, and opens no more: the relay stops.
    pub fn close(&self) {
        self.is_closed.send_replace(true);
    }

    /// Records how far the devices have read, without waiting for the next time. For the end of the relay.
    pub async fn record_progress(&self) {
        self.progress.write(&self.context.database).await;
    }

    /// Registers the one stream of a device, which ends its old one.
    pub(super) fn register(self: &Arc<Self>, device: &str) -> (Registration, oneshot::Receiver<()>) {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (end, ended) = oneshot::channel();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(device.to_owned(), Open { id, _end: end });
        (Registration { streams: Arc::clone(self), device: device.to_owned(), id }, ended)
    }

    /// Where a stream begins.
    pub(super) async fn start_of(&self, cursor: Option<&EventId>) -> Result<(Ends, u64), Refusal> {
        let ends = self.context.log.read_ends().await?;
        // The database may know of a failover that this process has yet to notice.
        let mut changes = self.recent.changes();
        let noticed = changes.wait_for(|_| self.recent.epoch() == ends.epoch);
        if !matches!(tokio::time::timeout(EPOCH_TIMEOUT, noticed).await, Ok(Ok(_))) {
            return Err(Refusal::after(
                FailureCode::Unavailable,
                "the relay follows a failover of its database",
                1_000,
            ));
        }
        let Some(cursor) = cursor else { return Ok((ends.clone(), ends.head)) };
        if cursor.sequence.saturating_add(1) < ends.tail {
            let detail = "some events behind this cursor are not kept any more";
            return Err(Refusal(Failure { head: Some(ends.head_id()), ..Failure::new(FailureCode::Gone, detail) }));
        }
        let is_ours = cursor.epoch == ends.epoch && cursor.sequence <= ends.head;
        let from = if is_ours { cursor.sequence } else { ends.rewound(cursor.sequence) };
        Ok((ends, from))
    }
}

/// A stream's place among the open ones; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) streams: Arc<Streams>,
    pub(super) device: String,
    id: u64,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.get(&self.device).is_some_and(|open| open.id == self.id) {
            open.remove(&self.device);
        }
    }
}

/// The frame that says where a stream goes on from.
pub(super) fn hello(ends: &Ends, from: u64) -> String {
    let start = StreamStart { from: ends.id(from), head: ends.head_id(), tail: ends.tail_id() };
    // Ids and nothing else: writing them does not fail.
    let json = serde_json::to_string(&start).unwrap_or_default();
    format!("event: hello\ndata: {json}\n\n")
}
