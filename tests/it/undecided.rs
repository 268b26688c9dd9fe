//! A reply that TikTok never confirmed is looked for until it is found, and never sent a second time unseen.

use desk::commands::{ResendReply, SyncAccounts};
use model::MessageId;
use std::time::Duration;

use sandbox::{Customer, Fault, Times};
use tests::World;

/// A world in which TikTok's list of messages may lag for longer than an unconfirmed reply is looked for in earnest, and
/// nothing is read that a reply does not need.
async fn quiet() -> World {
    lagging(Duration::from_millis(100)).await
}

/// The same where TikTok's lists are expected to lag for so long.
async fn lagging(lag: Duration) -> World {
    let hour = Duration::from_secs(3600);
    World::paced(|timing| {
        (timing.sweep_focused, timing.sweep_background, timing.sweep_idle) = (hour, hour, hour);
        (timing.sweep_whole, timing.lag) = (hour, lag);
        timing.look = [20, 50, 100, 150].map(Duration::from_millis).to_vec();
        timing.undecided_after = Duration::from_millis(150);
        // Nobody looks again by itself before the story is over, unless the story says so.
        timing.look_again = hour;
    })
    .await
}

async fn asked(world: &World) -> Customer {
    let ana = world.customer("Ana");
    ana.says("where is my order?");
    world.ask(SyncAccounts {}).await;
    world.conversation(&ana).await;
    ana
}

/// A reply that TikTok took, whose answer was lost, and which no listing has shown: left to the agent.
async fn undecided(world: &World, ana: &Customer, text: &str) -> MessageId {
    world.tiktok.fault("content_list", Fault::Stale { messages: 1 }, Times::UntilCleared);
    world.tiktok.fault("send", Fault::HangUpAfter, Times::Next(1));
    let message = world.reply(ana, text).await;
    world.until_thread(ana, &format!("{text} [deskbell, unconfirmed undecided]")).await;
    message
}

#[tokio::test]
async fn sent_again_it_is_looked_for_first_and_what_is_found_is_ours() {
    let world = quiet().await;
    let ana = asked(&world).await;
    let message = undecided(&world, &ana, "It left today.").await;
    world.tiktok.clear_faults();
    world.ask(ResendReply { message }).await;
    world.until_thread(&ana, "It left today. [deskbell, sent]").await;
    world.settle().await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["It left today."], "once");
    let thread = world.reads(&ana).await;
    assert_eq!(thread.matches("It left today.").count(), 1, "{thread}");
    assert!(!thread.contains("colleague"), "{thread}");
}

#[tokio::test]
async fn sent_again_with_what_waits_behind_it_all_goes_out_once() {
    let world = quiet().await;
    let ana = asked(&world).await;
    let message = undecided(&world, &ana, "It left today.").await;
    world.reply(&ana, "And arrives tomorrow.").await;
    world.tiktok.clear_faults();
    world.ask(ResendReply { message }).await;
    world.settle().await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["It left today.", "And arrives tomorrow."]);
}

#[tokio::test]
async fn sent_again_while_the_list_of_conversations_says_that_something_came_it_waits_until_that_shows() {
    let world = lagging(Duration::from_secs(3600)).await;
    let ana = asked(&world).await;
    let message = undecided(&world, &ana, "It left today.").await;
    // The list of conversations does not lag: it names the moment at which the reply arrived.
    world.ask(SyncAccounts {}).await;
    world
        .until("the conversation counts as moved", async |world| {
            let id = world.conversation(&ana).await;
            let known = world.desk().engine().store().read(move |sql| store::table::conversation::get(sql, id)).await;
            known.is_ok_and(|known| known.remote_updated_ms > known.fetched_updated_ms)
        })
        .await;
    let before = world.tiktok.ledger().calls("content_list");
    world.ask(ResendReply { message }).await;
    world.until("it was looked for", async |world| world.tiktok.ledger().calls("content_list") >= before + 2).await;
    assert_eq!(world.tiktok.ledger().calls("send"), 1);
    world.tiktok.clear_faults();
    world.until_thread(&ana, "It left today. [deskbell, sent]").await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["It left today."], "once");
}

#[tokio::test]
async fn sent_again_while_the_thread_cannot_be_read_it_waits() {
    let world = quiet().await;
    let ana = asked(&world).await;
    let message = undecided(&world, &ana, "It left today.").await;
    world.tiktok.clear_faults();
    world.tiktok.fault("content_list", Fault::Status { status: 502, accepting: false }, Times::UntilCleared);
    let before = world.tiktok.ledger().calls("content_list");
    world.ask(ResendReply { message }).await;
    world.until("it was tried often", async |world| world.tiktok.ledger().calls("content_list") >= before + 6).await;
    assert_eq!(world.tiktok.ledger().calls("send"), 1, "nothing goes out twice unseen");
    world.tiktok.clear_faults();
    world.until_thread(&ana, "It left today. [deskbell, sent]").await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["It left today."], "once");
}

