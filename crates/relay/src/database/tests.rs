//! What holds on both databases.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::sync::oneshot;

use super::{Database, DatabaseAddress, DatabaseError, Engine, Tx, Value};
use crate::testing::{PATIENCE, TestDatabase, execute, number, on_both_engines, until};

on_both_engines!(
    every_value_survives,
    a_write_whose_caller_gave_up_is_committed,
    a_failed_write_leaves_nothing,
    a_transaction_with_a_failed_statement_is_never_committed,
    a_panic_in_a_transaction_leaves_nothing_and_holds_nothing,
    a_reader_has_one_snapshot_and_waits_for_no_writer,
    a_reader_changes_nothing,
    readers_that_are_dropped_take_nothing_with_them,
    a_statement_gets_as_many_values_as_it_has_parameters,
    hanging_writers_leave_the_readers_alone,
    a_database_of_version_zero_is_migrated,
    relays_that_start_together_make_the_tables_once,
    a_newer_database_is_refused,
    the_clock_is_about_ours,
);

const SET: &str = "INSERT INTO setting (name, value) VALUES ($1, $2)";
const SETTINGS: &str = "SELECT CAST(count(*) AS BIGINT) AS n FROM setting";

async fn set(tx: &mut Tx, name: &str) -> Result<u64, DatabaseError> {
    tx.execute(SET, &[Value::Text(name), Value::Text("")]).await
}

async fn every_value_survives(database: TestDatabase) {
    let database = database.open().await;
    let row: Result<_, DatabaseError> = database
        .write(|tx| {
            Box::pin(async move {
                tx.batch(match tx.engine() {
                    Engine::Sqlite => "CREATE TABLE kept (n BIGINT, t TEXT, b BLOB)".to_owned(),
                    Engine::Postgres => "CREATE TABLE kept (n BIGINT, t TEXT, b BYTEA)".to_owned(),
                })
                .await?;
                let sql = "INSERT INTO kept (b, t, n) VALUES ($3, $2, $1) RETURNING n, t, b";
                let full = [Value::Int(i64::MIN), Value::Text("𝄞 é'\"\n"), Value::Bytes(b"a\0\xff")];
                let full = tx.query_one(sql, &full).await?.unwrap();
                let maybe = [Value::MaybeInt(Some(i64::MAX)), Value::MaybeText(Some("")), Value::MaybeBytes(Some(b""))];
                let maybe = tx.query_one(sql, &maybe).await?.unwrap();
                let none = [Value::MaybeInt(None), Value::MaybeText(None), Value::MaybeBytes(None)];
                let none = tx.query_one(sql, &none).await?.unwrap();
                Ok([full, maybe, none])
            })
        })
        .await;
    let [full, maybe, none] = row.unwrap();
    assert_eq!(full.int("n").unwrap(), i64::MIN);
    assert_eq!(full.text("t").unwrap(), "𝄞 é'\"\n");
    assert_eq!(full.bytes("b").unwrap(), b"a\0\xff");
    assert_eq!(maybe.maybe_int("n").unwrap(), Some(i64::MAX));
    assert_eq!(maybe.maybe_text("t").unwrap().as_deref(), Some(""));
    assert_eq!(maybe.maybe_bytes("b").unwrap().as_deref(), Some(&b""[..]));
    assert_eq!(none.maybe_int("n").unwrap(), None);
    assert!(matches!(none.text("t"), Err(DatabaseError::Column("t"))));
    assert!(matches!(full.int("t"), Err(DatabaseError::Column("t"))));
    assert!(matches!(full.int("missing"), Err(DatabaseError::Column("missing"))));
}

async fn a_write_whose_caller_gave_up_is_committed(database: TestDatabase) {
    let database = database.open().await;
    let (go, gone) = oneshot::channel::<()>();
    let write = database.write::<_, DatabaseError, _>(move |tx| {
        Box::pin(async move {
            set(tx, "a").await?;
            let _ = gone.await;
            set(tx, "b").await
        })
    });
    assert!(write.now_or_never().is_none());
    drop(go);
    until("it is committed", || async { number(&database, SETTINGS).await == 2 }).await;
}

async fn a_failed_write_leaves_nothing(database: TestDatabase) {
    let database = database.open().await;
    let outcome: Result<(), DatabaseError> = database
        .write(|tx| {
            Box::pin(async move {
                set(tx, "a").await?;
                Err(DatabaseError::Column("no"))
            })
        })
        .await;
    assert!(matches!(outcome, Err(DatabaseError::Column("no"))));
    assert_eq!(number(&database, SETTINGS).await, 0);
}

