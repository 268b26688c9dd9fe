//! Automatic messages over the API: what each call does, and the review.

use std::time::Duration;

use sandbox::AutoKind::{ChatPrompt, SuggestedQuestion, WelcomeMessage};
use serde_json::{Value, json};

use crate::client::{Desk, code_of};

pub(crate) const ROOT: &str = "business/message/auto_message";

impl Desk {
    /// A call about automatic messages; `fields` is its body without the account.
    pub(crate) async fn auto(&self, call: &str, mut fields: Value) -> Value {
        fields["business_id"] = json!(self.business_id);
        self.post(&format!("{ROOT}/{call}/"), &fields).await
    }

    pub(crate) async fn auto_get(&self, kind: &str) -> Value {
        let answer = self.get(&format!("{ROOT}/get/"), &[("auto_message_type", kind)]).await;
        assert_eq!(code_of(&answer), 0, "{answer}");
        answer["data"].clone()
    }

    pub(crate) async fn create(&self, kind: &str, title: &str, body: &str) -> Value {
        self.auto("create", json!({ "auto_message_type": kind, block(kind): words(kind, title, body) })).await
    }

    pub(crate) async fn created(&self, kind: &str, title: &str, body: &str) -> String {
        auto_id(&self.create(kind, title, body).await)
    }

    pub(crate) async fn update(&self, kind: &str, id: &str, title: &str, body: &str) -> Value {
        let fields = json!({ "auto_message_type": kind, "auto_message_id": id, block(kind): words(kind, title, body) });
        self.auto("update", fields).await
    }

    pub(crate) async fn switch(&self, kind: &str, operation: &str) -> i64 {
        code_of(&self.auto("status/update", json!({ "auto_message_type": kind, "operation_status": operation })).await)
    }

    pub(crate) async fn delete(&self, kind: &str, id: &str) -> Value {
        self.auto("delete", json!({ "auto_message_type": kind, "auto_message_id": id })).await
    }

    pub(crate) async fn sort(&self, kind: &str, ids: &[&str]) -> Value {
        self.auto("sort", json!({ "auto_message_type": kind, "auto_message_ids": ids })).await
    }

    /// The reviews that run are over.
    pub(crate) fn reviews_end(&self) {
        self.sandbox.advance(Duration::from_secs(21));
    }
}

