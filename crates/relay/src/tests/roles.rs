//! Every path of the admin side against every kind of caller.

use serde_json::{Value, json};
use wire::FailureCode;
use wire::api::Role;
use wire::paths;

use super::shop::Shop;
use crate::testing::{TestDatabase, on_both_engines};

on_both_engines!(only_admins_reach_what_is_theirs);

/// All paths that admins have to themselves, each with a body that it takes.
fn admin_paths() -> Vec<(&'static str, String, Option<Value>)> {
    let credentials = json!({ "platform": "business", "app_id": "1", "secret": "s", "redirect_uri": "" });
    vec![
        ("GET", paths::DEVICES.to_owned(), None),
        ("PATCH", format!("{}/other", paths::DEVICES), Some(json!({ "name": "x", "role": "admin" }))),
        ("DELETE", format!("{}/other", paths::DEVICES), None),
        ("POST", paths::PAIRING_CODES.to_owned(), Some(json!({ "role": "admin" }))),
        ("GET", paths::AUDIT.to_owned(), None),
        ("GET", paths::APPS.to_owned(), None),
        ("PUT", paths::APPS.to_owned(), Some(credentials)),
        ("POST", paths::ACCOUNTS.to_owned(), None),
        ("DELETE", format!("{}/_000canaryshop", paths::ACCOUNTS), None),
        ("GET", paths::WEBHOOK.to_owned(), None),
        ("PUT", paths::WEBHOOK.to_owned(), Some(json!({ "confirm": true }))),
        ("DELETE", paths::WEBHOOK.to_owned(), None),
        ("POST", format!("{}/test", paths::WEBHOOK), None),
    ]
}

async fn only_admins_reach_what_is_theirs(database: TestDatabase) {
    let shop = Shop::open(database).await;
    let (admin, former) =
        (shop.device("Dao's desktop", Role::Admin).await, shop.device("Old desktop", Role::Admin).await);
    let agent = shop.device("Nok's laptop", Role::Agent).await;
    let revoked = shop.device("Lost laptop", Role::Admin).await;
    let change = json!({ "role": "agent" });
    let path = |id: &str| format!("{}/{id}", paths::DEVICES);
    assert_eq!(shop.call("PATCH", &path(&former.id), Some(&admin.token), Some(change)).await.status, 204);
    assert_eq!(shop.call("DELETE", &path(&revoked.id), Some(&admin.token), None).await.status, 204);
    let before = shop.trail().await;

    for (method, path, body) in admin_paths() {
        for (token, status, code) in [
            (None, 401, FailureCode::NotPaired),
            (Some(revoked.token.as_str()), 401, FailureCode::NotPaired),
            (Some("nonsense"), 401, FailureCode::NotPaired),
            (Some(agent.token.as_str()), 403, FailureCode::NotAllowed),
            (Some(former.token.as_str()), 403, FailureCode::NotAllowed),
        ] {
            let answer = shop.call(method, &path, token, body.clone()).await;
            assert_eq!((answer.status, answer.failure.as_str()), (status, code.as_str()), "{method} {path} {token:?}");
        }
        // A role is asked about before the body is.
        let answer = shop.call(method, &path, Some(&agent.token), Some(json!("nonsense"))).await;
        assert_eq!(answer.status, 403, "{method} {path}");
    }
    assert_eq!(shop.trail().await, before, "none of it did anything");

    for (method, path, body) in admin_paths() {
        let answer = shop.call(method, &path, Some(&admin.token), body).await;
        assert!(!matches!(answer.status, 401 | 403 | 404 | 405) || answer.failure == "not_found", "{method} {path}");
    }
}
