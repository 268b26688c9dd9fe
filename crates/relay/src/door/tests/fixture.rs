//! A door that listens, TikTok's side of it, and what came of a webhook.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use tiktok::ClientSecret;
use tiktok::business::webhook;
use wire::api::Platform;
use wire::{EventBody, paths};

use super::super::{Door, DoorLimits, router};
use crate::clock::now_ms;
use crate::context::{Context, TEAM};
use crate::database::{DatabaseError, Value};
use crate::listening::Listening;
use crate::testing::{TestDatabase, serve};

pub(super) const SECRET: &str = "the app's secret";
pub(super) const PREVIOUS_SECRET: &str = "the secret before";
pub(super) const ACCOUNT: &str = "_000shop";
pub(super) const LINKED_AT_MS: i64 = 1_790_000_000_000;

/// A door over a fresh database with one linked account.
pub(super) struct Fixture {
    pub(super) context: Context,
    pub(super) door: Door,
    pub(super) address: SocketAddr,
    client: reqwest::Client,
    _database: TestDatabase,
}

impl Fixture {
    pub(super) async fn start(database: TestDatabase) -> Self {
        let context = database.context().await;
        insert_app(&context, Platform::Business).await;
        insert_app(&context, Platform::LoginKit).await;
        insert_account(&context, ACCOUNT, "linked").await;
        let limits = DoorLimits { body_timeout: Duration::from_millis(500), max_strays: 10 };
        let door = Door::new(context.clone(), Listening::default(), limits);
        let address = serve(router(door.clone())).await;
        Self { context, door, address, client: reqwest::Client::new(), _database: database }
    }

    /// Posts a body with these signatures.
    pub(super) async fn post(&self, path: &str, signatures: &[String], body: impl Into<reqwest::Body>) -> StatusCode {
        let mut request = self.client.post(format!("http://{}{path}", self.address)).body(body);
        for signature in signatures {
            request = request.header("tiktok-signature", signature);
        }
        request.send().await.unwrap().status()
    }

    /// Posts a body as TikTok does, signed just now.
    pub(super) async fn push(&self, body: &str) -> StatusCode {
        self.post(paths::BUSINESS_WEBHOOK, &[sign(SECRET, body, now_s())], body.to_owned()).await
    }

    /// All events of the log.
    pub(super) async fn events(&self) -> Vec<wire::Event> {
        self.context.log.read(0, 1_000).await.unwrap()
    }

    /// The bodies of all events of the log.
    pub(super) async fn bodies(&self) -> Vec<EventBody> {
        self.events().await.into_iter().map(|event| event.body).collect()
    }

    /// How often webhooks ended so, by the metrics.
    pub(super) fn counted(&self, outcome: &str) -> u64 {
        let label = format!("outcome=\"{outcome}\"");
        let text = self.context.metrics.encode();
        let lines = text.lines().filter(|line| line.contains("webhooks_total") && line.contains(&label));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }

    /// Runs one statement.
    pub(super) async fn execute(&self, sql: &'static str, values: Vec<String>) -> u64 {
        let changed: Result<u64, DatabaseError> = self
            .context
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let values: Vec<Value<'_>> = values.iter().map(|value| Value::Text(value)).collect();
                    tx.execute(sql, &values).await
                })
            })
            .await;
        changed.unwrap()
    }
}

/// Seconds since the epoch.
pub(super) fn now_s() -> i64 {
    now_ms() / 1_000
}

/// `Tiktok-Signature` over these bytes.
pub(super) fn sign(secret: &str, body: &str, at_s: i64) -> String {
    webhook::sign(body.as_bytes(), &ClientSecret::new(secret), at_s)
}

/// The body of a webhook.
pub(super) fn envelope(account: &str, name: &str, content: &Json) -> String {
    let create_time = now_s();
    let content = content.to_string();
    json!({ "client_key": "7", "event": name, "create_time": create_time, "user_openid": account, "content": content })
        .to_string()
}

/// A message from a customer.
pub(super) fn incoming(id: &str) -> String {
    let content = json!({
        "from": "nok", "to": "shop", "conversation_id": "7aB+c/d==", "message_id": id, "timestamp": now_ms(),
        "from_user": { "id": "+Z=", "role": "personal_account" },
        "to_user": { "id": ACCOUNT, "role": "business_account" },
        "type": "text", "text": { "body": "Is this in stock? ✨" }, "message_tag": { "source": "APP" },
    });
    envelope(ACCOUNT, "im_receive_msg", &content)
}

/// A message of the shop's, sent by this way.
pub(super) fn outgoing(id: &str, source: &str) -> Json {
    json!({
        "from": "shop", "to": "nok", "conversation_id": "7aB+c/d==", "message_id": id, "timestamp": now_ms(),
        "from_user": { "id": ACCOUNT, "role": "business_account" },
        "to_user": { "id": "+Z=", "role": "personal_account" },
        "type": "text", "text": { "body": "Yes" }, "message_tag": { "source": source },
    })
}

async fn insert_app(context: &Context, platform: Platform) {
    let seal = |name: &str, secret: &str| {
        context.seal.seal(&format!("app/{}/{name}", platform.as_str()), secret.as_bytes()).unwrap()
    };
    let (secret, previous) = (seal("secret", SECRET), seal("previous_secret", PREVIOUS_SECRET));
    let inserted: Result<u64, DatabaseError> = context
        .database
        .write(move |tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO app (team, platform, app_id, redirect_uri, may_list_posts, secret, secret_set_at_ms, previous_secret,
                         previous_until_ms) VALUES ($1, $2, '7', '', 0, $3, 0, $4, $5)",
                    &[
                        Value::Int(TEAM),
                        Value::Text(platform.as_str()),
                        Value::Bytes(&secret),
                        Value::Bytes(&previous),
                        Value::Int(now_ms() + 60_000),
                    ],
                )
                .await
            })
        })
        .await;
    inserted.unwrap();
}

pub(super) async fn insert_account(context: &Context, id: &'static str, state: &'static str) {
    let inserted: Result<u64, DatabaseError> = context
        .database
        .write(move |tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO account (id, team, handle, name, state, linked_at_ms, scopes, access_expires_at_ms,
                         refresh_expires_at_ms, issued_at_ms, renewing_until_ms, renewing_by)
                     VALUES ($1, $2, 'shop', 'The shop', $3, $4, '', 0, 0, 0, 0, '')",
                    &[Value::Text(id), Value::Int(TEAM), Value::Text(state), Value::Int(LINKED_AT_MS)],
                )
                .await
            })
        })
        .await;
    inserted.unwrap();
}
