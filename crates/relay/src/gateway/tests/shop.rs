//! A shop with a linked account, three devices and a relay in front of the small TikTok.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use tiktok::business::oauth::BusinessTokens;
use tiktok::{AccessToken, Client, RefreshToken};
use wire::api::{SendOutcome, SendState};
use wire::event::Sent;
use wire::{EventBody, EventId, FailureCode};

use super::fake::FakeTikTok;
use crate::accounts::{self, NewLink};
use crate::apps;
use crate::context::{Context, TEAM};
use crate::database::{DatabaseError, Value};
use crate::gateway::{Gateway, GatewaySettings, router};
use crate::refusal::Refusal;
use crate::testing::{self, TestDatabase};

pub(crate) const ACCOUNT: &str = "_000shop";
pub(crate) const CONVERSATION: &str = "7aB+c/d==";

/// An answer, whole.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Got {
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, body: response.bytes().await.unwrap() }
    }

    /// The relay's own failure; none if the answer is TikTok's.
    pub(crate) fn failure(&self) -> Option<wire::Failure> {
        let code = self.headers.get(wire::headers::FAILURE)?;
        let failure: wire::Failure = serde_json::from_slice(&self.body).unwrap();
        assert_eq!((code.to_str().unwrap(), self.status.as_u16()), (failure.code.as_str(), failure.code.status()));
        Some(failure)
    }

    pub(crate) fn code(&self) -> Option<FailureCode> {
        self.failure().map(|failure| failure.code)
    }
}

pub(crate) struct Shop {
    pub(crate) tiktok: FakeTikTok,
    pub(crate) context: Context,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    database: TestDatabase,
}

pub(crate) fn settings() -> GatewaySettings {
    GatewaySettings {
        calls_per_second: NonZeroU32::MIN.saturating_add(999),
        call_timeout: Duration::from_secs(20),
        conversation_timeout: Duration::from_secs(15),
        ..GatewaySettings::default()
    }
}

impl Shop {
    pub(crate) async fn open(database: TestDatabase) -> Self {
        Self::open_with(database, settings()).await
    }

    pub(crate) async fn open_with(database: TestDatabase, settings: GatewaySettings) -> Self {
        let tiktok = FakeTikTok::start().await;
        let context = context(&database, &tiktok).await;
        let app = json!({
            "platform": "business", "app_id": "7", "secret": "app-secret-canary", "may_list_posts": false,
            "redirect_uri": "http://127.0.0.1:1/authorized/",
        });
        apps::set(&context, "test", serde_json::from_value(app).unwrap()).await.unwrap();
        link(&context, "act.canary-0", "rft.canary-0").await;
        for (device, role) in [("nok", "agent"), ("lek", "agent"), ("boss", "admin")] {
            pair(&context, device, role).await;
        }
        let gateway = Gateway::start(context.clone(), settings).await.unwrap();
        let address = testing::serve(router(Arc::clone(&gateway))).await;
        // The server closes a connection on which it answered before the whole upload was there.
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
        let http = http.redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { tiktok, context, gateway, url: format!("http://{address}"), http, database }
    }

    /// Another relay process on the same database: its context, its gateway and its address.
    pub(crate) async fn another(&self, settings: GatewaySettings) -> (Context, Arc<Gateway>, String) {
        let mut context = context(&self.database, &self.tiktok).await;
        context.seal = self.context.seal.clone();
        context.worker = Arc::from("another");
        let gateway = Gateway::start(context.clone(), settings).await.unwrap();
        let address = testing::serve(router(Arc::clone(&gateway))).await;
        (context, gateway, format!("http://{address}"))
    }

    /// The id of the newest event.
    pub(crate) fn head(&self) -> EventId {
        let ends = self.context.log.ends().borrow().clone();
        EventId { epoch: ends.epoch, sequence: ends.head }
    }

    /// What is in the log.
    pub(crate) async fn events(&self) -> Vec<EventBody> {
        self.context.log.look().await;
        let events = self.context.log.read(0, 1_000).await.unwrap();
        events.into_iter().map(|event| event.body).collect()
    }

    pub(crate) async fn sent_events(&self) -> Vec<Sent> {
        let sent = |body| if let EventBody::Sent(sent) = body { Some(sent) } else { None };
        self.events().await.into_iter().filter_map(sent).collect()
    }

    pub(crate) async fn get(&self, device: &str, path_and_query: &str) -> Got {
        let request = self.http.get(format!("{}{path_and_query}", self.url)).bearer_auth(token(device));
        Got::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, device: &str, path: &str, body: &Json) -> Got {
        let request = self.http.post(format!("{}{path}", self.url)).header("access-token", token(device));
        let request = request.header("content-type", "application/json").body(body.to_string());
        Got::of(request.send().await.unwrap()).await
    }

