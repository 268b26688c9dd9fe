//! Where webhooks go: asked, set and cleared, with the app's secret and no token.

use super::{
    fixture,
    server::{Deed, Server, ok},
    tokens::shop_app,
};
use crate::{
    Error, Reason, UnknownWhy,
    business::webhook::{callback, clear_callback, set_callback},
};

const HOOK: &str = "https://relay.shop.example/hook/canary-path";

fn answer(data: &str) -> Deed {
    Deed::Answer("200 OK", format!(r#"{{"code":0,"message":"OK","request_id":"20261122","data":{data}}}"#))
}

fn subscribed() -> Deed {
    answer(&format!(r#"{{"app_id":"7361234567890123457","event_type":"DIRECT_MESSAGE","callback_url":"{HOOK}"}}"#))
}

#[tokio::test]
async fn an_address_is_asked_for_set_and_cleared() {
    let server = Server::start(vec![subscribed()]).await;
    assert_eq!(callback(&server.client(), &shop_app()).await.unwrap().as_deref(), Some(HOOK));
    let heard = server.heard().remove(0);
    let line = "GET /open_api/v1.3/business/webhook/list/?app_id=7361234567890123457&secret=canary-secret&event_type=DIRECT_MESSAGE HTTP/1.1";
    assert!(heard.starts_with(line) && !heard.to_lowercase().contains("access-token"), "{heard}");

    for none in [r#"{"app_id":"7361234567890123457","event_type":"DIRECT_MESSAGE"}"#, "{}", r#"{"callback_url":""}"#] {
        let server = Server::start(vec![answer(none)]).await;
        assert_eq!(callback(&server.client(), &shop_app()).await.unwrap(), None, "{none}");
    }

    let server = Server::start(vec![subscribed()]).await;
    set_callback(&server.client(), &shop_app(), HOOK).await.unwrap();
    let heard = server.heard().remove(0);
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /open_api/v1.3/business/webhook/update/ "), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let (app_id, secret) = ("7361234567890123457", "canary-secret");
    let mut expected = serde_json::json!({"app_id": app_id, "secret": secret, "event_type": "DIRECT_MESSAGE"});
    let cleared = expected.clone();
    expected["callback_url"] = HOOK.into();
    assert_eq!(body, expected);

    let server = Server::start(vec![ok("revoke.json")]).await;
    clear_callback(&server.client(), &shop_app()).await.unwrap();
    let heard = server.heard().remove(0);
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /open_api/v1.3/business/webhook/delete/ "), "{head}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap(), cleared);
}

#[tokio::test]
async fn an_address_counts_as_set_only_when_tiktok_says_it_back() {
    let server = Server::start(vec![answer("{}")]).await;
    let error = set_callback(&server.client(), &shop_app(), HOOK).await.unwrap_err();
    let Error::Unknown { why, .. } = error else { panic!("{error}") };
    assert_eq!(why, UnknownWhy::NoRequiredData { path: "data.callback_url" });
}

#[tokio::test]
async fn a_refusal_keeps_neither_the_secret_nor_the_address() {
    let server = Server::start(vec![ok("error-bad-credentials.json")]).await;
    let error = callback(&server.client(), &shop_app()).await.unwrap_err();
    assert!(matches!(error, Error::Refused { reason: Reason::BadCredentials, .. }), "{error}");
    let echoed = format!(r#"{{"code":40002,"message":"{HOOK} is not reachable with canary-secret"}}"#);
    for deed in [Deed::Answer("200 OK", echoed), Deed::Answer("502 Bad", fixture("not-found-page.html")), Deed::HangUp]
    {
        let server = Server::start(vec![deed]).await;
        let error = set_callback(&server.client(), &shop_app(), HOOK).await.unwrap_err();
        assert!(!format!("{error} {error:?} {:?}", error.raw()).contains("canary"), "{error}");
    }
    let server = Server::start(vec![Deed::HangUp]).await;
    let error = callback(&server.client(), &shop_app()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
}
