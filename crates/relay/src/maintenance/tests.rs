//! Retention on both databases.

use super::{DAY_MS, Forgotten, MIN_KEEP_DAYS, Retention, forget};
use crate::clock::now_ms;
use crate::context::{Context, TEAM};
use crate::database::{DatabaseError, Value};
use crate::testing::{PATIENCE, TestDatabase, hint, number, on_both_engines};

on_both_engines!(what_is_old_goes_and_what_is_needed_stays, events_are_kept_for_ever_unless_the_shop_says_otherwise);

/// Gives the event with this sequence, and all before it, an age in days.
async fn age(context: &Context, sequence: i64, days: i64) {
    let aged: Result<u64, DatabaseError> = context
        .database
        .write(move |tx| {
            Box::pin(async move {
                let values = [Value::Int(sequence), Value::Int(now_ms() - days * DAY_MS)];
                tx.execute("UPDATE event SET at_ms = $2 WHERE seq <= $1", &values).await
            })
        })
        .await;
    aged.unwrap();
}

async fn events_are_kept_for_ever_unless_the_shop_says_otherwise(database: TestDatabase) {
    let context = database.context().await;
    for key in ["1", "2", "3", "4", "5", "6"] {
        context.log.append(hint(key), PATIENCE).await.unwrap();
    }
    age(&context, 4, 5).await;
    age(&context, 2, 400).await;
    let keep = |keep_days, keep_newest| Retention { keep_days, keep_newest, ..Retention::default() };
    assert_eq!(forget(&context, keep(None, 0)).await.unwrap().events, 0);
    // A wrong clock, or a shop without customers: the newest stay.
    assert_eq!(forget(&context, keep(Some(30), 6)).await.unwrap().events, 0);
    assert_eq!(forget(&context, keep(Some(30), 0)).await.unwrap().events, 2);
    // Fewer days than TikTok repeats its webhooks for are not taken.
    age(&context, 4, i64::from(MIN_KEEP_DAYS) - 1).await;
    assert_eq!(forget(&context, keep(Some(0), 0)).await.unwrap().events, 0);
    let ends = context.log.ends().borrow().clone();
    assert_eq!((ends.tail, ends.head), (3, 6));
}

async fn what_is_old_goes_and_what_is_needed_stays(database: TestDatabase) {
    let context = database.context().await;
    let rows: Result<(), DatabaseError> = context
        .database
        .write(|tx| {
            Box::pin(async move {
                let now_ms = now_ms();
                for (name, age_ms) in [("young", 0), ("older", 5 * DAY_MS), ("old", 31 * DAY_MS)] {
                    let (name, at_ms) = (Value::Text(name), Value::Int(now_ms - age_ms));
                    let sql =
                        "INSERT INTO stray (dedup, reason, account, received_at_ms, body) VALUES ($1, '', '', $2, $3)";
                    tx.execute(sql, &[name, at_ms, Value::Bytes(b"")]).await?;
                    let sql = "INSERT INTO lease (account, device, until_ms) VALUES ($1, '', $2)";
                    tx.execute(sql, &[name, at_ms]).await?;
                    for state in ["calling", "answered", "unconfirmed"] {
                        tx.execute(
                            "INSERT INTO send (device, send_key, team, account, conversation, state, body_hash,
                                 began_at_ms, worker) VALUES ($1, $2, $3, '', '', $2, $4, $5, '')",
                            &[name, Value::Text(state), Value::Int(TEAM), Value::Bytes(b""), at_ms],
                        )
                        .await?;
                    }
                }
                for (code, age_ms) in [(&b"young"[..], 0), (b"old", 2 * DAY_MS)] {
                    tx.execute(
                        "INSERT INTO pairing_code (code_hash, team, role, made_by, made_at_ms, expires_at_ms)
                         VALUES ($1, $2, 'agent', '', 0, $3)",
                        &[Value::Bytes(code), Value::Int(TEAM), Value::Int(now_ms - age_ms)],
                    )
                    .await?;
                }
                Ok(())
            })
        })
        .await;
    rows.unwrap();
    let gone = forget(&context, Retention::default()).await.unwrap();
    assert_eq!(gone, Forgotten { events: 0, rows: 2 + 2 + 2 + 1 });
    let left = [
        ("SELECT CAST(count(*) AS BIGINT) AS n FROM stray", 1),
        ("SELECT CAST(count(*) AS BIGINT) AS n FROM lease", 1),
        ("SELECT CAST(count(*) AS BIGINT) AS n FROM send", 7),
        ("SELECT CAST(count(*) AS BIGINT) AS n FROM send WHERE device = 'old' AND state = 'calling'", 1),
        ("SELECT CAST(count(*) AS BIGINT) AS n FROM pairing_code", 1),
    ];
    for (sql, count) in left {
        assert_eq!(number(&context.database, sql).await, count, "{sql}");
    }
    assert_eq!(forget(&context, Retention::default()).await.unwrap(), Forgotten::default());
}
