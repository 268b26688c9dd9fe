//! Where webhooks go, and the self-test that says which step of their way fails.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;
use tokio::net::TcpListener;
use wire::FailureCode;
use wire::api::{Role, StepOutcome, WebhookConfig, WebhookStep, WebhookTest};
use wire::paths;

use super::shop::{Laptop, Shop};
use crate::testing::{TestDatabase, on_both_engines, serve};
use crate::webhook_config;

on_both_engines!(
    an_address_of_somebody_else_is_replaced_only_when_that_is_confirmed,
    a_wrong_secret_is_named,
    the_self_test_sees_a_webhook_arrive,
    the_self_test_names_the_step_that_fails,
    the_self_test_wants_a_good_certificate,
);

async fn ready(database: TestDatabase) -> (Shop, Laptop) {
    let shop = Shop::open(database).await;
    shop.set_app().await;
    let admin = shop.device("Dao's desktop", Role::Admin).await;
    (shop, admin)
}

async fn an_address_of_somebody_else_is_replaced_only_when_that_is_confirmed(database: TestDatabase) {
    let (shop, admin) = ready(database).await;
    let call = |method: &'static str, body| shop.call(method, paths::WEBHOOK, Some(&admin.token), body);
    let own = format!("{}{}", shop.base, paths::BUSINESS_WEBHOOK);
    let nothing = WebhookConfig { registered: None, own: Some(own.clone()), last_received_at_ms: None };
    assert_eq!(call("GET", None).await.json::<WebhookConfig>(), nothing);
    // Nothing to take away from anybody: no confirmation is asked for.
    let set = call("PUT", Some(json!({}))).await.json::<WebhookConfig>();
    assert_eq!(set.registered, Some(own.clone()));
    assert_eq!(call("PUT", Some(json!({ "confirm": false }))).await.status, 200);

    let other = "https://old.example/hook?key=canary-callback-key".to_owned();
    shop.tiktok.behaviour().callback_url = Some(other.clone());
    for refused in [call("PUT", Some(json!({}))).await, call("DELETE", None).await] {
        assert_eq!(refused.failure, FailureCode::BadRequest.as_str());
        assert!(refused.detail().contains("old.example") && !refused.detail().contains("canary"), "{refused:?}");
    }
    assert_eq!(shop.tiktok.behaviour().callback_url, Some(other));
    assert_eq!(call("PUT", Some(json!({ "confirm": true }))).await.status, 200);
    assert_eq!(shop.tiktok.behaviour().callback_url, Some(own));
    assert_eq!(call("DELETE", None).await.json::<WebhookConfig>(), nothing);
    assert_eq!(call("DELETE", None).await.status, 200);
    let trail = shop.trail().await;
    let changes: Vec<&str> = trail.iter().filter_map(|line| line.strip_prefix("Dao's desktop webhook.")).collect();
    assert_eq!(changes, ["set 127.0.0.1", "set 127.0.0.1", "set 127.0.0.1", "removed "]);
}

async fn a_wrong_secret_is_named(database: TestDatabase) {
    let (shop, admin) = ready(database).await;
    shop.tiktok.behaviour().secret = "another".to_owned();
    let answer = shop.call("GET", paths::WEBHOOK, Some(&admin.token), None).await;
    assert_eq!(answer.failure, FailureCode::BadRequest.as_str());
    assert!(answer.detail().contains("its secret"), "{answer:?}");
    let mut lost = shop.context.clone();
    lost.public_url = None;
    let refused = webhook_config::set(&lost, "test", true).await.unwrap_err();
    assert!(refused.0.detail.contains("public address"), "{refused:?}");
    shop.sql("DELETE FROM app").await;
    let answer = shop.call("GET", paths::WEBHOOK, Some(&admin.token), None).await;
    assert!(answer.detail().contains("are not set"), "{answer:?}");
}

fn outcomes(test: &WebhookTest) -> Vec<(WebhookStep, StepOutcome)> {
    test.steps.iter().map(|step| (step.step, step.outcome)).collect()
}

fn detail(test: &WebhookTest, wanted: WebhookStep) -> &str {
    &test.steps.iter().find(|step| step.step == wanted).unwrap().detail
}

