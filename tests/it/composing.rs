//! Between the agent's fingers and the outbox: undo, presses that arrive twice, second thoughts, drafts.

use desk::commands::{
    DiscardReply, EditReply, MoveReply, ResendReply, SaveCardDraft, SaveDraft, SendCard, SendReply, SendReplyNow,
    SyncAccounts, UndoSend,
};
use model::{Card, CardKind, MessageId};
use std::time::Duration;

use desk::FaultCode;
use sandbox::{Customer, Fault, Times};
use serde_json::json;
use tests::{World, parsed, press};

use crate::pictures::photo;

/// Longer than any story: what waits for it is not waited for.
const LONG: Duration = Duration::from_secs(600);

/// A world where every reply can be undone for as long as the story lasts, and a customer with a question.
async fn undoable() -> (World, Customer) {
    let world = World::paced(|timing| timing.undo = LONG).await;
    let ana = world.customer("Ana");
    ana.says("where is my order?");
    world.conversation(&ana).await;
    (world, ana)
}

/// Presses Send on a reply that quotes the question and carries a picture; its messages and the picture's key.
async fn press_all(world: &World, ana: &Customer) -> (Vec<MessageId>, String) {
    let conversation = world.conversation(ana).await;
    let question = world.message(ana, "where is my order?").await["id"].clone();
    let held = world.desk().attach(conversation, photo(320, 200)).await.unwrap();
    let queued = world
        .ask(SendReply {
            quoted: Some(parsed(&question)),
            attachment: Some(held.key.clone()),
            ..press(conversation, "On its way.")
        })
        .await;
    assert!(queued.undo_until_ms.is_some(), "{queued:?}");
    (queued.messages, held.key)
}

async fn assert_back_in_the_draft(world: &World, ana: &Customer, key: &str, body: &str) {
    let view = world.view(ana).await;
    assert_eq!(view.draft.body, body);
    assert_eq!(view.draft.quoted.clone().unwrap().snippet.unwrap().text, "where is my order?");
    assert_eq!(view.draft.attachment.unwrap().key, key);
    assert_eq!(world.messages(ana).await.len(), 1, "nothing of it is left in the thread: {}", world.reads(ana).await);
    assert_eq!(world.tiktok.ledger().calls("send") + world.tiktok.ledger().calls("media_upload"), 0);
}

#[tokio::test]
async fn a_held_reply_is_on_screen_and_undo_brings_all_of_it_back_before_what_was_typed_since() {
    let (world, ana) = undoable().await;
    let (messages, key) = press_all(&world, &ana).await;
    let thread = world.reads(&ana).await;
    assert!(thread.contains("<image kept> [deskbell, held]"), "{thread}");
    assert!(thread.contains("On its way. [deskbell, held] (quotes: where is my order?)"), "{thread}");
    let conversation = world.conversation(&ana).await;
    world.ask(SaveDraft { conversation, body: "Anything else?".to_owned(), quoted: None }).await;
    assert_eq!(world.tiktok.ledger().calls("send"), 0, "nothing leaves while it is held");
    world.ask(UndoSend { messages: messages.clone() }).await;
    assert_back_in_the_draft(&world, &ana, &key, "On its way.\n\nAnything else?").await;
    assert_eq!(world.refused(UndoSend { messages: messages.clone() }).await, FaultCode::WrongState);
}

#[tokio::test]
async fn a_held_reply_that_must_not_wait_is_sent_now() {
    let (world, ana) = undoable().await;
    let (messages, _) = press_all(&world, &ana).await;
    world.ask(SendReplyNow { messages: messages.clone() }).await;
    world.until_thread(&ana, "On its way. [deskbell, sent]").await;
    let got = world.tiktok.ledger().messages_to("Ana");
    assert!(got.len() == 2 && got[0].starts_with("[image 320x200") && got[1].ends_with("On its way."), "{got:?}");
    for command in ["undoSend", "sendReplyNow"] {
        assert_eq!(
            world.refused_json(command, json!({ "messages": messages })).await,
            FaultCode::WrongState,
            "{command}"
        );
    }
}

#[tokio::test]
async fn after_its_time_a_reply_goes_by_itself_and_two_presses_keep_their_order() {
    let world = World::paced(|timing| timing.undo = Duration::from_millis(50)).await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    let one = world.reply(&ana, "one").await;
    world.reply(&ana, "two").await;
    world.until_got(&ana, &["one", "two"]).await;
    assert_eq!(world.refused(UndoSend { messages: vec![one] }).await, FaultCode::WrongState);
}

#[tokio::test]
async fn who_does_not_want_to_undo_does_not_wait() {
    let (world, ana) = undoable().await;
    world.ask_json("saveSettings", json!({ "settings": { "undo": false } })).await;
    let queued = world.send(world.conversation(&ana).await, "On its way.").await;
    assert!(queued.undo_until_ms.is_none(), "{queued:?}");
    world.until_got(&ana, &["On its way."]).await;
}

