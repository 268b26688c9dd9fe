//! Renewing: TikTok takes a pair of tokens no more once it has given the next, so the next is never lost; and only what a new
//! link replaces asks for one.

use std::time::Duration;

use sandbox::{Fault, Times};
use serde_json::{Value, json};
use tests::{Keyring, World};

use super::{events, link_again, shown, until_health};

#[tokio::test]
async fn a_pair_that_is_on_its_way_when_deskbell_is_closed_is_kept() {
    let mut world = World::start().await;
    let id = world.account();
    world.tiktok.fault("refresh", Fault::AnswerLate(Duration::from_secs(1)), Times::Next(1));
    world.tiktok.expire_access_tokens();
    world.until("TikTok has given a new pair", async |world| world.tiktok.ledger().refreshes() == 1).await;
    world.close().await;
    world.restart().await;
    until_health(&world, id, "live").await;
    assert_eq!(world.tiktok.ledger().refreshes(), 1, "it was not asked for another");
}

#[tokio::test]
async fn a_pair_that_the_keychain_does_not_take_is_kept_once_it_does() {
    let mut world = World::start().await;
    let id = world.account();
    world.host.set_keyring(Keyring::ReadOnly);
    world.tiktok.expire_access_tokens();
    until_health(&world, id, "unwell").await;
    world.host.set_keyring(Keyring::Present);
    until_health(&world, id, "live").await;
    assert_eq!(world.tiktok.ledger().refreshes(), 1, "TikTok was not asked again");
    world.close().await;
    world.restart().await;
    until_health(&world, id, "live").await;
    assert_eq!(world.tiktok.ledger().refreshes(), 1);
}

#[tokio::test]
async fn a_pair_that_the_keychain_did_not_take_is_offered_once_more_at_the_end() {
    // Nothing is tried again by itself before Deskbell is closed.
    let mut world = World::paced(|timing| {
        (timing.backoff_first, timing.backoff_most) = (Duration::from_secs(600), Duration::from_secs(600));
    })
    .await;
    let id = world.account();
    world.host.set_keyring(Keyring::ReadOnly);
    world.tiktok.expire_access_tokens();
    until_health(&world, id, "unwell").await;
    world.host.set_keyring(Keyring::Present);
    world.close().await;
    world.restart().await;
    until_health(&world, id, "live").await;
    assert_eq!(world.tiktok.ledger().refreshes(), 1);
}

/// An answer in which these fields of `data` say this, or nothing.
fn saying(fields: &[(&str, Option<Value>)]) -> Fault {
    Fault::edited(fields.iter().map(|(name, value)| (format!("/data/{name}"), value.clone())).collect())
}

#[tokio::test]
async fn an_answer_that_leaves_out_what_is_not_needed_renews_all_the_same() {
    for fields in [
        vec![("open_id", None)],
        vec![("open_id", Some(json!("")))],
        vec![("open_id", Some(json!("somebody-else")))],
        vec![("refresh_token_expires_in", None)],
        vec![("refresh_token_expires_in", Some(json!(-1)))],
        vec![("refresh_token_expires_in", Some(json!("a year")))],
        vec![("expires_in", None)],
        vec![("expires_in", Some(json!(1e300)))],
        vec![("scope", None)],
        vec![("open_id", None), ("refresh_token_expires_in", None), ("expires_in", None), ("scope", None)],
    ] {
        let mut world = World::start().await;
        let id = world.account();
        let before = shown(&world, id).await["access"].clone();
        world.tiktok.fault("refresh", saying(&fields), Times::Next(1));
        world.tiktok.expire_access_tokens();
        world
            .until("it is renewed", async |world| events(world, id).await.iter().any(|(kind, _)| kind == "refreshed"))
            .await;
        until_health(&world, id, "live").await;
        let after = shown(&world, id).await["access"].clone();
        let moved = after["refreshEndsMs"].as_i64().unwrap() - before["refreshEndsMs"].as_i64().unwrap();
        assert!(moved.abs() < 60_000, "{fields:?}: the year runs from linking, and not from {moved} ms later");
        // The next pair is asked for with this one's.
        world.close().await;
        world.restart().await;
        world.tiktok.expire_access_tokens();
        world.until("it is renewed again", async |world| world.tiktok.ledger().refreshes() == 2).await;
        until_health(&world, id, "live").await;
    }
}

