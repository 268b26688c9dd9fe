//! Comment-to-Message: where it is offered, what is told of comments, and the conditions of answering one.

use std::time::Duration;

use sandbox::{Comment, Config, Customer, Fault, Lifetimes, Times, WindowRule};
use serde_json::{Value, json};

use crate::{
    client::{Desk, code_of, id_of, unhurried},
    webhooks::heard,
};

const UPDATE: &str = "business/message/direct_reply/update/";
const GET: &str = "business/message/direct_reply/get/";
const HOUR: Duration = Duration::from_secs(3600);

impl Desk {
    async fn turn_comments(&self, operation: &str) -> Value {
        let body = json!({
            "business_id": self.business_id, "direct_reply_type": "COMMENT_TO_MESSAGE", "operation_status": operation,
        });
        self.post(UPDATE, &body).await
    }

    async fn comments_are(&self) -> Value {
        self.get(GET, &[("direct_reply_type", "COMMENT_TO_MESSAGE")]).await
    }

    fn answer(&self, comment_id: &str, text: &str) -> Value {
        json!({
            "business_id": self.business_id, "message_type": "TEXT", "text": { "body": text },
            "direct_reply": { "reply_type": "COMMENT_REPLY", "comment_reply": { "comment_id": comment_id } },
        })
    }

    async fn answers(&self, comment_id: &str, text: &str) -> Value {
        self.post("business/message/send/", &self.answer(comment_id, text)).await
    }
}

/// A shop that answers comments, and somebody who never wrote to it.
async fn shop() -> (Desk, Customer) {
    let lifetimes = Lifetimes { business_access_s: 30 * 86_400, ..Lifetimes::default() };
    let config = Config { rule: WindowRule::B, lifetimes, ..Config::default() };
    let desk = Desk::linked_to(unhurried(config).await).await;
    assert_eq!(code_of(&desk.turn_comments("ENABLE").await), 0);
    let nok = desk.sandbox.customer("Nok");
    (desk, nok)
}

fn texts(customer: &Customer) -> Vec<String> {
    customer.thread().iter().map(|line| line.text.clone()).collect()
}

#[tokio::test]
async fn it_begins_off_and_can_be_turned_on_and_off_here_and_in_the_app() {
    let desk = Desk::linked().await;
    let answer = desk.comments_are().await;
    let mut expected = json!({
        "business_id": desk.business_id, "direct_reply_type": "COMMENT_TO_MESSAGE", "operation_status": "DISABLE",
    });
    assert_eq!(answer["data"], expected);
    let mut pushed = desk.sandbox.webhooks();
    assert_eq!(desk.turn_comments("ENABLE").await["data"], json!({}));
    expected["operation_status"] = json!("ENABLE");
    assert_eq!(desk.comments_are().await["data"], expected);
    desk.sandbox.owner().answers_comments(false);
    assert_eq!(desk.comments_are().await["data"]["operation_status"], "DISABLE");
    assert!(heard(&mut pushed).is_empty(), "nobody is told");
    let ledger = desk.sandbox.ledger();
    assert_eq!((ledger.calls("direct_reply_update"), ledger.calls("direct_reply_get")), (1, 3));
}

#[tokio::test]
async fn it_is_offered_in_three_countries_and_refused_in_all_others() {
    for country in ["VN", "ID", "TH"] {
        let desk = Desk::linked_to(unhurried(Config { country: country.to_owned(), ..Config::default() }).await).await;
        assert_eq!(code_of(&desk.turn_comments("ENABLE").await), 0, "{country}");
    }
    let (desk, nok) = shop().await;
    let comment = nok.comments("How much?");
    desk.sandbox.owner().registers_in("MY");
    for answer in [
        desk.turn_comments("ENABLE").await,
        desk.turn_comments("DISABLE").await,
        desk.comments_are().await,
        desk.answers(&comment, "12 €").await,
    ] {
        assert_eq!(code_of(&answer), 40118, "{answer}");
        assert!(answer["message"].as_str().unwrap().contains("Vietnam, Indonesia, and Thailand"));
    }
    let mut pushed = desk.sandbox.webhooks();
    nok.comments("And this one?");
    assert!(heard(&mut pushed).is_empty());
}

