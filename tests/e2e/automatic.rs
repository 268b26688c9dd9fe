//! TikTok's automatic messages in the real window: each verb, each kind, and TikTok's refusals as sentences. What TikTok
//! has is read from the sandbox.

use std::time::Duration;

use anyhow::Result;
use fantoccini::key::Key;
use sandbox::{AutoKind, Fault, Times};
use serde_json::json;

use super::shop::Shop;
use super::window::{Window, target};
use tests::process::wait_for;

/// A picture that is taken off the screen while it loads keeps WebKit's driver from ever picturing the page.
pub(super) async fn pictures_are_here(window: &Window) -> Result<()> {
    let script =
        "return document.querySelector('[role=option]') !== null && [...document.images].every((one) => one.complete);";
    window.holds("the inbox's pictures to be there", script).await
}

/// Keeps a picture of the window as the desktop shows it: WebKit's driver never answers when it is to picture this screen.
pub(super) async fn pictured(shop: &Shop, window: &Window, name: &str) -> Result<()> {
    let frames = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(true)));";
    window.client().execute_async(frames, Vec::new()).await?;
    let folder = target()?.join("e2e-shots");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{name}-desktop.png"));
    let status = shop.desktop.command("scrot").args(["-u", "-o"]).arg(&file).status()?;
    anyhow::ensure!(status.success(), "scrot takes no picture");
    Ok(())
}

/// What TikTok has of a kind, once it is this.
async fn tiktok_has(shop: &Shop, kind: AutoKind, lines: &[&str]) -> Result<()> {
    let waited = wait_for("TikTok to have it", || (shop.tiktok.ledger().automatic(kind) == lines).then_some(())).await;
    anyhow::ensure!(waited.is_ok(), "TikTok has {:?} instead of {lines:?}", shop.tiktok.ledger().automatic(kind));
    Ok(())
}

/// TikTok's review is over, for every message under it.
async fn reviewed(shop: &Shop, window: &Window) -> Result<()> {
    window.see("In review").await?;
    shop.tiktok.advance(Duration::from_secs(60));
    // By script: the button may be asking already, and a notice may lie over it.
    window.client().execute("document.querySelector('[data-asked] + button').click();", Vec::new()).await?;
    window.gone("In review").await
}

/// Clicks something within one kind's card.
async fn press_in(window: &Window, kind: &str, selector: &str) -> Result<()> {
    let found = format!("section[data-kind={kind}] {selector}");
    window
        .holds(&format!("{found} to be there"), &format!("return document.querySelector({}) !== null;", json!(found)))
        .await?;
    window.client().execute("document.querySelector(arguments[0]).click();", vec![json!(found)]).await?;
    Ok(())
}

