//! What TikTok pushes: an event for everything that happens, signed, in its own letters and not the listing's.

use sandbox::{Config, Customer, Delivery, Sandbox, WebhookFaults};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::broadcast::Receiver;

use crate::client::{Desk, unhurried};

/// Everything pushed since, each as its envelope with the content read.
pub(crate) fn heard(pushed: &mut Receiver<Delivery>) -> Vec<Value> {
    std::iter::from_fn(|| pushed.try_recv().ok()).map(|delivery| opened(&delivery.body)).collect()
}

/// An envelope whose content is read too.
pub(crate) fn opened(body: &[u8]) -> Value {
    let mut envelope: Value = serde_json::from_slice(body).unwrap();
    envelope["content"] = serde_json::from_str(envelope["content"].as_str().unwrap()).unwrap();
    envelope
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

async fn shop() -> (Desk, Customer, Receiver<Delivery>) {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    let pushed = desk.sandbox.webhooks();
    (desk, nok, pushed)
}

/// HMAC-SHA256 by the book, for a key shorter than a block.
fn hmac(key: &[u8], message: &[u8]) -> String {
    let pad = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::digest([&pad(0x36)[..], message].concat());
    let outer = Sha256::digest([&pad(0x5c)[..], &inner[..]].concat());
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_customers_text_is_pushed_in_an_envelope_whose_content_is_a_string() {
    let (desk, nok, mut pushed) = shop().await;
    let id = nok.says("Do you ship to Chiang Mai?");
    let delivery = pushed.try_recv().unwrap();
    let envelope: Value = serde_json::from_slice(&delivery.body).unwrap();
    assert!(envelope["content"].is_string());
    assert_eq!(envelope["client_key"], desk.sandbox.apps().business_app_id.as_str());
    assert_eq!(envelope["user_openid"], desk.business_id.as_str());
    let seconds = envelope["create_time"].as_i64().unwrap();
    assert!((desk.sandbox.now_ms() / 1000 - seconds).abs() < 600, "{seconds} is not in seconds");
    let event = opened(&delivery.body);
    let content = &event["content"];
    assert!((desk.sandbox.now_ms() - content["timestamp"].as_i64().unwrap()).abs() < 600_000, "and inside are ms");
    assert_eq!(event["event"], "im_receive_msg");
    let expected = json!({
        "from": nok.username(), "to": "cornershop", "unique_identifier": nok.unique_identifier(),
        "from_user": { "id": nok.unique_identifier(), "role": "personal_account" },
        "to_user": { "id": desk.business_id, "role": "business_account" },
        "conversation_id": nok.conversation_id(), "message_id": id, "timestamp": content["timestamp"],
        "type": "text", "text": { "body": "Do you ship to Chiang Mai?" },
        "is_follower": content["is_follower"], "scene_type": 0, "message_tag": { "source": "APP" },
    });
    assert_eq!(*content, expected);
    assert!(content["is_follower"].is_boolean());
}

#[tokio::test]
async fn the_signature_is_over_the_time_a_dot_and_the_body_to_the_byte() {
    let (desk, nok, mut pushed) = shop().await;
    nok.says("ăâê 👗 \"quoted\" \\ slash/ü");
    let delivery = pushed.try_recv().unwrap();
    let (time, digest) = delivery.signature.split_once(',').unwrap();
    let (time, digest) = (time.strip_prefix("t=").unwrap(), digest.strip_prefix("s=").unwrap());
    assert!((desk.sandbox.now_ms() / 1000 - time.parse::<i64>().unwrap()).abs() < 600);
    let message = [time.as_bytes(), b".", &delivery.body].concat();
    assert_eq!(digest, hmac(desk.sandbox.apps().business_secret.as_bytes(), &message));
}

#[tokio::test]
async fn every_kind_a_customer_sends_has_its_block_in_lower_case() {
    let (_desk, nok, mut pushed) = shop().await;
    let said = nok.says("hi");
    nok.sends_image();
    nok.sends_video();
    nok.shares_post();
    nok.sends_sticker();
    nok.sends_emoji();
    nok.sends_something_unknown();
    nok.sends_new_kind("VOICE_NOTE", json!({ "duration_ms": 4200 }));
    nok.quotes(&said, "again");
    let events = heard(&mut pushed);
    assert!(names(&events).iter().all(|name| *name == "im_receive_msg"));
    let kinds: Vec<&str> = events.iter().map(|event| event["content"]["type"].as_str().unwrap()).collect();
    let expected = ["text", "image", "video", "share_post", "sticker", "emoji", "other", "voice_note", "text"];
    assert_eq!(kinds, expected);
    let content = |n: usize| &events[n]["content"];
    assert!(content(1)["image"]["media_id"].is_string() && content(2)["video"]["media_id"].is_string());
    let post = &content(3)["share_post"];
    assert!(post["video_id"].is_string() && post["embed_url"].is_string() && post.get("item_id").is_none());
    assert!(content(4)["sticker"]["url"].as_str().unwrap().contains("x-expires="));
    assert!(!content(5)["emoji"]["url"].as_str().unwrap().contains("x-expires="));
    assert_eq!(content(7)["voice_note"], json!({ "duration_ms": 4200 }));
    assert_eq!(content(8)["referenced_message_info"]["referenced_message_id"], said.as_str());
}

#[tokio::test]
async fn what_the_business_sends_is_pushed_wherever_it_was_written() {
    let (desk, nok, mut pushed) = shop().await;
    nok.says("hi");
    heard(&mut pushed);
    assert_eq!(desk.sends(&nok, "from the API").await, 0);
    nok.colleague_replies("from the phone", "APP");
    nok.colleague_replies("from the web", "WEB");
    nok.is_welcomed("by itself");
    let (_, answer) = nok.asks_suggested_question("Opening hours?", "9 to 18");
    nok.is_auto_replied("by keyword");
    let events = heard(&mut pushed);
    let ours: Vec<&Value> =
        events.iter().filter(|event| event["event"] == "im_send_msg").map(|event| &event["content"]).collect();
    let sources: Vec<&str> = ours.iter().map(|ours| ours["message_tag"]["source"].as_str().unwrap()).collect();
    assert_eq!(sources, ["API", "APP", "WEB", "OTHERS", "OTHERS", "OTHERS"]);
    let autos: Vec<&str> = ours.iter().filter_map(|ours| ours["auto_message_type"].as_str()).collect();
    assert_eq!(autos, ["WELCOME_MESSAGE", "SUGGESTED_QUESTION", "AUTO_REPLY"]);
    assert_eq!(ours[4]["message_id"], answer.as_str());
    for echo in ours {
        assert_eq!(echo["from_user"]["id"], desk.business_id.as_str());
        assert_eq!(echo["to_user"]["role"], "personal_account");
    }
}

#[tokio::test]
async fn a_card_is_nested_once_more_and_a_tap_names_its_button() {
    let (desk, nok, mut pushed) = shop().await;
    nok.says("hi");
    heard(&mut pushed);
    let button = |title: &str, id: &str| json!({ "type": "REPLY", "title": title, "id": id });
    let card = json!({
        "type": "QA_BUTTON_CARD", "title": "Which size?", "buttons": [button("Small", "s"), button("Medium", "m")],
    });
    let sent = desk.sends_block(&nok, "TEMPLATE", &json!({ "template": card })).await;
    let card_id = sent["data"]["message"]["message_id"].as_str().unwrap().to_owned();
    let echo = heard(&mut pushed).remove(0);
    let shown = |text: &str, id: &str| json!({ "text": text, "type": "REPLY", "id": id });
    let nested = json!({
        "type": "qa_button_card",
        "elements": [{ "title": "Which size?", "buttons": [shown("Small", "s"), shown("Medium", "m")] }],
    });
    assert_eq!((&echo["content"]["type"], &echo["content"]["template"]), (&json!("template"), &nested));
    let tapped = nok.taps(&card_id, "Medium");
    let event = heard(&mut pushed).remove(0);
    assert_eq!((&event["content"]["type"], &event["content"]["text"]["body"]), (&json!("text"), &json!("Medium")));
    let source = json!({ "reply_source_msg_id": card_id, "reply_source_unique_id": "m" });
    assert_eq!(event["content"]["reply_source_payload"], source);
    let listed = desk.listed(&nok, &tapped).await;
    assert_eq!((&listed["message_type"], &listed["text"]["body"]), (&json!("TEXT"), &json!("Medium")));
    assert!(listed.get("reply_source_payload").is_none(), "only the webhook tells");
    assert_eq!(nok.taps(&card_id, "Large"), "");
    assert!(heard(&mut pushed).is_empty());
}

#[tokio::test]
async fn reading_is_pushed_as_a_mark_that_only_rises() {
    let (desk, nok, mut pushed) = shop().await;
    nok.says("hi");
    heard(&mut pushed);
    nok.reads();
    desk.sandbox.advance(std::time::Duration::from_secs(5));
    nok.reads();
    let events = heard(&mut pushed);
    assert_eq!(names(&events), ["im_mark_read_msg"; 2]);
    let marks: Vec<i64> =
        events.iter().map(|event| event["content"]["read"]["last_read_timestamp"].as_i64().unwrap()).collect();
    assert!(marks[1] >= marks[0] + 5_000 && marks[1] <= desk.sandbox.now_ms(), "{marks:?}");
    assert_eq!(events[0]["content"]["conversation_id"], nok.conversation_id().as_str());
    assert_eq!(events[0]["content"]["from_user"]["role"], "personal_account");
}

#[tokio::test]
async fn a_referral_is_pushed_with_its_time_in_milliseconds_and_no_message() {
    let (desk, nok, mut pushed) = shop().await;
    nok.comes_from_ad("Autumn linen");
    desk.sandbox.customer("Lin").comes_from_link_saying("spring", "Is it true?");
    let events = heard(&mut pushed);
    assert_eq!(names(&events), ["im_referral_msg"; 2]);
    let (ad, link) = (&events[0]["content"]["referral"], &events[1]["content"]["referral"]);
    assert_eq!((&ad["source"], &ad["ad"]["ad_name"]), (&json!("ad"), &json!("Autumn linen")));
    assert!((desk.sandbox.now_ms() - ad["ad"]["timestamp"].as_i64().unwrap()).abs() < 600_000, "in ms");
    assert!(ad.get("short_link").is_none() && link.get("ad").is_none());
    assert_eq!((&link["source"], &link["short_link"]["ref"]), (&json!("short_link"), &json!("spring")));
    assert_eq!(link["short_link"]["prefilled_message"], "Is it true?");
    assert!(events.iter().all(|event| event["content"].get("message_id").is_none()));
}

#[tokio::test]
async fn of_a_person_in_europe_only_that_they_wrote_is_pushed_and_the_rest_is_listed() {
    let (desk, nok, mut pushed) = shop().await;
    nok.is_in_europe(true);
    let id = nok.says("Grüezi");
    let event = heard(&mut pushed).remove(0);
    assert_eq!(event["event"], "im_receive_msg_eu");
    let content = event["content"].as_object().unwrap();
    assert_eq!(content.keys().collect::<Vec<_>>(), ["timestamp", "to", "to_user"]);
    assert!(!event.to_string().contains(&nok.unique_identifier()) && !event.to_string().contains("Grüezi"));
    assert_eq!(desk.listed(&nok, &id).await["text"]["body"], "Grüezi");
    nok.reacts(&id, "👍");
    assert_eq!(names(&heard(&mut pushed)), ["im_receive_msg_eu"]);
    assert_eq!(desk.sends(&nok, "Grüezi!").await, 0);
    assert_eq!(names(&heard(&mut pushed)), ["im_send_msg"]);
    nok.is_in_europe(false);
    nok.says("moved to Bali");
    assert_eq!(names(&heard(&mut pushed)), ["im_receive_msg"]);
}

#[tokio::test]
async fn the_echo_is_there_before_the_answer_is() {
    let (desk, nok, mut pushed) = shop().await;
    nok.says("hi");
    heard(&mut pushed);
    let late = std::time::Duration::from_secs(600);
    desk.sandbox.fault("send", sandbox::Fault::AnswerLate(late), sandbox::Times::Next(1));
    let body = desk.text(&nok, "hello");
    let sending = desk.try_post("business/message/send/", &body);
    tokio::select! {
        _ = sending => panic!("answered before it was pushed"),
        echo = pushed.recv() => assert_eq!(opened(&echo.unwrap().body)["content"]["text"]["body"], "hello"),
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_made() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("unheard");
    assert_eq!(desk.sandbox.ledger().webhooks.made, 0);
    let mut pushed = desk.sandbox.webhooks();
    nok.says("heard");
    assert_eq!(heard(&mut pushed).len(), 1);
    drop(pushed);
    nok.says("unheard again");
    assert_eq!(desk.sandbox.ledger().webhooks.made, 1);
}

fn faulty(sandbox: &Sandbox, faults: WebhookFaults) -> (Vec<String>, Vec<String>) {
    let nok = sandbox.customer("Nok");
    let mut pushed = sandbox.webhooks();
    sandbox.webhook_faults(faults);
    let written = nok.says_many(200);
    sandbox.clear_faults();
    let ids = heard(&mut pushed).into_iter().map(|event| event["content"]["message_id"].as_str().unwrap().to_owned());
    (written, ids.collect())
}

#[tokio::test]
async fn webhooks_can_be_doubled_overtaken_and_lost_as_the_seed_has_it() {
    let fresh = async || unhurried(Config::default()).await;
    let (written, plain) = faulty(&fresh().await, WebhookFaults::default());
    assert_eq!(written, plain);

    let sandbox = fresh().await;
    let (written, doubled) = faulty(&sandbox, WebhookFaults { duplicates: 0.5, ..WebhookFaults::default() });
    let tally = sandbox.ledger().webhooks;
    assert!(tally.doubled > 50 && tally.made == 200, "{tally:?}");
    assert_eq!(doubled.len(), 200 + tally.doubled);
    let mut once = doubled.clone();
    once.dedup();
    assert_eq!(once, written);

    let faults = WebhookFaults { reordered: 0.3, ..WebhookFaults::default() };
    let (written, late) = faulty(&fresh().await, faults);
    assert_ne!(written, late);
    let sorted = |mut ids: Vec<String>| {
        ids.sort_unstable();
        ids
    };
    assert_eq!(sorted(written), sorted(late.clone()), "the last held ones came when the dial was cleared");
    assert_eq!(faulty(&fresh().await, faults).1, late, "the same seed, the same muddle");

    let sandbox = fresh().await;
    let (written, left) = faulty(&sandbox, WebhookFaults { dropped: 0.5, ..WebhookFaults::default() });
    assert_eq!(left.len(), written.len() - sandbox.ledger().webhooks.dropped);
    assert!(left.len() < 150);
}

#[tokio::test]
async fn what_nothing_overtakes_is_let_go_after_two_seconds_of_the_clock() {
    let (desk, nok, mut pushed) = shop().await;
    desk.sandbox.webhook_faults(WebhookFaults { reordered: 1.0, ..WebhookFaults::default() });
    nok.says("held");
    assert!(heard(&mut pushed).is_empty());
    desk.sandbox.advance(std::time::Duration::from_secs(2));
    let delivery = pushed.recv().await.unwrap();
    assert_eq!(opened(&delivery.body)["content"]["text"]["body"], "held");
}
