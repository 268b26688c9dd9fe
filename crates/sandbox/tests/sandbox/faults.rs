//! The fault dial and the plug: what the client sees, and what was true all the same.

use std::{sync::Arc, time::Duration};

use reqwest::Response;
use sandbox::{Customer, Fault, Times, Verdict};
use serde_json::json;

use crate::client::{Desk, code_of, json_of, unhurried};

async fn waiting() -> (Desk, Customer) {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    (desk, nok)
}

async fn send(desk: &Desk, nok: &Customer) -> reqwest::Result<Response> {
    desk.try_post("business/message/send/", &desk.text(nok, "hello")).await
}

/// The connection was there and ended without an answer.
fn was_cut(outcome: &reqwest::Result<Response>) -> bool {
    outcome.as_ref().is_err_and(|error| error.is_request() && !error.is_timeout() && !error.is_connect())
}

#[tokio::test]
async fn hanging_up_after_accepting_leaves_the_message_in_the_ledger() {
    let (desk, nok) = waiting().await;
    desk.sandbox.fault("send", Fault::HangUpAfter, Times::Next(1));
    let outcome = send(&desk, &nok).await;
    assert!(was_cut(&outcome), "{outcome:?}");
    assert_eq!(desk.sandbox.ledger().texts_to("Nok"), ["hello"]);
    assert!(desk.messages(&nok).await.iter().any(|message| message["text"]["body"] == "hello"));
    assert_eq!(desk.sends(&nok, "next").await, 0, "it was for one call");
}

#[tokio::test]
async fn hanging_up_before_accepting_leaves_only_a_lost_attempt() {
    let (desk, nok) = waiting().await;
    desk.sandbox.fault("send", Fault::HangUpBefore, Times::Next(1));
    let outcome = send(&desk, &nok).await;
    assert!(was_cut(&outcome), "{outcome:?}");
    let ledger = desk.sandbox.ledger();
    assert!(ledger.accepted.is_empty());
    assert_eq!(
        (ledger.attempts.len(), &ledger.attempts[0].verdict, ledger.attempts[0].text.as_str()),
        (1, &Verdict::Lost, "hello")
    );
}

#[tokio::test]
async fn every_other_fault_shows_what_it_says_and_takes_effect_as_it_says() {
    let pages = [
        (Fault::Html { accepting: true }, 200, 1),
        (Fault::Html { accepting: false }, 200, 0),
        (Fault::Status { status: 502, accepting: true }, 502, 1),
        (Fault::Status { status: 503, accepting: false }, 503, 0),
        (Fault::TruncatedJson, 200, 1),
    ];
    for (fault, status, accepted) in pages {
        let (desk, nok) = waiting().await;
        desk.sandbox.fault("send", fault.clone(), Times::UntilCleared);
        let response = send(&desk, &nok).await.unwrap();
        assert_eq!(response.status(), status, "{fault:?}");
        assert!(response.json::<serde_json::Value>().await.is_err(), "{fault:?} is no JSON");
        assert_eq!(desk.sandbox.ledger().accepted.len(), accepted, "{fault:?}");
        desk.sandbox.clear_faults();
        assert_eq!(desk.sends(&nok, "after").await, 0);
    }
    let codes = [
        (Fault::Code { code: 40050, message: "Duplicated".to_owned(), accepting: true }, 40050, 1),
        (Fault::code(50000), 50000, 0),
        (Fault::RateLimited, 40100, 0),
    ];
    for (fault, code, accepted) in codes {
        let (desk, nok) = waiting().await;
        desk.sandbox.fault("send", fault.clone(), Times::Next(1));
        assert_eq!(code_of(&json_of(send(&desk, &nok).await.unwrap()).await), code, "{fault:?}");
        assert_eq!(desk.sandbox.ledger().accepted.len(), accepted, "{fault:?}");
    }
}

#[tokio::test]
async fn no_answer_is_no_answer() {
    let (desk, nok) = waiting().await;
    desk.sandbox.fault("send", Fault::NeverAnswer { accepting: true }, Times::Next(1));
    let request = desk.http.post(desk.url("business/message/send/")).header("Access-Token", &desk.access);
    let outcome = request.json(&desk.text(&nok, "hello")).timeout(Duration::from_millis(400)).send().await;
    assert!(outcome.is_err_and(|error| error.is_timeout()));
    assert_eq!(desk.sandbox.ledger().texts_to("Nok"), ["hello"]);
}

