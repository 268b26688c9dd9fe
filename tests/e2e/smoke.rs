//! The build that ships, once through: linked, read, answered, hurt by a picture, started again.
//!
//! The ordinary run tells it with the build that is being worked on; the step `smoke` of `cargo xtask check` with the release
//! build, which differs in its profile: what ends a thread in one may end the program in the other.

use anyhow::Result;

use super::shop::{Shop, delivered, open_conversation, reply};
use super::window::Window;
use tests::process::wait_for;

const CUSTOMER: &str = "Nadia Rahman";
/// A photo that cannot be shown, and one that is.
const PICTURES: &str = "return document.querySelectorAll('[data-media=unavailable]').length === 2 \
    && [...document.querySelectorAll('img[data-media=kept]')].some((one) => one.complete && one.naturalWidth > 0);";

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_picture_costs_a_placeholder_and_neither_the_program_nor_its_next_start() -> Result<()> {
    let shop = Shop::open().await?;
    let mut app = shop.app().await?;
    shop.link(app.window()).await?;
    open_conversation(app.window(), CUSTOMER).await?;
    reply(app.window(), CUSTOMER, "Which one do you mean?").await?;
    delivered(app.window(), "Which one do you mean?", &["sent", "read"]).await?;

    let nadia = shop.tiktok.customer(CUSTOMER);
    for name in ["animated-frame-size-1.webp", "animated-frame-size-2.webp"] {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/pictures/");
        nadia.sends_image_of(std::fs::read(format!("{file}{name}"))?);
    }
    nadia.sends_image();
    nadia.says("these two, and this one");
    app.window().see("these two, and this one").await?;
    shows_what_it_can(app.window()).await?;
    app.window().shot("smoke-hostile-pictures").await?;

    app.kill(&shop.desktop).await?;
    app.restart(&shop.desktop).await?;
    open_conversation(app.window(), CUSTOMER).await?;
    shows_what_it_can(app.window()).await?;
    reply(app.window(), CUSTOMER, "I can see only the last one.").await?;
    delivered(app.window(), "I can see only the last one.", &["sent", "read"]).await?;
    app.window().shot("smoke-restarted").await?;
    let told = || (shop.tiktok.ledger().texts_to(CUSTOMER).len() == 2).then_some(());
    wait_for("both replies to be with TikTok", told).await?;
    assert_eq!(
        shop.tiktok.ledger().texts_to(CUSTOMER),
        ["Which one do you mean?", "I can see only the last one."],
        "each once"
    );
    Ok(())
}

async fn shows_what_it_can(window: &Window) -> Result<()> {
    window.holds("two placeholders and a photo", PICTURES).await
}
