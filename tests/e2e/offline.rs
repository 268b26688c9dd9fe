//! The network goes: reading and writing go on, and what was written goes out by itself afterwards.

use anyhow::Result;

use super::shop::{Shop, delivered, open_conversation, reply};
use tests::process::wait_for;

const NADIA: &str = "Nadia Rahman";
const MARCO: &str = "Marco Bellini";

#[tokio::test(flavor = "multi_thread")]
async fn replies_written_offline_go_out_by_themselves_in_order() -> Result<()> {
    let shop = Shop::open().await?;
    let app = shop.app().await?;
    let window = app.window();
    shop.link(window).await?;
    open_conversation(window, NADIA).await?;
    window.see("Is the linen set back in M?").await?;

    shop.tiktok.unplug().await;
    reply(window, NADIA, "Yes, it is.").await?;
    reply(window, NADIA, "Shall I put one aside?").await?;
    delivered(window, "Yes, it is.", &["queued"]).await?;
    delivered(window, "Shall I put one aside?", &["queued"]).await?;
    window.see("waiting for the network").await?;
    // Reading on, and writing elsewhere.
    open_conversation(window, MARCO).await?;
    reply(window, MARCO, "We are looking into it.").await?;
    delivered(window, "We are looking into it.", &["queued"]).await?;
    window.see("TikTok cannot be reached").await?;
    window.shot("offline").await?;
    assert!(shop.tiktok.ledger().attempts.is_empty());

    shop.tiktok.plug_in().await?;
    delivered(window, "We are looking into it.", &["sent", "read"]).await?;
    open_conversation(window, NADIA).await?;
    delivered(window, "Yes, it is.", &["sent", "read"]).await?;
    delivered(window, "Shall I put one aside?", &["sent", "read"]).await?;
    let ledger = shop.tiktok.ledger();
    assert_eq!(ledger.texts_to(NADIA), ["Yes, it is.", "Shall I put one aside?"]);
    assert_eq!(ledger.texts_to(MARCO), ["We are looking into it."]);
    window.gone("TikTok cannot be reached").await?;

    shop.tiktok.customer(MARCO).says("grazie!");
    open_conversation(window, MARCO).await?;
    window.see("grazie!").await?;
    wait_for("nothing more", || (shop.tiktok.ledger().accepted.len() == 3).then_some(())).await
}
