//! A desktop: reads the stream, and keeps its cursor with what it has applied.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::sync::watch;
use tokio::time::Instant;
use wire::EventId;
use wire::api::StreamStart;

use super::book::Book;
use super::events::{Frame, Frames};
use super::http::{Connection, connect};
use super::times::Times;
use super::webhook;

/// How long to wait before connecting again.
const RECONNECT_WAIT_MS: std::ops::Range<u64> = 20..200;
/// How long a stream may say nothing, and how long an answer may take.
const SILENCE: Duration = Duration::from_secs(45);

/// How a desktop behaves.
#[derive(Debug, Clone)]
pub(crate) struct Habits {
    /// Where it connects to: always to the first, unless it hops.
    pub(crate) relays: Vec<SocketAddr>,
    pub(crate) token: String,
    /// Which loopback address it has.
    pub(crate) client: usize,
    /// It is cut off after a while, stays away for a while, and comes back to any relay.
    pub(crate) hops: bool,
    pub(crate) seed: u64,
    /// Where it begins; at the head if none.
    pub(crate) cursor: Option<EventId>,
}

/// What a desktop has.
#[derive(Debug)]
pub(crate) struct Kept {
    cursor: Option<EventId>,
    /// The sequence of each webhook, by its number; 0 if it did not come.
    pub(crate) sequences: Vec<u64>,
    /// Up to here a new epoch has it read again.
    again_until: u64,
    /// Events that came a second time.
    pub(crate) doubled: u64,
    /// Sequences that were left out.
    pub(crate) gaps: u64,
    /// Events that were read again because of a new epoch.
    pub(crate) read_again: u64,
    /// Webhooks of no number.
    pub(crate) unknown: u64,
    pub(crate) connections: u64,
    /// From the webhook's first byte to its event here.
    pub(crate) times: Times,
}

impl Kept {
    pub(crate) fn new(count: usize, cursor: Option<EventId>) -> Self {
        Self {
            cursor,
            sequences: vec![0; count],
            again_until: 0,
            doubled: 0,
            gaps: 0,
            read_again: 0,
            unknown: 0,
            connections: 0,
            times: Times::default(),
        }
    }

    /// The stream says where it begins.
    pub(crate) fn begin(&mut self, from: EventId) {
        match &self.cursor {
            None => {}
            Some(cursor) if cursor.epoch == from.epoch => {
                self.gaps += u64::from(from.sequence > cursor.sequence);
                self.doubled += u64::from(from.sequence < cursor.sequence);
            }
            Some(cursor) => {
                self.gaps += u64::from(from.sequence > cursor.sequence);
                self.again_until = self.again_until.max(cursor.sequence);
            }
        }
        self.cursor = Some(from);
    }

    /// An event came.
    pub(crate) fn apply(&mut self, id: EventId, data: &[u8], book: &Book, is_timed: bool) -> Result<()> {
        let cursor = self.cursor.as_ref().context("an event before the stream's beginning")?;
        ensure!(cursor.epoch == id.epoch, "an event of another epoch than the stream's");
        self.gaps += u64::from(id.sequence > cursor.sequence + 1);
        self.doubled += u64::from(id.sequence <= cursor.sequence);
        if let Some(number) = webhook::number(data) {
            match self.sequences.get_mut(number as usize) {
                None => self.unknown += 1,
                Some(known) if *known == 0 => {
                    *known = id.sequence;
                    if is_timed && let Some(since) = book.since_sent(number) {
                        self.times.record(since);
                    }
                }
                Some(known) if *known == id.sequence && id.sequence <= self.again_until => self.read_again += 1,
                Some(_) => self.doubled += 1,
            }
        }
        self.cursor = Some(id);
        Ok(())
    }
}

/// A desktop that reads in a task.
#[derive(Debug)]
pub(crate) struct Desktop {
    /// The sequence it has read to, plus one; 0 before its stream has begun.
    position: Arc<AtomicU64>,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<Kept>,
}

impl Desktop {
    pub(crate) fn start(book: Arc<Book>, habits: Habits) -> Self {
        let (stop, stopped) = watch::channel(false);
        let position = Arc::new(AtomicU64::new(0));
        let task = tokio::spawn(read(book, habits, Arc::clone(&position), stopped));
        Self { position, stop, task }
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.position.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn has_read_to(&self, sequence: u64) -> bool {
        self.position.load(Ordering::Relaxed) > sequence
    }

    /// Ends it, and takes what it has.
    pub(crate) async fn end(self) -> Result<Kept> {
        // It may have ended.
        let _ = self.stop.send(true);
        self.task.await.context("a desktop failed")
    }
}

async fn read(book: Arc<Book>, habits: Habits, position: Arc<AtomicU64>, mut stopped: watch::Receiver<bool>) -> Kept {
    let mut random = StdRng::seed_from_u64(habits.seed);
    let mut kept = Kept::new(book.len(), habits.cursor.clone());
    while !*stopped.borrow() {
        let place = if habits.hops { random.random_range(0..habits.relays.len().max(1)) } else { 0 };
        let Some(relay) = habits.relays.get(place) else { break };
        let lifetime = if habits.hops { random.random_range(200..1_500) } else { 3_600_000 };
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => break,
            // However the stream ends, it goes on from the cursor.
            _ = follow(&mut kept, &book, &habits, *relay, &position) => {}
            // Cut off in the middle of whatever it reads, as when its process is killed.
            () = tokio::time::sleep(Duration::from_millis(lifetime)) => {}
        }
        let away = Duration::from_millis(random.random_range(RECONNECT_WAIT_MS));
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => break,
            () = tokio::time::sleep(away) => {}
        }
    }
    kept
}

/// The request for a stream behind a cursor.
pub(crate) fn request(token: &str, cursor: Option<&EventId>) -> String {
    let cursor = cursor.map_or_else(String::new, |cursor| format!("Last-Event-ID: {cursor}\r\n"));
    format!("GET {} HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer {token}\r\n{cursor}\r\n", wire::paths::STREAM)
}

async fn follow(kept: &mut Kept, book: &Book, habits: &Habits, relay: SocketAddr, position: &AtomicU64) -> Result<()> {
    let mut connection = Connection::new(connect(relay, habits.client, None).await?);
    connection.send(request(&habits.token, kept.cursor.as_ref()).as_bytes()).await?;
    let head = tokio::time::timeout(SILENCE, connection.head()).await.context("no answer")??;
    ensure!(head.status == 200 && head.is_chunked(), "{}", head.status);
    kept.connections += 1;
    let mut frames = Frames::default();
    // Times count only while the desktop is there: behind its first catching up.
    let mut caught_up_to = u64::MAX;
    let opened = Instant::now();
    loop {
        while let Some(frame) = frames.next(&mut connection.buffer)? {
            match frame {
                Frame::Comment => {}
                Frame::Hello(json) => {
                    let start: StreamStart = serde_json::from_slice(&json)?;
                    caught_up_to = start.head.sequence;
                    kept.begin(start.from);
                }
                Frame::Event(id, data) => {
                    let id: EventId = id.parse()?;
                    let is_timed = !habits.hops && id.sequence > caught_up_to;
                    kept.apply(id, &data, book, is_timed)?;
                }
            }
            if let Some(cursor) = &kept.cursor {
                position.store(cursor.sequence + 1, Ordering::Relaxed);
            }
        }
        let silent = tokio::time::timeout(SILENCE, connection.fill()).await;
        silent.with_context(|| format!("silence after {:?}", opened.elapsed()))??;
    }
}