#[tokio::test]
async fn an_answer_without_a_refresh_token_keeps_the_one_before() {
    let world = World::start().await;
    let id = world.account();
    let business = shown(&world, id).await;
    assert_eq!(business["health"]["state"], "live");
    world.tiktok.fault("refresh", saying(&[("refresh_token", None)]), Times::Next(1));
    world.tiktok.expire_access_tokens();
    world
        .until("it is renewed", async |world| events(world, id).await.iter().any(|(kind, _)| kind == "refreshed"))
        .await;
    until_health(&world, id, "live").await;
}

#[tokio::test]
async fn a_token_that_is_said_to_live_for_no_time_is_not_renewed_before_each_call() {
    for life in [json!(0), json!(-5), json!(1), json!("0"), json!(61)] {
        let world = World::paced(|timing| timing.renew_floor = Duration::from_secs(60)).await;
        world.tiktok.fault("refresh", saying(&[("expires_in", Some(life.clone()))]), Times::UntilCleared);
        world.tiktok.expire_access_tokens();
        world.until("it is renewed", async |world| world.tiktok.ledger().refreshes() > 0).await;
        let listed = world.tiktok.ledger().calls("conversation_list");
        world
            .until("it goes on listing", async |world| world.tiktok.ledger().calls("conversation_list") > listed + 20)
            .await;
        assert_eq!(world.tiktok.ledger().refreshes(), 1, "{life}");
    }
}

#[tokio::test]
async fn a_refusal_that_passes_does_not_ask_for_a_new_link() {
    for refusal in [
        Fault::Status { status: 403, accepting: false },
        Fault::Status { status: 404, accepting: false },
        Fault::code(41_000),
        Fault::code(40_132),
    ] {
        let world = World::start().await;
        let id = world.account();
        let ana = world.customer("Ana");
        ana.says("hello?");
        let conversation = world.conversation(&ana).await;
        world.tiktok.fault("refresh", refusal.clone(), Times::Next(1));
        world.tiktok.expire_access_tokens();
        world.until("it was refused", async |world| world.tiktok.ledger().calls("refresh") > 0).await;
        world.send(conversation, "Hello Ana").await;
        ana.says("hi");
        world.until_thread(&ana, "hi").await;
        world.settle().await;
        assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["Hello Ana"], "{refusal:?}");
        until_health(&world, id, "live").await;
        let kinds: Vec<String> = events(&world, id).await.into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["refreshed", "postponed", "linked"], "{refusal:?}");
    }
}

#[tokio::test]
async fn an_account_that_gets_a_token_after_all_wakes_up() {
    let world = World::start().await;
    let id = world.account();
    let ana = world.customer("Ana");
    ana.says("where is my order?");
    let conversation = world.conversation(&ana).await;
    // TikTok calls the token wrong, and a moment later takes it.
    world.tiktok.fault("refresh", Fault::code(40_107), Times::Next(1));
    world.tiktok.expire_access_tokens();
    until_health(&world, id, "relink").await;
    world.send(conversation, "It left today.").await;
    world.until_thread(&ana, "It left today. [deskbell, queued relink]").await;
    ana.says("hi");
    // Whoever asks for something gets a token; everybody else learns of it.
    world.ask_json("checkImagePermission", json!({ "conversation": conversation })).await;
    assert_eq!(world.tiktok.ledger().refreshes(), 1);
    world.until_thread(&ana, "Ana: hi").await;
    world.settle().await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["It left today."]);
    until_health(&world, id, "live").await;
}

#[tokio::test]
async fn linking_again_outlives_what_tiktok_says_of_the_pair_before() {
    let mut world = World::start().await;
    let id = world.account();
    world.tiktok.fault("refresh", Fault::Delay(Duration::from_secs(2)), Times::Next(1));
    world.tiktok.fault("refresh", Fault::code(40_105), Times::Next(1));
    world.tiktok.expire_access_tokens();
    world.until("a new pair was asked for", async |world| world.tiktok.ledger().calls("refresh") == 1).await;
    link_again(&mut world).await;
    world
        .until("the refusal is here", async |world| events(world, id).await.iter().any(|(kind, _)| kind == "refused"))
        .await;
    let sweeps = || world.tiktok.ledger().calls("conversation_list");
    let before = sweeps();
    world.until("it has gone on listing", async |_| sweeps() >= before + 5).await;
    assert_eq!(shown(&world, id).await["health"]["state"], "live");
    assert_eq!(events(&world, id).await[0].0, "linked");
}
