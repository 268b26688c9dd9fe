//! Links that die: before the picture was fetched, and after.

use desk::commands::{FetchImage, SetActiveView, SyncAccounts};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::IntoResponse;
use desk::{Desk, DeskConfig, Endpoints, Request};
use sandbox::{Fault, Times};
use serde_json::{Value, json};
use store::table::media;
use tests::{World, http, parsed, quick};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::{avatar, key, opens, shown, states, until_all};

const DEAD: Fault = Fault::Status { status: 403, accepting: false };
const UNWELL: Fault = Fault::Status { status: 503, accepting: false };

#[tokio::test]
async fn every_picture_still_opens_when_all_links_are_dead_and_tiktok_is_gone() {
    let mut world = World::with_posts().await;
    let people = ["Ana", "Ben", "Chidi"].map(|name| world.customer(name));
    for person in &people {
        person.says("look");
        for _ in 0..3 {
            person.sends_image();
        }
        person.sends_sticker();
        person.sends_emoji();
    }
    world.tiktok.post("maisonbloom", "Linen");
    let account = json!({ "account": world.account() });
    world.ask_json("refreshPosts", account.clone()).await;
    let mut keys = Vec::new();
    for person in &people {
        keys.extend(until_all(&world, person, 5, "kept").await.iter().map(key));
        world.until("the avatar is here", async |world| avatar(world, person).await.is_some()).await;
        keys.push(avatar(&world, person).await.unwrap());
    }
    let covers = async |world: &World| -> Vec<Option<String>> {
        let page = world.ask_json("listPosts", account.clone()).await;
        let posts = page["posts"].as_array().unwrap().clone();
        posts.iter().map(|post| post["cover"].as_str().map(str::to_owned)).collect()
    };
    world.until("the covers are here", async |world| covers(world).await.iter().all(Option::is_some)).await;
    keys.extend(covers(&world).await.into_iter().flatten());
    let overview = world.ask_json("getOverview", json!({})).await;
    keys.extend(overview["accounts"][0]["avatar"].as_str().map(str::to_owned));
    assert!(keys.len() > 19, "{} pictures", keys.len());

    world.close().await;
    world.tiktok.expire_links();
    world.tiktok.unplug().await;
    world.restart().await;
    for key in &keys {
        assert!(opens(&world, key).await, "{key}");
    }
    for person in &people {
        assert_eq!(states(&world, person).await, ["kept"; 5]);
    }
}

#[tokio::test]
async fn a_picture_whose_link_died_before_it_was_fetched_is_asked_for_anew() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    world.tiktok.fault("media", DEAD, Times::Next(1));
    ana.sends_image();
    until_all(&world, &ana, 1, "kept").await;
    assert_eq!(world.tiktok.ledger().calls("media_download"), 2, "another link at once");
    // And where that one is dead as well, at the next attempt.
    world.tiktok.fault("media", DEAD, Times::Next(3));
    ana.sends_image();
    until_all(&world, &ana, 2, "kept").await;
    assert_eq!(world.tiktok.ledger().calls("media_download"), 6);
}

#[tokio::test]
async fn a_picture_that_tiktok_does_not_give_out_is_not_asked_for_for_ever() {
    let world = World::paced(|timing| timing.picture_again = Duration::from_millis(5)).await;
    let ana = world.customer("Ana");
    world.tiktok.fault("media", DEAD, Times::UntilCleared);
    ana.sends_image();
    until_all(&world, &ana, 1, "unavailable").await;
    assert_eq!(world.tiktok.ledger().calls("media_download"), 16, "two links at each of eight attempts");
    world.tiktok.fault("media_download", Fault::code(40007), Times::Next(1));
    ana.sends_image();
    until_all(&world, &ana, 2, "unavailable").await;
    assert_eq!(world.tiktok.ledger().calls("media_download"), 17, "TikTok's no is one");
    // An agent may ask again at any time.
    world.tiktok.clear_faults();
    for picture in shown(&world, &ana).await {
        world.ask(FetchImage { message: parsed(&picture["id"]) }).await;
    }
    until_all(&world, &ana, 2, "kept").await;
}

#[tokio::test]
async fn no_trouble_of_the_hosts_that_keep_pictures_outlasts_a_picture() {
    let world = World::paced(|timing| timing.picture_again = Duration::from_millis(1)).await;
    let ana = world.customer("Ana");
    let tried = |world: &World| world.tiktok.ledger().calls("media");
    world.tiktok.fault("media", UNWELL, Times::UntilCleared);
    ana.sends_image();
    world.until("it was tried more often than a dead link is", async |world| tried(world) >= 10).await;
    assert_eq!(states(&world, &ana).await, ["pending"]);
    world.tiktok.clear_faults();
    until_all(&world, &ana, 1, "kept").await;
    // But for one that TikTok gives out no more.
    world.tiktok.fault("media", UNWELL, Times::UntilCleared);
    ana.sends_image();
    let before = tried(&world);
    world.until("it was tried", async |world| tried(world) > before).await;
    world.tiktok.advance(Duration::from_secs(26 * 86_400));
    world.until("it is given up", async |world| states(world, &ana).await == ["kept", "unavailable"]).await;
}

