//! Replies on their way out, judged by what TikTok truly received.

use std::time::Duration;

use sandbox::{Fault, Times};
use tests::World;

#[tokio::test]
async fn a_customer_writes_and_the_agent_answers() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("where is my order?");
    world.reply(&ana, "On its way.").await;
    world.until_thread(&ana, "On its way. [deskbell, sent]").await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["On its way."]);
    // TikTok's next listing has it among the chats.
    world.until_thread(&ana, "Ana (chat, open)").await;
    assert_eq!(
        world.reads(&ana).await,
        "Ana (chat, open)\n  Ana: where is my order?\n  Maison Bloom: On its way. [deskbell, sent]\n"
    );
}

#[tokio::test]
async fn a_reply_whose_answer_is_lost_is_found_and_not_sent_twice() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("where is my order?");
    for fault in [Fault::HangUpAfter, Fault::HangUpMidAnswer, Fault::TruncatedJson, Fault::Html { accepting: true }] {
        world.tiktok.fault("send", fault.clone(), Times::Next(1));
        let text = format!("On its way ({fault:?})");
        world.reply(&ana, &text).await;
        world.until_thread(&ana, &format!("{text} [deskbell, sent]")).await;
    }
    world.settle().await;
    assert_eq!(
        world.tiktok.ledger().texts_to("Ana").len(),
        4,
        "each once: {:?}",
        world.tiktok.ledger().texts_to("Ana")
    );
    assert_eq!(world.tiktok.ledger().calls("send"), 4, "looking, not sending again");
}

#[tokio::test]
async fn a_reply_that_never_arrived_and_whose_answer_was_lost_is_left_to_the_agent() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.tiktok.fault("send", Fault::Status { status: 502, accepting: false }, Times::Next(1));
    let message = world.reply(&ana, "Hi Ana").await;
    let later = world.reply(&ana, "Are you there?").await;
    world.until_thread(&ana, "Hi Ana [deskbell, unconfirmed undecided]").await;
    assert!(
        world.reads(&ana).await.contains("Are you there? [deskbell, queued earlierUnconfirmed]"),
        "order matters: {later}"
    );
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), Vec::<String>::new());

    world.ask_json("resendReply", serde_json::json!({ "message": message })).await;
    world.settle().await;
    assert_eq!(
        world.tiktok.ledger().texts_to("Ana"),
        ["Are you there?", "Hi Ana"],
        "sent again goes last: it is said now"
    );
}

#[tokio::test]
async fn one_lanes_trouble_is_no_other_lanes() {
    let world = World::start().await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    ana.says("one");
    ben.says("two");
    world.conversation(&ana).await;
    world.conversation(&ben).await;
    world.tiktok.fault("send", Fault::NeverAnswer { accepting: false }, Times::Next(1));
    world.reply(&ana, "to Ana").await;
    world.until("the call to Ana is under way", async |world| world.tiktok.ledger().calls("send") == 1).await;
    world.reply(&ben, "to Ben").await;
    world.until_thread(&ben, "to Ben [deskbell, sent]").await;
    assert_eq!(world.tiktok.ledger().texts_to("Ben"), ["to Ben"]);
}

#[tokio::test]
async fn a_crash_while_sending_leaves_the_reply_there_once() {
    for accepting in [true, false] {
        let mut world = World::start().await;
        let ana = world.customer("Ana");
        ana.says("hello?");
        world.conversation(&ana).await;
        world.tiktok.fault("send", Fault::NeverAnswer { accepting }, Times::Next(1));
        world.reply(&ana, "Hi Ana").await;
        world
            .until("the call is under way", async |world| {
                world.tiktok.ledger().attempts.len() + world.tiktok.ledger().calls("send") >= 1
            })
            .await;
        if accepting {
            world.until("TikTok has it", async |world| world.tiktok.ledger().texts_to("Ana") == ["Hi Ana"]).await;
        }
        world.crash().await;
        world.restart().await;
        if accepting {
            world.until_thread(&ana, "Hi Ana [deskbell, sent]").await;
            assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["Hi Ana"], "once");
        } else {
            world.until_thread(&ana, "Hi Ana [deskbell, unconfirmed undecided]").await;
            assert_eq!(world.tiktok.ledger().calls("send"), 1, "never sent again unasked");
        }
    }
}

