//! What has not gone out stays in sight: in Waiting, in its row, in a place and a count of its own. Closing with some asks.

use anyhow::Result;

use super::shop::{Shop, delivered, open_conversation, reply};
use super::window::Window;
use tests::Patience;
use tests::desktop::Desktop;
use tests::process::{GLANCE, running};

const NADIA: &str = "Nadia Rahman";

/// Pictures in both themes and both widths.
async fn shots(window: &Window, name: &str) -> Result<()> {
    for (width, height) in [(900, 600), (1280, 800)] {
        window.resize(width, height).await?;
        for theme in ["light", "dark"] {
            window.theme(theme).await?;
            window.shot(&format!("{name}-{width}-{theme}")).await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_that_wait_for_the_network_stay_in_sight() -> Result<()> {
    let shop = Shop::open().await?;
    let app = shop.app().await?;
    let window = app.window();
    shop.link(window).await?;
    open_conversation(window, NADIA).await?;
    shop.tiktok.unplug().await;
    reply(window, NADIA, "Yes, it is.").await?;
    delivered(window, "Yes, it is.", &["queued"]).await?;
    window.see("waiting for the network").await?;
    window.click("tab", "Waiting").await?;
    shots(window, "unsent-waiting").await?;

    window.find("option", NADIA).await?;
    window.holds("her row to say why", &format!(
        "return [...document.querySelectorAll('[role=option]')].some((row) => row.innerText.includes('{NADIA}') && /waiting for the network/.test(row.textContent));"
    )).await?;
    window.click("button", "1 unsent reply").await?;
    window.find("group", "Unsent replies").await?;
    window.find("button", "Take back").await?;
    shots(window, "unsent").await?;

    shop.tiktok.plug_in().await?;
    window.see("Everything has been sent").await?;
    assert_eq!(shop.tiktok.ledger().texts_to(NADIA), ["Yes, it is."]);
    shots(window, "unsent-none").await
}

/// Has the window manager close the window.
fn close(desktop: &Desktop) -> Result<()> {
    desktop.xdotool(&["search", "--onlyvisible", "--name", "Deskbell", "windowactivate", "--sync"])?;
    // On its own: after a search the keys would go past the window manager.
    desktop.xdotool(&["key", "--clearmodifiers", "alt+F4"])
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_the_window_names_what_has_not_gone_out() -> Result<()> {
    let shop = Shop::open().await?;
    let app = shop.app().await?;
    let window = app.window();
    shop.link(window).await?;
    open_conversation(window, NADIA).await?;
    shop.tiktok.unplug().await;
    reply(window, NADIA, "Yes, it is.").await?;
    window.see("Sends in").await?;
    close(&shop.desktop)?;
    window.see("Close Deskbell?").await?;
    window.see("1 reply").await?;
    shots(window, "leaving").await?;
    window.click("button", "Stay").await?;
    window.gone("Close Deskbell?").await?;

    delivered(window, "Yes, it is.", &["queued"]).await?;
    close(&shop.desktop)?;
    window.see("1 reply has not gone out").await?;
    // Whoever quits, quits.
    let _ = window.click("button", "Quit anyway").await;
    let program = super::app::program("DESKBELL_BIN", "deskbell")?;
    let mut patience = Patience::default();
    while !running(&program, &shop.desktop.home()).is_empty() {
        anyhow::ensure!(!patience.is_over(), "it does not end");
        tokio::time::sleep(GLANCE).await;
    }
    assert!(shop.tiktok.ledger().texts_to(NADIA).is_empty());
    Ok(())
}