    /// A send that has not left yet.
    pub(crate) fn send_request(&self, device: &str, key: &str, body: &Json, seen: &EventId) -> reqwest::RequestBuilder {
        self.send_request_to(&self.url, device, key, body, seen)
    }

    pub(crate) fn send_request_to(
        &self,
        url: &str,
        device: &str,
        key: &str,
        body: &Json,
        seen: &EventId,
    ) -> reqwest::RequestBuilder {
        self.http
            .post(format!("{url}/v1/tiktok/business/message/send/"))
            .bearer_auth(token(device))
            .header("content-type", "application/json")
            .header(wire::headers::SEND_KEY, key)
            .header(wire::headers::SEEN, seen.to_string())
            .body(body.to_string())
    }

    /// Sends a text into the conversation, having seen all there is.
    pub(crate) async fn send(&self, device: &str, key: &str, words: &str) -> Got {
        self.context.log.look().await;
        self.send_seen(device, key, words, &self.head()).await
    }

    pub(crate) async fn send_seen(&self, device: &str, key: &str, words: &str, seen: &EventId) -> Got {
        Got::of(self.send_request(device, key, &text(words), seen).send().await.unwrap()).await
    }

    pub(crate) async fn outcome(&self, device: &str, key: &str) -> SendOutcome {
        let got = self.get(device, &format!("/v1/sends/{key}")).await;
        assert_eq!(got.status, StatusCode::OK, "{got:?}");
        serde_json::from_slice(&got.body).unwrap()
    }

    pub(crate) async fn state(&self, device: &str, key: &str) -> SendState {
        self.outcome(device, key).await.state
    }
}

async fn context(database: &TestDatabase, tiktok: &FakeTikTok) -> Context {
    let mut context = database.context().await;
    context.client = Client::new(tiktok.endpoints()).unwrap();
    context
}

/// A device's token, of the usual length.
pub(crate) fn token(device: &str) -> String {
    device.chars().chain(std::iter::repeat('0')).take(43).collect()
}

pub(crate) fn text(words: &str) -> Json {
    json!({
        "business_id": ACCOUNT, "recipient_type": "CONVERSATION", "recipient": CONVERSATION,
        "message_type": "TEXT", "text": { "body": words },
    })
}

async fn pair(context: &Context, device: &'static str, role: &'static str) {
    let hash = Sha256::digest(token(device).as_bytes());
    let paired: Result<u64, DatabaseError> = context
        .database
        .write(move |tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO device (id, team, name, role, token_hash, paired_at_ms, read_to)
                     VALUES ($1, $2, $3, $4, $5, 1, 0)",
                    &[
                        Value::Text(device),
                        Value::Int(TEAM),
                        Value::Text(&format!("{device}'s laptop")),
                        Value::Text(role),
                        Value::Bytes(hash.as_slice()),
                    ],
                )
                .await
            })
        })
        .await;
    paired.unwrap();
}

/// Links the account with a pair of tokens that was given an hour ago.
pub(crate) async fn link(context: &Context, access: &str, refresh: &str) {
    let tokens = BusinessTokens {
        access: AccessToken::new(access),
        refresh: Some(RefreshToken::new(refresh)),
        expires_in: Some(Duration::from_secs(86_400)),
        refresh_token_expires_in: Some(Duration::from_secs(31_536_000)),
        open_id: Some(ACCOUNT.to_owned()),
        scope: vec!["message.list.read".to_owned(), "message.list.send".to_owned()],
    };
    let link = NewLink {
        id: ACCOUNT.to_owned(),
        handle: "shop".to_owned(),
        name: "The Shop".to_owned(),
        avatar_url: None,
        tokens,
    };
    let seal = context.seal.clone();
    let linked = context
        .database
        .write::<_, Refusal, _>(move |tx| Box::pin(async move { accounts::insert_linked(tx, &seal, &link).await }));
    linked.await.unwrap();
    age(context, 3_600_000).await;
    context.log.look().await;
}

/// Makes the account's tokens older.
pub(crate) async fn age(context: &Context, by_ms: i64) {
    let aged: Result<u64, DatabaseError> = context
        .database
        .write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE account SET issued_at_ms = issued_at_ms - $1,
                               access_expires_at_ms = access_expires_at_ms - $1";
                tx.execute(sql, &[Value::Int(by_ms)]).await
            })
        })
        .await;
    aged.unwrap();
}
