//! Everything an agent can send, and everything that can become of it, in the real window.

use std::process::Stdio;

use anyhow::{Context, Result};
use fantoccini::Locator;
use fantoccini::key::Key;
use sandbox::{Fault, Times};

use super::shop::{Shop, delivered, open_conversation, reply, send};
use super::window::Window;
use tests::desktop::Desktop;
use tests::process::{GLANCE, wait_for};

pub(super) const NADIA: &str = "Nadia Rahman";
const MARCO: &str = "Marco Bellini";
const QUESTION: &str = "Is the linen set back in M?";

/// Puts a picture into the desktop's clipboard, as a screenshot tool would.
fn copy_picture(desktop: &Desktop) -> Result<()> {
    let file = desktop.home().join("picture.png");
    let picture = image::RgbImage::from_fn(640, 400, |x, y| image::Rgb([(x / 3) as u8, (y / 2) as u8, 140]));
    picture.save(&file)?;
    let mut command = desktop.command("xclip");
    command.args(["-selection", "clipboard", "-t", "image/png", "-i"]).arg(&file);
    // xclip stays behind to hand the picture out, and would keep our output open.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    anyhow::ensure!(status.success(), "xclip takes no picture");
    Ok(())
}

/// Presses keys as the keyboard itself would: pasting is the engine's own doing, which a driver's keys do not reach.
fn type_keys(desktop: &Desktop, keys: &str) -> Result<()> {
    let status = desktop.command("xdotool").args(["key", "--clearmodifiers", keys]).status()?;
    anyhow::ensure!(status.success(), "xdotool presses no {keys}");
    Ok(())
}

