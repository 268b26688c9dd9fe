//! Bringing webhooks to the registered address over HTTP. One after the other over one connection: what goes well goes
//! in order, though a client must not rely on it.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, Uri, header},
};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Pushes, delivery::Delivery};

/// How long an answer is waited for (real time).
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to sleep at most while something waits: the clock may have been moved meanwhile.
const MAX_SLEEP: Duration = Duration::from_millis(200);

/// Brings everything, for as long as the sandbox runs.
pub(crate) async fn deliver(pushes: Arc<Pushes>) {
    let mut connection = Connection::default();
    loop {
        let now = pushes.site.now();
        pushes.release_overdue();
        let Some((address, queued)) = pushes.next() else {
            let pause = pushes.next_due().map(|due| Duration::from_millis((due - now).max(1).unsigned_abs()));
            tokio::select! {
                () = pushes.woken() => {}
                () = tokio::time::sleep(pause.unwrap_or(Duration::MAX).min(MAX_SLEEP)), if pause.is_some() => {}
            }
            continue;
        };
        let log_id = pushes.site.request_id();
        let posted = tokio::time::timeout(ANSWER_TIMEOUT, connection.post(&address, &queued.delivery, &log_id)).await;
        if posted != Ok(true) {
            // Whatever is still to come on this connection answers nothing of ours.
            connection.hang_up();
        }
        pushes.settle(queued, posted == Ok(true));
    }
}

/// A connection that is kept while it is good.
#[derive(Default)]
struct Connection {
    open: Option<(String, SendRequest<Body>)>,
}

impl Connection {
    fn hang_up(&mut self) {
        self.open = None;
    }

    /// Whether it was answered with 200.
    async fn post(&mut self, address: &Uri, delivery: &Delivery, log_id: &str) -> bool {
        // A connection that was kept may have been closed meanwhile; a new one is tried once.
        let kept = self.open.is_some();
        match self.try_post(address, delivery, log_id).await {
            None if kept => {
                self.hang_up();
                self.try_post(address, delivery, log_id).await == Some(StatusCode::OK)
            }
            answer => answer == Some(StatusCode::OK),
        }
    }

    async fn try_post(&mut self, address: &Uri, delivery: &Delivery, log_id: &str) -> Option<StatusCode> {
        let authority = address.authority()?.as_str().to_owned();
        let path = address.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::HOST, &authority)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_LENGTH, delivery.body.len())
            .header("tiktok-signature", &delivery.signature)
            .header("webhook-schema-version", "1.0")
            .header("x-tt-logid", log_id)
            .body(Body::from(delivery.body.clone()))
            .ok()?;
        let sender = self.reach(address, authority).await?;
        sender.ready().await.ok()?;
        let answer = sender.send_request(request).await.ok()?;
        let status = answer.status();
        // Read to its end, or the connection could not be used again.
        to_bytes(Body::new(answer.into_body()), 64 << 10).await.ok()?;
        Some(status)
    }

    async fn reach(&mut self, address: &Uri, authority: String) -> Option<&mut SendRequest<Body>> {
        let same = self.open.as_ref().is_some_and(|(known, sender)| *known == authority && !sender.is_closed());
        if !same {
            self.hang_up();
            let stream = TcpStream::connect((address.host()?, address.port_u16().unwrap_or(80))).await.ok()?;
            let (sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
            // Ends by itself when the sender is dropped or the other side hangs up.
            tokio::spawn(connection);
            self.open = Some((authority, sender));
        }
        self.open.as_mut().map(|(_, sender)| sender)
    }
}