#[tokio::test]
async fn a_sticker_waits_for_the_network_like_any_picture() {
    let world = World::paced(|timing| timing.picture_again = Duration::from_millis(1)).await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.conversation(&ana).await;
    world.until("the avatar is here", async |world| avatar(world, &ana).await.is_some()).await;
    world.tiktok.fault("cdn", Fault::NeverAnswer { accepting: false }, Times::UntilCleared);
    let before = world.tiktok.ledger().calls("cdn");
    ana.sends_sticker();
    world.until("it is asked for", async |world| world.tiktok.ledger().calls("cdn") > before).await;
    world.tiktok.unplug().await;
    let (account, put_off) = (world.account(), RefCell::new(BTreeSet::new()));
    world
        .until("it was put off more often than a dead link is", async |world| {
            let store = world.desk().engine().store();
            let next = store.read(move |sql| media::next_due(sql, account, 0)).await.unwrap();
            put_off.borrow_mut().extend(next);
            put_off.borrow().len() > 8
        })
        .await;
    assert_eq!(states(&world, &ana).await, ["pending"]);
    world.tiktok.clear_faults();
    world.tiktok.plug_in().await.unwrap();
    until_all(&world, &ana, 1, "kept").await;
}

#[tokio::test]
async fn a_sticker_whose_link_died_comes_by_the_conversations_next_reading() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.conversation(&ana).await;
    world.tiktok.fault("cdn", DEAD, Times::UntilCleared);
    ana.sends_sticker();
    let sticker = until_all(&world, &ana, 1, "unavailable").await.remove(0);
    world.tiktok.clear_faults();
    // The link that was told is dead; the same words have another one by now.
    world.tiktok.expire_links();
    world.ask(FetchImage { message: parsed(&sticker["id"]) }).await;
    until_all(&world, &ana, 1, "kept").await;
}

#[tokio::test]
async fn an_avatar_that_never_came_is_fetched_when_there_is_a_fresh_link_to_it() {
    let world = World::start().await;
    world.tiktok.fault("cdn", DEAD, Times::UntilCleared);
    let before = world.tiktok.ledger().calls("cdn");
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.conversation(&ana).await;
    world.until("it was tried", async |world| world.tiktok.ledger().calls("cdn") > before).await;
    let tried = world.tiktok.ledger().calls("cdn");
    ana.says("anybody?");
    world.until_thread(&ana, "anybody?").await;
    assert_eq!(world.tiktok.ledger().calls("cdn"), tried, "not again by the same link");
    assert_eq!(avatar(&world, &ana).await, None);
    world.tiktok.clear_faults();
    world.tiktok.expire_links();
    ana.says("please");
    world.until("the avatar is here", async |world| avatar(world, &ana).await.is_some()).await;
    let had = world.tiktok.ledger().calls("cdn");
    world.tiktok.expire_links();
    ana.says("thanks");
    world.until_thread(&ana, "thanks").await;
    assert_eq!(world.tiktok.ledger().calls("cdn"), had, "one that is here is not fetched again");
}

#[tokio::test]
async fn pictures_that_waited_for_the_network_come_with_it() {
    // Nobody would wait this long: only the network's return brings them.
    let world = World::paced(|timing| timing.picture_again = Duration::from_secs(3600)).await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.conversation(&ana).await;
    world.tiktok.fault("media_download", Fault::Delay(Duration::from_millis(300)), Times::Next(2));
    ana.sends_image();
    ana.sends_image();
    world.until("they are on order", async |world| states(world, &ana).await == ["pending"; 2]).await;
    world.tiktok.unplug().await;
    world.until_health("offline").await;
    world.tiktok.plug_in().await.unwrap();
    until_all(&world, &ana, 2, "kept").await;
}

#[tokio::test]
async fn pictures_of_the_conversation_on_screen_come_first() {
    let world = World::paced(|timing| timing.picture_again = Duration::from_secs(5)).await;
    world.tiktok.fault("media_download", Fault::Status { status: 503, accepting: false }, Times::UntilCleared);
    let ana = world.customer("Ana");
    ana.sends_image();
    let conversation = world.conversation(&ana).await;
    let ben = world.customer("Ben");
    for _ in 0..12 {
        ben.sends_image();
    }
    world.until("all were tried", async |world| world.tiktok.ledger().calls("media_download") >= 13).await;
    world.ask(SetActiveView { conversation: Some(conversation), focused: false }).await;
    world.tiktok.clear_faults();
    world.tiktok.fault("media", Fault::Delay(Duration::from_millis(200)), Times::UntilCleared);
    world.ask(SyncAccounts {}).await;
    until_all(&world, &ana, 1, "kept").await;
    let others = states(&world, &ben).await.iter().filter(|state| *state == "kept").count();
    assert!(others <= 4, "{others} of the others came before it");
    world.tiktok.clear_faults();
    until_all(&world, &ben, 12, "kept").await;
}

