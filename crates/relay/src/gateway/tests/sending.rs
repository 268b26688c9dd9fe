//! Sends that go well: once each, and none past a colleague's.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use wire::api::SendState;
use wire::event::Sent;
use wire::{EventBody, EventId, FailureCode};

use super::fake::Fault;
use super::shop::{ACCOUNT, CONVERSATION, Got, Shop, settings, text};
use crate::accounts;
use crate::gateway::GatewaySettings;
use crate::log::{Answer, NewEvent};
use crate::testing::{TestDatabase, number, on_both_engines, until};

on_both_engines!(
    the_same_key_gives_the_same_answer_and_sends_nothing_again,
    the_same_key_twenty_times_at_once_is_one_send,
    the_same_key_at_two_relays_is_one_send,
    of_two_colleagues_at_once_one_goes_out,
    of_two_colleagues_at_two_relays_one_goes_out,
    a_conversation_that_is_busy_for_long_is_said_to_be,
    what_the_shop_said_by_another_way_has_to_be_seen,
    tiktoks_push_of_a_send_is_no_other_answer,
    what_was_seen_in_another_epoch_proves_nothing,
    a_send_says_who_it_is,
    an_answer_to_a_comment_is_a_send_too,
    devices_have_keys_of_their_own,
);

async fn the_same_key_gives_the_same_answer_and_sends_nothing_again(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let seen = shop.head();
    let first = shop.send_seen("nok", "k-1_A", "hello", &seen).await;
    assert_eq!((first.status.as_u16(), first.code()), (200, None));
    for _ in 0..3 {
        let again = shop.send_seen("nok", "k-1_A", "hello", &seen).await;
        assert_eq!((again.status, &again.body, again.code()), (first.status, &first.body, None));
    }
    let other = shop.send_seen("nok", "k-1_A", "other words", &seen).await;
    assert_eq!(other.code(), Some(FailureCode::BadRequest));
    assert_eq!(shop.tiktok.ledger(), [text("hello")]);
    let outcome = shop.outcome("nok", "k-1_A").await;
    assert_eq!((outcome.state, outcome.status), (SendState::Answered, Some(200)));
    assert_eq!(outcome.answer.unwrap().as_bytes(), &*first.body);
    assert_eq!(shop.state("nok", "k-2").await, SendState::NotKnown);
    accounts::set_needs_linking(&shop.context, ACCOUNT).await.unwrap();
    let again = shop.send_seen("nok", "k-1_A", "hello", &seen).await;
    assert_eq!((again.code(), &again.body), (None, &first.body), "whatever became of the account");
    assert_eq!(shop.send("nok", "k-3", "hello").await.code(), Some(FailureCode::NeedsLinking));
    assert_eq!(shop.state("nok", "k-3").await, SendState::NotKnown);
    let sent = Sent {
        conversation: CONVERSATION.to_owned(),
        device: "nok".to_owned(),
        device_name: "nok's laptop".to_owned(),
        key: "k-1_A".to_owned(),
        message: Some("mid-1".to_owned()),
        text: Some("hello".to_owned()),
    };
    assert_eq!(shop.sent_events().await, [sent]);
}

async fn the_same_key_twenty_times_at_once_is_one_send(database: TestDatabase) {
    let shop = Shop::open(database).await;
    shop.tiktok.fail(&[Fault::Hold]);
    let seen = shop.head();
    let (url, tiktok) = (shop.url.clone(), shop.tiktok.clone());
    let sends = (0..20).map(|_| {
        let request = shop.send_request_to(&url, "nok", "k1", &text("hello"), &seen);
        async move { Got::of(request.send().await.unwrap()).await }
    });
    let go_on = async {
        until("TikTok has it", async || tiktok.ledger().len() == 1).await;
        let words = shop.send_seen("nok", "k1", "other words", &seen).await;
        assert_eq!(words.code(), Some(FailureCode::BadRequest), "also while it is under way");
        assert_eq!(shop.state("nok", "k1").await, SendState::Calling);
        tiktok.go_on();
    };
    let (answers, ()) = tokio::join!(join_all(sends), go_on);
    for answer in &answers {
        assert_eq!((answer.code(), &answer.body), (None, &answers[0].body));
    }
    assert_eq!((shop.tiktok.ledger().len(), shop.sent_events().await.len()), (1, 1));
}

async fn the_same_key_at_two_relays_is_one_send(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let (_, _gateway, other) = shop.another(settings()).await;
    for round in 0..5 {
        let (key, seen, body) = (format!("k{round}"), shop.head(), text(&format!("hello {round}")));
        let sends = (0..8).map(|index| {
            let url = if index % 2 == 0 { &shop.url } else { &other };
            let request = shop.send_request_to(url, "nok", &key, &body, &seen);
            async move { Got::of(request.send().await.unwrap()).await }
        });
        let answers = join_all(sends).await;
        for answer in &answers {
            assert_eq!((answer.code(), &answer.body), (None, &answers[0].body), "{answer:?}");
        }
        shop.context.log.look().await;
    }
    assert_eq!((shop.tiktok.ledger().len(), shop.sent_events().await.len()), (5, 5));
}