#[tokio::test]
async fn wrong_fields_scopes_and_accounts_are_refused() {
    let desk = Desk::linked().await;
    for (field, value, code) in [
        ("direct_reply_type", json!("COMMENT"), 40002),
        ("direct_reply_type", json!(null), 40002),
        ("operation_status", json!("ON"), 40002),
        ("operation_status", json!(null), 40002),
        ("business_id", json!("_000someone"), 40001),
    ] {
        let mut body = json!({
            "business_id": desk.business_id, "direct_reply_type": "COMMENT_TO_MESSAGE", "operation_status": "ENABLE",
        });
        body[field] = value;
        assert_eq!(code_of(&desk.post(UPDATE, &body).await), code, "{field}");
    }
    assert_eq!(code_of(&desk.get(GET, &[]).await), 40002);
    assert_eq!(desk.comments_are().await["data"]["operation_status"], "DISABLE");
    let reader = Desk::linked_with(unhurried(Config::default()).await, "user.info.basic,message.list.read").await;
    assert_eq!(code_of(&reader.turn_comments("ENABLE").await), 40001);
    assert_eq!(code_of(&reader.comments_are().await), 0);
    assert_eq!(desk.http.get(desk.url(UPDATE)).send().await.unwrap().status(), 405);
    assert_eq!(desk.http.post(desk.url(GET)).send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn a_comment_is_told_while_it_is_on_and_is_in_no_conversation() {
    let (desk, nok) = shop().await;
    let mut pushed = desk.sandbox.webhooks();
    let id = nok.comments(Comment::saying("How much? 🙏").ago(HOUR));
    let events = heard(&mut pushed);
    let [event] = &events[..] else { panic!("{events:?}") };
    assert_eq!(
        (&event["event"], &event["user_openid"]),
        (&json!("im_receive_high_intent_comment"), &json!(desk.business_id))
    );
    let content = &event["content"];
    let expected = json!({
        "from": nok.username(), "to": "cornershop", "unique_identifier": nok.unique_identifier(),
        "from_user": { "id": nok.unique_identifier(), "role": "personal_account" },
        "to_user": { "id": desk.business_id, "role": "business_account" },
        "comment_id": id, "comment_text": "How much? 🙏", "is_follower": content["is_follower"],
        "timestamp": content["timestamp"],
    });
    assert_eq!(*content, expected);
    assert!((desk.sandbox.now_ms() - 3_600_000 - content["timestamp"].as_i64().unwrap()).abs() < 60_000);
    assert!(content["is_follower"].is_boolean());
    assert!(desk.list("STRANGER").await.is_empty() && desk.list("SINGLE").await.is_empty());
    assert!(desk.sandbox.customers().is_empty());
    desk.sandbox.owner().answers_comments(false);
    nok.comments("Hello?");
    assert!(heard(&mut pushed).is_empty());
}

#[tokio::test]
async fn an_answer_begins_a_conversation_which_the_customer_goes_on_with() {
    let (desk, nok) = shop().await;
    let comment = nok.comments("How much?");
    let mut pushed = desk.sandbox.webhooks();
    let message_id = id_of(&desk.answers(&comment, "12 €").await);
    assert_eq!(desk.list("SINGLE").await, [nok.conversation_id()]);
    let listed = desk.listed(&nok, &message_id).await;
    assert_eq!((&listed["text"]["body"], &listed["message_tag"]["source"]), (&json!("12 €"), &json!("API")));
    let events = heard(&mut pushed);
    assert_eq!((&events[0]["event"], &events[0]["content"]["message_id"]), (&json!("im_send_msg"), &json!(message_id)));
    let ledger = desk.sandbox.ledger();
    assert_eq!(ledger.accepted[0].comment_id.as_deref(), Some(comment.as_str()));
    assert_eq!(ledger.messages_to("Nok"), [format!("[to comment {comment}] 12 €")]);
    assert_eq!((ledger.texts_to("Nok"), ledger.calls("send")), (vec!["12 €".to_owned()], 1));
    let attempt = &ledger.attempts[0];
    assert_eq!((attempt.comment_id.as_deref(), attempt.conversation_id.as_str()), (Some(comment.as_str()), ""));
    assert_eq!(desk.sends(&nok, "one more thing").await, 40064, "it is one message, not a window");
    nok.says("thanks, I take two");
    assert_eq!(desk.sends(&nok, "on their way").await, 0);
    assert_eq!(texts(&nok), ["12 €", "thanks, I take two", "on their way"]);
}

#[tokio::test]
async fn each_condition_is_refused_with_a_message_of_its_own() {
    let (desk, _) = shop().await;
    let mut whys = Vec::new();
    for (name, comment, code) in [
        ("under a comment", Comment::saying("?").under_a_comment(), 40002),
        ("elsewhere", Comment::saying("?").on_another_account(), 40002),
        ("old", Comment::saying("?").ago(48 * HOUR + Duration::from_secs(1)), 40064),
        ("young", Comment::saying("?").by_a_minor(), 40064),
        ("far", Comment::saying("?").from_elsewhere(), 40064),
    ] {
        let customer = desk.sandbox.customer(name);
        let answer = desk.answers(&customer.comments(comment), "no").await;
        assert_eq!(code_of(&answer), code, "{name}: {answer}");
        assert!(customer.thread().is_empty(), "{name}");
        whys.push(answer["message"].as_str().unwrap().to_owned());
    }
    let answered = desk.sandbox.customer("answered");
    let comment = answered.comments("How much?");
    assert_eq!(code_of(&desk.answers(&comment, "12 €").await), 0);
    // The two may write each other again by then, but not because of this comment.
    desk.sandbox.advance(25 * HOUR);
    let again = desk.answers(&comment, "12 €").await;
    let other = desk.answers(&answered.comments("And blue?"), "Yes").await;
    assert_eq!((code_of(&again), code_of(&other)), (40064, 0));
    whys.push(again["message"].as_str().unwrap().to_owned());
    let chatty = desk.sandbox.customer("chatty");
    chatty.says("hi");
    let comment = chatty.comments("How much?");
    desk.sandbox.advance(23 * HOUR);
    let within = desk.answers(&comment, "12 €").await;
    desk.sandbox.advance(HOUR + Duration::from_secs(1));
    assert_eq!((code_of(&within), code_of(&desk.answers(&comment, "12 €").await)), (40064, 0));
    whys.push(within["message"].as_str().unwrap().to_owned());
    whys.sort();
    whys.dedup();
    assert_eq!(whys.len(), 7, "{whys:#?}");
}

#[tokio::test]
async fn what_the_business_wrote_counts_as_contact_and_a_late_comment_can_just_be_answered() {
    let (desk, nok) = shop().await;
    nok.says_at("hi", desk.sandbox.now_ms() - 40 * 3_600_000);
    nok.colleague_replies("hello", "APP");
    assert_eq!(code_of(&desk.answers(&nok.comments("How much?"), "12 €").await), 40064);
    let late = desk.sandbox.customer("late");
    let comment = late.comments(Comment::saying("How much?").ago(48 * HOUR - Duration::from_secs(60)));
    assert_eq!(code_of(&desk.answers(&comment, "12 €").await), 0);
}

#[tokio::test]
async fn an_answer_in_the_app_uses_the_comment_up() {
    let (desk, nok) = shop().await;
    let comment = nok.comments("How much?");
    let owner = desk.sandbox.owner();
    let message_id = owner.answers_comment(&comment, "12 €, see the link");
    assert_eq!(desk.listed(&nok, &message_id).await["message_tag"]["source"], "APP");
    assert_eq!(owner.answers_comment(&comment, "again"), "");
    desk.sandbox.advance(25 * HOUR);
    let answer = desk.answers(&comment, "12 €").await;
    assert!(answer["message"].as_str().unwrap().contains("already been replied to"), "{answer}");
}

#[tokio::test]
async fn a_malformed_answer_names_what_is_wrong_and_uses_nothing_up() {
    let (desk, nok) = shop().await;
    let comment = nok.comments("How much?");
    let other = desk.sandbox.customer("Other");
    other.says("hi");
    for (field, value, code, name) in [
        ("recipient_type", json!("CONVERSATION"), 40002, "recipient_type"),
        ("recipient", json!(other.conversation_id()), 40002, "recipient"),
        ("referenced_message_info", json!({ "referenced_message_id": "1" }), 40002, "referenced_message_info"),
        ("direct_reply", json!({}), 40002, "direct_reply.reply_type"),
        ("direct_reply", json!({ "reply_type": "MESSAGE_REPLY" }), 40002, "direct_reply.reply_type"),
        ("direct_reply", json!({ "reply_type": "COMMENT_REPLY" }), 40002, "comment_id"),
        (
            "direct_reply",
            json!({ "reply_type": "COMMENT_REPLY", "comment_reply": { "comment_id": "73" } }),
            40007,
            "comment does not exist",
        ),
        ("message_type", json!("SENDER_ACTION"), 40002, "message_type"),
        ("text", json!({ "body": "ก".repeat(6001) }), 40002, "text.body"),
    ] {
        let mut body = desk.answer(&comment, "12 €");
        body[field] = value;
        let answer = desk.post("business/message/send/", &body).await;
        assert_eq!(code_of(&answer), code, "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(name), "{name}: {answer}");
    }
    nok.blocks(true);
    assert_eq!(code_of(&desk.answers(&comment, "12 €").await), 40064);
    nok.blocks(false);
    assert_eq!(code_of(&desk.turn_comments("DISABLE").await), 0);
    let off = desk.answers(&comment, "12 €").await;
    assert!(code_of(&off) == 40002 && off["message"].as_str().unwrap().contains("not enabled"), "{off}");
    assert_eq!(code_of(&desk.turn_comments("ENABLE").await), 0);
    assert_eq!(code_of(&desk.answers(&comment, "12 €").await), 0);
    assert_eq!(desk.sandbox.ledger().accepted.len(), 1);
}

#[tokio::test]
async fn somebody_elses_comment_is_not_there_for_an_account() {
    let (desk, _) = shop().await;
    desk.sandbox.open_account("other", "Other", WindowRule::B);
    desk.sandbox.owner().answers_comments(true);
    let comment = desk.sandbox.customer("Nok").comments("How much?");
    assert_eq!(code_of(&desk.answers(&comment, "12 €").await), 40007);
    assert_eq!(desk.sandbox.owner().answers_comment("73", "12 €"), "");
}

#[tokio::test]
async fn an_answer_whose_answer_got_lost_was_given_and_cannot_be_given_again() {
    let (desk, nok) = shop().await;
    let comment = nok.comments("How much?");
    desk.sandbox.fault("send", Fault::HangUpAfter, Times::Next(1));
    assert!(desk.try_post("business/message/send/", &desk.answer(&comment, "12 €")).await.is_err());
    assert_eq!(code_of(&desk.answers(&comment, "12 €").await), 40064);
    assert_eq!(desk.sandbox.ledger().texts_to("Nok"), ["12 €"]);
}
