//! The self-test: a webhook that the relay signs and sends to its own public address, and the search for it.
//!
//! It is an event that no account and no version knows, so the door puts it aside (`stray`), where it is found by its
//! random id.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use rustls::pki_types::ServerName;
use serde_json::json;
use tiktok::ClientSecret;
use tiktok::business::oauth::BusinessApp;
use tiktok::business::webhook::{callback, sign};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use url::Url;
use wire::api::{Platform, StepOutcome, WebhookStep, WebhookTest, WebhookTestStep};

use crate::apps;
use crate::clock::now_ms;
use crate::context::Context;
use crate::credential::new_id;
use crate::database::{DatabaseError, Value};

/// The account that the test's webhook names; none of TikTok's.
pub(super) const ACCOUNT: &str = "deskbell-selftest";
const EVENT: &str = "deskbell.selftest";
/// How long each step on the network may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the webhook is looked for.
const STORE_TIMEOUT: Duration = Duration::from_secs(10);
const STORE_POLL: Duration = Duration::from_millis(100);
/// How far the clocks of relay processes may be apart.
const MAX_CLOCK_DIFFERENCE_MS: i64 = 600_000;
const HAIRPIN: &str = "Some networks do not let a computer reach its own public address: try it from elsewhere, too.";

/// The steps so far.
#[derive(Default)]
struct Steps(Vec<WebhookTestStep>);

/// A step failed; the rest is skipped.
struct Stopped;

impl Steps {
    fn passed(&mut self, step: WebhookStep, detail: impl Into<String>) {
        self.0.push(WebhookTestStep { step, outcome: StepOutcome::Passed, detail: detail.into() });
    }

    fn skipped(&mut self, step: WebhookStep, detail: impl Into<String>) {
        self.0.push(WebhookTestStep { step, outcome: StepOutcome::Skipped, detail: detail.into() });
    }

    fn failed<T>(&mut self, step: WebhookStep, detail: impl Into<String>) -> Result<T, Stopped> {
        self.0.push(WebhookTestStep { step, outcome: StepOutcome::Failed, detail: detail.into() });
        Err(Stopped)
    }
}

/// Runs all steps.
pub(super) async fn run(context: &Context, own: Option<String>) -> WebhookTest {
    use WebhookStep as Step;
    let mut steps = Steps::default();
    let app = apps::business(context).await.ok().flatten();
    if travel(context, own.as_deref(), app.as_ref(), &mut steps).await.is_err() {
        let order = [Step::Resolves, Step::Connects, Step::Tls, Step::Reached, Step::Signature, Step::Stored];
        let untried: Vec<Step> =
            order.into_iter().filter(|step| !steps.0.iter().any(|tried| tried.step == *step)).collect();
        for step in untried {
            steps.skipped(step, "");
        }
    }
    // Whether TikTok would find it is another question, with another answer.
    let _ = registered(context, own.as_deref(), app.as_ref(), &mut steps).await;
    WebhookTest { steps: steps.0 }
}

async fn travel(
    context: &Context,
    own: Option<&str>,
    app: Option<&BusinessApp>,
    steps: &mut Steps,
) -> Result<(), Stopped> {
    use WebhookStep as Step;
    let Some(url) = own.and_then(|own| Url::parse(own).ok()) else {
        return steps.failed(Step::Configured, "The relay does not know its own public address: set `public_url`.");
    };
    let Some(app) = app else {
        return steps.failed(Step::Configured, "The Business app's id and secret are not set, or cannot be read.");
    };
    let secret = match apps::webhook_secrets(context, Platform::Business).await {
        Ok(secrets) => secrets.into_iter().next(),
        Err(_) => None,
    };
    let Some(secret) = secret else {
        return steps.failed(Step::Configured, "The app's secret cannot be read.");
    };
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return steps.failed(Step::Configured, "The relay's public address names no computer.");
    };
    steps.passed(Step::Configured, format!("The public address is on {host}."));
    let addresses = resolve(&url, host, port, steps).await?;
    let stream = connect(&addresses, port, steps).await?;
    secure(&url, host, stream, steps).await?;

    let id = new_id();
    let body = json!({
        "client_key": app.app_id,
        "event": EVENT,
        "create_time": now_ms() / 1_000,
        "user_openid": ACCOUNT,
        "content": json!({ "id": id }).to_string(),
    })
    .to_string();
    deliver(url, body, &secret, steps).await?;
    find(context, &id, steps).await
}