#[tokio::test]
async fn a_crash_while_it_could_be_undone_sends_nothing_and_loses_nothing() {
    let (mut world, ana) = undoable().await;
    let (_, key) = press_all(&world, &ana).await;
    world.crash().await;
    world.restart().await;
    world.settle().await;
    assert_back_in_the_draft(&world, &ana, &key, "On its way.").await;
}

#[tokio::test]
async fn a_crash_never_puts_one_picture_over_another() {
    let (mut world, ana) = undoable().await;
    press_all(&world, &ana).await;
    let conversation = world.conversation(&ana).await;
    let other = world.desk().attach(conversation, photo(64, 48)).await.unwrap();
    world.crash().await;
    world.restart().await;
    world.until_thread(&ana, "<image kept> [deskbell, stopped interrupted]").await;
    let view = world.view(&ana).await;
    assert_eq!((view.draft.attachment.unwrap().key, view.draft.body.as_str()), (other.key, "On its way."));
    assert_eq!(world.tiktok.ledger().calls("send"), 0);
}

#[tokio::test]
async fn closing_deskbell_sends_what_could_still_be_undone_exactly_once() {
    let (mut world, ana) = undoable().await;
    world.reply(&ana, "On its way.").await;
    world.close().await;
    world.restart().await;
    world.until_thread(&ana, "On its way. [deskbell, sent]").await;
    world.settle().await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["On its way."]);
    assert_eq!(world.tiktok.ledger().calls("send"), 1);
}

#[tokio::test]
async fn closing_deskbell_without_a_network_sends_it_at_the_next_start() {
    let (mut world, ana) = undoable().await;
    world.reply(&ana, "On its way.").await;
    world.tiktok.unplug().await;
    world.close().await;
    world.tiktok.plug_in().await.unwrap();
    world.restart().await;
    world.until_thread(&ana, "On its way. [deskbell, sent]").await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["On its way."]);
}

#[tokio::test]
async fn a_press_that_arrives_twice_is_queued_once_and_takes_nothing_typed_since() {
    let mut world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    let conversation = world.conversation(&ana).await;
    let told = |key: &str| SendReply { key: key.to_owned(), ..press(conversation, "On its way.") };
    let first = world.ask(told("one press")).await;
    world.ask(SaveDraft { conversation, body: "typed since".to_owned(), quoted: None }).await;
    let again = world.ask(told("one press")).await;
    assert_eq!(first.messages, again.messages);
    assert_eq!(world.view(&ana).await.draft.body, "typed since");
    world.until_got(&ana, &["On its way."]).await;
    world.crash().await;
    world.restart().await;
    assert_eq!(world.ask(told("one press")).await.messages, first.messages, "not even after a crash");
    world.ask(told("another press")).await;
    world.until_got(&ana, &["On its way.", "On its way."]).await;
    world.settle().await;
    assert_eq!(world.tiktok.ledger().calls("send"), 2);
}

#[tokio::test]
async fn what_waits_for_the_network_can_be_edited_moved_and_taken_back() {
    let world = World::paced(|timing| (timing.backoff_first, timing.backoff_most) = (LONG, LONG)).await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.conversation(&ana).await;
    world.tiktok.unplug().await;
    let one = world.reply(&ana, "one").await;
    world.until_thread(&ana, "one [deskbell, queued offline]").await;
    let two = world.reply(&ana, "two").await;
    let three = world.reply(&ana, "three").await;
    world.ask(EditReply { message: two, body: " two, mended ".to_owned() }).await;
    assert_eq!(world.refused(EditReply { message: two, body: "  ".to_owned() }).await, FaultCode::ReplyEmpty);
    world.ask(MoveReply { message: three, by: -2 }).await;
    world.until_thread(&ana, "three [deskbell, queued offline]").await;
    world.ask(DiscardReply { message: one }).await;
    let thread = world.reads(&ana).await;
    let place = |text: &str| thread.find(text).unwrap_or_else(|| panic!("{text} is not in {thread}"));
    assert!(place("three [") < place("two, mended ["), "{thread}");
    assert_eq!(world.view(&ana).await.draft.body, "one");
    world.tiktok.plug_in().await.unwrap();
    world.ask(SyncAccounts {}).await;
    world.until_got(&ana, &["three", "two, mended"]).await;
    for command in ["editReply", "moveReply", "discardReply"] {
        let asked = match command {
            "editReply" => json!({ "message": two, "body": "x" }),
            "moveReply" => json!({ "message": two, "by": 1 }),
            _ => json!({ "message": two }),
        };
        world.until_thread(&ana, "two, mended [deskbell, sent]").await;
        assert_eq!(world.refused_json(command, asked).await, FaultCode::WrongState, "{command}");
    }
}

