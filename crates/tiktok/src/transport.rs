//! One exchange over HTTP: two connection pools, and what a broken exchange means.
//!
//! The invariant: the HTTP layer never repeats anything on its own. Redirects and protocol retries are off, and calls
//! that must not happen twice ([`Safety::Once`]) go through a second connection pool that keeps no connection: a
//! request written to a connection the other side has just closed is the one case where it is unknown whether it
//! arrived, and a fresh connection does not have it.

mod clock;
mod form;

use crate::{
    endpoints::{Endpoints, is_loopback},
    error::{Error, Facts, UnknownWhy, UnreachableWhy},
};
use reqwest::{
    Method,
    header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER},
};
use std::{error::Error as _, sync::Arc, time::Duration};
use tracing::field::Empty;
use url::Url;

use clock::{ServerClock, local_ms};
pub use form::{FilePart, Form};

/// The longest answer that is read; TikTok's are far shorter.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// The slowest connection an upload must work on: half a megabit a second.
const MIN_UPLOAD_BYTES_PER_SECOND: u64 = 64 * 1024;
/// The longest wait that a server may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Whether a call may be made again when its outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Safety {
    /// Reads, settings and uploads: twice is as good as once.
    Repeatable,
    /// A message, a code, a refresh token: twice is not once.
    Once,
}

/// The client's limits on time. A call that exceeds one ends in an error that says whether TikTok may have carried it out.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For name, connection and secure handshake.
    pub connect: Duration,
    /// For the whole call, to the answer's last byte. A call with a file has longer: a second for each 64 KiB of it.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), total: Duration::from_secs(30) }
    }
}

/// A request that is ready to be sent.
pub(crate) struct OutgoingRequest {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) safety: Safety,
    /// The one header that authorises it: name and secret value.
    pub(crate) header: Option<(&'static str, String)>,
    /// Headers for a gateway.
    pub(crate) extra: Vec<(&'static str, String)>,
    pub(crate) body: Option<Body>,
}

/// The body of a request.
pub(crate) enum Body {
    /// Text of this kind.
    Text { kind: &'static str, bytes: Vec<u8> },
    /// Named parts and a file.
    Form(Form),
}

pub(crate) fn json(value: serde_json::Value) -> Body {
    Body::Text { kind: "application/json", bytes: value.to_string().into_bytes() }
}

/// An answer, whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) text: String,
    /// The code with which a gateway answered in TikTok's place.
    pub(crate) gateway_failure: Option<String>,
}

/// What all our connections share: nothing is repeated, nothing is followed.
pub(crate) fn builder(timeouts: Timeouts) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(timeouts.connect)
        .timeout(timeouts.total)
        .user_agent(concat!("Deskbell/", env!("CARGO_PKG_VERSION")))
}

fn towards(endpoints: &Endpoints, timeouts: Timeouts) -> reqwest::ClientBuilder {
    let builder = builder(timeouts);
    // A proxy has no business between us and this computer.
    if is_loopback(&endpoints.business) || is_loopback(&endpoints.login_kit) { builder.no_proxy() } else { builder }
}

fn pooled(endpoints: &Endpoints, timeouts: Timeouts) -> Result<reqwest::Client, Error> {
    towards(endpoints, timeouts).build().map_err(|error| broken(&error, Facts::default()))
}

/// A new connection for each call, HTTP/1.1: what was written to it was written to this call's peer only.
fn fresh(endpoints: &Endpoints, timeouts: Timeouts) -> Result<reqwest::Client, Error> {
    towards(endpoints, timeouts)
        .pool_max_idle_per_host(0)
        .http1_only()
        .build()
        .map_err(|error| broken(&error, Facts::default()))
}

/// One per call; the path without its query.
pub(crate) fn span(method: &Method, path: &'static str) -> tracing::Span {
    tracing::debug_span!("tiktok.call", %method, path, status = Empty, code = Empty, duration_ms = Empty)
}

/// Puts the outcome's code into the call's span and leaves one line in the log; the caller logs what it makes of it.
pub(crate) fn note<T>(outcome: Result<T, Error>) -> Result<T, Error> {
    match &outcome {
        Ok(_) => {
            tracing::Span::current().record("code", 0);
            tracing::debug!("TikTok carried out the call");
        }
        Err(error) => {
            if let Some(code) = error.code() {
                tracing::Span::current().record("code", code);
            }
            tracing::debug!("TikTok did not carry out the call, or did not say so");
        }
    }
    outcome
}

/// The connections to TikTok's API, and the view of its clock.
#[derive(Debug)]
pub(crate) struct Transport {
    pooled: reqwest::Client,
    fresh: reqwest::Client,
    timeouts: Timeouts,
    /// The header by which a gateway's own answers are known.
    failure_header: Option<&'static str>,
    /// Shared by the clients that lead to the same TikTok.
    pub(crate) clock: Arc<ServerClock>,
}

