//! What becomes of each kind of event.

use serde_json::json;
use wire::event::{Hint, Webhook};
use wire::{EventBody, paths};

use super::fixture::{ACCOUNT, Fixture, LINKED_AT_MS, SECRET, envelope, incoming, insert_account, now_s, sign};
use crate::testing::{TestDatabase, number, on_both_engines};

on_both_engines!(
    a_body_is_kept_as_it_came,
    an_european_message_is_a_hint_and_another_one_a_minute_later_too,
    a_stale_webhook_asks_for_its_conversation,
    a_removed_authorisation_marks_the_account,
    a_removal_before_the_link_changes_nothing,
    an_unlinked_account_is_none,
    a_secret_that_was_just_set_is_known,
    many_stale_webhooks_are_alarming,
);

async fn a_body_is_kept_as_it_came(database: TestDatabase) {
    let fixture = Fixture::start(database).await;
    let body = incoming("m-1").replace("✨", "\\\\u2728\\\\u0000").replace("\"event\"", "  \"event\"");
    assert_eq!(fixture.push(&body).await.as_u16(), 200);
    let events = fixture.events().await;
    assert_eq!(events[0].account, ACCOUNT);
    assert_eq!(events[0].body, EventBody::Webhook(Webhook { name: "im_receive_msg".to_owned(), raw: body }));
}

async fn an_european_message_is_a_hint_and_another_one_a_minute_later_too(database: TestDatabase) {
    let fixture = Fixture::start(database).await;
    let content = json!({ "to": "shop", "to_user": { "id": ACCOUNT }, "timestamp": LINKED_AT_MS });
    let body = envelope(ACCOUNT, "im_receive_msg_eu", &content);
    fixture.push(&body).await;
    fixture.push(&body).await;
    let bodies = fixture.bodies().await;
    assert!(bodies.iter().all(|body| *body == EventBody::Hint(Hint::default())), "{bodies:?}");
    assert_eq!(bodies.len(), 2, "a message that looks the same may be another one");
    // Within the same minute a third asks nothing new; the minute may just have ended.
    for _ in 0..5 {
        fixture.push(&body).await;
    }
    assert!(fixture.bodies().await.len() <= 3);
}

async fn a_stale_webhook_asks_for_its_conversation(database: TestDatabase) {
    let fixture = Fixture::start(database).await;
    let body = incoming("m-1");
    let status = fixture.post(paths::BUSINESS_WEBHOOK, &[sign(SECRET, &body, now_s() - 301)], body.clone()).await;
    assert_eq!(status.as_u16(), 200);
    let hint = Hint { conversation: Some("7aB+c/d==".to_owned()) };
    assert_eq!(fixture.bodies().await, [EventBody::Hint(hint)]);
    // Its replay, and the same signed anew.
    fixture.post(paths::BUSINESS_WEBHOOK, &[sign(SECRET, &body, now_s() - 301)], body.clone()).await;
    fixture.push(&body).await;
    assert_eq!(fixture.bodies().await.len(), 1);
}

async fn a_removed_authorisation_marks_the_account(database: TestDatabase) {
    let fixture = Fixture::start(database).await;
    for path in [paths::BUSINESS_WEBHOOK, paths::LOGIN_KIT_WEBHOOK] {
        fixture.execute("UPDATE account SET state = 'linked'", Vec::new()).await;
        let body = envelope(ACCOUNT, "authorization.removed", &json!({ "reason": 1 }));
        assert_eq!(fixture.post(path, &[sign(SECRET, &body, now_s())], body).await.as_u16(), 200);
        let sql = "SELECT CAST(count(*) AS BIGINT) AS n FROM account WHERE state = 'needs_linking'";
        assert_eq!(number(&fixture.context.database, sql).await, 1, "{path}");
    }
    let named = |body: &EventBody| matches!(body, EventBody::Webhook(body) if body.name == "authorization.removed");
    assert_eq!(fixture.bodies().await.iter().filter(|body| named(body)).count(), 2);
}

async fn a_removal_before_the_link_changes_nothing(database: TestDatabase) {
    let fixture = Fixture::start(database).await;
    let create_time = LINKED_AT_MS / 1_000 - 2;
    let body = json!({
        "event": "authorization.removed", "create_time": create_time, "user_openid": ACCOUNT,
        "content": "{\"reason\":1}",
    });
    assert_eq!(fixture.push(&body.to_string()).await.as_u16(), 200);
    assert_eq!(fixture.counted("outdated"), 1);
    let sql = "SELECT CAST(count(*) AS BIGINT) AS n FROM account WHERE state = 'linked'";
    assert_eq!(number(&fixture.context.database, sql).await, 1);
    assert!(fixture.bodies().await.is_empty());
}

async fn an_unlinked_account_is_none(database: TestDatabase) {
    let fixture = Fixture::start(database).await;
    insert_account(&fixture.context, "_000gone", "unlinked").await;
    insert_account(&fixture.context, "_000weak", "needs_linking").await;
    for (account, outcome) in [("_000gone", "stray_account"), ("_000weak", "stored")] {
        let body = incoming("m-1").replace(ACCOUNT, account);
        assert_eq!(fixture.push(&body).await.as_u16(), 200);
        assert_eq!(fixture.counted(outcome), 1, "{account}");
    }
}

async fn a_secret_that_was_just_set_is_known(database: TestDatabase) {
    let fixture = Fixture::start(database).await;
    assert_eq!(fixture.push(&incoming("m-1")).await.as_u16(), 200);
    let place = "app/business/secret";
    let sealed = fixture.context.seal.seal(place, b"the next secret").unwrap();
    let changed: Result<u64, crate::database::DatabaseError> = fixture
        .context
        .database
        .write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE app SET secret = $1, previous_secret = NULL WHERE platform = 'business'";
                tx.execute(sql, &[crate::database::Value::Bytes(&sealed)]).await
            })
        })
        .await;
    changed.unwrap();
    // Wrong signatures have the secrets read again, at most twice a second.
    crate::testing::until("the new secret is read", || async {
        let body = incoming("m-2");
        let signature = sign("the next secret", &body, now_s());
        fixture.post(paths::BUSINESS_WEBHOOK, &[signature], body).await.as_u16() == 200
    })
    .await;
    assert_eq!(fixture.push(&incoming("m-3")).await.as_u16(), 401, "the old one is gone");
}

async fn many_stale_webhooks_are_alarming(database: TestDatabase) {
    let fixture = Fixture::start(database).await;
    for index in 0..20 {
        let body = incoming(&format!("m-{index}"));
        let age_s = if index < 5 { 1_000 } else { 0 };
        fixture.post(paths::BUSINESS_WEBHOOK, &[sign(SECRET, &body, now_s() - age_s)], body).await;
    }
    let count = fixture.door.times().count();
    assert_eq!((count.all, count.out_of_time), (20, 5));
    assert!(count.is_alarming());
    assert!(fixture.context.metrics.encode().contains("webhooks_out_of_time_ratio 0.25"));
}
