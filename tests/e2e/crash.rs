//! The power goes while TikTok holds a message and says nothing: it must not be lost and must not go out twice.

use anyhow::Result;
use sandbox::{Fault, Times};

use super::shop::{Shop, delivered, open_conversation, reply};
use tests::process::wait_for;

const CUSTOMER: &str = "Nadia Rahman";
const REPLY: &str = "It is on its way, Nadia.";
const DRAFT: &str = "And for your sister we have";

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_answer_was_lost_in_a_crash_goes_out_once() -> Result<()> {
    let shop = Shop::open().await?;
    let mut app = shop.app().await?;
    shop.link(app.window()).await?;
    open_conversation(app.window(), CUSTOMER).await?;

    shop.tiktok.fault("send", Fault::NeverAnswer { accepting: true }, Times::Next(1));
    reply(app.window(), CUSTOMER, REPLY).await?;
    wait_for("TikTok to take the message", || (shop.tiktok.ledger().texts_to(CUSTOMER).len() == 1).then_some(()))
        .await?;
    // No answer came, so it is still being sent.
    delivered(app.window(), REPLY, &["sending"]).await?;
    app.kill(&shop.desktop).await?;

    app.restart(&shop.desktop).await?;
    open_conversation(app.window(), CUSTOMER).await?;
    // What happened is looked up; nobody is asked, and nothing is sent again.
    delivered(app.window(), REPLY, &["sent", "read"]).await?;
    assert_eq!(shop.tiktok.ledger().texts_to(CUSTOMER), [REPLY]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_tiktok_never_took_is_not_called_sent() -> Result<()> {
    let shop = Shop::open().await?;
    let mut app = shop.app().await?;
    shop.link(app.window()).await?;
    open_conversation(app.window(), CUSTOMER).await?;

    shop.tiktok.fault("send", Fault::NeverAnswer { accepting: false }, Times::Next(1));
    reply(app.window(), CUSTOMER, REPLY).await?;
    wait_for("the attempt", || (shop.tiktok.ledger().attempts.len() == 1).then_some(())).await?;
    app.window().type_into(&format!("Message to {CUSTOMER}"), DRAFT).await?;
    app.window().click("option", "Marco Bellini").await?;
    app.window().see(DRAFT).await?;
    app.kill(&shop.desktop).await?;

    app.restart(&shop.desktop).await?;
    open_conversation(app.window(), CUSTOMER).await?;
    delivered(app.window(), REPLY, &["unconfirmed"]).await?;
    app.window().wait("the doubt in words", |page| page.contains("confirmed")).await?;
    app.window().shot("unconfirmed").await?;
    assert_eq!(app.window().value(&format!("Message to {CUSTOMER}")).await?, DRAFT, "a draft outlives a crash");
    assert!(shop.tiktok.ledger().texts_to(CUSTOMER).is_empty(), "nothing is sent again without the agent's word");
    Ok(())
}
