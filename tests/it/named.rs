//! The id in TikTok's answer to a send is believed only where it can be this reply's; and one id in two conversations loses
//! no message.

use desk::commands::SendReply;
use std::time::Duration;

use model::Content;
use sandbox::{Customer, Fault, Times};
use tests::{World, parsed};

async fn quiet() -> World {
    World::paced(|timing| timing.undo = Duration::ZERO).await
}

async fn asked(world: &World, name: &str) -> (Customer, String) {
    let customer = world.customer(name);
    let id = customer.says(&format!("{name} asks"));
    world.until_thread(&customer, &format!("{name} asks")).await;
    (customer, id)
}

/// The agent answers, and TikTok's answer to the call names this message.
async fn answered_with(world: &World, customer: &Customer, text: &str, id: &str) {
    world.tiktok.fault("send", Fault::wrong_message_id(id.to_owned()), Times::Next(1));
    world.reply(customer, text).await;
    world
        .until("the call was made", async |world| {
            world.tiktok.ledger().texts_to(&customer.name()).contains(&text.to_owned())
        })
        .await;
    world.until_thread(customer, &format!("{text} [deskbell, sent]")).await;
    world.settle().await;
}

/// What stands in a thread is what TikTok has in it: each message once, with its own words, from its own side.
async fn is_as_tiktok_has_it(world: &World, customer: &Customer) {
    let thread = customer.thread();
    let expected: Vec<(String, bool, String)> =
        thread.iter().map(|written| (written.message_id.clone(), !written.by_customer, written.text.clone())).collect();
    let conversation = world.conversation(customer).await;
    world
        .until(&format!("{}'s thread is TikTok's: {expected:?}", customer.name()), async |world| {
            let held = world.desk().engine().store().read(move |sql| {
                let page =
                    store::table::message::page(sql, conversation, store::table::message::PageAnchor::Newest, 100)?;
                Ok(page.0)
            });
            let held: Vec<(String, bool, String)> = held
                .await
                .unwrap()
                .into_iter()
                .map(|message| {
                    let Content::Text { body } = message.content else { panic!("only texts were sent") };
                    (message.remote_id.unwrap_or_default(), message.outgoing, body)
                })
                .collect();
            held == expected
        })
        .await;
}

#[tokio::test]
async fn an_answer_that_names_the_customers_own_message_is_not_believed() {
    let world = quiet().await;
    let (ana, asks) = asked(&world, "Ana").await;
    answered_with(&world, &ana, "It left today.", &asks).await;
    is_as_tiktok_has_it(&world, &ana).await;
}

#[tokio::test]
async fn an_answer_that_names_the_customers_message_before_any_list_shows_it_is_taken_back() {
    let world = quiet().await;
    let (ana, _) = asked(&world, "Ana").await;
    world.tiktok.fault("content_list", Fault::Status { status: 502, accepting: false }, Times::UntilCleared);
    let says = ana.says("hello?");
    world.tiktok.fault("send", Fault::wrong_message_id(says), Times::Next(1));
    world.reply(&ana, "It left today.").await;
    world.until("the call was made", async |world| world.tiktok.ledger().calls("send") == 1).await;
    world.settle().await;
    world.tiktok.clear_faults();
    is_as_tiktok_has_it(&world, &ana).await;
    world.until_thread(&ana, "It left today. [deskbell, sent]").await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["It left today."]);
}

#[tokio::test]
async fn an_answer_that_names_another_conversations_message_moves_nothing() {
    let world = quiet().await;
    let (ana, _) = asked(&world, "Ana").await;
    let (ben, bens) = asked(&world, "Ben").await;
    let colleagues = ben.colleague_replies("A colleague to Ben", "WEB");
    world.until_thread(&ben, "A colleague to Ben").await;
    world.reply(&ben, "Ours to Ben").await;
    world.until_thread(&ben, "Ours to Ben [deskbell, sent]").await;
    let ours = world.tiktok.ledger().accepted.last().unwrap().message_id.clone();
    for (at, id) in [bens, colleagues, ours].iter().enumerate() {
        answered_with(&world, &ana, &format!("Answer {at}"), id).await;
    }
    is_as_tiktok_has_it(&world, &ana).await;
    is_as_tiktok_has_it(&world, &ben).await;
}