impl Transport {
    pub(crate) fn new(endpoints: &Endpoints, timeouts: Timeouts) -> Result<Self, Error> {
        Ok(Self {
            pooled: pooled(endpoints, timeouts)?,
            fresh: fresh(endpoints, timeouts)?,
            timeouts,
            failure_header: None,
            clock: Arc::default(),
        })
    }

    /// Connections to the same TikTok through a gateway.
    pub(crate) fn behind(&self, endpoints: &Endpoints, failure_header: &'static str) -> Result<Self, Error> {
        let clock = Arc::clone(&self.clock);
        Ok(Self { failure_header: Some(failure_header), clock, ..Self::new(endpoints, self.timeouts)? })
    }

    pub(crate) fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// Sends once and reads the whole answer.
    pub(crate) async fn exchange(&self, outgoing: OutgoingRequest, secrets: &[&str]) -> Result<Answer, Error> {
        let http = match outgoing.safety {
            Safety::Repeatable => &self.pooled,
            Safety::Once => &self.fresh,
        };
        let asked_ms = local_ms();
        let started = std::time::Instant::now();
        let mut request = http.request(outgoing.method, outgoing.url);
        if let Some((name, secret)) = outgoing.header {
            request = request.header(name, sensitive(&secret)?);
        }
        for (name, value) in &outgoing.extra {
            request = request.header(*name, value);
        }
        request = match outgoing.body {
            Some(Body::Text { kind, bytes }) => request.header(CONTENT_TYPE, kind).body(bytes),
            Some(Body::Form(form)) => {
                let patience = self.timeouts.total.saturating_add(upload_time(form.file.bytes.len()));
                request.multipart(form.encode()?).timeout(patience)
            }
            None => request,
        };
        let answer = match request.send().await {
            Ok(response) => {
                let failure = self.failure_header.and_then(|name| response.headers().get(name));
                let failure = failure.map(|code| code.to_str().unwrap_or_default().to_owned());
                // A gateway's own clock is not TikTok's.
                if let Some(date) = text_of(response.headers(), &DATE).filter(|_| failure.is_none()) {
                    self.clock.learn(date, asked_ms, local_ms());
                }
                whole(response, secrets).await.map(|answer| Answer { gateway_failure: failure, ..answer })
            }
            Err(error) => Err(broken(&error, Facts::default())),
        };
        let span = tracing::Span::current();
        span.record("duration_ms", u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
        if let Ok(answer) = &answer {
            span.record("status", answer.status);
        }
        answer
    }
}

/// How long a file may take on a slow line: a fixed time for the whole call would let a large one never arrive.
fn upload_time(bytes: usize) -> Duration {
    Duration::from_secs(u64::try_from(bytes).unwrap_or(u64::MAX) / MIN_UPLOAD_BYTES_PER_SECOND)
}

async fn whole(mut response: reqwest::Response, secrets: &[&str]) -> Result<Answer, Error> {
    let status = response.status().as_u16();
    let retry_after = text_of(response.headers(), &RETRY_AFTER)
        .and_then(|text| text.trim().parse().ok())
        .map(|seconds| Duration::from_secs(seconds).min(MAX_RETRY_AFTER));
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > MAX_ANSWER_BYTES => {
                return Err(Facts::default().unknown(UnknownWhy::TooLong));
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => {
                return Err(broken(&error, Facts::of(&String::from_utf8_lossy(&bytes), secrets)));
            }
        }
    }
    // What is not UTF-8 is not JSON either; the reader will say so.
    let text = String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    Ok(Answer { status, retry_after, text, gateway_failure: None })
}

fn text_of<'a>(headers: &'a HeaderMap, name: &reqwest::header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A header that will not be printed or put into HTTP/2's shared table.
pub(crate) fn sensitive(secret: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(secret).map_err(|_| Error::Unreachable {
        why: UnreachableWhy::NotBuilt,
        detail: "the token holds characters no header can carry".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// What a broken exchange means: only what broke before the request could be written is certainly not taken.
pub(crate) fn broken(error: &reqwest::Error, facts: Facts) -> Error {
    let unreachable = |why| Error::Unreachable { why, detail: innermost(error) };
    if error.is_builder() {
        unreachable(UnreachableWhy::NotBuilt)
    } else if error.is_connect() {
        unreachable(if error.is_timeout() { UnreachableWhy::ConnectTimeout } else { UnreachableWhy::Connect })
    } else {
        facts.unknown(if error.is_timeout() { UnknownWhy::TimedOut } else { UnknownWhy::HungUp })
    }
}

/// The cause at the bottom ("Connection refused"): it says the most and, unlike those above it, carries no address.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| "the request failed".to_owned(), ToString::to_string)
}
