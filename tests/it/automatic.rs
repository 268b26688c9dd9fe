//! TikTok's automatic messages: whatever an agent does to them, Deskbell shows what TikTok has. What TikTok has is read
//! from its ledger.

mod comments;
mod elsewhere;
mod lost;
mod refusals;
mod several;

use desk::commands::{DeleteAutoMessage, UnlinkAccount};
use std::time::Duration;

use model::AutoMessageType;
use sandbox::{AutoKind, Config, Limits};
use serde_json::{Value, json};
use tests::{TestHost, World, parsed, quick};

const WELCOME: (&str, AutoKind) = ("welcomeMessage", AutoKind::WelcomeMessage);
const QUESTION: (&str, AutoKind) = ("suggestedQuestion", AutoKind::SuggestedQuestion);
const PROMPT: (&str, AutoKind) = ("chatPrompt", AutoKind::ChatPrompt);
const KINDS: [(&str, AutoKind); 3] = [WELCOME, QUESTION, PROMPT];

/// A linked world in which a review is over when the story says so.
async fn world() -> World {
    let config = Config { limits: Limits::NONE, review: Duration::from_secs(3_600), ..Config::default() };
    let mut world = World::with(config, quick(), TestHost::new()).await;
    world.link().await;
    read(&world).await;
    world
}

/// What the page is shown once TikTok has been asked.
async fn read(world: &World) -> Value {
    let view = world.ask_json("refreshAutoMessages", json!({ "account": world.account() })).await;
    assert_eq!(view["fault"], Value::Null, "{view}");
    view
}

async fn shown(world: &World) -> Value {
    world.ask_json("getAutoMessages", json!({ "account": world.account() })).await
}

fn of_kind<'a>(view: &'a Value, kind: &str) -> &'a Value {
    view["kinds"].as_array().unwrap().iter().find(|shown| shown["kind"] == kind).unwrap()
}

/// A kind as the ledger prints it, but for whether it is served, which TikTok does not tell.
fn lines(view: &Value, kind: &str) -> Vec<String> {
    let items = of_kind(view, kind)["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            let said = |key: &str| item["text"][key].as_str().unwrap().to_owned();
            let title = if said("title").is_empty() { String::new() } else { format!("{} | ", said("title")) };
            format!("{title}{} [{}]", said("body"), item["audit"].as_str().unwrap())
        })
        .collect()
}

fn at_tiktok(world: &World, kind: AutoKind) -> Vec<String> {
    world.tiktok.ledger().automatic(kind).iter().map(|line| line.replace(", served", "")).collect()
}

/// Fails unless the page shows of each kind what TikTok has.
async fn agree(world: &World) -> Value {
    let view = shown(world).await;
    for (kind, remote) in KINDS {
        assert_eq!(lines(&view, kind), at_tiktok(world, remote), "{kind}");
    }
    view
}

fn text(title: &str, body: &str) -> Value {
    json!({ "title": title, "body": body })
}

/// A text of a kind: a welcome message has no title.
fn words(kind: &str, title: &str, body: &str) -> Value {
    text(if kind == WELCOME.0 { "" } else { title }, body)
}

fn make(world: &World, kind: &str, text: &Value) -> Value {
    json!({ "account": world.account(), "kind": kind, "text": text })
}

async fn create(world: &World, kind: &str, title: &str, body: &str) -> Value {
    world.ask_json("createAutoMessage", make(world, kind, &words(kind, title, body))).await
}

/// The id of a kind's message at this place, as the page knows it.
async fn id(world: &World, kind: &str, place: usize) -> Value {
    of_kind(&shown(world).await, kind)["items"][place]["id"].clone()
}

/// TikTok approves everything, and Deskbell hears of it.
async fn approve(world: &World) {
    for message in world.tiktok.ledger().auto_messages {
        world.tiktok.approve(&message.id);
    }
    read(world).await;
}

/// How often a change was asked for.
fn changes(world: &World) -> usize {
    let ledger = world.tiktok.ledger();
    ["auto_create", "auto_update", "auto_delete", "auto_sort", "auto_status"]
        .iter()
        .map(|name| ledger.calls(name))
        .sum()
}

async fn versions(world: &World, kind: &str) -> Vec<Value> {
    let versions = world.ask_json("listAutoVersions", json!({ "account": world.account(), "kind": kind })).await;
    versions.as_array().unwrap().clone()
}

#[tokio::test]
async fn each_kind_is_made_changed_and_switched_and_the_page_shows_what_tiktok_has() {
    let world = world().await;
    for (kind, remote) in KINDS {
        create(&world, kind, "One", "First").await;
        agree(&world).await;
        assert_eq!(at_tiktok(&world, remote).len(), 1, "{kind}");
        approve(&world).await;
        let change = json!({ "message": id(&world, kind, 0).await, "base": words(kind, "One", "First"), "text": words(kind, "One", "Two\r\nlines ") });
        let view = world.ask_json("updateAutoMessage", change).await;
        assert_eq!(of_kind(&view, kind)["items"][0]["text"]["body"], "Two\nlines");
        agree(&world).await;
        let turn = |on: bool| json!({ "account": world.account(), "kind": kind, "enabled": on, "recreate": false });
        let on = world.ask_json("setAutoMessagesEnabled", turn(true)).await;
        assert_eq!((of_kind(&on["now"], kind)["enabled"].clone(), on["refused"].clone()), (json!(true), json!([])));
        let off = world.ask_json("setAutoMessagesEnabled", turn(false)).await;
        assert_eq!(of_kind(&off["now"], kind)["enabled"], false);
        let view = agree(&world).await;
        assert_eq!(of_kind(&view, kind)["changedElsewhereMs"], Value::Null, "it was all our own doing");
        assert!(versions(&world, kind).await.iter().rev().skip(1).all(|version| version["elsewhere"] == false));
    }
    assert!(world.tiktok.ledger().auto_changes.iter().all(|change| change.by_api));
}

