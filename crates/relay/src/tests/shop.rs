//! A relay of a test: its routes on a port, its database, and a TikTok of its own.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::http::HeaderMap;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wire::api::{Me, Paired, Platform, Role};
use wire::paths;

use super::fake_tiktok::{APP_ID, APP_SECRET, FakeTikTok};
use crate::audit::COMMAND_LINE;
use crate::context::Context;
use crate::database::{Database, DatabaseAddress, DatabaseError};
use crate::devices::Revocations;
use crate::door::{Door, DoorLimits};
use crate::gateway::{Gateway, GatewaySettings};
use crate::health::Health;
use crate::limits::Limits;
use crate::listening::Listening;
use crate::routes::{self, RouteParts};
use crate::stream::{StreamSettings, Streams};
use crate::testing::{TestDatabase, context};
use crate::{apps, pairing};

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
        let door = Door::new(context.clone(), Listening::default(), DoorLimits::default());
        let watched = Arc::clone(&self.revocations);
        let router = routes::router(RouteParts {
            gateway: Gateway::start(context.clone(), GatewaySettings::default()).await.unwrap(),
            health: Health::start(context.clone(), door.clone(), Vec::new()).await,
            listening: Listening::default(),
            // Requests come from this computer, and say themselves whose they are, as a proxy does.
            limits: Limits::new(
                NonZeroU32::MAX,
                NonZeroU32::MAX,
                vec!["127.0.0.1".parse().unwrap()],
                context.metrics.clone(),
            ),
            streams: Streams::start(context.clone(), StreamSettings::default(), move |device| {
                watched.revoked(device).boxed()
            }),
            revocations: Arc::clone(&self.revocations),
            door,
            context,
        });
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
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
        answer(self.http.post(format!("{}{}", self.base, paths::PAIR)).header("x-forwarded-for", address).json(&body))
            .await
    }

    /// Opens an address as a browser does.
    pub(super) async fn browse(&self, url: &str) -> Answer {
        answer(self.http.get(url)).await
    }

    /// Opens the stream of a device.
    pub(super) async fn stream(&self, device: &Laptop) -> reqwest::Response {
        let url = format!("{}{}", self.base, paths::STREAM);
        let response = self.http.get(url).bearer_auth(&device.token).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response
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