/// Clicks on something of the page by where it stands in it.
async fn click_on(window: &Window, selector: &str) -> Result<()> {
    let found = window.client().wait().for_element(Locator::Css(selector)).await;
    found.with_context(|| format!("nothing is at {selector}"))?.click().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_goes_out_and_what_does_not_says_why() -> Result<()> {
    let shop = Shop::open().await?;
    let app = shop.app().await?;
    let window = app.window();
    shop.link(window).await?;
    window.resize(1280, 800).await?;

    // One whose answer is lost and which TikTok never took: looked for while the rest is done.
    shop.tiktok.fault("send", Fault::Status { status: 502, accepting: false }, Times::Next(1));
    open_conversation(window, MARCO).await?;
    reply(window, MARCO, "Could you send a photo of the seam?").await?;
    delivered(window, "photo of the seam", &["unconfirmed"]).await?;
    window.see("Not confirmed by TikTok. Checking").await?;
    window.shot("sending-unconfirmed").await?;

    quoted(&shop, window).await?;
    undone(&shop, window).await?;
    pictured(&shop, window).await?;
    carded(&shop, window).await?;
    scheduled(&shop, window).await?;
    refused(&shop, window).await?;

    // Nobody found it: it is the agent's to decide.
    open_conversation(window, MARCO).await?;
    let mut patience = tests::Patience::of(std::time::Duration::from_secs(120));
    while !window.text().await?.contains("TikTok never confirmed this message") {
        anyhow::ensure!(!patience.is_over(), "it is still being looked for");
        tokio::time::sleep(GLANCE).await;
    }
    window.shot("sending-undecided").await?;
    window.click("button", "Send again").await?;
    delivered(window, "photo of the seam", &["sent", "read"]).await?;
    assert_eq!(shop.tiktok.ledger().texts_to(MARCO), ["Could you send a photo of the seam?"]);
    Ok(())
}

pub(super) async fn quoted(shop: &Shop, window: &Window) -> Result<()> {
    open_conversation(window, NADIA).await?;
    window.see(QUESTION).await?;
    let script = "const one = [...document.querySelectorAll('article[data-message]')].find((one) => one.innerText.includes(arguments[0]));\
        one.querySelector('[data-more]').click(); return true;";
    window.client().execute(script, vec![QUESTION.into()]).await?;
    window.click("menuitem", "Quote in reply").await?;
    window.see("Answer to Nadia").await?;
    window.type_into(&format!("Message to {NADIA}"), "It is back, in sand and in white.").await?;
    window.shot("sending-quote").await?;
    send(window, &format!("Message to {NADIA}")).await?;
    delivered(window, "It is back, in sand", &["sent", "read"]).await?;
    window.shot("sending-quoted").await?;
    let lines = shop.tiktok.ledger().messages_to(NADIA);
    assert!(
        lines.iter().any(|line| line.starts_with("> ") && line.ends_with("It is back, in sand and in white.")),
        "{lines:?}"
    );
    Ok(())
}

async fn undone(shop: &Shop, window: &Window) -> Result<()> {
    let before = shop.tiktok.ledger().accepted.len();
    reply(window, NADIA, "I put one aside for Nadja").await?;
    window.see("Sends in").await?;
    window.shot("sending-undo").await?;
    click_on(window, "[data-held] button").await?;
    window
        .holds(
            "the text to be back",
            "return document.querySelector('textarea[data-composer]').value.includes('Nadja');",
        )
        .await?;
    window.shot("sending-undone").await?;
    window.fill(&format!("Message to {NADIA}"), "I put one aside for you.").await?;
    send(window, &format!("Message to {NADIA}")).await?;
    delivered(window, "I put one aside for you.", &["sent", "read"]).await?;
    assert_eq!(shop.tiktok.ledger().accepted.len(), before + 1, "what was undone never went out");
    Ok(())
}

async fn pictured(shop: &Shop, window: &Window) -> Result<()> {
    copy_picture(&shop.desktop)?;
    window.type_into(&format!("Message to {NADIA}"), "Like this one?").await?;
    type_keys(&shop.desktop, "ctrl+v")?;
    window.see("640 × 400").await?;
    window
        .holds("the picture to be shown", "const one = document.querySelector('form.composer img'); return one !== null && one.complete && one.naturalWidth > 0;")
        .await?;
    window.shot("sending-picture").await?;
    send(window, &format!("Message to {NADIA}")).await?;
    delivered(window, "Like this one?", &["sent", "read"]).await?;
    let lines = shop.tiktok.ledger().messages_to(NADIA);
    let [.., picture, text] = lines.as_slice() else { anyhow::bail!("{lines:?}") };
    assert!(picture.starts_with("[image 640x400 png"), "{lines:?}");
    assert_eq!(text, "Like this one?", "the picture goes first");
    window.shot("sending-pictured").await?;
    Ok(())
}

pub(super) async fn carded(shop: &Shop, window: &Window) -> Result<()> {
    click_on(window, "[data-tool=card]").await?;
    window.type_into("Question", "Which colour?").await?;
    window.type_into("Answer 1", "Sand").await?;
    window.type_into("Answer 2", "White").await?;
    window.shot("sending-card").await?;
    window.click("button", "Send card").await?;
    wait_for("the card", || {
        let lines = shop.tiktok.ledger().messages_to(NADIA);
        lines.last().is_some_and(|line| line == "[card Which colour? | Sand | White]").then_some(())
    })
    .await?;
    window.shot("sending-carded").await.map(|_| ())
}

pub(super) async fn scheduled(shop: &Shop, window: &Window) -> Result<()> {
    let before = shop.tiktok.ledger().accepted.len();
    window.type_into(&format!("Message to {NADIA}"), "It is on its way.").await?;
    click_on(window, "[data-tool=later]").await?;
    window.find("menuitem", "In 1 hour").await?;
    window.shot("sending-later-menu").await?;
    window.click("menuitem", "In 1 hour").await?;
    window.find("button", "Take back").await?;
    window.see("It is on its way.").await?;
    window.shot("sending-scheduled").await?;
    assert_eq!(shop.tiktok.ledger().accepted.len(), before, "its time has not come");
    Ok(())
}

async fn refused(shop: &Shop, window: &Window) -> Result<()> {
    let no = Fault::Code { code: 40_064, message: "Message blocked by rules.".to_owned(), accepting: false };
    shop.tiktok.fault("send", no, Times::Next(1));
    reply(window, NADIA, "See you soon!").await?;
    delivered(window, "See you soon!", &["refused"]).await?;
    window.see("Not sent:").await?;
    window.shot("sending-refused").await?;
    window.click("button", "Why did it not send?").await?;
    window.find("dialog", "Why did it not send?").await?;
    window.see("40064").await?;
    window.shot("sending-why").await?;
    window.press(&[], Key::Escape).await?;
    window.gone("Copy for support").await
}
