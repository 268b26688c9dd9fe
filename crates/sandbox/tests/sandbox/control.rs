//! What is new, from outside: every control address once.

use serde_json::{Value, json};

use crate::{
    client::{Desk, code_of},
    webhooks::heard,
};

struct Outside {
    desk: Desk,
}

impl Outside {
    async fn ask(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/sandbox/{path}", self.desk.sandbox.base_url());
        let answer = self.desk.http.post(url).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    async fn done(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(path, body.clone()).await;
        assert_eq!(status, 200, "{path} {body}: {answer}");
        answer
    }

    async fn look(&self, path: &str) -> Value {
        let url = format!("{}/sandbox/{path}", self.desk.sandbox.base_url());
        self.desk.http.get(url).send().await.unwrap().json().await.unwrap()
    }
}

async fn outside() -> Outside {
    Outside { desk: Desk::linked().await }
}

#[tokio::test]
async fn customers_do_everything_from_outside_too() {
    let out = outside().await;
    let mut pushed = out.desk.sandbox.webhooks();
    out.done("comes", json!({ "customer": "Nok", "link": "spring", "prefilled": "hello" })).await;
    let said = out.done("says", json!({ "customer": "Nok", "text": "hello" })).await["message_id"].clone();
    out.done("says", json!({ "customer": "Nok", "kind": "video", "bytes": 70_000 })).await;
    let note = json!({ "customer": "Nok", "kind": "new", "new_kind": "VOICE_NOTE", "block": { "duration_ms": 1 } });
    out.done("says", note).await;
    out.done("quotes", json!({ "customer": "Nok", "message_id": said, "text": "I said" })).await;
    out.done("reads", json!({ "customer": "Nok" })).await;
    out.done("reacts", json!({ "customer": "Nok", "message_id": said, "emoji": "👍", "colleague": true })).await;
    out.done("reacts", json!({ "customer": "Nok", "message_id": said, "ai_emoji": "cat" })).await;
    out.done("reacts", json!({ "customer": "Nok", "message_id": said, "ai_emoji": "cat", "remove": true })).await;
    for kind in ["welcome", "suggested_question", "auto_reply"] {
        out.done("automatic", json!({ "customer": "Nok", "kind": kind, "text": "9 to 18", "question": "Hours?" }))
            .await;
    }
    let events = heard(&mut pushed);
    let told: Vec<String> = events
        .iter()
        .map(|event| {
            let content = &event["content"];
            format!("{} {}", event["event"].as_str().unwrap(), content["type"].as_str().unwrap_or_default())
        })
        .collect();
    let expected = [
        "im_referral_msg ",
        "im_receive_msg text",
        "im_receive_msg video",
        "im_receive_msg voice_note",
        "im_receive_msg text",
        "im_mark_read_msg ",
        "im_send_msg reaction",
        "im_receive_msg reaction",
        "im_receive_msg reaction",
        "im_send_msg text",
        "im_receive_msg text",
        "im_send_msg text",
        "im_send_msg text",
    ];
    assert_eq!(told, expected);
    let nok = out.desk.sandbox.customer("Nok");
    let card = json!({ "template": { "type": "QA_LINK_CARD", "title": "Which?",
        "buttons": [{ "type": "REPLY", "title": "This one" }] } });
    let sent = out.desk.sends_block(&nok, "TEMPLATE", &card).await["data"]["message"]["message_id"].clone();
    out.done("taps", json!({ "customer": "Nok", "message_id": sent, "title": "This one" })).await;
    assert_eq!(heard(&mut pushed)[1]["content"]["reply_source_payload"]["reply_source_unique_id"], "This one");
    let renamed =
        json!({ "customer": "Nok", "name": "Nok B.", "in_europe": true, "follows": false, "new_picture": true });
    out.done("person", renamed).await;
    assert_eq!(nok.name(), "Nok B.");
    nok.says("who");
    assert_eq!(heard(&mut pushed)[0]["event"], "im_receive_msg_eu");
    for (path, wrong) in [
        ("taps", json!({ "customer": "Nok", "message_id": sent, "title": "That one" })),
        ("reacts", json!({ "customer": "Nok", "message_id": "none", "emoji": "👍" })),
        ("reacts", json!({ "customer": "Nok", "message_id": said })),
        ("comes", json!({ "customer": "Nok" })),
    ] {
        assert_eq!(out.ask(path, wrong).await.0, 400, "{path}");
    }
}

#[tokio::test]
async fn crowds_faults_links_tokens_and_the_clock_are_moved_from_outside_too() {
    let out = outside().await;
    let crowd = json!({ "customers": 5, "messages": 50, "over_ms": 1000 });
    assert_eq!(out.done("crowd", crowd).await["customers"], 5);
    assert_eq!(out.look("customers").await.as_array().unwrap().len(), 5);
    let burst = out.done("says_many", json!({ "customer": "Nok", "count": 30 })).await;
    assert_eq!(out.done("written", json!({ "customer": "Nok" })).await, burst["message_ids"]);
    let nok = out.desk.sandbox.customer("Nok");
    out.done("faults", json!({ "endpoint": "content_list", "fault": "shuffled", "duplicates": 4, "next": 1 })).await;
    assert_eq!(out.desk.messages(&nok).await.len(), 24);

    let face = out.desk.content(&nok).await["participants"][1]["profile_image"].clone();
    out.done("links/expire", json!({})).await;
    assert_eq!(out.desk.http.get(face.as_str().unwrap()).send().await.unwrap().status(), 403);

    let mut pushed = out.desk.sandbox.webhooks();
    out.done("webhooks/faults", json!({ "dropped": 1.0 })).await;
    nok.says("lost");
    let look = out.look("webhooks").await;
    assert_eq!((&look["faults"]["dropped"], &look["tally"]["dropped"]), (&json!(1.0), &json!(1)));
    assert_eq!((&look["callback_url"], &look["waiting"]), (&Value::Null, &json!(0)));
    let faults = format!("{}/sandbox/faults", out.desk.sandbox.base_url());
    out.desk.http.delete(faults).send().await.unwrap();
    nok.says("heard");
    assert_eq!(heard(&mut pushed).len(), 1);

    let before = out.desk.sandbox.now_ms();
    out.done("clock", json!({ "days": 2 })).await;
    assert!(out.desk.sandbox.now_ms() - before >= 2 * 86_400_000);
    let renew = async || code_of(&crate::client::renew(&out.desk.sandbox, &out.desk.http, &out.desk.refresh).await);
    out.done("tokens/expire_refresh", json!({})).await;
    assert_eq!(renew().await, 40103);
    out.done("tokens/kill_refresh", json!({})).await;
    assert_eq!(renew().await, 40107);
}

#[tokio::test]
async fn the_owner_and_the_reviewers_work_from_outside_too() {
    let out = outside().await;
    let owner = async |body: Value| out.ask("owner", body).await;
    let id = |(status, answer): (u16, Value)| {
        assert_eq!(status, 200, "{answer}");
        answer["auto_message_id"].as_str().unwrap().to_owned()
    };
    for kind in ["WELCOME_MESSAGE", "SUGGESTED_QUESTION", "CHAT_PROMPT"] {
        assert_eq!(owner(json!({ "does": "turns_on", "kind": kind })).await.0, 200);
    }
    let question = id(owner(json!({ "does": "suggests", "question": "When?", "answer": "9 to 18" })).await);
    let prompt = id(owner(json!({ "does": "prompts", "title": "Size", "content": "Which size?" })).await);
    let welcome = id(owner(json!({ "does": "welcomes_with", "text": "Hello" })).await);
    for id in [&question, &prompt, &welcome] {
        out.done("review", json!({ "auto_message_id": id, "approve": true })).await;
    }
    assert_eq!(out.ask("review", json!({ "auto_message_id": "73", "approve": true })).await.0, 400);
    let answer = out.done("taps_question", json!({ "customer": "Nok", "title": "When?" })).await;
    assert!(answer["answer_id"].as_str().is_some_and(|id| !id.is_empty()));
    out.done("taps_prompt", json!({ "customer": "Nok", "title": "Size" })).await;
    for path in ["taps_question", "taps_prompt"] {
        assert_eq!(out.ask(path, json!({ "customer": "Nok", "title": "Colour" })).await.0, 400, "{path}");
    }
    let texts: Vec<String> = out.desk.sandbox.customer("Nok").thread().into_iter().map(|line| line.text).collect();
    assert_eq!(texts, ["When?", "Hello", "9 to 18", "Which size?"]);
    let edit = json!({ "does": "edits", "auto_message_id": prompt, "title": "Sizes", "body": "Which?" });
    assert_eq!(id(owner(edit.clone()).await), prompt);
    assert_eq!(owner(edit).await.0, 400, "it is under review");
    out.done("review", json!({ "auto_message_id": prompt, "approve": false })).await;
    let sorts = |ids: Value| json!({ "does": "sorts", "auto_message_ids": ids });
    assert_eq!((owner(sorts(json!([prompt]))).await.0, owner(sorts(json!([]))).await.0), (200, 400));
    let deletes = json!({ "does": "deletes", "auto_message_id": question });
    assert_eq!((owner(deletes.clone()).await.0, owner(deletes).await.0), (200, 400));
    assert_eq!(owner(json!({ "does": "turns_off", "kind": "WELCOME_MESSAGE" })).await.0, 200);
    out.done("wrap_prompts", json!({ "wraps": true })).await;
    assert!(out.desk.auto_get("CHAT_PROMPT").await["auto_messages"][0].get("suggested_question").is_some());
    let now = out.look("auto_messages").await;
    assert_eq!(now, out.look("ledger").await["auto_messages"]);
    let expected = json!({
        "account": "cornershop", "id": welcome, "kind": "WELCOME_MESSAGE", "title": "", "body": "Hello",
        "audit_status": "APPROVED", "enabled": false, "served": false,
    });
    assert_eq!((&now[0], &now[1]["audit_status"], now.as_array().unwrap().len()), (&expected, &json!("REJECTED"), 2));
}

#[tokio::test]
async fn comments_are_made_and_answered_from_outside_too() {
    let out = outside().await;
    out.done("owner", json!({ "does": "answers_comments", "answers": true })).await;
    let mut pushed = out.desk.sandbox.webhooks();
    let made = out.done("comments", json!({ "customer": "Nok", "text": "How much?" })).await;
    let events = heard(&mut pushed);
    assert_eq!((events.len(), &events[0]["content"]["comment_id"]), (1, &made["comment_id"]));
    let answers = json!({ "does": "answers_comment", "comment_id": made["comment_id"], "text": "12 €" });
    out.done("owner", answers.clone()).await;
    assert_eq!(out.ask("owner", answers).await.0, 400);
    for (flag, value) in [
        ("ago_ms", json!(49 * 3_600_000)),
        ("under_a_comment", json!(true)),
        ("on_another_account", json!(true)),
        ("by_a_minor", json!(true)),
        ("from_elsewhere", json!(true)),
    ] {
        let made = out.done("comments", json!({ "customer": flag, "text": "How much?", flag: value })).await;
        let answer = json!({
            "business_id": out.desk.business_id, "message_type": "TEXT", "text": { "body": "12 €" },
            "direct_reply": {
                "reply_type": "COMMENT_REPLY", "comment_reply": { "comment_id": made["comment_id"] },
            },
        });
        let code = code_of(&out.desk.post("business/message/send/", &answer).await);
        assert!([40002, 40064].contains(&code), "{flag}: {code}");
    }
    out.done("owner", json!({ "does": "registers_in", "country": "FR" })).await;
    let query = [("direct_reply_type", "COMMENT_TO_MESSAGE")];
    assert_eq!(code_of(&out.desk.get("business/message/direct_reply/get/", &query).await), 40118);
}
