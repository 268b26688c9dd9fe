//! The loopback address the browser comes back to.
//!
//! A random port on 127.0.0.1, opened before the browser is; one path; GET only; the literal host we bound; a wrong
//! state is answered 400 and does not end the wait, so that poking the port cannot cancel a login.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use subtle::ConstantTimeEq;
use tiktok::login_kit::Callback;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

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
        let expected = Expected { host: self.address.to_string(), state, back };
        let router = Router::new().route(path, get(come_back)).with_state(expected);
        if let Err(error) = axum::serve(self.listener, router).await {
            tracing::warn!(%error, "link.listener_ended");
        }
    }
}

async fn come_back(State(expected): State<Expected>, headers: HeaderMap, uri: Uri) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    if host != Some(expected.host.as_str()) {
        return page(StatusCode::BAD_REQUEST, NOT_OURS);
    }
    let callback = Callback::from_query(uri.query().unwrap_or_default());
    if !same(&callback.state, &expected.state) {
        return page(StatusCode::BAD_REQUEST, NOT_OURS);
    }
    // The channel holds one: a second callback finds it full or closed.
    match expected.back.try_send(callback) {
        Ok(()) => page(StatusCode::OK, WELCOME_BACK),
        Err(_) => page(StatusCode::BAD_REQUEST, NOT_OURS),
    }
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
