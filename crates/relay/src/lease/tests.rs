//! Leases and claims over HTTP, on both databases.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value as Json, json};
use wire::EventBody;
use wire::event::Complete;

use super::{LEASE_MS, router};
use crate::clock::now_ms;
use crate::context::Context;
use crate::testing::{TestDatabase, call, execute, link, number, on_both_engines, pair, serve};

on_both_engines!(
    one_device_has_the_lease_until_it_ends,
    of_many_that_ask_at_once_one_gets_it,
    the_lease_of_a_revoked_device_is_free,
    a_lease_is_for_an_account_that_is_linked,
    only_who_has_the_lease_may_claim,
    a_claim_is_about_the_past,
);

struct Relay {
    context: Context,
    url: String,
}

impl Relay {
    async fn start(database: &TestDatabase) -> Self {
        let context = database.context().await;
        let url = format!("http://{}", serve(router(context.clone())).await);
        Self { context, url }
    }

    async fn post(&self, path: &str, token: &str, body: Json) -> (u16, Json) {
        call(Method::POST, &format!("{}{path}", self.url), token, &body).await
    }

    /// Whether the device has the lease, and for how long anyone has.
    async fn ask(&self, token: &str) -> (bool, i64) {
        let (status, lease) = self.post(wire::paths::LEASE, token, json!({ "account": "shop" })).await;
        assert_eq!(status, 200, "{lease}");
        (lease["held"].as_bool().unwrap(), lease["remaining_ms"].as_i64().unwrap())
    }

    async fn release(&self, token: &str) {
        let (status, lease) = self.post(wire::paths::LEASE, token, json!({ "account": "shop", "release": true })).await;
        assert_eq!((status, lease["held"].as_bool()), (200, Some(false)));
    }

    async fn claim(&self, token: &str, from_ms: i64, to_ms: i64) -> (u16, Json) {
        self.post(wire::paths::CLAIMS, token, json!({ "account": "shop", "from_ms": from_ms, "to_ms": to_ms })).await
    }
}

async fn one_device_has_the_lease_until_it_ends(database: TestDatabase) {
    let relay = Relay::start(&database).await;
    link(&relay.context, "shop", "linked").await;
    let (nok, ana) = (pair(&relay.context, "nok").await, pair(&relay.context, "ana").await);
    assert_eq!(relay.ask(&nok).await, (true, LEASE_MS));
    let (held, remaining_ms) = relay.ask(&ana).await;
    assert!(!held && (1..=LEASE_MS).contains(&remaining_ms), "{remaining_ms}");
    // Who has it renews it; who does not have it cannot give it back.
    execute(&relay.context.database, "UPDATE lease SET until_ms = until_ms - 50000").await;
    assert!(relay.ask(&ana).await.1 <= LEASE_MS - 50_000);
    assert_eq!(relay.ask(&nok).await, (true, LEASE_MS));
    relay.release(&ana).await;
    assert!(!relay.ask(&ana).await.0);
    relay.release(&nok).await;
    assert_eq!(relay.ask(&ana).await, (true, LEASE_MS));
    // It ends by itself.
    assert!(!relay.ask(&nok).await.0);
    execute(&relay.context.database, "UPDATE lease SET until_ms = until_ms - 60000").await;
    assert_eq!(relay.ask(&nok).await, (true, LEASE_MS));
    assert!(!relay.ask(&ana).await.0);
}

async fn of_many_that_ask_at_once_one_gets_it(database: TestDatabase) {
    let relays = [Relay::start(&database).await, Relay::start(&database).await];
    link(&relays[0].context, "shop", "linked").await;
    let tokens = join_all((0..16).map(|device| {
        let context = relays[0].context.clone();
        async move { pair(&context, &format!("device {device}")).await }
    }))
    .await;
    for _ in 0..3 {
        let asked = join_all(tokens.iter().zip(relays.iter().cycle()).map(|(token, relay)| relay.ask(token))).await;
        assert_eq!(asked.iter().filter(|(held, _)| *held).count(), 1, "{asked:?}");
        execute(&relays[0].context.database, "UPDATE lease SET until_ms = 0").await;
    }
}