#[tokio::test]
async fn questions_and_prompts_are_deleted_and_prompts_put_in_order() {
    let world = world().await;
    for (kind, remote) in [QUESTION, PROMPT] {
        for title in ["One", "Two", "Three"] {
            create(&world, kind, title, "Answer").await;
        }
        approve(&world).await;
        world.ask(DeleteAutoMessage { message: parsed(&id(&world, kind, 1).await) }).await;
        agree(&world).await;
        assert_eq!(at_tiktok(&world, remote), ["One | Answer [approved]", "Three | Answer [approved]"]);
    }
    create(&world, PROMPT.0, "Four", "Answer").await;
    let order: Vec<Value> =
        vec![id(&world, PROMPT.0, 2).await, id(&world, PROMPT.0, 0).await, id(&world, PROMPT.0, 1).await];
    let sort = json!({ "account": world.account(), "kind": PROMPT.0, "order": order });
    let view = world.ask_json("sortAutoMessages", sort.clone()).await;
    let ids: Vec<Value> =
        of_kind(&view, PROMPT.0)["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
    assert_eq!(ids, order, "each is still itself");
    agree(&world).await;
    assert!(at_tiktok(&world, PROMPT.1)[0].starts_with("Four"));
    let before = changes(&world);
    world.ask_json("sortAutoMessages", sort).await;
    assert_eq!(changes(&world), before, "what is in order is not sorted");
}

#[tokio::test]
async fn a_review_is_followed_by_itself_and_a_pushed_verdict_is_shown_at_once() {
    let mut timing = quick();
    (timing.automatic, timing.automatic_soon) = (Duration::from_secs(3_600), Duration::from_millis(100));
    let config = Config { limits: Limits::NONE, review: Duration::from_secs(3_600), ..Config::default() };
    let mut world = World::with(config, timing, TestHost::new()).await;
    world.link().await;
    create(&world, QUESTION.0, "Where?", "Here").await;
    let audit =
        async |world: &World, audit: &str| of_kind(&shown(world).await, QUESTION.0)["items"][0]["audit"] == audit;
    assert!(audit(&world, "reviewing").await);
    let remote = world.tiktok.ledger().auto_messages[0].id.clone();
    world.tiktok.approve(&remote);
    world.until("it is approved", async |world| audit(world, "approved").await).await;

    // From here on TikTok cannot be read: only what is pushed tells.
    world.hears();
    world.tiktok.fault("auto_get", sandbox::Fault::code(50_000), sandbox::Times::UntilCleared);
    world.tiktok.reject(&remote);
    world.until("it is rejected", async |world| audit(world, "rejected").await).await;
}

#[tokio::test]
async fn after_a_restart_without_a_network_all_is_as_it_was() {
    let mut world = world().await;
    create(&world, QUESTION.0, "Where?", "Here").await;
    create(&world, PROMPT.0, "Sizes", "S to XL").await;
    approve(&world).await;
    let before = read(&world).await;
    let states = versions(&world, QUESTION.0).await;
    world.crash().await;
    world.tiktok.unplug().await;
    world.restart().await;
    let after = shown(&world).await;
    assert_eq!(after["kinds"], before["kinds"]);
    assert_eq!(versions(&world, QUESTION.0).await, states);
    let offline = world.ask_json("refreshAutoMessages", json!({ "account": world.account() })).await;
    assert_eq!(offline["fault"]["code"], "offline");
    assert_eq!(offline["kinds"], before["kinds"], "what is known stays on screen");
    world.tiktok.plug_in().await.unwrap();
    world.until("it is read again", async |world| shown(world).await["fault"].is_null()).await;
    agree(&world).await;
}

#[tokio::test]
async fn prompts_wrapped_as_in_tiktoks_own_example_are_prompts() {
    let world = world().await;
    world.tiktok.wrap_prompts(true);
    create(&world, PROMPT.0, "Sizes", "S to XL").await;
    let view = agree(&world).await;
    assert_eq!(lines(&view, PROMPT.0), ["Sizes | S to XL [reviewing]"]);
    assert!(lines(&view, QUESTION.0).is_empty());
}

#[tokio::test]
async fn erasing_an_account_takes_them_along_and_unlinking_leaves_them_to_be_read() {
    let mut world = world().await;
    create(&world, QUESTION.0, "Where?", "Here").await;
    let account = world.account();
    world.ask(UnlinkAccount { account, erase: false }).await;
    assert_eq!(lines(&shown(&world).await, QUESTION.0), ["Where? | Here [reviewing]"]);
    let before = changes(&world);
    let fault = world.refused_json("createAutoMessage", make(&world, QUESTION.0, &text("When?", "Now"))).await;
    assert_eq!((fault, changes(&world)), (desk::FaultCode::TikTokRefused, before), "it has to be linked again");
    world.link().await;
    world.until("it works again", async |world| shown(world).await["fault"].is_null()).await;
    create(&world, QUESTION.0, "When?", "Now").await;
    agree(&world).await;

    world.ask(UnlinkAccount { account, erase: true }).await;
    let left = world.desk().engine().store().read(move |sql| {
        let items = store::table::auto_message::of_kind(sql, account, AutoMessageType::SuggestedQuestion)?;
        let versions = store::table::auto_version::newest(sql, account, AutoMessageType::SuggestedQuestion, 9)?;
        let comments = store::table::comment::of_account(sql, account, 9)?;
        Ok((items.len(), versions.len(), comments.len()))
    });
    assert_eq!(left.await.unwrap(), (0, 0, 0));
}
