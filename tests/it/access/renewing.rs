//! Renewing: TikTok takes a pair of tokens no more once it has given the next, so the next is never lost; and only what a new
//! link replaces asks for one.

use std::time::Duration;

use sandbox::{Fault, Times};
use tests::{Keyring, World};

use super::until_health;

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
