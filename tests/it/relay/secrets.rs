//! Whose hands TikTok's tokens and the app's secret are in.

use desk::ExposeSecret;
use desk::commands::MoveAccountToRelay;
use sandbox::{Fault, Times};
use serde_json::json;
use tests::{TestHost, World, quick};

use super::{desk, shop};
use crate::secrecy::files;

#[tokio::test]
async fn after_a_day_no_desk_holds_a_token_or_a_secret_of_tiktoks_and_the_relay_none_in_clear() {
    let (tiktok, mut relay) = shop().await;
    let ana = tiktok.customer("Ana");
    ana.says("good morning");
    // One desk was paired from the beginning. The other was linked by itself, as before there was a relay, and moves.
    let nok = desk(&tiktok, &relay, "Nok's laptop").await;
    let mut ben = World::on(tiktok.clone(), quick(), TestHost::new()).await;
    let account = ben.link().await;
    ben.until_thread(&ana, "good morning").await;
    let code = relay.pairing_code("agent").await;
    ben.ask_json("pairWithRelay", json!({ "address": relay.address(), "code": code, "deviceName": "Ben's laptop" }))
        .await;
    ben.ask(MoveAccountToRelay { account }).await;
    ben.until_live().await;

    // The day: questions with pictures, answers from both, calls that fail and quote, a relay that is restarted.
    ana.sends_image();
    nok.reply(&ana, "Good morning to you.").await;
    nok.until_got(&ana, &["Good morning to you."]).await;
    let quoted = format!("no: {}", tiktok.tokens().join(" "));
    for fault in [
        Fault::Code { code: 40_002, message: quoted.clone(), accepting: false },
        Fault::Code { code: 50_000, message: quoted, accepting: false },
        Fault::HangUpAfter,
    ] {
        for endpoint in ["content_list", "conversation_list", "media_download", "profile"] {
            tiktok.fault(endpoint, fault.clone(), Times::Next(1));
        }
        ana.says("and another question");
    }
    ana.says("are you there?");
    nok.until_thread(&ana, "are you there?").await;
    ben.until_thread(&ana, "are you there?").await;
    ben.reply(&ana, "We are.").await;
    ben.until_got(&ana, &["Good morning to you.", "We are."]).await;
    relay.restart().await;
    nok.until_live().await;
    ana.says("bye");
    nok.until_thread(&ana, "bye").await;

    let apps = tiktok.apps();
    let mut secrets = tiktok.tokens();
    assert!(secrets.len() >= 4, "the relay's pair and Ben's: {}", secrets.len());
    secrets.extend([apps.business_secret, apps.login_client_secret]);
    let holds = |text: &str| secrets.iter().any(|secret| text.contains(secret.as_str()));
    for world in [&nok, &ben] {
        for (name, secret) in world.host.secrets() {
            assert!(!holds(secret.expose_secret()), "the keychain still has {name}");
        }
        let mut found = Vec::new();
        files(world.folder(), &mut found);
        assert!(found.len() > 2, "the database and pictures");
        for (path, text) in found {
            assert!(!holds(&text), "{path} has a secret of TikTok's");
        }
    }
    let mut found = Vec::new();
    files(relay.folder(), &mut found);
    assert!(found.iter().any(|(path, _)| path.ends_with("relay.db")));
    // The test profile tells whoever signs webhooks what to sign them with.
    for (path, text) in found.into_iter().filter(|(path, _)| !path.ends_with("profile.json")) {
        assert!(!holds(&text), "{path} has a secret of TikTok's in clear");
    }
}
