//! The log on both databases.

mod disk_full;
mod faults;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::sync::oneshot;
use wire::event::Hint;
use wire::{Event, EventBody};

use super::{Answer, AppendError, Appended, Log, MAX_WAITING, NewEvent, Page, ReadError};
use crate::database::{Database, DatabaseError, Engine};
use crate::metrics::Metrics;
use crate::testing::{PATIENCE, TestDatabase, execute, fill, hint, number, on_both_engines, until};

on_both_engines!(
    many_appenders_leave_no_gap_and_no_reader_misses_an_event,
    a_known_event_costs_nothing,
    one_bad_event_fails_no_other,
    an_event_whose_caller_gave_up_is_stored,
    what_waits_is_limited,
    old_events_go_and_the_ends_stay_right,
    many_old_events_go_in_steps,
    a_page_is_limited_in_bytes,
    a_new_epoch_keeps_the_sequence,
    another_process_learns_of_an_event,
    an_event_that_cannot_be_read_stops_nobody,
    the_newest_answer_of_a_conversation_is_kept,
    a_transaction_that_fails_appends_nothing,
);

async fn log(database: Database) -> Log {
    Log::start(database, Metrics::default()).await.unwrap()
}

/// An event that names its key, so that a reader can tell which one it has.
fn named(key: &str) -> NewEvent {
    NewEvent { body: EventBody::Hint(Hint { conversation: Some(key.to_owned()) }), ..hint(key) }
}

fn name(event: &Event) -> String {
    match &event.body {
        EventBody::Hint(Hint { conversation: Some(key) }) => key.clone(),
        other => panic!("{other:?}"),
    }
}

/// Everything in the log, by one cursor.
async fn read_all(log: &Log) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    loop {
        let after = events.last().map_or(0, |event| event.id.sequence);
        let more = log.read(after, 100).await.unwrap();
        if more.is_empty() {
            return events;
        }
        events.extend(more);
    }
}

fn assert_contiguous(events: &[Event]) {
    for (event, sequence) in events.iter().zip(1..) {
        assert_eq!(event.id.sequence, sequence);
    }
}

async fn many_appenders_leave_no_gap_and_no_reader_misses_an_event(database: TestDatabase) {
    const APPENDERS: usize = 32;
    const EVENTS: usize = 25;
    let logs = [log(database.open().await).await, log(database.open().await).await];
    let reader = log(database.open().await).await;
    let read = tokio::spawn(async move {
        let mut seen: Vec<Event> = Vec::new();
        while seen.len() < APPENDERS * EVENTS {
            let after = seen.last().map_or(0, |event| event.id.sequence);
            seen.extend(reader.read(after, 7).await.unwrap());
        }
        seen
    });
    let appenders = (0..APPENDERS).map(|appender| {
        let log = logs[appender % 2].clone();
        tokio::spawn(async move {
            for event in 0..EVENTS {
                let appended = log.append(named(&format!("{appender}-{event}")), PATIENCE).await.unwrap();
                assert!(matches!(appended, Appended::New(_)), "{appended:?}");
            }
        })
    });
    for appender in join_all(appenders).await {
        appender.unwrap();
    }
    let seen = tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
    assert_contiguous(&seen);
    let keys: BTreeSet<String> = seen.iter().map(name).collect();
    assert_eq!(keys.len(), APPENDERS * EVENTS);
    assert_eq!(logs[0].read_ends().await.unwrap(), logs[1].read_ends().await.unwrap());
}

