//! The relay's door, over a database of its own.
//!
//! The first line of an input is the header `Tiktok-Signature`, or the word `signed`: then it is signed as TikTok does. The
//! rest is the body.

use std::sync::{Arc, LazyLock};

use axum::http::{HeaderMap, HeaderValue};
use relay::clock::now_ms;
use relay::context::{Context, TEAM};
use relay::database::{Database, DatabaseAddress, DatabaseError, Value};
use relay::door::{Door, DoorLimits, Outcome};
use relay::listening::Listening;
use relay::log::Log;
use relay::metrics::Metrics;
use relay::seal::Seal;
use tiktok::business::webhook;
use tiktok::{Client, ClientSecret, Endpoints};
use tokio::runtime::Runtime;
use wire::api::{AppCredentials, Platform};

const SECRET: &str = "the-secret-of-the-app";
/// The account that the corpus of webhooks is about.
const ACCOUNT: &str = "_000EXAMPLEopenid";

struct Relay {
    runtime: Runtime,
    context: Context,
    door: Door,
    _folder: tempfile::TempDir,
}

#[expect(clippy::expect_used, reason = "without a relay there is nothing to do")]
static RELAY: LazyLock<Relay> = LazyLock::new(|| {
    let runtime = Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let context = runtime.block_on(open(DatabaseAddress::Sqlite(folder.path().join("relay.db"))));
    let door = {
        let _inside = runtime.enter();
        Door::new(context.clone(), Listening::default(), DoorLimits::default())
    };
    Relay { runtime, context, door, _folder: folder }
});

#[expect(clippy::expect_used, reason = "without a relay there is nothing to do")]
async fn open(address: DatabaseAddress) -> Context {
    let database = Database::open(&address).await.expect("a database");
    let metrics = Metrics::default();
    let context = Context {
        log: Log::start(database.clone(), metrics.clone()).await.expect("a log"),
        database,
        seal: Seal::from_text(&Seal::new_key()).expect("a key"),
        client: Client::new(Endpoints::default()).expect("a client"),
        metrics,
        worker: Arc::from("fuzz"),
        public_url: None,
    };
    let app = AppCredentials {
        platform: Platform::Business,
        app_id: "7301".to_owned(),
        secret: SECRET.to_owned(),
        redirect_uri: "https://relay.example/authorized".to_owned(),
        may_list_posts: false,
    };
    relay::apps::set(&context, "fuzz", app).await.expect("an app");
    let linked: Result<u64, DatabaseError> = context
        .database
        .write(|tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO account (id, team, handle, name, state, linked_at_ms, scopes, access_expires_at_ms,
                         refresh_expires_at_ms, issued_at_ms, renewing_until_ms, renewing_by)
                     VALUES ($1, $2, 'shop', 'The shop', 'linked', 0, '', 0, 0, 0, 0, '')",
                    &[Value::Text(ACCOUNT), Value::Int(TEAM)],
                )
                .await
            })
        })
        .await;
    linked.expect("an account");
    context
}

/// What TikTok signed is answered with 200, whatever it is; nothing else comes in.
#[expect(clippy::panic, reason = "a broken promise is what is looked for")]
pub(crate) fn door(input: &[u8]) {
    let (first, body) = match input.iter().position(|byte| *byte == b'\n') {
        Some(end) => (input.get(..end).unwrap_or_default(), input.get(end + 1..).unwrap_or_default()),
        None => (&b"signed"[..], input),
    };
    let is_signed = first == b"signed";
    let right = webhook::sign(body, &ClientSecret::new(SECRET), now_ms() / 1_000);
    let signature = if is_signed { right.as_bytes() } else { first };
    let Ok(signature) = HeaderValue::from_bytes(signature) else { return };
    let mut headers = HeaderMap::new();
    headers.insert("tiktok-signature", signature);
    let Relay { runtime, context, door, .. } = &*RELAY;
    let before = context.log.ends().borrow().head;
    let outcome = runtime.block_on(door.receive(Platform::Business, &headers, body));
    let after = context.log.ends().borrow().head;
    if is_signed {
        if outcome.status() != 200 {
            panic!("signed by TikTok, and answered with {outcome:?}");
        }
    } else if after != before || !matches!(outcome, Outcome::WrongSignature | Outcome::MalformedSignature) {
        panic!("not signed by TikTok, and answered with {outcome:?}");
    }
}
