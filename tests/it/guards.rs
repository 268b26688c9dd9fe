//! Before a reply goes out, the thread is read again where it may be stale: a colleague may have answered meanwhile.

use std::time::Duration;

use desk::FaultCode;
use sandbox::{Config, Fault, Limits, Times};
use serde_json::json;
use tests::{TestHost, World, press_with, quick};

#[tokio::test]
async fn a_colleague_who_answered_while_we_were_offline_stops_the_reply() {
    for (take_back, source, surface) in [(false, "APP", "phone"), (true, "WEB", "web")] {
        let world = World::paced(|timing| timing.fresh = Duration::ZERO).await;
        let ana = world.customer("Ana");
        ana.says("where is my order?");
        world.conversation(&ana).await;
        world.tiktok.unplug().await;
        let message = world.reply(&ana, "I will look").await;
        world.until_thread(&ana, "I will look [deskbell, queued offline]").await;
        ana.colleague_replies("It left today.", source);
        world.tiktok.plug_in().await.unwrap();
        world.until_thread(&ana, "I will look [deskbell, stopped colleagueReplied]").await;
        assert!(world.reads(&ana).await.contains(&format!("It left today. [{surface}, sent]")), "and shows why");
        assert_eq!(world.tiktok.ledger().calls("send"), 0);
        assert_eq!(world.row(&ana).await["trouble"], true);
        let asked = json!({ "message": message });
        assert_eq!(world.ask("whyNotSent", asked.clone()).await["delivery"]["why"], "colleagueReplied");
        if take_back {
            world.ask("discard", asked).await;
            assert_eq!(world.view(&ana).await["draft"]["body"], "I will look");
            assert_eq!(world.row(&ana).await["trouble"], false);
        } else {
            world.ask("editReply", json!({ "message": message, "body": "And arrives tomorrow" })).await;
            world.ask("sendAgain", asked).await;
            world.until_got(&ana, &["And arrives tomorrow"]).await;
        }
    }
}

#[tokio::test]
async fn a_colleague_who_answered_while_deskbell_was_closed_stops_the_reply_before_the_first_listing() {
    let mut world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("where is my order?");
    world.conversation(&ana).await;
    world.tiktok.unplug().await;
    world.reply(&ana, "I will look").await;
    world.until_thread(&ana, "I will look [deskbell, queued offline]").await;
    world.close().await;
    ana.colleague_replies("It left today.", "APP");
    world.tiktok.plug_in().await.unwrap();
    // The list does not come: only the lane itself can find out.
    world.tiktok.fault("conversation_list", Fault::Status { status: 503, accepting: false }, Times::UntilCleared);
    world.restart().await;
    world.until_thread(&ana, "I will look [deskbell, stopped colleagueReplied]").await;
    assert_eq!(world.tiktok.ledger().calls("send"), 0);
}

#[tokio::test]
async fn a_press_by_who_has_not_seen_the_colleagues_reply_asks_first() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("where is my order?");
    let conversation = world.conversation(&ana).await;
    let seen = world.message(&ana, "where is my order?").await["id"].clone();
    world.ask("saveDraft", json!({ "conversation": conversation, "body": "I will look", "quoted": null })).await;
    ana.colleague_replies("It left today.", "WEB");
    world.until_thread(&ana, "It left today. [web, sent]").await;
    let told = press_with(conversation, "I will look", json!({ "seen": seen }));
    assert_eq!(world.refused("sendReply", told).await, FaultCode::ColleagueReplied);
    assert_eq!(world.view(&ana).await["draft"]["body"], "I will look", "nothing is lost");
    assert_eq!(world.messages(&ana).await.len(), 2);
    let card = json!({ "kind": "button", "title": "Which?", "buttons": ["a"] });
    let told = json!({ "conversation": conversation, "card": card, "seen": seen, "anyway": false, "key": "" });
    assert_eq!(world.refused("sendCard", told).await, FaultCode::ColleagueReplied);
    let told = press_with(conversation, "I will look", json!({ "seen": seen, "anyway": true }));
    world.ask("sendReply", told).await;
    world.until_got(&ana, &["I will look"]).await;
    // Whoever has seen it is asked nothing.
    let seen = world.message(&ana, "It left today.").await["id"].clone();
    world.ask("sendReply", press_with(conversation, "As my colleague says.", json!({ "seen": seen }))).await;
    world.until_got(&ana, &["I will look", "As my colleague says."]).await;
}

#[tokio::test]
async fn automatic_messages_and_our_own_stop_nothing() {
    let world = World::paced(|timing| timing.fresh = Duration::ZERO).await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    let conversation = world.conversation(&ana).await;
    let seen = world.message(&ana, "hello?").await["id"].clone();
    ana.is_welcomed("Welcome to Maison Bloom!");
    world.until_thread(&ana, "Welcome to Maison Bloom! [other, sent] (automatic: welcome)").await;
    world.ask("sendReply", press_with(conversation, "one", json!({ "seen": seen }))).await;
    world.until_thread(&ana, "one [deskbell, sent]").await;
    // TikTok's next listing has our own among the others, and its time is TikTok's.
    ana.says("thanks");
    world.until_thread(&ana, "thanks").await;
    world.ask("sendReply", press_with(conversation, "two", json!({ "seen": seen }))).await;
    world.until_got(&ana, &["one", "two"]).await;
}

#[tokio::test]
async fn a_thread_that_cannot_be_read_does_not_hold_an_answer_for_ever() {
    for fault in [
        Fault::Html { accepting: false },
        Fault::Status { status: 502, accepting: false },
        Fault::TruncatedJson,
        Fault::HangUpMidAnswer,
        Fault::code(50000),
        Fault::code(40007),
    ] {
        let world = World::paced(|timing| timing.fresh = Duration::ZERO).await;
        let ana = world.customer("Ana");
        ana.says("hello?");
        world.conversation(&ana).await;
        world.tiktok.fault("content_list", fault.clone(), Times::UntilCleared);
        world.reply(&ana, "Hi Ana").await;
        world.until_thread(&ana, "Hi Ana [deskbell, sent]").await;
        assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["Hi Ana"], "{fault:?}");
    }
}

#[tokio::test]
async fn a_thread_read_a_moment_ago_is_not_read_again_and_one_read_long_ago_is_once() {
    let hour = Duration::from_secs(3600);
    for (fresh, reads) in [(hour, 0), (Duration::ZERO, 1)] {
        let mut timing = quick();
        (timing.fresh, timing.sweep_focused, timing.sweep_background) = (fresh, hour, hour);
        // Nor is it read once more to settle it.
        timing.lag = hour;
        let config = Config { limits: Limits::NONE, ..Config::default() };
        let mut world = World::with(config, timing, TestHost::new()).await;
        let ana = world.customer("Ana");
        ana.says("hello?");
        world.link().await;
        world.conversation(&ana).await;
        let before = world.tiktok.ledger().calls("content_list");
        world.reply(&ana, "Hi Ana").await;
        world.until_thread(&ana, "Hi Ana [deskbell, sent]").await;
        assert_eq!(world.tiktok.ledger().calls("content_list") - before, reads, "fresh for {fresh:?}");
    }
}
