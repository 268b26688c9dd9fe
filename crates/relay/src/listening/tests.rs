//! What the relay says of what it has heard, on both databases.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::post;
use wire::{EventBody, paths};

use super::{Listening, MAX_CLOCK_DELAY_MS, notice_refusals, was_asleep};
use crate::accounts;
use crate::context::Context;
use crate::maintenance::{Retention, forget};
use crate::testing::{PATIENCE, TestDatabase, execute, hint, link, number, on_both_engines, serve, until};

on_both_engines!(
    it_says_when_it_begins_and_after_each_miss,
    a_webhook_that_the_limit_refused_is_a_miss,
    an_account_is_heard_from_the_newest_of_all_reasons,
    what_was_deleted_is_not_heard_any_more,
);

const SOON: Duration = Duration::from_millis(10);

async fn said(context: &Context) -> usize {
    let events = context.log.read(0, 1_000).await.unwrap();
    events.iter().filter(|event| event.body == EventBody::Listening).count()
}

async fn it_says_when_it_begins_and_after_each_miss(database: TestDatabase) {
    let context = database.context().await;
    let listening = Listening::start(context.clone(), SOON);
    until("it says that it hears", async || said(&context).await == 1).await;
    for many in [2, 3] {
        listening.record_miss();
        until("it says so again", async || said(&context).await == many).await;
    }
}

async fn a_webhook_that_the_limit_refused_is_a_miss(database: TestDatabase) {
    let context = database.context().await;
    let listening = Listening::start(context.clone(), SOON);
    until("it says that it hears", async || said(&context).await == 1).await;
    let full = post(async || StatusCode::TOO_MANY_REQUESTS);
    let routes = Router::new().route(paths::BUSINESS_WEBHOOK, full.clone()).route("/elsewhere", full);
    let address = serve(routes.layer(middleware::from_fn_with_state(listening, notice_refusals))).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for path in ["/elsewhere", paths::BUSINESS_WEBHOOK] {
        client.post(format!("http://{address}{path}")).send().await.unwrap();
    }
    until("it says so again", async || said(&context).await == 2).await;
}

async fn heard_from_ms(context: &Context) -> Option<i64> {
    accounts::list(context).await.unwrap().first().unwrap().heard_from_ms
}

async fn an_account_is_heard_from_the_newest_of_all_reasons(database: TestDatabase) {
    let context = database.context().await;
    link(&context, "_000shop", "linked").await;
    assert_eq!(heard_from_ms(&context).await, None, "nobody has said so");
    let _listening = Listening::start(context.clone(), SOON);
    until("it says that it hears", async || said(&context).await == 1).await;
    let said_at_ms = number(&context.database, "SELECT at_ms AS n FROM event WHERE kind = 'listening'").await;
    execute(&context.database, "UPDATE account SET linked_at_ms = 1").await;
    assert_eq!(heard_from_ms(&context).await, Some(said_at_ms));
    execute(&context.database, "UPDATE account SET linked_at_ms = 4000000000000").await;
    assert_eq!(heard_from_ms(&context).await, Some(4_000_000_000_000), "it was linked later");
}

async fn what_was_deleted_is_not_heard_any_more(database: TestDatabase) {
    let context = database.context().await;
    link(&context, "_000shop", "linked").await;
    execute(&context.database, "UPDATE account SET linked_at_ms = 1").await;
    let _listening = Listening::start(context.clone(), SOON);
    until("it says that it hears", async || said(&context).await == 1).await;
    for key in ["1", "2"] {
        context.log.append(hint(key), PATIENCE).await.unwrap();
    }
    execute(&context.database, "UPDATE event SET at_ms = 5 WHERE seq < 3").await;
    forget(&context, Retention { keep_days: Some(30), keep_newest: 0, ..Retention::default() }).await.unwrap();
    let left =
        number(&context.database, "SELECT CAST(count(*) AS BIGINT) AS n FROM event WHERE kind = 'listening'").await;
    assert_eq!(left, 0, "the event itself has gone");
    let kept_ms = number(&context.database, "SELECT at_ms AS n FROM event WHERE seq = 3").await;
    assert_eq!(heard_from_ms(&context).await, Some(kept_ms));
}

#[test]
fn a_look_that_comes_too_late_or_too_early_was_not_a_look() {
    assert!(!was_asleep(0, 5_000));
    assert!(!was_asleep(0, 5_000 + MAX_CLOCK_DELAY_MS));
    assert!(was_asleep(0, 5_001 + MAX_CLOCK_DELAY_MS));
    assert!(was_asleep(0, -1));
}
