//! The media vault: pictures outlive their links, films are opened, room is made, and nothing that cannot be had again goes.

mod films;
mod links;
mod room;

use desk::commands::{CopyImage, OpenInTikTok, SaveImage};
use std::collections::BTreeSet;

use desk::FaultCode;
use model::{ConversationId, MessageId};
use sandbox::{Customer, Fault, Times};
use serde_json::{Value, json};
use tests::{World, parsed};

use crate::pictures::photo;

/// The pictures among a customer's messages as the page is shown them, oldest first.
async fn shown(world: &World, customer: &Customer) -> Vec<Value> {
    let is_picture = |message: &Value| ["image", "sticker"].contains(&message["content"]["type"].as_str().unwrap());
    world.messages(customer).await.into_iter().filter(is_picture).collect()
}

/// Their states, oldest first.
async fn states(world: &World, customer: &Customer) -> Vec<String> {
    let shown = shown(world, customer).await;
    shown.iter().map(|one| one["content"]["media"]["state"].as_str().unwrap().to_owned()).collect()
}

/// Waits until so many pictures are there, each in this state.
async fn until_all(world: &World, customer: &Customer, count: usize, state: &str) -> Vec<Value> {
    world
        .until(&format!("{count} pictures are {state}"), async |world| {
            let states = states(world, customer).await;
            states.len() == count && states.iter().all(|one| one == state)
        })
        .await;
    shown(world, customer).await
}

fn key(picture: &Value) -> String {
    picture["content"]["media"]["key"].as_str().unwrap_or_else(|| panic!("not kept: {picture}")).to_owned()
}

fn id(message: &Value) -> MessageId {
    serde_json::from_value(message["id"].clone()).unwrap()
}

/// Whether a key leads to bytes that are a picture.
async fn opens(world: &World, key: &str) -> bool {
    world.desk().media(key).await.is_some_and(|media| image::load_from_memory(&media.bytes).is_ok())
}

async fn avatar(world: &World, customer: &Customer) -> Option<String> {
    world.row(customer).await.person.avatar
}

fn file(world: &World, key: &str) -> std::path::PathBuf {
    world.folder().join("media").join(key.get(..2).unwrap()).join(key)
}

async fn listed(world: &World, conversation: ConversationId, around: Option<MessageId>, limit: u32) -> Value {
    world.ask_json("listImages", json!({ "conversation": conversation, "around": around, "limit": limit })).await
}

#[tokio::test]
async fn the_viewer_pages_through_the_photos_whether_they_are_here_or_not() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    let conversation = {
        ana.says("which of these?");
        world.conversation(&ana).await
    };
    assert_eq!(
        listed(&world, conversation, None, 10).await,
        json!({ "pictures": [], "hasOlder": false, "hasNewer": false })
    );
    for _ in 0..7 {
        ana.sends_image();
        ana.sends_sticker();
    }
    until_all(&world, &ana, 14, "kept").await;
    // One that never comes is a page of the album too.
    world.tiktok.fault("media_download", Fault::code(40007), Times::Next(1));
    ana.sends_image();
    world.until("it is given up", async |world| states(world, &ana).await.last().unwrap() == "unavailable").await;
    let photos: Vec<MessageId> =
        shown(&world, &ana).await.iter().filter(|one| one["content"]["type"] == "image").map(id).collect();
    let page = async |around: Option<usize>, limit: u32| {
        let page = listed(&world, conversation, around.map(|at| photos[at]), limit).await;
        let ids: Vec<MessageId> = page["pictures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| serde_json::from_value(one["message"].clone()).unwrap())
            .collect();
        let places: Vec<usize> = ids.iter().map(|id| photos.iter().position(|photo| photo == id).unwrap()).collect();
        (places, page["hasOlder"].as_bool().unwrap(), page["hasNewer"].as_bool().unwrap())
    };
    assert_eq!(page(None, 3).await, (vec![5, 6, 7], true, false), "the newest");
    assert_eq!(page(None, 100).await, ((0..8).collect(), false, false));
    assert_eq!(page(Some(4), 3).await, (vec![3, 4, 5], true, true), "as many on either side");
    assert_eq!(page(Some(0), 3).await, (vec![0, 1, 2], false, true), "where there are none, more on the other");
    assert_eq!(page(Some(7), 3).await, (vec![5, 6, 7], true, false));
    assert_eq!(page(Some(1), 4).await, (vec![0, 1, 2, 3], false, true));
    assert_eq!(page(Some(2), 1).await, (vec![2], true, true));
    let page = listed(&world, conversation, None, 1).await;
    assert_eq!(page["pictures"][0]["media"]["state"], "unavailable");
    assert_eq!(page["pictures"][0]["direction"], "in");
    let ben = world.customer("Ben");
    ben.says("hello?");
    let elsewhere = world.conversation(&ben).await;
    let asked = json!({ "conversation": elsewhere, "around": photos[0], "limit": 5 });
    assert_eq!(world.refused_json("listImages", asked).await, FaultCode::NotFound);
}

