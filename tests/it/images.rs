//! Pictures on their way to TikTok: uploaded, sent, found again.

use desk::commands::{DiscardReply, MarkReplyArrived, SendReply, SendReplyNow};
use model::MessageId;
use std::time::Duration;

use desk::FaultCode;
use sandbox::{Customer, Fault, Times};
use serde_json::{Value, json};
use tests::{World, press};

use crate::pictures::photo;

const LONG: Duration = Duration::from_secs(600);

async fn greeted(world: &World) -> Customer {
    let ana = world.customer("Ana");
    ana.says("which colour?");
    world.conversation(&ana).await;
    ana
}

/// Puts a picture on the draft and sends it with these words; its key and its messages.
async fn send(world: &World, customer: &Customer, picture: Vec<u8>, words: &str) -> (String, Vec<MessageId>) {
    let conversation = world.conversation(customer).await;
    let held = world.desk().attach(conversation, picture).await.unwrap();
    let told = SendReply { attachment: Some(held.key.clone()), ..press(conversation, words) };
    let queued = world.ask(told).await;
    (held.key, queued.messages)
}

/// The customer answers, so that a listing with all that went before is taken in; then every picture of ours is there
/// once, with the bytes it had here.
async fn assert_listed_once(world: &World, ana: &Customer, keys: &[&str]) {
    ana.says("thanks!");
    world.until_thread(ana, "Ana: thanks!\n").await;
    let shown = world.messages(ana).await;
    let pictures: Vec<&Value> = shown.iter().filter(|message| message["content"]["type"] == "image").collect();
    let kept: Vec<&str> = pictures.iter().map(|one| one["content"]["media"]["key"].as_str().unwrap_or("?")).collect();
    assert_eq!(kept, keys, "{}", world.reads(ana).await);
    assert!(pictures.iter().all(|one| one["surface"] == "deskbell" && one["delivery"]["state"] != "unconfirmed"));
    assert_eq!(world.tiktok.ledger().calls("media_download"), 0, "what we have is not fetched again");
}

#[tokio::test]
async fn a_picture_with_words_arrives_as_two_messages_the_picture_first_and_is_one_bubble() {
    let world = World::start().await;
    let ana = greeted(&world).await;
    let conversation = world.conversation(&ana).await;
    let held = world.desk().attach(conversation, photo(800, 600)).await.unwrap();
    assert_eq!((held.width, held.height, held.first_frame), (800, 600, false));
    let view = world.view(&ana).await;
    assert_eq!((view.draft.attachment.unwrap().key, view.images), (held.key.clone(), Some(true)));
    let (key, messages) = send(&world, &ana, photo(800, 600), "This one.").await;
    assert_eq!((key.as_str(), messages.len()), (held.key.as_str(), 2));
    world.until_thread(&ana, "This one. [deskbell, sent]").await;
    let ledger = world.tiktok.ledger();
    let got = ledger.messages_to("Ana");
    assert!(got[0].starts_with("[image 800x600 jpeg ") && got[1] == "This one." && got.len() == 2, "{got:?}");
    assert_eq!(ledger.uploads.len(), 1);
    assert!(ledger.uploads[0].bytes < 3_000_000);
    let ours = world.desk().media(&key).await.unwrap().bytes;
    assert!(world.tiktok.uploaded(&ledger.uploads[0].media_id) == Some(ours), "byte for byte what is shown here");
    assert_listed_once(&world, &ana, &[&key]).await;
}

#[tokio::test]
async fn the_same_picture_again_is_not_uploaded_again_even_after_a_restart() {
    let mut world = World::start().await;
    let ana = greeted(&world).await;
    let ben = world.customer("Ben");
    ben.says("and for me?");
    let (key, _) = send(&world, &ana, photo(320, 200), "").await;
    world.until_thread(&ana, "<image kept> [deskbell, sent]").await;
    world.close().await;
    world.restart().await;
    send(&world, &ben, photo(320, 200), "").await;
    world.until_thread(&ben, "<image kept> [deskbell, sent]").await;
    send(&world, &ana, photo(320, 200), "").await;
    world.until("all three are there", async |world| world.tiktok.ledger().accepted.len() == 3).await;
    assert_eq!(world.tiktok.ledger().uploads.len(), 1);
    assert_listed_once(&world, &ana, &[&key, &key]).await;
}

#[tokio::test]
async fn an_upload_that_fails_is_made_again_and_the_picture_sent_once() {
    let world = World::start().await;
    let ana = greeted(&world).await;
    let faults = [
        Fault::Status { status: 502, accepting: false },
        Fault::HangUpBefore,
        Fault::HangUpAfter,
        Fault::TruncatedJson,
        Fault::code(50000),
        Fault::RateLimited,
    ];
    for (width, fault) in (100..).zip(faults) {
        world.tiktok.fault("media_upload", fault.clone(), Times::Next(1));
        send(&world, &ana, photo(width, 50), "").await;
        let line = format!("[image {width}x50 ");
        let what = format!("the picture arrives after {fault:?}");
        let arrived = async |world: &World| {
            let got = world.tiktok.ledger().messages_to("Ana");
            got.iter().filter(|got| got.starts_with(&line)).count() == 1
        };
        world.until(&what, arrived).await;
    }
    world.settle().await;
    assert_eq!(world.tiktok.ledger().calls("send"), 6);
}

