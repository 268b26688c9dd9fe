//! Films: fetched once, opened once, kept for a while.

use desk::commands::{OpenVideo, UnlinkAccount};
use std::time::Duration;

use desk::FaultCode;
use sandbox::{Customer, Fault, Times};
use serde_json::{Value, json};
use tests::{World, parsed};

async fn film(world: &World, customer: &Customer) -> Value {
    let count = customer.thread().len();
    world.until("it is here", async |world| world.messages(customer).await.len() == count).await;
    let message = world.messages(customer).await.pop().unwrap();
    assert_eq!(message["content"]["type"], "video");
    json!({ "message": message["id"] })
}

#[tokio::test]
async fn a_film_opens_in_the_player_and_a_second_press_joins_the_first() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("look");
    world.conversation(&ana).await;
    ana.sends_video();
    let asked = film(&world, &ana).await;
    world.tiktok.fault("media", Fault::Delay(Duration::from_millis(200)), Times::Next(1));
    tokio::join!(
        world.ask_json("openVideo", asked.clone()),
        world.ask_json("openVideo", asked.clone()),
        world.ask_json("openVideo", asked.clone())
    );
    let opened = world.host.films();
    assert_eq!(opened.len(), 1, "one player, not three");
    let id = asked["message"].as_str().unwrap();
    assert_eq!(opened[0], desk::films_folder(world.folder()).join(format!("{id}.mp4")));
    let bytes = std::fs::read(&opened[0]).unwrap();
    assert!(bytes.len() >= 64 << 10 && &bytes[4..8] == b"ftyp", "{} bytes", bytes.len());
    // The next press has it already, even without a network.
    world.tiktok.unplug().await;
    world.ask_json("openVideo", asked).await;
    assert_eq!((world.host.films().len(), world.tiktok.ledger().calls("media")), (2, 1));
}

#[tokio::test]
async fn a_film_that_cannot_be_had_says_why_and_leaves_nothing_behind() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("look");
    let text = world.message(&ana, "look").await;
    assert_eq!(world.refused(OpenVideo { message: parsed(&text["id"]) }).await, FaultCode::WrongState);
    ana.sends_video_of(201 << 20);
    let long = film(&world, &ana).await;
    assert_eq!(world.refused_json("openVideo", long).await, FaultCode::VideoTooLarge);
    ana.sends_video();
    let asked = film(&world, &ana).await;
    let dead = Fault::Status { status: 403, accepting: false };
    for (endpoint, fault, times, code) in [
        ("media_download", Fault::code(40007), Times::Next(1), FaultCode::MediaGone),
        ("media", dead.clone(), Times::Next(2), FaultCode::MediaGone),
        ("media", Fault::Html { accepting: true }, Times::Next(1), FaultCode::MediaGone),
        ("media", Fault::Status { status: 503, accepting: false }, Times::Next(1), FaultCode::Offline),
        ("media", Fault::HangUpMidAnswer, Times::Next(1), FaultCode::Offline),
    ] {
        world.tiktok.fault(endpoint, fault.clone(), times);
        assert_eq!(world.refused_json("openVideo", asked.clone()).await, code, "{endpoint}: {fault:?}");
    }
    world.tiktok.unplug().await;
    assert_eq!(world.refused_json("openVideo", asked.clone()).await, FaultCode::Offline);
    let left = std::fs::read_dir(desk::films_folder(world.folder())).unwrap().count();
    assert_eq!((left, world.host.films().len()), (0, 0));
    // And once TikTok answers, a link that died on the way is asked for anew.
    world.tiktok.plug_in().await.unwrap();
    world.until_health("live").await;
    world.tiktok.fault("media", dead, Times::Next(1));
    world.ask_json("openVideo", asked).await;
    assert_eq!(world.host.films().len(), 1);
}

#[tokio::test]
async fn films_go_when_the_account_is_unlinked_and_half_ones_at_the_next_start() {
    let mut world = World::start().await;
    let ana = world.customer("Ana");
    ana.sends_video();
    let asked = film(&world, &ana).await;
    world.ask_json("openVideo", asked).await;
    let folder = desk::films_folder(world.folder());
    world.close().await;
    std::fs::write(folder.join("7.mp4.part"), "half").unwrap();
    world.restart().await;
    let count = || std::fs::read_dir(&folder).unwrap().count();
    world.until("the half one is gone", async |_| count() == 1).await;
    world.ask(UnlinkAccount { account: world.account(), erase: false }).await;
    assert_eq!(count(), 0);
}
