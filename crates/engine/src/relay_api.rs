//! The relay's own API, as a desktop calls it: pairing, what became of a send, the lease, claims, and the stream's
//! connection.

use std::error::Error as _;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;
use wire::api::{
    App, AppCredentials, ChangeDevice, Claim, Device, Hello, History, Lease, LeaseRequest, LinkBegun, Me, PairRequest,
    Paired, PairingCode, PairingCodeRequest, Role, SendOutcome, SetWebhook, WebhookConfig, WebhookTest,
};
use wire::{EventId, Failure, FailureCode, paths};

/// For name, connection and secure handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// For a whole call, except the stream.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// The longest answer that is read.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// How many bytes of an error's text are kept.
const MAX_DETAIL: usize = 300;

/// Why the relay did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RelayError {
    /// It cannot be reached. Holds the system's words.
    #[error("the relay cannot be reached: {0}")]
    Unreachable(String),
    /// Its certificate is not trusted, has expired, or is of another name. Holds the words of the TLS library.
    #[error("the relay's certificate is not accepted: {0}")]
    Certificate(String),
    /// The connection broke, or no answer came in time.
    #[error("the relay did not answer: {0}")]
    NoAnswer(String),
    /// What answers there is no relay, or one of another version. Says what was odd.
    #[error("what answers there is no relay of this version: {0}")]
    NotARelay(String),
    /// It answered that it cannot, and why.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl RelayError {
    /// The relay's code, if it answered with one.
    #[must_use]
    pub fn code(&self) -> Option<FailureCode> {
        match self {
            Self::Failed(failure) => Some(failure.code),
            Self::Unreachable(_) | Self::Certificate(_) | Self::NoAnswer(_) | Self::NotARelay(_) => None,
        }
    }
}

/// A relay at an address, with this computer's token. Clones share connections.
#[derive(Debug, Clone)]
pub(crate) struct RelayApi {
    url: Url,
    token: Option<SecretString>,
    http: Result<reqwest::Client, String>,
}

impl RelayApi {
    /// The relay at this address; its path counts for nothing.
    pub(crate) fn new(url: Url, token: &str) -> Self {
        Self { token: Some(SecretString::from(token)), ..Self::unpaired(url) }
    }

