//! The shop's relay in the real window: paired by an address and a code, and from then on what comes and goes through it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde_json::json;
use tests::Patience;
use tests::process::GLANCE;
use tests::relay::RelayProcess;

use super::shop::{Shop, delivered, open_conversation, reply};
use super::window::Window;

const NADIA: &str = "Nadia Rahman";
/// How many messages a measurement waits for.
const SAMPLES: usize = 60;

/// Types the relay's address and a code in Settings.
async fn pair(window: &Window, relay: &RelayProcess, code: &str) -> Result<()> {
    window.fill("Address", relay.address()).await?;
    window.fill("Code", code).await?;
    window.fill("This computer’s name", "Front desk").await?;
    window.click("button", "Pair").await
}

/// From the first screen to Settings.
async fn to_settings(window: &Window) -> Result<()> {
    window.see("Link your TikTok Business Account").await?;
    window.click("button", "Pair this computer with it instead").await?;
    window.see("Shop’s relay").await
}

/// Pictures of the relay's part of Settings, in both themes. Only before there are accounts: their pictures come while the
/// window is pictured, and WebKit's driver never answers then.
async fn shots(window: &Window, name: &str) -> Result<()> {
    for theme in ["light", "dark"] {
        window.theme(theme).await?;
        let show = "document.querySelector('[data-stream]').scrollIntoView({ block: 'start' });";
        window.client().execute(show, Vec::new()).await?;
        window.shot(&format!("{name}-{theme}")).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_is_paired_works_through_the_relay_and_is_revoked() -> Result<()> {
    let shop = Shop::open().await?;
    let mut relay = RelayProcess::start(&shop.tiktok).await;
    let app = shop.app().await?;
    let window = app.window();
    window.resize(1280, 800).await?;
    to_settings(window).await?;
    pair(window, &relay, "WRNG-CODE").await?;
    window.see("The relay does not take this code.").await?;
    shots(window, "relay-wrong-code").await?;
    pair(window, &relay, &relay.pairing_code("agent").await).await?;
    window.see("Messages arrive in real time").await?;

    window.click("button", "Inbox").await?;
    open_conversation(window, NADIA).await?;
    let nadia = shop.tiktok.customer(NADIA);
    nadia.says("and in blue?");
    window.see("and in blue?").await?;
    reply(window, NADIA, "In blue too.").await?;
    delivered(window, "In blue too.", &["sent", "read"]).await?;
    assert_eq!(shop.tiktok.ledger().texts_to(NADIA), ["In blue too."]);

    relay.kill();
    window.click("button", "Settings").await?;
    window.see("Not connected; Deskbell keeps trying").await?;
    nadia.says("are you still there?");
    relay.restart().await;
    window.see("Messages arrive in real time").await?;
    window.click("button", "Inbox").await?;
    // Her row first: it moves to the top when it comes.
    window.see("are you still there?").await?;
    open_conversation(window, NADIA).await?;

    relay.revoke("Front desk").await;
    window.click("button", "Settings").await?;
    window.see("The relay does not know this computer any more.").await
}

/// Notes in the page when a text was painted in the thread: by the clock of this computer, in ms since the epoch, after the
/// frame that first showed it.
const WATCH: &str = "const [text] = arguments; window.paintedAt = null; window.painting?.disconnect();\
    const look = () => {\
        const all = [...document.querySelectorAll('[role=log] article, article[data-message]')];\
        if (!all.some((one) => one.innerText.includes(text))) return;\
        window.painting.disconnect();\
        requestAnimationFrame(() => {\
            const after = new MessageChannel();\
            after.port1.onmessage = () => { window.paintedAt = performance.timeOrigin + performance.now(); };\
            after.port2.postMessage(null);\
        });\
    };\
    window.painting = new MutationObserver(look);\
    window.painting.observe(document.body, { childList: true, subtree: true, characterData: true });";

/// Milliseconds from a customer's message at TikTok to its bubble on the screen, each in the open conversation.
async fn to_the_pixel(shop: &Shop, window: &Window) -> Result<Vec<f64>> {
    open_conversation(window, NADIA).await?;
    let nadia = shop.tiktok.customer(NADIA);
    let mut times = Vec::new();
    for number in 0..SAMPLES {
        let text = format!("message number {number}.");
        window.client().execute(WATCH, vec![json!(text)]).await?;
        // The sandbox posts its webhook at once.
        let said = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1_000.0;
        nadia.says(&text);
        let mut patience = Patience::default();
        let painted = loop {
            let painted = window.client().execute("return window.paintedAt;", Vec::new()).await?;
            if let Some(painted) = painted.as_f64() {
                break painted;
            }
            anyhow::ensure!(!patience.is_over(), "“{text}” was never painted");
            tokio::time::sleep(GLANCE).await;
        };
        times.push(painted - said);
        // By polling, this is soon after a poll: the wait for the next one is close to its longest.
        tokio::time::sleep(Duration::from_millis(200 + 37 * (number as u64 % 11))).await;
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn told(name: &str, times: &[f64]) -> Result<String> {
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().context("no times");
    let (median, high, most) = (at(0.5)?, at(0.95)?, *times.last().context("no times")?);
    Ok(format!("{name}: p50 {median:.0} ms, p95 {high:.0} ms, slowest {most:.0} ms, {} messages", times.len()))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: `cargo xtask relay-bench --window`"]
async fn from_the_webhook_to_the_pixel_beside_polling() -> Result<()> {
    let mut lines = Vec::new();
    {
        let shop = Shop::open().await?;
        let relay = RelayProcess::start(&shop.tiktok).await;
        let app = shop.app().await?;
        let window = app.window();
        to_settings(window).await?;
        pair(window, &relay, &relay.pairing_code("agent").await).await?;
        window.see("Messages arrive in real time").await?;
        window.click("button", "Inbox").await?;
        lines.push(told("webhook to pixel, through the relay", &to_the_pixel(&shop, window).await?)?);
    }
    let shop = Shop::open().await?;
    let app = shop.app().await?;
    shop.link(app.window()).await?;
    lines.push(told("message to pixel, by polling", &to_the_pixel(&shop, app.window()).await?)?);
    println!("{}", lines.join("\n"));
    Ok(())
}
