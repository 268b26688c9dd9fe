//! The customers, and the control addresses that move them.

use std::{collections::HashSet, time::Duration};

use sandbox::{AutoKind, Config, Customer, Sandbox};
use serde_json::{Value, json};

use crate::client::{Desk, MESSAGING, business_url, code_of, picture, unhurried};
use crate::webhooks::heard;

const PEOPLE: [&str; 17] = [
    "Nadia Rahman",
    "오지훈",
    "Marco Bellini",
    "Thảo Phạm",
    "سارة العلي",
    "Dwayne Carter",
    "Ines Duarte",
    "Yuki Tanaka",
    "Oluwaseun A.",
    "Priya Nair",
    "Lena Hoffmann",
    "林美玲",
    "ณัฐกานต์ ศรีสุข",
    "Zoë van den Berg",
    "Amara Diallo",
    "Emil Brunner",
    "Putri Wulandari",
];

fn maison_bloom(seed: u64, speed: f64) -> Config {
    Config { scripted: true, seed, speed, start_at_ms: Some(1_795_000_000_000), ..Config::default() }
}

/// Everything everybody wrote in a run, as text.
fn told(sandbox: &Sandbox) -> String {
    PEOPLE.map(|name| serde_json::to_string(&sandbox.customer(name).thread()).unwrap()).join("\n")
}

#[tokio::test]
async fn the_same_seed_lives_the_same_life_and_another_one_does_not() {
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let sandbox = unhurried(maison_bloom(seed, 1.0)).await;
        sandbox.advance(Duration::from_secs(3600));
        // What falls due in the last moment depends on how long the test took, so the tale is told up to an hour.
        let until = 1_795_000_000_000 + 3_600_000;
        let lines: Vec<_> = sandbox.ledger().written.into_iter().filter(|line| line.at_ms < until).collect();
        assert!(lines.len() > 20, "only {} lines in an hour", lines.len());
        runs.push(serde_json::to_string(&lines).unwrap());
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test]
async fn a_silent_shop_stays_silent() {
    let sandbox = unhurried(maison_bloom(1, 0.0)).await;
    let before = told(&sandbox);
    sandbox.advance(Duration::from_secs(86_400));
    assert_eq!(told(&sandbox), before);
    assert!(sandbox.ledger().written.is_empty());
}

#[tokio::test]
async fn a_customer_answers_the_agent_after_a_while() {
    let desk = Desk::linked_to(unhurried(maison_bloom(1, 1.0)).await).await;
    let ines = desk.sandbox.customer("Ines Duarte");
    assert_eq!(desk.sends(&ines, "De nada 💛").await, 0);
    desk.sandbox.advance(Duration::from_secs(60));
    let thread = ines.thread();
    let reply = thread.iter().position(|line| line.text == "De nada 💛").unwrap();
    assert!(thread[reply + 1..].iter().any(|line| line.by_customer && line.text.contains("Genial")), "{thread:?}");
}

#[tokio::test]
async fn maison_bloom_has_every_kind_of_message_and_every_state_of_the_window() {
    let desk = Desk::linked_to(unhurried(maison_bloom(1, 0.0)).await).await;
    let (mut kinds, mut sources, mut autos, mut quoted) = (HashSet::new(), HashSet::new(), 0, 0);
    for name in PEOPLE {
        for message in desk.messages(&desk.sandbox.customer(name)).await {
            kinds.insert(message["message_type"].as_str().unwrap().to_owned());
            sources.insert(message["message_tag"]["source"].as_str().unwrap().to_owned());
            autos += usize::from(message.get("auto_message_type").is_some());
            quoted += usize::from(message.get("referenced_message_info").is_some());
        }
    }
    for kind in ["TEXT", "IMAGE", "VIDEO", "SHARE_POST", "STICKER", "EMOJI", "TEMPLATE", "OTHER", "VOICE_NOTE"] {
        assert!(kinds.contains(kind), "{kind} is missing");
    }
    assert!(sources.contains("APP") && sources.contains("WEB") && autos > 0 && quoted > 0);
    let left_h = |name: &str| {
        let thread = desk.sandbox.customer(name).thread();
        let heard = thread.iter().rfind(|line| line.by_customer).unwrap().at_ms;
        48 - (desk.sandbox.now_ms() - heard) / 3_600_000
    };
    assert!(left_h("Nadia Rahman") > 40);
    assert!((1..6).contains(&left_h("Dwayne Carter")));
    assert_eq!(left_h("Oluwaseun A."), 1, "that is, less than an hour");
    assert!(left_h("Priya Nair") < 0);
    assert_eq!(desk.list("SINGLE").await.len() + desk.list("STRANGER").await.len(), PEOPLE.len());
    let strangers = desk.get("business/message/conversation/list/", &[("conversation_type", "STRANGER")]).await;
    let singles = desk.get("business/message/conversation/list/", &[("conversation_type", "SINGLE")]).await;
    let referrals = format!("{strangers}{singles}");
    assert!(referrals.contains("Autumn linen, 20% off") && referrals.contains("riyadh-popup"));
}

