//! Automatic messages over the API: the limits, the review, what each call does and refuses.

use std::time::Duration;

use sandbox::{
    AutoKind::{ChatPrompt, SuggestedQuestion, WelcomeMessage},
    Fault, Times,
};
use serde_json::{Value, json};

use crate::client::{Desk, code_of, json_of};

const ROOT: &str = "business/message/auto_message";

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

    async fn delete(&self, kind: &str, id: &str) -> Value {
        self.auto("delete", json!({ "auto_message_type": kind, "auto_message_id": id })).await
    }

    async fn sort(&self, kind: &str, ids: &[&str]) -> Value {
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

fn refused(answer: &Value, code: i64, why: &str) {
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
async fn limits_count_characters_and_not_bytes_or_what_looks_like_one() {
    // Three bytes; and a family, which is seven characters.
    for (unit, size) in [("ก", 1), ("👨‍👩‍👧‍👦", 7)] {
        let desk = Desk::linked().await;
        let fill = |longest: usize| unit.repeat(longest / size) + &"x".repeat(longest % size);
        for (kind, title, body) in [
            ("WELCOME_MESSAGE", None, ("content", 250)),
            ("SUGGESTED_QUESTION", Some(("question", 80)), ("answer", 200)),
            ("CHAT_PROMPT", Some(("title", 18)), ("content", 150)),
        ] {
            let named = |field: &str| format!("{}.{field}", kind.to_lowercase());
            let (longest, said) = (fill(title.map_or(0, |(_, longest)| longest)), fill(body.1));
            let too_long = |text: &str| format!("{text}x");
            refused(&desk.create(kind, &longest, &too_long(&said)).await, 40002, &named(body.0));
            refused(&desk.create(kind, &longest, " \n").await, 40002, &named(body.0));
            if let Some((field, _)) = title {
                refused(&desk.create(kind, &too_long(&longest), &said).await, 40002, &named(field));
                refused(&desk.create(kind, " ", &said).await, 40002, &named(field));
            }
            let id = desk.created(kind, &longest, &said).await;
            desk.reviews_end();
            refused(&desk.update(kind, &id, &longest, &too_long(&said)).await, 40002, &named(body.0));
            assert_eq!(code_of(&desk.update(kind, &id, &longest, &said).await), 0, "its own words are no duplicate");
        }
    }
}

#[tokio::test]
async fn there_are_one_three_and_six_of_a_kind_and_never_two_with_the_same_title() {
    let desk = Desk::linked().await;
    for (kind, most) in [("WELCOME_MESSAGE", 1), ("SUGGESTED_QUESTION", 3), ("CHAT_PROMPT", 6)] {
        let mut ids = Vec::new();
        for n in 0..most {
            if n > 0 {
                refused(&desk.create(kind, "0", "another answer").await, 40002, "Duplicate");
                refused(&desk.create(kind, " 0 ", "another answer").await, 40002, "Duplicate");
            }
            ids.push(desk.created(kind, &n.to_string(), "an answer").await);
        }
        refused(&desk.create(kind, "one more", "an answer").await, 40002, &format!("cannot exceed {most}"));
        desk.reviews_end();
        if most > 1 {
            refused(&desk.update(kind, &ids[1], "0", "an answer").await, 40002, "Duplicate");
            assert_eq!(code_of(&desk.delete(kind, &ids[0]).await), 0);
            desk.created(kind, "0", "an answer").await;
        }
        assert_eq!(desk.auto_get(kind).await["auto_messages"].as_array().unwrap().len(), most);
    }
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
async fn a_wrong_field_is_refused_by_its_name() {
    let desk = Desk::linked().await;
    let id = desk.created("CHAT_PROMPT", "Hours", "When?").await;
    for (call, fields, code, name) in [
        ("create", json!({}), 40002, "auto_message_type"),
        ("create", json!({ "auto_message_type": "AUTO_REPLY" }), 40002, "auto_message_type"),
        ("create", json!({ "auto_message_type": "chat_prompt" }), 40002, "auto_message_type"),
        ("create", json!({ "auto_message_type": "CHAT_PROMPT" }), 40002, "chat_prompt"),
        ("create", json!({ "auto_message_type": "CHAT_PROMPT", "chat_prompt": "x" }), 40002, "chat_prompt"),
        ("create", json!({ "auto_message_type": "CHAT_PROMPT", "chat_prompt": { "title": "x" } }), 40002, "content"),
        (
            "create",
            json!({ "auto_message_type": "CHAT_PROMPT", "suggested_question": { "title": "x", "content": "y" } }),
            40002,
            "chat_prompt",
        ),
        (
            "create",
            json!({ "auto_message_type": "WELCOME_MESSAGE", "welcome_message": { "content": "x", "title": "y" } }),
            40002,
            "welcome_message.title",
        ),
        ("update", json!({ "auto_message_type": "CHAT_PROMPT" }), 40002, "auto_message_id"),
        ("delete", json!({ "auto_message_type": "CHAT_PROMPT" }), 40002, "auto_message_id"),
        ("delete", json!({ "auto_message_type": "CHAT_PROMPT", "auto_message_id": "73" }), 40007, "does not exist"),
        ("delete", json!({ "auto_message_type": "SUGGESTED_QUESTION", "auto_message_id": id }), 40007, "not exist"),
        ("status/update", json!({ "auto_message_type": "CHAT_PROMPT" }), 40002, "operation_status"),
        ("status/update", json!({ "auto_message_type": "CHAT_PROMPT", "operation_status": "ON" }), 40002, "status"),
    ] {
        refused(&desk.auto(call, fields).await, code, name);
    }
    let none = [("auto_message_type", "CHAT_PROMPT"), ("auto_message_id", "73")];
    refused(&desk.get(&format!("{ROOT}/get/"), &none).await, 40007, "does not exist");
    refused(&desk.get(&format!("{ROOT}/get/"), &[]).await, 40002, "auto_message_type");
    assert_eq!(desk.sandbox.ledger().auto_changes.len(), 1, "nothing of it took effect");
}

#[tokio::test]
async fn they_want_the_scope_the_account_the_slash_and_their_method() {
    let desk = Desk::linked_with(
        crate::client::unhurried(sandbox::Config::default()).await,
        "user.info.basic,message.list.read,message.list.send",
    )
    .await;
    let calls = ["create", "update", "status/update", "delete", "sort"];
    for call in calls {
        refused(&desk.auto(call, json!({ "auto_message_type": "CHAT_PROMPT" })).await, 40001, "message.list.manage");
    }
    let query = [("auto_message_type", "CHAT_PROMPT")];
    refused(&desk.get(&format!("{ROOT}/get/"), &query).await, 40001, "message.list.manage");
    let desk = Desk::linked().await;
    for call in calls {
        let url = desk.url(&format!("{ROOT}/{call}/"));
        let someone = json!({ "business_id": "_000someone", "auto_message_type": "CHAT_PROMPT" });
        refused(&desk.post(&format!("{ROOT}/{call}/"), &someone).await, 40001, "business_id");
        let bare = json_of(desk.http.post(&url).json(&json!({})).send().await.unwrap()).await;
        assert_eq!(code_of(&bare), 40002, "no business_id");
        let no_token = json!({ "business_id": desk.business_id, "auto_message_type": "CHAT_PROMPT" });
        refused(&json_of(desk.http.post(&url).json(&no_token).send().await.unwrap()).await, 40104, "missing");
        for method in [reqwest::Method::PUT, reqwest::Method::DELETE, reqwest::Method::GET] {
            assert_eq!(desk.http.request(method, &url).send().await.unwrap().status(), 405);
        }
        assert_eq!(desk.http.post(url.trim_end_matches('/')).send().await.unwrap().status(), 404);
    }
}

#[tokio::test]
async fn prompts_may_be_listed_wrapped_as_the_documentations_example_has_them() {
    let desk = Desk::linked().await;
    desk.created("CHAT_PROMPT", "Hours", "When?").await;
    desk.created("SUGGESTED_QUESTION", "When?", "9 to 18").await;
    desk.sandbox.wrap_prompts(true);
    let entry = desk.auto_get("CHAT_PROMPT").await["auto_messages"][0].clone();
    assert_eq!(entry["suggested_question"], json!({ "title": "Hours", "content": "When?" }));
    assert!(entry.get("chat_prompt").is_none() && entry["auto_message_type"] == "CHAT_PROMPT");
    let question = desk.auto_get("SUGGESTED_QUESTION").await["auto_messages"][0].clone();
    assert_eq!(question["suggested_question"]["question"], "When?");
    desk.sandbox.wrap_prompts(false);
    assert!(desk.auto_get("CHAT_PROMPT").await["auto_messages"][0].get("chat_prompt").is_some());
}

#[tokio::test]
async fn a_create_whose_answer_got_lost_took_effect_and_the_next_try_is_a_duplicate() {
    let desk = Desk::linked().await;
    desk.sandbox.fault("auto_create", Fault::HangUpAfter, Times::Next(1));
    let fields = json!({
        "business_id": desk.business_id, "auto_message_type": "CHAT_PROMPT",
        "chat_prompt": { "title": "Hours", "content": "When?" },
    });
    assert!(desk.try_post(&format!("{ROOT}/create/"), &fields).await.is_err());
    refused(&desk.create("CHAT_PROMPT", "Hours", "When?").await, 40002, "Duplicate");
    assert_eq!(desk.sandbox.ledger().automatic(ChatPrompt).len(), 1);
    for (call, name) in [("update", "auto_update"), ("status/update", "auto_status"), ("delete", "auto_delete")] {
        desk.sandbox.fault(name, Fault::code(50000), Times::Next(1));
        assert_eq!(code_of(&desk.auto(call, json!({})).await), 50000, "{name}");
    }
    for name in ["auto_sort", "auto_get"] {
        desk.sandbox.fault(name, Fault::RateLimited, Times::Next(1));
    }
    assert_eq!(code_of(&desk.sort("CHAT_PROMPT", &[]).await), 40100);
    assert_eq!(code_of(&desk.get(&format!("{ROOT}/get/"), &[]).await), 40100);
    assert_eq!(desk.sandbox.ledger().calls("auto_create"), 2);
}
