//! The credentials of the two apps: which are refused, and when they count as checked.

use desk::FaultCode;
use desk::commands::SkipSignIn;
use serde_json::json;
use tests::{World, http};

use super::{agreed, begin, code, link, paste, step, unlinked, until_fault, until_step};

#[tokio::test]
async fn a_wrong_secret_is_told_from_everything_else_and_can_be_typed_again() {
    let mut world = unlinked().await;
    let apps = world.tiktok.apps();
    let typed = |login_secret: &str, business_secret: &str| {
        json!({
            "loginClientKey": apps.login_client_key, "loginClientSecret": login_secret,
            "businessAppId": apps.business_app_id, "businessSecret": business_secret,
            "businessRedirectUri": apps.business_redirect_uri,
        })
    };
    world.ask_json("saveCredentials", typed("wrong", "wrong")).await;
    let landed = agreed(&world, &begin(&world, "startSignIn").await).await;
    http::get(&landed).await.unwrap();
    until_fault(&world, "loginCredentialsRefused").await;
    assert_eq!(step(&world).await, "signIn");

    world.ask(SkipSignIn {}).await;
    paste(&world, &agreed(&world, &begin(&world, "startAuthorization").await).await).await.unwrap();
    until_fault(&world, "credentialsRefused").await;
    assert_eq!(step(&world).await, "authorise");

    world.ask_json("saveCredentials", typed(&apps.login_client_secret, &apps.business_secret)).await;
    world.link().await;
}

#[tokio::test]
async fn credentials_count_as_checked_once_tiktok_has_taken_them() {
    let mut world = unlinked().await;
    let checked = async |world: &World| {
        let view = link(world).await;
        (view["businessChecked"] == true, view["loginChecked"] == true)
    };
    assert_eq!(checked(&world).await, (false, false));
    world.type_credentials().await;
    assert_eq!(checked(&world).await, (false, false), "saved is not checked");
    let landed = agreed(&world, &begin(&world, "startSignIn").await).await;
    http::get(&landed).await.unwrap();
    until_step(&world, "authorise").await;
    assert_eq!(checked(&world).await, (false, true));
    paste(&world, &agreed(&world, &begin(&world, "startAuthorization").await).await).await.unwrap();
    until_step(&world, "confirm").await;
    assert_eq!(checked(&world).await, (true, true));
    world.confirm().await;
    world.close().await;
    world.restart().await;
    assert_eq!(checked(&world).await, (true, true), "also after a restart");
    world.type_credentials().await;
    assert_eq!(checked(&world).await, (false, false), "what was typed anew is not what TikTok took");
}

#[tokio::test]
async fn credentials_that_must_fail_are_refused_before_the_browser_opens() {
    let world = unlinked().await;
    let typed = |app: &str, secret: &str, redirect: &str| {
        json!({
            "loginClientKey": "", "loginClientSecret": "", "businessAppId": app, "businessSecret": secret,
            "businessRedirectUri": redirect,
        })
    };
    let fine = "https://bounce.example/callback/";
    for (args, wanted) in [
        (typed("", "s", fine), FaultCode::CredentialsInvalid),
        (typed("74 00", "s", fine), FaultCode::CredentialsInvalid),
        (typed("7400", "", fine), FaultCode::CredentialsInvalid),
        (typed("7400", "s", "http://bounce.example/callback/"), FaultCode::RedirectInvalid),
        (typed("7400", "s", "https://127.0.0.1/callback/"), FaultCode::RedirectInvalid),
        (typed("7400", "s", "https://bounce.example:8443/callback/"), FaultCode::RedirectInvalid),
        (typed("7400", "s", "https://bounce.example/callback/?a=b"), FaultCode::RedirectInvalid),
        (typed("7400", "s", "bounce.example"), FaultCode::RedirectInvalid),
    ] {
        let fault = world.try_ask_json("saveCredentials", args.clone()).await.expect_err("refused");
        assert_eq!(fault.code, wanted, "{args}");
        assert!(fault.detail.is_some(), "says which: {args}");
    }
    let login_without_secret = json!({
        "loginClientKey": "k", "loginClientSecret": "", "businessAppId": "7400", "businessSecret": "s",
        "businessRedirectUri": fine,
    });
    assert_eq!(code(world.try_ask_json("saveCredentials", login_without_secret).await), FaultCode::CredentialsInvalid);
    assert_eq!(step(&world).await, "credentials", "nothing was kept");
    for command in ["startSignIn", "startAuthorization"] {
        assert_eq!(code(world.try_ask_json(command, json!({})).await), FaultCode::LinkNotStarted);
    }
    assert!(world.host.opened().is_empty());
}