#[tokio::test]
async fn a_refused_reply_is_mended_and_sent_again() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.tiktok.fault("send", Fault::code(40002), Times::Next(1));
    let message = world.reply(&ana, "Hi Anna").await;
    world.until_thread(&ana, "Hi Anna [deskbell, refused invalidParameter]").await;
    world.ask(EditReply { message, body: "Hi Ana".to_owned() }).await;
    assert!(world.reads(&ana).await.contains("Hi Ana [deskbell, refused"), "not sent before the agent says so");
    world.ask(ResendReply { message }).await;
    world.until_got(&ana, &["Hi Ana"]).await;
}

#[tokio::test]
async fn what_may_have_arrived_can_not_be_rewritten() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.tiktok.fault("send", Fault::NeverAnswer { accepting: false }, Times::Next(1));
    let message = world.reply(&ana, "Hi Ana").await;
    world.until("the call is under way", async |world| world.tiktok.ledger().calls("send") == 1).await;
    let asked = [
        ("editReply", json!({ "message": message, "body": "x" })),
        ("moveReply", json!({ "message": message, "by": -1 })),
        ("resendReply", json!({ "message": message })),
    ];
    for (command, args) in &asked {
        assert_eq!(world.refused_json(command, args.clone()).await, FaultCode::WrongState, "{command} while sending");
    }
    assert_eq!(world.refused(DiscardReply { message }).await, FaultCode::WrongState);
    world.until_thread(&ana, "Hi Ana [deskbell, unconfirmed undecided]").await;
    for (command, args) in asked.into_iter().take(2) {
        assert_eq!(world.refused_json(command, args).await, FaultCode::WrongState, "{command} while undecided");
    }
    world.ask(DiscardReply { message }).await;
    assert_eq!(world.view(&ana).await.draft.body, "", "offering it again would invite a double");
}

#[tokio::test]
async fn a_reply_and_a_card_are_begun_side_by_side_and_survive_a_crash() {
    let mut world = World::start().await;
    let ana = world.customer("Ana");
    let ben = world.customer("Ben");
    ana.says("which sizes do you have?");
    ben.says("hello");
    let conversation = world.conversation(&ana).await;
    world.conversation(&ben).await;
    let question = world.message(&ana, "which sizes do you have?").await["id"].clone();
    let held = world.desk().attach(conversation, photo(320, 200)).await.unwrap();
    let card = Card {
        kind: CardKind::Link,
        title: "Which size?".to_owned(),
        buttons: vec!["S".to_owned(), String::new(), "M".to_owned()],
    };
    world.ask(SaveDraft { conversation, body: "All of th".to_owned(), quoted: Some(parsed(&question)) }).await;
    world.ask(SaveCardDraft { conversation, card: Some(card.clone()) }).await;
    world.crash().await;
    world.restart().await;
    let view = world.view(&ana).await;
    assert_eq!(view.draft.body, "All of th");
    assert_eq!(view.draft.quoted.unwrap().id, Some(parsed(&question)));
    assert_eq!(view.draft.attachment.unwrap().key, held.key);
    assert_eq!(view.card, Some(card.clone()), "as typed, the empty answer too");
    assert_eq!(view.row.draft.as_deref(), Some("All of th"));
    let ben = world.view(&ben).await;
    assert!(ben.card.is_none() && ben.draft.body.is_empty(), "each conversation has its own");

    world.ask(press(conversation, "All of them.")).await;
    let view = world.view(&ana).await;
    assert_eq!((view.draft.body.as_str(), &view.card), ("", &Some(card.clone())), "a reply takes no card with it");
    world.ask(SaveDraft { conversation, body: "And".to_owned(), quoted: None }).await;
    world.ask(SendCard { conversation, card, seen: None, anyway: false, key: String::new() }).await;
    let view = world.view(&ana).await;
    assert_eq!((view.draft.body.as_str(), &view.card), ("And", &None), "nor a card a reply");
}

#[tokio::test]
async fn a_reply_behind_one_that_waits_can_be_undone_for_its_time_and_no_longer() {
    let mut world = World::paced(|timing| {
        timing.undo = Duration::from_millis(80);
        // Tried once, and not again before the crash: one that comes during a call leaves the reply unconfirmed.
        timing.backoff_first = Duration::from_secs(600);
        timing.backoff_most = Duration::from_secs(600);
    })
    .await;
    let ana = world.customer("Ana");
    ana.says("where is my order?");
    world.conversation(&ana).await;
    world.tiktok.unplug().await;
    world.reply(&ana, "On its way.").await;
    world.until_thread(&ana, "On its way. [deskbell, queued offline]").await;
    world.reply(&ana, "It comes on Monday.").await;
    world.until_thread(&ana, "It comes on Monday. [deskbell, queued]").await;
    // What was promised to go out is not taken back by a crash.
    world.crash().await;
    world.tiktok.plug_in().await.unwrap();
    world.restart().await;
    world.ask(SyncAccounts {}).await;
    world.settle().await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["On its way.", "It comes on Monday."]);
}
