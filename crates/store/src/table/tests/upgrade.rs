//! A database that the version before made is brought up to date.

use model::{ConversationId, WaitReason};
use rusqlite::Connection;

use crate::Store;
use crate::files::DATABASE;
use crate::migrations::{MIGRATIONS, migrate};
use crate::recovery::tests::Folder;
use crate::table::outbox::{self, OutboxState};

/// Version 10 kept what a reply waits for as JSON.
#[tokio::test]
async fn what_replies_wait_for_is_kept_when_it_is_no_json_any_more() {
    let folder = Folder::new();
    let mut sql = Connection::open(folder.path().join(DATABASE)).unwrap();
    migrate(&mut sql, 0, 10).unwrap();
    let waiting = [
        ("NULL", None),
        (r#"'{"reason":"offline"}'"#, Some(WaitReason::Offline)),
        (r#"'{"reason":"rateLimited","untilMs":77}'"#, Some(WaitReason::RateLimited { until_ms: 77 })),
        (r#"'{"reason":"relink"}'"#, Some(WaitReason::Relink)),
        (r#"'{"reason":"earlierUnconfirmed"}'"#, Some(WaitReason::EarlierUnconfirmed)),
        (r#"'{"reason":"uploading"}'"#, Some(WaitReason::Uploading)),
        (r#"'{"reason":"mayHaveArrived"}'"#, Some(WaitReason::MayHaveArrived)),
        (r#"'{"reason":"the moon"}'"#, None),
        ("'{'", None),
    ];
    sql.execute_batch(
        "INSERT INTO account (id, remote_id, handle, display_name, scopes, tokens_issued_at_ms, access_expires_at_ms, refresh_expires_at_ms, linked_at_ms)
             VALUES (1, 'b', 'shop', 'Shop', '', 1, 2, 3, 4);
         INSERT INTO conversation (id, account_id, remote_id, kind, last_at_ms, remote_updated_ms) VALUES (1, 1, 'c', 'chat', 1, 1);",
    )
    .unwrap();
    for (position, (json, _)) in (1..).zip(&waiting) {
        sql.execute_batch(&format!(
            r#"INSERT INTO outbox (message_id, conversation_id, account_id, position, outgoing, quoted_remote_id, state, attempt, started_at_ms,
                   not_before_ms, waiting, refusal, stopped, checks, seen_up_to_ms, read_from_ms)
               VALUES ({position}, 1, 1, {position} * 10, '{{"type":"text","body":"{position}"}}', 'm', 'queued', 2, 3, 4, {json}, NULL, NULL, 5, 6, 7);"#,
        ))
        .unwrap();
    }
    drop(sql);

    let store = Store::open(folder.path()).unwrap();
    let version: i64 =
        store.read(|sql| Ok(sql.pragma_query_value(None, "user_version", |row| row.get(0))?)).await.unwrap();
    assert_eq!(version, i64::try_from(MIGRATIONS.len()).unwrap());
    let lane = store.read(|sql| outbox::of_conversation(sql, ConversationId(1))).await.unwrap();
    assert_eq!(lane.len(), waiting.len());
    for (n, (reply, (json, reason))) in (1..).zip(lane.iter().zip(waiting)) {
        assert_eq!(reply.waiting, reason, "{json}");
        assert_eq!((reply.message.0, reply.outgoing.text()), (n, Some(n.to_string().as_str())));
        assert_eq!((reply.state, reply.attempt, reply.started_at_ms), (OutboxState::Queued, 2, Some(3)));
        assert_eq!((reply.not_before_ms, reply.checks, reply.seen_up_to_ms, reply.read_from_ms), (4, 5, 6, 7));
        assert_eq!(reply.quoted_remote_id.as_deref(), Some("m"));
    }
    let unknown =
        store.write(|tx| Ok(tx.execute("UPDATE outbox SET wait_reason = 'the moon' WHERE message_id = 1", [])?)).await;
    assert!(unknown.is_err(), "its words are checked");
}
