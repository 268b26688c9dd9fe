//! Linking with a real browser at TikTok's own pages: nothing is played, both sides are clicked.

use anyhow::Result;

use super::browser::Browser;
use super::shop::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_brings_both_codes_back_by_itself() -> Result<()> {
    if !Browser::is_there() {
        return Ok(());
    }
    let shop = Shop::open().await?;
    let app = shop.app().await?;
    let window = app.window();
    shop.type_credentials(window).await?;

    window.click("button", "Open browser").await?;
    let browser = Browser::open(&shop.desktop, &shop.sent_to(0).await?).await?;
    let page = browser.window();
    page.shot("consent").await?;
    page.click("button", "Agree").await?;
    page.see("Go back to Deskbell").await?;
    window.see("Signed in as").await?;

    // The registered address is https and not ours to serve; its page forwards to the port that `state` carries.
    window.click("button", "Open browser").await?;
    page.client().goto(&shop.sent_to(1).await?).await?;
    page.click("button", "Agree").await?;
    page.see("Go back to Deskbell").await?;
    window.see("Is this the account?").await?;
    assert_eq!(shop.tiktok.ledger().calls("conversation_list"), 0, "nothing is read before the agent says yes");
    window.click("button", "Not this one").await?;
    window.gone("Is this the account?").await?;
    assert_eq!(shop.tiktok.ledger().calls("revoke"), 1, "the access that was given is given back");

    window.click("button", "Open browser").await?;
    page.client().goto(&shop.sent_to(2).await?).await?;
    page.click("button", "Cancel").await?;
    window.see("You cancelled on TikTok’s page.").await?;
    window.shot("link-cancelled").await?;
    window.find("button", "Open browser").await.map(|_| ())
}
