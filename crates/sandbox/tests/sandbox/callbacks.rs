//! Webhooks over HTTP: the registered address, and how stubbornly it is called.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use sandbox::{Config, Sandbox};
use serde_json::{Value, json};

use crate::{
    client::{Desk, code_of, json_of, unhurried},
    webhooks::opened,
};

/// A host that answers with what it is told to.
#[derive(Clone, Default)]
struct Host {
    calls: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
    /// What the next calls are answered with; after them, 200.
    answers: Arc<Mutex<Vec<StatusCode>>>,
}

impl Host {
    async fn start() -> (Host, String) {
        let host = Host::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/tiktok?x=1", listener.local_addr().unwrap());
        let router = Router::new().route("/tiktok", post(take)).with_state(host.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (host, address)
    }

    fn texts(&self) -> Vec<String> {
        let text = |call: &(HeaderMap, Value)| call.1["content"]["text"]["body"].as_str().unwrap().to_owned();
        self.calls.lock().unwrap().iter().map(text).collect()
    }

    async fn until(&self, calls: usize) {
        let come = async {
            while self.calls.lock().unwrap().len() < calls {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let patience = tokio::time::timeout(Duration::from_secs(20), come).await;
        assert!(patience.is_ok(), "{} calls instead of {calls}", self.calls.lock().unwrap().len());
    }
}

async fn take(State(host): State<Host>, headers: HeaderMap, body: Bytes) -> StatusCode {
    host.calls.lock().unwrap().push((headers, opened(&body)));
    let mut answers = host.answers.lock().unwrap();
    if answers.is_empty() { StatusCode::OK } else { answers.remove(0) }
}

async fn hook(sandbox: &Sandbox, http: &reqwest::Client, act: &str, more: Value) -> Value {
    let apps = sandbox.apps();
    let mut body =
        json!({ "app_id": apps.business_app_id, "secret": apps.business_secret, "event_type": "DIRECT_MESSAGE" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let url = format!("{}/open_api/v1.3/business/webhook/{act}/", sandbox.base_url());
    json_of(http.post(url).json(&body).send().await.unwrap()).await
}

async fn listed(desk: &Desk, event_type: &str) -> Value {
    let apps = desk.sandbox.apps();
    let query = [
        ("app_id", apps.business_app_id.as_str()),
        ("secret", apps.business_secret.as_str()),
        ("event_type", event_type),
    ];
    json_of(desk.http.get(desk.url("business/webhook/list/")).query(&query).send().await.unwrap()).await
}

#[tokio::test]
async fn an_address_is_registered_replaced_listed_and_deleted_without_a_token() {
    let desk = Desk::linked().await;
    let app_id = desk.sandbox.apps().business_app_id;
    let none = json!({ "app_id": app_id, "event_type": "DIRECT_MESSAGE" });
    assert_eq!(listed(&desk, "DIRECT_MESSAGE").await["data"], none, "no callback_url: not subscribed");
    for address in ["https://relay.deskbell.example/one", "https://relay.deskbell.example/two"] {
        let answer = hook(&desk.sandbox, &desk.http, "update", json!({ "callback_url": address })).await;
        assert_eq!(answer["data"]["callback_url"], address);
        assert_eq!(listed(&desk, "DIRECT_MESSAGE").await["data"], answer["data"]);
    }
    assert_eq!(listed(&desk, "COMMENT").await["data"].get("callback_url"), None);
    assert_eq!(code_of(&hook(&desk.sandbox, &desk.http, "delete", json!({})).await), 0);
    assert_eq!(listed(&desk, "DIRECT_MESSAGE").await["data"], none);
    for (wrong, code) in [
        (json!({ "app_id": "1" }), 40113),
        (json!({ "secret": "x" }), 40101),
        (json!({ "event_type": "im_receive_msg" }), 40002),
        (json!({ "callback_url": "http://relay.deskbell.example/" }), 40002),
        (json!({ "callback_url": "" }), 40002),
    ] {
        let mut body = json!({ "callback_url": "https://relay.deskbell.example/" });
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        assert_eq!(code_of(&hook(&desk.sandbox, &desk.http, "update", body).await), code, "{wrong}");
    }
    let calls = desk.sandbox.ledger();
    assert_eq!((calls.calls("webhook_update"), calls.calls("webhook_delete")), (7, 1));
}

#[tokio::test]
async fn events_are_posted_to_the_address_with_their_headers_and_in_order() {
    let sandbox = unhurried(Config::default()).await;
    let (host, address) = Host::start().await;
    let http = crate::client::http();
    assert_eq!(code_of(&hook(&sandbox, &http, "update", json!({ "callback_url": address })).await), 0);
    let nok = sandbox.customer("Nok");
    for n in 0..20 {
        nok.says(&n.to_string());
    }
    host.until(20).await;
    assert_eq!(host.texts(), (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
    let (headers, event) = host.calls.lock().unwrap()[0].clone();
    assert_eq!(event["event"], "im_receive_msg");
    assert!(headers["tiktok-signature"].to_str().unwrap().starts_with("t="));
    assert_eq!(headers["webhook-schema-version"], "1.0");
    assert!(headers.contains_key("x-tt-logid") && headers["content-type"] == "application/json");
    hook(&sandbox, &http, "delete", json!({})).await;
    nok.says("nobody hears");
    assert_eq!((sandbox.ledger().webhooks.made, sandbox.webhooks_waiting()), (20, 0));
}

#[tokio::test]
async fn anything_but_200_is_tried_again_and_later_events_do_not_wait_for_it() {
    let config = Config { webhook_retry: Duration::from_secs(60), ..Config::default() };
    let sandbox = unhurried(config).await;
    let (host, address) = Host::start().await;
    hook(&sandbox, &crate::client::http(), "update", json!({ "callback_url": address })).await;
    host.answers.lock().unwrap().extend([StatusCode::INTERNAL_SERVER_ERROR, StatusCode::CREATED]);
    let nok = sandbox.customer("Nok");
    for text in ["one", "two", "three"] {
        nok.says(text);
    }
    host.until(3).await;
    sandbox.advance(Duration::from_secs(61));
    host.until(5).await;
    let mut again = host.texts().split_off(3);
    again.sort();
    assert_eq!(again, ["one", "two"], "201 is not 200");
    let times: Vec<String> = host
        .calls
        .lock()
        .unwrap()
        .iter()
        .filter(|(_, event)| event["content"]["text"]["body"] == "one")
        .map(|(headers, _)| headers["tiktok-signature"].to_str().unwrap().split(',').next().unwrap().to_owned())
        .collect();
    assert_ne!(times[0], times[1], "signed anew");
    while sandbox.ledger().webhooks.taken < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let tally = sandbox.ledger().webhooks;
    assert_eq!((tally.made, tally.taken, tally.refused, tally.given_up), (3, 3, 2, 0));
}

#[tokio::test]
async fn a_host_that_is_down_gets_everything_when_it_is_back_and_nothing_after_three_days() {
    let config = Config { webhook_retry: Duration::from_millis(50), signs_retries_anew: false, ..Config::default() };
    let sandbox = unhurried(config).await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let http = crate::client::http();
    hook(&sandbox, &http, "update", json!({ "callback_url": format!("http://{closed}/") })).await;
    let nok = sandbox.customer("Nok");
    nok.says("while you were out");
    while sandbox.ledger().webhooks.refused == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(sandbox.webhooks_waiting(), 1);
    let (host, address) = Host::start().await;
    hook(&sandbox, &http, "update", json!({ "callback_url": address })).await;
    sandbox.advance(Duration::from_secs(3600));
    host.until(1).await;
    assert_eq!(host.texts(), ["while you were out"]);

    hook(&sandbox, &http, "update", json!({ "callback_url": format!("http://{closed}/") })).await;
    nok.says("never");
    while sandbox.ledger().webhooks.given_up == 0 {
        sandbox.advance(Duration::from_secs(3600));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(sandbox.webhooks_waiting(), 0);
}