#[tokio::test]
async fn a_delay_delays() {
    let (desk, nok) = waiting().await;
    desk.sandbox.fault("send", Fault::Delay(Duration::from_millis(150)), Times::Next(1));
    let begun = std::time::Instant::now();
    assert_eq!(desk.sends(&nok, "slow").await, 0);
    assert!(begun.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn a_late_answer_comes_after_the_message_is_listed() {
    let (desk, nok) = waiting().await;
    desk.sandbox.fault("send", Fault::AnswerLate(Duration::from_secs(3600)), Times::Next(1));
    let (body, desk) = (desk.text(&nok, "hello"), Arc::new(desk));
    let call = tokio::spawn({
        let desk = Arc::clone(&desk);
        async move { desk.try_post("business/message/send/", &body).await }
    });
    while desk.messages(&nok).await.len() < 2 {}
    assert!(!call.is_finished(), "the echo overtook the answer");
    call.abort();
}

#[tokio::test]
async fn an_answer_can_break_in_the_middle() {
    let (desk, nok) = waiting().await;
    desk.sandbox.fault("send", Fault::HangUpMidAnswer, Times::Next(1));
    let response = send(&desk, &nok).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.is_err());
    assert_eq!(desk.sandbox.ledger().texts_to("Nok"), ["hello"]);
}

#[tokio::test]
async fn an_answer_can_come_byte_by_byte() {
    let (desk, nok) = waiting().await;
    desk.sandbox.fault("send", Fault::Dribble(Duration::from_millis(1)), Times::Next(1));
    let begun = std::time::Instant::now();
    let answer = send(&desk, &nok).await.unwrap().bytes().await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(1) * u32::try_from(answer.len()).unwrap());
    assert_eq!(code_of(&serde_json::from_slice(&answer).unwrap()), 0);
}

#[tokio::test]
async fn a_fault_for_a_while_ends_with_the_sandboxs_clock() {
    let (desk, nok) = waiting().await;
    desk.sandbox.fault("*", Fault::RateLimited, Times::For(Duration::from_secs(3600)));
    assert_eq!(desk.sends(&nok, "early").await, 40100);
    desk.sandbox.advance(Duration::from_secs(3600));
    assert_eq!(desk.sends(&nok, "later").await, 0);
}

#[tokio::test]
async fn a_fault_for_messages_does_not_hit_typing() {
    let (desk, nok) = waiting().await;
    desk.sandbox.fault("send", Fault::HangUpBefore, Times::Next(1));
    let typing = json!({
        "business_id": desk.business_id, "recipient_type": "CONVERSATION", "recipient": nok.conversation_id(),
        "message_type": "SENDER_ACTION", "sender_action": "TYPING",
    });
    assert_eq!(code_of(&desk.post("business/message/send/", &typing).await), 0);
    assert!(was_cut(&send(&desk, &nok).await));
}

#[tokio::test]
async fn login_kit_shows_faults_in_its_own_shape() {
    let (desk, _) = waiting().await;
    desk.sandbox.fault("user_info", Fault::RateLimited, Times::Next(1));
    let url = format!("{}/v2/user/info/?fields=open_id", desk.sandbox.base_url());
    let answer = desk.http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["error"]["code"], "rate_limit_exceeded");
}

#[tokio::test]
async fn unplugged_nobody_answers_and_plugged_in_everything_is_still_there() {
    let (desk, nok) = waiting().await;
    let address = desk.sandbox.base_url();
    desk.sandbox.unplug().await;
    let outcome = send(&desk, &nok).await;
    assert!(outcome.is_err_and(|error| error.is_connect()));
    desk.sandbox.plug_in().await.unwrap();
    assert_eq!(desk.sandbox.base_url(), address);
    assert_eq!(desk.sends(&nok, "back again").await, 0);
    assert_eq!(desk.sandbox.ledger().texts_to("Nok"), ["back again"]);
}

#[tokio::test]
async fn pulling_the_plug_cuts_a_call_that_waits() {
    let (desk, nok) = waiting().await;
    let desk = Arc::new(desk);
    desk.sandbox.fault("send", Fault::NeverAnswer { accepting: true }, Times::Next(1));
    let call = tokio::spawn({
        let (desk, nok) = (Arc::clone(&desk), nok.clone());
        async move { send(&desk, &nok).await }
    });
    while desk.sandbox.ledger().accepted.is_empty() {
        tokio::task::yield_now().await;
    }
    desk.sandbox.unplug().await;
    let outcome = call.await.unwrap();
    assert!(was_cut(&outcome), "{outcome:?}");
}

