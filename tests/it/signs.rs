//! Typing signs, and when customers are told that their messages were read.

use desk::commands::{GetOverview, MarkConversationRead, MarkConversationSeen, SendTypingIndicator, SetReadReceipts};
use model::MarkRead;
use std::time::Duration;

use sandbox::Customer;
use serde_json::json;
use tests::World;

const LONG: Duration = Duration::from_secs(600);

async fn greeted(world: &World, name: &str) -> Customer {
    let customer = world.customer(name);
    customer.says("hello?");
    world.conversation(&customer).await;
    customer
}

async fn types(world: &World, customer: &Customer) {
    world.ask(SendTypingIndicator { conversation: world.conversation(customer).await }).await;
}

fn typed(world: &World, customer: &Customer) -> usize {
    world.tiktok.ledger().typing.iter().filter(|sign| sign.customer == customer.name()).count()
}

fn told(world: &World) -> usize {
    world.tiktok.ledger().mark_reads.len()
}

#[tokio::test]
async fn each_customer_sees_one_typing_sign_for_as_long_as_it_lasts() {
    let world = World::paced(|timing| timing.typing = LONG).await;
    let (ana, ben) = (greeted(&world, "Ana").await, greeted(&world, "Ben").await);
    for _ in 0..10 {
        types(&world, &ana).await;
    }
    world.until("Ana sees it", async |world| typed(world, &ana) == 1).await;
    types(&world, &ana).await;
    types(&world, &ben).await;
    world.until("Ben sees it too", async |world| typed(world, &ben) == 1).await;
    world.reply(&ana, "Hi Ana").await;
    world.until_thread(&ana, "Hi Ana [deskbell, sent]").await;
    assert_eq!((typed(&world, &ana), typed(&world, &ben)), (1, 1));
}

#[tokio::test]
async fn who_goes_on_typing_is_seen_typing_again() {
    let world = World::paced(|timing| timing.typing = Duration::from_millis(20)).await;
    let ana = greeted(&world, "Ana").await;
    world
        .until("three signs have gone", async |world| {
            types(world, &ana).await;
            typed(world, &ana) >= 3
        })
        .await;
}

#[tokio::test]
async fn who_does_not_want_to_be_seen_typing_is_not() {
    let world = World::paced(|timing| timing.typing = Duration::ZERO).await;
    let ana = greeted(&world, "Ana").await;
    world.ask_json("saveSettings", json!({ "settings": { "typing": false, "undo": false } })).await;
    types(&world, &ana).await;
    world.reply(&ana, "Hi Ana").await;
    world.until_thread(&ana, "Hi Ana [deskbell, sent]").await;
    world.settle().await;
    assert_eq!(typed(&world, &ana), 0);
}

#[tokio::test]
async fn a_reply_tells_that_the_messages_were_read_and_opening_does_not() {
    let world = World::start().await;
    let ana = greeted(&world, "Ana").await;
    let conversation = world.conversation(&ana).await;
    assert_eq!(world.ask(GetOverview {}).await.accounts[0].mark_read, MarkRead::OnReply);
    world.ask(MarkConversationSeen { conversation }).await;
    world.settle().await;
    assert_eq!(told(&world), 0);
    world.reply(&ana, "Hi Ana").await;
    world.until("Ana is told", async |world| told(world) == 1).await;
    world.settle().await;
    let ledger = world.tiktok.ledger();
    assert_eq!(ledger.mark_reads[0].customer, "Ana");
    assert!(ledger.mark_reads[0].at_ms >= ledger.accepted[0].at_ms, "once the reply is there");
}

#[tokio::test]
async fn opening_tells_where_the_account_says_so() {
    let world = World::start().await;
    let ana = greeted(&world, "Ana").await;
    let conversation = world.conversation(&ana).await;
    world.ask(SetReadReceipts { account: world.account(), policy: MarkRead::OnOpen }).await;
    world.ask(MarkConversationSeen { conversation }).await;
    world.until("Ana is told", async |world| told(world) == 1).await;
    world.reply(&ana, "Hi Ana").await;
    world.until_thread(&ana, "Hi Ana [deskbell, sent]").await;
    world.settle().await;
    assert_eq!(told(&world), 1, "the reply has nothing to add");
}

#[tokio::test]
async fn by_hand_means_only_by_hand() {
    let world = World::start().await;
    let ana = greeted(&world, "Ana").await;
    let conversation = world.conversation(&ana).await;
    world.ask(SetReadReceipts { account: world.account(), policy: MarkRead::ByHand }).await;
    assert_eq!(world.ask(GetOverview {}).await.accounts[0].mark_read, MarkRead::ByHand);
    world.ask(MarkConversationSeen { conversation }).await;
    world.reply(&ana, "Hi Ana").await;
    world.until_thread(&ana, "Hi Ana [deskbell, sent]").await;
    world.settle().await;
    assert_eq!(told(&world), 0);
    world.ask(MarkConversationRead { conversation }).await;
    world.until("Ana is told", async |world| told(world) == 1).await;
}

#[tokio::test]
async fn without_a_network_it_is_told_later_even_after_a_crash() {
    let mut world = World::start().await;
    let ana = greeted(&world, "Ana").await;
    let conversation = world.conversation(&ana).await;
    world.tiktok.unplug().await;
    world.ask(MarkConversationRead { conversation }).await;
    world.until_health("offline").await;
    world.crash().await;
    world.restart().await;
    world.tiktok.plug_in().await.unwrap();
    world.until("Ana is told", async |world| told(world) >= 1).await;
}
