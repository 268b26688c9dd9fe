//! The README's picture, of the app as it is: `cargo xtask picture`.

use std::fs;

use anyhow::{Context, Result};

use super::sending::{NADIA, carded, quoted, scheduled};
use super::shop::{Shop, open_conversation};

/// The environment variable that names the file to write.
const FILE: &str = "DESKBELL_PICTURE";
/// WebKit's driver takes no picture while an image is loading.
const IMAGES: &str = "return [...document.images].every((one) => one.complete && one.naturalWidth > 0);";

/// An inbox of scripted customers, one of them being answered: with a quote, a question card, and a reply for later.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it writes a file of the repository: `cargo xtask picture`"]
async fn the_inbox_for_the_readme() -> Result<()> {
    let file = std::env::var_os(FILE).with_context(|| format!("{FILE} says where the picture goes"))?;
    let shop = Shop::open().await?;
    let app = shop.app().await?;
    let window = app.window();
    shop.link(window).await?;
    window.theme("light").await?;
    window.resize(1280, 800).await?;

    open_conversation(window, NADIA).await?;
    quoted(&shop, window).await?;
    carded(&shop, window).await?;
    scheduled(&shop, window).await?;
    // The arrow of the mouse would lie over what was clicked last.
    shop.desktop.xdotool(&["mousemove", "1", "1399"])?;
    window.holds("every image", IMAGES).await?;
    fs::copy(window.shot("readme").await?, file)?;
    Ok(())
}