async fn the_self_test_sees_a_webhook_arrive(database: TestDatabase) {
    use StepOutcome::{Failed, Passed, Skipped};
    let (shop, admin) = ready(database).await;
    let path = format!("{}/test", paths::WEBHOOK);
    let run = || shop.call("POST", &path, Some(&admin.token), None);
    let test = run().await.json::<WebhookTest>();
    let travelled = [
        (WebhookStep::Configured, Passed),
        (WebhookStep::Resolves, Passed),
        (WebhookStep::Connects, Passed),
        // This test's relay is on this computer, without TLS.
        (WebhookStep::Tls, Skipped),
        (WebhookStep::Reached, Passed),
        (WebhookStep::Signature, Passed),
        (WebhookStep::Stored, Passed),
    ];
    assert_eq!(outcomes(&test), [&travelled[..], &[(WebhookStep::Registered, Failed)]].concat(), "{test:?}");
    assert_eq!(detail(&test, WebhookStep::Registered), "TikTok sends the app's webhooks nowhere.");
    webhook_config::set(&shop.context, "test", false).await.unwrap();
    let test = run().await.json::<WebhookTest>();
    assert_eq!(outcomes(&test), [&travelled[..], &[(WebhookStep::Registered, Passed)]].concat(), "{test:?}");
    // Nothing of it is left, and it was none of TikTok's.
    assert_eq!(shop.number("SELECT CAST(count(*) AS BIGINT) AS n FROM stray").await, 0);
    let config: WebhookConfig = shop.call("GET", paths::WEBHOOK, Some(&admin.token), None).await.json();
    assert_eq!(config.last_received_at_ms, None);
}

async fn the_self_test_names_the_step_that_fails(database: TestDatabase) {
    let (shop, _) = ready(database).await;
    let answering = |status: StatusCode| async move {
        let router = Router::new().route(paths::BUSINESS_WEBHOOK, post(move || async move { status }));
        format!("http://{}", serve(router).await)
    };
    // A port that was free a moment ago.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (url, failed, words) in [
        ("http://relay.invalid".to_owned(), WebhookStep::Resolves, "leads nowhere"),
        (format!("http://{closed}"), WebhookStep::Connects, "firewall"),
        (answering(StatusCode::NOT_FOUND).await, WebhookStep::Reached, "404"),
        (answering(StatusCode::UNAUTHORIZED).await, WebhookStep::Signature, "another relay"),
        (answering(StatusCode::SERVICE_UNAVAILABLE).await, WebhookStep::Stored, "database"),
    ] {
        let mut context = shop.context.clone();
        context.public_url = Some(url.parse().unwrap());
        let test = webhook_config::test(&context).await;
        let first = test.steps.iter().find(|step| step.outcome == StepOutcome::Failed).unwrap();
        assert_eq!(first.step, failed, "{url}: {test:?}");
        assert!(first.detail.contains(words), "{url}: {test:?}");
        assert_eq!(test.steps.len(), 8, "every step is named: {test:?}");
    }
    let mut context = shop.context.clone();
    context.public_url = None;
    let test = webhook_config::test(&context).await;
    assert!(detail(&test, WebhookStep::Configured).contains("public_url"), "{test:?}");
    shop.sql("DELETE FROM app").await;
    let test = webhook_config::test(&shop.context).await;
    assert!(detail(&test, WebhookStep::Configured).contains("are not set"), "{test:?}");
    assert_eq!(test.steps.last().unwrap().outcome, StepOutcome::Skipped);
}

async fn the_self_test_wants_a_good_certificate(database: TestDatabase) {
    let (shop, _) = ready(database).await;
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config =
        rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // The other side hangs up, which is what is tested.
            let _ = acceptor.accept(stream).await;
        }
    });
    let mut context = shop.context.clone();
    context.public_url = Some(format!("https://127.0.0.1:{port}/").parse().unwrap());
    let test = webhook_config::test(&context).await;
    let tls = test.steps.iter().find(|step| step.step == WebhookStep::Tls).unwrap();
    assert_eq!(tls.outcome, StepOutcome::Failed, "{test:?}");
    assert!(tls.detail.contains("certificate"), "{test:?}");
}
