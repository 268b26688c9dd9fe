//! Sends that go wrong, at every point: what is certainly not taken may go again, what may have been taken never does.

use std::sync::Arc;
use std::time::Duration;

use wire::FailureCode;
use wire::api::SendState;

use super::fake::Fault;
use super::shop::{Shop, settings, text};
use crate::database::DatabaseError;
use crate::gateway::{Gateway, GatewaySettings, sends};
use crate::log::Log;
use crate::testing::{TestDatabase, execute, number, on_both_engines, until};

on_both_engines!(
    each_fault_has_its_outcome,
    what_was_not_taken_may_go_again,
    a_tiktok_that_cannot_be_reached_took_nothing,
    a_slow_answer_is_an_unconfirmed_one,
    a_desktop_that_hangs_up_loses_no_outcome,
    a_relay_that_dies_leaves_an_unconfirmed_send,
    another_relays_send_is_given_up_when_it_must_have_ended,
    relays_that_share_a_database_share_the_pace,
    a_database_that_does_not_answer_sends_nothing,
    the_relays_own_answers_tell_tiktoks_time,
    closing_waits_for_what_is_under_way,
    a_database_that_fails_meanwhile_loses_no_outcome,
);

async fn each_fault_has_its_outcome(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let garbled = r#"{"code":0,"data":{"mess"#;
    let server_error = r#"{"code":50000,"message":"System error","data":{}}"#;
    let repeated = r#"{"code":40050,"message":"Duplicated","data":{}}"#;
    let no_id = r#"{"code":0,"message":"OK","data":{}}"#;
    for (index, (fault, failure, status, state)) in [
        (Fault::HangUpBefore, Some(FailureCode::Unconfirmed), 504, SendState::Unconfirmed),
        (Fault::HangUpAfter, Some(FailureCode::Unconfirmed), 504, SendState::Unconfirmed),
        (Fault::HalfAnswer, Some(FailureCode::Unconfirmed), 504, SendState::Unconfirmed),
        (Fault::TakenAs(500, "oops"), None, 500, SendState::Answered),
        (Fault::TakenAs(502, ""), None, 502, SendState::Answered),
        (Fault::TakenAs(504, "<html>"), None, 504, SendState::Answered),
        (Fault::TakenAs(200, garbled), None, 200, SendState::Answered),
        (Fault::TakenAs(200, server_error), None, 200, SendState::Answered),
        (Fault::TakenAs(200, repeated), None, 200, SendState::Answered),
        (Fault::TakenAs(200, no_id), None, 200, SendState::Answered),
    ]
    .into_iter()
    .enumerate()
    {
        shop.tiktok.fail(std::slice::from_ref(&fault));
        let (key, words) = (format!("k{index}"), format!("hello {index}"));
        let before = shop.tiktok.lock().requests.len();
        let first = shop.send("nok", &key, &words).await;
        assert_eq!((first.code(), first.status.as_u16()), (failure, status), "{fault:?}");
        assert_eq!(shop.state("nok", &key).await, state, "{fault:?}");
        let again = shop.send("nok", &key, &words).await;
        assert_eq!((again.code(), again.status), (first.code(), first.status), "{fault:?}");
        if failure.is_none() {
            assert_eq!(again.body, first.body, "{fault:?}");
        }
        assert_eq!(shop.tiktok.lock().requests.len(), before + 1, "{fault:?}: called once");
        let event = shop.sent_events().await.pop().unwrap();
        assert_eq!((event.key, event.message), (key, None), "{fault:?}: colleagues see that it may be on its way");
        assert_eq!(
            shop.send_seen("lek", &format!("l{index}"), "hi", &wire::EventId { sequence: 0, ..shop.head() })
                .await
                .code(),
            Some(FailureCode::Stale),
            "{fault:?}: it counts as an answer"
        );
    }
}

