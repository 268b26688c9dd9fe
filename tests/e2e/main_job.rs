//! The whole job once, as an agent does it: link the account, read, answer; be called back by a notification.

use anyhow::Result;

use super::shop::{Shop, delivered, open_conversation, send};
use super::window::Window;
use tests::desktop::Desktop;
use tests::process::wait_for;

const CUSTOMER: &str = "Nadia Rahman";
const QUESTION: &str = "Is the linen set back in M? I can order today";
const REPLY: &str = "Yes, Größe M is back: 12 left, für dich reserviert. 喜んで! ";
const EMOJI: &str = "🤎👗";

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_links_the_account_and_answers_a_customer() -> Result<()> {
    let shop = Shop::open().await?;
    let app = shop.app().await?;
    let window = app.window();
    links_reads_and_answers(&shop, window).await?;
    keys_are_in_the_keychain_and_nowhere_else(&shop)?;
    is_called_back_by_a_notification(&shop, window).await?;
    is_pictured(window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_page_does_the_same_job_in_chromium() -> Result<()> {
    if !super::browser::Browser::is_there() {
        return Ok(());
    }
    let shop = Shop::open().await?;
    let browser = shop.browser().await?;
    links_reads_and_answers(&shop, browser.window()).await?;
    is_pictured(browser.window()).await
}

async fn links_reads_and_answers(shop: &Shop, window: &Window) -> Result<()> {
    shop.link(window).await?;
    open_conversation(window, CUSTOMER).await?;
    window.see(QUESTION).await?;

    let composer = format!("Message to {CUSTOMER}");
    window.type_into(&composer, REPLY).await?;
    // By script: a driver drops letters outside the BMP.
    window.paste(&composer, EMOJI).await?;
    // An Enter within half a second of opening the conversation is asked for again, and a quick browser is that quick.
    send(window, &composer).await?;
    let reply = format!("{REPLY}{EMOJI}");
    delivered(window, reply.trim(), &["sent", "read"]).await?;
    window.see("· Sent").await?;
    assert_eq!(window.value(&composer).await?, "", "what was sent leaves the composer");
    assert_eq!(shop.tiktok.ledger().texts_to(CUSTOMER), [reply], "TikTok has it once, to the letter");

    shop.tiktok.customer(CUSTOMER).says("perfect, ordering now!");
    window.see("perfect, ordering now!").await
}

fn keys_are_in_the_keychain_and_nowhere_else(shop: &Shop) -> Result<()> {
    let apps = shop.tiktok.apps();
    let kept = shop.desktop.secrets("service", "app.deskbell.desktop")?;
    for secret in [&apps.business_secret, &apps.login_client_secret] {
        assert!(kept.contains(secret.as_str()), "the keychain does not hold an app's secret");
    }
    // Every long word in the keychain that is not a name anyone may know: the apps' secrets and all tokens.
    let public = [&apps.business_app_id, &apps.login_client_key, &apps.business_redirect_uri];
    let canaries: Vec<String> = kept
        .lines()
        .filter_map(|line| line.strip_prefix("secret = "))
        .flat_map(|value| value.split(|letter: char| !letter.is_ascii_alphanumeric() && !"._-!*".contains(letter)))
        .filter(|word| word.len() >= 24 && !public.iter().any(|name| name.contains(word)))
        .map(str::to_owned)
        .collect();
    assert!(canaries.len() >= 4, "two secrets and two tokens at least, but there are {}", canaries.len());
    let leaks = Desktop::files_with(&canaries, &[&shop.desktop.home(), &shop.data]);
    let places: Vec<_> = leaks.iter().map(|(place, _)| place).collect();
    assert!(places.is_empty(), "secrets lie in {places:?}");
    Ok(())
}

async fn is_called_back_by_a_notification(shop: &Shop, window: &Window) -> Result<()> {
    // Look at another conversation, then at something else altogether.
    open_conversation(window, "Marco Bellini").await?;
    let ours = wait_for("the window", || shop.desktop.windows("^Deskbell").ok()?.into_iter().next()).await?;
    shop.desktop.xdotool(&["windowminimize", &ours])?;
    wait_for("the window to be gone", || shop.desktop.windows("^Deskbell").ok()?.is_empty().then_some(())).await?;

    let words = "one more thing: <b>do you ship</b> to Utrecht & Gent?";
    shop.tiktok.customer(CUSTOMER).says(words);
    let find = || shop.desktop.notifications().into_iter().find(|shown| shown.body.contains("Utrecht"));
    let shown = wait_for("the notification", find).await?;
    assert_eq!(shown.title, CUSTOMER);
    let literal = shown.body.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    assert_eq!(literal, words, "a customer's words are not markup");

    shop.desktop.click_notification().await?;
    wait_for("the window to be back", || (!shop.desktop.windows("^Deskbell").ok()?.is_empty()).then_some(())).await?;
    window.find("heading", CUSTOMER).await?;
    window.see(words).await
}

/// Pictures for people to look at, at the three widths that matter, in both themes.
async fn is_pictured(window: &Window) -> Result<()> {
    for theme in ["light", "dark"] {
        window.theme(theme).await?;
        for (width, height) in [(900, 700), (1280, 800), (1920, 1080)] {
            window.resize(width, height).await?;
            window.holds("no sideways scrolling", "return document.documentElement.scrollWidth <= innerWidth;").await?;
            window.shot(&format!("inbox-{theme}-{width}")).await?;
        }
    }
    Ok(())
}
