//! The newest events in memory, encoded as a stream writes them: the readers at the head share them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::watch;
use wire::Event;

use crate::log::{Ends, Log, Page, ReadError};

/// How many bytes of events are kept in memory.
const MAX_BYTES: usize = 8 << 20;
/// How many events are read at once, and how many bytes of them.
const PAGE_EVENTS: u32 = 500;
const PAGE_BYTES: u64 = 512 << 10;
/// How long to wait when the database does not answer.
const RETRY_WAIT: Duration = Duration::from_millis(250);
/// How often to see whether the streams are still there.
const ALIVE_INTERVAL: Duration = Duration::from_secs(1);

/// The newest events.
#[derive(Debug)]
pub(super) struct Recent {
    frames: Mutex<Frames>,
    /// Counts the changes of the frames.
    changes: watch::Sender<u64>,
}

#[derive(Debug)]
struct Frames {
    /// The ends of the log when they were last read. The frames may have yet to reach the head.
    ends: Ends,
    /// The sequence of the last frame; if there is none, the place before the next.
    head: u64,
    frames: VecDeque<Bytes>,
    bytes: usize,
}

/// What a reader finds behind its cursor.
#[derive(Debug)]
pub(super) enum Pull {
    /// These frames, the last of which has this sequence.
    Frames(VecDeque<Bytes>, u64),
    /// Nothing yet.
    Nothing,
    /// Events that are not in memory.
    Behind,
    /// A log of another epoch.
    OtherEpoch(Ends),
}

impl Recent {
    pub(super) fn new(ends: Ends) -> Self {
        Self { frames: Mutex::new(Frames::at(ends.head, ends)), changes: watch::Sender::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, Frames> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn epoch(&self) -> String {
        self.lock().ends.epoch.clone()
    }

    /// The epoch, and the sequence up to which the frames go.
    fn position(&self) -> (String, u64) {
        let frames = self.lock();
        (frames.ends.epoch.clone(), frames.head)
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn change(&self, change: impl FnOnce(&mut Frames)) {
        change(&mut self.lock());
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Takes what follows on a cursor, about this many bytes and at least one event.
    pub(super) fn pull(&self, epoch: &str, cursor: u64, max_bytes: usize) -> Pull {
        let frames = self.lock();
        if frames.ends.epoch != epoch {
            return Pull::OtherEpoch(frames.ends.clone());
        }
        if cursor >= frames.head {
            return Pull::Nothing;
        }
        let Some(skipped) = cursor.checked_sub(frames.before_first()) else { return Pull::Behind };
        let mut bytes = 0;
        let mut pulled = VecDeque::new();
        for frame in frames.frames.iter().skip(usize::try_from(skipped).unwrap_or(usize::MAX)) {
            bytes += frame.len();
            if !pulled.is_empty() && bytes > max_bytes {
                break;
            }
            pulled.push_back(frame.clone());
        }
        let last = cursor + pulled.len() as u64;
        Pull::Frames(pulled, last)
    }
}

impl Frames {
    fn at(head: u64, ends: Ends) -> Self {
        Self { ends, head, frames: VecDeque::new(), bytes: 0 }
    }

    /// The sequence before the first frame.
    fn before_first(&self) -> u64 {
        self.head - self.frames.len() as u64
    }

    fn push(&mut self, ends: Ends, encoded: Vec<(u64, Bytes)>) {
        for (sequence, frame) in encoded {
            self.bytes += frame.len();
            self.frames.push_back(frame);
            self.head = sequence;
            while self.bytes > MAX_BYTES && self.frames.len() > 1 {
                self.bytes -= self.frames.pop_front().map_or(0, |frame| frame.len());
            }
        }
        self.ends = ends;
    }
}

/// An event as a stream writes it.
pub(super) fn encode(event: &Event) -> Bytes {
    match serde_json::to_string(event) {
        // JSON has no line breaks outside of texts, and in texts they are escaped.
        Ok(json) => Bytes::from(format!("id: {}\ndata: {json}\n\n", event.id)),
        Err(error) => {
            tracing::error!(%error, "an event cannot be written to the streams");
            Bytes::from_static(b":unreadable\n\n")
        }
    }
}

/// Reads what is appended, until the streams are gone.
pub(super) async fn follow(log: Log, recent: Weak<Recent>) {
    let mut ends = log.ends();
    loop {
        let Some(shared) = recent.upgrade() else { return };
        ends.mark_unchanged();
        let (epoch, head) = shared.position();
        match log.read_page(head, PAGE_EVENTS, PAGE_BYTES).await {
            Ok(page) if page.ends.epoch == epoch => {
                if page.events.is_empty() {
                    shared.lock().ends = page.ends;
                    drop(shared);
                    while let Err(_waited) = tokio::time::timeout(ALIVE_INTERVAL, ends.changed()).await {
                        if recent.strong_count() == 0 {
                            return;
                        }
                    }
                } else {
                    let encoded: Vec<_> = page.events.iter().map(|event| (event.id.sequence, encode(event))).collect();
                    shared.change(|frames| frames.push(page.ends, encoded));
                }
            }
            // The readers read the newest again: so do we, for all of them.
            Ok(Page { ends, .. }) | Err(ReadError::Gone(ends)) => {
                tracing::info!(epoch = ends.epoch, head = ends.head, "the log has another epoch, or was cut");
                shared.change(|frames| *frames = Frames::at(ends.rewound(ends.head), ends));
            }
            Err(ReadError::Database(error)) => {
                tracing::debug!(%error, "could not read new events for the streams");
                drop(shared);
                tokio::time::sleep(RETRY_WAIT).await;
            }
        }
    }
}

/// The frames of a page that was read for one reader, and the sequence of the last.
pub(super) fn frames_of(page: &Page) -> Option<(VecDeque<Bytes>, u64)> {
    let last = page.events.last()?.id.sequence;
    Some((page.events.iter().map(encode).collect(), last))
}