async fn the_lease_of_a_revoked_device_is_free(database: TestDatabase) {
    let relay = Relay::start(&database).await;
    link(&relay.context, "shop", "linked").await;
    let (nok, ana) = (pair(&relay.context, "nok").await, pair(&relay.context, "ana").await);
    assert!(relay.ask(&nok).await.0);
    execute(&relay.context.database, "UPDATE device SET revoked_at_ms = 1 WHERE id = 'nok'").await;
    assert_eq!(relay.ask(&ana).await, (true, LEASE_MS));
    let (status, _) = relay.post(wire::paths::LEASE, &nok, json!({ "account": "shop" })).await;
    assert_eq!(status, 401);
    assert_eq!(relay.claim(&nok, 1, 2).await.0, 401);
}

async fn a_lease_is_for_an_account_that_is_linked(database: TestDatabase) {
    let relay = Relay::start(&database).await;
    let nok = pair(&relay.context, "nok").await;
    link(&relay.context, "other", "needs_linking").await;
    for account in ["shop", "other", ""] {
        let (status, failure) = relay.post(wire::paths::LEASE, &nok, json!({ "account": account })).await;
        assert_eq!((status, failure["code"].as_str()), (409, Some("needs_linking")), "{account}");
    }
    for body in [json!({}), json!([]), json!({ "account": 7 })] {
        let (status, failure) = relay.post(wire::paths::LEASE, &nok, body).await;
        assert_eq!((status, failure["code"].as_str()), (400, Some("bad_request")));
    }
    assert_eq!(number(&relay.context.database, "SELECT CAST(count(*) AS BIGINT) AS n FROM lease").await, 0);
}

async fn only_who_has_the_lease_may_claim(database: TestDatabase) {
    let relay = Relay::start(&database).await;
    link(&relay.context, "shop", "linked").await;
    let (nok, ana) = (pair(&relay.context, "nok").await, pair(&relay.context, "ana").await);
    assert_eq!(relay.claim(&nok, 1, 2).await.0, 403, "without a lease");
    assert!(relay.ask(&nok).await.0);
    assert_eq!(relay.claim(&ana, 1, 2).await.0, 403, "with another's");
    let mut ends = relay.context.log.ends();
    assert_eq!(relay.claim(&nok, 1, 2).await, (204, Json::Null));
    assert_eq!(ends.borrow_and_update().head, 1, "the streams are woken");
    // The same again is known.
    assert_eq!(relay.claim(&nok, 1, 2).await.0, 204);
    assert_eq!(relay.claim(&nok, 2, 5).await.0, 204);
    execute(&relay.context.database, "UPDATE lease SET until_ms = 0").await;
    assert_eq!(relay.claim(&nok, 5, 6).await.0, 403, "after it has ended");
    let events = relay.context.log.read(0, 10).await.unwrap();
    let bodies: Vec<_> = events.iter().map(|event| (event.account.as_str(), &event.body)).collect();
    let complete = |from_ms, to_ms| EventBody::Complete(Complete { from_ms, to_ms });
    assert_eq!(bodies, [("shop", &complete(1, 2)), ("shop", &complete(2, 5))]);
}

async fn a_claim_is_about_the_past(database: TestDatabase) {
    let relay = Relay::start(&database).await;
    link(&relay.context, "shop", "linked").await;
    let nok = pair(&relay.context, "nok").await;
    assert!(relay.ask(&nok).await.0);
    let now_ms = now_ms();
    for (from_ms, to_ms) in [(2, 1), (-1, 5), (1, now_ms + 3_600_000), (i64::MIN, i64::MAX)] {
        assert_eq!(relay.claim(&nok, from_ms, to_ms).await.0, 400, "{from_ms} to {to_ms}");
    }
    assert_eq!(relay.claim(&nok, now_ms, now_ms).await.0, 204);
    assert_eq!(relay.context.log.ends().borrow().head, 1);
}
