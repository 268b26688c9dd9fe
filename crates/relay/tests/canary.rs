//! Secrets stay secret: distinctive ones go in everywhere, and none is found in clear in the log, the database's files, a
//! backup, the metrics, what is printed for debugging, or an answer that says no.
//!
//! A test program of its own, because it listens to the whole process' log.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "the whole program is a test")]

#[path = "../src/tests/fake_tiktok.rs"]
#[expect(dead_code, reason = "the crate's own tests use the rest")]
mod fake_tiktok;
#[path = "../src/testing/postgres.rs"]
#[expect(dead_code, reason = "the crate's own tests use the rest")]
mod postgres;

use std::io::Write;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};

use futures_util::FutureExt as _;
use relay::context::Context;
use relay::database::{Database, DatabaseAddress};
use relay::devices::Revocations;
use relay::door::{Door, DoorLimits};
use relay::gateway::{Gateway, GatewaySettings};
use relay::health::Health;
use relay::limits::{Limits, Network};
use relay::listening::Listening;
use relay::log::Log;
use relay::metrics::Metrics;
use relay::routes::{self, RouteParts};
use relay::seal::Seal;
use relay::stream::{StreamSettings, Streams};
use relay::{backup, pairing};
use serde_json::json;
use wire::api::{LinkBegun, Paired, PairingCode, Role};
use wire::paths;

use fake_tiktok::{ACCESS_TOKEN, ACCOUNT, APP_ID, APP_SECRET, FakeTikTok, REFRESH_TOKEN};

const SECOND_SECRET: &str = "canary-second-secret-9876543210";
const LOGIN_SECRET: &str = "canary-login-secret-5555";
const CODE_OF_TIKTOK: &str = "canary-code-of-tiktok";
const CALLBACK_KEY: &str = "canary-callback-key";
const WRONG_TOKEN: &str = "canary-wrong-token-000000000000000000000000";

/// Everything that was logged.
static LOGGED: LazyLock<Mutex<Vec<u8>>> = LazyLock::new(Mutex::default);

#[derive(Clone, Copy)]
struct Logged;

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOGGED.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A relay, and everything that may be seen of it.
struct Watched {
    context: Context,
    base: String,
    http: reqwest::Client,
    /// What it answered, except where a secret is what was asked for.
    answers: Vec<String>,
    secrets: Vec<String>,
}

impl Watched {
    async fn call(&mut self, method: &str, path: &str, token: Option<&str>, body: Option<&str>) -> String {
        let answer = self.call_for_secret(method, path, token, body).await;
        self.answers.push(answer.clone());
        answer
    }

    async fn call_for_secret(&self, method: &str, path: &str, token: Option<&str>, body: Option<&str>) -> String {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.body(body.to_owned());
        }
        request.send().await.unwrap().text().await.unwrap()
    }

    async fn code(&mut self, role: Role) -> String {
        let PairingCode { code, .. } = pairing::make_code(&self.context, "command line", role).await.unwrap();
        self.secrets.extend([code.clone(), code.replace('-', "")]);
        code
    }

    async fn device(&mut self, role: Role) -> String {
        let body = json!({ "code": self.code(role).await, "device_name": "Nok's laptop" }).to_string();
        let answer = self.call_for_secret("POST", paths::PAIR, None, Some(&body)).await;
        let paired: Paired = serde_json::from_str(&answer).unwrap();
        self.secrets.push(paired.token.clone());
        self.answers.push(format!("{paired:?}"));
        paired.token
    }
}