async fn a_transaction_with_a_failed_statement_is_never_committed(database: TestDatabase) {
    let database = database.open().await;
    let outcome: Result<(), DatabaseError> = database
        .write(|tx| {
            Box::pin(async move {
                set(tx, "a").await?;
                // The same name again; the caller forgets to look.
                assert!(matches!(set(tx, "a").await, Err(DatabaseError::Refused(_))));
                Ok(())
            })
        })
        .await;
    assert!(matches!(outcome, Err(DatabaseError::Refused(_))), "{outcome:?}");
    assert_eq!(number(&database, SETTINGS).await, 0);
}

async fn a_panic_in_a_transaction_leaves_nothing_and_holds_nothing(database: TestDatabase) {
    let here = database.open().await;
    let there = database.open().await;
    for _ in 0..20 {
        let outcome: Result<(), DatabaseError> = here
            .write(|tx| {
                Box::pin(async move {
                    set(tx, "a").await?;
                    panic!("for this test");
                })
            })
            .await;
        assert!(matches!(outcome, Err(DatabaseError::Interrupted(_))));
    }
    // Another process, which has to wait for what is held.
    let written = there.write::<_, DatabaseError, _>(|tx| Box::pin(set(tx, "a")));
    assert_eq!(tokio::time::timeout(PATIENCE, written).await.unwrap().unwrap(), 1);
}

async fn a_reader_has_one_snapshot_and_waits_for_no_writer(database: TestDatabase) {
    let database = database.open().await;
    let (seen, is_seen) = oneshot::channel();
    let (go, gone) = oneshot::channel::<()>();
    let reading = {
        let database = database.clone();
        tokio::spawn(async move {
            let counts: Result<_, DatabaseError> = database
                .read(|tx| {
                    Box::pin(async move {
                        let first = tx.query_one(SETTINGS, &[]).await?.unwrap().int("n")?;
                        seen.send(()).unwrap();
                        let _ = gone.await;
                        Ok((first, tx.query_one(SETTINGS, &[]).await?.unwrap().int("n")?))
                    })
                })
                .await;
            counts.unwrap()
        })
    };
    is_seen.await.unwrap();
    let (release, released) = oneshot::channel::<()>();
    let (begun, is_begun) = oneshot::channel();
    let writing = {
        let database = database.clone();
        tokio::spawn(async move {
            let written: Result<(), DatabaseError> = database
                .write(|tx| {
                    Box::pin(async move {
                        set(tx, "a").await?;
                        begun.send(()).unwrap();
                        let _ = released.await;
                        Ok(())
                    })
                })
                .await;
            written.unwrap();
        })
    };
    is_begun.await.unwrap();
    assert_eq!(number(&database, SETTINGS).await, 0, "it is not committed yet");
    drop(release);
    writing.await.unwrap();
    assert_eq!(number(&database, SETTINGS).await, 1);
    drop(go);
    assert_eq!(reading.await.unwrap(), (0, 0));
}

async fn a_reader_changes_nothing(database: TestDatabase) {
    let database = database.open().await;
    let outcome: Result<u64, DatabaseError> = database.read(|tx| Box::pin(set(tx, "a"))).await;
    assert!(outcome.is_err());
    assert_eq!(number(&database, SETTINGS).await, 0);
}

async fn readers_that_are_dropped_take_nothing_with_them(database: TestDatabase) {
    let database = database.open().await;
    for _ in 0..100 {
        let read = database.read::<_, DatabaseError, _>(|tx| {
            Box::pin(async move {
                tx.query(SETTINGS, &[]).await?;
                std::future::pending::<()>().await;
                Ok(())
            })
        });
        let _ = tokio::time::timeout(Duration::from_millis(3), read).await;
    }
    let reads = join_all((0..40).map(|_| number(&database, SETTINGS)));
    assert_eq!(tokio::time::timeout(PATIENCE, reads).await.unwrap(), [0; 40]);
}

async fn a_statement_gets_as_many_values_as_it_has_parameters(database: TestDatabase) {
    let database = database.open().await;
    for values in [&[Value::Text("a")][..], &[Value::Text("a"), Value::Text("b"), Value::Text("c")]] {
        let values: Vec<Value<'static>> = values.to_vec();
        let outcome = tokio::spawn({
            let database = database.clone();
            async move {
                let outcome: Result<u64, DatabaseError> =
                    database.write(move |tx| Box::pin(async move { tx.execute(SET, &values).await })).await;
                outcome
            }
        });
        let outcome = outcome.await.unwrap();
        assert!(matches!(outcome, Err(DatabaseError::Refused(_))), "{outcome:?}");
    }
    assert_eq!(number(&database, SETTINGS).await, 0);
}