async fn what_was_not_taken_may_go_again(database: TestDatabase) {
    let shop = Shop::open(database).await;
    for (index, code) in [40_002, 40_064, 40_001, 40_133].into_iter().enumerate() {
        let key = format!("k{index}");
        shop.tiktok.fail(&[Fault::Refused(code, "no")]);
        let refused = shop.send("nok", &key, "hello").await;
        assert_eq!((refused.status.as_u16(), refused.code()), (200, None), "{code}: TikTok's answer");
        assert!(String::from_utf8_lossy(&refused.body).contains(&code.to_string()));
        assert_eq!(shop.state("nok", &key).await, SendState::NotKnown, "{code}");
        assert_eq!(shop.sent_events().await.len(), index, "{code}: nothing to tell");
        assert_eq!(shop.send("nok", &key, "hello").await.code(), None, "{code}");
        assert_eq!(shop.tiktok.ledger().len(), index + 1, "{code}");
    }
}

async fn a_tiktok_that_cannot_be_reached_took_nothing(database: TestDatabase) {
    let mut shop = Shop::open(database).await;
    // Nobody listens where this one calls.
    let nowhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let address = shop.tiktok.address;
    let endpoints = shop.tiktok.endpoints();
    shop.tiktok.address = nowhere;
    let mut context = shop.context.clone();
    context.client = tiktok::Client::new(shop.tiktok.endpoints()).unwrap();
    let gateway = Gateway::start(context, settings()).await.unwrap();
    let unreachable = crate::testing::serve(crate::gateway::router(gateway)).await;
    shop.tiktok.address = address;
    assert_eq!(shop.tiktok.endpoints(), endpoints);
    let request = shop.send_request_to(&format!("http://{unreachable}"), "nok", "k1", &text("hello"), &shop.head());
    let got = super::shop::Got::of(request.send().await.unwrap()).await;
    assert_eq!(got.code(), Some(FailureCode::TikTokUnreachable));
    assert_eq!(shop.state("nok", "k1").await, SendState::NotKnown);
    assert_eq!(shop.send("nok", "k1", "hello").await.code(), None, "the same key goes again");
    assert_eq!(shop.tiktok.ledger().len(), 1);
}

async fn a_slow_answer_is_an_unconfirmed_one(database: TestDatabase) {
    let settings = GatewaySettings { call_timeout: Duration::from_millis(500), ..settings() };
    let shop = Shop::open_with(database, settings).await;
    shop.tiktok.fail(&[Fault::Hold]);
    assert_eq!(shop.send("nok", "k1", "hello").await.code(), Some(FailureCode::Unconfirmed));
    shop.tiktok.go_on();
    assert_eq!(shop.send("nok", "k1", "hello").await.code(), Some(FailureCode::Unconfirmed));
    assert_eq!(shop.tiktok.ledger().len(), 1);
}

async fn a_desktop_that_hangs_up_loses_no_outcome(database: TestDatabase) {
    let shop = Shop::open(database).await;
    shop.tiktok.fail(&[Fault::Hold]);
    let request = shop.send_request("nok", "k1", &text("hello"), &shop.head());
    let desktop = tokio::spawn(async move { request.send().await });
    until("TikTok has it", async || shop.tiktok.ledger().len() == 1).await;
    desktop.abort();
    assert!(desktop.await.unwrap_err().is_cancelled());
    assert_eq!(shop.state("nok", "k1").await, SendState::Calling);
    shop.tiktok.go_on();
    until("the outcome is known", async || shop.state("nok", "k1").await == SendState::Answered).await;
    assert_eq!(shop.sent_events().await[0].message.as_deref(), Some("mid-1"));
    assert_eq!(shop.send("nok", "k1", "hello").await.code(), None);
    assert_eq!(shop.tiktok.ledger().len(), 1);
}

/// Ends all tasks of a gateway where they are, as a crash would.
async fn crash(gateway: &Gateway) {
    let tasks = gateway.tasks.lock().unwrap().take();
    tasks.unwrap().shutdown().await;
}