#[tokio::test]
async fn the_last_handle_takes_the_server_with_it() {
    let sandbox = unhurried(sandbox::Config::default()).await;
    let address = sandbox.base_url();
    let http = crate::client::http();
    assert_eq!(http.get(&address).send().await.unwrap().status(), 200);
    drop(sandbox.clone());
    assert_eq!(http.get(&address).send().await.unwrap().status(), 200);
    drop(sandbox);
    while http.get(&address).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_page_from_elsewhere_does_not_get_in_by_another_name() {
    let (desk, _) = waiting().await;
    let url = format!("{}/sandbox/ledger", desk.sandbox.base_url());
    let answer = desk.http.get(&url).header("Host", "rebound.example").send().await.unwrap();
    assert_eq!(answer.status(), 421);
    assert_eq!(desk.http.get(&url).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn too_many_requests_can_be_said_for_a_minute_and_for_a_day() {
    for (fault, what) in [(Fault::too_many_per_minute(), "QPM"), (Fault::too_many_per_day(), "QPD")] {
        let (desk, nok) = waiting().await;
        desk.sandbox.fault("send", fault, Times::Next(1));
        let answer = json_of(send(&desk, &nok).await.unwrap()).await;
        assert_eq!(code_of(&answer), 40100);
        assert!(answer["message"].as_str().unwrap().contains(what), "{answer}");
        assert_eq!((desk.sandbox.ledger().rate_limited, desk.sandbox.ledger().accepted.len()), (1, 0));
        assert_eq!(desk.sends(&nok, "again").await, 0);
    }
}

#[tokio::test]
async fn a_stale_thread_is_as_it_was_before_the_newest_messages_of_the_business() {
    let (desk, nok) = waiting().await;
    assert_eq!(desk.sends(&nok, "one").await, 0);
    nok.says("and?");
    assert_eq!(desk.sends(&nok, "two").await, 0);
    nok.colleague_replies("three", "APP");
    nok.says("thanks");
    nok.is_welcomed("Welcome!");
    let lines = async |stale: Option<u32>| {
        if let Some(messages) = stale {
            desk.sandbox.fault("content_list", Fault::Stale { messages }, Times::Next(1));
        }
        let mut all = desk.messages(&nok).await;
        all.sort_by_key(|line| line["timestamp"].as_i64());
        all.iter().map(|line| line["text"]["body"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let whole = ["hi", "one", "and?", "two", "three", "thanks", "Welcome!"];
    assert_eq!(lines(Some(0)).await, whole);
    assert_eq!(lines(Some(1)).await, whole[..4], "what came after it is not there either");
    assert_eq!(lines(Some(2)).await, whole[..3]);
    assert_eq!(lines(Some(9)).await, whole[..1]);
    assert_eq!(lines(None).await, whole);
}

#[tokio::test]
async fn a_stale_list_of_conversations_has_the_times_and_types_of_before() {
    let (desk, nok) = waiting().await;
    let lin = desk.sandbox.customer("Lin");
    desk.sandbox.advance(Duration::from_secs(1));
    lin.says("hello");
    assert_eq!(desk.sends(&nok, "hello Nok").await, 0);
    desk.sandbox.fault("conversation_list", Fault::Stale { messages: 1 }, Times::For(Duration::from_secs(3600)));
    assert_eq!(desk.list("STRANGER").await, [lin.conversation_id(), nok.conversation_id()]);
    assert!(desk.list("SINGLE").await.is_empty());
    let answer = desk.get("business/message/conversation/list/", &[("conversation_type", "STRANGER")]).await;
    assert_eq!(answer["data"]["conversations"][1]["update_time"], nok.thread()[0].at_ms);
    assert_eq!(desk.messages(&nok).await.len(), 2, "the other listing does not lag");
    desk.sandbox.clear_faults();
    assert_eq!(desk.list("SINGLE").await, [nok.conversation_id()]);
    desk.sandbox.fault("*", Fault::Stale { messages: 1 }, Times::UntilCleared);
    assert_eq!(desk.sends(&nok, "still sent").await, 0, "a send has nothing to lag");
    assert_eq!(desk.messages(&nok).await.len(), 2);
}

#[tokio::test]
async fn a_conversation_that_began_with_the_business_is_not_there_yet() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.colleague_replies("we found your parcel", "WEB");
    desk.sandbox.fault("content_list", Fault::Stale { messages: 1 }, Times::Next(1));
    let id = nok.conversation_id();
    let answer = desk.get("business/message/content/list/", &[("conversation_id", &id)]).await;
    assert_eq!(code_of(&answer), 40007);
}
