//! A saved reply and a rule that sends it, from writing them to the customer who gets the answer, in the real window.

use anyhow::Result;
use fantoccini::Locator;
use serde_json::json;

use super::shop::{Shop, delivered, open_conversation, send};
use super::window::Window;
use tests::Patience;
use tests::process::{GLANCE, wait_for};

const NADIA: &str = "Nadia Rahman";
const ANSWER: &str = "2 to 4 working days, dear Nadia Rahman.";

async fn click_on(window: &Window, selector: &str) -> Result<()> {
    window.client().wait().for_element(Locator::Css(selector)).await?;
    window.client().execute("document.querySelector(arguments[0]).click();", vec![json!(selector)]).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_reply_is_written_inserted_and_sent_by_a_rule() -> Result<()> {
    let shop = Shop::open().await?;
    let app = shop.app().await?;
    let window = app.window();
    shop.link(window).await?;
    window.resize(1280, 800).await?;
    super::automatic::pictures_are_here(window).await?;

    saved(&shop, window).await?;
    inserted(&shop, window).await?;
    ruled(&shop, window).await?;

    for (screen, name) in [("saved", "saved"), ("rules", "rules")] {
        click_on(window, &format!("[data-go={screen}]")).await?;
        for theme in ["light", "dark"] {
            window.theme(theme).await?;
            for (width, height) in [(900, 700), (1280, 800), (1920, 1080)] {
                window.resize(width, height).await?;
                window
                    .holds("no sideways scrolling", "return document.documentElement.scrollWidth <= innerWidth;")
                    .await?;
                super::automatic::pictured(&shop, window, &format!("{name}-{theme}-{width}")).await?;
            }
        }
    }
    Ok(())
}

async fn saved(shop: &Shop, window: &Window) -> Result<()> {
    window.click("button", "Saved replies").await?;
    window.click("button", "New saved reply").await?;
    window.type_into("Name", "Delivery times").await?;
    window.type_into("Shortcut", "delivery").await?;
    window.type_into("Text", "2 to 4 working days, dear ").await?;
    click_on(window, "[data-variable=customer]").await?;
    window.type_into("Text", ".").await?;
    super::automatic::pictured(shop, window, "saved-writing").await?;
    window.click("button", "Save").await?;
    window.find("option", "Delivery times").await.map(|_| ())
}

/// `/`, a few letters, Enter: it stands in the composer with the customer's name in it.
async fn inserted(shop: &Shop, window: &Window) -> Result<()> {
    click_on(window, "[data-region=rail] [aria-label^=Inbox]").await?;
    open_conversation(window, NADIA).await?;
    let composer = format!("Message to {NADIA}");
    window.type_into(&composer, "/deliv").await?;
    window.find("option", "Delivery times").await?;
    super::automatic::pictured(shop, window, "saved-inserting").await?;
    window.press(&[], fantoccini::key::Key::Enter).await?;
    let mut patience = Patience::default();
    while window.value(&composer).await? != ANSWER {
        anyhow::ensure!(!patience.is_over(), "the composer says {:?}", window.value(&composer).await?);
        tokio::time::sleep(GLANCE).await;
    }
    assert!(shop.tiktok.ledger().texts_to(NADIA).is_empty(), "Enter chose, and sent nothing");
    send(window, &composer).await?;
    delivered(window, ANSWER, &["sent", "read"]).await?;
    assert_eq!(shop.tiktok.ledger().texts_to(NADIA), [ANSWER]);
    Ok(())
}

/// A template, the saved reply, saved: the next question about delivery is answered once, and the thread says by what.
async fn ruled(shop: &Shop, window: &Window) -> Result<()> {
    click_on(window, "[data-go=rules]").await?;
    window.find("heading", "Rules").await?;
    click_on(window, "[data-template=delivery]").await?;
    let field = window.find("combobox", "Saved reply").await?;
    let into_view = "arguments[0].scrollIntoView({ block: 'center' }); arguments[0].focus(); arguments[0].click();";
    window.client().execute(into_view, vec![serde_json::to_value(&field)?]).await?;
    field.send_keys("deliv").await?;
    window.find("option", "Delivery times").await?;
    window.press(&[], fantoccini::key::Key::Enter).await?;
    window.holds("the saved reply to be chosen", "return document.querySelector('[data-saved]') !== null;").await?;
    super::automatic::pictured(shop, window, "rules-writing").await?;
    click_on(window, "[data-save]").await?;
    window.see("Has not fired yet").await?;

    shop.tiktok.customer(NADIA).says("How long does DELIVERY to Chiang Mai take?");
    wait_for("the rule's answer", || (shop.tiktok.ledger().texts_to(NADIA) == [ANSWER, ANSWER]).then_some(())).await?;
    click_on(window, "[data-region=rail] [aria-label^=Inbox]").await?;
    open_conversation(window, NADIA).await?;
    window.see("Sent by rule “Delivery”").await?;
    window.see("sent “Delivery times”").await?;
    super::automatic::pictured(shop, window, "rules-thread").await
}
