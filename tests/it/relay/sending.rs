//! What goes through the relay.

use desk::commands::MoveAccountToRelay;
use sandbox::{Fault, Times};
use serde_json::json;
use tests::{TestHost, World, quick};

use super::{desk, shop};

#[tokio::test]
async fn a_reply_goes_through_the_relay_and_colleagues_see_it() {
    let (tiktok, relay) = shop().await;
    let ana = tiktok.customer("Ana");
    ana.says("do you have it in blue?");
    let nok = desk(&tiktok, &relay, "Nok's laptop").await;
    let ben = desk(&tiktok, &relay, "Ben's laptop").await;
    nok.reply(&ana, "Yes, we do.").await;
    nok.until_got(&ana, &["Yes, we do."]).await;
    ben.until_thread(&ana, "Yes, we do.").await;
}

#[tokio::test]
async fn an_agent_who_sees_a_colleagues_answer_may_add_to_it_at_once() {
    let (tiktok, relay) = shop().await;
    let ana = tiktok.customer("Ana");
    ana.says("do you have it in blue?");
    let nok = desk(&tiktok, &relay, "Nok's laptop").await;
    let ben = desk(&tiktok, &relay, "Ben's laptop").await;
    nok.reply(&ana, "Yes, we do.").await;
    // By the relay's word, before any list has shown it.
    ben.until_thread(&ana, "Yes, we do.").await;
    ben.reply(&ana, "And in green.").await;
    ben.until_got(&ana, &["Yes, we do.", "And in green."]).await;
}

#[tokio::test]
async fn two_agents_press_at_once_and_one_reply_goes_out() {
    let (tiktok, relay) = shop().await;
    let ana = tiktok.customer("Ana");
    ana.says("do you have it in blue?");
    let nok = desk(&tiktok, &relay, "Nok's laptop").await;
    let ben = desk(&tiktok, &relay, "Ben's laptop").await;
    let (first, second) = (nok.conversation(&ana).await, ben.conversation(&ana).await);
    tokio::join!(nok.send(first, "Yes, in blue."), ben.send(second, "We have it in blue."));
    nok.settle().await;
    ben.settle().await;
    let got = tiktok.ledger().messages_to("Ana");
    assert_eq!(got.len(), 1, "{got:?}");
    let threads = [nok.reads(&ana).await, ben.reads(&ana).await];
    let stopped = threads.iter().filter(|thread| thread.contains("stopped")).count();
    assert_eq!(stopped, 1, "{threads:#?}");
    // Both see the one that went out.
    for world in [&nok, &ben] {
        world.until_thread(&ana, "in blue.").await;
    }
}

#[tokio::test]
async fn a_reply_whose_answer_tiktok_swallowed_is_sent_once() {
    let (tiktok, relay) = shop().await;
    let ana = tiktok.customer("Ana");
    ana.says("hello");
    let nok = desk(&tiktok, &relay, "Nok's laptop").await;
    nok.conversation(&ana).await;
    tiktok.fault("send", Fault::HangUpAfter, Times::Next(1));
    nok.reply(&ana, "Good morning.").await;
    nok.until_got(&ana, &["Good morning."]).await;
    nok.until_thread(&ana, "Good morning. [deskbell, sent]").await;
}

#[tokio::test]
async fn a_reply_whose_answer_makes_no_sense_to_the_relay_either_is_found_by_looking() {
    let (tiktok, relay) = shop().await;
    let ana = tiktok.customer("Ana");
    ana.says("hello");
    let nok = desk(&tiktok, &relay, "Nok's laptop").await;
    nok.conversation(&ana).await;
    for (fault, reply) in [(Fault::TruncatedJson, "Good morning."), (Fault::Html { accepting: true }, "How are you?")] {
        tiktok.fault("send", fault, Times::Next(1));
        nok.reply(&ana, reply).await;
        nok.until_thread(&ana, &format!("{reply} [deskbell, sent]")).await;
    }
    assert_eq!(tiktok.ledger().messages_to("Ana"), ["Good morning.", "How are you?"]);
}

#[tokio::test]
async fn a_relay_that_dies_in_the_middle_of_a_send_neither_loses_nor_doubles_it() {
    let (tiktok, mut relay) = shop().await;
    let ana = tiktok.customer("Ana");
    ana.says("hello");
    let nok = desk(&tiktok, &relay, "Nok's laptop").await;
    nok.conversation(&ana).await;
    nok.reply(&ana, "Good morning.").await;
    relay.kill();
    relay.restart().await;
    nok.until_live().await;
    nok.until_got(&ana, &["Good morning."]).await;
    nok.settle().await;
    assert_eq!(tiktok.ledger().messages_to("Ana"), ["Good morning."]);
}

#[tokio::test]
async fn a_desk_that_was_linked_by_itself_moves_to_the_relay_and_keeps_its_history() {
    let (tiktok, relay) = shop().await;
    let ana = tiktok.customer("Ana");
    ana.says("hello");
    let mut world = World::on(tiktok.clone(), quick(), TestHost::new()).await;
    let account = world.link().await;
    world.until_thread(&ana, "hello").await;
    let code = relay.pairing_code("agent").await;
    let pair = json!({ "address": relay.address(), "code": code, "deviceName": "Nok's laptop" });
    world.ask_json("pairWithRelay", pair).await;
    let view = world.ask(MoveAccountToRelay { account }).await;
    assert!(view.own_accounts.is_empty(), "{view:?}");
    assert_eq!(world.ask_json("getOverview", json!({})).await["accounts"].as_array().unwrap().len(), 1);
    assert!(world.reads(&ana).await.contains("hello"));
    world.until_live().await;
    ana.says("and now?");
    world.until_thread(&ana, "and now?").await;
    world.reply(&ana, "Now too.").await;
    world.until_got(&ana, &["Now too."]).await;
    // The keychain holds this computer's token and none of TikTok's.
    let names: Vec<String> = world.host.secrets().into_iter().map(|(name, _)| name).collect();
    assert!(!names.iter().any(|name| name.contains("token") && !name.contains("relay")), "{names:?}");
}
