//! A server that misbehaves on demand, and the calls that are tried on it.

use super::fixture;
use crate::{
    AccessToken, Client, Endpoints, Timeouts,
    business::message::{ListMessages, Outgoing, SendMessage},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// How the server treats the next connection.
pub(super) enum Deed {
    /// Answer with this status and body, and keep the connection.
    Answer(&'static str, String),
    /// Write these bytes and hang up.
    Raw(Vec<u8>),
    /// Read the request, say nothing, hang up.
    HangUp,
    /// Read the request and say nothing for good.
    Sulk,
    /// Write these bytes, then one more as often as told, for as long as anybody listens; never, without a pace.
    Trickle(Vec<u8>, Option<Duration>),
}

/// A server that does the deeds in order, one per request, and remembers what it was told.
pub(super) struct Server {
    pub(super) address: String,
    heard: Arc<Mutex<Vec<String>>>,
    pub(super) connections: Arc<Mutex<usize>>,
}

impl Server {
    pub(super) async fn start(deeds: Vec<Deed>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(Mutex::new(0));
        let (ears, count) = (Arc::clone(&heard), Arc::clone(&connections));
        tokio::spawn(async move {
            let mut deeds = deeds.into_iter().peekable();
            while deeds.peek().is_some() {
                let (mut stream, _) = listener.accept().await.unwrap();
                *count.lock().unwrap() += 1;
                while let Some(request) = request(&mut stream).await {
                    ears.lock().unwrap().push(request);
                    match deeds.next() {
                        Some(Deed::Answer(head, body)) => {
                            let text = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                            stream.write_all(text.as_bytes()).await.unwrap();
                        }
                        Some(Deed::Raw(bytes)) => {
                            let _ = stream.write_all(&bytes).await;
                            break;
                        }
                        Some(Deed::Trickle(bytes, pace)) => {
                            let _ = stream.write_all(&bytes).await;
                            let Some(pace) = pace else { return std::future::pending().await };
                            while stream.write_all(b"x").await.is_ok() {
                                tokio::time::sleep(pace).await;
                            }
                            break;
                        }
                        Some(Deed::Sulk) => std::future::pending::<()>().await,
                        Some(Deed::HangUp) | None => break,
                    }
                }
            }
        });
        Self { address, heard, connections }
    }

    pub(super) fn client(&self) -> Client {
        client_to(&self.address)
    }

    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        let mut more = [0; 4096];
        match stream.read(&mut more).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&more[..read]),
            _ => return None,
        }
    }
}

pub(super) fn client_to(address: &str) -> Client {
    client_waiting(address, Duration::from_millis(400))
}

/// With so long for a whole call.
pub(super) fn client_waiting(address: &str, total: Duration) -> Client {
    let endpoints = Endpoints::from_json(&format!(
        r#"{{"authorize":"http://{address}/authorize","login_kit":"http://{address}/","business":"http://{address}/open_api/v1.3/","media_hosts":["{address}"]}}"#
    ));
    let timeouts = Timeouts { connect: Duration::from_secs(2), total };
    Client::with_timeouts(endpoints.unwrap(), timeouts).unwrap()
}

pub(super) fn token() -> AccessToken {
    AccessToken::new("act.canary")
}

pub(super) fn hello() -> SendMessage {
    SendMessage {
        business_id: "_000EXAMPLEopenid".to_owned(),
        conversation_id: "7aB+c/d==".to_owned(),
        body: Outgoing::Text { body: "hello".to_owned(), referenced_message_id: None },
    }
}

pub(super) fn read() -> ListMessages {
    ListMessages { business_id: "_000EXAMPLEopenid".to_owned(), conversation_id: "7aB+c/d==".to_owned() }
}

pub(super) fn ok(name: &str) -> Deed {
    Deed::Answer("200 OK", fixture(name))
}
