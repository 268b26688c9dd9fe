//! The border for what comes from outside: whatever stands in one field of what TikTok answers or pushes, it costs that
//! field at most.
//!
//! The written-down answers and pushes go through the real client, the store and the desk's views with one value after
//! another replaced: by numbers no clock has, by texts of every Unicode category, by nothing, by a megabyte.
//! `BORDER_CASES` says how many of the cases are played (all: 0), `BORDER_SEED` which. `BORDER_WRITE` writes the views to
//! `ui/test/border.json`, which the page's tests draw.

mod case;

use desk::commands::{MarkConversationSeen, SetActiveView};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use model::ConversationId;
use sandbox::{Config, Customer, Fault, Limits, Times};
use serde_json::{Value, json};
use tests::{TestHost, World, quick};

use case::{Case, cases, extremes, replaced};

/// What is played of each answer unless `BORDER_CASES` says otherwise.
const CASES: usize = 160;
/// The views written for the page's tests.
const WRITTEN: usize = 40;
/// JavaScript's calendar ends here, ms from 1970 on both sides, and its whole numbers there.
const LAST_MOMENT_MS: f64 = 8.64e15;
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

fn fixture(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tiktok");
    serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

/// Fails where a view holds what a page cannot: a number JavaScript does not have, a moment no calendar has.
fn judge(what: &str, view: &Value, latest_ms: i64) {
    match view {
        Value::Number(number) => {
            assert!(number.as_f64().unwrap().abs() <= MAX_SAFE_INTEGER, "{what}: {number}");
        }
        Value::Array(list) => list.iter().for_each(|one| judge(what, one, latest_ms)),
        Value::Object(object) => {
            for (key, one) in object {
                let what = format!("{what}.{key}");
                if let Some(at) = one.as_f64().filter(|_| key.ends_with("Ms")) {
                    assert!(at.abs() <= LAST_MOMENT_MS, "{what}: {at}");
                    // What has happened has happened by now, and not before there was a TikTok.
                    if ["sentAtMs", "lastAtMs", "openedAtMs", "firstContactMs", "postedAtMs"].contains(&key.as_str()) {
                        assert!((1.0e12..=latest_ms as f64).contains(&at), "{what}: {at}");
                    }
                }
                judge(&what, one, latest_ms);
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// The thread that is tried, and one that must not be touched.
#[derive(Debug, Clone, Copy)]
struct Threads {
    ana: ConversationId,
    ben: ConversationId,
}

/// A linked world that asks TikTok all the time.
async fn eager() -> (World, Customer, Threads) {
    let mut timing = quick();
    let ms = Duration::from_millis;
    (timing.open_conversation, timing.open_quiet, timing.sweep_focused) = (ms(2), ms(2), ms(10));
    (timing.put_aside, timing.look_again, timing.backoff_first, timing.backoff_most) = (ms(5), ms(5), ms(5), ms(10));
    let mut world = World::with(Config { limits: Limits::NONE, ..Config::default() }, timing, TestHost::new()).await;
    let ben = world.customer("Ben");
    ben.says("I was here before");
    let ana = world.customer("Ana");
    ana.says("hello");
    world.link().await;
    let threads = Threads { ana: world.conversation(&ana).await, ben: world.conversation(&ben).await };
    world.ask(SetActiveView { conversation: Some(threads.ana), focused: true }).await;
    (world, ana, threads)
}

/// Waits until TikTok was asked so often more, and the answers before the last are taken in.
async fn asked(world: &World, endpoint: &str, more: usize) {
    let wanted = world.tiktok.ledger().calls(endpoint) + more;
    world.until("TikTok is asked on", async |world| world.tiktok.ledger().calls(endpoint) >= wanted).await;
}

/// What the page shows of the inbox and of a thread, judged.
async fn views(world: &World, what: &str, Threads { ana, ben }: Threads) -> BTreeMap<&'static str, Value> {
    let latest_ms = world.tiktok.now_ms() + 3_600_000;
    let asked = [
        ("getOverview", json!({})),
        ("listConversations", json!({ "account": world.account(), "tab": "all", "offset": 0, "limit": 50 })),
        ("getConversation", json!({ "conversation": ana })),
        ("listMessages", json!({ "conversation": ana, "before": null, "after": null, "limit": 100 })),
    ];
    let mut views = BTreeMap::new();
    for (command, args) in asked {
        let view =
            world.try_ask_json(command, args).await.unwrap_or_else(|fault| panic!("{what}: {command}: {fault:?}"));
        judge(&format!("{what}: {command}"), &view, latest_ms);
        views.insert(command, view);
    }
    let ben = world.thread(ben).await;
    assert!(ben.contains("I was here before"), "{what}: {ben}");
    views
}

/// Keeps the views for the page's tests, where they are asked for.
fn write(name: &str, written: &[Value]) {
    if std::env::var_os("BORDER_WRITE").is_none() {
        return;
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/test").join(format!("border-{name}.json"));
    std::fs::write(file, serde_json::to_string(written).unwrap() + "\n").unwrap();
}

fn is_short(case: &Case) -> bool {
    case.json.len() < 1_000
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_stands_in_one_field_of_a_message_costs_that_field_at_most() {
    let (world, ana, threads) = eager().await;
    let account = world.account();
    let business_id =
        world.desk().engine().store().read(move |sql| Ok(store::table::account::get(sql, account)?.remote_id));
    let text =
        fixture("messages-every-kind.json").to_string().replace("_000EXAMPLEopenid", &business_id.await.unwrap());
    let answer: Value = serde_json::from_str(&text.replace("+ZuserUniqueId=", &ana.unique_identifier())).unwrap();
    let texts: Vec<(String, String)> = answer["data"]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .filter_map(|(place, message)| {
            let body = message["text"]["body"].as_str()?;
            Some((format!("/data/messages/{place}"), body.to_owned()))
        })
        .collect();
    assert!(texts.len() > 2, "{texts:?}");
    let played = cases(&answer, "/data", world.tiktok.now_ms());
    let mut written = Vec::new();
    for (place, case) in played.iter().enumerate() {
        let what = format!("{} = {}", case.pointer, case.json.chars().take(60).collect::<String>());
        world.tiktok.clear_faults();
        world.tiktok.fault_with(&ana, "content_list", Fault::answer(replaced(&answer, case)), Times::UntilCleared);
        asked(&world, "content_list", 3).await;
        let views = views(&world, &what, threads).await;
        let messages = views["listMessages"]["messages"].as_array().unwrap();
        for (place, body) in &texts {
            let touched = case.pointer.starts_with(place.as_str()) || place.starts_with(case.pointer.as_str());
            let there = messages.iter().any(|message| message["content"]["body"] == body.as_str());
            assert!(touched || there, "{what}: {body:?} is gone");
        }
        if is_short(case) && written.len() < WRITTEN * (place + 1) / played.len() {
            written.push(json!({ "case": what, "views": views }));
        }
    }
    eprintln!("{} cases of messages", played.len());
    write("messages", &written);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_stands_in_one_field_of_a_list_costs_that_conversation_at_most() {
    let (world, ana, threads) = eager().await;
    let text = fixture("conversations.json").to_string().replace("7aB+c/d==", &ana.conversation_id());
    let answer: Value = serde_json::from_str(&text).unwrap();
    let played = cases(&answer, "/data", world.tiktok.now_ms());
    let mut written = Vec::new();
    for (place, case) in played.iter().enumerate() {
        let what = format!("{} = {}", case.pointer, case.json.chars().take(60).collect::<String>());
        world.tiktok.clear_faults();
        world.tiktok.fault("conversation_list", Fault::answer(replaced(&answer, case)), Times::UntilCleared);
        asked(&world, "conversation_list", 3).await;
        let views = views(&world, &what, threads).await;
        if is_short(case) && written.len() < WRITTEN * (place + 1) / played.len() {
            written.push(json!({ "case": what, "views": views }));
        }
    }
    // What TikTok says afterwards is heard.
    world.tiktok.clear_faults();
    ana.says("and now?");
    world.until_thread(&ana, "and now?").await;
    eprintln!("{} cases of conversations", played.len());
    write("conversations", &written);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_stands_in_one_field_of_a_push_costs_that_push_at_most() {
    let (world, ana, threads) = eager().await;
    let mut ear = world.tiktok.webhooks();
    let said = ana.says("pushed");
    ana.sends_image();
    ana.reacts(&said, "🎉");
    ana.comes_from_ad("spring");
    ana.reads();
    ana.comments("how much?");
    let mut pushes = Vec::new();
    while let Ok(delivery) = ear.try_recv() {
        pushes.push(serde_json::from_slice::<Value>(&delivery.body).unwrap());
    }
    assert!(pushes.len() > 3, "{pushes:?}");
    let (mut count, mut written) = (0, Vec::new());
    for push in &pushes {
        let content: Value = serde_json::from_str(push["content"].as_str().unwrap()).unwrap();
        let now_ms = world.tiktok.now_ms();
        let inner = cases(&content, "", now_ms).into_iter().map(|case| {
            let what =
                format!("{} {} = {}", push["event"], case.pointer, case.json.chars().take(60).collect::<String>());
            let mut push = push.clone();
            push["content"] = Value::from(replaced(&content, &case));
            (what, push.to_string(), is_short(&case))
        });
        let outer = cases(push, "/create_time", now_ms).into_iter().map(|case| {
            let what =
                format!("{} {} = {}", push["event"], case.pointer, case.json.chars().take(60).collect::<String>());
            (what, replaced(push, &case), is_short(&case))
        });
        for (what, body, short) in inner.chain(outer) {
            let delivery = world.tiktok.sign(&body, world.tiktok.now_ms() / 1000);
            let heard = world.desk().handle_webhook(&delivery.signature, &delivery.body).await;
            assert!(heard.is_ok(), "{what}: {heard:?}");
            count += 1;
            if count % 20 == 0 {
                let views = views(&world, &what, threads).await;
                if short && written.len() < WRITTEN {
                    written.push(json!({ "case": what, "views": views }));
                }
            }
        }
    }
    assert!(world.thread(threads.ana).await.contains("pushed"));
    eprintln!("{count} cases of pushes");
    write("pushes", &written);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_lifetime_a_new_pair_of_tokens_has_it_is_kept_and_can_be_shown() {
    let (world, _, threads) = eager().await;
    let mut written = Vec::new();
    for json in extremes(world.tiktok.now_ms()).into_iter().filter(|json| json.len() < 1_000) {
        for field in ["expires_in", "refresh_token_expires_in"] {
            let what = format!("{field} = {json}");
            // The pair that TikTok gives is the one it takes afterwards.
            world.tiktok.fault("refresh", Fault::field(field, json.clone()), Times::Next(1));
            let before = world.tiktok.ledger().calls("refresh");
            world.tiktok.expire_access_tokens();
            world.until("the pair is renewed", async |world| world.tiktok.ledger().calls("refresh") > before).await;
            asked(&world, "content_list", 2).await;
            let views = views(&world, &what, threads).await;
            let account = &views["getOverview"]["accounts"][0];
            assert_eq!(account["health"]["state"], "live", "{what}");
            let ends = |key: &str| account["access"][key].as_i64().unwrap() - world.tiktok.now_ms();
            assert!((1..=400 * 86_400_000).contains(&ends("accessEndsMs")), "{what}");
            assert!((1..=400 * 86_400_000).contains(&ends("refreshEndsMs")), "{what}");
            written.push(json!({ "case": what, "views": views }));
        }
    }
    eprintln!("{} cases of lifetimes", written.len());
    written.truncate(WRITTEN / 4);
    write("tokens", &written);
}

/// A page of messages as TikTok would answer it.
fn page_of(ana: &Customer, messages: &[Value]) -> Fault {
    let person = json!({ "role": "PERSONAL_ACCOUNT", "id": ana.unique_identifier(), "display_name": ana.name() });
    let data = json!({ "participants": [person], "messages": messages });
    Fault::answer(json!({ "code": 0, "message": "OK", "request_id": "1", "data": data }).to_string())
}

fn said(ana: &Customer, id: &str, body: &str, timestamp: Value) -> Value {
    json!({ "message_id": id, "timestamp": timestamp, "message_type": "TEXT", "text": { "body": body },
        "from_user": { "role": "PERSONAL_ACCOUNT", "id": ana.unique_identifier() } })
}

async fn bodies(world: &World, ana: &Customer) -> Vec<String> {
    let messages = world.messages(ana).await;
    messages.iter().filter_map(|message| Some(message["content"]["body"].as_str()?.to_owned())).collect()
}

#[tokio::test]
async fn a_message_whose_time_cannot_be_stands_between_its_neighbours_and_hides_nothing() {
    let (world, ana, threads) = eager().await;
    let now_ms = world.tiktok.now_ms();
    let line = |id: &str, body: &str, at: Value| said(&ana, id, body, at);
    for (n, odd) in (0_i64..).zip([
        json!(now_ms * 1_000_000),
        json!(now_ms + 400 * 86_400_000),
        json!(0),
        json!(-5),
        json!(null),
        json!("x"),
    ]) {
        world.tiktok.clear_faults();
        let at_ms = now_ms + 10 * n;
        let (first, middle, last) = (format!("a{n}"), format!("b{n}"), format!("c{n}"));
        // As a rule the newest comes first.
        let mut messages = vec![line(&middle, &middle, odd), line(&first, &first, json!(at_ms + 1))];
        world.tiktok.fault_with(&ana, "content_list", page_of(&ana, &messages), Times::UntilCleared);
        world.until_thread(&ana, &middle).await;
        world.ask(MarkConversationSeen { conversation: threads.ana }).await;
        messages.insert(0, line(&last, &last, json!(at_ms + 5)));
        world.tiktok.clear_faults();
        world.tiktok.fault_with(&ana, "content_list", page_of(&ana, &messages), Times::UntilCleared);
        world.until_thread(&ana, &last).await;
        assert_eq!(world.row(&ana).await.unread, 1, "what came afterwards is news");
        assert_eq!(world.row(&ana).await.snippet.unwrap().text, last);
        let order = bodies(&world, &ana).await;
        let place = |body: &str| order.iter().position(|one| one == body).unwrap();
        assert!(place(&first) < place(&middle), "{order:?}");
        // It stays where it was put, however often it is listed.
        let sent_at = |messages: Vec<Value>| {
            messages.iter().find(|one| one["content"]["body"] == middle.as_str()).unwrap()["sentAtMs"].clone()
        };
        let before = sent_at(world.messages(&ana).await);
        asked(&world, "content_list", 3).await;
        assert_eq!(sent_at(world.messages(&ana).await), before);
        judge("thread", &Value::from(world.messages(&ana).await), world.tiktok.now_ms() + 3_600_000);
    }
}

#[tokio::test]
async fn a_conversation_is_read_whatever_time_the_list_says() {
    let (world, ..) = eager().await;
    for (n, odd) in [json!(0), json!(-1), json!(i64::MIN), json!(i64::MAX), json!(""), json!(4_102_444_700_000_i64)]
        .into_iter()
        .enumerate()
    {
        world.tiktok.fault("conversation_list", Fault::EmptyListing, Times::UntilCleared);
        let cleo = world.customer(&format!("Cleo {n}"));
        cleo.says("may I ask something?");
        world.tiktok.clear_faults();
        let listed = json!({ "conversations": [{ "conversation_id": cleo.conversation_id(), "update_time": odd }], "has_more": false });
        let body = json!({ "code": 0, "message": "OK", "request_id": "1", "data": listed }).to_string();
        world.tiktok.fault("conversation_list", Fault::answer(body), Times::UntilCleared);
        world.until_thread(&cleo, "may I ask something?").await;
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_as_it_came() {
    let (world, ana, threads) = eager().await;
    let now_ms = world.tiktok.now_ms();
    let nameless = json!({ "timestamp": now_ms - 1_000, "message_type": "TEXT", "text": { "body": "who am I?" } });
    let messages =
        [said(&ana, "z2", "after", json!(now_ms)), nameless.clone(), said(&ana, "z1", "before", json!(now_ms - 2_000))];
    world.tiktok.fault_with(&ana, "content_list", page_of(&ana, &messages), Times::UntilCleared);
    world.until_thread(&ana, "after").await;
    asked(&world, "content_list", 3).await;
    let conversation = threads.ana;
    let kept =
        world.desk().engine().store().read(move |sql| store::table::unreadable::of_conversation(sql, conversation));
    let kept: Vec<Value> = kept.await.unwrap().iter().map(|raw| serde_json::from_str(raw).unwrap()).collect();
    assert_eq!(kept, [nameless], "once");
    assert!(world.row(&ana).await.has_gap, "and the thread says that something is missing");
}

#[tokio::test]
async fn a_message_that_does_not_say_what_it_is_says_what_it_says() {
    let (world, ana, _) = eager().await;
    let now_ms = world.tiktok.now_ms();
    let plain = |n: i64, kind: Value, block: (&str, Value)| {
        let mut message = json!({ "message_id": format!("k{n}"), "timestamp": now_ms - 1_000 + n,
            "from_user": { "role": "PERSONAL_ACCOUNT", "id": ana.unique_identifier() } });
        message["message_type"] = kind;
        message[block.0] = block.1;
        message
    };
    let text = |body: &str| ("text", json!({ "body": body }));
    let messages = [
        plain(0, json!(null), text("no type")),
        plain(1, json!("text"), text("small")),
        plain(2, json!(1), text("a number")),
        plain(3, json!("PARAGRAPH"), text("a new word")),
        plain(4, json!("OTHER"), text("other")),
        plain(5, json!(""), ("image", json!({ "media_id": "m" }))),
        plain(6, json!("TEXT"), ("sticker", json!({ "url": "https://example.com/s.webp" }))),
        plain(7, json!("OTHER"), ("voice", json!({ "media_id": "v" }))),
    ];
    world.tiktok.fault_with(&ana, "content_list", page_of(&ana, &messages), Times::UntilCleared);
    world.until("all are here", async |world| world.messages(&ana).await.len() >= 9).await;
    let kinds: Vec<String> = world
        .messages(&ana)
        .await
        .iter()
        .filter(|message| message["content"]["body"] != "hello")
        .map(|message| {
            message["content"]["body"].as_str().unwrap_or(message["content"]["type"].as_str().unwrap()).to_owned()
        })
        .collect();
    assert_eq!(kinds, ["no type", "small", "a number", "a new word", "other", "image", "sticker", "unsupported"]);
}
