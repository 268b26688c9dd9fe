//! An account's access: renewed by one for all, found dead after a long sleep, warned of before it ends, and given back.

mod erasing;
mod renewing;
mod unlinking;

use desk::commands::{GetOverview, SyncAccounts};
use std::cell::Cell;
use std::time::Duration;

use desk::{ExposeSecret, Request, Secrets};
use model::AccountId;
use sandbox::{Config, Customer, Fault, Lifetimes, Limits, Times, WindowRule};
use serde_json::{Value, json};
use tests::{TestHost, World, http, quick};

const DAY: Duration = Duration::from_secs(86_400);

/// An account as the frame around the screens shows it.
async fn shown(world: &World, id: AccountId) -> Value {
    let overview = world.ask_json("getOverview", json!({})).await;
    let accounts = overview["accounts"].as_array().cloned().unwrap_or_default();
    accounts.into_iter().find(|account| account["id"] == json!(id)).unwrap_or(Value::Null)
}

async fn until_health(world: &World, id: AccountId, state: &str) {
    world.until(&format!("it is {state}"), async |world| shown(world, id).await["health"]["state"] == state).await;
}

async fn events(world: &World, id: AccountId) -> Vec<(String, String)> {
    let events = world.ask_json("listTokenEvents", json!({ "account": id })).await;
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    events.as_array().unwrap().iter().map(|event| (word(&event["kind"]), word(&event["detail"]))).collect()
}

fn token(world: &World, kind: &str, business_id: &str) -> Option<String> {
    world.host.read(&format!("{kind}-token/{business_id}")).unwrap().map(|token| token.expose_secret().to_owned())
}

/// Links the account again, as an agent would.
async fn link_again(world: &mut World) {
    let (before, business) = (world.account(), world.account());
    assert_eq!(world.link().await, business, "the same account");
    until_health(world, before, "live").await;
}

/// A world with two linked accounts, in this order, and who talks to both under one name.
async fn two() -> (World, [(AccountId, String, Customer); 2]) {
    let mut world = World::unlinked().await;
    let mut linked = Vec::new();
    for (handle, name) in [("cornershop", "Corner Shop"), ("maisonbloom", "Maison Bloom")] {
        let business_id = world.tiktok.open_account(handle, name, WindowRule::B);
        let ana = world.customer("Ana");
        ana.says(&format!("hello {name}"));
        let id = world.link().await;
        until_said(&world, id, "Ana", &format!("hello {name}")).await;
        linked.push((id, business_id, ana));
    }
    (world, linked.try_into().unwrap())
}

async fn rows(world: &World, id: AccountId) -> Vec<Value> {
    let mut rows = Vec::new();
    for tab in ["all", "done"] {
        let asked = json!({ "account": id, "tab": tab, "offset": 0, "limit": 200 });
        rows.extend(world.ask_json("listConversations", asked).await["rows"].as_array().cloned().unwrap_or_default());
    }
    rows
}

/// A customer's thread in an account, as text; nothing if there is none.
async fn thread(world: &World, id: AccountId, name: &str) -> String {
    match rows(world, id).await.into_iter().find(|row| row["person"]["name"] == name) {
        Some(row) => world.thread(serde_json::from_value(row["id"].clone()).unwrap()).await,
        None => String::new(),
    }
}

async fn until_said(world: &World, id: AccountId, name: &str, text: &str) {
    world.until(&format!("{name} has said {text}"), async |world| thread(world, id, name).await.contains(text)).await;
}

async fn reply(world: &World, id: AccountId, name: &str, text: &str) {
    let row = rows(world, id).await.into_iter().find(|row| row["person"]["name"] == name).expect("a conversation");
    world.send(serde_json::from_value(row["id"].clone()).unwrap(), text).await;
}

