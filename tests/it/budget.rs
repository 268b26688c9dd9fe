//! How many replies are left, as the rows show it, and what TikTok says when there are none.

use desk::commands::{DiscardReply, ResendReply};
use sandbox::{Customer, Fault, Times};
use serde_json::json;
use tests::World;

async fn until_left(world: &World, customer: &Customer, left: u32) {
    let what = format!("{left} replies are left");
    world.until(&what, async |world| world.row(customer).await.budget.is_some_and(|budget| budget.left == left)).await;
}

#[tokio::test]
async fn every_reply_costs_one_wherever_it_was_written_and_an_answer_gives_all_back() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.conversation(&ana).await;
    until_left(&world, &ana, 10).await;
    ana.is_welcomed("Welcome to Maison Bloom!");
    world.until_thread(&ana, "Welcome").await;
    assert_eq!(world.row(&ana).await.budget.unwrap().left, 10, "an automatic message costs nothing");
    for n in 1..=4 {
        world.reply(&ana, &format!("from here {n}")).await;
        assert_eq!(world.row(&ana).await.budget.unwrap().left, 10 - n, "counted as soon as it is queued");
    }
    world.until_thread(&ana, "from here 4 [deskbell, sent]").await;
    for n in 1..=3 {
        ana.colleague_replies(&format!("from the phone {n}"), "APP");
        ana.colleague_replies(&format!("from the web {n}"), "WEB");
    }
    until_left(&world, &ana, 0).await;
    assert!(!world.row(&ana).await.budget.unwrap().engaged);

    let eleventh = world.reply(&ana, "one too many").await;
    world.until_thread(&ana, "one too many [deskbell, refused repliesSpent]").await;
    let why = world.ask_json("getSendDetails", json!({ "message": eleventh })).await;
    assert_eq!((&why["refusal"]["reason"], &why["refusal"]["code"]), (&json!("repliesSpent"), &json!(40064)));
    assert_eq!(world.row(&ana).await.budget.unwrap().left, 0);

    ana.says("still there?");
    until_left(&world, &ana, 10).await;
    assert!(world.row(&ana).await.budget.unwrap().engaged);
    world.ask(ResendReply { message: eleventh }).await;
    world.until_thread(&ana, "one too many [deskbell, sent]").await;
    until_left(&world, &ana, 9).await;
}

#[tokio::test]
async fn a_refused_a_stopped_and_a_discarded_reply_cost_nothing() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.conversation(&ana).await;
    world.tiktok.fault("send", Fault::code(40002), Times::Next(1));
    let message = world.reply(&ana, "Hi").await;
    world.until_thread(&ana, "Hi [deskbell, refused invalidParameter]").await;
    assert_eq!(world.row(&ana).await.budget.unwrap().left, 10);
    world.ask(DiscardReply { message }).await;
    assert_eq!(world.row(&ana).await.budget.unwrap().left, 10);
}

#[tokio::test]
async fn blocked_with_replies_left_is_tiktoks_rules_and_not_our_count() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.conversation(&ana).await;
    ana.blocks(true);
    world.reply(&ana, "Hi").await;
    world.until_thread(&ana, "Hi [deskbell, refused messagingRules]").await;
}