    /// The same without a token: for pairing.
    pub(crate) fn unpaired(url: Url) -> Self {
        // An error means that a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("Deskbell/", env!("CARGO_PKG_VERSION")));
        if url.host_str().is_some_and(|host| matches!(host, "127.0.0.1" | "localhost" | "[::1]")) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| error.to_string());
        Self { url, token: None, http }
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, RelayError> {
        let http = self.http.as_ref().map_err(|error| RelayError::Unreachable(error.clone()))?;
        let mut url = self.url.clone();
        url.set_path(path);
        url.set_query(None);
        let request = http.request(method, url);
        Ok(match &self.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        })
    }

    async fn call<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, RelayError> {
        let response = request.timeout(CALL_TIMEOUT).send().await.map_err(|error| broken(&error))?;
        read(response).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, RelayError> {
        self.call(self.request(Method::POST, path)?.json(body)).await
    }

    /// What the relay is.
    pub(crate) async fn hello(&self) -> Result<Hello, RelayError> {
        let hello: Hello = self.call(self.request(Method::GET, paths::HELLO)?).await?;
        if hello.program != "deskbell-relay" {
            return Err(RelayError::NotARelay("it does not call itself one".to_owned()));
        }
        if !hello.protocols.contains(&1) {
            return Err(RelayError::NotARelay(format!("version {} does not speak protocol 1", hello.version)));
        }
        Ok(hello)
    }

    /// A token for this computer, for a pairing code.
    pub(crate) async fn pair(&self, request: &PairRequest) -> Result<Paired, RelayError> {
        self.post(paths::PAIR, request).await
    }

    /// This computer as the relay knows it, and its accounts.
    pub(crate) async fn me(&self) -> Result<Me, RelayError> {
        self.call(self.request(Method::GET, paths::ME)?).await
    }

    /// What became of a send. One that the relay has not received by now it will not make any more.
    pub(crate) async fn withdraw_send(&self, key: &str) -> Result<SendOutcome, RelayError> {
        self.call(self.request(Method::DELETE, &format!("{}/{key}", paths::SENDS))?).await
    }

    /// Events before a sequence, newest first.
    pub(crate) async fn history(&self, before: u64, limit: u32) -> Result<History, RelayError> {
        let query = [("before", before.to_string()), ("limit", limit.to_string())];
        self.call(self.request(Method::GET, paths::HISTORY)?.query(&query)).await
    }

    /// Revokes a device. Any device may revoke itself.
    pub(crate) async fn revoke(&self, device: &str) -> Result<(), RelayError> {
        let path = format!("{}/{device}", paths::DEVICES);
        self.call::<serde_json::Value>(self.request(Method::DELETE, &path)?).await.map(|_| ())
    }

    /// All devices.
    pub(crate) async fn devices(&self) -> Result<Vec<Device>, RelayError> {
        self.call(self.request(Method::GET, paths::DEVICES)?).await
    }

    /// Renames a device.
    pub(crate) async fn rename(&self, device: &str, name: &str) -> Result<(), RelayError> {
        let change = ChangeDevice { name: Some(name.to_owned()), role: None };
        let request = self.request(Method::PATCH, &format!("{}/{device}", paths::DEVICES))?.json(&change);
        self.call::<serde_json::Value>(request).await.map(|_| ())
    }

    /// A new pairing code.
    pub(crate) async fn make_code(&self, role: Role) -> Result<PairingCode, RelayError> {
        self.post(paths::PAIRING_CODES, &PairingCodeRequest { role }).await
    }

    /// The apps, without their secrets.
    pub(crate) async fn apps(&self) -> Result<Vec<App>, RelayError> {
        self.call(self.request(Method::GET, paths::APPS)?).await
    }

    /// Sets an app's credentials.
    pub(crate) async fn set_app(&self, credentials: &AppCredentials) -> Result<(), RelayError> {
        let request = self.request(Method::PUT, paths::APPS)?.json(credentials);
        self.call::<serde_json::Value>(request).await.map(|_| ())
    }

    /// Begins to link a TikTok account: the address to open in the browser.
    pub(crate) async fn begin_link(&self) -> Result<LinkBegun, RelayError> {
        self.call(self.request(Method::POST, paths::ACCOUNTS)?).await
    }

    /// Where TikTok sends the app's webhooks.
    pub(crate) async fn webhook(&self) -> Result<WebhookConfig, RelayError> {
        self.call(self.request(Method::GET, paths::WEBHOOK)?).await
    }

    /// Has TikTok send the app's webhooks to the relay.
    pub(crate) async fn set_webhook(&self, confirm: bool) -> Result<WebhookConfig, RelayError> {
        self.call(self.request(Method::PUT, paths::WEBHOOK)?.json(&SetWebhook { confirm })).await
    }

    /// Has TikTok send the app's webhooks nowhere.
    pub(crate) async fn clear_webhook(&self) -> Result<WebhookConfig, RelayError> {
        self.call(self.request(Method::DELETE, paths::WEBHOOK)?).await
    }

    /// Sends a webhook through the relay's public address to itself.
    pub(crate) async fn test_webhook(&self) -> Result<WebhookTest, RelayError> {
        self.call(self.request(Method::POST, &format!("{}/test", paths::WEBHOOK))?).await
    }

    /// Asks to be the one desktop that sweeps an account's lists, or gives that back.
    pub(crate) async fn lease(&self, account: &str, release: bool) -> Result<Lease, RelayError> {
        self.post(paths::LEASE, &LeaseRequest { account: account.to_owned(), release }).await
    }

    /// Says up to when an account is complete in the log.
    pub(crate) async fn claim(&self, account: &str, from_ms: i64, to_ms: i64) -> Result<(), RelayError> {
        let claim = Claim { account: account.to_owned(), from_ms, to_ms };
        self.post::<serde_json::Value>(paths::CLAIMS, &claim).await.map(|_| ())
    }

    /// A file from TikTok's hosts that wants the account's token; the answer's body is the file.
    pub(crate) async fn open_media(&self, account: &str, url: &str) -> Result<Response, RelayError> {
        let request = self.request(Method::GET, paths::MEDIA)?.query(&[("account", account), ("url", url)]);
        let response = tokio::time::timeout(CALL_TIMEOUT, request.send())
            .await
            .map_err(|_| RelayError::NoAnswer("no answer in time".to_owned()))?
            .map_err(|error| broken(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        read::<serde_json::Value>(response).await?;
        Err(RelayError::NotARelay("it answered with something else than a file".to_owned()))
    }

    /// Opens the stream behind an event.
    pub(crate) async fn stream(&self, after: &EventId) -> Result<Response, RelayError> {
        let request = self
            .request(Method::GET, paths::STREAM)?
            .header("accept", "text/event-stream")
            .header("last-event-id", after.to_string());
        // It has no end: only its beginning is waited for.
        let response = tokio::time::timeout(CALL_TIMEOUT, request.send())
            .await
            .map_err(|_| RelayError::NoAnswer("no answer in time".to_owned()))?
            .map_err(|error| broken(&error))?;
        let is_stream = response
            .headers()
            .get("content-type")
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("text/event-stream"));
        if response.status().is_success() && is_stream {
            return Ok(response);
        }
        read::<serde_json::Value>(response).await?;
        Err(RelayError::NotARelay("it answered with something else than a stream".to_owned()))
    }
}

async fn read<T: DeserializeOwned>(mut response: Response) -> Result<T, RelayError> {
    let status = response.status();
    let is_failure = response.headers().contains_key(wire::headers::FAILURE);
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
        if bytes.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(RelayError::NotARelay("its answer is too long".to_owned()));
        }
        bytes.extend_from_slice(&chunk);
    }
    if is_failure && let Ok(failure) = serde_json::from_slice::<Failure>(&bytes) {
        return Err(RelayError::Failed(failure));
    }
    if !status.is_success() {
        return Err(RelayError::NotARelay(format!("HTTP {status}")));
    }
    let bytes = if bytes.is_empty() { b"null".to_vec() } else { bytes };
    serde_json::from_slice(&bytes).map_err(|_| RelayError::NotARelay("its answer is not understood".to_owned()))
}

/// Why an exchange did not come to its end. The innermost cause says the most and carries no address.
fn broken(error: &reqwest::Error) -> RelayError {
    let mut cause = error.source();
    let mut is_certificate = false;
    while let Some(inner) = cause {
        is_certificate |= inner.downcast_ref::<rustls::Error>().is_some_and(|error| {
            matches!(error, rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
        }) || inner.to_string().contains("invalid peer certificate");
        let Some(deeper) = inner.source() else { break };
        cause = Some(deeper);
    }
    let mut words = cause.map_or_else(|| "the request failed".to_owned(), ToString::to_string);
    words.truncate(words.floor_char_boundary(MAX_DETAIL));
    if is_certificate {
        RelayError::Certificate(words)
    } else if error.is_connect() || error.is_builder() {
        RelayError::Unreachable(words)
    } else {
        RelayError::NoAnswer(if error.is_timeout() { "no answer in time".to_owned() } else { words })
    }
}
