//! TikTok's tokens and the app's secret stay in the relay: not in logs, not in answers, not in the log of events.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use super::fake::Fault;
use super::shop::{ACCOUNT, Shop};
use crate::testing::TestDatabase;

/// What was logged.
#[derive(Debug, Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Logged {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

// One thread, so that all of the relay logs where this test listens.
#[tokio::test]
async fn no_secret_leaves_the_relay() {
    let logged = Logged::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(logged.clone());
    let _listening = tracing::subscriber::set_default(subscriber.finish());
    // While there is one subscriber, a place that another test reaches first is asked of that test's thread, where nobody
    // listens, and stays silent for all.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let shop = Shop::open(TestDatabase::sqlite().await).await;
    let mut said = Vec::new();
    let list = "/v1/tiktok/business/message/conversation/list/?business_id=_000shop";
    said.push(shop.get("nok", list).await);
    said.push(shop.send("nok", "k1", "words of a customer").await);
    // TikTok itself quotes the token.
    let quoted = r#"{"code":40002,"message":"act.canary-0 has no scope","data":{}}"#;
    shop.tiktok.lock().page = quoted.to_owned();
    said.push(shop.get("nok", list).await);
    shop.tiktok.lock().page = super::fake::PAGE.to_owned();
    shop.tiktok.fail(&[
        Fault::TakenAs(500, "act.canary-0"),
        Fault::HangUpAfter,
        Fault::Refused(40_002, "act.canary-0"),
    ]);
    for key in ["k2", "k3", "k4"] {
        said.push(shop.send("nok", key, "words of a customer").await);
        said.push(shop.get("nok", &format!("/v1/sends/{key}")).await);
    }
    shop.tiktok.expire();
    said.push(shop.get("nok", list).await);
    said.push(
        shop.get("nok", &format!("/v1/media?account={ACCOUNT}&url=http://{}/media/9", shop.tiktok.address)).await,
    );
    let fault = Fault::Refused(40_107, "rft.canary-1 is old, as is app-secret-canary");
    shop.tiktok.lock().renewal_faults.push_back(fault);
    shop.tiktok.expire();
    super::shop::age(&shop.context, 3_600_000).await;
    said.push(shop.get("nok", list).await);
    let debug = format!("{:?} {:?} {:?}", shop.gateway, shop.context, shop.events().await);
    let logged = String::from_utf8(logged.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("TikTok did not carry out a call"), "it listens: {logged}");
    for secret in ["canary", "words of a customer"] {
        assert!(!debug.contains(secret), "{secret} in {debug}");
        assert!(!logged.contains(secret), "{secret} in {logged}");
    }
    for got in &said {
        let text = format!("{:?} {}", got.headers, String::from_utf8_lossy(&got.body));
        assert!(!text.contains("canary"), "{text}");
    }
}
