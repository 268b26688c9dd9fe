//! Automatic messages over the API: limits, wrong fields, wrong callers, and what goes wrong on the way.

use sandbox::{AutoKind::ChatPrompt, Fault, Times};
use serde_json::json;

use crate::{
    automatic::{ROOT, refused},
    client::{Desk, code_of, json_of, unhurried},
};

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
        unhurried(sandbox::Config::default()).await,
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