#[tokio::test]
async fn sent_again_when_it_never_arrived_it_goes_out_once() {
    let world = quiet().await;
    let ana = asked(&world).await;
    world.tiktok.fault("send", Fault::Status { status: 502, accepting: false }, Times::Next(1));
    let message = world.reply(&ana, "It left today.").await;
    world.until_thread(&ana, "It left today. [deskbell, unconfirmed undecided]").await;
    world.ask(ResendReply { message }).await;
    world.until_thread(&ana, "It left today. [deskbell, sent]").await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["It left today."]);
}

#[tokio::test]
async fn left_to_the_agent_it_is_still_looked_for_and_settles_by_itself() {
    let world = World::paced(|timing| {
        let hour = Duration::from_secs(3600);
        (timing.sweep_focused, timing.sweep_background, timing.sweep_idle) = (hour, hour, hour);
        (timing.sweep_whole, timing.lag) = (hour, Duration::from_millis(100));
        timing.look = [20, 50, 100, 150].map(Duration::from_millis).to_vec();
        timing.undecided_after = Duration::from_millis(150);
        timing.look_again = Duration::from_millis(50);
    })
    .await;
    let ana = asked(&world).await;
    undecided(&world, &ana, "It left today.").await;
    world.reply(&ana, "And arrives tomorrow.").await;
    world.tiktok.clear_faults();
    world.until_thread(&ana, "It left today. [deskbell, sent]").await;
    world.until_got(&ana, &["It left today.", "And arrives tomorrow."]).await;
}

#[tokio::test]
async fn it_is_looked_for_after_a_restart_too() {
    let mut world = World::paced(|timing| {
        let hour = Duration::from_secs(3600);
        (timing.sweep_focused, timing.sweep_background, timing.sweep_idle) = (hour, hour, hour);
        timing.look = [20, 50, 100, 150].map(Duration::from_millis).to_vec();
        timing.undecided_after = Duration::from_millis(150);
        timing.look_again = Duration::from_millis(50);
    })
    .await;
    let ana = asked(&world).await;
    undecided(&world, &ana, "It left today.").await;
    world.crash().await;
    // The list of conversations does not come: only the lane itself can find out.
    world.tiktok.fault("conversation_list", Fault::Status { status: 503, accepting: false }, Times::UntilCleared);
    world.restart().await;
    world.tiktok.clear_faults();
    world.tiktok.fault("conversation_list", Fault::Status { status: 503, accepting: false }, Times::UntilCleared);
    world.until_thread(&ana, "It left today. [deskbell, sent]").await;
}

#[tokio::test]
async fn what_twenty_newer_messages_have_pushed_out_of_tiktoks_list_is_looked_for_no_more() {
    let world = World::paced(|timing| {
        timing.lag = Duration::from_millis(100);
        timing.call = Duration::from_millis(300);
        timing.look = [20, 50, 100, 150].map(Duration::from_millis).to_vec();
        timing.undecided_after = Duration::from_millis(150);
        // At least every 300 ms, then.
        timing.look_again = Duration::from_millis(5);
    })
    .await;
    let ana = asked(&world).await;
    world.tiktok.fault("send", Fault::Status { status: 502, accepting: false }, Times::Next(1));
    world.reply(&ana, "It left today.").await;
    world.until_thread(&ana, "It left today. [deskbell, unconfirmed undecided]").await;
    // Beyond any moment at which it could still have arrived.
    world.tiktok.advance(Duration::from_secs(120));
    ana.says_many(20);
    world.until_thread(&ana, "20 of 20").await;
    let sweeps = async |count: usize| {
        let before = world.tiktok.ledger().calls("conversation_list");
        world
            .until("lists were read", async |world| world.tiktok.ledger().calls("conversation_list") >= before + count)
            .await;
    };
    // What is new is read, and once more when nothing can come to light in it any more.
    sweeps(30).await;
    let read = world.tiktok.ledger().calls("content_list");
    sweeps(60).await;
    assert_eq!(world.tiktok.ledger().calls("content_list"), read, "it is looked for no more");
    assert!(world.reads(&ana).await.contains("It left today. [deskbell, unconfirmed undecided]"));
}

#[tokio::test]
async fn a_copy_of_ours_that_shows_up_late_is_no_colleagues_answer() {
    let world = quiet().await;
    let ana = asked(&world).await;
    let message = undecided(&world, &ana, "It left today.").await;
    // No listing shows the first, and the agent insists: this once there are two.
    world.ask(ResendReply { message }).await;
    world.until("it went out again", async |world| world.tiktok.ledger().calls("send") == 2).await;
    world.settle().await;
    world.tiktok.clear_faults();
    world.ask(SyncAccounts {}).await;
    world.reply(&ana, "And arrives tomorrow.").await;
    world.until_thread(&ana, "And arrives tomorrow. [deskbell, sent]").await;
    let thread = world.reads(&ana).await;
    assert_eq!(thread.matches("It left today. [deskbell, sent]").count(), 2, "{thread}");
}