pub(crate) fn auto_id(answer: &Value) -> String {
    answer["data"]["auto_message"]["auto_message_id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn block(kind: &str) -> String {
    kind.to_lowercase()
}

fn words(kind: &str, title: &str, body: &str) -> Value {
    match kind {
        "WELCOME_MESSAGE" => json!({ "content": body }),
        "SUGGESTED_QUESTION" => json!({ "question": title, "answer": body }),
        _ => json!({ "title": title, "content": body }),
    }
}

pub(crate) fn refused(answer: &Value, code: i64, why: &str) {
    assert_eq!(code_of(answer), code, "{answer}");
    assert!(answer["message"].as_str().unwrap().contains(why), "{why:?} is not in {answer}");
}

#[tokio::test]
async fn an_account_begins_with_everything_off_and_empty() {
    let desk = Desk::linked().await;
    for kind in ["WELCOME_MESSAGE", "SUGGESTED_QUESTION", "CHAT_PROMPT"] {
        let expected = json!({ "business_id": desk.business_id, "operation_status": "DISABLE", "auto_messages": [] });
        assert_eq!(desk.auto_get(kind).await, expected);
    }
    assert!(desk.sandbox.ledger().auto_messages.is_empty());
}

#[tokio::test]
async fn what_was_created_is_listed_under_its_id_in_its_block_and_is_under_review() {
    let desk = Desk::linked().await;
    for (kind, expected) in [
        ("WELCOME_MESSAGE", json!({ "welcome_message": { "content": "Two\nlines" } })),
        ("SUGGESTED_QUESTION", json!({ "suggested_question": { "question": "When?", "answer": "Two\nlines" } })),
        ("CHAT_PROMPT", json!({ "chat_prompt": { "title": "When?", "content": "Two\nlines" } })),
    ] {
        let id = desk.created(kind, "When?", "Two\nlines").await;
        let mut entry = expected.clone();
        entry["auto_message_id"] = json!(id);
        entry["auto_message_type"] = json!(kind);
        entry["audit_status"] = json!("REVIEWING");
        assert_eq!(desk.auto_get(kind).await["auto_messages"], json!([entry]));
    }
    let ledger = desk.sandbox.ledger();
    assert_eq!(ledger.automatic(WelcomeMessage), ["Two\nlines [reviewing]"]);
    assert_eq!(ledger.automatic(SuggestedQuestion), ["When? | Two\nlines [reviewing]"]);
    assert!(ledger.auto_changes.iter().all(|change| change.by_api && change.action == "CREATE"));
    assert_eq!((ledger.calls("auto_create"), ledger.calls("auto_get")), (3, 3));
}

#[tokio::test]
async fn a_review_ends_by_itself_and_rejects_what_it_does_not_like() {
    let desk = Desk::linked().await;
    let good = desk.created("SUGGESTED_QUESTION", "When?", "9 to 18").await;
    let bad = desk.created("SUGGESTED_QUESTION", "Why?", "Get FREE Money today").await;
    let status = async |id: &str| {
        let query = [("auto_message_type", "SUGGESTED_QUESTION"), ("auto_message_id", id)];
        let answer = desk.get(&format!("{ROOT}/get/"), &query).await;
        assert_eq!(answer["data"]["auto_messages"].as_array().unwrap().len(), 1, "only the one asked for");
        answer["data"]["auto_messages"][0]["audit_status"].as_str().unwrap().to_owned()
    };
    assert_eq!((status(&good).await.as_str(), status(&bad).await.as_str()), ("REVIEWING", "REVIEWING"));
    desk.sandbox.advance(Duration::from_secs(15));
    assert_eq!(status(&good).await, "REVIEWING");
    desk.reviews_end();
    assert_eq!((status(&good).await.as_str(), status(&bad).await.as_str()), ("APPROVED", "REJECTED"));
    assert!(desk.sandbox.reject(&good) && desk.sandbox.approve(&bad) && !desk.sandbox.approve("none"));
    assert_eq!((status(&good).await.as_str(), status(&bad).await.as_str()), ("REJECTED", "APPROVED"));
}

#[tokio::test]
async fn a_message_cannot_be_updated_while_under_review_nor_after_it_was_rejected() {
    let desk = Desk::linked().await;
    let id = desk.created("CHAT_PROMPT", "Hours", "When are you open?").await;
    refused(&desk.update("CHAT_PROMPT", &id, "Opening hours", "When?").await, 40002, "under review");
    desk.sandbox.approve(&id);
    let answer = desk.update("CHAT_PROMPT", &id, "Opening hours", "When?").await;
    assert_eq!(auto_id(&answer), id, "an edit leaves a prompt its id");
    assert_eq!(desk.sandbox.ledger().automatic(ChatPrompt), ["Opening hours | When? [reviewing]"]);
    desk.sandbox.reject(&id);
    refused(&desk.update("CHAT_PROMPT", &id, "Hours", "When?").await, 40002, "rejected");
    assert_eq!(desk.sandbox.ledger().automatic(ChatPrompt), ["Opening hours | When? [rejected]"]);
    assert_eq!(code_of(&desk.delete("CHAT_PROMPT", &id).await), 0, "it can only be made anew");
    desk.created("CHAT_PROMPT", "Opening hours", "When?").await;
}

#[tokio::test]
async fn a_welcome_message_has_another_id_after_an_edit_and_cannot_be_deleted() {
    let desk = Desk::linked().await;
    let first = desk.created("WELCOME_MESSAGE", "", "Hello").await;
    desk.sandbox.approve(&first);
    let second = auto_id(&desk.update("WELCOME_MESSAGE", &first, "", "Hello there").await);
    assert_ne!(first, second);
    desk.sandbox.approve(&second);
    refused(&desk.update("WELCOME_MESSAGE", &first, "", "Hello you").await, 40007, "does not exist");
    refused(&desk.delete("WELCOME_MESSAGE", &second).await, 40002, "Turn it off");
    assert_eq!(desk.sandbox.ledger().automatic(WelcomeMessage), ["Hello there [approved]"]);
}

#[tokio::test]
async fn a_rejected_welcome_message_is_replaced_by_creating_another_one() {
    let desk = Desk::linked().await;
    let first = desk.created("WELCOME_MESSAGE", "", "free money").await;
    refused(&desk.create("WELCOME_MESSAGE", "", "Hello").await, 40002, "cannot exceed 1");
    desk.reviews_end();
    refused(&desk.update("WELCOME_MESSAGE", &first, "", "Hello").await, 40002, "rejected");
    let mut pushed = desk.sandbox.webhooks();
    let second = desk.created("WELCOME_MESSAGE", "", "Hello").await;
    let actions: Vec<Value> = crate::webhooks::heard(&mut pushed)
        .iter()
        .map(|event| event["content"]["auto_message_action"].clone())
        .collect();
    assert_eq!(actions, ["DELETE", "CREATE"]);
    assert!(desk.sandbox.reject(&second));
    assert!(!desk.sandbox.owner().welcomes_with("Hello there").is_empty(), "in the app too");
    assert_eq!(desk.sandbox.ledger().automatic(WelcomeMessage), ["Hello there [reviewing]"]);
}

#[tokio::test]
async fn a_review_that_takes_no_time_is_over_when_somebody_looks() {
    let config = sandbox::Config { review: Duration::ZERO, ..sandbox::Config::default() };
    let desk = Desk::linked_to(crate::client::unhurried(config).await).await;
    desk.created("WELCOME_MESSAGE", "", "Hello").await;
    assert_eq!(desk.auto_get("WELCOME_MESSAGE").await["auto_messages"][0]["audit_status"], "APPROVED");
}

#[tokio::test]
async fn turning_the_welcome_message_on_with_none_there_makes_a_default_one() {
    let desk = Desk::linked().await;
    assert_eq!(desk.switch("WELCOME_MESSAGE", "ENABLE").await, 0);
    let data = desk.auto_get("WELCOME_MESSAGE").await;
    let message = &data["auto_messages"][0];
    assert_eq!((&data["operation_status"], &message["audit_status"]), (&json!("ENABLE"), &json!("APPROVED")));
    assert!(message["welcome_message"]["content"].as_str().unwrap().contains("{{display_name}}"));
    assert_eq!(desk.switch("WELCOME_MESSAGE", "DISABLE").await, 0);
    assert_eq!(desk.switch("WELCOME_MESSAGE", "ENABLE").await, 0);
    assert_eq!(desk.sandbox.ledger().automatic(WelcomeMessage).len(), 1, "once is enough");
}

#[tokio::test]
async fn turning_questions_or_prompts_on_switches_off_what_is_there_until_it_is_made_anew() {
    let desk = Desk::linked().await;
    for (kind, of) in [("SUGGESTED_QUESTION", SuggestedQuestion), ("CHAT_PROMPT", ChatPrompt)] {
        let id = desk.created(kind, "Hours", "9 to 18").await;
        desk.sandbox.approve(&id);
        let before = desk.auto_get(kind).await["auto_messages"].clone();
        assert_eq!(desk.switch(kind, "ENABLE").await, 0);
        let data = desk.auto_get(kind).await;
        assert_eq!(
            (&data["operation_status"], &data["auto_messages"]),
            (&json!("ENABLE"), &before),
            "nothing shows it"
        );
        let now = || desk.sandbox.ledger().automatic(of);
        assert_eq!(now(), ["Hours | 9 to 18 [approved]"]);
        assert_eq!(code_of(&desk.update(kind, &id, "Hours", "10 to 18").await), 0);
        desk.reviews_end();
        assert_eq!(now(), ["Hours | 10 to 18 [approved]"], "an edit does not bring it back");
        refused(&desk.create(kind, "Hours", "9 to 18").await, 40002, "Duplicate");
        assert_eq!(code_of(&desk.delete(kind, &id).await), 0);
        let anew = desk.created(kind, "Hours", "9 to 18").await;
        assert!(desk.sandbox.approve(&anew));
        assert_eq!(now(), ["Hours | 9 to 18 [approved, served]"]);
        assert_eq!(desk.switch(kind, "ENABLE").await, 0);
        assert_eq!(now(), ["Hours | 9 to 18 [approved]"], "each ENABLE does it, also of what is on");
    }
}

#[tokio::test]
async fn a_kind_is_switched_for_itself_and_for_its_account_alone() {
    let desk = Desk::linked().await;
    assert_eq!(desk.switch("CHAT_PROMPT", "ENABLE").await, 0);
    assert_eq!(desk.auto_get("SUGGESTED_QUESTION").await["operation_status"], "DISABLE");
    desk.sandbox.open_account("other", "Other", sandbox::WindowRule::A);
    desk.sandbox.owner().suggests("Other's?", "Yes");
    assert_eq!(desk.auto_get("SUGGESTED_QUESTION").await["auto_messages"], json!([]));
    assert_eq!(desk.sandbox.ledger().auto_messages[0].account, "other");
}

#[tokio::test]
async fn chat_prompts_are_sorted_by_all_their_ids_and_other_kinds_not_at_all() {
    let desk = Desk::linked().await;
    let mut ids = Vec::new();
    for title in ["a", "b", "c"] {
        desk.created("SUGGESTED_QUESTION", title, "x").await;
        ids.push(desk.created("CHAT_PROMPT", title, "x").await);
    }
    let titles = async |kind: &str, field: &str| -> Vec<String> {
        let data = desk.auto_get(kind).await;
        let all = data["auto_messages"].as_array().unwrap();
        all.iter().map(|entry| entry[kind.to_lowercase()][field].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(titles("CHAT_PROMPT", "title").await, ["a", "b", "c"], "the oldest first");
    let [a, b, c] = [0, 1, 2].map(|n: usize| ids[n].as_str());
    assert_eq!(code_of(&desk.sort("CHAT_PROMPT", &[c, a, b]).await), 0);
    assert_eq!(titles("CHAT_PROMPT", "title").await, ["c", "a", "b"]);
    for wrong in [&[c, a][..], &[c, a, a], &[c, a, b, b], &[c, a, "73"], &[]] {
        refused(&desk.sort("CHAT_PROMPT", wrong).await, 40002, "auto_message_ids");
    }
    refused(&desk.sort("SUGGESTED_QUESTION", &[]).await, 40002, "only CHAT_PROMPT");
    refused(&desk.auto("sort", json!({ "auto_message_type": "CHAT_PROMPT" })).await, 40002, "auto_message_ids");
    let by_one = json!({ "auto_message_type": "CHAT_PROMPT", "auto_message_ids": a });
    refused(&desk.auto("sort", by_one).await, 40002, "auto_message_ids");
    assert_eq!(titles("CHAT_PROMPT", "title").await, ["c", "a", "b"], "what was refused moved nothing");
    assert_eq!(titles("SUGGESTED_QUESTION", "question").await, ["a", "b", "c"]);
    desk.created("CHAT_PROMPT", "d", "x").await;
    assert_eq!(titles("CHAT_PROMPT", "title").await, ["c", "a", "b", "d"], "a new one comes last");
}

#[tokio::test]
async fn prompts_may_be_listed_wrapped_as_the_documentations_example_has_them() {
    let desk = Desk::linked().await;
    desk.created("CHAT_PROMPT", "Hours", "When?").await;
    desk.created("SUGGESTED_QUESTION", "When?", "9 to 18").await;
    desk.created("WELCOME_MESSAGE", "", "Hello").await;
    desk.sandbox.wrap_prompts(true);
    let entry = desk.auto_get("CHAT_PROMPT").await["auto_messages"][0].clone();
    assert_eq!(entry["suggested_question"], json!({ "title": "Hours", "content": "When?" }));
    assert!(entry.get("chat_prompt").is_none() && entry["auto_message_type"] == "CHAT_PROMPT");
    let question = desk.auto_get("SUGGESTED_QUESTION").await["auto_messages"][0].clone();
    assert_eq!(question["suggested_question"]["question"], "When?");
    assert!(desk.auto_get("WELCOME_MESSAGE").await["auto_messages"][0].get("welcome_message").is_some());
    desk.sandbox.wrap_prompts(false);
    assert!(desk.auto_get("CHAT_PROMPT").await["auto_messages"][0].get("chat_prompt").is_some());
}