#[tokio::test]
async fn a_picture_is_saved_under_a_name_that_says_from_whom_and_when() {
    let world = World::start().await;
    let nadia = world.customer("Nadia \u{202E}/../ Rahman");
    nadia.sends_image();
    let picture = until_all(&world, &nadia, 1, "kept").await.remove(0);
    let asked = json!({ "message": picture["id"] });
    assert_eq!(world.refused_json("saveImage", asked.clone()).await, FaultCode::NotPossibleHere);
    let place = tempfile::tempdir().unwrap();
    let downloads = place.path().join("Downloads");
    world.host.set_downloads(Some(downloads.clone()));
    let mut names = BTreeSet::new();
    for end in [".jpg", " (2).jpg"] {
        let saved = world.ask_json("saveImage", asked.clone()).await["place"].as_str().unwrap().to_owned();
        let name = saved.strip_prefix("Downloads/").unwrap_or_else(|| panic!("{saved}"));
        let when = name.strip_prefix("Nadia .. Rahman ").and_then(|rest| rest.strip_suffix(end));
        let digits = when.unwrap_or_else(|| panic!("{name}")).replace(|c: char| c.is_ascii_digit(), "0");
        assert_eq!(digits, "0000-00-00 00-00");
        let ours = world.desk().media(&key(&picture)).await.unwrap().bytes;
        assert!(std::fs::read(downloads.join(name)).unwrap() == ours, "byte for byte what is shown");
        names.insert(name.to_owned());
    }
    let there: BTreeSet<String> =
        std::fs::read_dir(&downloads).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(there, names, "and nothing half written");
    // What is not here cannot be saved.
    nadia.says("and this?");
    let text = world.message(&nadia, "and this?").await;
    assert_eq!(world.refused(SaveImage { message: parsed(&text["id"]) }).await, FaultCode::WrongState);
}

#[tokio::test]
async fn a_picture_is_copied_as_it_is_shown() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.sends_sticker();
    ana.sends_image();
    for picture in until_all(&world, &ana, 2, "kept").await {
        let key = key(&picture);
        world.ask(CopyImage { key: key.clone() }).await;
        let media = world.desk().media(&key).await.unwrap();
        assert_eq!(world.host.copied().pop(), Some((media.mime.to_owned(), media.bytes)));
    }
    let damaged = key(&shown(&world, &ana).await[0]);
    std::fs::write(file(&world, &damaged), b"\x89PNG\r\n\x1a\n and then nothing").unwrap();
    assert_eq!(world.refused(CopyImage { key: damaged }).await, FaultCode::MediaGone, "never decoded");
    for key in ["", "../../deskbell.db", &"a".repeat(64)] {
        assert_eq!(world.refused(CopyImage { key: key.to_owned() }).await, FaultCode::NotFound, "{key}");
    }
}

#[tokio::test]
async fn what_only_tiktok_shows_is_opened_there() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.shares_post();
    ana.sends_something_unknown();
    ana.says("did you see?");
    world.until_thread(&ana, "did you see?").await;
    let opened = world.host.opened().len();
    for message in world.messages(&ana).await {
        world.ask(OpenInTikTok { message: parsed(&message["id"]) }).await;
        let address = world.host.opened().pop().unwrap();
        match message["content"]["itemId"].as_str() {
            // The sandbox's own page of it is on this computer: only Practice opens that.
            Some(item) => assert_eq!(address, format!("https://www.tiktok.com/@maisonbloom/video/{item}")),
            None => assert_eq!(address, "https://www.tiktok.com/messages"),
        }
    }
    assert_eq!(world.host.opened().len() - opened, 3);
}

/// The draft's picture; the conversation has begun.
async fn drafted(world: &World, customer: &Customer) -> String {
    let conversation = world.conversation(customer).await;
    world.desk().attach(conversation, photo(320, 200)).await.unwrap().key
}
