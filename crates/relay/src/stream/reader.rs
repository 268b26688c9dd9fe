//! One stream: pulls behind its own cursor whenever the connection can write more.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::open::{Registration, Streams, hello};
use super::recent::{Pull, frames_of};
use crate::log::{Ends, ReadError};

/// How much a connection takes at once: the memory that a slow reader costs, beside what its connection buffers.
const MAX_PULL_BYTES: usize = 128 << 10;
/// The same of the database.
const PAGE_EVENTS: u32 = 200;
const PAGE_BYTES: u64 = 128 << 10;
/// How long a reader that is behind waits when the database does not answer.
const RETRY_WAIT: Duration = Duration::from_secs(1);
const HEARTBEAT: Bytes = Bytes::from_static(b":hb\n\n");

/// A stream while it is read.
struct Reader {
    registration: Registration,
    epoch: String,
    /// The sequence of the last event that was pulled.
    cursor: u64,
    /// What was pulled and has yet to be written.
    pulled: VecDeque<Bytes>,
    changes: watch::Receiver<u64>,
    heartbeat: Interval,
    /// Resolves when the stream is to end.
    end: BoxFuture<'static, ()>,
}

/// What a pull came to.
enum Pulled {
    /// There is something to write.
    Something,
    /// There is nothing new.
    Nothing,
    /// The database did not answer.
    NoAnswer,
    /// The cursor is older than what is kept.
    Gone,
}

/// The stream of a device that goes on from this sequence.
pub(super) fn read(
    streams: &Arc<Streams>,
    device: &str,
    ends: &Ends,
    from: u64,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
    let (registration, replaced) = streams.register(device);
    let revoked = (streams.revoked)(device);
    let mut closed = streams.is_closed.subscribe();
    let end = async move {
        tokio::select! {
            _ = replaced => tracing::debug!("a stream ends: its device has a newer one"),
            () = revoked => tracing::info!("a stream ends: its device was revoked"),
            _ = closed.wait_for(|closed| *closed) => {}
        }
    };
    let every = streams.settings.heartbeat;
    let mut heartbeat = interval_at(Instant::now() + every, every);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let reader = Reader {
        registration,
        epoch: ends.epoch.clone(),
        cursor: from,
        pulled: VecDeque::from([Bytes::from(hello(ends, from))]),
        changes: streams.recent.changes(),
        heartbeat,
        end: end.boxed(),
    };
    stream::unfold(reader, Reader::next).map(Ok)
}

impl Reader {
    /// The next thing to write. Called only when the connection can write: what was pulled before has been handed over.
    async fn next(mut self) -> Option<(Bytes, Self)> {
        loop {
            if (&mut self.end).now_or_never().is_some() {
                return None;
            }
            if let Some(frame) = self.pulled.pop_front() {
                return Some((frame, self));
            }
            self.registration.streams.progress.note(&self.registration.device, self.cursor);
            self.changes.mark_unchanged();
            let has_answer = match self.pull().await {
                Pulled::Something => continue,
                Pulled::Nothing => true,
                Pulled::NoAnswer => false,
                Pulled::Gone => return None,
            };
            tokio::select! {
                biased;
                () = &mut self.end => return None,
                changed = self.changes.changed() => changed.ok()?,
                _ = self.heartbeat.tick() => {
                    // A relay that cannot store what TikTok pushes must not look alive: its desktops poll meanwhile.
                    if self.registration.streams.context.log.is_working() {
                        return Some((HEARTBEAT, self));
                    }
                }
                () = tokio::time::sleep(RETRY_WAIT), if !has_answer => {}
            }
        }
    }

    async fn pull(&mut self) -> Pulled {
        let streams = Arc::clone(&self.registration.streams);
        match streams.recent.pull(&self.epoch, self.cursor, MAX_PULL_BYTES) {
            Pull::Frames(frames, last) => {
                self.pulled = frames;
                self.cursor = last;
                Pulled::Something
            }
            Pull::Nothing => Pulled::Nothing,
            Pull::Behind => self.pull_from_database(&streams).await,
            Pull::OtherEpoch(ends) => {
                self.cursor = ends.rewound(self.cursor);
                self.pulled = VecDeque::from([Bytes::from(hello(&ends, self.cursor))]);
                self.epoch = ends.epoch;
                Pulled::Something
            }
        }
    }

    async fn pull_from_database(&mut self, streams: &Streams) -> Pulled {
        // The semaphore is never closed.
        let Ok(_turn) = streams.catching_up.acquire().await else { return Pulled::Gone };
        match streams.context.log.read_page(self.cursor, PAGE_EVENTS, PAGE_BYTES).await {
            // This process notices in a moment, and tells all readers.
            Ok(page) if page.ends.epoch != self.epoch => Pulled::Nothing,
            Ok(page) => match frames_of(&page) {
                Some((frames, last)) => {
                    self.pulled = frames;
                    self.cursor = last;
                    Pulled::Something
                }
                None => Pulled::Nothing,
            },
            Err(ReadError::Gone(ends)) if ends.epoch != self.epoch => Pulled::Nothing,
            Err(ReadError::Gone(_)) => Pulled::Gone,
            Err(ReadError::Database(error)) => {
                tracing::debug!(%error, "could not read events for a stream");
                Pulled::NoAnswer
            }
        }
    }
}
