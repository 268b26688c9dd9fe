//! A small TikTok: it checks tokens, keeps a ledger of the messages it took, and fails on demand.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tiktok::Endpoints;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

type Answer = Response<BoxBody<Bytes, io::Error>>;

/// What a page of conversations holds: white space, an escape and a number that no reader may change.
pub(crate) const PAGE: &str = "{\"code\":0, \"message\":\"OK\",\n \"request_id\":\"20261201\",\"data\":{\"conversations\":[{\"conversation_id\":\"7aB+c\\/d==\",\"update_time\":12345678901234567890}],\"has_more\":false}}";

/// How the next send fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection is cut before the message was taken.
    HangUpBefore,
    /// The message is taken and the connection cut.
    HangUpAfter,
    /// The message is taken and the answer breaks off.
    HalfAnswer,
    /// The message is taken and the answer is this.
    TakenAs(u16, &'static str),
    /// The message is not taken, and the answer has this code.
    Refused(i64, &'static str),
    /// The message is taken, and the answer comes when [`FakeTikTok::go_on`] is called.
    Hold,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// All requests but those for tokens.
    pub(crate) requests: Vec<Recorded>,
    /// The messages that were taken.
    pub(crate) ledger: Vec<Value>,
    pub(crate) faults: VecDeque<Fault>,
    /// How the sends fail that come then, if they do.
    pub(crate) storm: VecDeque<Option<Fault>>,
    /// The time that answers tell, in place of this computer's.
    pub(crate) date: Option<&'static str>,
    /// The answer to anything that is no send.
    pub(crate) page: String,
    /// The token that is taken; none is after [`FakeTikTok::expire`].
    access: Option<String>,
    refresh: String,
    pub(crate) renewals: usize,
    /// How the next renewals fail.
    pub(crate) renewal_faults: VecDeque<Fault>,
    pub(crate) revoked: Vec<String>,
}

#[derive(Clone)]
pub(crate) struct FakeTikTok {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    held: Arc<Semaphore>,
}

impl FakeTikTok {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = State {
            access: Some("act.canary-0".to_owned()),
            refresh: "rft.canary-0".to_owned(),
            page: PAGE.to_owned(),
            ..State::default()
        };
        let fake = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::new(Mutex::new(state)),
            held: Arc::new(Semaphore::new(0)),
        };
        let serving = fake.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let fake = serving.clone();
                tokio::spawn(async move {
                    let service = service_fn(move |request| {
                        let fake = fake.clone();
                        async move {
                            let mut answer = fake.answer(request).await?;
                            if let Some(date) = fake.lock().date {
                                answer.headers_mut().insert(header::DATE, HeaderValue::from_static(date));
                            }
                            Ok::<_, io::Error>(answer)
                        }
                    });
                    // A connection that is cut on purpose ends with an error.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        fake
    }

    pub(crate) fn endpoints(&self) -> Endpoints {
        let base = format!("http://{}", self.address);
        let file = json!({
            "authorize": format!("{base}/authorize"),
            "login_kit": base,
            "business": format!("{base}/open_api/v1.3/"),
            "media_hosts": [self.address.to_string()],
        });
        Endpoints::from_json(&file.to_string()).unwrap()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The next sends fail so.
    pub(crate) fn fail(&self, faults: &[Fault]) {
        self.lock().faults.extend(faults.iter().cloned());
    }

    /// The token that was given does not do any more.
    pub(crate) fn expire(&self) {
        self.lock().access = None;
    }

    /// Lets one held send go on.
    pub(crate) fn go_on(&self) {
        self.held.add_permits(1);
    }

    pub(crate) fn ledger(&self) -> Vec<Value> {
        self.lock().ledger.clone()
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Answer, io::Error> {
        let (head, body) = request.into_parts();
        // A body that breaks off is no request.
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let path = head.uri.path().to_owned();
        if let Some(path) = path.strip_prefix("/open_api/v1.3/tt_user/oauth2/") {
            return self.renew(path, &body);
        }
        let recorded = Recorded {
            method: head.method,
            path: path.clone(),
            query: head.uri.query().map(str::to_owned),
            headers: head.headers,
            body,
        };
        self.lock().requests.push(recorded.clone());
        if let Some(size) = path.strip_prefix("/media/") {
            return self.media(size, &recorded);
        }
        let token = recorded.headers.get("access-token").and_then(|value| value.to_str().ok());
        if self.lock().access.as_deref() != token {
            return text(
                200,
                r#"{"code":40105,"message":"Access token is incorrect or has been revoked.","request_id":"r1"}"#,
            );
        }
        if path.ends_with("/message/send/") {
            return self.send(&recorded).await;
        }
        let page = self.lock().page.clone();
        text(200, &page)
    }

    async fn send(&self, request: &Recorded) -> Result<Answer, io::Error> {
        let message: Value = serde_json::from_slice(&request.body).unwrap();
        if message["message_type"] == "SENDER_ACTION" {
            return text(200, r#"{"code":0,"message":"OK","data":{"message":{"message_id":""}}}"#);
        }
        let fault = {
            let mut state = self.lock();
            state.faults.pop_front().or_else(|| state.storm.pop_front().flatten())
        };
        let take = || {
            let mut state = self.lock();
            state.ledger.push(message.clone());
            format!(
                r#"{{"code":0,"message":"OK", "data":{{"message":{{"message_id":"mid-{}"}}}}}}"#,
                state.ledger.len()
            )
        };
        match fault {
            None => text(200, &take()),
            Some(Fault::HangUpBefore) => Err(io::Error::other("hung up")),
            Some(Fault::HangUpAfter) => {
                take();
                Err(io::Error::other("hung up"))
            }
            Some(Fault::HalfAnswer) => {
                let answer = take();
                let chunks = [Ok(Frame::data(Bytes::from(answer))), Err(io::Error::other("broken off"))];
                Ok(Response::new(BodyExt::boxed(StreamBody::new(stream::iter(chunks)))))
            }
            Some(Fault::TakenAs(status, answer)) => {
                take();
                text(status, answer)
            }
            Some(Fault::Refused(code, message)) => {
                text(200, &json!({ "code": code, "message": message, "request_id": "r2", "data": {} }).to_string())
            }
            Some(Fault::Hold) => {
                let answer = take();
                self.held.acquire().await.unwrap().forget();
                text(200, &answer)
            }
        }
    }

    fn renew(&self, path: &str, body: &[u8]) -> Result<Answer, io::Error> {
        let asked: Value = serde_json::from_slice(body).unwrap();
        let mut state = self.lock();
        if path == "revoke/" {
            state.revoked.push(asked["access_token"].as_str().unwrap().to_owned());
            return text(200, r#"{"code":0,"message":"OK","data":{}}"#);
        }
        assert_eq!((path, asked["client_secret"].as_str()), ("refresh_token/", Some("app-secret-canary")));
        match state.renewal_faults.pop_front() {
            Some(Fault::HangUpBefore) => return Err(io::Error::other("hung up")),
            Some(Fault::Refused(code, message)) => {
                return text(200, &json!({ "code": code, "message": message }).to_string());
            }
            _ => {}
        }
        if asked["refresh_token"] != state.refresh {
            return text(200, r#"{"code":40107,"message":"Refresh token is incorrect."}"#);
        }
        state.renewals += 1;
        let number = state.renewals;
        state.access = Some(format!("act.canary-{number}"));
        state.refresh = format!("rft.canary-{number}");
        let data = json!({
            "access_token": state.access, "refresh_token": state.refresh, "expires_in": 86_400,
            "refresh_token_expires_in": 31_536_000, "open_id": "_000shop", "scope": "message.list.read",
        });
        text(200, &json!({ "code": 0, "message": "OK", "data": data }).to_string())
    }

    /// A file of so many bytes; `broken-…` ends half way, `gone` is not there.
    fn media(&self, size: &str, request: &Recorded) -> Result<Answer, io::Error> {
        let token = request.headers.get("x-user").and_then(|value| value.to_str().ok());
        if size == "gone" || token != self.lock().access.as_deref() {
            return text(403, "");
        }
        let (size, is_broken) = size.strip_prefix("broken-").map_or((size, false), |size| (size, true));
        let size: usize = size.parse().unwrap();
        const CHUNK: usize = 64 << 10;
        let count = if is_broken { size / CHUNK / 2 } else { size.div_ceil(CHUNK) };
        let chunks = stream::iter(0..count).map(move |index| {
            let length = CHUNK.min(size - index * CHUNK);
            Ok::<_, Infallible>(Frame::data(Bytes::from(vec![b'x'; length])))
        });
        let chunks = chunks.map(|chunk| chunk.map_err(|never| match never {}));
        let broken = is_broken.then(|| Err(io::Error::other("broken off")));
        let mut answer = Response::new(BodyExt::boxed(StreamBody::new(chunks.chain(stream::iter(broken)))));
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("video/mp4"));
        answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(size));
        Ok(answer)
    }
}

fn text(status: u16, body: &str) -> Result<Answer, io::Error> {
    let body = Full::new(Bytes::from(body.to_owned())).map_err(|never| match never {});
    Ok(Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .header("x-tt-logid", "log-7")
        .header("set-cookie", "session=1")
        .header(header::LOCATION, "https://elsewhere.example/")
        .body(BodyExt::boxed(body))
        .unwrap())
}