/// Two devices answer one conversation at once, at these addresses; returns how each ended.
async fn race(shop: &Shop, urls: [&str; 2], round: usize) -> Vec<(Got, &'static str)> {
    shop.context.log.look().await;
    let seen = shop.head();
    let sends = ["nok", "lek"].into_iter().zip(urls).map(|(device, url)| {
        let body = text(&format!("{device} {round}"));
        let request = shop.send_request_to(url, device, &format!("k{round}"), &body, &seen);
        async move { (Got::of(request.send().await.unwrap()).await, device) }
    });
    join_all(sends).await
}

fn assert_one_went_out(shop: &Shop, ended: &[(Got, &str)], round: usize) {
    let (went, refused): (Vec<_>, Vec<_>) = ended.iter().partition(|(got, _)| got.code().is_none());
    assert_eq!((went.len(), refused.len()), (1, 1), "{ended:?}");
    let failure = refused[0].0.failure().unwrap();
    assert_eq!(failure.code, FailureCode::Stale, "{failure:?}");
    assert_eq!(failure.answered_by, Some(format!("{}'s laptop", went[0].1)));
    let ledger = shop.tiktok.ledger();
    assert_eq!((ledger.len(), ledger.last().unwrap()), (round + 1, &text(&format!("{} {round}", went[0].1))));
}

async fn of_two_colleagues_at_once_one_goes_out(database: TestDatabase) {
    let shop = Shop::open(database).await;
    for round in 0..10 {
        let ended = race(&shop, [&shop.url, &shop.url], round).await;
        assert_one_went_out(&shop, &ended, round);
    }
    // Whoever sent it may go on, though it has not read its own event; the colleague may once it has.
    shop.context.log.look().await;
    let seen = EventId { sequence: shop.head().sequence - 1, ..shop.head() };
    let newest = shop.sent_events().await.pop().unwrap().device;
    let other = if newest == "nok" { "lek" } else { "nok" };
    assert_eq!(shop.send_seen(&newest, "more", "and", &seen).await.code(), None);
    assert_eq!(shop.send_seen(other, "late", "hi", &seen).await.code(), Some(FailureCode::Stale));
    assert_eq!(shop.state(other, "late").await, SendState::NotKnown);
    assert_eq!(shop.send(other, "late", "hi").await.code(), None);
}

async fn of_two_colleagues_at_two_relays_one_goes_out(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let (_, _gateway, other) = shop.another(settings()).await;
    for round in 0..10 {
        let ended = race(&shop, [&shop.url, &other], round).await;
        assert_one_went_out(&shop, &ended, round);
    }
}

async fn a_conversation_that_is_busy_for_long_is_said_to_be(database: TestDatabase) {
    let settings = GatewaySettings { conversation_timeout: Duration::from_millis(300), ..settings() };
    let shop = Shop::open_with(database, settings).await;
    shop.tiktok.fail(&[Fault::Hold]);
    let seen = shop.head();
    let tiktok = shop.tiktok.clone();
    let first = shop.send_seen("nok", "k1", "hello", &seen);
    let second = async {
        until("TikTok has the first", async || tiktok.ledger().len() == 1).await;
        let busy = shop.send_seen("lek", "k1", "hi", &seen).await;
        let elsewhere = json!({
            "business_id": ACCOUNT, "recipient_type": "CONVERSATION", "recipient": "another",
            "message_type": "TEXT", "text": { "body": "hi" },
        });
        let elsewhere = shop.send_request("lek", "k2", &elsewhere, &seen).send().await.unwrap();
        assert_eq!(Got::of(elsewhere).await.code(), None, "another conversation is not held up");
        tiktok.go_on();
        busy
    };
    let (first, busy) = tokio::join!(first, second);
    assert_eq!((first.code(), busy.code()), (None, Some(FailureCode::Busy)));
    assert_eq!(shop.state("lek", "k1").await, SendState::NotKnown);
    assert_eq!(shop.send_seen("lek", "k1", "hi", &seen).await.code(), Some(FailureCode::Stale));
}

/// TikTok pushes a message of the shop's.
async fn push(shop: &Shop, message: &str) {
    let answer = Answer {
        conversation: CONVERSATION.to_owned(),
        device: String::new(),
        answered_by: String::new(),
        message: message.to_owned(),
    };
    let body = EventBody::Hint(wire::event::Hint::default());
    let event = NewEvent { account: ACCOUNT.to_owned(), dedup: message.to_owned(), body, answer: Some(answer) };
    shop.context.log.append(event, Duration::from_secs(10)).await.unwrap();
}