#[tokio::test]
async fn fifty_calls_with_a_token_that_has_ended_renew_it_once() {
    let world = World::start().await;
    let customers: Vec<Customer> = (0..50).map(|n| world.customer(&format!("Customer {n}"))).collect();
    let mut conversations = Vec::new();
    for customer in &customers {
        customer.says("can I send you a picture?");
    }
    for customer in &customers {
        conversations.push(world.conversation(customer).await);
    }
    world.tiktok.expire_access_tokens();
    let mut asking = tokio::task::JoinSet::new();
    for conversation in conversations {
        let desk = world.desk().clone();
        asking.spawn(async move {
            desk.answer(Request {
                command: "checkImagePermission".to_owned(),
                args: json!({ "conversation": conversation }),
            })
            .await
        });
    }
    while let Some(asked) = asking.join_next().await {
        asked.unwrap().unwrap();
    }
    let ledger = world.tiktok.ledger();
    assert_eq!((ledger.calls("refresh"), ledger.refreshes()), (1, 1));
    assert!(ledger.calls("capabilities") >= 50, "each of them has asked: {:?}", ledger.all_calls());
    assert_eq!(shown(&world, world.account()).await["health"]["state"], "live");
    let kinds: Vec<String> = events(&world, world.account()).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["refreshed", "linked"]);
}

#[tokio::test]
async fn a_renewal_that_fails_while_the_token_is_good_is_not_asked_for_with_every_call() {
    let config = Config {
        limits: Limits::NONE,
        lifetimes: Lifetimes { business_access_s: 3_600, ..Lifetimes::default() },
        ..Config::default()
    };
    let mut world = World::with(config, quick(), TestHost::new()).await;
    world.link().await;
    world.tiktok.fault("refresh", Fault::code(50_000), Times::UntilCleared);
    // Nine tenths of its life are over: it is to be renewed and still good.
    world.tiktok.advance(Duration::from_secs(3_240));
    world.until("it was tried to renew it", async |world| world.tiktok.ledger().calls("refresh") > 0).await;
    let sweeps = || world.tiktok.ledger().calls("conversation_list");
    let (before, swept) = (world.tiktok.ledger().calls("refresh"), sweeps());
    world.until("it has gone on listing", async |_| sweeps() >= swept + 40).await;
    let tried = world.tiktok.ledger().calls("refresh") - before;
    assert!(tried <= 20, "{tried} renewals for 40 calls");
    assert_eq!(shown(&world, world.account()).await["health"]["state"], "live", "the old one does meanwhile");
    let kinds: Vec<String> = events(&world, world.account()).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["postponed", "linked"], "told once");
    world.tiktok.clear_faults();
    world.until("it is renewed", async |world| world.tiktok.ledger().refreshes() == 1).await;
    assert_eq!(world.tiktok.ledger().refreshes(), 1);
}

#[tokio::test]
async fn after_twenty_nine_days_asleep_it_goes_on_by_itself() {
    let mut world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("see you next month");
    world.conversation(&ana).await;
    world.close().await;
    world.tiktok.advance(29 * DAY);
    ana.says("hello again");
    world.restart().await;
    world.until_thread(&ana, "hello again").await;
    world.reply(&ana, "Welcome back!").await;
    world.settle().await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["Welcome back!"]);
    assert_eq!((world.tiktok.ledger().refresh_calls(), world.tiktok.ledger().refreshes()), (1, 1));
    let account = shown(&world, world.account()).await;
    assert_eq!((&account["health"]["state"], &account["access"]["warnDays"]), (&json!("live"), &Value::Null));
    assert!(account["access"]["accessEndsMs"].as_i64().unwrap() > world.tiktok.now_ms());
}

