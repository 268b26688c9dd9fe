//! One exchange with TikTok: two connection pools, and what a broken exchange means.
//!
//! As in the TikTok client, the HTTP layer repeats nothing and follows nothing, and calls that must not happen twice go
//! through a pool that keeps no connection: a request written to a connection that the other side has just closed is
//! the one case where it is unknown whether it arrived. Only what broke before the request could be written is
//! certainly not taken ([`FailureCode::TikTokUnreachable`]); all else is [`FailureCode::Unconfirmed`].

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use bytes::{Bytes, BytesMut};
use tiktok::AccessToken;
use url::{Host, Url};
use wire::FailureCode;

use super::request::bad_request;
use crate::refusal::Refusal;

/// The longest wait that a server may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3_600);
/// TikTok's id of a call, for support.
const LOG_ID: HeaderName = HeaderName::from_static("x-tt-logid");
/// The headers of TikTok's that go back to the desktop.
const PASSED_BACK: [HeaderName; 4] = [header::CONTENT_TYPE, header::DATE, header::RETRY_AFTER, LOG_ID];

/// A call to TikTok, all but the token.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) query: Option<String>,
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) content_length: Option<u64>,
    /// Over a connection of its own.
    pub(crate) once: bool,
    pub(crate) timeout: Duration,
    /// The longest answer that is read.
    pub(crate) max_answer: usize,
}

/// TikTok's answer, whole. `Debug` leaves the body out.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// Those that go back to the desktop.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) retry_after: Option<Duration>,
    /// When TikTok was asked, by TikTok's clock and no later; none if its answer has no date.
    pub(crate) asked_at_ms: Option<i64>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

/// The connections to TikTok.
#[derive(Debug)]
pub(crate) struct Upstream {
    base: Url,
    pooled: reqwest::Client,
    fresh: reqwest::Client,
    /// The date of TikTok's newest answer, and when it came.
    told: Mutex<Option<(i64, Instant)>>,
}

impl Upstream {
    /// # Errors
    /// [`reqwest::Error`] when the system's TLS cannot be set up.
    pub(crate) fn new(base: &Url, connect_timeout: Duration) -> Result<Self, reqwest::Error> {
        let builder = || {
            let builder = reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .connect_timeout(connect_timeout)
                .user_agent(concat!("deskbell-relay/", env!("CARGO_PKG_VERSION")));
            // A proxy has no business between the relay and this computer.
            if is_loopback(base) { builder.no_proxy() } else { builder }
        };
        Ok(Self {
            base: base.clone(),
            pooled: builder().build()?,
            fresh: builder().pool_max_idle_per_host(0).http1_only().build()?,
            told: Mutex::default(),
        })
    }

    /// Now by TikTok's clock, as a header; none before its first answer.
    pub(crate) fn date(&self) -> Option<HeaderValue> {
        let (date_ms, at) = (*self.told.lock().unwrap_or_else(PoisonError::into_inner))?;
        let now = UNIX_EPOCH + Duration::from_millis(u64::try_from(date_ms).ok()?) + at.elapsed();
        HeaderValue::from_str(&httpdate::fmt_http_date(now)).ok()
    }

    /// Calls TikTok once, and reads the whole answer.
    pub(crate) async fn exchange(
        &self,
        outgoing: &Outgoing,
        body: reqwest::Body,
        token: &AccessToken,
    ) -> Result<Answer, Refusal> {
        let mut value =
            HeaderValue::from_str(token.expose()).map_err(|_| bad_request("the account's token fits no header"))?;
        value.set_sensitive(true);
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path().trim_end_matches('/'), outgoing.path));
        url.set_query(outgoing.query.as_deref());
        let client = if outgoing.once { &self.fresh } else { &self.pooled };
        let mut request =
            client.request(outgoing.method.clone(), url).header("access-token", value).timeout(outgoing.timeout);
        if let Some(content_type) = &outgoing.content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        if let Some(length) = outgoing.content_length {
            request = request.header(header::CONTENT_LENGTH, length);
        }
        if outgoing.method != Method::GET {
            request = request.body(body);
        }
        let began = Instant::now();
        let response = request.send().await.map_err(|error| broken(&error))?;
        if let Some(date_ms) = text_of(response.headers(), &header::DATE).and_then(date_ms) {
            *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some((date_ms, Instant::now()));
        }
        whole(response, outgoing.max_answer, began, token).await
    }
}

