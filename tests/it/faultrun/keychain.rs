//! A keychain that outlives the process that uses it: secrets in this process's memory, handed out on loopback.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

type Kept = Arc<Mutex<HashMap<String, String>>>;

/// The keychain. It is gone when this is dropped.
pub(crate) struct Keychain {
    pub(crate) address: String,
    serving: JoinHandle<()>,
}

impl Keychain {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let router = Router::new().route("/", get(read).put(write).delete(erase)).with_state(Kept::default());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, serving }
    }
}

impl Drop for Keychain {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn key(headers: &HeaderMap) -> String {
    headers["key"].to_str().unwrap().to_owned()
}

async fn read(State(kept): State<Kept>, headers: HeaderMap) -> Result<String, StatusCode> {
    kept.lock().unwrap().get(&key(&headers)).cloned().ok_or(StatusCode::NOT_FOUND)
}

async fn write(State(kept): State<Kept>, headers: HeaderMap, secret: String) {
    kept.lock().unwrap().insert(key(&headers), secret);
}

async fn erase(State(kept): State<Kept>, headers: HeaderMap) {
    kept.lock().unwrap().remove(&key(&headers));
}