#[tokio::test]
async fn a_dead_refresh_token_asks_for_a_new_link_and_loses_nothing() {
    for expired in [false, true] {
        let mut world = World::start().await;
        let (id, ana, ben) = (world.account(), world.customer("Ana"), world.customer("Ben"));
        let business_id = world.tiktok.open_account("maisonbloom", "Maison Bloom", WindowRule::B);
        ana.says("where is my order?");
        ben.says("is it open today?");
        let (to_ana, to_ben) = (world.conversation(&ana).await, world.conversation(&ben).await);
        world.ask_json("saveDraft", json!({ "conversation": to_ben, "body": "From nine to" })).await;
        let secrets = [token(&world, "access", &business_id).unwrap(), token(&world, "refresh", &business_id).unwrap()];
        world.tiktok.expire_access_tokens();
        if expired {
            world.tiktok.expire_refresh_tokens();
        } else {
            world.tiktok.kill_refresh_tokens();
        }
        until_health(&world, id, "relink").await;
        world.send(to_ana, "It left today.").await;
        world.until_thread(&ana, "It left today. [deskbell, queued relink]").await;
        ana.says("hello?");
        world.crash().await;
        world.restart().await;
        until_health(&world, id, "relink").await;
        assert!(world.reads(&ana).await.contains("It left today. [deskbell, queued relink]"));
        let told = events(&world, id).await;
        let kinds: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["refused", "linked"], "told once, however often it was tried");
        assert!(!told[0].1.is_empty(), "in TikTok's words");
        let whole = world.ask_json("listTokenEvents", json!({ "account": id })).await.to_string();
        let overview = world.ask_json("getOverview", json!({})).await.to_string();
        for secret in &secrets {
            assert!(!whole.contains(secret) && !overview.contains(secret), "never a token");
        }

        link_again(&mut world).await;
        world.settle().await;
        assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["It left today."]);
        world.until_thread(&ana, "hello?").await;
        assert!(world.reads(&ana).await.contains("Ana: where is my order?"));
        assert_eq!(world.view(&ben).await.draft.body, "From nine to");
        assert_eq!(events(&world, id).await[0].0, "linked");
    }
}

#[tokio::test]
async fn a_page_of_something_in_between_is_not_taken_for_a_lost_permission() {
    let world = World::start().await;
    let (id, ana) = (world.account(), world.customer("Ana"));
    ana.says("hello?");
    world.conversation(&ana).await;
    let mut said = Vec::new();
    for (list, status) in
        [("conversation_list", 403), ("content_list", 403), ("conversation_list", 401), ("conversation_list", 404)]
    {
        let (asked, told) = (world.tiktok.ledger().calls(list), format!("after {status} of {list}"));
        world.tiktok.fault(list, Fault::Status { status, accepting: false }, Times::Next(1));
        ana.says(&told);
        world.until("it was asked again", async |world| world.tiktok.ledger().calls(list) > asked + 1).await;
        world.until_thread(&ana, &told).await;
        world.reply(&ana, &format!("ours {told}")).await;
        world.settle().await;
        said.push(format!("ours {told}"));
        assert_eq!(world.tiktok.ledger().texts_to("Ana"), said, "a reply goes out");
        until_health(&world, id, "live").await;
    }
    let kinds: Vec<String> = events(&world, id).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!((kinds, world.tiktok.ledger().refresh_calls()), (vec!["linked".to_owned()], 0), "nothing was renewed");
}

#[tokio::test]
async fn the_end_of_the_access_is_announced_seven_three_and_one_days_before() {
    // A pair that is never renewed, because its access token outlives the other.
    let lifetimes =
        Lifetimes { business_access_s: 30 * 86_400, business_refresh_s: 10 * 86_400, ..Lifetimes::default() };
    let config = Config { limits: Limits::NONE, lifetimes, ..Config::default() };
    let mut world = World::with(config, quick(), TestHost::new()).await;
    let id = world.link().await;
    let warned = async |world: &World| shown(world, id).await["access"]["warnDays"].clone();
    assert_eq!(warned(&world).await, Value::Null);
    for (hours, days) in
        [(71, Value::Null), (2, json!(7)), (94, json!(7)), (2, json!(3)), (46, json!(3)), (2, json!(1))]
    {
        world.tiktok.advance(Duration::from_secs(hours * 3_600));
        world
            .until(&format!("the desk knows the time and warns of {days}"), async |world| {
                let now_ms = world.ask(GetOverview {}).await.now_ms;
                (now_ms - world.tiktok.now_ms()).abs() < 60_000 && warned(world).await == days
            })
            .await;
    }
    assert_eq!(shown(&world, id).await["health"]["state"], "live", "it is only a warning");
    let ends = shown(&world, id).await["access"]["refreshEndsMs"].as_i64().unwrap();
    link_again(&mut world).await;
    assert!(shown(&world, id).await["access"]["refreshEndsMs"].as_i64().unwrap() > ends);
    assert_eq!(warned(&world).await, Value::Null);
}

