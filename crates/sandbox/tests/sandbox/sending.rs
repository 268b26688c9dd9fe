//! Sending: what is accepted, what is refused, and what the ledger says about it.

use std::time::Duration;

use sandbox::{Config, Verdict, WindowRule};
use serde_json::json;

use crate::client::{Desk, code_of, unhurried};

const TWO_DAYS: Duration = Duration::from_secs(48 * 3600 + 60);

async fn desk(rule: WindowRule) -> Desk {
    Desk::linked_to(unhurried(Config { rule, ..Config::default() }).await).await
}

#[tokio::test]
async fn the_first_reply_turns_a_stranger_into_a_single() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    assert!(desk.list("STRANGER").await.is_empty(), "nobody has written yet");
    nok.says("hi");
    assert_eq!(desk.list("STRANGER").await, [nok.conversation_id()]);
    nok.is_welcomed("Welcome to the shop");
    assert_eq!(desk.list("STRANGER").await.len(), 1, "a greeting by TikTok is no reply");
    assert_eq!(desk.sends(&nok, "Hello Nok").await, 0);
    assert!(desk.list("STRANGER").await.is_empty());
    assert_eq!(desk.list("SINGLE").await, [nok.conversation_id()]);
}

#[tokio::test]
async fn an_accepted_text_is_in_the_ledger_and_in_the_conversation() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    let question = nok.says("where is my parcel?");
    let mut body = desk.text(&nok, "It left today 📦\nTracking: 1 + 1 = 2");
    body["referenced_message_info"] = json!({ "referenced_message_id": question });
    let answer = desk.post("business/message/send/", &body).await;
    let message_id = answer["data"]["message"]["message_id"].as_str().unwrap();
    let ledger = desk.sandbox.ledger();
    assert_eq!(ledger.texts_to("Nok"), ["It left today 📦\nTracking: 1 + 1 = 2"]);
    assert_eq!(ledger.accepted[0].message_id, message_id);
    assert_eq!(ledger.accepted[0].referenced_message_id.as_deref(), Some(question.as_str()));
    assert_eq!(ledger.attempts[0].verdict, Verdict::Accepted(message_id.to_owned()));
    let listed = desk.messages(&nok).await;
    let echo = listed.iter().find(|message| message["message_id"] == message_id).unwrap();
    assert_eq!(echo["message_tag"]["source"], "API");
    assert_eq!(echo["referenced_message_info"]["referenced_message_id"], question.as_str());
}

#[tokio::test]
async fn the_same_call_twice_is_two_messages() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    assert_eq!((desk.sends(&nok, "hello").await, desk.sends(&nok, "hello").await), (0, 0));
    assert_eq!(desk.sandbox.ledger().texts_to("Nok"), ["hello", "hello"]);
}

#[tokio::test]
async fn text_has_one_to_6000_characters_however_many_bytes_they_take() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    assert_eq!(desk.sends(&nok, "").await, 40002);
    assert_eq!(desk.sends(&nok, &"ก".repeat(6001)).await, 40002);
    assert_eq!(desk.sends(&nok, &"ก".repeat(6000)).await, 0);
    let refused =
        desk.sandbox.ledger().attempts.iter().filter(|attempt| attempt.verdict == Verdict::Refused(40002)).count();
    assert_eq!(refused, 2);
}

#[tokio::test]
async fn a_wrong_recipient_and_other_kinds_are_refused() {
    let desk = Desk::linked().await;
    let (nok, silent) = (desk.sandbox.customer("Nok"), desk.sandbox.customer("Silent"));
    nok.says("hi");
    assert_eq!(desk.sends(&silent, "buy our shirts").await, 40007, "nobody opens a conversation for the customer");
    let changed = async |name: &str, value: serde_json::Value| {
        let mut body = desk.text(&nok, "hello");
        body[name] = value;
        code_of(&desk.post("business/message/send/", &body).await)
    };
    assert_eq!(changed("recipient", json!("not base64!")).await, 40002);
    assert_eq!(changed("recipient_type", json!("USER")).await, 40002);
    assert_eq!(changed("message_type", json!("IMAGE")).await, 40002);
    assert_eq!(changed("referenced_message_info", json!({ "referenced_message_id": "1" })).await, 40002);
    assert!(desk.sandbox.ledger().accepted.is_empty());
}

