//! The shop's relay between TikTok and the desks: what comes by it, what goes through it, and what becomes of both when one
//! of them dies.

mod receiving;
mod secrets;
mod sending;

use sandbox::{Config, Limits, Sandbox, WindowRule};
use tests::relay::RelayProcess;
use tests::{TestHost, World, quick};

/// A shop whose account is linked at its relay.
async fn shop() -> (Sandbox, RelayProcess) {
    let tiktok = Sandbox::start(Config { limits: Limits::NONE, ..Config::default() }).await.expect("a loopback port");
    tiktok.open_account("maisonbloom", "Maison Bloom", WindowRule::B);
    let relay = RelayProcess::start(&tiktok).await;
    (tiktok, relay)
}

/// A desk that is paired with the shop's relay.
async fn desk(tiktok: &Sandbox, relay: &RelayProcess, name: &str) -> World {
    let mut world = World::on(tiktok.clone(), quick(), TestHost::new()).await;
    world.pair(relay, name).await;
    world
}