#[tokio::test]
async fn a_warning_that_was_put_away_stays_so_after_a_restart() {
    let mut world = World::start().await;
    let mut settings = world.ask_json("getOverview", json!({})).await["settings"].clone();
    assert_eq!(settings["accessPutAway"], json!([]));
    let ends_ms = shown(&world, world.account()).await["access"]["refreshEndsMs"].clone();
    let put_away = json!([{ "account": world.account(), "step": 7, "refreshEndsMs": ends_ms }]);
    settings["accessPutAway"] = put_away.clone();
    world.ask_json("saveSettings", json!({ "settings": settings })).await;
    world.close().await;
    world.restart().await;
    assert_eq!(world.ask_json("getOverview", json!({})).await["settings"]["accessPutAway"], put_away);
}

#[tokio::test]
async fn two_accounts_are_synced_side_by_side_and_never_mixed() {
    let (world, [(corner, corner_id, corner_ana), (bloom, _, bloom_ana)]) = two().await;
    assert_ne!(corner, bloom);
    assert_eq!(corner_ana.unique_identifier(), bloom_ana.unique_identifier(), "one person, two shops");
    corner_ana.says("milk?");
    bloom_ana.says("linen?");
    until_said(&world, corner, "Ana", "milk?").await;
    until_said(&world, bloom, "Ana", "linen?").await;
    reply(&world, corner, "Ana", "At the back.").await;
    reply(&world, bloom, "Ana", "In blue.").await;
    world.settle().await;
    let ledger = world.tiktok.ledger();
    let sent: Vec<(&str, &str)> = ledger.accepted.iter().map(|sent| (sent.from.as_str(), sent.text.as_str())).collect();
    assert!(sent.contains(&("cornershop", "At the back.")) && sent.contains(&("maisonbloom", "In blue.")), "{sent:?}");
    assert_eq!(sent.len(), 2);
    let (at_corner, at_bloom) = (thread(&world, corner, "Ana").await, thread(&world, bloom, "Ana").await);
    assert!(
        !at_corner.contains("Bloom, ") && !at_corner.contains("linen") && !at_corner.contains("blue"),
        "{at_corner}"
    );
    assert!(!at_bloom.contains("Corner") && !at_bloom.contains("milk") && !at_bloom.contains("back"), "{at_bloom}");
    assert_eq!((rows(&world, corner).await.len(), rows(&world, bloom).await.len()), (1, 1));

    // One takes its permission away; the other does not notice.
    let taken = token(&world, "access", &corner_id).unwrap();
    revoke(&world, &taken).await;
    until_health(&world, corner, "relink").await;
    corner_ana.says("bread?");
    bloom_ana.says("and in green?");
    until_said(&world, bloom, "Ana", "and in green?").await;
    reply(&world, bloom, "Ana", "In green too.").await;
    world.settle().await;
    assert_eq!(world.tiktok.ledger().accepted.last().map(|sent| sent.text.clone()).as_deref(), Some("In green too."));
    assert_eq!(shown(&world, bloom).await["health"]["state"], "live");
    assert!(!thread(&world, corner, "Ana").await.contains("bread?"));
}

/// The user takes the app's permission away, with this token.
async fn revoke(world: &World, token: &str) {
    let apps = world.tiktok.apps();
    let body =
        json!({ "client_id": apps.business_app_id, "client_secret": apps.business_secret, "access_token": token });
    let address = format!("{}/open_api/v1.3/tt_user/oauth2/revoke/", world.tiktok.base_url());
    let answer = http::ask("POST", &address, &[("Content-Type", "application/json")], &body.to_string()).await.unwrap();
    assert!(answer.body.contains("\"code\":0"), "{}", answer.body);
}