/// A TikTok that gives out hostile links: everything else it asks the sandbox.
#[derive(Clone)]
struct Hostile {
    sandbox: String,
    link: std::sync::Arc<std::sync::Mutex<String>>,
}

async fn forward(
    State(hostile): State<Hostile>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let address = format!("{}{uri}", hostile.sandbox);
    let passed: Vec<(&str, &str)> = ["access-token", "content-type"]
        .into_iter()
        .filter_map(|name| Some((name, headers.get(name)?.to_str().ok()?)))
        .collect();
    let answer = http::ask_with_bytes(method.as_str(), &address, &passed, &body).await.unwrap();
    let mut json: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("no JSON: {}", answer.body));
    if let Some(link) = json.pointer_mut("/data/download_url") {
        *link = json!(hostile.link.lock().unwrap().clone());
    }
    axum::Json(json)
}

#[tokio::test]
async fn a_link_that_leads_elsewhere_is_not_followed_and_never_gets_the_token() {
    let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let trapped = trap.local_addr().unwrap();
    let mut world = World::start().await;
    let ana = world.customer("Ana");
    ana.sends_video();
    ana.says("see?");
    world.until_thread(&ana, "see?").await;
    let film = world.messages(&ana).await.remove(0);
    assert_eq!(film["content"]["type"], "video");
    world.close().await;

    let link = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let hostile = Hostile { sandbox: world.tiktok.base_url(), link: link.clone() };
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = door.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(door, Router::new().fallback(forward).with_state(hostile)).await });
    let mut endpoints: Value = serde_json::from_str(&world.tiktok.endpoints_json()).unwrap();
    endpoints["business"] = json!(format!("http://{address}/open_api/v1.3"));
    let endpoints = Some(Endpoints::from_json(&endpoints.to_string()).unwrap());
    let (data_dir, picture_decoder) = (world.folder().to_owned(), tests::picture_decoder());
    let config = DeskConfig { data_dir, picture_decoder, endpoints, practice: false };
    let desk = Desk::open_with(config, quick(), world.host.clone()).await.unwrap();
    for hostile in [
        format!("http://{trapped}/film.mp4"),
        format!("https://{trapped}/film.mp4"),
        format!("http://localhost:{}/film.mp4", trapped.port()),
        format!("http://[::ffff:127.0.0.1]:{}/film.mp4", trapped.port()),
        format!("{}@{trapped}/film.mp4", world.tiktok.base_url()),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "https://p16.tiktokcdn.com/film.mp4".to_owned(),
        "file:///etc/passwd".to_owned(),
        "javascript:alert(1)".to_owned(),
        "not an address".to_owned(),
    ] {
        *link.lock().unwrap() = hostile.clone();
        let asked = Request { command: "openVideo".to_owned(), args: json!({ "message": film["id"] }) };
        let fault = desk.answer(asked).await.unwrap_err();
        assert_eq!(fault.code, desk::FaultCode::MediaGone, "{hostile}");
    }
    // A picture is as careful as a film.
    *link.lock().unwrap() = format!("http://{trapped}/photo.jpeg");
    ana.sends_image();
    let listed = async || {
        let args = json!({ "conversation": film_conversation(&desk, &world).await, "around": null, "limit": 5 });
        desk.answer(Request { command: "listImages".to_owned(), args }).await.unwrap()
    };
    for _ in 0..1_500 {
        if listed().await["pictures"][0]["media"]["state"] == "unavailable" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(listed().await["pictures"][0]["media"]["state"], "unavailable");
    assert!(world.host.films().is_empty());
    desk.stop().await;
    let knock = tokio::time::timeout(Duration::from_millis(50), trap.accept()).await;
    if let Ok(Ok((mut stream, _))) = knock {
        let mut heard = String::new();
        let _ = stream.read_to_string(&mut heard).await;
        panic!("somebody came to the trap: {heard}");
    }
}

async fn film_conversation(desk: &Desk, world: &World) -> Value {
    let args = json!({ "account": world.account(), "tab": "all", "offset": 0, "limit": 5 });
    let window = desk.answer(Request { command: "listConversations".to_owned(), args }).await.unwrap();
    window["rows"][0]["id"].clone()
}
