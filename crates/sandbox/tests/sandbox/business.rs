//! TikTok API for Business: tokens, the calling convention, the budget.

use std::time::Duration;

use sandbox::{Config, Limits, Sandbox, WindowRule};
use serde_json::json;

use crate::client::{
    BASIC, Desk, MESSAGING, business_url, code_of, exchange, hex_challenge, http, json_of, login_url, query_of, renew,
    unhurried,
};

#[tokio::test]
async fn the_open_id_of_the_tokens_is_the_business_id() {
    let sandbox = unhurried(Config::default()).await;
    let business_id = sandbox.open_account("shop_a", "Shop A", WindowRule::A);
    let desk = Desk::linked_to(sandbox).await;
    assert_eq!(desk.business_id, business_id);
    let profile = desk.get("business/get/", &[("fields", "[\"username\",\"is_business_account\"]")]).await;
    assert_eq!(profile["data"], json!({ "username": "shop_a", "is_business_account": true }));
}

#[tokio::test]
async fn a_path_without_its_slash_is_a_404_page() {
    let desk = Desk::linked().await;
    let url = desk.url("business/message/conversation/list");
    let answer = desk.http.get(url).header("Access-Token", &desk.access).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
}

#[tokio::test]
async fn errors_are_http_200_with_a_code_and_a_log_id() {
    let desk = Desk::linked().await;
    let url = desk.url("business/get/");
    let ask = |header: Option<String>| {
        let request = desk.http.get(&url).query(&[("business_id", &desk.business_id)]);
        if let Some(token) = header { request.header("Access-Token", token) } else { request }.send()
    };
    for (header, code) in [
        (None, 40104),
        (Some(format!("Bearer {}", desk.access)), 40105),
        (Some("act.nobody".to_owned()), 40105),
        (Some(desk.access.clone()), 0),
    ] {
        let response = ask(header.clone()).await.unwrap();
        let log_id = response.headers()["x-tt-logid"].to_str().unwrap().to_owned();
        let answer = json_of(response).await;
        assert_eq!(code_of(&answer), code, "{header:?}");
        assert_eq!(answer["request_id"], log_id);
        assert!(answer["data"].is_object() && answer["message"].is_string());
    }
    desk.sandbox.expire_access_tokens();
    assert_eq!(code_of(&json_of(ask(Some(desk.access.clone())).await.unwrap()).await), 40102);
    desk.sandbox.revoke_tokens();
    assert_eq!(code_of(&json_of(ask(Some(desk.access.clone())).await.unwrap()).await), 40105);
}

#[tokio::test]
async fn refreshing_rotates_and_a_revoked_grant_cannot_be_refreshed() {
    let desk = Desk::linked().await;
    let first = renew(&desk.sandbox, &desk.http, &desk.refresh).await;
    assert_eq!(code_of(&first), 0);
    assert!(first["data"]["refresh_token_expires_in"].is_i64());
    assert_eq!(code_of(&renew(&desk.sandbox, &desk.http, &desk.refresh).await), 40107, "the old one is dead");
    let fresh = first["data"]["refresh_token"].as_str().unwrap();
    desk.sandbox.revoke_tokens();
    assert_eq!(code_of(&renew(&desk.sandbox, &desk.http, fresh).await), 40107);
    let again = Desk::linked_to(desk.sandbox.clone()).await;
    desk.sandbox.expire_refresh_tokens();
    assert_eq!(code_of(&renew(&desk.sandbox, &desk.http, &again.refresh).await), 40103);
}

#[tokio::test]
async fn a_code_works_once_for_ten_minutes_and_only_on_its_own_platform() {
    let (sandbox, http) = (unhurried(Config::default()).await, http());
    let agree = async |url: String| query_of(&sandbox.agree(&url).await.unwrap(), "code").unwrap();
    let code = agree(business_url(&sandbox, MESSAGING, "s")).await;
    assert_eq!(code_of(&exchange(&sandbox, &http, &code).await), 0);
    assert_eq!(code_of(&exchange(&sandbox, &http, &code).await), 40110);
    let late = agree(business_url(&sandbox, MESSAGING, "s")).await;
    sandbox.advance(Duration::from_secs(601));
    assert_eq!(code_of(&exchange(&sandbox, &http, &late).await), 40110);
    let other = agree(login_url(&sandbox, BASIC, &hex_challenge("v"))).await;
    assert_eq!(code_of(&exchange(&sandbox, &http, &other).await), 40115);
    assert_eq!(code_of(&exchange(&sandbox, &http, "made-up").await), 40101);
    assert_eq!(sandbox.ledger().exchanges(), 1);
}