#[tokio::test]
async fn too_fast_is_a_second_of_silence_and_said_again_it_is_the_long_pause() {
    let world = World::paced(|timing| timing.rate_pause = Duration::from_secs(4)).await;
    let id = world.account();
    let pause = async |world: &World| {
        let health = shown(world, id).await["health"].clone();
        (health["state"] == "rateLimited").then(|| health["untilMs"].as_i64().unwrap() - world.tiktok.now_ms())
    };
    world.tiktok.fault("conversation_list", Fault::RateLimited, Times::Next(1));
    world.until("it is told to be slower", async |world| pause(world).await.is_some()).await;
    let left = pause(&world).await.unwrap();
    assert!((0..=1_600).contains(&left), "{left} ms");
    let quiet = world.tiktok.ledger().calls("*");
    let meanwhile = Cell::new(quiet);
    world
        .until("it goes on", async |world| {
            // Counted before it is asked whether the pause still holds: what comes after it is no matter.
            let calls = world.tiktok.ledger().calls("*");
            let over = pause(world).await.is_none();
            if !over {
                meanwhile.set(calls);
            }
            over
        })
        .await;
    assert!(meanwhile.get() <= quiet + 2, "silence meanwhile");
    until_health(&world, id, "live").await;

    let ana = world.customer("Ana");
    ana.says("hello?");
    world.conversation(&ana).await;
    world.tiktok.fault("conversation_list", Fault::RateLimited, Times::Next(1));
    world.until("it is told so again", async |world| pause(world).await.is_some()).await;
    let left = pause(&world).await.unwrap();
    assert!((1_700..=5_600).contains(&left), "{left} ms");
    let (calls, pressed_ms) = (world.tiktok.ledger().calls("*"), world.tiktok.now_ms());
    world.reply(&ana, "Hello Ana").await;
    world.settle().await;
    let ledger = world.tiktok.ledger();
    assert_eq!((ledger.texts_to("Ana"), ledger.attempts.len()), (vec!["Hello Ana".to_owned()], 1));
    assert!(ledger.attempts[0].at_ms - pressed_ms > left - 1_500, "not before the pause was over");
    assert!(ledger.attempts[0].at_ms - pressed_ms < left + 3_000);
    assert!(ledger.calls("*") < calls + 40, "{:?}", ledger.all_calls());
}

#[tokio::test]
async fn a_pause_until_midnight_is_told_of_every_account_and_ended_for_every_account() {
    let (world, [(corner, _, corner_ana), (bloom, _, bloom_ana)]) = two().await;
    world.tiktok.fault("conversation_list", Fault::too_many_per_day(), Times::Next(1));
    for id in [corner, bloom] {
        until_health(&world, id, "rateLimited").await;
    }
    corner_ana.says("milk?");
    bloom_ana.says("linen?");
    world.ask(SyncAccounts {}).await;
    until_said(&world, corner, "Ana", "milk?").await;
    until_said(&world, bloom, "Ana", "linen?").await;
    for id in [corner, bloom] {
        until_health(&world, id, "live").await;
    }
}

#[tokio::test]
async fn a_reply_does_not_wait_for_all_that_is_still_to_be_read() {
    let mut timing = quick();
    timing.budget.per_second = 5;
    let config = Config { limits: Limits::NONE, ..Config::default() };
    let mut world = World::with(config, timing, TestHost::new()).await;
    world.link().await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.conversation(&ana).await;
    for n in 0..60 {
        world.customer(&format!("Customer {n}")).says("hello?");
    }
    let read = || world.tiktok.ledger().calls("content_list");
    let before = read();
    world.until("it has begun to read", async |_| read() > before + 2).await;
    world.reply(&ana, "Hello Ana").await;
    let pressed = read();
    world.until("the reply is out", async |world| !world.tiktok.ledger().texts_to("Ana").is_empty()).await;
    assert!(read() - pressed <= 8, "{} conversations were read first", read() - pressed);
    assert!(read() - before < 50, "there was something to go before");
}