#[tokio::test]
async fn the_newest_customers_ask_nothing_and_one_of_them_sent_six_pictures() {
    let desk = Desk::linked_to(unhurried(maison_bloom(1, 0.0)).await).await;
    for name in ["Amara Diallo", "Emil Brunner", "Putri Wulandari"] {
        assert!(!desk.sandbox.customer(name).thread().last().unwrap().by_customer, "{name} waits for nothing");
    }
    let amara = desk.messages(&desk.sandbox.customer("Amara Diallo")).await;
    let of = |kind: &str| amara.iter().filter(|message| message["message_type"] == kind).count();
    assert_eq!((of("IMAGE"), of("VIDEO")), (6, 1));
    let putri = desk.messages(&desk.sandbox.customer("Putri Wulandari")).await;
    let autos: HashSet<&str> = putri.iter().filter_map(|message| message["auto_message_type"].as_str()).collect();
    assert_eq!(autos, HashSet::from(["WELCOME_MESSAGE", "SUGGESTED_QUESTION", "AUTO_REPLY"]));
}

#[tokio::test]
async fn a_reply_is_read_after_some_seconds_and_a_heart_for_it_may_be_taken_back() {
    let desk = Desk::linked_to(unhurried(maison_bloom(1, 1.0)).await).await;
    let mut pushed = desk.sandbox.webhooks();
    let amara = desk.sandbox.customer("Amara Diallo");
    assert_eq!(desk.sends(&amara, "See you on Sunday!").await, 0);
    desk.sandbox.advance(Duration::from_secs(22));
    let id = amara.conversation_id();
    let mut told: Vec<String> = heard(&mut pushed)
        .iter()
        .filter(|event| event["content"]["conversation_id"] == id.as_str())
        .map(|event| {
            let what = event["content"]["reaction"][0]["operation"].as_str().unwrap_or_default();
            format!("{} {what}", event["event"].as_str().unwrap()).trim().to_owned()
        })
        .collect();
    // She may answer before she takes it back, which she reads and writes for.
    let mut marks = 0;
    told.retain(|told| {
        marks += usize::from(told == "im_mark_read_msg");
        told != "im_receive_msg" && (told != "im_mark_read_msg" || marks == 1)
    });
    assert_eq!(told, ["im_send_msg", "im_mark_read_msg", "im_receive_msg ADD", "im_receive_msg REMOVE"]);
}

#[tokio::test]
async fn the_first_two_minutes_bring_europe_a_link_a_video_and_a_regretted_heart() {
    let desk = Desk::linked_to(unhurried(maison_bloom(1, 1.0)).await).await;
    let mut pushed = desk.sandbox.webhooks();
    desk.sandbox.advance(Duration::from_secs(120));
    let events = heard(&mut pushed);
    let count = |is: &dyn Fn(&Value) -> bool| events.iter().filter(|event| is(event)).count();
    assert_eq!(count(&|event| event["event"] == "im_receive_msg_eu"), 1);
    assert_eq!(count(&|event| event["content"]["referral"]["short_link"]["ref"] == "spring-lookbook"), 1);
    assert_eq!(count(&|event| event["content"]["type"] == "video"), 1);
    for operation in ["ADD", "REMOVE"] {
        assert_eq!(count(&|event| event["content"]["reaction"][0]["operation"] == operation), 1, "{operation}");
    }
    assert!(count(&|event| event["event"] == "im_mark_read_msg") >= 2);
    assert_eq!(count(&|event| event["content"]["auto_message_type"] == "SUGGESTED_QUESTION"), 1);
    assert_eq!(count(&|event| event["content"]["auto_message_type"] == "WELCOME_MESSAGE"), 1);
    let teo = desk.sandbox.customer("Teo Marin").thread();
    assert_eq!(teo.iter().filter(|line| line.by_customer).count(), 2);
}

