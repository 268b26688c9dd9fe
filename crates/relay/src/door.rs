//! The door: where TikTok's webhooks come in.
//!
//! A webhook is answered with 200 when its event is committed, and TikTok repeats it for up to 72 hours until then: its
//! queue is the one in front of ours. A webhook that TikTok did not sign is dropped. One that it signed long ago is not
//! believed, since it may be a replay, but looked into: it becomes a hint, after which desktops ask TikTok.
//!
//! **The same event.** TikTok gives a delivery no id, and may sign a repetition anew; the body stays. So an event's key
//! is a hash of the body's bytes. Different events differ in their bytes, by their ids and times; where two are alike to
//! the last byte, what they tell is alike, and to apply it twice would change nothing. Two exceptions: a hint says "look
//! now", so a second one in another minute counts again; and a removed authorisation is compared with the time at
//! which the account was last linked, so that a late repetition does not undo the new link.
//!
//! An event that only a newer relay can read, or that concerns an account of another relay, is answered with 200 all the
//! same (anything else would be repeated for three days) and kept for a while in `stray`.

mod answer;
mod body;
mod delivery;
mod ids;
mod outcome;
mod secrets;
mod stray;
mod timing;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::routing::post;
use sha2::{Digest as _, Sha256};
use tiktok::business::webhook::{SignatureError, Verified};
use wire::api::Platform;
use wire::paths;

use crate::clock::now_ms;
use crate::context::Context;
use crate::listening::Listening;

use delivery::STORE_TIMEOUT;

pub use outcome::Outcome;
pub use timing::SignatureTimes;

const SIGNATURE: HeaderName = HeaderName::from_static("tiktok-signature");

/// The door of one relay process. Clones share it.
#[derive(Debug, Clone)]
pub struct Door {
    parts: Arc<Parts>,
}

/// The limits of a door.
#[derive(Debug, Clone, Copy)]
pub struct DoorLimits {
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How many webhooks are kept that cannot be used now.
    pub max_strays: u32,
}

impl Default for DoorLimits {
    fn default() -> Self {
        Self { body_timeout: Duration::from_secs(10), max_strays: 5_000 }
    }
}

#[derive(Debug)]
struct Parts {
    context: Context,
    listening: Listening,
    limits: DoorLimits,
    secrets: secrets::Secrets,
    strays: stray::Strays,
    times: SignatureTimes,
}

/// The routes of both platforms.
pub fn router(door: Door) -> Router {
    Router::new()
        .route(paths::BUSINESS_WEBHOOK, post(receive_business))
        .route(paths::LOGIN_KIT_WEBHOOK, post(receive_login_kit))
        .with_state(door)
}

async fn receive_business(State(door): State<Door>, request: Request) -> StatusCode {
    door.answer(Platform::Business, request).await
}

async fn receive_login_kit(State(door): State<Door>, request: Request) -> StatusCode {
    door.answer(Platform::LoginKit, request).await
}

impl Door {
    /// A door over this context. What it does not take is noted in `listening`.
    #[must_use]
    pub fn new(context: Context, listening: Listening, limits: DoorLimits) -> Self {
        let parts = Parts {
            context,
            listening,
            limits,
            secrets: secrets::Secrets::default(),
            strays: stray::Strays::new(limits.max_strays),
            times: SignatureTimes::default(),
        };
        Self { parts: Arc::new(parts) }
    }

    /// The times of the signatures of the last hour.
    #[must_use]
    pub fn times(&self) -> &SignatureTimes {
        &self.parts.times
    }

    async fn answer(&self, platform: Platform, request: Request) -> StatusCode {
        let began = Instant::now();
        let (head, body) = request.into_parts();
        // Without a signature the body is not even read.
        let outcome = match signature(&head.headers) {
            Err(outcome) => outcome,
            Ok(_) => match body::read(&head.headers, body, self.parts.limits.body_timeout).await {
                Err(outcome) => outcome,
                Ok(body) => self.receive(platform, &head.headers, &body).await,
            },
        };
        if outcome.is_repeated() {
            self.parts.listening.record_miss();
        }
        self.parts.context.metrics.record_webhook(platform.as_str(), outcome.as_str(), began.elapsed());
        if outcome == Outcome::Unavailable {
            tracing::warn!(platform = platform.as_str(), "a webhook could not be stored; TikTok repeats it");
        } else if outcome == Outcome::WrongSignature && self.parts.times.is_time_to_warn() {
            let wrong = self.parts.times.count().wrong;
            tracing::warn!(platform = platform.as_str(), wrong, "webhooks with a wrong signature came in this hour");
        } else {
            tracing::debug!(platform = platform.as_str(), outcome = outcome.as_str(), "a webhook was answered");
        }
        outcome.status()
    }

    /// Takes one webhook: its headers and its body as they came.
    pub async fn receive(&self, platform: Platform, headers: &HeaderMap, body: &[u8]) -> Outcome {
        match tokio::time::timeout(STORE_TIMEOUT, self.check_and_store(platform, headers, body)).await {
            Ok(Ok(outcome) | Err(outcome)) => outcome,
            Err(_) => Outcome::Unavailable,
        }
    }

    async fn check_and_store(&self, platform: Platform, headers: &HeaderMap, body: &[u8]) -> Result<Outcome, Outcome> {
        let Parts { context, secrets, strays, times, listening: _, limits: _ } = &*self.parts;
        let verified = self.verify(secrets, platform, signature(headers)?, body).await?;
        times.record(verified.fresh);
        context.metrics.set_webhooks_out_of_time(times.count().ratio());
        let key = event_key(platform, body);
        delivery::store(context, strays, &delivery::Delivery { key: &key, body, fresh: verified.fresh }).await
    }

    async fn verify(
        &self,
        secrets: &secrets::Secrets,
        platform: Platform,
        header: &str,
        body: &[u8],
    ) -> Result<Verified, Outcome> {
        let now_s = now_ms().div_euclid(1_000);
        let mut tried = secrets.cached(&self.parts.context, platform).await?;
        loop {
            match tried.verify(header, body, now_s) {
                Ok(verified) => return Ok(verified),
                Err(SignatureError::Wrong) => {}
                Err(
                    SignatureError::Missing(_)
                    | SignatureError::Repeated(_)
                    | SignatureError::Time
                    | SignatureError::Signature,
                ) => return Err(Outcome::MalformedSignature),
            }
            // Perhaps the secret was replaced a moment ago.
            match secrets.newer_than(&tried, &self.parts.context, platform).await? {
                Some(newer) => tried = newer,
                None if tried.is_empty() => return Err(Outcome::NoSecret),
                None => {
                    self.parts.times.record_wrong();
                    return Err(Outcome::WrongSignature);
                }
            }
        }
    }
}

/// The one signature of a request.
fn signature(headers: &HeaderMap) -> Result<&str, Outcome> {
    let mut signatures = headers.get_all(SIGNATURE).iter();
    let signature = signatures.next().ok_or(Outcome::NotSigned)?;
    if signatures.next().is_some() {
        return Err(Outcome::SeveralSignatures);
    }
    signature.to_str().map_err(|_| Outcome::MalformedSignature)
}

/// The event's key, by which a repetition is told from another event.
fn event_key(platform: Platform, body: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut key = format!("webhook/{}/", platform.as_str());
    for byte in Sha256::digest(body) {
        // Writing into a string does not fail.
        let _ = write!(key, "{byte:02x}");
    }
    key
}