async fn whole(
    mut response: reqwest::Response,
    max_answer: usize,
    began: Instant,
    token: &AccessToken,
) -> Result<Answer, Refusal> {
    let took_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    let status = response.status();
    let retry_after = text_of(response.headers(), &header::RETRY_AFTER)
        .and_then(|text| text.trim().parse().ok())
        .map(|seconds| Duration::from_secs(seconds).min(MAX_RETRY_AFTER));
    // TikTok wrote its date after it was asked, and cuts it to the second.
    let asked_at_ms = text_of(response.headers(), &header::DATE)
        .and_then(date_ms)
        .map(|date_ms| date_ms.saturating_sub(took_ms.saturating_add(1)));
    let mut headers = HeaderMap::new();
    for name in PASSED_BACK {
        if let Some(value) = response.headers().get(&name) {
            headers.insert(name, value.clone());
        }
    }
    let mut bytes = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > max_answer => {
                return Err(Refusal::new(FailureCode::Unconfirmed, "TikTok's answer is longer than the relay reads"));
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => {
                tracing::warn!(reason = innermost(&error), "TikTok's answer broke off");
                return Err(Refusal::new(FailureCode::Unconfirmed, "TikTok's answer broke off"));
            }
        }
    }
    let body = without_token(bytes.freeze(), token);
    Ok(Answer { status, headers, body, retry_after, asked_at_ms })
}

/// An answer that quotes the account's token goes back without it: a device never sees one.
fn without_token(body: Bytes, token: &AccessToken) -> Bytes {
    let token = token.expose().as_bytes();
    // A shorter one would be found inside ordinary words; TikTok's have dozens of characters.
    if token.len() < 6 || !body.windows(token.len()).any(|window| window == token) {
        return body;
    }
    tracing::warn!("an answer of TikTok's quotes the access token; it was taken out");
    let mut rest = &*body;
    let mut kept = BytesMut::with_capacity(body.len());
    while let Some(at) = rest.windows(token.len()).position(|window| window == token) {
        let (before, after) = rest.split_at(at);
        kept.extend_from_slice(before);
        kept.extend_from_slice(b"[redacted]");
        rest = after.get(token.len()..).unwrap_or_default();
    }
    kept.extend_from_slice(rest);
    kept.freeze()
}

fn text_of<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A date of this century, ms since the epoch.
fn date_ms(text: &str) -> Option<i64> {
    let since = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().filter(|ms| *ms > 946_684_800_000)
}

/// What a broken exchange means.
fn broken(error: &reqwest::Error) -> Refusal {
    tracing::warn!(reason = innermost(error), is_connect = error.is_connect(), "a call to TikTok broke");
    if error.is_builder() {
        bad_request("the call cannot be put together")
    } else if error.is_connect() {
        Refusal::new(FailureCode::TikTokUnreachable, "TikTok cannot be reached from the relay")
    } else if error.is_timeout() {
        Refusal::new(FailureCode::Unconfirmed, "TikTok did not answer in time")
    } else {
        Refusal::new(FailureCode::Unconfirmed, "the connection to TikTok broke")
    }
}

/// The cause at the bottom ("Connection refused"): unlike those above it, it carries no address.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| "the request failed".to_owned(), ToString::to_string)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_out_of_an_answer_and_nothing_else() {
        let token = AccessToken::new("act.canary");
        for (body, expected) in [
            ("", ""),
            (r#"{"code":0}"#, r#"{"code":0}"#),
            (r#"{"m":"act.canary is old, act.canary"}"#, r#"{"m":"[redacted] is old, [redacted]"}"#),
        ] {
            assert_eq!(without_token(Bytes::from(body), &token), expected);
        }
    }

    #[test]
    fn a_date_is_read_if_it_can_be_one() {
        assert_eq!(date_ms("Wed, 06 Nov 2024 08:49:37 GMT"), Some(1_730_882_977_000));
        assert_eq!(date_ms("Thu, 01 Jan 1970 00:00:00 GMT"), None);
        assert_eq!(date_ms("yesterday"), None);
    }
}