#[tokio::test]
async fn messages_of_one_moment_keep_the_order_they_were_written_in() {
    let sandbox = unhurried(Config::default()).await;
    let nok: Customer = sandbox.customer("Nok");
    let ids: Vec<String> = (0..200).map(|n| nok.says(&n.to_string())).collect();
    let thread = nok.thread();
    assert_eq!(thread.iter().map(|line| line.message_id.clone()).collect::<Vec<_>>(), ids);
    assert!(thread.windows(2).all(|pair| pair[0].at_ms < pair[1].at_ms));
    let early = nok.says_at("before all that", sandbox.now_ms() - 3_600_000);
    assert_eq!(nok.thread()[0].message_id, early);
}

#[tokio::test]
async fn the_endpoints_file_has_exactly_what_a_client_reads() {
    let sandbox = unhurried(Config::default()).await;
    let base = sandbox.base_url();
    let expected = json!({
        "authorize": format!("{base}/v2/auth/authorize/"),
        "login_kit": base,
        "business": format!("{base}/open_api/v1.3"),
        "media_hosts": [base.strip_prefix("http://").unwrap()],
    });
    assert_eq!(serde_json::from_str::<Value>(&sandbox.endpoints_json()).unwrap(), expected);
}

#[tokio::test]
async fn everything_can_be_done_from_outside() {
    let desk = Desk::linked().await;
    let control = async |path: &str, body: Value| -> Value {
        let url = format!("{}/sandbox/{path}", desk.sandbox.base_url());
        desk.http.post(url).json(&body).send().await.unwrap().json().await.unwrap()
    };
    let said = control("says", json!({ "customer": "Nok", "text": "hi" })).await;
    let nok = desk.sandbox.customer("Nok");
    assert_eq!(nok.thread()[0].message_id, said["message_id"].as_str().unwrap());
    for kind in ["image", "post", "sticker", "emoji", "unknown"] {
        control("says", json!({ "customer": "Nok", "kind": kind })).await;
    }
    control("colleague", json!({ "customer": "Nok", "text": "hello", "source": "WEB" })).await;
    assert_eq!(nok.thread().len(), 7);
    control("faults", json!({ "endpoint": "send", "fault": "code", "code": 50000, "next": 1 })).await;
    assert_eq!(desk.sends(&nok, "first").await, 50000);
    control("faults", json!({ "endpoint": "send", "fault": "rate_limited" })).await;
    assert_eq!(desk.sends(&nok, "second").await, 40100);
    let faults = format!("{}/sandbox/faults", desk.sandbox.base_url());
    desk.http.delete(faults).send().await.unwrap();
    assert_eq!(desk.sends(&nok, "third").await, 0);
    let before = desk.sandbox.now_ms();
    control("clock", json!({ "advance_ms": 60_000 })).await;
    assert!(desk.sandbox.now_ms() >= before + 60_000);
    let agreed = control("agree", json!({ "url": business_url(&desk.sandbox, MESSAGING, "s") })).await;
    assert!(agreed["url"].as_str().unwrap().starts_with("https://bounce.deskbell.example/callback/?code="));
    let url = format!("{}/sandbox/ledger", desk.sandbox.base_url());
    let ledger: Value = desk.http.get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(ledger["accepted"][0]["text"], "third");
    assert_eq!(ledger["attempts"].as_array().unwrap().len(), 3);
    control("tokens/expire", json!({})).await;
    assert_eq!(code_of(&desk.post("business/message/send/", &desk.text(&nok, "x")).await), 40102);
}