#[tokio::test]
async fn signs_have_no_id_and_are_neither_attempts_nor_messages() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    for action in ["TYPING", "MARK_READ"] {
        let body = json!({
            "business_id": desk.business_id, "recipient_type": "CONVERSATION", "recipient": nok.conversation_id(),
            "message_type": "SENDER_ACTION", "sender_action": action,
        });
        let answer = desk.post("business/message/send/", &body).await;
        assert_eq!(answer["data"]["message"]["message_id"], "", "{action}");
    }
    let ledger = desk.sandbox.ledger();
    assert_eq!((ledger.typing.len(), ledger.mark_reads.len(), ledger.attempts.len()), (1, 1, 0));
    assert_eq!((ledger.calls("typing"), ledger.calls("mark_read"), ledger.calls("send")), (1, 1, 0));
    assert_eq!(desk.list("STRANGER").await.len(), 1, "a sign is no reply");
}

#[tokio::test]
async fn version_a_allows_ten_then_any_number_and_three_after_two_silent_days() {
    let desk = desk(WindowRule::A).await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    for n in 0..10 {
        assert_eq!(desk.sends(&nok, &format!("first {n}")).await, 0);
    }
    let refused = desk.post("business/message/send/", &desk.text(&nok, "one too many")).await;
    assert_eq!(code_of(&refused), 40064);
    assert!(!refused["message"].as_str().unwrap().is_empty());
    nok.says("I am here");
    for n in 0..12 {
        assert_eq!(desk.sends(&nok, &format!("later {n}")).await, 0);
    }
    desk.sandbox.advance(TWO_DAYS);
    let desk = Desk::linked_to(desk.sandbox.clone()).await;
    for n in 0..3 {
        assert_eq!(desk.sends(&nok, &format!("late {n}")).await, 0);
    }
    assert_eq!(desk.sends(&nok, "much too late").await, 40064);
    assert_eq!(desk.sandbox.ledger().texts_to("Nok").len(), 25);
}

#[tokio::test]
async fn version_b_allows_ten_per_answer_and_none_after_two_silent_days() {
    let desk = desk(WindowRule::B).await;
    let nok = desk.sandbox.customer("Nok");
    for round in ["one", "two"] {
        nok.says(round);
        for n in 0..10 {
            assert_eq!(desk.sends(&nok, &format!("{round} {n}")).await, 0);
        }
        assert_eq!(desk.sends(&nok, "one too many").await, 40064);
    }
    nok.says("three");
    desk.sandbox.advance(TWO_DAYS);
    let desk = Desk::linked_to(desk.sandbox.clone()).await;
    assert_eq!(desk.sends(&nok, "too late").await, 40064);
    nok.says("hello again");
    assert_eq!(desk.sends(&nok, "welcome back").await, 0);
}

#[tokio::test]
async fn a_colleague_on_the_phone_uses_up_the_same_budget() {
    let desk = desk(WindowRule::B).await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    for n in 0..9 {
        nok.colleague_replies(&format!("from the phone {n}"), "APP");
    }
    assert_eq!((desk.sends(&nok, "the tenth").await, desk.sends(&nok, "the eleventh").await), (0, 40064));
    assert_eq!(desk.sandbox.ledger().texts_to("Nok"), ["the tenth"]);
}

#[tokio::test]
async fn a_customer_who_blocked_the_shop_gets_nothing() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("leave me alone");
    nok.blocks(true);
    assert_eq!(desk.sends(&nok, "but").await, 40064);
    nok.blocks(false);
    assert_eq!(desk.sends(&nok, "sorry").await, 0);
}
