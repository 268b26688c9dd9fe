//! Strays stay within their bounds.

use serde_json::json;

use super::super::stray::{KEEP_MS, Stray, Strays};
use super::fixture::{Fixture, envelope};
use crate::clock::now_ms;
use crate::testing::{TestDatabase, number, on_both_engines};

on_both_engines!(a_stray_is_kept_once_with_its_reason, old_and_surplus_strays_go, a_large_heap_is_cut);

const COUNT: &str = "SELECT CAST(count(*) AS BIGINT) AS n FROM stray";

async fn a_stray_is_kept_once_with_its_reason(database: TestDatabase) {
    let fixture = Fixture::start(database).await;
    let body = envelope("_000other", "im_receive_msg", &json!({}));
    fixture.push(&body).await;
    fixture.push(&body).await;
    assert_eq!(fixture.counted("stray_account"), 2);
    let sql = "SELECT CAST(count(*) AS BIGINT) AS n FROM stray WHERE account = '_000other'
               AND reason = 'account not linked here'";
    assert_eq!(number(&fixture.context.database, sql).await, 1);
    assert!(fixture.events().await.is_empty());
}

fn stray(index: i64, bytes: usize) -> Stray {
    Stray { key: format!("k{index:09}"), reason: "test", account: String::new(), body: vec![b'x'; bytes] }
}

async fn old_and_surplus_strays_go(database: TestDatabase) {
    let context = database.context().await;
    let old = Strays::new(10);
    for index in 0..3 {
        old.keep(&context, stray(index, 1)).await.unwrap();
    }
    assert_eq!(number(&context.database, COUNT).await, 3);
    let before_ms = now_ms() - KEEP_MS - 1;
    let aged: Result<u64, crate::database::DatabaseError> = context
        .database
        .write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE stray SET received_at_ms = $1";
                tx.execute(sql, &[crate::database::Value::Int(before_ms)]).await
            })
        })
        .await;
    aged.unwrap();
    // A new process prunes at once, and then each 64th time.
    let strays = Strays::new(10);
    strays.keep(&context, stray(100, 1)).await.unwrap();
    assert_eq!(number(&context.database, COUNT).await, 1);
    for index in 101..300 {
        strays.keep(&context, stray(index, 1)).await.unwrap();
        assert!(number(&context.database, COUNT).await <= 10 + 64);
    }
    Strays::new(10).keep(&context, stray(300, 1)).await.unwrap();
    assert_eq!(number(&context.database, COUNT).await, 10);
    // The newest stay.
    let sql = "SELECT CAST(count(*) AS BIGINT) AS n FROM stray WHERE dedup = 'k000000300'";
    assert_eq!(number(&context.database, sql).await, 1);
}

async fn a_large_heap_is_cut(database: TestDatabase) {
    let context = database.context().await;
    let strays = Strays::new(1_000_000);
    for index in 0..9 {
        strays.keep(&context, stray(index, 4 << 20)).await.unwrap();
    }
    Strays::new(1_000_000).keep(&context, stray(9, 1)).await.unwrap();
    let sql = "SELECT CAST(sum(length(body)) AS BIGINT) AS n FROM stray";
    assert!(number(&context.database, sql).await <= 32 << 20);
}
