//! What is told of automatic messages by webhook, whoever did it.

use sandbox::{
    AutoKind::{ChatPrompt, SuggestedQuestion, WelcomeMessage},
    Delivery,
};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;

use crate::{client::Desk, webhooks::heard};

/// Each event on one line: what was done or decided, to which id.
fn told(pushed: &mut Receiver<Delivery>) -> Vec<String> {
    let line = |event: &Value| {
        let content = &event["content"];
        let what = content["auto_message_action"].as_str().or(content["audit_status"].as_str()).unwrap();
        format!("{what} {}", content["auto_message_id"].as_str().unwrap())
    };
    heard(pushed).iter().map(line).collect()
}

#[tokio::test]
async fn a_change_is_told_with_its_words_and_a_verdict_with_its_status() {
    let desk = Desk::linked().await;
    let mut pushed = desk.sandbox.webhooks();
    for (kind, block) in [
        ("WELCOME_MESSAGE", json!({ "welcome_message": { "content": "x" } })),
        ("SUGGESTED_QUESTION", json!({ "suggested_question": { "question": "t", "answer": "x" } })),
        ("CHAT_PROMPT", json!({ "chat_prompt": { "title": "t", "content": "x" } })),
    ] {
        let id = desk.created(kind, "t", "x").await;
        let events = heard(&mut pushed);
        let [event] = &events[..] else { panic!("{events:?}") };
        assert_eq!(
            (&event["event"], &event["user_openid"]),
            (&json!("im_auto_message_config_update"), &json!(desk.business_id))
        );
        let content = &event["content"];
        assert!((desk.sandbox.now_ms() - content["timestamp"].as_i64().unwrap()).abs() < 60_000);
        let mut expected = block;
        expected["auto_message_id"] = json!(id);
        expected["auto_message_type"] = json!(kind);
        expected["auto_message_action"] = json!("CREATE");
        expected["timestamp"] = content["timestamp"].clone();
        assert_eq!(*content, expected);
        desk.reviews_end();
        let events = heard(&mut pushed);
        let [event] = &events[..] else { panic!("{events:?}") };
        assert_eq!(event["event"], "im_auto_message_audit_update");
        let expected = json!({
            "auto_message_id": id, "auto_message_type": kind, "audit_status": "APPROVED",
            "timestamp": event["content"]["timestamp"],
        });
        assert_eq!(event["content"], expected);
    }
}

#[tokio::test]
async fn a_welcome_message_is_deleted_and_created_by_an_edit_and_others_are_updated() {
    let desk = Desk::linked().await;
    let owner = desk.sandbox.owner();
    let (welcome, question) = (owner.welcomes_with("Hello"), owner.suggests("When?", "9 to 18"));
    assert!(desk.sandbox.approve(&welcome) && desk.sandbox.approve(&question));
    let mut pushed = desk.sandbox.webhooks();
    let renewed = owner.welcomes_with("Hello there");
    assert_eq!(owner.welcomes_with("Hello you"), "", "it is under review");
    assert_eq!(told(&mut pushed), [format!("DELETE {welcome}"), format!("CREATE {renewed}")]);
    assert_eq!(owner.edits(&question, "When?", "10 to 18"), question);
    assert!(owner.deletes(&question) && !owner.deletes(&question) && !owner.deletes(&renewed));
    assert_eq!(told(&mut pushed), [format!("UPDATE {question}"), format!("DELETE {question}")]);
    desk.sandbox.reject(&renewed);
    assert_eq!(told(&mut pushed), [format!("REJECTED {renewed}")]);
    assert!(desk.sandbox.ledger().auto_changes.iter().all(|change| !change.by_api));
}

#[tokio::test]
async fn a_switch_is_told_for_each_message_it_is_about_or_for_the_kind_alone() {
    let desk = Desk::linked().await;
    let owner = desk.sandbox.owner();
    let mut pushed = desk.sandbox.webhooks();
    owner.turns_on(WelcomeMessage);
    let welcome = desk.sandbox.ledger().auto_messages[0].id.clone();
    let expected = ["CREATE", "APPROVED", "ENABLE"].map(|what| format!("{what} {welcome}"));
    assert_eq!(told(&mut pushed), expected);
    assert_eq!(desk.switch("WELCOME_MESSAGE", "DISABLE").await, 0);
    assert_eq!(told(&mut pushed), [format!("DISABLE {welcome}")]);
    for kind in [SuggestedQuestion, ChatPrompt] {
        owner.turns_on(kind);
        let events = heard(&mut pushed);
        let expected = json!({
            "auto_message_id": "", "auto_message_type": kind.name(), "auto_message_action": "ENABLE",
            "timestamp": events[0]["content"]["timestamp"],
        });
        assert_eq!((events.len(), &events[0]["content"]), (1, &expected));
        owner.turns_off(kind);
        assert_eq!(told(&mut pushed), ["DISABLE "]);
    }
    let (a, b) = (owner.suggests("a", "x"), owner.suggests("b", "x"));
    told(&mut pushed);
    owner.turns_on(SuggestedQuestion);
    assert_eq!(told(&mut pushed), ["ENABLE ".to_owned(), format!("DISABLE {a}"), format!("DISABLE {b}")]);
}

#[tokio::test]
async fn sorting_is_told_to_nobody_and_so_is_what_was_refused() {
    let desk = Desk::linked().await;
    let owner = desk.sandbox.owner();
    let (a, b) = (owner.prompts("a", "x"), owner.prompts("b", "x"));
    let mut pushed = desk.sandbox.webhooks();
    assert!(owner.sorts(&[&b, &a]) && !owner.sorts(&[&a]));
    assert_eq!(owner.prompts("a", "again"), "");
    assert!(told(&mut pushed).is_empty());
    assert_eq!(desk.sandbox.ledger().automatic(ChatPrompt), ["b | x [reviewing]", "a | x [reviewing]"]);
}

#[tokio::test]
async fn a_verdict_comes_by_itself_while_nobody_asks() {
    let config = sandbox::Config { review: std::time::Duration::from_millis(100), ..sandbox::Config::default() };
    let sandbox = crate::client::unhurried(config).await;
    let mut pushed = sandbox.webhooks();
    let id = sandbox.owner().welcomes_with("Hello");
    let mut next = async || {
        let heard = tokio::time::timeout(std::time::Duration::from_secs(20), pushed.recv()).await;
        crate::webhooks::opened(&heard.unwrap().unwrap().body)
    };
    assert_eq!(next().await["content"]["auto_message_action"], "CREATE");
    let verdict = next().await;
    assert_eq!(
        (&verdict["content"]["audit_status"], &verdict["content"]["auto_message_id"]),
        (&json!("APPROVED"), &json!(id))
    );
}
