//! The profile of the account that access was given to, which TikTok may refuse to show.

use desk::FaultCode;
use sandbox::{Fault as Dial, Times};
use serde_json::{Value, json};

use super::{agreed, begin, code, link, paste, ready_to_authorise, step, until_step};

#[tokio::test]
async fn access_whose_profile_is_refused_is_kept_and_asked_about_again_without_a_new_yes() {
    for refusal in [
        Dial::code(40_002),
        Dial::code(40_001),
        Dial::code(40_105),
        Dial::code(50_000),
        Dial::RateLimited,
        Dial::HangUpBefore,
        Dial::Html { accepting: true },
    ] {
        let mut world = ready_to_authorise().await;
        world.tiktok.fault("profile", refusal.clone(), Times::Next(2));
        paste(&world, &agreed(&world, &begin(&world, "startAuthorization").await).await).await.unwrap();
        until_step(&world, "profileFailed").await;
        assert!(!link(&world).await["fault"].is_null(), "{refusal:?} is told");
        let view = world.ask_json("retryLinkProfile", json!({})).await;
        assert_eq!(view["step"]["step"], "profileFailed", "{refusal:?}, still");
        assert_eq!(code(world.try_ask_json("confirmLink", json!({})).await), FaultCode::LinkNotStarted);
        let view = world.ask_json("retryLinkProfile", json!({})).await;
        assert_eq!((&view["step"]["step"], &view["fault"]), (&json!("confirm"), &Value::Null), "{refusal:?}");
        let ledger = world.tiktok.ledger();
        assert_eq!((ledger.exchanges(), ledger.calls("revoke")), (1, 0), "{refusal:?} took nothing back");
        world.confirm().await;
        world.until_health("live").await;
    }
}

#[tokio::test]
async fn access_whose_profile_is_refused_is_given_back_when_the_agent_cancels() {
    for command in ["cancelLink", "rejectLink"] {
        let world = ready_to_authorise().await;
        world.tiktok.fault("profile", Dial::code(40_002), Times::Next(1));
        paste(&world, &agreed(&world, &begin(&world, "startAuthorization").await).await).await.unwrap();
        until_step(&world, "profileFailed").await;
        world.ask_json(command, json!({})).await;
        assert_eq!(world.tiktok.ledger().calls("revoke"), 1, "{command}");
        assert_eq!(step(&world).await, "authorise");
        assert_eq!(code(world.try_ask_json("retryLinkProfile", json!({})).await), FaultCode::LinkNotStarted);
    }
}

#[tokio::test]
async fn an_answer_to_the_code_that_leaves_out_what_is_not_needed_links_all_the_same() {
    for left_out in [&["open_id"][..], &["refresh_token_expires_in"], &["expires_in", "scope"], &["open_id", "scope"]] {
        let mut world = ready_to_authorise().await;
        let edits = left_out.iter().map(|name| (format!("/data/{name}"), None)).collect();
        world.tiktok.fault("token", Dial::edited(edits), Times::Next(1));
        paste(&world, &agreed(&world, &begin(&world, "startAuthorization").await).await).await.unwrap();
        until_step(&world, "confirm").await;
        world.confirm().await;
        world.until_health("live").await;
        world.tiktok.expire_access_tokens();
        world.until("it is renewed", async |world| world.tiktok.ledger().refreshes() == 1).await;
        world.until_health("live").await;
    }
}