/// A day of a relay: everything that has to do with secrets, as it should be and as it should not.
async fn live(relay: &mut Watched, tiktok: &FakeTikTok) {
    let admin = relay.device(Role::Admin).await;
    let agent = relay.device(Role::Agent).await;
    let app = |platform: &str, secret: &str| {
        json!({ "platform": platform, "app_id": APP_ID, "secret": secret, "redirect_uri": "" }).to_string()
    };
    let admin = Some(admin.as_str());
    relay.call("PUT", paths::APPS, admin, Some(&app("business", SECOND_SECRET))).await;
    relay.call("PUT", paths::APPS, admin, Some(&app("business", APP_SECRET))).await;
    relay.call("PUT", paths::APPS, admin, Some(&app("login_kit", LOGIN_SECRET))).await;
    relay.call("GET", paths::APPS, admin, None).await;
    // Refused, malformed, from a device that may not, and from nobody.
    relay.call("PUT", paths::APPS, admin, Some(&app("business", &format!("{APP_SECRET} with a space")))).await;
    relay.call("PUT", paths::APPS, admin, Some(&app("shop", APP_SECRET))).await;
    relay.call("PUT", paths::APPS, admin, Some(&format!("{{\"secret\": \"{APP_SECRET}\""))).await;
    relay.call("PUT", paths::APPS, Some(&agent), Some(&app("business", APP_SECRET))).await;
    relay.call("PUT", paths::APPS, Some(WRONG_TOKEN), Some(&app("business", APP_SECRET))).await;

    // A code that is wrong by its last character, malformed, used, and not used.
    let unused = relay.code(Role::Agent).await;
    let near: String = unused.chars().take(8).chain(['B']).collect();
    for code in [near.as_str(), "canary", unused.as_str(), unused.as_str()] {
        let body = json!({ "code": code, "device_name": if code == unused { "" } else { "x" } }).to_string();
        relay.call("POST", paths::PAIR, None, Some(&body)).await;
    }
    let made = relay.call_for_secret("POST", paths::PAIRING_CODES, admin, Some(r#"{"role":"agent"}"#)).await;
    let made: PairingCode = serde_json::from_str(&made).unwrap();
    relay.answers.push(format!("{made:?}"));
    relay.secrets.push(made.code);

    // Linked, and the same state again, and one that TikTok refuses.
    for code in [CODE_OF_TIKTOK, CODE_OF_TIKTOK] {
        let begun = relay.call_for_secret("POST", paths::ACCOUNTS, admin, None).await;
        let begun: LinkBegun = serde_json::from_str(&begun).unwrap();
        let url = url::Url::parse(&begun.authorize_url).unwrap();
        let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        for _ in 0..2 {
            relay.call("GET", &format!("/authorized/?code={code}&state={state}"), None, None).await;
        }
        relay.secrets.push(state);
    }
    relay.call("GET", paths::ME, admin, None).await;
    relay.call("GET", paths::DEVICES, admin, None).await;
    // Through the gateway, as an agent; and from the relay's own log.
    let profile = format!("{}/business/get/?business_id={ACCOUNT}", paths::GATEWAY);
    let answer = relay.call("GET", &profile, Some(&agent), None).await;
    assert!(answer.contains("shop_a"), "{answer}");
    relay.call("GET", &profile, Some(WRONG_TOKEN), None).await;
    relay.call("GET", paths::HISTORY, Some(&agent), None).await;

    relay.call("GET", paths::WEBHOOK, admin, None).await;
    tiktok.behaviour().callback_url = Some(format!("https://old.example/?key={CALLBACK_KEY}"));
    relay.call("PUT", paths::WEBHOOK, admin, Some("{}")).await;
    relay.call("DELETE", paths::WEBHOOK, admin, None).await;
    relay.call("POST", &format!("{}/test", paths::WEBHOOK), admin, None).await;
    // TikTok says no to the secret.
    tiktok.behaviour().secret = "another".to_owned();
    relay.call("GET", paths::WEBHOOK, admin, None).await;
    relay.call("POST", &format!("{}/test", paths::WEBHOOK), admin, None).await;
    relay.call("GET", paths::AUDIT, admin, None).await;
    relay.call("GET", paths::HEALTH, None, None).await;
    let metrics = relay.call("GET", paths::METRICS, None, None).await;
    assert!(metrics.contains("deskbell_relay_events_committed"), "{metrics}");
    assert!(relay.answers.iter().any(|answer| answer.contains("is linked")), "{:#?}", relay.answers);
}

async fn start(address: &DatabaseAddress, tiktok: &FakeTikTok) -> Watched {
    let key = Seal::new_key();
    let metrics = Metrics::default();
    let database = Database::open(address).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let context = Context {
        log: Log::start(database.clone(), metrics.clone()).await.unwrap(),
        database,
        seal: Seal::from_text(&key).unwrap(),
        client: tiktok.client(),
        metrics,
        worker: Arc::from("test"),
        public_url: Some(base.parse().unwrap()),
    };
    let door = Door::new(context.clone(), Listening::default(), DoorLimits::default());
    let revocations = Revocations::start(context.database.clone());
    let watched = Arc::clone(&revocations);
    let here: Vec<Network> = vec!["127.0.0.1".parse().unwrap()];
    let router = routes::router(RouteParts {
        gateway: Gateway::start(context.clone(), GatewaySettings::default()).await.unwrap(),
        health: Health::start(context.clone(), door.clone(), here).await,
        listening: Listening::default(),
        limits: Limits::new(NonZeroU32::MAX, NonZeroU32::MAX, Vec::new(), context.metrics.clone()),
        streams: Streams::start(context.clone(), StreamSettings::default(), move |device| {
            watched.revoked(device).boxed()
        }),
        revocations,
        door,
        context: context.clone(),
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let constant = [
        APP_SECRET,
        SECOND_SECRET,
        LOGIN_SECRET,
        ACCESS_TOKEN,
        REFRESH_TOKEN,
        CODE_OF_TIKTOK,
        CALLBACK_KEY,
        WRONG_TOKEN,
    ];
    let mut secrets: Vec<String> = constant.into_iter().map(str::to_owned).collect();
    secrets.push(key.to_string());
    Watched { context, base, http, answers: Vec::new(), secrets }
}

/// All bytes of a folder's files.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if let Ok(bytes) = std::fs::read(&path) {
            all.push((path.display().to_string(), bytes));
        }
    }
    all
}

fn position(bytes: &[u8], text: &str) -> Option<usize> {
    bytes.windows(text.len()).position(|part| part == text.as_bytes())
}

fn contains(bytes: &[u8], text: &str) -> bool {
    position(bytes, text).is_some()
}

/// Looks for every secret in every place.
fn search(relay: &Watched, places: &[(String, Vec<u8>)]) {
    let mut found = Vec::new();
    for (place, bytes) in places {
        for secret in &relay.secrets {
            if let Some(at) = position(bytes, secret) {
                let around = &bytes[at.saturating_sub(200)..bytes.len().min(at + 200)];
                found.push(format!("{secret} in {place}: {}", String::from_utf8_lossy(around)));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// What every place is searched in, whatever the database.
fn seen(relay: &Watched) -> Vec<(String, Vec<u8>)> {
    let logged = LOGGED.lock().unwrap().clone();
    // It listened: this sentence is of the relay's own.
    assert!(contains(&logged, "a device was paired"));
    let debugged = format!("{:?} {:?}", relay.context, relay.context.seal);
    let mut places = vec![
        ("the log".to_owned(), logged),
        ("the metrics".to_owned(), relay.context.metrics.encode().into_bytes()),
        ("what is printed for debugging".to_owned(), debugged.into_bytes()),
    ];
    places.extend(relay.answers.iter().map(|answer| ("an answer".to_owned(), answer.clone().into_bytes())));
    places
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_anywhere_in_clear() {
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(|| Logged)
        .init();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relay.db");
    let address = DatabaseAddress::Sqlite(path.clone());
    let tiktok = FakeTikTok::start().await;
    let mut relay = start(&address, &tiktok).await;
    live(&mut relay, &tiktok).await;
    backup::backup(&address, &folder.path().join("backup")).await.unwrap();
    let mut places = seen(&relay);
    let stored = files(folder.path());
    let names: Vec<bool> = ["relay.db", "relay.db-wal", "backup"]
        .map(|name| stored.iter().any(|(path, bytes)| path.ends_with(name) && !bytes.is_empty()))
        .into();
    assert_eq!(names, [true; 3]);
    // What is stored is found there: the search sees what there is.
    assert!(stored.iter().any(|(_, bytes)| contains(bytes, APP_ID)));
    places.extend(stored);
    search(&relay, &places);

    let tiktok = FakeTikTok::start().await;
    let address = tokio::task::spawn_blocking(|| postgres::shared().create_database()).await.unwrap();
    let server = address.split_whitespace().find_map(|part| part.strip_prefix("host=")).unwrap().to_owned();
    let address = DatabaseAddress::Postgres(address);
    let mut relay = start(&address, &tiktok).await;
    live(&mut relay, &tiktok).await;
    let dump = folder.path().join("dump");
    backup::backup(&address, &dump).await.unwrap();
    let listed = Command::new("pg_restore").args(["--file", "-"]).arg(&dump).output().unwrap();
    assert!(contains(&listed.stdout, APP_ID), "{}", String::from_utf8_lossy(&listed.stderr));
    let checkpoint = postgres::shared().sql("CHECKPOINT");
    assert_eq!(checkpoint, "");
    let stored = files(Path::new(&server));
    assert!(stored.iter().any(|(path, bytes)| path.contains("/base/") && contains(bytes, APP_ID)));
    assert!(stored.iter().any(|(path, _)| path.contains("/pg_wal/")));
    let mut places = seen(&relay);
    places.push(("the dump".to_owned(), listed.stdout));
    places.extend(stored);
    search(&relay, &places);
}
