//! PostgreSQL that is killed, waits for its standby, and fails over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;

use super::{assert_contiguous, log, name, named, read_all};
use crate::database::{Database, DatabaseAddress};
use crate::log::{AppendError, Appended, Log};
use crate::testing::postgres::{Server, WAITERS, blocking, pair};
use crate::testing::{PATIENCE, hint, until};

/// Appends until the database takes it, as TikTok repeats a webhook.
async fn append(log: &Log, key: &str) -> Appended {
    loop {
        match log.append(named(key), Duration::from_secs(5)).await {
            Ok(appended) => return appended,
            Err(AppendError::Refused(words)) => panic!("{words}"),
            Err(AppendError::Full | AppendError::TimedOut | AppendError::Database(_)) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_that_was_acknowledged() {
    const APPENDERS: usize = 8;
    const KILLS: usize = 4;
    let server = Arc::new(blocking(|| Server::start("")).await);
    let database = Database::open(&DatabaseAddress::Postgres(server.address("postgres"))).await.unwrap();
    let log = log(database).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let count = Arc::new(AtomicUsize::new(0));
    let appenders: Vec<_> = (0..APPENDERS)
        .map(|appender| {
            let (log, is_over, count) = (log.clone(), Arc::clone(&is_over), Arc::clone(&count));
            tokio::spawn(async move {
                let mut acknowledged = BTreeMap::new();
                for event in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let key = format!("{appender}-{event}");
                    // A commit whose answer was lost is known at the repetition.
                    let sequence = match append(&log, &key).await {
                        Appended::New(id) => Some(id.sequence),
                        Appended::Known => None,
                    };
                    acknowledged.insert(key, sequence);
                    count.fetch_add(1, Ordering::Relaxed);
                }
                acknowledged
            })
        })
        .collect();
    for _ in 0..KILLS {
        let before = count.load(Ordering::Relaxed);
        until("events are stored", || async { count.load(Ordering::Relaxed) > before + 50 }).await;
        let server = Arc::clone(&server);
        blocking(move || {
            server.kill();
            server.launch();
        })
        .await;
    }
    // The same log goes on.
    let before = count.load(Ordering::Relaxed);
    until("events are stored again", || async { count.load(Ordering::Relaxed) > before + 50 }).await;
    is_over.store(true, Ordering::Relaxed);

    let acknowledged: BTreeMap<String, Option<u64>> =
        join_all(appenders).await.into_iter().flat_map(Result::unwrap).collect();
    let events = read_all(&log).await;
    assert_contiguous(&events);
    let stored: BTreeMap<String, u64> = events.iter().map(|event| (name(event), event.id.sequence)).collect();
    assert_eq!(stored.len(), events.len(), "each once");
    assert_eq!(stored.len(), acknowledged.len());
    for (key, sequence) in acknowledged {
        assert!(sequence.is_none_or(|sequence| stored.get(&key) == Some(&sequence)), "{key} at {sequence:?}");
        assert!(stored.contains_key(&key), "{key} is lost");
    }
    println!("{} events acknowledged over {KILLS} kills, none lost", stored.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_standby_is_away_appends_time_out_and_are_stored_once_it_is_back() {
    let (primary, standby) = pair().await;
    let database = Database::open(&DatabaseAddress::Postgres(primary.address("postgres"))).await.unwrap();
    let log = log(database).await;
    assert!(matches!(log.append(hint("1"), PATIENCE).await, Ok(Appended::New(_))));

    let away = Arc::clone(&standby);
    blocking(move || away.stop()).await;
    let short = Duration::from_millis(500);
    assert_eq!(log.append(hint("2"), short).await, Err(AppendError::TimedOut));
    assert_eq!(log.append(hint("3"), short).await, Err(AppendError::TimedOut));
    // Nobody reads what could still be lost, and reading goes on.
    assert_eq!(log.read_ends().await.unwrap().head, 1);
    assert_eq!(log.read(0, 10).await.unwrap().len(), 1);
    let asked = Arc::clone(&primary);
    assert_eq!(blocking(move || asked.sql(WAITERS)).await, "1", "the commit waits on, and nothing was cancelled");
    // A relay can start meanwhile, and its desktops read.
    let other = Database::open(&DatabaseAddress::Postgres(primary.address("postgres"))).await.unwrap();
    let other = super::log(other).await;
    assert_eq!(other.read(0, 10).await.unwrap().len(), 1);
    until("a log that commits nothing says so", || async { !log.is_working() }).await;

    let back = Arc::clone(&standby);
    blocking(move || back.launch()).await;
    until("what waited is stored", || async { log.read_ends().await.unwrap().head == 3 }).await;
    assert_eq!(log.append(hint("2"), PATIENCE).await, Ok(Appended::Known));
    assert!(matches!(log.append(hint("4"), PATIENCE).await, Ok(Appended::New(id)) if id.sequence == 4));
    assert!(log.is_working());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_that_gives_a_number_twice_begins_an_epoch() {
    let (primary, standby) = pair().await;
    // The standby stands first, and takes no writes.
    let address = DatabaseAddress::Postgres(standby.address_with(&primary, "postgres"));
    let database = Database::open(&address).await.unwrap();
    let log = log(database).await;
    for key in ["1", "2", "3"] {
        append(&log, key).await;
    }
    let first = log.read_ends().await.unwrap();

    // The standby is away, and an impatient administrator cancels the commit that waits for it: event 4 becomes
    // visible, although the standby never got it.
    let (away, asked) = (Arc::clone(&standby), Arc::clone(&primary));
    blocking(move || away.stop()).await;
    let patient = tokio::spawn({
        let log = log.clone();
        async move { log.append(named("lost"), PATIENCE).await }
    });
    blocking(move || asked.cancel_waiter()).await;
    let outcome = patient.await.unwrap();
    assert!(
        matches!(outcome, Err(AppendError::Database(_))),
        "what the standby may lack is not acknowledged: {outcome:?}"
    );
    until("event 4 is visible", || async { log.read_ends().await.unwrap().head == 4 }).await;
    let cursor = log.read(3, 1).await.unwrap().remove(0).id;
    assert_eq!(cursor, first.id(4));

    // The primary dies, and the standby takes its place.
    let (dead, promoted) = (Arc::clone(&primary), Arc::clone(&standby));
    blocking(move || {
        dead.kill();
        promoted.launch();
        promoted.promote();
    })
    .await;
    let Appended::New(id) = append(&log, "instead").await else { panic!("it is new") };
    assert_eq!(id.sequence, 4, "the number is given again");
    assert_ne!(id.epoch, cursor.epoch, "in another epoch");

    // A reader whose cursor is the lost event's reads again from before it.
    let ends = log.read_ends().await.unwrap();
    assert_eq!(ends.epoch, id.epoch);
    let events = log.read(ends.rewound(cursor.sequence), 10).await.unwrap();
    assert_eq!(events.iter().map(name).collect::<Vec<_>>(), ["1", "2", "3", "instead"]);
    assert!(events.iter().all(|event| event.id.epoch == id.epoch));
}
