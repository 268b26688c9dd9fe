//! The harness, tried on what is there before Deskbell is: a desktop, its keychain, its notifications, two engines.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};
use fantoccini::key::Key;

use super::app::App;
use super::browser::Browser;
use super::window::Window;
use tests::desktop::{Desktop, Notification};
use tests::process::{running, wait_for, which};

const PAGE: &str = "data:text/html;charset=utf-8,<!doctype html><title>Trial</title>\
    <label>Reply <textarea id=t></textarea></label>\
    <button aria-label='Send it' onclick=\"document.querySelector('output').textContent = t.value\">➤</button>\
    <output></output>";

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_keeps_secrets_shows_notifications_and_opens_links() -> Result<()> {
    let desktop = Desktop::open().await?;

    let mut store = desktop
        .command("secret-tool")
        .args(["store", "--label=Trial", "service", "trial", "username", "nadia"])
        .stdin(Stdio::piped())
        .spawn()?;
    store.stdin.take().context("no pipe")?.write_all(b"open sesame")?;
    assert!(store.wait()?.success());
    let kept = desktop.secrets("service", "trial")?;
    assert!(kept.contains("secret = open sesame") && kept.contains("attribute.username = nadia"), "{kept}");

    let clicked = desktop.home().join("clicked");
    let send = format!("notify-send -a Trial -A default=Open 'Nadia' 'Is it back in M?' > '{}'", clicked.display());
    let mut sender = desktop.command("sh").args(["-c", &send]).spawn()?;
    let shown = wait_for("the notification", || desktop.notifications().first().cloned()).await?;
    let wanted = |text: &str| text.to_owned();
    assert_eq!(shown, Notification { app: wanted("Trial"), title: wanted("Nadia"), body: wanted("Is it back in M?") });
    desktop.click_notification().await?;
    let ended = wait_for("the click to be heard", || sender.try_wait().ok().flatten()).await?;
    assert!(ended.success());
    assert_eq!(std::fs::read_to_string(clicked)?.trim(), "default");

    assert!(desktop.command("xdg-open").arg("https://example.com/?a=b&c").status()?.success());
    assert_eq!(desktop.opens(0).await?, "https://example.com/?a=b&c");

    let canary = ["open sesame".to_owned()];
    assert_eq!(Desktop::files_with(&canary, &[&desktop.home()]), [], "the keychain writes nothing in clear");
    std::fs::write(desktop.home().join("leak"), "so: open sesame!")?;
    assert_eq!(Desktop::files_with(&canary, &[&desktop.home()]).len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_a_desktop() -> Result<()> {
    let desktop = Desktop::open().await?;
    let home = desktop.home();
    let sleeper = which("sleep").context("no sleep")?.canonicalize()?;
    // An orphan: nobody but the sweep can find it.
    assert!(desktop.command("sh").args(["-c", "sleep 1000 > /dev/null 2>&1 &"]).status()?.success());
    wait_for("the orphan", || (running(&sleeper, &home).len() == 1).then_some(())).await?;
    drop(desktop);
    wait_for("the orphan's end", || running(&sleeper, &home).is_empty().then_some(())).await?;
    assert!(!home.exists());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn webkit_is_driven_like_a_person_would() -> Result<()> {
    let Some(browser) = mini_browser() else { return Ok(()) };
    let desktop = Desktop::open().await?;
    let mut app = App::start_program(&desktop, &browser, &["--automation"]).await?;
    app.window().client().goto(PAGE).await?;
    works(app.window()).await?;

    app.kill(&desktop).await?;
    app.restart(&desktop).await?;
    app.window().client().goto(PAGE).await?;
    works(app.window()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_is_driven_like_a_person_would() -> Result<()> {
    if !Browser::is_there() {
        return Ok(());
    }
    let desktop = Desktop::open().await?;
    let browser = Browser::open(&desktop, PAGE).await?;
    works(browser.window()).await
}

async fn works(window: &Window) -> Result<()> {
    window.type_into("Reply", "Grüße, 日本語 ").await?;
    window.paste("Reply", "🧵").await?;
    window.press(&[Key::Shift], 'x').await?;
    window.click("button", "send it").await?;
    window.see("Grüße, 日本語 🧵").await?;
    assert!(window.value("Reply").await?.starts_with("Grüße, 日本語 🧵"));
    let (role, label) = window.accessible(&window.find("button", "Send it").await?).await?;
    assert_eq!((role.as_str(), label.as_str()), ("button", "Send it"));
    for width in [900, 1280, 1920] {
        window.resize(width, 700).await?;
    }
    let picture = std::fs::read(window.shot("harness").await?)?;
    assert!(picture.starts_with(b"\x89PNG"));
    Ok(())
}

/// WebKitGTK's own small browser, which lies beside the library.
fn mini_browser() -> Option<std::path::PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    folders
        .map(|folder| folder.join("webkit2gtk-4.1/MiniBrowser"))
        .find(|place: &std::path::PathBuf| Path::is_file(place))
}