/// Presses a kind's switch once it can be pressed, and stands like this.
async fn switch(window: &Window, kind: &str, stands: bool) -> Result<()> {
    press_in(window, kind, &format!("[role=switch][aria-checked={stands}]:not([aria-disabled=true])")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_verb_and_every_refusal_of_automatic_messages() -> Result<()> {
    let shop = Shop::open().await?;
    let mut app = shop.app().await?;
    let window = app.window();
    shop.link(window).await?;
    window.resize(1280, 800).await?;
    pictures_are_here(window).await?;
    window.click("button", "Automatic messages").await?;
    window.find("heading", "Suggested questions").await?;
    window.see("What can we find for you?").await?;
    pictured(&shop, window, "automatic").await?;

    welcomed(&shop, window).await?;
    asked(&shop, window).await?;
    prompted(&shop, window).await?;

    // A new start shows the same, before and after TikTok was asked.
    app.kill(&shop.desktop).await?;
    app.restart(&shop.desktop).await?;
    let window = app.window();
    window.resize(1280, 800).await?;
    pictures_are_here(window).await?;
    window.click("button", "Automatic messages").await?;
    window.see("We answer from 9 to 18").await?;
    window.see("Size guide").await?;
    for theme in ["light", "dark"] {
        window.theme(theme).await?;
        for (width, height) in [(900, 700), (1280, 800), (1920, 1080)] {
            window.resize(width, height).await?;
            window.holds("no sideways scrolling", "return document.documentElement.scrollWidth <= innerWidth;").await?;
            pictured(&shop, window, &format!("automatic-{theme}-{width}")).await?;
        }
    }
    Ok(())
}

/// The welcome message: get, update, review, toggle; too long in four scripts.
async fn welcomed(shop: &Shop, window: &Window) -> Result<()> {
    press_in(window, "welcomeMessage", "[data-edit]").await?;
    for (unit, chars) in [("a", 1_usize), ("👨‍👩‍👧‍👦", 7), ("🇹🇭", 2), ("بّ", 2), ("送", 1)] {
        let over = unit.repeat(250 / chars + 1);
        window.fill("Greeting", " ").await?;
        window.paste("Greeting", &over).await?;
        let count = over.chars().count();
        window.see(&format!("{count} / 250")).await?;
        window.see("Shorten the greeting by").await?;
    }
    pictured(shop, window, "automatic-too-long").await?;
    assert_eq!(shop.tiktok.ledger().calls("auto_update"), 0, "what is too long is not sent");
    window.fill("Greeting", "We answer from 9 to 18, every day.").await?;
    window.click("button", "Send for review").await?;
    tiktok_has(shop, AutoKind::WelcomeMessage, &["We answer from 9 to 18, every day. [reviewing]"]).await?;
    window.see("In review").await?;
    pictured(shop, window, "automatic-in-review").await?;
    // Not while TikTok reviews it: the button says so and does nothing.
    press_in(window, "welcomeMessage", "[data-edit]").await?;
    window.see("Cannot be changed until TikTok has decided").await?;
    assert_eq!(shop.tiktok.ledger().calls("auto_update"), 1);
    reviewed(shop, window).await?;
    tiktok_has(shop, AutoKind::WelcomeMessage, &["We answer from 9 to 18, every day. [approved, served]"]).await?;
    switch(window, "welcomeMessage", true).await?;
    tiktok_has(shop, AutoKind::WelcomeMessage, &["We answer from 9 to 18, every day. [approved]"]).await?;
    switch(window, "welcomeMessage", false).await?;
    tiktok_has(shop, AutoKind::WelcomeMessage, &["We answer from 9 to 18, every day. [approved, served]"]).await
}

/// Suggested questions: full, a double, replace, delete, create, turned on anew.
async fn asked(shop: &Shop, window: &Window) -> Result<()> {
    let kind = AutoKind::SuggestedQuestion;
    anyhow::ensure!(shop.tiktok.ledger().automatic(kind).len() == 3, "{:?}", shop.tiktok.ledger().automatic(kind));
    window.see("TikTok allows 3. Delete one first.").await?;
    let rejected = shop.tiktok.ledger().automatic(kind).into_iter().find(|line| line.contains("[rejected]"));
    let rejected = rejected.expect("one was rejected");
    window.click("button", "Replace").await?;
    window.fill("Question", "Can I return a dress?").await?;
    pictured(shop, window, "automatic-replace").await?;
    window.click("button", "Send for review").await?;
    wait_for("TikTok to have the new one", || {
        let now = shop.tiktok.ledger().automatic(kind);
        (now.len() == 3
            && !now.contains(&rejected)
            && now.iter().any(|line| line.starts_with("Can I return a dress? |")))
        .then_some(())
    })
    .await?;
    reviewed(shop, window).await?;

    window.click("button", "Delete “Can I return a dress?”").await?;
    window.find("alertdialog", "Delete this question?").await?;
    pictured(shop, window, "automatic-delete").await?;
    window.click("button", "Delete").await?;
    wait_for("it to be gone", || (shop.tiktok.ledger().automatic(kind).len() == 2).then_some(())).await?;

    let first = shop.tiktok.ledger().automatic(kind)[0].clone();
    let (question, answer) = first.split_once(" | ").expect("a question and its answer");
    window.click("button", "Add a question").await?;
    window.fill("Question", question).await?;
    window.fill("Answer", answer.rsplit_once(" [").expect("its state").0).await?;
    window.see("This question is there already").await?;
    pictured(shop, window, "automatic-double").await?;
    window.fill("Question", "Do you ship to Chiang Mai?").await?;
    window.fill("Answer", "Yes, in 2 to 4 working days.").await?;
    // TikTok says no in its own words: a sentence, the text still there, and sent once more it goes.
    let no = Fault::Code { code: 40_002, message: "Sensitive content.".to_owned(), accepting: false };
    shop.tiktok.fault("auto_create", no, Times::Next(1));
    window.click("button", "Send for review").await?;
    window.see("It was not sent for review").await?;
    pictured(shop, window, "automatic-refused").await?;
    assert_eq!(window.value("Question").await?, "Do you ship to Chiang Mai?", "nothing typed is lost");
    window.press(&[Key::Control], Key::Enter).await?;
    wait_for("TikTok to have it", || (shop.tiktok.ledger().automatic(kind).len() == 3).then_some(())).await?;
    reviewed(shop, window).await?;

    switch(window, "suggestedQuestion", true).await?;
    wait_for("it to be off", || {
        shop.tiktok.ledger().automatic(kind).iter().all(|line| !line.contains("served")).then_some(())
    })
    .await?;
    switch(window, "suggestedQuestion", false).await?;
    window.find("alertdialog", "Turn on suggested questions?").await?;
    pictured(shop, window, "automatic-turn-on").await?;
    window.click("button", "Turn on").await?;
    window.gone("Turn on suggested questions?").await?;
    reviewed(shop, window).await?;
    let served = || {
        let now = shop.tiktok.ledger().automatic(kind);
        (now.len() == 3 && now.iter().all(|line| line.ends_with("[approved, served]"))).then_some(())
    };
    let waited = wait_for("all of them to be served", served).await;
    anyhow::ensure!(waited.is_ok(), "TikTok has {:?}", shop.tiktok.ledger().automatic(kind));
    Ok(())
}

/// Chat prompts: create, sort by keyboard, update, delete.
async fn prompted(shop: &Shop, window: &Window) -> Result<()> {
    let kind = AutoKind::ChatPrompt;
    let titles = || -> Vec<String> {
        let lines = shop.tiktok.ledger().automatic(kind);
        lines.iter().map(|line| line.split(" | ").next().unwrap_or_default().to_owned()).collect()
    };
    let before = titles();
    press_in(window, "chatPrompt", "[aria-label='Add a chat prompt']").await?;
    // By script: a notice may lie over the foot of the window for some seconds.
    window.paste("Words on the button", "Track my parcel").await?;
    window.paste("What the customer asks", "Where is my parcel?").await?;
    window.press(&[Key::Control], Key::Enter).await?;
    wait_for("the new one", || (titles().len() == before.len() + 1).then_some(())).await?;
    reviewed(shop, window).await?;
    let last = before.len();
    window
        .client()
        .execute(
            "document.querySelectorAll('section[data-kind=chatPrompt] .grip')[arguments[0]].focus();",
            vec![json!(last)],
        )
        .await?;
    window.press(&[Key::Alt], Key::Up).await?;
    let mut wanted = before.clone();
    wanted.insert(last - 1, "Track my parcel".to_owned());
    let sorted = wait_for("the new order", || (titles() == wanted).then_some(())).await;
    anyhow::ensure!(sorted.is_ok(), "{:?} instead of {wanted:?}", titles());
    pictured(shop, window, "automatic-sorted").await?;
    press_in(window, "chatPrompt", "[aria-label='Delete “Track my parcel”']").await?;
    window.find("alertdialog", "Delete this chat prompt?").await?;
    window.click("button", "Delete").await?;
    wait_for("it to be gone", || (titles() == before).then_some(())).await
}