async fn a_relay_that_dies_leaves_an_unconfirmed_send(database: TestDatabase) {
    let shop = Shop::open(database).await;
    shop.tiktok.fail(&[Fault::Hold]);
    let request = shop.send_request("nok", "k1", &text("hello"), &shop.head());
    let desktop = tokio::spawn(async move { request.send().await });
    until("TikTok has it", async || shop.tiktok.ledger().len() == 1).await;
    crash(&shop.gateway).await;
    desktop.abort();
    assert_eq!(shop.state("nok", "k1").await, SendState::Calling);
    // The same worker starts again.
    let gateway = Gateway::start(shop.context.clone(), settings()).await.unwrap();
    let url = format!("http://{}", crate::testing::serve(crate::gateway::router(Arc::clone(&gateway))).await);
    assert_eq!(shop.state("nok", "k1").await, SendState::Unconfirmed);
    let request = shop.send_request_to(&url, "nok", "k1", &text("hello"), &shop.head());
    let again = super::shop::Got::of(request.send().await.unwrap()).await;
    assert_eq!(again.code(), Some(FailureCode::Unconfirmed));
    assert_eq!(shop.tiktok.ledger().len(), 1);
    let events = shop.sent_events().await;
    assert_eq!((events.len(), events[0].message.as_deref()), (1, None));
}

async fn another_relays_send_is_given_up_when_it_must_have_ended(database: TestDatabase) {
    let shop = Shop::open(database).await;
    execute(
        &shop.context.database,
        "INSERT INTO send (device, device_name, send_key, team, account, conversation, state, body_hash, began_at_ms, worker)
         SELECT 'lek', 'Lek', 'k1', 1, '_000shop', '7aB+c/d==', 'calling', token_hash,
             (SELECT issued_at_ms + 3600000 FROM account), 'gone' FROM device WHERE id = 'lek'",
    )
    .await;
    sends::settle_overdue(&shop.context).await.unwrap();
    assert_eq!(shop.state("lek", "k1").await, SendState::Calling, "it may be under way");
    execute(&shop.context.database, "UPDATE send SET began_at_ms = began_at_ms - 90001").await;
    sends::settle_overdue(&shop.context).await.unwrap();
    assert_eq!(shop.state("lek", "k1").await, SendState::Unconfirmed);
    sends::settle_overdue(&shop.context).await.unwrap();
    assert_eq!(shop.sent_events().await.len(), 1);
    let seen = wire::EventId { sequence: shop.head().sequence - 1, ..shop.head() };
    assert_eq!(shop.send_seen("nok", "k1", "hello", &seen).await.code(), Some(FailureCode::Stale));
    assert_eq!(shop.send("nok", "k1", "hello").await.code(), None, "the conversation is free again");
}

async fn relays_that_share_a_database_share_the_pace(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let count = async || crate::gateway::upkeep::count_callers(&shop.context).await.unwrap();
    assert_eq!(count().await, 1);
    let _other = shop.another(settings()).await;
    // A file has one relay.
    let expected = if shop.context.database.engine() == crate::database::Engine::Postgres { 2 } else { 1 };
    assert_eq!(count().await, expected);
    execute(&shop.context.database, "UPDATE caller SET seen_at_ms = seen_at_ms - 15001 WHERE worker = 'another'").await;
    assert_eq!(count().await, 1, "it is gone");
}

async fn closing_waits_for_what_is_under_way(database: TestDatabase) {
    let shop = Shop::open(database).await;
    shop.tiktok.fail(&[Fault::Hold]);
    let send = shop.send("nok", "k1", "hello");
    let close = async {
        until("TikTok has it", async || shop.tiktok.ledger().len() == 1).await;
        let finish = shop.gateway.finish(Duration::from_secs(20));
        let release = async {
            let late = shop.send_request("nok", "k2", &text("late"), &shop.head()).send().await.unwrap();
            let late = super::shop::Got::of(late).await;
            shop.tiktok.go_on();
            late
        };
        tokio::join!(finish, release)
    };
    let (first, (finished, late)) = tokio::join!(send, close);
    assert!(finished);
    assert_eq!(first.code(), None);
    assert_eq!(late.code(), Some(FailureCode::Unavailable), "nothing begins any more");
    assert_eq!(shop.state("nok", "k1").await, SendState::Answered);
    assert_eq!(shop.state("nok", "k2").await, SendState::NotKnown);
}