#[tokio::test]
async fn an_answer_that_names_another_conversations_message_before_any_list_shows_it_is_taken_back() {
    let world = quiet().await;
    let (ana, _) = asked(&world, "Ana").await;
    let (ben, _) = asked(&world, "Ben").await;
    world.tiktok.fault_with(&ben, "content_list", Fault::Status { status: 502, accepting: false }, Times::UntilCleared);
    let says = ben.says("hello?");
    world.tiktok.fault("send", Fault::wrong_message_id(says), Times::Next(1));
    world.tiktok.fault_with(&ana, "content_list", Fault::Stale { messages: 1 }, Times::For(Duration::from_millis(400)));
    world.reply(&ana, "It left today.").await;
    world.until("the call was made", async |world| world.tiktok.ledger().calls("send") == 1).await;
    world.tiktok.clear_faults();
    is_as_tiktok_has_it(&world, &ben).await;
    is_as_tiktok_has_it(&world, &ana).await;
    world.until_thread(&ana, "It left today. [deskbell, sent]").await;
}

#[tokio::test]
async fn an_answer_that_names_an_older_message_of_the_shop_is_not_believed() {
    let world = quiet().await;
    let (ana, _) = asked(&world, "Ana").await;
    for source in ["APP", "WEB", "API"] {
        let text = format!("From {source}");
        let older = ana.colleague_replies(&text, source);
        world.until_thread(&ana, &text).await;
        answered_with(&world, &ana, &format!("After {source}"), &older).await;
        is_as_tiktok_has_it(&world, &ana).await;
    }
    let welcome = ana.is_welcomed("Welcome!");
    world.until_thread(&ana, "Welcome!").await;
    answered_with(&world, &ana, "After the welcome", &welcome).await;
    is_as_tiktok_has_it(&world, &ana).await;
}

#[tokio::test]
async fn an_answer_that_names_an_earlier_reply_is_not_believed() {
    let world = quiet().await;
    let (ana, _) = asked(&world, "Ana").await;
    world.reply(&ana, "one").await;
    world.until_thread(&ana, "one [deskbell, sent]").await;
    let one = world.tiktok.ledger().accepted.last().unwrap().message_id.clone();
    answered_with(&world, &ana, "two", &one).await;
    is_as_tiktok_has_it(&world, &ana).await;
    // The same words: only the earlier reply's own answer tells them apart.
    world.tiktok.fault("send", Fault::wrong_message_id(one), Times::Next(1));
    world.reply(&ana, "one").await;
    world
        .until("the call was made", async |world| world.tiktok.ledger().texts_to("Ana") == ["one", "two", "one"])
        .await;
    world.settle().await;
    is_as_tiktok_has_it(&world, &ana).await;
}

#[tokio::test]
async fn an_answer_that_names_nothing_that_can_be_a_message_is_not_believed() {
    let world = quiet().await;
    let (ana, _) = asked(&world, "Ana").await;
    for (at, id) in [String::new(), "  ".to_owned(), "9".repeat(70_000), "1\u{0}2\n3".to_owned()].iter().enumerate() {
        answered_with(&world, &ana, &format!("Answer {at}"), id).await;
    }
    is_as_tiktok_has_it(&world, &ana).await;
}

#[tokio::test]
async fn one_id_in_two_conversations_is_a_message_in_each() {
    let world = quiet().await;
    let (ana, id) = asked(&world, "Ana").await;
    let (ben, _) = asked(&world, "Ben").await;
    ben.says_under(&id, "Ben says more");
    is_as_tiktok_has_it(&world, &ben).await;
    ben.says("and more");
    is_as_tiktok_has_it(&world, &ben).await;
    is_as_tiktok_has_it(&world, &ana).await;
    let held = world.message(&ben, "Ben says more").await["id"].clone();
    world.ask(SendReply { quoted: Some(parsed(&held)), ..tests::press(world.conversation(&ben).await, "Yes.") }).await;
    world.until_thread(&ben, "Yes. [deskbell, sent] (quotes: Ben says more)").await;
}
