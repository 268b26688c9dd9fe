//! The HTTP server: an accept loop that a slow, greedy or dead peer cannot hold up.
//!
//! A peer must send its request's headers within a few seconds, take what it is sent at some speed, and not open more
//! connections than a shop needs. A connection beyond that is cut. When the relay closes, it takes no new connections, ends
//! the streams (their desktops come back by their cursors) and lets calls that are under way end.

mod admission;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Request};
use axum::response::Response;
use futures_util::StreamExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::limits::{Network, is_in};
use crate::metrics::Metrics;
use crate::tls;
use crate::write_timeout::{WRITE_TIMEOUT, WriteTimeout};
use admission::Admission;

/// How long to wait when the system has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The read buffer of a connection, and so the longest headers: there may be thousands of connections.
const MAX_BUFFER_BYTES: usize = 32 << 10;
const EVENT_STREAM: &[u8] = b"text/event-stream";

/// The limits for a peer.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// How long a request's headers may take, and how long a connection may be idle.
    pub header_timeout: Duration,
    /// How long the beginning of TLS may take.
    pub handshake_timeout: Duration,
    /// How long a peer may take nothing of what it is sent.
    pub write_timeout: Duration,
    /// Connections in all.
    pub max_connections: usize,
    /// Connections of one address.
    pub max_connections_per_address: usize,
    /// How long calls may go on after the relay was told to close. A call to TikTok lasts 30 s at most.
    pub drain_timeout: Duration,
    /// Proxies: many people's connections come from their addresses.
    pub proxies: Vec<Network>,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(5),
            handshake_timeout: Duration::from_secs(10),
            write_timeout: WRITE_TIMEOUT,
            max_connections: 4_096,
            max_connections_per_address: 200,
            drain_timeout: Duration::from_secs(35),
            proxies: Vec::new(),
        }
    }
}

/// State that all connections share.
#[derive(Debug)]
struct Shared {
    router: Router,
    tls: Option<Arc<rustls::ServerConfig>>,
    limits: ServerLimits,
    metrics: Metrics,
    closing: watch::Receiver<bool>,
}

/// A server that is about to listen.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub listener: TcpListener,
    /// The routes.
    pub router: Router,
    /// TLS, unless a proxy in front has it.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// The limits for a peer.
    pub limits: ServerLimits,
    /// Counts connections.
    pub metrics: Metrics,
}

impl Server {
    /// Serves until `stop` is ready, and then until calls under way have ended.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listener, router, tls, limits, metrics } = self;
        let (close, closing) = watch::channel(false);
        let drain_timeout = limits.drain_timeout;
        let admission = Admission::new(limits.max_connections, limits.max_connections_per_address);
        let shared = Arc::new(Shared { router, tls, limits, metrics, closing });
        let mut connections = JoinSet::new();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(_) = connections.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        let is_proxy = is_in(&shared.limits.proxies, peer.ip());
                        match admission.admit(peer.ip(), is_proxy) {
                            Ok(seat) => {
                                let shared = Arc::clone(&shared);
                                connections.spawn(async move {
                                    let _seat = seat;
                                    connect(stream, peer, &shared).await;
                                });
                            }
                            Err(reason) => shared.metrics.record_refused_connection(reason),
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "could not accept a connection");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        // Every connection may have gone.
        let _ = close.send(true);
        let all_gone = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(drain_timeout, all_gone).await.is_err() {
            tracing::warn!("connections were cut: their calls took too long to end");
        }
    }
}

async fn connect(stream: TcpStream, peer: SocketAddr, shared: &Shared) {
    let _counted = shared.metrics.open_connection();
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "could not turn off the delay of a socket");
    }
    let stream = WriteTimeout::new(stream, shared.limits.write_timeout);
    let Some(config) = &shared.tls else { return talk(stream, peer, shared).await };
    let acceptor = TlsAcceptor::from(Arc::clone(config));
    match tokio::time::timeout(shared.limits.handshake_timeout, acceptor.accept(stream)).await {
        // The certificate authority's question was answered by the handshake.
        Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(tls::ACME_PROTOCOL) => {}
        Ok(Ok(stream)) => talk(stream, peer, shared).await,
        Ok(Err(error)) => {
            shared.metrics.record_refused_connection("tls");
            tracing::debug!(%error, "a peer did not begin TLS");
        }
        Err(_) => shared.metrics.record_refused_connection("tls_timeout"),
    }
}

async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: SocketAddr, shared: &Shared) {
    let router = TowerToHyperService::new(shared.router.clone());
    let (closing, metrics) = (shared.closing.clone(), shared.metrics.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let (answer, closing, metrics) = (router.call(request), closing.clone(), metrics.clone());
        async move { answer.await.map(|response| until_closing(response, closing, &metrics)) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(shared.limits.header_timeout)
        .max_buf_size(MAX_BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut closing = shared.closing.clone();
    let outcome = tokio::select! {
        outcome = &mut connection => outcome,
        () = closed(&mut closing) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection ended with an error");
    }
}

/// A stream of events has no end of its own: it ends when the relay closes. It is counted while it lives.
fn until_closing(response: Response, mut closing: watch::Receiver<bool>, metrics: &Metrics) -> Response {
    let is_stream = |kind: &HeaderValue| kind.as_bytes().starts_with(EVENT_STREAM);
    if !response.headers().get(CONTENT_TYPE).is_some_and(is_stream) {
        return response;
    }
    let counted = metrics.open_stream();
    response.map(|body| {
        let closed = Box::pin(async move {
            let _counted = counted;
            closed(&mut closing).await;
        });
        Body::from_stream(body.into_data_stream().take_until(closed))
    })
}

/// Waits until the relay closes.
async fn closed(closing: &mut watch::Receiver<bool>) {
    // An error means that the server is gone.
    let _ = closing.wait_for(|closing| *closing).await;
}