async fn hanging_writers_leave_the_readers_alone(database: TestDatabase) {
    let database = database.open().await;
    execute(&database, "INSERT INTO setting (name, value) VALUES ('row', '')").await;
    let (release, _) = tokio::sync::watch::channel(());
    let writers: Vec<_> = (0..30)
        .map(|_| {
            let (database, mut released) = (database.clone(), release.subscribe());
            tokio::spawn(async move {
                let written: Result<(), DatabaseError> = database
                    .write(move |tx| {
                        Box::pin(async move {
                            tx.execute("UPDATE setting SET value = value || 'x' WHERE name = 'row'", &[]).await?;
                            let _ = released.changed().await;
                            Ok(())
                        })
                    })
                    .await;
                written
            })
        })
        .collect();
    for _ in 0..20 {
        let read = number(&database, SETTINGS);
        assert_eq!(tokio::time::timeout(Duration::from_secs(4), read).await.unwrap(), 1);
    }
    drop(release);
    for writer in writers {
        match writer.await.unwrap() {
            Ok(()) | Err(DatabaseError::Unreachable(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

async fn a_database_of_version_zero_is_migrated(database: TestDatabase) {
    let bare = database.open().await;
    let made: Result<(), DatabaseError> = bare
        .write(|tx| {
            Box::pin(async move {
                for table in [
                    "setting",
                    "caller",
                    "linking",
                    "pairing_failure",
                    "audit",
                    "stray",
                    "lease",
                    "answered",
                    "send",
                    "account",
                    "app",
                    "pairing_code",
                    "device",
                    "event",
                    "team",
                ] {
                    tx.batch(format!("DROP TABLE {table}")).await?;
                }
                tx.batch("UPDATE relay_version SET version = 0".to_owned()).await
            })
        })
        .await;
    made.unwrap();
    drop(bare);
    let database = database.open().await;
    assert_eq!(number(&database, SETTINGS).await, 0);
    assert_eq!(number(&database, "SELECT version AS n FROM relay_version").await, crate::migrations::NEWEST);
}

async fn relays_that_start_together_make_the_tables_once(database: TestDatabase) {
    let opened = join_all((0..6).map(|_| Database::open(&database.address))).await;
    for database in opened {
        let database = database.unwrap();
        assert_eq!(number(&database, SETTINGS).await, 0);
    }
}

async fn a_newer_database_is_refused(database: TestDatabase) {
    let newer = database.open().await;
    execute(&newer, "UPDATE relay_version SET version = 99").await;
    let error = Database::open(&database.address).await.unwrap_err();
    assert!(matches!(&error, DatabaseError::Foreign(words) if words.contains("version 99")), "{error}");
    assert_eq!(number(&newer, "SELECT version AS n FROM relay_version").await, 99, "nothing was changed");
}

async fn the_clock_is_about_ours(database: TestDatabase) {
    let database = database.open().await;
    let now_ms: Result<i64, DatabaseError> = database.read(|tx| Box::pin(tx.now_ms())).await;
    assert!(now_ms.unwrap().abs_diff(crate::clock::now_ms()) < 60_000);
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_its_user_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let database = TestDatabase::sqlite().await;
    let open = database.open().await;
    execute(&open, "INSERT INTO setting (name, value) VALUES ('a', '')").await;
    let DatabaseAddress::Sqlite(path) = &database.address else { panic!("it is a file") };
    let files = std::fs::read_dir(path.parent().unwrap()).unwrap().map(Result::unwrap);
    let modes: Vec<_> = files.map(|file| file.metadata().unwrap().permissions().mode() & 0o777).collect();
    assert_eq!(modes, [0o600; 3]);
}

#[test]
fn an_address_is_never_printed() {
    let address = DatabaseAddress::Postgres("postgres://relay:hunter2@db/relay".to_owned());
    assert!(!format!("{address:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_without_its_password() {
    let address = "postgres://relay:hunter2@127.0.0.1:1/relay?sslmode=disable".to_owned();
    let error = Database::open(&DatabaseAddress::Postgres(address)).await.unwrap_err();
    assert!(matches!(error, DatabaseError::Unreachable(_)), "{error}");
    assert!(!error.to_string().contains("hunter2"));
    let malformed = Database::open(&DatabaseAddress::Postgres("postgres://relay:hunter2@db:x/relay".to_owned())).await;
    assert!(!malformed.unwrap_err().to_string().contains("hunter2"));
}