async fn resolve(url: &Url, host: &str, port: u16, steps: &mut Steps) -> Result<Vec<SocketAddr>, Stopped> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = timeout(STEP_TIMEOUT, tokio::net::lookup_host((bare, port))).await;
    let addresses: Vec<SocketAddr> = match found {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(error)) => {
            return steps.failed(WebhookStep::Resolves, format!("The name {host} leads nowhere: {error}."));
        }
        Err(_) => return steps.failed(WebhookStep::Resolves, format!("No answer in time about the name {host}.")),
    };
    let Some(first) = addresses.first() else {
        return steps.failed(WebhookStep::Resolves, format!("The name {host} leads nowhere."));
    };
    let what = if url.domain().is_some() { "The name leads to" } else { "The address is" };
    steps.passed(WebhookStep::Resolves, format!("{what} {}.", first.ip()));
    Ok(addresses)
}

async fn connect(addresses: &[SocketAddr], port: u16, steps: &mut Steps) -> Result<TcpStream, Stopped> {
    let why = match timeout(STEP_TIMEOUT, TcpStream::connect(addresses)).await {
        Ok(Ok(stream)) => {
            steps.passed(WebhookStep::Connects, format!("Port {port} takes connections."));
            return Ok(stream);
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer in time".to_owned(),
    };
    let detail = format!("No connection to port {port} ({why}). Is a firewall in between? {HAIRPIN}");
    steps.failed(WebhookStep::Connects, detail)
}

async fn secure(url: &Url, host: &str, stream: TcpStream, steps: &mut Steps) -> Result<(), Stopped> {
    if url.scheme() != "https" {
        steps.skipped(WebhookStep::Tls, "The public address is without TLS: TikTok takes https only.");
        return Ok(());
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let (Ok(config), Ok(name)) = (crate::tls::client_config(), ServerName::try_from(bare)) else {
        return steps.failed(WebhookStep::Tls, "TLS could not be set up on this computer.");
    };
    let why = match timeout(STEP_TIMEOUT, TlsConnector::from(Arc::new(config)).connect(name, stream)).await {
        Ok(Ok(_)) => {
            steps.passed(WebhookStep::Tls, "The certificate is good.");
            return Ok(());
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer in time".to_owned(),
    };
    steps.failed(
        WebhookStep::Tls,
        format!("The certificate is not one that TikTok would take ({why}). Is it expired, or for another name?"),
    )
}

/// Sends the webhook as TikTok would.
async fn deliver(url: Url, body: String, secret: &ClientSecret, steps: &mut Steps) -> Result<(), Stopped> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(STORE_TIMEOUT)
        .user_agent(concat!("Deskbell/", env!("CARGO_PKG_VERSION"), " selftest"))
        .build();
    let Ok(client) = client else {
        return steps.failed(WebhookStep::Reached, "The connection could not be set up on this computer.");
    };
    let request = client
        .post(url)
        .header("tiktok-signature", sign(body.as_bytes(), secret, now_ms() / 1_000))
        .header(reqwest::header::CONTENT_TYPE, "application/json")
        .body(body);
    let status = match request.send().await {
        Ok(response) => response.status(),
        Err(error) if error.is_timeout() => {
            return steps.failed(WebhookStep::Reached, "The connection stands, and no answer came in time.");
        }
        Err(_) => return steps.failed(WebhookStep::Reached, "The connection broke before an answer came."),
    };
    match status {
        StatusCode::OK => {
            steps.passed(WebhookStep::Reached, "The door answered with 200.");
            steps.passed(WebhookStep::Signature, "The door took the signature.");
            Ok(())
        }
        StatusCode::UNAUTHORIZED => {
            steps.passed(WebhookStep::Reached, "The door answered with 401.");
            steps.failed(
                WebhookStep::Signature,
                "The door does not take the signature. Does something in front change the body, or does another relay \
                 with another secret answer there?",
            )
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            steps.passed(WebhookStep::Reached, "The door, or something in front of it, answered with 503.");
            steps.passed(WebhookStep::Signature, "Nothing was said of the signature.");
            steps.failed(WebhookStep::Stored, "The webhook was not stored: does the database answer?")
        }
        status => steps.failed(
            WebhookStep::Reached,
            format!(
                "Something answered with {}, which the door does not. Does the proxy in front pass this path on as it \
                 is?",
                status.as_u16()
            ),
        ),
    }
}

/// Waits until the webhook is in the database, and takes it out again.
async fn find(context: &Context, id: &str, steps: &mut Steps) -> Result<(), Stopped> {
    let until = Instant::now() + STORE_TIMEOUT;
    loop {
        match is_stored(context, id).await {
            Ok(true) => break,
            Ok(false) if Instant::now() < until => tokio::time::sleep(STORE_POLL).await,
            Ok(false) => {
                return steps.failed(
                    WebhookStep::Stored,
                    "The door took it, and it is not in this relay's database. Does another relay with the same secret \
                     answer there?",
                );
            }
            Err(_) => return steps.failed(WebhookStep::Stored, "The database does not answer."),
        }
    }
    steps.passed(WebhookStep::Stored, "It is in the relay's database.");
    if let Err(error) = forget(context).await {
        tracing::debug!(%error, "a self-test's webhook was not removed; it goes by itself in three days");
    }
    Ok(())
}

async fn is_stored(context: &Context, id: &str) -> Result<bool, DatabaseError> {
    let id = id.to_owned();
    context
        .database
        .read(move |tx| {
            Box::pin(async move {
                let rows = tx
                    .query(
                        "SELECT body FROM stray WHERE account = $1 AND received_at_ms >= $2
                         ORDER BY received_at_ms DESC LIMIT 100",
                        &[Value::Text(ACCOUNT), Value::Int(now_ms().saturating_sub(MAX_CLOCK_DIFFERENCE_MS))],
                    )
                    .await?;
                for row in rows {
                    if row.bytes("body")?.windows(id.len()).any(|part| part == id.as_bytes()) {
                        return Ok(true);
                    }
                }
                Ok(false)
            })
        })
        .await
}

async fn forget(context: &Context) -> Result<(), DatabaseError> {
    context
        .database
        .write(|tx| {
            Box::pin(async move {
                tx.execute("DELETE FROM stray WHERE account = $1", &[Value::Text(ACCOUNT)]).await?;
                Ok(())
            })
        })
        .await
}

/// What TikTok itself says.
async fn registered(
    context: &Context,
    own: Option<&str>,
    app: Option<&BusinessApp>,
    steps: &mut Steps,
) -> Result<(), Stopped> {
    let step = WebhookStep::Registered;
    let Some(app) = app else {
        steps.skipped(step, "");
        return Ok(());
    };
    match callback(&context.client, app).await {
        Ok(Some(registered)) if Some(registered.as_str()) == own => {
            steps.passed(step, "TikTok sends the app's webhooks here.");
            Ok(())
        }
        Ok(Some(registered)) => {
            steps.failed(step, format!("TikTok sends the app's webhooks to {}.", host(&registered)))
        }
        Ok(None) => steps.failed(step, "TikTok sends the app's webhooks nowhere."),
        Err(error) => steps.failed(step, format!("TikTok did not say where it sends them: {error}.")),
    }
}

/// An address without its path and query, which may be as good as a key.
pub(super) fn host(address: &str) -> String {
    let host = Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "an address that cannot be read".to_owned())
}
