//! An agent who replies and leaves the thread at once, and a colleague who answers first: in the real window.

use anyhow::Result;
use fantoccini::key::Key;

use super::shop::{Shop, delivered, open_conversation, reply};
use tests::process::wait_for;

const NADIA: &str = "Nadia Rahman";
const REPLY: &str = "Gern geschehen!";

#[tokio::test(flavor = "multi_thread")]
async fn a_colleagues_answer_stops_the_reply_of_an_agent_who_has_left_and_tells_them() -> Result<()> {
    let shop = Shop::open().await?;
    let app = shop.app().await?;
    let window = app.window();
    shop.link(window).await?;
    window.resize(1280, 800).await?;
    for theme in ["light", "dark"] {
        window.theme(theme).await?;
        open_conversation(window, NADIA).await?;
        let text = format!("{REPLY} ({theme})");
        reply(window, NADIA, &text).await?;
        window.press(&[], Key::Escape).await?;
        window.press(&[], 'j').await?;
        shop.tiktok.customer(NADIA).colleague_replies("Done already, from the phone.", "APP");
        window.see("Your reply to Nadia Rahman was not sent: a colleague answered meanwhile.").await?;
        window.shot(&format!("elsewhere-{theme}")).await?;
        window.click("button", "Open").await?;
        window.find("heading", NADIA).await?;
        delivered(window, &text, &["stopped"]).await?;
        window.shot(&format!("elsewhere-opened-{theme}")).await?;
    }
    assert!(shop.tiktok.ledger().texts_to(NADIA).is_empty());

    // The same while the window is not there to say so.
    open_conversation(window, NADIA).await?;
    let ours = wait_for("the window", || shop.desktop.windows("^Deskbell").ok()?.into_iter().next()).await?;
    reply(window, NADIA, "And once more.").await?;
    shop.desktop.xdotool(&["windowminimize", &ours])?;
    shop.tiktok.customer(NADIA).colleague_replies("From the phone again.", "APP");
    let find =
        || shop.desktop.notifications().into_iter().find(|shown| shown.body.starts_with("Not sent: a colleague"));
    assert_eq!(wait_for("the notification", find).await?.title, NADIA);
    assert!(shop.tiktok.ledger().texts_to(NADIA).is_empty());
    Ok(())
}
