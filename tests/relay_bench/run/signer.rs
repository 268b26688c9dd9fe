//! Plays TikTok's webhooks.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::book::Book;
use super::http::Connection;
use super::times::Times;
use super::webhook::Maker;

/// How long an answer may take before the webhook counts as not taken.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// TikTok's own waits are minutes; these let a run end.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);
/// In percent.
const DUPLICATES: u32 = 1;
const REORDERED: u32 = 5;
/// How much later a reordered one comes.
const MAX_LATE_MS: u64 = 300;

/// What is sent, how fast, and where to.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) maker: Maker,
    pub(crate) relays: Vec<SocketAddr>,
    pub(crate) numbers: Range<u32>,
    /// Webhooks a second; all at once if none.
    pub(crate) rate: Option<u32>,
    /// Connections.
    pub(crate) workers: usize,
    pub(crate) seed: u64,
    /// How long repetitions go on after the last webhook was due.
    pub(crate) patience: Duration,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// From a request's first byte to its 200.
    pub(crate) door: Times,
    /// Answers by their status; 0 is none.
    pub(crate) answers: BTreeMap<u16, u64>,
    /// Until the last one was acknowledged.
    pub(crate) took: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Attempt {
    due: Instant,
    number: u32,
    /// How often it was tried before.
    tried: u32,
}

struct Shared {
    order: Order,
    book: Arc<Book>,
    waiting: Mutex<BinaryHeap<Reverse<Attempt>>>,
    /// Attempts that wait or are under way.
    open: AtomicUsize,
    is_stopped: Arc<AtomicBool>,
    give_up_at: Instant,
}

/// Sends until everything is acknowledged. With `stop` no new webhook is sent; repetitions go on.
pub(crate) async fn send(book: Arc<Book>, order: Order, stop: Arc<AtomicBool>) -> Sent {
    let began = Instant::now();
    let mut random = StdRng::seed_from_u64(order.seed);
    let mut waiting = BinaryHeap::new();
    let mut last_due = began;
    for (place, number) in order.numbers.clone().enumerate() {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let mut due = order.rate.map_or(began, |rate| began + Duration::from_secs(1) * place / rate);
        let chance = random.random_range(0..100);
        if chance < REORDERED {
            due += Duration::from_millis(random.random_range(1..=MAX_LATE_MS));
        }
        last_due = last_due.max(due);
        waiting.push(Reverse(Attempt { due, number, tried: 0 }));
        if (REORDERED..REORDERED + DUPLICATES).contains(&chance) {
            let due = due + Duration::from_millis(random.random_range(0..=MAX_LATE_MS));
            waiting.push(Reverse(Attempt { due, number, tried: 0 }));
        }
    }
    let (open, give_up_at) = (AtomicUsize::new(waiting.len()), last_due + order.patience);
    let workers = order.workers;
    let shared = Arc::new(Shared { order, book, waiting: Mutex::new(waiting), open, is_stopped: stop, give_up_at });
    let mut running = JoinSet::new();
    for worker in 0..workers {
        running.spawn(work(Arc::clone(&shared), worker, StdRng::seed_from_u64(random.random())));
    }
    let mut sent = Sent::default();
    while let Some(done) = running.join_next().await {
        let Ok((door, answers, last)) = done else { continue };
        sent.door.add(&door);
        for (status, count) in answers {
            *sent.answers.entry(status).or_default() += count;
        }
        sent.took = sent.took.max(last.saturating_duration_since(began));
    }
    sent
}

async fn work(shared: Arc<Shared>, worker: usize, mut random: StdRng) -> (Times, BTreeMap<u16, u64>, Instant) {
    let (mut door, mut answers, mut last) = (Times::default(), BTreeMap::<u16, u64>::new(), Instant::now());
    let mut connections: Vec<Option<Connection>> = shared.order.relays.iter().map(|_| None).collect();
    while shared.open.load(Ordering::Relaxed) > 0 && Instant::now() < shared.give_up_at {
        let next = shared.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(Reverse(attempt)) = next else {
            tokio::time::sleep(Duration::from_millis(2)).await;
            continue;
        };
        while Instant::now() < attempt.due && !is_dropped(&shared, &attempt) {
            tokio::time::sleep_until(attempt.due.min(Instant::now() + Duration::from_millis(250))).await;
        }
        if is_dropped(&shared, &attempt) {
            shared.open.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        shared.book.record_sent(attempt.number);
        let place = (attempt.number + attempt.tried) as usize % connections.len().max(1);
        let (Some(connection), Some(relay)) = (connections.get_mut(place), shared.order.relays.get(place)) else {
            break;
        };
        let body = shared.order.maker.body(attempt.number);
        let began = Instant::now();
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, ask(connection, *relay, worker, &shared, &body)).await;
        let status = answer.unwrap_or(None).unwrap_or(0);
        *answers.entry(status).or_default() += 1;
        if status == 200 {
            door.record(began.elapsed());
            last = Instant::now();
            shared.book.record_acknowledged(attempt.number);
            shared.open.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        *connection = None;
        shared.book.record_refused();
        let backoff = (FIRST_BACKOFF * 2_u32.saturating_pow(attempt.tried.min(10))).min(MAX_BACKOFF);
        let due = Instant::now() + backoff.mul_f64(random.random_range(0.5..1.5));
        let again = Attempt { due, tried: attempt.tried + 1, ..attempt };
        shared.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(Reverse(again));
    }
    (door, answers, last)
}

/// One that was never sent is left out once the run is over.
fn is_dropped(shared: &Shared, attempt: &Attempt) -> bool {
    attempt.tried == 0 && shared.is_stopped.load(Ordering::Relaxed) && !shared.book.is_sent(attempt.number)
}

/// The answer's status; none without an answer.
async fn ask(
    connection: &mut Option<Connection>,
    relay: SocketAddr,
    worker: usize,
    shared: &Shared,
    body: &str,
) -> Option<u16> {
    if connection.is_none() {
        *connection = Some(Connection::open(relay, worker).await.ok()?);
    }
    let open = connection.as_mut()?;
    let answered = async {
        open.send(&shared.order.maker.request(body)).await?;
        open.answer().await
    };
    answered.await.ok().map(|(status, _)| status)
}
