//! Linking where no keychain answers, or a locked one.

use desk::FaultCode;
use desk::commands::{RetryKeychain, UseSessionSecrets};
use serde_json::json;
use tests::{Keyring, TestHost, World};

use super::{code, config, patient, step};

#[tokio::test]
async fn without_a_keychain_the_agent_chooses_the_session_and_is_asked_again_after_a_restart() {
    let host = TestHost::with_keyring(Keyring::Missing);
    let mut world = World::with(config(), patient(), host).await;
    let overview = async |world: &World| world.ask_json("getOverview", json!({})).await;
    assert_eq!(overview(&world).await["keychain"], "missing");
    let apps = world.tiktok.apps();
    let typed = json!({
        "loginClientKey": "", "loginClientSecret": "", "businessAppId": apps.business_app_id,
        "businessSecret": apps.business_secret, "businessRedirectUri": apps.business_redirect_uri,
    });
    assert_eq!(code(world.try_ask_json("saveCredentials", typed).await), FaultCode::KeychainUnavailable);
    world.ask(UseSessionSecrets {}).await;
    assert_eq!(overview(&world).await["keychain"], "sessionOnly");
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.link().await;
    world.reply(&ana, "Hi Ana").await;
    world.until_thread(&ana, "Hi Ana [deskbell, sent]").await;

    world.close().await;
    world.restart().await;
    assert_eq!(overview(&world).await["keychain"], "missing", "the choice was for the session");
    assert_eq!(step(&world).await, "credentials");
    world.reply(&ana, "Still there?").await;
    world.ask(UseSessionSecrets {}).await;
    world
        .until("the account asks to be linked again", async |world| {
            overview(world).await["accounts"][0]["health"]["state"] == "relink"
        })
        .await;
    world.link().await;
    world.settle().await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["Hi Ana", "Still there?"]);
}

#[tokio::test]
async fn a_locked_keychain_is_told_and_once_unlocked_everything_goes_on() {
    let host = TestHost::with_keyring(Keyring::Locked);
    let mut world = World::with(config(), patient(), host).await;
    let apps = world.tiktok.apps();
    let typed = json!({
        "loginClientKey": "", "loginClientSecret": "", "businessAppId": apps.business_app_id,
        "businessSecret": apps.business_secret, "businessRedirectUri": apps.business_redirect_uri,
    });
    let fault = world.try_ask_json("saveCredentials", typed).await.expect_err("locked");
    assert_eq!((fault.code, fault.detail.as_deref()), (FaultCode::KeychainRefused, Some("locked")));
    world.host.set_keyring(Keyring::Present);
    let ana = world.customer("Ana");
    ana.says("hello?");
    world.link().await;
    world.until_thread(&ana, "hello?").await;

    world.close().await;
    world.host.set_keyring(Keyring::Locked);
    world.restart().await;
    world.reply(&ana, "Hi Ana").await;
    world
        .until("the account is unwell", async |world| {
            world.ask_json("getOverview", json!({})).await["accounts"][0]["health"]["state"] == "unwell"
        })
        .await;
    assert_eq!(world.tiktok.ledger().calls("send"), 0);
    world.host.set_keyring(Keyring::Present);
    world.ask(RetryKeychain {}).await;
    world.settle().await;
    assert_eq!(world.tiktok.ledger().texts_to("Ana"), ["Hi Ana"]);
}
