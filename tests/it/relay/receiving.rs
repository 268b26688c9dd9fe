//! What comes by the relay.

use std::time::Duration;

use desk::commands::{GetOverview, GetRelay};
use desk::view::RelayStream;

use super::{desk, shop};

#[tokio::test]
async fn a_message_is_on_every_screen_by_the_webhook_alone() {
    let (tiktok, relay) = shop().await;
    tiktok.customer("Ana").says("hello");
    let nok = desk(&tiktok, &relay, "Nok's laptop").await;
    let ben = desk(&tiktok, &relay, "Ben's laptop").await;
    let ana = tiktok.customer("Ana");
    nok.until_thread(&ana, "hello").await;
    ben.until_thread(&ana, "hello").await;
    ana.says("is this still there?");
    for world in [&nok, &ben] {
        world.until_thread(&ana, "is this still there?").await;
    }
}

#[tokio::test]
async fn a_message_reaches_every_desk_once_each_has_caught_up() {
    let (tiktok, relay) = shop().await;
    tiktok.customer("Ana").says("hello");
    let nok = desk(&tiktok, &relay, "Nok's laptop").await;
    let mut others = Vec::new();
    for name in ["Ben's laptop", "Front desk"] {
        others.push(desk(&tiktok, &relay, name).await);
    }
    // Each has caught up by itself; from now on one reads for all.
    for world in others.iter().chain([&nok]) {
        world
            .until("everything from before is read", async |world| {
                world.ask(GetOverview {}).await.accounts[0].history.complete_to_ms.is_some()
            })
            .await;
    }
    let ana = tiktok.customer("Ana");
    ana.says("anyone there?");
    for world in others.iter().chain([&nok]) {
        world.until_thread(&ana, "anyone there?").await;
    }
}

#[tokio::test]
async fn what_one_desk_claims_is_claimed_on_every_desk() {
    let (tiktok, relay) = shop().await;
    let ana = tiktok.customer("Ana");
    ana.says("hello");
    let nok = desk(&tiktok, &relay, "Nok's laptop").await;
    let ben = desk(&tiktok, &relay, "Ben's laptop").await;
    let began_ms = tiktok.now_ms();
    for world in [&nok, &ben] {
        world.until_claimed(began_ms - 60_000).await;
    }
    // TikTok's clock is ahead of the relay's and both desks', and only one of them asks TikTok anything.
    tiktok.advance(Duration::from_secs(180));
    for world in [&nok, &ben] {
        world.until_claimed(began_ms + 60_000).await;
    }
}

#[tokio::test]
async fn what_came_while_a_desk_was_off_is_all_there_afterwards() {
    let (tiktok, relay) = shop().await;
    let ana = tiktok.customer("Ana");
    ana.says("hello");
    let mut nok = desk(&tiktok, &relay, "Nok's laptop").await;
    nok.until_thread(&ana, "hello").await;
    nok.close().await;
    for number in 0..500 {
        ana.says(&format!("message {number}"));
    }
    // TikTok lists the newest 20 only: the rest is in the relay's log.
    nok.restart().await;
    nok.until_live().await;
    nok.until_thread(&ana, "message 499").await;
    nok.until("all 500 are here", async |world| {
        let conversation = world.conversation(&ana).await;
        let counted = world.desk().engine().store().read(move |sql| {
            Ok(sql.query_row("SELECT count(*) FROM message WHERE conversation_id = ?1", [conversation.0], |row| {
                row.get::<_, i64>(0)
            })?)
        });
        counted.await.is_ok_and(|count| count == 501)
    })
    .await;
    // The relay has heard everything in between, and says so (decision 22).
    nok.until("no message may be missing", async |world| world.holes(&ana).await == 0).await;
    let all_said_ms = tiktok.now_ms();
    tiktok.advance(Duration::from_secs(180));
    nok.until_claimed(all_said_ms).await;
}

#[tokio::test]
async fn a_gap_stays_where_the_relay_did_not_hear() {
    let (tiktok, mut relay) = shop().await;
    let ana = tiktok.customer("Ana");
    ana.says("hello");
    let mut nok = desk(&tiktok, &relay, "Nok's laptop").await;
    nok.until_thread(&ana, "hello").await;
    nok.close().await;
    ana.says("before the relay stops");
    relay.kill();
    let stopped_ms = tiktok.now_ms();
    for number in 0..30 {
        ana.says(&format!("unheard {number}"));
    }
    relay.restart().await;
    relay.until_heard_from(stopped_ms).await;
    for number in 0..30 {
        ana.says(&format!("heard {number}"));
    }
    nok.restart().await;
    nok.until_live().await;
    nok.until_thread(&ana, "heard 29").await;
    // What TikTok repeats proves nothing of what it has not repeated yet; from then on the relay hears again.
    nok.until("the relay's silence is the only gap", async |world| {
        let thread = world.reads(&ana).await;
        let (before, after) = thread.split_once(": heard 0\n").unwrap_or_default();
        before.contains("messages may be missing here") && !after.contains("messages may be missing here")
    })
    .await;
}

#[tokio::test]
async fn a_relay_that_dies_is_found_again_and_nothing_is_missing() {
    let (tiktok, mut relay) = shop().await;
    let ana = tiktok.customer("Ana");
    ana.says("hello");
    let nok = desk(&tiktok, &relay, "Nok's laptop").await;
    nok.until_thread(&ana, "hello").await;
    relay.kill();
    nok.until("the desk says that there is no stream", async |world| {
        matches!(world.ask(GetRelay {}).await.stream, RelayStream::Connecting { .. })
    })
    .await;
    ana.says("are you still there?");
    relay.restart().await;
    nok.until_live().await;
    // TikTok repeats what the relay did not take.
    tiktok.advance(Duration::from_secs(3_600));
    nok.until_thread(&ana, "are you still there?").await;
}