async fn what_the_shop_said_by_another_way_has_to_be_seen(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let seen = shop.head();
    push(&shop, "mid-app").await;
    let stale = shop.send_seen("nok", "k1", "hello", &seen).await.failure().unwrap();
    assert_eq!((stale.code, stale.answered_by.as_deref()), (FailureCode::Stale, Some("")));
    assert_eq!(shop.send("nok", "k1", "hello").await.code(), None);
}

async fn tiktoks_push_of_a_send_is_no_other_answer(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let seen = shop.head();
    assert_eq!(shop.send("nok", "k1", "hello").await.code(), None);
    push(&shop, "mid-1").await;
    assert_eq!(shop.send_seen("nok", "k2", "and", &seen).await.code(), None, "its own");
    let stale = shop.send_seen("lek", "k1", "hi", &seen).await.failure().unwrap();
    assert_eq!((stale.code, stale.answered_by.as_deref()), (FailureCode::Stale, Some("nok's laptop")));
    // A push that comes late does not hide what a colleague said before it.
    let seen = shop.head();
    assert_eq!(shop.send("lek", "k1", "hi").await.code(), None);
    push(&shop, "mid-2").await;
    let stale = shop.send_seen("nok", "k3", "third", &seen).await.failure().unwrap();
    assert_eq!((stale.code, stale.answered_by.as_deref()), (FailureCode::Stale, Some("lek's laptop")));
}

async fn what_was_seen_in_another_epoch_proves_nothing(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let head = shop.head();
    for seen in [
        EventId { epoch: "another".to_owned(), ..head.clone() },
        EventId { sequence: head.sequence + 1, ..head.clone() },
    ] {
        assert_eq!(shop.send_seen("nok", "k1", "hello", &seen).await.code(), Some(FailureCode::Busy));
    }
    assert!(shop.tiktok.ledger().is_empty());
    assert_eq!(shop.send_seen("nok", "k1", "hello", &head).await.code(), None);
}

async fn a_send_says_who_it_is(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let (path, head) = ("/v1/tiktok/business/message/send/", shop.head().to_string());
    let long = "k".repeat(65);
    for (key, seen) in [
        (None, Some(head.as_str())),
        (Some("k1"), None),
        (Some(""), Some(head.as_str())),
        (Some("a b"), Some(head.as_str())),
        (Some(long.as_str()), Some(head.as_str())),
        (Some("k1"), Some("newest")),
    ] {
        let mut request = shop.http.post(format!("{}{path}", shop.url)).bearer_auth(super::shop::token("nok"));
        for (name, value) in [(wire::headers::SEND_KEY, key), (wire::headers::SEEN, seen)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let got = Got::of(request.body(text("hello").to_string()).send().await.unwrap()).await;
        assert_eq!(got.code(), Some(FailureCode::BadRequest), "{key:?} {seen:?}");
    }
    let twice = shop.send_request("nok", "k1", &text("hello"), &shop.head()).header(wire::headers::SEND_KEY, "k2");
    assert_eq!(Got::of(twice.send().await.unwrap()).await.code(), Some(FailureCode::BadRequest));
    assert!(shop.tiktok.lock().requests.is_empty());
    let typing = json!({ "business_id": ACCOUNT, "recipient_type": "CONVERSATION", "recipient": CONVERSATION,
        "message_type": "SENDER_ACTION", "sender_action": "TYPING" });
    assert_eq!(shop.post("nok", path, &typing).await.code(), None, "a sign needs no key");
    assert_eq!(shop.get("nok", "/v1/sends/a.b").await.code(), Some(FailureCode::BadRequest));
}

async fn an_answer_to_a_comment_is_a_send_too(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let seen = shop.head();
    let answer = json!({
        "business_id": ACCOUNT, "message_type": "TEXT", "text": { "body": "hello" },
        "direct_reply": { "reply_type": "COMMENT_REPLY", "comment_reply": { "comment_id": "77" } },
    });
    for _ in 0..2 {
        let got = Got::of(shop.send_request("nok", "k1", &answer, &seen).send().await.unwrap()).await;
        assert_eq!(got.code(), None);
    }
    let other = Got::of(shop.send_request("lek", "k1", &answer, &seen).send().await.unwrap()).await;
    assert_eq!(other.code(), Some(FailureCode::Stale));
    assert_eq!(shop.tiktok.ledger(), [answer]);
    assert_eq!(shop.sent_events().await[0].conversation, "comment:77");
}

async fn devices_have_keys_of_their_own(database: TestDatabase) {
    let shop = Shop::open(database).await;
    assert_eq!(shop.send("nok", "k1", "from nok").await.code(), None);
    assert_eq!(shop.state("lek", "k1").await, SendState::NotKnown);
    assert_eq!(shop.send("lek", "k1", "from lek").await.code(), None);
    assert_eq!(shop.tiktok.ledger().len(), 2);
    assert_eq!(number(&shop.context.database, "SELECT CAST(count(*) AS BIGINT) AS n FROM send").await, 2);
}