async fn a_known_event_costs_nothing(database: TestDatabase) {
    let database = database.open().await;
    let log = log(database.clone()).await;
    let Appended::New(id) = log.append(named("a"), PATIENCE).await.unwrap() else { panic!("it is new") };
    assert_eq!(id.sequence, 1);
    // In one group, and beside news.
    let keys = ["a", "b", "a", "b", "c", "a"];
    let outcomes = join_all(keys.map(|key| log.append(named(key), PATIENCE))).await;
    let new: Vec<_> = outcomes.into_iter().map(|outcome| matches!(outcome.unwrap(), Appended::New(_))).collect();
    assert_eq!(new, [false, true, false, false, true, false]);
    let events = read_all(&log).await;
    assert_contiguous(&events);
    assert_eq!(events.iter().map(name).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(log.ends().borrow().head, 3);
}

async fn one_bad_event_fails_no_other(database: TestDatabase) {
    let database = database.open().await;
    let log = log(database.clone()).await;
    let bad = match database.engine() {
        // PostgreSQL takes no NUL in a text.
        Engine::Postgres => "bad\0",
        Engine::Sqlite => {
            execute(
                &database,
                "CREATE TRIGGER refuse BEFORE INSERT ON event WHEN NEW.dedup = 'bad'
                 BEGIN SELECT RAISE(ABORT, 'bad'); END",
            )
            .await;
            "bad"
        }
    };
    let keys = ["a", "b", bad, "c", "d"];
    let outcomes = join_all(keys.map(|key| log.append(hint(key), PATIENCE))).await;
    for (key, outcome) in keys.iter().zip(&outcomes) {
        if *key == bad {
            assert!(matches!(outcome, Err(AppendError::Refused(_))), "{outcome:?}");
        } else {
            assert!(matches!(outcome, Ok(Appended::New(_))), "{key}: {outcome:?}");
        }
    }
    let events = read_all(&log).await;
    assert_contiguous(&events);
    assert_eq!(events.len(), 4);
    assert!(log.is_working(), "a bad event is not the database's failure");
}

async fn an_event_whose_caller_gave_up_is_stored(database: TestDatabase) {
    let log = log(database.open().await).await;
    // One waits for no time at all; one is dropped after it was asked for.
    assert_eq!(log.append(hint("impatient"), Duration::ZERO).await, Err(AppendError::TimedOut));
    assert!(log.append(hint("dropped"), PATIENCE).now_or_never().is_none());
    until("both are stored", || async { log.read_ends().await.unwrap().head == 2 }).await;
    assert_eq!(log.append(hint("impatient"), PATIENCE).await, Ok(Appended::Known));
}

/// Holds the log's lock until the sender is dropped.
async fn hold(database: &Database) -> oneshot::Sender<()> {
    let (release, released) = oneshot::channel::<()>();
    let (locked, is_locked) = oneshot::channel();
    let database = database.clone();
    tokio::spawn(async move {
        let held: Result<(), DatabaseError> = database
            .write_without_timeout(move |tx| {
                Box::pin(async move {
                    Log::lock_in(tx).await?;
                    locked.send(()).unwrap();
                    let _ = released.await;
                    Ok(())
                })
            })
            .await;
        held.unwrap();
    });
    is_locked.await.unwrap();
    release
}

async fn what_waits_is_limited(database: TestDatabase) {
    let database = database.open().await;
    let log = log(database.clone()).await;
    let release = hold(&database).await;
    let large = NewEvent { body: EventBody::Hint(Hint { conversation: Some("x".repeat(16 << 20)) }), ..hint("large") };
    // Four would take all of the memory for what waits; one that is taken for a group still counts.
    let mut waiting = Vec::new();
    for key in ["large 1", "large 2", "large 3"] {
        let (log, event) = (log.clone(), NewEvent { dedup: key.to_owned(), ..large.clone() });
        let mut append = Box::pin(async move { log.append(event, PATIENCE).await });
        assert!((&mut append).now_or_never().is_none());
        waiting.push(append);
    }
    assert_eq!(log.append(large, PATIENCE).await, Err(AppendError::Full));
    drop(release);
    for outcome in join_all(waiting).await {
        assert!(matches!(outcome, Ok(Appended::New(_))), "{outcome:?}");
    }

    let release = hold(&database).await;
    let started = (0..MAX_WAITING + 200).map(|event| log.append(hint(&event.to_string()), PATIENCE));
    let (refused, waiting): (Vec<_>, Vec<_>) = started
        .map(|append| {
            let mut append = Box::pin(append);
            (append.as_mut().now_or_never(), append)
        })
        .partition(|(outcome, _)| outcome.is_some());
    // A group or two are on their way to the database.
    assert!((1..=200).contains(&refused.len()), "{} were refused", refused.len());
    assert!(refused.iter().all(|(outcome, _)| *outcome == Some(Err(AppendError::Full))));
    drop(release);
    for outcome in join_all(waiting.into_iter().map(|(_, append)| append)).await {
        assert!(matches!(outcome, Ok(Appended::New(_))), "{outcome:?}");
    }
    assert_contiguous(&read_all(&log).await);
}

async fn old_events_go_and_the_ends_stay_right(database: TestDatabase) {
    let database = database.open().await;
    let log = log(database.clone()).await;
    for event in 1..=10 {
        log.append(hint(&event.to_string()), PATIENCE).await.unwrap();
    }
    // The clock was wrong for a moment: a young event among old ones keeps those behind it.
    execute(&database, "UPDATE event SET at_ms = 1000 WHERE seq <= 5 OR seq = 8").await;
    assert_eq!(log.prune(500, 0).await.unwrap(), 0);
    assert_eq!(log.prune(2_000, 8).await.unwrap(), 2);
    let ends = log.ends().borrow().clone();
    assert_eq!((ends.tail, ends.head), (3, 10));
    assert_eq!(log.prune(2_000, 0).await.unwrap(), 3);
    assert_eq!(log.prune(2_000, 0).await.unwrap(), 0);
    let ends = log.ends().borrow().clone();
    assert_eq!((ends.tail, ends.head), (6, 10));

    let gone = log.read(4, 10).await.unwrap_err();
    assert!(matches!(gone, ReadError::Gone(at) if at == ends));
    assert!(matches!(log.read(11, 10).await, Err(ReadError::Gone(_))), "there are none so far on");
    assert_eq!(log.read(5, 10).await.unwrap().len(), 5);
    assert_eq!(log.read_before(8, 10).await.unwrap().events.len(), 2);

    assert_eq!(log.prune(i64::MAX, 0).await.unwrap(), 5);
    let ends = log.ends().borrow().clone();
    assert_eq!((ends.tail, ends.head), (11, 10));
    assert_eq!(log.read(10, 10).await.unwrap(), []);
    let Appended::New(id) = log.append(hint("next"), PATIENCE).await.unwrap() else { panic!("it is new") };
    assert_eq!(id.sequence, 11);
    assert_eq!(log.read(10, 10).await.unwrap().len(), 1);
}

async fn many_old_events_go_in_steps(database: TestDatabase) {
    let database = database.open().await;
    let log = log(database.clone()).await;
    fill(&database, 4_500).await;
    assert_eq!(log.prune(4_322, 0).await.unwrap(), 4_321);
    let ends = log.ends().borrow().clone();
    assert_eq!((ends.tail, ends.head), (4_322, 4_500));
    assert_eq!(number(&database, "SELECT CAST(min(seq) AS BIGINT) AS n FROM event").await, 4_322);
}

async fn a_page_is_limited_in_bytes(database: TestDatabase) {
    let log = log(database.open().await).await;
    for event in 1..=5 {
        let body = EventBody::Hint(Hint { conversation: Some("x".repeat(100_000)) });
        log.append(NewEvent { body, ..hint(&event.to_string()) }, PATIENCE).await.unwrap();
    }
    let sequences = |page: Page| page.events.iter().map(|event| event.id.sequence).collect::<Vec<_>>();
    assert_eq!(sequences(log.read_page(0, 100, 250_000).await.unwrap()), [1, 2]);
    assert_eq!(sequences(log.read_page(2, 100, 1).await.unwrap()), [3], "one in any case");
    assert_eq!(sequences(log.read_page(2, 2, 1 << 20).await.unwrap()), [3, 4]);
    assert_eq!(sequences(log.read_before(5, 2).await.unwrap()), [4, 3]);
    assert_eq!(sequences(log.read_before(u64::MAX, 100).await.unwrap()), [5, 4, 3, 2, 1]);
}

async fn a_new_epoch_keeps_the_sequence(database: TestDatabase) {
    let database = database.open().await;
    let log = log(database.clone()).await;
    let Appended::New(before) = log.append(hint("a"), PATIENCE).await.unwrap() else { panic!("it is new") };
    let begun: Result<(), DatabaseError> =
        database.write(|tx| Box::pin(async move { Log::begin_epoch_in(tx).await })).await;
    begun.unwrap();
    log.look().await;
    let Appended::New(after) = log.append(hint("b"), PATIENCE).await.unwrap() else { panic!("it is new") };
    assert_ne!(before.epoch, after.epoch);
    assert_eq!((before.sequence, after.sequence), (1, 2));
    assert_eq!(log.ends().borrow().epoch, after.epoch);
    assert_eq!(after.to_string().parse(), Ok(after));
}

async fn another_process_learns_of_an_event(database: TestDatabase) {
    let log_here = log(database.open().await).await;
    let log_there = log(database.open().await).await;
    let mut ends = log_there.ends();
    log_here.append(hint("a"), PATIENCE).await.unwrap();
    tokio::time::timeout(PATIENCE, ends.wait_for(|ends| ends.head == 1)).await.unwrap().unwrap();
    // Its own events need no looking.
    let mut ends = log_here.ends();
    ends.mark_unchanged();
    log_here.append(hint("b"), PATIENCE).await.unwrap();
    assert!(ends.has_changed().unwrap());
}

async fn an_event_that_cannot_be_read_stops_nobody(database: TestDatabase) {
    let database = database.open().await;
    let log = log(database.clone()).await;
    for key in ["a", "b", "c"] {
        log.append(hint(key), PATIENCE).await.unwrap();
    }
    execute(&database, "UPDATE event SET kind = 'webhook' WHERE seq = 2").await;
    let events = log.read(0, 10).await.unwrap();
    assert_contiguous(&events);
    assert!(matches!(&events[1].body, EventBody::Unknown { kind, .. } if kind == "unreadable webhook"));
}

async fn the_newest_answer_of_a_conversation_is_kept(database: TestDatabase) {
    let database = database.open().await;
    let log = log(database.clone()).await;
    let answer = |message: &str| Answer {
        conversation: "c".to_owned(),
        device: String::new(),
        answered_by: String::new(),
        message: message.to_owned(),
    };
    log.append(NewEvent { answer: Some(answer("m1")), ..hint("1") }, PATIENCE).await.unwrap();
    log.append(NewEvent { answer: Some(answer("m2")), ..hint("2") }, PATIENCE).await.unwrap();
    // A repetition of the first is no newer answer.
    log.append(NewEvent { answer: Some(answer("m1")), ..hint("1") }, PATIENCE).await.unwrap();
    let row: Result<_, DatabaseError> = database
        .read(|tx| {
            Box::pin(async move {
                let row = tx.query_one("SELECT seq, message FROM answered", &[]).await?.unwrap();
                Ok((row.int("seq")?, row.text("message")?))
            })
        })
        .await;
    assert_eq!(row.unwrap(), (2, "m2".to_owned()));
}

async fn a_transaction_that_fails_appends_nothing(database: TestDatabase) {
    let database = database.open().await;
    let log = Arc::new(log(database.clone()).await);
    let outcome: Result<(), DatabaseError> = database
        .write(|tx| {
            Box::pin(async move {
                Log::append_in(tx, &hint("a")).await?;
                Err(DatabaseError::Column("changed its mind"))
            })
        })
        .await;
    assert!(outcome.is_err());
    let Appended::New(id) = log.append(hint("a"), PATIENCE).await.unwrap() else { panic!("it is new") };
    assert_eq!(id.sequence, 1);
}
