//! The client: makes one call, once, and classifies its answer.

#[cfg(test)]
pub(crate) mod tests;

use crate::{
    Gateway,
    endpoint::Endpoint,
    endpoints::{self, Endpoints},
    error::{self, Error, UnknownWhy},
    media_fetch::{MediaBody, MediaError, MediaFetcher, VideoError, VideoTimeouts},
    secret::AccessToken,
    transport::{self, Answer, Body, OutgoingRequest, Timeouts, Transport},
};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::sync::Arc;
use tokio::io::AsyncWrite;
use tracing::Instrument;

/// A client for TikTok's APIs. Cheap to clone; clones share connections and the view of TikTok's clock.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    endpoints: Endpoints,
    transport: Transport,
    media: MediaFetcher,
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
        // An error means that a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let shared = Shared {
            transport: Transport::new(&endpoints, timeouts)?,
            media: MediaFetcher::new(&endpoints, timeouts)?,
            endpoints,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// A client that makes its Business calls through a gateway. It shares this client's view of TikTok's clock.
    ///
    /// # Errors
    /// [`Error::Unreachable`] when the system's TLS cannot be set up.
    pub fn behind(&self, gateway: &Gateway) -> Result<Self, Error> {
        let endpoints = Endpoints { business: gateway.base.clone(), ..self.shared.endpoints.clone() };
        let shared = Shared {
            transport: self.shared.transport.behind(&endpoints, gateway.failure_header)?,
            media: MediaFetcher::new(&self.shared.endpoints, self.shared.transport.timeouts())?,
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
        self.shared.transport.clock.offset_ms()
    }

    /// The latest it can be by TikTok's clock: what its newest answer said, and the time since by a timer. None before
    /// the first answer.
    #[must_use]
    pub fn at_most_ms(&self) -> Option<i64> {
        self.shared.transport.clock.at_most_ms()
    }

    /// Forgets how far the clocks are apart, because this computer's was set; the next answer tells anew.
    pub fn forget_clock(&self) {
        self.shared.transport.clock.forget();
    }

    /// Fetches an image: at most `cap_bytes` (and never more than 10 MiB), within 10 s.
    ///
    /// `token` is for [`crate::business::media::DownloadLink`] addresses only, which want it in the header `x-user`
    /// ("Media download"). It is sent to hosts on the list and to no other.
    ///
    /// The bytes are a stranger's: look at what they are before decoding them.
    ///
    /// # Errors
    /// [`MediaError`], by what can be done.
    pub async fn fetch_media(
        &self,
        url: &str,
        token: Option<&AccessToken>,
        cap_bytes: usize,
    ) -> Result<Bytes, MediaError> {
        self.shared.media.fetch(url, token, cap_bytes).await
    }

    /// Fetches a video into `into` as it comes and says how many bytes it has: at most `cap_bytes` (and never more than
    /// 200 MiB), within 10 minutes, and never 30 s without a byte.
    ///
    /// The same care is taken as with an image ([`Client::fetch_media`]), and `token` is for the same addresses. After
    /// an error `into` holds the beginning of a video, which is to be thrown away.
    ///
    /// # Errors
    /// [`VideoError`]; [`MediaError::Expired`] within it means that TikTok has to be asked for a new link.
    pub async fn fetch_video(
        &self,
        url: &str,
        token: Option<&AccessToken>,
        cap_bytes: usize,
        into: &mut (impl AsyncWrite + Unpin),
    ) -> Result<u64, VideoError> {
        self.shared.media.fetch_video(url, token, cap_bytes, into, VideoTimeouts::default()).await
    }

    /// Opens an image or a video to be passed on as it comes: at most `cap_bytes` (and never more than 200 MiB), within 10
    /// minutes, and never 30 s without a byte. The same care is taken as with [`Client::fetch_media`].
    ///
    /// # Errors
    /// [`MediaError`]
    pub async fn open_media(
        &self,
        url: &str,
        token: Option<&AccessToken>,
        cap_bytes: usize,
    ) -> Result<MediaBody, MediaError> {
        self.shared.media.open_body(url, token, cap_bytes).await
    }

    #[cfg(test)]
    pub(crate) fn media(&self) -> &MediaFetcher {
        &self.shared.media
    }

    /// The connections, for calls that are no [`Endpoint`].
    pub(crate) fn transport(&self) -> &Transport {
        &self.shared.transport
    }

    /// Makes one Business API call, once.
    ///
    /// # Errors
    /// Every variant of [`Error`]; for a [`Safety::Once`](crate::Safety::Once) endpoint only [`Error::Unknown`] leaves open whether it
    /// happened.
    pub async fn call<E: Endpoint>(&self, token: &AccessToken, endpoint: E) -> Result<E::Reply, Error> {
        self.ask(Some(token), &[], &endpoint).await
    }

    /// The same with headers for the gateway that this client calls through; TikTok itself knows none of them.
    ///
    /// # Errors
    /// As [`Client::call`]; [`Error::Gateway`] when the gateway did not pass the call on, or lost its answer.
    pub async fn call_with_headers<E: Endpoint>(
        &self,
        token: &AccessToken,
        endpoint: E,
        headers: Vec<(&'static str, String)>,
    ) -> Result<E::Reply, Error> {
        self.exchange(Some(token), &[], &endpoint, headers).await
    }

    /// The same for calls whose credentials are in the body; `secrets` are taken out of whatever is kept of the answer.
    pub(crate) async fn ask<E: Endpoint>(
        &self,
        token: Option<&AccessToken>,
        secrets: &[&str],
        endpoint: &E,
    ) -> Result<E::Reply, Error> {
        self.exchange(token, secrets, endpoint, Vec::new()).await
    }

    async fn exchange<E: Endpoint>(
        &self,
        token: Option<&AccessToken>,
        secrets: &[&str],
        endpoint: &E,
        extra: Vec<(&'static str, String)>,
    ) -> Result<E::Reply, Error> {
        let mut url = endpoints::join(&self.shared.endpoints.business, E::PATH);
        let query = endpoint.query();
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let outgoing = OutgoingRequest {
            method: E::METHOD,
            url,
            safety: E::SAFETY,
            header: token.map(|token| ("access-token", token.expose().to_owned())),
            extra,
            body: endpoint.form().map(Body::Form).or_else(|| endpoint.body().map(transport::json)),
        };
        let secrets: Vec<&str> = secrets.iter().copied().chain(token.map(AccessToken::expose)).collect();
        let span = transport::span(&E::METHOD, E::PATH);
        async {
            let answer = self.shared.transport.exchange(outgoing, &secrets).await;
            transport::note(answer.and_then(|answer| settle(endpoint, &answer, &secrets)))
        }
        .instrument(span)
        .await
    }
}

/// Reads the answer of a call that another program made and kept, as if it had just come.
///
/// # Errors
/// As [`Client::call`].
pub fn read_answer<E: Endpoint>(endpoint: &E, status: u16, text: &str) -> Result<E::Reply, Error> {
    settle(endpoint, &Answer { status, retry_after: None, text: text.to_owned(), gateway_failure: None }, &[])
}

/// Reads the `data` of an answer that another program received and checked, as if it had just come.
///
/// # Errors
/// [`Error::Unknown`] if it is not what the endpoint answers.
pub fn read_data<E: Endpoint>(data: &str) -> Result<E::Reply, Error> {
    let facts = || error::Facts::of("", &[]);
    let raw: &RawValue =
        serde_json::from_str(data).map_err(|_| facts().unknown(UnknownWhy::Garbled { path: "data".to_owned() }))?;
    read(raw, "data").map_err(|why| facts().unknown(why))
}

/// Reads an endpoint's reply out of an answer: pure, so that a table can test it.
fn settle<E: Endpoint>(endpoint: &E, answer: &Answer, secrets: &[&str]) -> Result<E::Reply, Error> {
    if let Some(code) = &answer.gateway_failure {
        return Err(error::gateway(code, answer.retry_after, &answer.text, secrets));
    }
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