#[tokio::test]
async fn told_to_slow_down_the_replies_wait_and_go_out_in_order() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.conversation(&ana).await;
    world.tiktok.fault("send", Fault::RateLimited, Times::Next(2));
    for text in ["one", "two", "three"] {
        world.reply(&ana, text).await;
    }
    world.settle().await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["one", "two", "three"]);
}

#[tokio::test]
async fn an_expired_token_is_refreshed_once_and_nothing_is_lost() {
    let world = World::start().await;
    let customers: Vec<_> = (0..10).map(|n| world.customer(&format!("Customer {n}"))).collect();
    for customer in &customers {
        customer.says("hello?");
        world.conversation(customer).await;
    }
    let before = world.tiktok.ledger().refreshes();
    world.tiktok.expire_access_tokens();
    for customer in &customers {
        world.reply(customer, "Hi!").await;
    }
    world.settle().await;
    for customer in &customers {
        assert_eq!(world.tiktok.ledger().texts_to(&customer.name()), ["Hi!"]);
    }
    assert_eq!(world.tiktok.ledger().refreshes() - before, 1, "one refresh for everyone");
}

#[tokio::test]
async fn a_refused_reply_says_why_and_can_go_back_to_the_draft() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says_at("hello?", world.tiktok.now_ms() - Duration::from_secs(49 * 3600).as_millis() as i64);
    let message = world.reply(&ana, "Sorry for the wait").await;
    world.until_thread(&ana, "Sorry for the wait [deskbell, refused windowClosed]").await;
    let conversation = world.conversation(&ana).await;
    assert!(world.row(&ana).await.waiting, "a refused reply answers nobody");
    world.ask_json("discardReply", serde_json::json!({ "message": message })).await;
    let view = world.ask_json("getConversation", serde_json::json!({ "conversation": conversation })).await;
    assert_eq!(view["draft"]["body"], "Sorry for the wait");
    assert!(!world.reads(&ana).await.contains("Sorry"));
}

#[tokio::test]
async fn without_a_network_reading_and_composing_go_on_and_all_catches_up_by_itself() {
    let world = World::start().await;
    let (ana, ben) = (world.customer("Ana"), world.customer("Ben"));
    ana.says("hello?");
    ben.says("anyone?");
    world.conversation(&ana).await;
    world.conversation(&ben).await;
    world.tiktok.unplug().await;
    world
        .until("the account is shown as offline", async |world| {
            world.ask_json("getOverview", serde_json::json!({})).await["accounts"][0]["health"]["state"] == "offline"
        })
        .await;
    world.reply(&ana, "Hi Ana").await;
    world.reply(&ana, "Still there?").await;
    world.until_thread(&ana, "Hi Ana [deskbell, queued offline]").await;
    ben.says("are you open?");
    world.tiktok.plug_in().await.unwrap();
    world.settle().await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["Hi Ana", "Still there?"]);
    world.until_thread(&ben, "are you open?").await;
    world
        .until("the account is live again", async |world| {
            world.ask_json("getOverview", serde_json::json!({})).await["accounts"][0]["health"]["state"] == "live"
        })
        .await;
}

#[tokio::test]
async fn equal_texts_are_each_sent_and_each_confirmed_once() {
    let world = World::start().await;
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.conversation(&ana).await;
    world.tiktok.fault("send", Fault::HangUpAfter, Times::Next(2));
    for _ in 0..3 {
        world.reply(&ana, "ok").await;
    }
    world.settle().await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["ok", "ok", "ok"]);
    let thread = world.reads(&ana).await;
    assert_eq!(thread.matches("ok [deskbell, sent]").count(), 3, "{thread}");
}