#[tokio::test]
async fn a_wrong_app_and_a_wrong_secret_have_their_own_codes() {
    let desk = Desk::linked().await;
    let apps = desk.sandbox.apps();
    let renewal = |id: &str, secret: &str| json!({ "client_id": id, "client_secret": secret, "grant_type": "refresh_token", "refresh_token": desk.refresh });
    let path = "tt_user/oauth2/refresh_token/";
    assert_eq!(code_of(&desk.post(path, &renewal("1", &apps.business_secret)).await), 40113);
    assert_eq!(code_of(&desk.post(path, &renewal(&apps.business_app_id, "x")).await), 40101);
    assert_eq!(code_of(&desk.post(path, &renewal(&apps.business_app_id, &apps.business_secret)).await), 0);
}

#[tokio::test]
async fn token_info_needs_no_secret_and_revoke_ends_the_grant() {
    let desk = Desk::linked().await;
    let apps = desk.sandbox.apps();
    let info = json!({ "app_id": apps.business_app_id, "access_token": desk.access });
    let answer = desk.post("tt_user/token_info/get/", &info).await;
    assert_eq!(
        (answer["data"]["creator_id"].as_str(), answer["data"]["scope"].as_str()),
        (Some(desk.business_id.as_str()), Some(MESSAGING))
    );
    let body = json!({
        "client_id": apps.business_app_id, "client_secret": apps.business_secret, "access_token": desk.access,
    });
    assert_eq!(code_of(&desk.post("tt_user/oauth2/revoke/", &body).await), 0);
    assert_eq!(code_of(&desk.post("tt_user/token_info/get/", &info).await), 40105);
    assert_eq!(code_of(&renew(&desk.sandbox, &desk.http, &desk.refresh).await), 40107);
}

#[tokio::test]
async fn a_scope_that_was_not_granted_and_another_shop_are_no_permission() {
    let (sandbox, http) = (unhurried(Config::default()).await, http());
    let landed = sandbox.agree(&business_url(&sandbox, BASIC, "s")).await.unwrap();
    let tokens = exchange(&sandbox, &http, &query_of(&landed, "code").unwrap()).await;
    let access = tokens["data"]["access_token"].as_str().unwrap();
    let list = async |business_id: &str| {
        let url = format!("{}/open_api/v1.3/business/message/conversation/list/", sandbox.base_url());
        let query = [("business_id", business_id), ("conversation_type", "SINGLE")];
        code_of(&json_of(http.get(url).header("Access-Token", access).query(&query).send().await.unwrap()).await)
    };
    assert_eq!(list(tokens["data"]["open_id"].as_str().unwrap()).await, 40001);
    let desk = Desk::linked_to(sandbox.clone()).await;
    let other = sandbox.open_account("shop_b", "Shop B", WindowRule::A);
    let query = [("business_id", other.as_str()), ("conversation_type", "SINGLE")];
    let url = desk.url("business/message/conversation/list/");
    let answer =
        json_of(desk.http.get(url).header("Access-Token", &desk.access).query(&query).send().await.unwrap()).await;
    assert_eq!(code_of(&answer), 40001);
}

#[tokio::test]
async fn too_fast_is_http_200_with_40100_until_the_next_second() {
    let sandbox = Sandbox::start(Config { limits: Limits { per_second: 3, ..Limits::default() }, ..Config::default() })
        .await
        .unwrap();
    let desk = Desk::linked_to(sandbox.clone()).await;
    // Whatever linking used up is forgotten.
    sandbox.advance(Duration::from_secs(2));
    // The clock runs on meanwhile, so the budget is overrun by more than enough for one second.
    let mut codes = Vec::new();
    for _ in 0..40 {
        codes.push(code_of(&desk.get("business/get/", &[]).await));
    }
    let refused = codes.iter().filter(|code| **code == 40100).count();
    assert_eq!(codes[..3], [0, 0, 0]);
    assert!(refused > 0, "{codes:?}");
    assert_eq!(sandbox.ledger().rate_limited, refused);
    sandbox.advance(Duration::from_secs(1));
    assert_eq!(code_of(&desk.get("business/get/", &[]).await), 0);
}
