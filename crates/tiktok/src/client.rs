//! One call, made once, and what came of it.
//!
//! The invariant: the HTTP layer never repeats anything on its own. Redirects and protocol retries are off, and calls
//! that must not happen twice ([`Safety::Once`]) go through a second connection pool that keeps no connection: a
//! request written to a connection the other side has just closed is the one case where nobody can say whether it
//! arrived, and a fresh connection does not have it.

mod clock;
mod form;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod transport;

use crate::{
    endpoints::{self, Endpoints},
    error::{self, Error, UnknownWhy},
    media_fetch::Guard,
    secret::AccessToken,
};
use clock::ServerClock;
pub use form::{FilePart, Form};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, value::RawValue};
use std::{sync::Arc, time::Duration};
use tracing::Instrument;
pub(crate) use transport::Outgoing;
use transport::{Answer, Body};

/// One thing the Business API can be asked: how to ask it, and what it answers.
pub trait Endpoint: Send + Sync {
    /// GET or POST; TikTok has nothing else.
    const METHOD: Method;
    /// From behind the version, with both slashes: `/business/message/send/`.
    const PATH: &'static str;
    /// Whether making the call twice does the thing twice.
    const SAFETY: Safety;
    /// What `data` holds on success.
    type Reply: DeserializeOwned + Send;

    /// Parameters behind the `?`; the client encodes them (`+` in a conversation id becomes `%2B`).
    fn query(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The JSON body, where there is one.
    fn body(&self) -> Option<Value> {
        None
    }

    /// Named parts and a file in place of a JSON body. Asked for once per call, so a repeated call builds it anew.
    fn form(&self) -> Option<Form> {
        None
    }

    /// The path of what must be in a reply for it to prove success, if it is not there.
    fn missing(&self, _reply: &Self::Reply) -> Option<&'static str> {
        None
    }
}

/// Whether a call may be made again when its outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Safety {
    /// Reads, settings and uploads: twice is as good as once.
    Repeatable,
    /// A message, a code, a refresh token: twice is not once.
    Once,
}

/// How long the client waits.
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

/// The way to TikTok. Cheap to clone; clones share connections and the view of TikTok's clock.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    endpoints: Endpoints,
    pooled: reqwest::Client,
    fresh: reqwest::Client,
    timeouts: Timeouts,
    media: reqwest::Client,
    guard: Guard,
    clock: ServerClock,
}

impl Client {
    /// A client for these addresses, with the usual timeouts (connect 5 s, total 30 s).
    ///
    /// # Errors
    /// [`Error::Unreachable`] when the system's TLS cannot be set up.
    pub fn new(endpoints: Endpoints) -> Result<Self, Error> {
        Self::with_timeouts(endpoints, Timeouts::default())
    }

    /// The same with other timeouts.
    ///
    /// # Errors
    /// [`Error::Unreachable`] when the system's TLS cannot be set up.
    pub fn with_timeouts(endpoints: Endpoints, timeouts: Timeouts) -> Result<Self, Error> {
        // Whoever came first in this process is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guard = Guard::new(&endpoints);
        let shared = Shared {
            pooled: transport::pooled(&endpoints, timeouts)?,
            fresh: transport::fresh(&endpoints, timeouts)?,
            media: crate::media_fetch::http(&guard, timeouts)?,
            guard,
            timeouts,
            clock: ServerClock::default(),
            endpoints,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The addresses this client was made for.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.shared.endpoints
    }

    /// TikTok's clock minus this computer's, in ms: the median of the last five answers' `Date`; 0 before the first.
    /// Good to about a second, which is what `Date` is good to.
    #[must_use]
    pub fn server_offset_ms(&self) -> i64 {
        self.shared.clock.offset_ms()
    }

    /// The latest it can be by TikTok's clock: what its newest answer said, and the time since by a timer. None before the
    /// first answer.
    #[must_use]
    pub fn at_most_ms(&self) -> Option<i64> {
        self.shared.clock.at_most_ms()
    }

    /// Forgets how far the clocks are apart, because this computer's was set; the next answer tells anew.
    pub fn forget_clock(&self) {
        self.shared.clock.forget();
    }

    pub(crate) fn media_guard(&self) -> &Guard {
        &self.shared.guard
    }

    pub(crate) fn media_http(&self) -> &reqwest::Client {
        &self.shared.media
    }

    /// Makes one Business API call, once.
    ///
    /// # Errors
    /// Every variant of [`Error`]; for a [`Safety::Once`] endpoint only [`Error::Unknown`] leaves open whether it happened.
    pub async fn call<E: Endpoint>(&self, token: &AccessToken, endpoint: E) -> Result<E::Reply, Error> {
        self.ask(Some(token), &[], &endpoint).await
    }

    /// The same for calls whose credentials are in the body; `secrets` are taken out of whatever is kept of the answer.
    pub(crate) async fn ask<E: Endpoint>(
        &self,
        token: Option<&AccessToken>,
        secrets: &[&str],
        endpoint: &E,
    ) -> Result<E::Reply, Error> {
        let mut url = endpoints::join(&self.shared.endpoints.business, E::PATH);
        let query = endpoint.query();
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let outgoing = Outgoing {
            method: E::METHOD,
            url,
            safety: E::SAFETY,
            header: token.map(|token| ("access-token", token.expose().to_owned())),
            body: endpoint.form().map(Body::Form).or_else(|| endpoint.body().map(transport::json)),
        };
        let secrets: Vec<&str> = secrets.iter().copied().chain(token.map(AccessToken::expose)).collect();
        let span = transport::span(&E::METHOD, E::PATH);
        async {
            let answer = self.exchange(outgoing, &secrets).await;
            transport::note(answer.and_then(|answer| settle(endpoint, &answer, &secrets)))
        }
        .instrument(span)
        .await
    }
}

/// What an answer means for the call it answers: pure, so that a table can test it.
fn settle<E: Endpoint>(endpoint: &E, answer: &Answer, secrets: &[&str]) -> Result<E::Reply, Error> {
    let envelope = error::business(answer.status, answer.retry_after, &answer.text, secrets)?;
    match read::<E::Reply>(&envelope.data, "data") {
        Err(why) => Err(envelope.facts.unknown(why)),
        Ok(reply) => match endpoint.missing(&reply) {
            Some(path) => Err(envelope.facts.unknown(UnknownWhy::NoRequiredData { path })),
            None => Ok(reply),
        },
    }
}

/// Reads a typed reply; a failure tells where, and never quotes what was there.
pub(crate) fn read<T: DeserializeOwned>(raw: &RawValue, under: &str) -> Result<T, UnknownWhy> {
    let mut json = serde_json::Deserializer::from_str(raw.get());
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let inner = error.path().to_string();
        let path = match (under, inner.as_str()) {
            (under, ".") => under.to_owned(),
            ("", inner) => inner.to_owned(),
            (under, inner) => format!("{under}.{inner}"),
        };
        UnknownWhy::Garbled { path }
    })
}