async fn a_database_that_fails_meanwhile_loses_no_outcome(database: TestDatabase) {
    let shop = Shop::open(database).await;
    shop.tiktok.fail(&[Fault::Hold]);
    let send = shop.send("nok", "k1", "hello");
    let trouble = async {
        until("TikTok has it", async || shop.tiktok.ledger().len() == 1).await;
        execute(&shop.context.database, "ALTER TABLE answered RENAME TO away").await;
        shop.tiktok.go_on();
        // Long enough for at least one try to write it.
        tokio::time::sleep(Duration::from_millis(700)).await;
        let written =
            number(&shop.context.database, "SELECT CAST(count(*) AS BIGINT) AS n FROM send WHERE state = 'calling'");
        assert_eq!(written.await, 1, "nothing of the outcome is there without its event");
        execute(&shop.context.database, "ALTER TABLE away RENAME TO answered").await;
    };
    let (first, ()) = tokio::join!(send, trouble);
    assert_eq!(first.code(), None, "TikTok's answer is told");
    until("the outcome is written", async || shop.state("nok", "k1").await == SendState::Answered).await;
    assert_eq!(shop.sent_events().await.len(), 1);
    assert_eq!(shop.send("nok", "k1", "hello").await.body, first.body);
    assert_eq!(shop.tiktok.ledger().len(), 1);
}

async fn a_database_that_does_not_answer_sends_nothing(database: TestDatabase) {
    let settings = GatewaySettings { database_timeout: Duration::from_millis(300), ..settings() };
    let shop = Shop::open_with(database, settings).await;
    let (locked, is_locked) = tokio::sync::oneshot::channel();
    let (unlock, is_unlocked) = tokio::sync::oneshot::channel::<()>();
    let database = shop.context.database.clone();
    let holder = tokio::spawn(async move {
        let held: Result<(), DatabaseError> = database
            .write(move |tx| {
                Box::pin(async move {
                    Log::lock_in(tx).await?;
                    locked.send(()).unwrap();
                    is_unlocked.await.unwrap();
                    Ok(())
                })
            })
            .await;
        held.unwrap();
    });
    is_locked.await.unwrap();
    let seen = shop.head();
    for _ in 0..2 {
        assert_eq!(shop.send_seen("nok", "k1", "hello", &seen).await.code(), Some(FailureCode::Unavailable));
    }
    unlock.send(()).unwrap();
    holder.await.unwrap();
    until("the row that came late is gone", async || shop.state("nok", "k1").await == SendState::NotKnown).await;
    assert!(shop.tiktok.lock().requests.is_empty(), "the desktop was told that nothing is sent");
    assert_eq!(shop.send_seen("nok", "k1", "hello", &seen).await.code(), None);
    assert_eq!((shop.tiktok.ledger().len(), shop.sent_events().await.len()), (1, 1));
}

async fn the_relays_own_answers_tell_tiktoks_time(database: TestDatabase) {
    let shop = Shop::open(database).await;
    shop.tiktok.lock().date = Some("Sun, 01 Nov 2026 08:00:00 GMT");
    let first = shop.send("nok", "k1", "hello").await;
    assert_eq!(first.headers["date"], "Sun, 01 Nov 2026 08:00:00 GMT");
    for got in [
        shop.send("nok", "k1", "hello").await,
        shop.send("nok", "k1", "other words").await,
        shop.get("nok", "/v1/tiktok/business/nothing/").await,
    ] {
        let date = got.headers["date"].to_str().unwrap();
        assert!(date.starts_with("Sun, 01 Nov 2026 08:00:"), "{date}");
    }
}
