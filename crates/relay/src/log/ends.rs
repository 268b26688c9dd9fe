//! Where the log begins and ends, and who is told when that moves.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand::Rng as _;
use rand::distr::Alphanumeric;
use tokio::sync::{mpsc, watch};
use wire::EventId;

use crate::database::{Database, DatabaseError, Engine, Row, Tx, Value};
use crate::team::TEAM;

/// How often a process looks for what other processes have appended.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// How long a failed commit counts, if no other follows.
const FAILURE_MEMORY: Duration = Duration::from_secs(60);
/// How many events a reader reads again in a new epoch: more than can have been lost or given twice at a failover.
const REWIND: u64 = 1_000;
const EPOCH_LENGTH: usize = 12;

/// The ends of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ends {
    /// The epoch of all sequences given from now on.
    pub epoch: String,
    /// The newest sequence; 0 before the first.
    pub head: u64,
    /// The oldest sequence that is kept; `head + 1` if none is.
    pub tail: u64,
}

impl Ends {
    /// The newest event; sequence 0 before the first.
    #[must_use]
    pub fn head_id(&self) -> EventId {
        self.id(self.head)
    }

    /// The oldest event that is kept; the one after the newest if none is.
    #[must_use]
    pub fn tail_id(&self) -> EventId {
        self.id(self.tail)
    }

    /// The event with this sequence.
    #[must_use]
    pub fn id(&self, sequence: u64) -> EventId {
        EventId { epoch: self.epoch.clone(), sequence }
    }

    /// Where a reader goes on whose cursor is of another epoch. A sequence near the cursor may have been given twice, so
    /// it reads the newest thousand again.
    #[must_use]
    pub fn rewound(&self, cursor: u64) -> u64 {
        cursor.min(self.head).saturating_sub(REWIND).max(self.tail.saturating_sub(1))
    }
}

/// When the database last answered, and since when it has had a group to commit.
#[derive(Debug)]
pub(super) struct Pulse {
    times: Mutex<Times>,
}

#[derive(Debug, Clone, Copy)]
struct Times {
    answered: Instant,
    committing_since: Option<Instant>,
    /// When a group last failed because the database could not be written to; none once another was committed.
    failed: Option<Instant>,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self { times: Mutex::new(Times { answered: Instant::now(), committing_since: None, failed: None }) }
    }

    fn change(&self, change: impl FnOnce(&mut Times)) {
        change(&mut self.times.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn record_answer(&self) {
        self.change(|times| times.answered = Instant::now());
    }

    pub(super) fn record_commit_start(&self) {
        self.change(|times| times.committing_since = Some(Instant::now()));
    }

    pub(super) fn record_commit_end(&self, is_committed: bool) {
        self.change(|times| {
            times.committing_since = None;
            times.failed = if is_committed { None } else { Some(Instant::now()) };
        });
    }

    pub(super) fn is_beating(&self, max_silence: Duration) -> bool {
        let times = *self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let commits = times.committing_since.is_none_or(|since| since.elapsed() < max_silence);
        // A night without another event must not keep the streams silent.
        let failed = times.failed.is_some_and(|failed| failed.elapsed() < FAILURE_MEMORY);
        commits && !failed && times.answered.elapsed() < max_silence
    }
}

fn new_epoch() -> String {
    rand::rng().sample_iter(Alphanumeric).take(EPOCH_LENGTH).map(char::from).collect()
}

/// Makes the team's row when there is none, and reads the ends.
pub(super) async fn open(database: &Database) -> Result<Ends, DatabaseError> {
    // Without a write, when it is there: a relay can start while PostgreSQL waits for its standby.
    match read(database).await {
        Err(DatabaseError::Column("team")) => {}
        outcome => return outcome,
    }
    database
        .write(|tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO team (id, name, epoch, head, tail) VALUES ($1, 'shop', $2, 0, 1)
                     ON CONFLICT (id) DO NOTHING",
                    &[Value::Int(TEAM), Value::Text(&new_epoch())],
                )
                .await?;
                Ok::<_, DatabaseError>(())
            })
        })
        .await?;
    read(database).await
}

pub(super) async fn begin_epoch(tx: &mut Tx, team: i64) -> Result<(), DatabaseError> {
    let values = [Value::Int(team), Value::Text(&new_epoch())];
    tx.execute("UPDATE team SET epoch = $2 WHERE id = $1", &values).await?;
    Ok(())
}

pub(super) async fn read(database: &Database) -> Result<Ends, DatabaseError> {
    database.read(|tx| Box::pin(read_in(tx))).await
}

pub(super) async fn read_in(tx: &mut Tx) -> Result<Ends, DatabaseError> {
    let row = tx.query_one("SELECT epoch, head, tail FROM team WHERE id = $1", &[Value::Int(TEAM)]).await?;
    from_row(tx, &row.ok_or(DatabaseError::Column("team"))?).await
}

/// Locks the team's row until the transaction ends, and reads it.
pub(super) async fn lock(tx: &mut Tx, team: i64) -> Result<Ends, DatabaseError> {
    let sql = "UPDATE team SET head = head WHERE id = $1 RETURNING epoch, head, tail";
    let row = tx.query_one(sql, &[Value::Int(team)]).await?;
    from_row(tx, &row.ok_or(DatabaseError::Column("team"))?).await
}

async fn from_row(tx: &mut Tx, row: &Row) -> Result<Ends, DatabaseError> {
    let epoch = format!("{}{}", row.text("epoch")?, timeline(tx).await?);
    Ok(Ends { epoch, head: unsigned(row.int("head")?), tail: unsigned(row.int("tail")?) })
}

/// PostgreSQL's timeline, which changes with every failover; empty on SQLite.
async fn timeline(tx: &mut Tx) -> Result<String, DatabaseError> {
    if tx.engine() == Engine::Sqlite {
        return Ok(String::new());
    }
    // `pg_control_checkpoint()` still names the old one right after a promotion.
    let row = tx.query_one("SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS timeline", &[]).await?;
    row.ok_or(DatabaseError::Column("timeline"))?.text("timeline")
}

/// Tells the streams of new ends. Older news of the same epoch tells nothing.
pub(super) fn publish(ends: &watch::Sender<Ends>, now: Ends) {
    ends.send_if_modified(|known| {
        let is_news = known.epoch != now.epoch || now.head > known.head || now.tail > known.tail;
        if is_news {
            *known = now;
        }
        is_news
    });
}

/// Looks for what other processes append, until the log is gone.
pub(super) async fn follow<W>(
    database: Database,
    sender: watch::Sender<Ends>,
    pulse: Arc<Pulse>,
    log: mpsc::WeakSender<W>,
) {
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        if log.upgrade().is_none() {
            return;
        }
        match read(&database).await {
            Ok(now) => {
                pulse.record_answer();
                publish(&sender, now);
            }
            Err(error) => tracing::debug!(%error, "could not look for new events"),
        }
    }
}

/// A sequence as the database has it.
pub(super) fn signed(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

/// A sequence of the database's.
pub(super) fn unsigned(sequence: i64) -> u64 {
    u64::try_from(sequence).unwrap_or(0)
}
