//! The other end of a stream, as simple as can be.

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use reqwest::header::HeaderMap;
use reqwest::{Client, Response, StatusCode};
use wire::api::StreamStart;
use wire::{Event, EventId};

use crate::testing::PATIENCE;

/// One block of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Message {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) data: String,
    pub(super) comment: String,
}

/// A desktop that reads a stream.
pub(super) struct Desktop {
    headers: HeaderMap,
    body: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    read: Vec<u8>,
}

pub(super) async fn send(url: &str, token: &str, headers: &[(&'static str, &str)]) -> Response {
    // Nothing here calls over TLS, but the client wants to be able to.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut request = Client::builder().no_proxy().build().unwrap().get(url).bearer_auth(token);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    tokio::time::timeout(PATIENCE, request.send()).await.unwrap().unwrap()
}

pub(super) async fn request(url: &str, token: &str, cursor: Option<&EventId>) -> Response {
    let cursor = cursor.map(ToString::to_string);
    let headers: Vec<_> = cursor.iter().map(|cursor| ("last-event-id", cursor.as_str())).collect();
    send(&format!("{url}{}", wire::paths::STREAM), token, &headers).await
}

impl Desktop {
    pub(super) async fn open(url: &str, token: &str, cursor: Option<&EventId>) -> Self {
        Self::of(request(url, token, cursor).await)
    }

    pub(super) async fn get(url: &str, token: &str, headers: &[(&'static str, &str)]) -> Self {
        Self::of(send(url, token, headers).await)
    }

    fn of(response: Response) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        Self { headers: response.headers().clone(), body: response.bytes_stream().boxed(), read: Vec::new() }
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The next block; none when the stream has ended.
    pub(super) async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(end) = self.read.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.read.drain(..end + 2).collect();
                return Some(Message::read(std::str::from_utf8(&block).unwrap()));
            }
            let more = tokio::time::timeout(PATIENCE, self.body.next()).await;
            match more.expect("nothing comes") {
                Some(Ok(bytes)) => self.read.extend_from_slice(&bytes),
                Some(Err(_)) | None => return None,
            }
        }
    }

    pub(super) async fn hello(&mut self) -> StreamStart {
        let message = self.next().await.unwrap();
        assert_eq!((message.name.as_str(), message.id.as_str()), ("hello", ""), "{message:?}");
        serde_json::from_str(&message.data).unwrap()
    }

    pub(super) async fn event(&mut self) -> Event {
        let message = self.next().await.unwrap();
        assert_eq!(message.name, "", "{message:?}");
        let event: Event = serde_json::from_str(&message.data).unwrap();
        assert_eq!(message.id, event.id.to_string());
        event
    }

    pub(super) async fn sequences(&mut self, count: usize) -> Vec<u64> {
        let mut sequences = Vec::with_capacity(count);
        for _ in 0..count {
            sequences.push(self.event().await.id.sequence);
        }
        sequences
    }
}

impl Message {
    fn read(block: &str) -> Self {
        let mut message = Self::default();
        for line in block.trim_end_matches('\n').split('\n') {
            let (field, value) = line.split_once(':').unwrap();
            let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
            let place = match field {
                "event" => &mut message.name,
                "id" => &mut message.id,
                "data" => &mut message.data,
                "" => &mut message.comment,
                other => panic!("a stream has no `{other}`"),
            };
            assert!(place.is_empty(), "one line each: {block}");
            *place = value;
        }
        message
    }
}
