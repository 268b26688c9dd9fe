//! Tokens that end: by time, by being used, by being taken away.

use std::time::Duration;

use serde_json::json;

use crate::client::{Desk, code_of, renew};

const DAY: Duration = Duration::from_secs(86_400);

async fn profile(desk: &Desk) -> i64 {
    code_of(&desk.get("business/get/", &[]).await)
}

#[tokio::test]
async fn an_access_token_ends_with_the_clock_and_one_refresh_is_counted_as_one() {
    let mut desk = Desk::linked().await;
    desk.sandbox.advance(DAY - Duration::from_secs(60));
    assert_eq!(profile(&desk).await, 0);
    desk.sandbox.advance(Duration::from_secs(61));
    assert_eq!(profile(&desk).await, 40102);
    let fresh = renew(&desk.sandbox, &desk.http, &desk.refresh).await;
    desk.access = fresh["data"]["access_token"].as_str().unwrap().to_owned();
    assert_eq!(profile(&desk).await, 0);
    let ledger = desk.sandbox.ledger();
    assert_eq!((ledger.refreshes(), ledger.refresh_calls(), ledger.calls("refresh")), (1, 1, 1));
    let again = renew(&desk.sandbox, &desk.http, &desk.refresh).await;
    assert_eq!(code_of(&again), 40107, "the old refresh token died when it was used");
    let ledger = desk.sandbox.ledger();
    assert_eq!((ledger.refreshes(), ledger.refresh_calls()), (1, 2));
    desk.refresh = fresh["data"]["refresh_token"].as_str().unwrap().to_owned();
    desk.sandbox.advance(365 * DAY);
    assert_eq!(code_of(&renew(&desk.sandbox, &desk.http, &desk.refresh).await), 40103);
}

#[tokio::test]
async fn a_refresh_token_can_expire_or_be_killed_while_the_access_token_lives_on() {
    let desk = Desk::linked().await;
    desk.sandbox.kill_refresh_tokens();
    assert_eq!(code_of(&renew(&desk.sandbox, &desk.http, &desk.refresh).await), 40107);
    assert_eq!(profile(&desk).await, 0);
    let desk = Desk::linked().await;
    desk.sandbox.expire_refresh_tokens();
    assert_eq!(code_of(&renew(&desk.sandbox, &desk.http, &desk.refresh).await), 40103);
    assert_eq!(profile(&desk).await, 0);
}

#[tokio::test]
async fn after_revoking_the_old_token_is_wrong_and_nothing_can_be_refreshed() {
    let desk = Desk::linked().await;
    let apps = desk.sandbox.apps();
    let body = json!({
        "client_id": apps.business_app_id, "client_secret": apps.business_secret, "access_token": desk.access,
    });
    assert_eq!(code_of(&desk.post("tt_user/oauth2/revoke/", &body).await), 0);
    assert_eq!(profile(&desk).await, 40105);
    assert_eq!(code_of(&renew(&desk.sandbox, &desk.http, &desk.refresh).await), 40107);
    assert_eq!(code_of(&desk.post("tt_user/oauth2/revoke/", &body).await), 40105);
}