#[tokio::test]
async fn an_upload_that_tiktok_refuses_refuses_the_message_and_lets_the_words_pass() {
    for (code, reason) in [(40907, "imageTooLarge"), (40908, "imageTypeRefused"), (40001, "notPermitted")] {
        let world = World::start().await;
        let ana = greeted(&world).await;
        world.tiktok.fault("media_upload", Fault::code(code), Times::Next(1));
        let (key, messages) = send(&world, &ana, photo(320, 200), "This one.").await;
        world.until_thread(&ana, &format!("<image kept> [deskbell, refused {reason}]")).await;
        world.until_got(&ana, &["This one."]).await;
        let why = world.ask_json("getSendDetails", json!({ "message": messages[0] })).await;
        assert_eq!(why["refusal"]["code"], code, "{why}");
        assert!(!why["refusal"]["requestId"].as_str().unwrap().is_empty(), "{why}");
        world.ask(DiscardReply { message: messages[0] }).await;
        assert_eq!(world.view(&ana).await.draft.attachment.unwrap().key, key);
    }
}

#[tokio::test]
async fn a_conversation_that_takes_no_pictures_says_so_when_one_is_attached() {
    let world = World::start().await;
    let ana = greeted(&world).await;
    ana.cannot_receive_images();
    let conversation = world.conversation(&ana).await;
    let fault = world.desk().attach(conversation, photo(320, 200)).await.unwrap_err();
    assert_eq!(fault.code, FaultCode::ImagesNotAllowed);
    let view = world.view(&ana).await;
    assert_eq!((view.images, view.draft.attachment), (Some(false), None));
    assert_eq!(world.ask_json("checkImagePermission", json!({ "conversation": conversation })).await, false);
    assert_eq!(world.tiktok.ledger().calls("capabilities"), 1, "asked once a day at most");
}

#[tokio::test]
async fn pictures_that_could_not_be_asked_about_are_asked_about_before_they_are_sent() {
    let world = World::start().await;
    let ana = greeted(&world).await;
    ana.cannot_receive_images();
    world.tiktok.fault("capabilities", Fault::Html { accepting: false }, Times::Next(1));
    send(&world, &ana, photo(320, 200), "This one.").await;
    world.until_thread(&ana, "<image kept> [deskbell, refused imagesNotAllowed]").await;
    world.until_got(&ana, &["This one."]).await;
    assert_eq!(world.tiktok.ledger().uploads.len(), 0);
}

#[tokio::test]
async fn a_conversation_that_stops_taking_pictures_takes_no_pictures() {
    let world = World::paced(|timing| timing.undo = LONG).await;
    let ana = greeted(&world).await;
    let (_, messages) = send(&world, &ana, photo(320, 200), "").await;
    ana.cannot_receive_images();
    world.ask(SendReplyNow { messages }).await;
    world.until_thread(&ana, "<image kept> [deskbell, refused imagesNotAllowed]").await;
}

#[tokio::test]
async fn a_picture_that_tiktok_has_forgotten_is_uploaded_anew_and_sent() {
    let world = World::start().await;
    let ana = greeted(&world).await;
    let message = "Param image.media_id is invalid".to_owned();
    world.tiktok.fault("send", Fault::Code { code: 40002, message, accepting: false }, Times::Next(1));
    let (key, _) = send(&world, &ana, photo(320, 200), "").await;
    world.until_thread(&ana, "<image kept> [deskbell, sent]").await;
    assert_eq!(world.tiktok.ledger().uploads.len(), 2);
    assert_listed_once(&world, &ana, &[&key]).await;

    // One that is never good is refused in the end, not uploaded for ever.
    let message = "Param image.media_id is invalid".to_owned();
    world.tiktok.fault("send", Fault::Code { code: 40002, message, accepting: false }, Times::UntilCleared);
    send(&world, &ana, photo(64, 48), "").await;
    world.until_thread(&ana, "<image kept> [deskbell, refused invalidParameter]").await;
    assert!(world.tiktok.ledger().uploads.len() <= 5);
}

#[tokio::test]
async fn a_picture_whose_answer_is_lost_is_found_and_is_still_one_bubble() {
    let world = World::start().await;
    let ana = greeted(&world).await;
    world.tiktok.fault("send", Fault::HangUpAfter, Times::Next(1));
    let (key, _) = send(&world, &ana, photo(320, 200), "").await;
    world.until_thread(&ana, "<image kept> [deskbell, sent]").await;
    assert_eq!(world.tiktok.ledger().calls("send"), 1);
    assert_listed_once(&world, &ana, &[&key]).await;
}

#[tokio::test]
async fn a_picture_the_agent_wrongly_took_for_arrived_does_not_take_another_ones_place() {
    let world = World::start().await;
    let ana = greeted(&world).await;
    world.tiktok.fault("send", Fault::Status { status: 502, accepting: false }, Times::Next(1));
    let (_, first) = send(&world, &ana, photo(320, 200), "").await;
    world.until_thread(&ana, "<image kept> [deskbell, unconfirmed undecided]").await;
    // The agent believes that it arrived, and is wrong; then another one's answer is lost, which did arrive.
    world.ask(MarkReplyArrived { message: first[0] }).await;
    world.tiktok.fault("send", Fault::HangUpAfter, Times::Next(1));
    send(&world, &ana, photo(64, 48), "").await;
    world.settle().await;
    let ledger = world.tiktok.ledger();
    assert_eq!((ledger.calls("send"), ledger.messages_to("Ana").len()), (2, 1));
    // The one TikTok lists is the second: it was sent at that time.
    let thread = world.reads(&ana).await;
    assert_eq!(thread.matches("<image kept> [deskbell, sent]").count(), 2, "{thread}");
}
