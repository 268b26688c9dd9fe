//! The apps' credentials.

use serde_json::json;
use tiktok::{Client, Endpoints};
use wire::FailureCode;
use wire::api::{App, AppCredentials, Platform, Role};
use wire::paths;

use super::fake_tiktok::{APP_ID, APP_SECRET};
use super::shop::Shop;
use crate::apps;
use crate::testing::{TestDatabase, on_both_engines};

on_both_engines!(
    a_secret_is_set_and_never_shown,
    the_secret_before_verifies_for_73_hours,
    an_address_that_tiktok_does_not_take_is_refused,
    the_two_apps_are_apart,
);

async fn secrets(shop: &Shop, platform: Platform) -> Vec<String> {
    let secrets = apps::webhook_secrets(&shop.context, platform).await.unwrap();
    secrets.iter().map(|secret| secret.expose().to_owned()).collect()
}

fn business(secret: &str, redirect_uri: &str) -> AppCredentials {
    AppCredentials {
        platform: Platform::Business,
        app_id: APP_ID.to_owned(),
        secret: secret.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        may_list_posts: false,
    }
}

async fn a_secret_is_set_and_never_shown(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let admin = shop.device("Dao's desktop", Role::Admin).await;
    let put = |body| shop.call("PUT", paths::APPS, Some(&admin.token), Some(body));
    assert!(apps::business(&shop.context).await.unwrap().is_none());
    assert!(secrets(&shop, Platform::Business).await.is_empty());

    let first = json!({ "platform": "business", "app_id": APP_ID, "secret": APP_SECRET, "redirect_uri": "" });
    assert_eq!(put(first).await.status, 204);
    let shown = shop.call("GET", paths::APPS, Some(&admin.token), None).await;
    assert!(!shown.text.contains(APP_SECRET));
    let [app] = &shown.json::<Vec<App>>()[..] else { panic!("{shown:?}") };
    assert_eq!(app.redirect_uri, format!("{}/authorized/", shop.base));
    assert_eq!((app.app_id.as_str(), app.previous_until_ms, app.may_list_posts), (APP_ID, None, false));
    let known = apps::business(&shop.context).await.unwrap().unwrap();
    assert_eq!((known.app_id.as_str(), known.secret.expose()), (APP_ID, APP_SECRET));

    // Left out, the secret stays; and the same once more is none that is new.
    for secret in ["", APP_SECRET] {
        let again = json!({
            "platform": "business", "app_id": APP_ID, "secret": secret, "redirect_uri": "", "may_list_posts": true,
        });
        assert_eq!(put(again).await.status, 204);
    }
    assert_eq!(secrets(&shop, Platform::Business).await, [APP_SECRET]);
    assert!(apps::scopes(&shop.context).await.unwrap().contains(&"video.list"));

    for (app_id, secret) in [("", "s"), ("with space", "s"), ("x\u{0}", "s"), ("other-app", ""), (APP_ID, "s s")] {
        let bad = json!({ "platform": "business", "app_id": app_id, "secret": secret, "redirect_uri": "" });
        let answer = put(bad).await;
        assert_eq!(answer.failure, FailureCode::BadRequest.as_str(), "{app_id} {secret}");
    }
    let missing = json!({ "platform": "login_kit", "app_id": "k", "secret": "", "redirect_uri": "" });
    assert_eq!(put(missing).await.detail(), "the secret is missing");
}

async fn the_secret_before_verifies_for_73_hours(database: TestDatabase) {
    let shop = Shop::open(database).await;
    shop.set_app().await;
    apps::rotate_secret(&shop.context, "test", Platform::Business, "second").await.unwrap();
    assert_eq!(secrets(&shop, Platform::Business).await, ["second", APP_SECRET]);
    let [app] = &apps::list(&shop.context).await.unwrap()[..] else { panic!() };
    let left_ms = app.previous_until_ms.unwrap() - crate::clock::now_ms();
    assert!((72 * 3_600_000..=73 * 3_600_000).contains(&left_ms), "{left_ms}");

    shop.sql("UPDATE app SET previous_until_ms = previous_until_ms - 262800000").await;
    assert_eq!(secrets(&shop, Platform::Business).await, ["second"]);
    // One that was found out ends at once.
    apps::rotate_secret(&shop.context, "test", Platform::Business, "third").await.unwrap();
    apps::forget_previous_secret(&shop.context, "test", Platform::Business).await.unwrap();
    assert_eq!(secrets(&shop, Platform::Business).await, ["third"]);
    let known = apps::business(&shop.context).await.unwrap().unwrap();
    assert_eq!((known.app_id.as_str(), known.secret.expose()), (APP_ID, "third"));
    let unknown = apps::rotate_secret(&shop.context, "test", Platform::LoginKit, "x").await.unwrap_err();
    assert_eq!(unknown.0.code, FailureCode::NotFound);
}

async fn an_address_that_tiktok_does_not_take_is_refused(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let mut real = shop.context.clone();
    real.client = Client::new(Endpoints::default()).unwrap();
    for (uri, words) in [
        ("http://relay.example/authorized/", "https"),
        ("https://relay.example:8443/authorized/", "port"),
        ("https://relay.example/authorized/?a=b", "question mark"),
        // The relay of this test is on this computer.
        ("", "https"),
    ] {
        let refused = apps::set(&real, "test", business("s", uri)).await.unwrap_err();
        assert!(refused.0.detail.contains(words), "{uri}: {refused:?}");
    }
    for uri in ["https://relay.example/authorized/", "https://relay.example/authorized"] {
        apps::set(&real, "test", business("s", uri)).await.unwrap();
        assert_eq!(apps::business(&real).await.unwrap().unwrap().redirect_uri, uri);
    }
}

async fn the_two_apps_are_apart(database: TestDatabase) {
    let shop = Shop::open(database).await;
    shop.set_app().await;
    let login_kit = AppCredentials { platform: Platform::LoginKit, ..business("login-secret", "") };
    apps::set(&shop.context, "test", login_kit).await.unwrap();
    assert_eq!(secrets(&shop, Platform::LoginKit).await, ["login-secret"]);
    assert_eq!(secrets(&shop, Platform::Business).await, [APP_SECRET]);
    // A sealed secret that is copied into the other row does not open there.
    shop.sql("UPDATE app SET secret = (SELECT secret FROM app WHERE platform = 'login_kit')").await;
    assert!(apps::business(&shop.context).await.is_err());
    // And a new one mends it.
    shop.set_app().await;
    assert_eq!(secrets(&shop, Platform::Business).await, [APP_SECRET]);
}