#[tokio::test]
async fn images_posts_and_lags_can_be_done_from_outside_too() {
    let desk = Desk::linked().await;
    let nok = desk.sandbox.customer("Nok");
    nok.says("hi");
    let url = |path: &str| format!("{}/sandbox/{path}", desk.sandbox.base_url());
    let control = async |path: &str, body: Value| desk.http.post(url(path)).json(&body).send().await.unwrap();
    let file = picture(image::ImageFormat::Png);
    control("receives_images", json!({ "customer": "Nok", "able": false })).await;
    assert_eq!(desk.sends_image(&nok, &file).await, 40002);
    control("receives_images", json!({ "customer": "Nok", "able": true })).await;
    assert_eq!(desk.sends_image(&nok, &file).await, 0);
    let answer = desk.http.get(url("ledger")).send().await.unwrap();
    let ledger: Value = answer.json().await.unwrap();
    assert_eq!((&ledger["accepted"][0]["kind"], &ledger["attempts"][0]["kind"]), (&json!("IMAGE"), &json!("IMAGE")));
    assert_eq!(ledger["uploads"][1]["kind"], "png");
    let media_id = ledger["accepted"][0]["image"]["media_id"].as_str().unwrap();
    let bytes = desk.http.get(url(&format!("uploaded/{media_id}"))).send().await.unwrap();
    assert_eq!(bytes.headers()["content-type"], "image/png");
    assert_eq!(bytes.bytes().await.unwrap(), file);
    assert_eq!(desk.http.get(url("uploaded/none")).send().await.unwrap().status(), 404);
    let posted: Value =
        control("posts", json!({ "handle": "cornershop", "caption": "New" })).await.json().await.unwrap();
    let share = json!({ "share_post": { "item_id": posted["item_id"] } });
    assert_eq!(code_of(&desk.sends_block(&nok, "SHARE_POST", &share).await), 0);
    assert_eq!(control("posts", json!({ "handle": "nobody", "caption": "x" })).await.status(), 400);
    let lines: Vec<String> = control("messages", json!({ "customer": "Nok" })).await.json().await.unwrap();
    assert_eq!(lines, desk.sandbox.ledger().messages_to("Nok"));
    let lag = json!({ "endpoint": "content_list", "fault": "stale", "messages": 2, "next": 1 });
    assert_eq!(control("faults", lag).await.status(), 200);
    assert_eq!((desk.messages(&nok).await.len(), desk.messages(&nok).await.len()), (1, 3));
    assert_eq!(control("faults", json!({ "endpoint": "*", "fault": "stale" })).await.status(), 400);
    for fault in ["too_many_per_minute", "too_many_per_day"] {
        control("faults", json!({ "endpoint": "send", "fault": fault, "next": 1 })).await;
        assert_eq!(desk.sends(&nok, "x").await, 40100);
    }
}

#[tokio::test]
async fn the_shop_greets_answers_two_of_its_questions_and_has_its_prompts_off() {
    let sandbox = unhurried(maison_bloom(1, 0.0)).await;
    let now = || sandbox.ledger();
    assert!(now().automatic(AutoKind::WelcomeMessage)[0].ends_with("What can we find for you? [approved, served]"));
    let questions = now().automatic(AutoKind::SuggestedQuestion);
    let ends: Vec<&str> = questions.iter().map(|line| line.rsplit_once(" [").unwrap().1).collect();
    assert_eq!(ends, ["approved, served]", "rejected]", "approved, served]"]);
    let prompts = ["Opening hours | When are you open? [approved]", "Size guide | How do your sizes run? [approved]"];
    assert_eq!(now().automatic(AutoKind::ChatPrompt), prompts);
    assert!(now().auto_changes.is_empty());
    let nok = sandbox.customer("Nok");
    nok.taps_question("Do you ship to Saudi Arabia?");
    assert_eq!(nok.thread().len(), 3);
}

#[tokio::test]
async fn two_people_who_never_wrote_comment_in_the_first_minutes_and_go_on_when_answered() {
    let desk = Desk::linked_to(unhurried(maison_bloom(1, 1.0)).await).await;
    let mut pushed = desk.sandbox.webhooks();
    let before = desk.sandbox.customers().len();
    desk.sandbox.advance(Duration::from_secs(150));
    let mut comments = heard(&mut pushed);
    comments.retain(|event| event["event"] == "im_receive_high_intent_comment");
    let froms: Vec<&str> = comments.iter().map(|event| event["content"]["from"].as_str().unwrap()).collect();
    assert!(froms.len() == 2 && froms[1] == "rizky.pratama", "{froms:?}");
    assert_eq!(desk.sandbox.customers().len(), before + 1, "only Teo has written meanwhile");
    let answer = json!({
        "business_id": desk.business_id, "message_type": "TEXT", "text": { "body": "Bisa kak!" },
        "direct_reply": {
            "reply_type": "COMMENT_REPLY", "comment_reply": { "comment_id": comments[1]["content"]["comment_id"] },
        },
    });
    assert_eq!(code_of(&desk.post("business/message/send/", &answer).await), 0);
    desk.sandbox.advance(Duration::from_secs(60));
    let thread = desk.sandbox.customer("Rizky Pratama").thread();
    assert_eq!((thread.len(), thread[1].by_customer), (2, true));
}
