//! SQLite on a disk that is full.

use std::time::Duration;

use super::{assert_contiguous, log, read_all};
use crate::database::{Database, DatabaseError};
use crate::log::{AppendError, Appended, NewEvent};
use crate::testing::{PATIENCE, TestDatabase, hint, number};

/// Lets the file have no more pages than this.
async fn limit_pages(database: &Database, pages: i64) {
    let limited: Result<(), DatabaseError> = database
        .write(move |tx| Box::pin(async move { tx.batch(format!("PRAGMA max_page_count = {pages}")).await }))
        .await;
    limited.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_never_acknowledged_and_the_log_goes_on_when_there_is_room() {
    let folder = TestDatabase::sqlite().await;
    let database = folder.open().await;
    let log = log(database.clone()).await;
    log.append(hint("before"), PATIENCE).await.unwrap();
    limit_pages(&database, number(&database, "SELECT page_count + 4 AS n FROM pragma_page_count").await).await;

    let large = |key: &str| NewEvent {
        body: wire::EventBody::Hint(wire::event::Hint { conversation: Some("x".repeat(6_000)) }),
        ..hint(key)
    };
    let mut stored = vec!["before".to_owned()];
    let mut refused = Vec::new();
    for event in 0..20 {
        let key = format!("event {event}");
        match log.append(large(&key), Duration::from_secs(10)).await {
            Ok(Appended::New(_)) => stored.push(key),
            Err(AppendError::Database(words)) => {
                assert!(words.contains("cannot be written to"), "{words}");
                refused.push(key);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(refused.len() > 10, "{} were refused", refused.len());
    assert_eq!(log.ends().borrow().head, stored.len() as u64);
    assert!(!log.is_working(), "its desktops are to poll meanwhile");

    limit_pages(&database, 1_000_000).await;
    for key in &refused {
        assert!(matches!(log.append(large(key), PATIENCE).await, Ok(Appended::New(_))));
    }
    assert!(log.is_working());
    let events = read_all(&log).await;
    assert_contiguous(&events);
    assert_eq!(events.len(), 21);
    assert_eq!(
        number(&database, "SELECT count(*) AS n FROM pragma_integrity_check WHERE integrity_check <> 'ok'").await,
        0
    );
}
