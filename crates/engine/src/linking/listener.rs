//! The loopback address the browser comes back to.
//!
//! A random port on 127.0.0.1, opened before the browser is; one path; GET only, and no prefetch, because a code works
//! once; the literal host we bound. A wrong state, or neither a code nor an error, is answered 400 and does not end the
//! wait, so that poking the port cannot cancel a login. The same callback twice is taken once and welcomed twice.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use subtle::ConstantTimeEq;
use tiktok::login_kit::{Callback, CallbackError};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::lock::lock;

/// A port that is open and not listened to yet.
#[derive(Debug)]
pub(super) struct Port {
    listener: TcpListener,
    address: SocketAddr,
}

#[derive(Clone)]
struct Expected {
    host: String,
    state: String,
    back: mpsc::Sender<Callback>,
    /// The query that was taken.
    taken: Arc<Mutex<Option<String>>>,
}

impl Port {
    /// Opens a random port on loopback.
    pub(super) async fn open() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    pub(super) fn number(&self) -> u16 {
        self.address.port()
    }

    /// Serves `path` until dropped; a callback with the right state comes out of the channel, the first one only.
    pub(super) async fn listen(self, path: &str, state: String, back: mpsc::Sender<Callback>) {
        let expected = Expected { host: self.address.to_string(), state, back, taken: Arc::default() };
        let router = Router::new().route(path, get(come_back)).with_state(expected);
        if let Err(error) = axum::serve(self.listener, router).await {
            tracing::warn!(%error, "the listener for the browser's callback ended");
        }
    }
}

async fn come_back(State(expected): State<Expected>, method: Method, headers: HeaderMap, uri: Uri) -> Response {
    // A route for GET is one for HEAD, too.
    if method != Method::GET {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")]).into_response();
    }
    if is_prefetch(&headers) {
        return page(StatusCode::SERVICE_UNAVAILABLE, NOT_OURS);
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    if host != Some(expected.host.as_str()) {
        return page(StatusCode::BAD_REQUEST, NOT_OURS);
    }
    let query = uri.query().unwrap_or_default();
    let callback = Callback::from_query(query);
    if !same(&callback.state, &expected.state) || matches!(callback.outcome, Err(CallbackError::Empty)) {
        return page(StatusCode::BAD_REQUEST, NOT_OURS);
    }
    let mut taken = lock(&expected.taken);
    if taken.as_deref() == Some(query) {
        return page(StatusCode::OK, WELCOME_BACK);
    }
    // The channel holds one: a second callback finds it full or closed.
    match expected.back.try_send(callback) {
        Ok(()) => {
            *taken = Some(query.to_owned());
            page(StatusCode::OK, WELCOME_BACK)
        }
        Err(_) => page(StatusCode::BAD_REQUEST, NOT_OURS),
    }
}

/// Whether a browser or a preview looks ahead. The person has not gone there, and may not.
fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-purpose", "x-moz"].into_iter().any(|name| {
        let purpose = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
        ["prefetch", "prerender", "preview"].iter().any(|ahead| purpose.contains(ahead))
    })
}

/// Compares without telling by its time how much was right.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

const WELCOME_BACK: &str = "Done. Go back to Deskbell; this page can be closed.";
const NOT_OURS: &str =
    "This address does not belong to a sign-in that Deskbell is waiting for. Start again from Deskbell.";

fn page(status: StatusCode, sentence: &str) -> Response {
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Deskbell</title><meta name=\"color-scheme\" content=\"light dark\"><p role=\"status\">{sentence}</p></html>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONNECTION, "close"),
    ];
    (status, headers, body).into_response()
}
