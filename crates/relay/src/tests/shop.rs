//! A relay of a test: its routes on a port, its database, and a TikTok of its own.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::post;
use serde_json::{Value, json};
use tiktok::business::webhook::verify;
use tokio::net::TcpListener;
use wire::api::{Me, Paired, Platform, Role};
use wire::paths;

use super::fake_tiktok::{APP_ID, APP_SECRET, FakeTikTok};
use crate::access::PeerAddress;
use crate::audit::COMMAND_LINE;
use crate::clock::now_ms;
use crate::context::Context;
use crate::database::{Database, DatabaseAddress, DatabaseError, Value as Cell};
use crate::devices::Revocations;
use crate::testing::{TestDatabase, context};
use crate::{apps, audit, devices, linking, pairing, webhook_config};

/// The header by which a test says where a request comes from.
const TEST_PEER: &str = "x-test-peer";

pub(super) struct Shop {
    pub(super) context: Context,
    pub(super) base: String,
    pub(super) tiktok: FakeTikTok,
    pub(super) revocations: Arc<Revocations>,
    pub(super) address: DatabaseAddress,
    /// Deletes the database when the last relay on it is gone.
    database: Option<Arc<TestDatabase>>,
    http: reqwest::Client,
}

/// A paired device.
#[derive(Debug, Clone)]
pub(super) struct Laptop {
    pub(super) id: String,
    pub(super) token: String,
}

/// An answer of the relay.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The header with the relay's own no.
    pub(super) failure: String,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(super) fn detail(&self) -> String {
        self.json::<wire::Failure>().detail
    }
}

impl Shop {
    pub(super) async fn open(database: TestDatabase) -> Self {
        let address = database.address.clone();
        Self::on(address, Some(Arc::new(database)), FakeTikTok::start().await).await
    }

    /// Another relay process on the same database.
    pub(super) async fn another(&self) -> Self {
        let mut other = Self::on(self.address.clone(), self.database.clone(), self.tiktok.clone()).await;
        other.context.seal = self.context.seal.clone();
        other.serve().await;
        other
    }

    /// A relay with the same keys on another database.
    pub(super) async fn at(&self, address: DatabaseAddress) -> Self {
        let mut other = Self::on(address, None, self.tiktok.clone()).await;
        other.context.seal = self.context.seal.clone();
        other.serve().await;
        other
    }

    async fn on(address: DatabaseAddress, database: Option<Arc<TestDatabase>>, tiktok: FakeTikTok) -> Self {
        let mut context = context(Database::open(&address).await.unwrap()).await;
        context.client = tiktok.client();
        let revocations = Revocations::start(context.database.clone());
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(crate::testing::PATIENCE)
            .build()
            .unwrap();
        let mut shop = Self { context, base: String::new(), tiktok, revocations, address, database, http };
        shop.serve().await;
        shop
    }

    async fn serve(&mut self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.base = format!("http://{}", listener.local_addr().unwrap());
        self.context.public_url = Some(self.base.parse().unwrap());
        let context = self.context.clone();
        let router = Router::new()
            .merge(pairing::router(context.clone()))
            .merge(devices::router(context.clone(), Arc::clone(&self.revocations)))
            .merge(audit::router(context.clone()))
            .merge(apps::router(context.clone()))
            .merge(linking::router(context.clone()))
            .merge(webhook_config::router(context.clone()))
            .route(paths::BUSINESS_WEBHOOK, post(door).with_state(context))
            .layer(axum::middleware::from_fn(identify));
        tokio::spawn(async move { axum::serve(listener, router).await });
    }

