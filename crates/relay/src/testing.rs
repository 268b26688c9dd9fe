//! What the tests of this crate share: databases of both kinds, devices, and a server around a router.

pub(crate) mod postgres;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tiktok::{Client, Endpoints};
use wire::{EventBody, event::Hint};

use crate::clock::now_ms;
use crate::context::{Context, TEAM};
use crate::database::{Database, DatabaseAddress, DatabaseError, Value};
use crate::log::{Log, NewEvent};
use crate::metrics::Metrics;
use crate::seal::Seal;

/// How long anything may take in a test before it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A fresh database for one test.
pub(crate) struct TestDatabase {
    pub(crate) address: DatabaseAddress,
    _folder: Option<TempDir>,
}

impl TestDatabase {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = DatabaseAddress::Sqlite(folder.path().join("relay.db"));
        Self { address, _folder: Some(folder) }
    }

    /// A database of the cluster that all tests share.
    pub(crate) async fn postgres() -> Self {
        let address = tokio::task::spawn_blocking(|| postgres::shared().create_database()).await.unwrap();
        Self { address: DatabaseAddress::Postgres(address), _folder: None }
    }

    pub(crate) async fn open(&self) -> Database {
        Database::open(&self.address).await.unwrap()
    }

    pub(crate) async fn context(&self) -> Context {
        context(self.open().await).await
    }
}

/// Makes of each `async fn NAME(database: TestDatabase)` a test on SQLite and one on PostgreSQL.
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::testing::TestDatabase::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::testing::TestDatabase::postgres().await).await;
            })+
        }
    };
}
pub(crate) use on_both_engines;

pub(crate) async fn context(database: Database) -> Context {
    let metrics = Metrics::default();
    Context {
        log: Log::start(database.clone(), metrics.clone()).await.unwrap(),
        database,
        seal: Seal::from_text(&Seal::new_key()).unwrap(),
        client: Client::new(Endpoints::default()).unwrap(),
        metrics,
        worker: Arc::from("test"),
        public_url: None,
    }
}

/// An event without content, told from others by its key.
pub(crate) fn hint(dedup: &str) -> NewEvent {
    NewEvent {
        account: "shop".to_owned(),
        dedup: dedup.to_owned(),
        body: EventBody::Hint(Hint::default()),
        answer: None,
    }
}

/// Pairs a device; returns its token.
pub(crate) async fn pair(context: &Context, id: &str) -> String {
    let token: String =
        id.chars().map(|c| if c == ' ' { '-' } else { c }).chain(std::iter::repeat('.')).take(43).collect();
    let hash = Sha256::digest(token.as_bytes());
    let id = id.to_owned();
    let paired: Result<u64, DatabaseError> = context
        .database
        .write(move |tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO device (id, team, name, role, token_hash, paired_at_ms, read_to)
                     VALUES ($1, $2, $1, 'agent', $3, $4, 0)",
                    &[Value::Text(&id), Value::Int(TEAM), Value::Bytes(hash.as_slice()), Value::Int(now_ms())],
                )
                .await
            })
        })
        .await;
    paired.unwrap();
    token
}

/// Links an account.
pub(crate) async fn link(context: &Context, id: &str, state: &'static str) {
    let id = id.to_owned();
    let linked: Result<u64, DatabaseError> = context
        .database
        .write(move |tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO account (id, team, handle, name, state, linked_at_ms, scopes, access_expires_at_ms,
                         refresh_expires_at_ms, issued_at_ms, renewing_until_ms, renewing_by)
                     VALUES ($1, $2, $1, $1, $3, 0, '', 0, 0, 0, 0, '')",
                    &[Value::Text(&id), Value::Int(TEAM), Value::Text(state)],
                )
                .await
            })
        })
        .await;
    linked.unwrap();
}

/// Calls a path of a router that is served; returns the status and the body.
pub(crate) async fn call(
    method: reqwest::Method,
    url: &str,
    token: &str,
    body: &serde_json::Value,
) -> (u16, serde_json::Value) {
    // Nothing here calls over TLS, but the client wants to be able to.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut request = reqwest::Client::builder().no_proxy().build().unwrap().request(method, url).bearer_auth(token);
    if !body.is_null() {
        request = request.json(body);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.bytes().await.unwrap();
    (status, if bytes.is_empty() { serde_json::Value::Null } else { serde_json::from_slice(&bytes).unwrap() })
}

/// Runs one statement.
pub(crate) async fn execute(database: &Database, sql: &'static str) -> u64 {
    let changed: Result<u64, DatabaseError> =
        database.write(move |tx| Box::pin(async move { tx.execute(sql, &[]).await })).await;
    changed.unwrap()
}

/// The number in the column `n` of a question's one row.
pub(crate) async fn number(database: &Database, sql: &'static str) -> i64 {
    let row: Result<i64, DatabaseError> =
        database.read(move |tx| Box::pin(async move { tx.query_one(sql, &[]).await?.unwrap().int("n") })).await;
    row.unwrap()
}

/// Serves a router on a port of this computer until the test ends.
pub(crate) async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Waits until something holds that another task brings about.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "{what}: not within {PATIENCE:?}");
}

/// Puts this many old events into an empty log.
pub(crate) async fn fill(database: &Database, count: i64) {
    let filled: Result<(), DatabaseError> = database
        .write(move |tx| {
            Box::pin(async move {
                let sql = "WITH RECURSIVE number (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < 5000)
                           INSERT INTO event (team, seq, dedup, kind, account, at_ms, body)
                           SELECT 1, i, 'k' || i, 'hint', 'shop', i, $1 FROM number WHERE i <= CAST($2 AS BIGINT)";
                tx.execute(sql, &[Value::Bytes(b"{}"), Value::Int(count)]).await?;
                tx.execute("UPDATE team SET head = $1", &[Value::Int(count)]).await?;
                Ok(())
            })
        })
        .await;
    filled.unwrap();
}
