//! Which messages of the shop's own make a colleague's send stale.

use serde_json::json;
use wire::paths;

use super::fixture::{ACCOUNT, Fixture, SECRET, envelope, now_s, outgoing, sign};
use crate::clock::now_ms;
use crate::context::TEAM;
use crate::database::{DatabaseError, Value};
use crate::testing::{TestDatabase, number, on_both_engines};

on_both_engines!(
    a_message_from_tiktoks_app_is_an_answer,
    the_echo_of_a_send_of_the_gateways_is_none,
    an_old_unconfirmed_send_hides_nothing,
    an_answer_that_is_noted_already_is_not_noted_again,
    what_no_person_said_is_none,
);

/// A send of the gateway's.
async fn insert_send(fixture: &Fixture, state: &'static str, message: Option<&'static str>, began_at_ms: i64) {
    let inserted: Result<u64, DatabaseError> = fixture
        .context
        .database
        .write(move |tx| {
            Box::pin(async move {
                tx.execute("DELETE FROM send", &[]).await?;
                tx.execute(
                    "INSERT INTO send (device, send_key, team, account, conversation, state, body_hash, message,
                         began_at_ms, worker) VALUES ('d', 'k', $1, $2, '7aB+c/d==', $3, $4, $5, $6, 'w')",
                    &[
                        Value::Int(TEAM),
                        Value::Text(ACCOUNT),
                        Value::Text(state),
                        Value::Bytes(&[0]),
                        Value::MaybeText(message),
                        Value::Int(began_at_ms),
                    ],
                )
                .await
            })
        })
        .await;
    inserted.unwrap();
}

/// Whether this message is now the newest answer of its conversation.
async fn is_answer(fixture: &Fixture, id: &str, source: &str) -> bool {
    let before = fixture.events().await.len();
    let body = envelope(ACCOUNT, "im_send_msg", &outgoing(id, source));
    assert_eq!(fixture.push(&body).await.as_u16(), 200);
    assert_eq!(fixture.events().await.len(), before + 1, "it is in the log in any case");
    let id = id.to_owned();
    let found: Result<bool, DatabaseError> = fixture
        .context
        .database
        .read(move |tx| {
            Box::pin(async move {
                let sql = "SELECT seq FROM answered WHERE account = $1 AND conversation = $2 AND message = $3
                           AND device = ''";
                let values = [Value::Text(ACCOUNT), Value::Text("7aB+c/d=="), Value::Text(&id)];
                Ok(tx.query_one(sql, &values).await?.is_some())
            })
        })
        .await;
    found.unwrap()
}

async fn a_message_from_tiktoks_app_is_an_answer(database: TestDatabase) {
    let fixture = Fixture::start(database).await;
    // Also while a send of the gateway's is under way: TikTok says that it came by another way.
    insert_send(&fixture, "calling", None, now_ms()).await;
    assert!(is_answer(&fixture, "m-1", "APP").await);
    assert!(is_answer(&fixture, "m-2", "WEB").await);
    let sql = "SELECT seq AS n FROM answered";
    assert_eq!(number(&fixture.context.database, sql).await, 2, "the newest one counts");
}

async fn the_echo_of_a_send_of_the_gateways_is_none(database: TestDatabase) {
    let fixture = Fixture::start(database).await;
    assert!(is_answer(&fixture, "m-0", "API").await, "another program of the shop's");
    insert_send(&fixture, "calling", None, now_ms()).await;
    assert!(!is_answer(&fixture, "m-1", "API").await, "before the call has returned");
    insert_send(&fixture, "unconfirmed", None, now_ms()).await;
    assert!(!is_answer(&fixture, "m-2", "API").await, "the call's answer was lost");
    insert_send(&fixture, "answered", Some("m-3"), now_ms()).await;
    assert!(!is_answer(&fixture, "m-3", "API").await, "after the call has returned");
    assert!(is_answer(&fixture, "m-4", "API").await, "another message by the same API");
    // An answer to a comment begins a conversation that the gateway does not know yet.
    for (state, message, id) in [("calling", None, "m-5"), ("answered", Some("m-6"), "m-6")] {
        insert_send(&fixture, state, message, now_ms()).await;
        fixture.execute("UPDATE send SET conversation = 'comment:7'", Vec::new()).await;
        assert!(!is_answer(&fixture, id, "API").await, "{state}");
    }
}

async fn an_old_unconfirmed_send_hides_nothing(database: TestDatabase) {
    let fixture = Fixture::start(database).await;
    insert_send(&fixture, "unconfirmed", None, now_ms() - 16 * 60_000).await;
    assert!(is_answer(&fixture, "m-1", "API").await);
    insert_send(&fixture, "unconfirmed", Some("m-9"), now_ms()).await;
    assert!(is_answer(&fixture, "m-2", "API").await, "that send is known to be another message");
}

async fn an_answer_that_is_noted_already_is_not_noted_again(database: TestDatabase) {
    let fixture = Fixture::start(database).await;
    let content = outgoing("m-1", "APP");
    assert_eq!(fixture.push(&envelope(ACCOUNT, "im_send_msg", &content)).await.as_u16(), 200);
    // TikTok tells of it once more, in other bytes.
    let again = format!("{} ", envelope(ACCOUNT, "im_send_msg", &content));
    assert_eq!(fixture.push(&again).await.as_u16(), 200);
    assert_eq!(fixture.events().await.len(), 2);
    assert_eq!(number(&fixture.context.database, "SELECT seq AS n FROM answered").await, 1);
}

async fn what_no_person_said_is_none(database: TestDatabase) {
    let fixture = Fixture::start(database).await;
    let mut automatic = outgoing("m-1", "APP");
    automatic["auto_message_type"] = json!("WELCOME_MESSAGE");
    let mut reaction = outgoing("m-2", "APP");
    reaction["type"] = json!("reaction");
    reaction["reaction"] = json!([{ "operation": "ADD", "type": "EMOJI", "emoji": "❤", "original_msg_id": "m-0",
        "unique_identifier": ACCOUNT, "timestamp": now_ms() }]);
    let mut nul = outgoing("m-3", "APP");
    nul["conversation_id"] = json!("a\u{0}b");
    for content in [automatic, reaction, nul, outgoing("m-4", "OTHERS")] {
        assert_eq!(fixture.push(&envelope(ACCOUNT, "im_send_msg", &content)).await.as_u16(), 200);
    }
    // A stale webhook's content is not believed.
    let stale = envelope(ACCOUNT, "im_send_msg", &outgoing("m-5", "APP"));
    let signature = sign(SECRET, &stale, now_s() - 3_000);
    assert_eq!(fixture.post(paths::BUSINESS_WEBHOOK, &[signature], stale).await.as_u16(), 200);
    assert_eq!(number(&fixture.context.database, "SELECT CAST(count(*) AS BIGINT) AS n FROM answered").await, 0);
    assert_eq!(fixture.events().await.len(), 5);
}
