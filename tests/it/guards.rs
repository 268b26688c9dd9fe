//! Before a reply goes out, the thread is read again where it may be stale: a colleague may have answered meanwhile.

use desk::commands::{
    EditReply, ResendReply, SaveDraft, SendReply, SendReplyNow, SendScheduledReplyNow, SetActiveView, SyncAccounts,
};
use std::time::Duration;

use desk::{Event, FaultCode, Place};
use model::{ConversationId, Delivery, StopReason};
use sandbox::{Customer, Fault, Times};
use serde_json::{Value, json};
use tests::{World, parsed, press, quick};

use crate::pictures::photo;

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
        assert!(world.row(&ana).await.trouble);
        let asked = json!({ "message": message });
        assert_eq!(world.ask_json("getSendDetails", asked.clone()).await["delivery"]["why"], "colleagueReplied");
        if take_back {
            world.ask_json("discardReply", asked).await;
            assert_eq!(world.view(&ana).await.draft.body, "I will look");
            assert!(!world.row(&ana).await.trouble);
        } else {
            world.ask(EditReply { message, body: "And arrives tomorrow".to_owned() }).await;
            world.ask_json("resendReply", asked).await;
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
    world.ask(SaveDraft { conversation, body: "I will look".to_owned(), quoted: None }).await;
    ana.colleague_replies("It left today.", "WEB");
    world.until_thread(&ana, "It left today. [web, sent]").await;
    let told = SendReply { seen: Some(parsed(&seen)), ..press(conversation, "I will look") };
    assert_eq!(world.refused(told).await, FaultCode::ColleagueReplied);
    assert_eq!(world.view(&ana).await.draft.body, "I will look", "nothing is lost");
    assert_eq!(world.messages(&ana).await.len(), 2);
    let card = json!({ "kind": "button", "title": "Which?", "buttons": ["a"] });
    let told = json!({ "conversation": conversation, "card": card, "seen": seen, "anyway": false, "key": "" });
    assert_eq!(world.refused_json("sendCard", told).await, FaultCode::ColleagueReplied);
    let told = SendReply { seen: Some(parsed(&seen)), anyway: true, ..press(conversation, "I will look") };
    world.ask(told).await;
    world.until_got(&ana, &["I will look"]).await;
    // Whoever has seen it is asked nothing.
    let seen = world.message(&ana, "It left today.").await["id"].clone();
    world.ask(SendReply { seen: Some(parsed(&seen)), ..press(conversation, "As my colleague says.") }).await;
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
    world.ask(SendReply { seen: Some(parsed(&seen)), ..press(conversation, "one") }).await;
    world.until_thread(&ana, "one [deskbell, sent]").await;
    // TikTok's next listing has our own among the others, and its time is TikTok's.
    ana.says("thanks");
    world.until_thread(&ana, "thanks").await;
    world.ask(SendReply { seen: Some(parsed(&seen)), ..press(conversation, "two") }).await;
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

/// A world in which nothing is read but what a reply needs: a hold, and no listing while the story lasts.
async fn quiet(fresh: Duration) -> World {
    let hour = Duration::from_secs(3600);
    World::paced(|timing| {
        (timing.sweep_focused, timing.sweep_background, timing.sweep_idle) = (hour, hour, hour);
        (timing.sweep_whole, timing.lag, timing.fresh) = (hour, hour, fresh);
        timing.undo = Duration::from_millis(600);
    })
    .await
}

/// A customer whose question has arrived, though nothing is listed any more.
async fn asked(world: &World, name: &str) -> (Customer, ConversationId) {
    let customer = world.customer(name);
    customer.says("where is my order?");
    world.ask(SyncAccounts {}).await;
    let conversation = world.conversation(&customer).await;
    (customer, conversation)
}

/// How the story waits until a reply could no longer be undone by far.
async fn until_held_no_more(world: &World, customer: &Customer) {
    world
        .until("nothing is held", async |world| {
            let messages = world.messages(customer).await;
            messages.iter().all(|message| !["held", "queued", "sending"].contains(&delivery(message)))
        })
        .await;
}

fn delivery(message: &Value) -> &str {
    message["delivery"]["state"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_colleague_who_answers_while_the_reply_can_still_be_undone_stops_it_though_the_agent_has_left() {
    let world = quiet(quick().fresh).await;
    let (ana, conversation) = asked(&world, "Ana").await;
    let (_, other) = asked(&world, "Ben").await;
    world.ask(SetActiveView { conversation: Some(conversation), focused: true }).await;
    world.send(conversation, "I will look").await;
    world.ask(SetActiveView { conversation: Some(other), focused: true }).await;
    ana.colleague_replies("It left today.", "APP");
    until_held_no_more(&world, &ana).await;
    let thread = world.reads(&ana).await;
    assert!(thread.contains("I will look [deskbell, stopped colleagueReplied]"), "{thread}");
    assert!(thread.contains("It left today. [phone, sent]"), "{thread}");
    assert_eq!(world.tiktok.ledger().calls("send"), 0);
}

#[tokio::test]
async fn every_kind_of_reply_is_preceded_by_a_reading_that_was_asked_for_after_its_press() {
    for kind in ["card", "picture", "now", "scheduled", "scheduledNow", "again", "offline"] {
        let world = quiet(quick().fresh).await;
        let (ana, conversation) = asked(&world, "Ana").await;
        let told = json!({ "conversation": conversation, "seen": null, "anyway": false, "key": "" });
        let mut expected = vec!["stopped"];
        match kind {
            "card" => {
                let mut press = told;
                press["card"] = json!({ "kind": "button", "title": "Which?", "buttons": ["a"] });
                world.ask_json("sendCard", press).await;
            }
            "picture" => {
                let attached = world.desk().attach(conversation, photo(64, 48)).await.unwrap();
                let told = SendReply { attachment: Some(attached.key.clone()), ..press(conversation, "Look.") };
                world.ask(told).await;
                expected = vec!["stopped", "stopped"];
            }
            "now" => {
                let queued = world.send(conversation, "I will look").await;
                ana.colleague_replies("It left today.", "WEB");
                world.ask(SendReplyNow { messages: queued.messages }).await;
            }
            "scheduled" | "scheduledNow" => {
                let in_ms = if kind == "scheduled" { 300 } else { 60_000 };
                let at_ms = world.tiktok.now_ms() + in_ms;
                let later = json!({ "conversation": conversation, "body": "At nine.", "quoted": null, "attachment": null, "atMs": at_ms });
                let kept = world.ask_json("scheduleReply", later).await;
                ana.colleague_replies("It left today.", "WEB");
                if kind == "scheduledNow" {
                    world.ask(SendScheduledReplyNow { scheduled: parsed(&kept["id"]) }).await;
                }
                world
                    .until("it is due", async |world| {
                        !world.messages(&ana).await.is_empty() && world.messages(&ana).await.len() > 1
                    })
                    .await;
            }
            "again" => {
                world.tiktok.fault("send", Fault::code(40064), Times::Next(1));
                let message = world.send(conversation, "I will look").await.messages[0];
                world.until_thread(&ana, "[deskbell, refused").await;
                ana.colleague_replies("It left today.", "APP");
                world.ask(ResendReply { message }).await;
            }
            _ => {
                world.tiktok.fault("send", Fault::RateLimited, Times::Next(1));
                world.send(conversation, "I will look").await;
                world.until_thread(&ana, "[deskbell, queued rateLimited]").await;
                ana.colleague_replies("It left today.", "APP");
            }
        }
        ana.colleague_replies("And arrives tomorrow.", "APP");
        until_held_no_more(&world, &ana).await;
        let messages = world.messages(&ana).await;
        let ours: Vec<&str> =
            messages.iter().filter(|message| message["surface"] == "deskbell").map(delivery).collect();
        assert_eq!(ours, expected, "{kind}: {}", world.reads(&ana).await);
        assert!(world.tiktok.ledger().texts_to("Ana").is_empty(), "{kind}");
    }
}

#[tokio::test]
async fn one_reading_serves_all_that_one_press_made() {
    let world = quiet(Duration::from_secs(3600)).await;
    let (ana, conversation) = asked(&world, "Ana").await;
    let attached = world.desk().attach(conversation, photo(64, 48)).await.unwrap();
    let before = world.tiktok.ledger().calls("content_list");
    world.ask(SendReply { attachment: Some(attached.key.clone()), ..press(conversation, "Look.") }).await;
    world.until_thread(&ana, "Look. [deskbell, sent]").await;
    assert_eq!(world.tiktok.ledger().calls("content_list") - before, 1);
    assert_eq!(world.tiktok.ledger().calls("send"), 2);
}

#[tokio::test]
async fn a_reply_that_was_stopped_is_announced_wherever_the_agent_is() {
    for focused in [true, false] {
        let world = quiet(quick().fresh).await;
        let (ana, conversation) = asked(&world, "Ana").await;
        let mut events = world.desk().subscribe();
        world.send(conversation, "I will look").await;
        world.ask(SetActiveView { conversation: None, focused }).await;
        ana.colleague_replies("It left today.", "APP");
        let told = loop {
            match events.next().await.expect("the desk is open") {
                Event::NotSent { conversation, name, delivery, .. } => break (conversation, name, delivery),
                _ => continue,
            }
        };
        let stopped = Delivery::Stopped { why: StopReason::ColleagueReplied };
        assert_eq!(told, (conversation, "Ana".to_owned(), stopped));
        if focused {
            assert!(world.host.notifications().iter().all(|shown| !shown.body.starts_with("Not sent")));
            continue;
        }
        // The customer's message is told of as well, sooner or later.
        let find =
            |world: &World| world.host.notifications().into_iter().rfind(|shown| shown.body.starts_with("Not sent"));
        world.until("the system has shown it", async |world| find(world).is_some()).await;
        let shown = find(&world).unwrap();
        assert_eq!((shown.opens, shown.title.as_str()), (Place::Conversation(conversation), "Ana"));
        assert_eq!(shown.body, "Not sent: a colleague answered first.");
    }
}