    /// A request as a device, or as nobody.
    pub(super) async fn call(&self, method: &str, path: &str, token: Option<&str>, body: Option<Value>) -> Answer {
        let method: reqwest::Method = method.parse().unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    /// Tries a pairing code from an address.
    pub(super) async fn pair_from(&self, address: &str, code: &str) -> Answer {
        let body = json!({ "code": code, "device_name": "Nok's laptop" });
        answer(self.http.post(format!("{}{}", self.base, paths::PAIR)).header(TEST_PEER, address).json(&body)).await
    }

    /// Opens an address as a browser does.
    pub(super) async fn browse(&self, url: &str) -> Answer {
        answer(self.http.get(url)).await
    }

    pub(super) async fn browse_with(&self, method: &str, url: &str, header: (&str, &str)) -> Answer {
        answer(self.http.request(method.parse().unwrap(), url).header(header.0, header.1)).await
    }

    /// A new code, made by the command line.
    pub(super) async fn code(&self, role: Role) -> String {
        pairing::make_code(&self.context, COMMAND_LINE, role).await.unwrap().code
    }

    /// Pairs a device.
    pub(super) async fn device(&self, name: &str, role: Role) -> Laptop {
        let body = json!({ "code": self.code(role).await, "device_name": name });
        let paired: Paired = self.call("POST", paths::PAIR, None, Some(body)).await.json();
        assert_eq!((paired.me.role, paired.me.name.as_str()), (role, name));
        Laptop { id: paired.me.device, token: paired.token }
    }

    pub(super) async fn me(&self, device: &Laptop) -> Me {
        self.call("GET", paths::ME, Some(&device.token), None).await.json()
    }

    /// Sets the Business app as the fake TikTok knows it.
    pub(super) async fn set_app(&self) {
        let credentials = wire::api::AppCredentials {
            platform: Platform::Business,
            app_id: APP_ID.to_owned(),
            secret: APP_SECRET.to_owned(),
            redirect_uri: String::new(),
            may_list_posts: false,
        };
        apps::set(&self.context, COMMAND_LINE, credentials).await.unwrap();
    }

    pub(super) async fn sql(&self, sql: &'static str) -> u64 {
        crate::testing::execute(&self.context.database, sql).await
    }

    /// The texts in the column `t` of a question.
    pub(super) async fn texts(&self, sql: &'static str) -> Vec<String> {
        let texts: Result<Vec<String>, DatabaseError> = self
            .context
            .database
            .read(move |tx| {
                Box::pin(async move { tx.query(sql, &[]).await?.iter().map(|row| row.text("t")).collect() })
            })
            .await;
        texts.unwrap()
    }

    pub(super) async fn number(&self, sql: &'static str) -> i64 {
        crate::testing::number(&self.context.database, sql).await
    }

    /// What the audit trail says, oldest first: `actor action subject`.
    pub(super) async fn trail(&self) -> Vec<String> {
        self.texts("SELECT actor || ' ' || action || ' ' || subject AS t FROM audit ORDER BY id").await
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let failure = headers.get(wire::headers::FAILURE).map(|code| code.to_str().unwrap().to_owned());
    let text = response.text().await.unwrap();
    Answer { status, failure: failure.unwrap_or_default(), headers, text }
}

async fn identify(mut request: Request, next: Next) -> Response {
    let peer = request.headers().get(TEST_PEER).map(|peer| peer.to_str().unwrap().parse::<IpAddr>().unwrap());
    if let Some(peer) = peer {
        request.extensions_mut().insert(PeerAddress(peer));
    }
    next.run(request).await
}

/// Takes a webhook as the relay's door does where its account is not linked here.
async fn door(State(context): State<Context>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let secrets = apps::webhook_secrets(&context, Platform::Business).await.unwrap();
    let header = headers.get("tiktok-signature").map(|header| header.to_str().unwrap()).unwrap_or_default();
    if verify(header, &body, &secrets.iter().collect::<Vec<_>>(), now_ms() / 1_000).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    let account = serde_json::from_slice::<Value>(&body).unwrap()["user_openid"].as_str().unwrap().to_owned();
    let stored: Result<u64, DatabaseError> = context
        .database
        .write(move |tx| {
            Box::pin(async move {
                let key = crate::credential::new_id();
                tx.execute(
                    "INSERT INTO stray (dedup, reason, account, received_at_ms, body) VALUES ($1, 'test', $2, $3, $4)",
                    &[Cell::Text(&key), Cell::Text(&account), Cell::Int(now_ms()), Cell::Bytes(&body)],
                )
                .await
            })
        })
        .await;
    stored.unwrap();
    StatusCode::OK
}
