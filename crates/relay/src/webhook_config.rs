//! Where TikTok sends the app's webhooks: to be seen, set, removed and tried out.
//!
//! There is one address for the whole app. Setting it takes the webhooks away from whoever received them before, so
//! another address is replaced only when that was confirmed.

mod self_test;

use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use tiktok::business::oauth::BusinessApp;
use tiktok::business::webhook::{callback, clear_callback, set_callback};
use tiktok::{Error, Reason};
use wire::api::{SetWebhook, WebhookConfig, WebhookTest};
use wire::{FailureCode, paths};

use crate::access::{Admin, JsonBody};
use crate::apps;
use crate::audit;
use crate::context::{Context, TEAM};
use crate::database::{DatabaseError, Value};
use crate::refusal::Refusal;

use self_test::host;

const MAX_BODY_BYTES: usize = 1_024;
/// How many of the newest events are searched for one that TikTok pushed.
const MAX_EVENTS_SEARCHED: i64 = 10_000;

/// The routes of this part.
pub fn router(context: Context) -> Router {
    Router::new()
        .route(paths::WEBHOOK, get(show).put(set_asked).delete(clear_asked))
        .route(&format!("{}/test", paths::WEBHOOK), post(test_asked))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(context)
}

/// This relay's own address for the Business app's webhooks; none if its public address is not configured.
#[must_use]
pub fn own_address(context: &Context) -> Option<String> {
    let public_url = context.public_url.as_ref()?;
    Some(format!("{}{}", public_url.as_str().trim_end_matches('/'), paths::BUSINESS_WEBHOOK))
}

/// What is registered at TikTok, and what came of it.
///
/// # Errors
/// [`FailureCode::BadRequest`] if the app's credentials are not set or are wrong; what keeps TikTok from answering.
pub async fn read(context: &Context) -> Result<WebhookConfig, Refusal> {
    let app = app(context).await?;
    let registered = callback(&context.client, &app).await.map_err(|error| refusal(&error))?;
    config(context, registered).await
}

/// Has TikTok send the app's webhooks to this relay.
///
/// # Errors
/// [`FailureCode::BadRequest`] if another address is registered and `confirm` does not say that it may be replaced, or
/// this relay does not know its own; otherwise as [`read`].
pub async fn set(context: &Context, actor: &str, confirm: bool) -> Result<WebhookConfig, Refusal> {
    let own = own_address(context)
        .ok_or_else(|| Refusal::new(FailureCode::BadRequest, "the relay does not know its own public address"))?;
    let app = app(context).await?;
    let registered = callback(&context.client, &app).await.map_err(|error| refusal(&error))?;
    if let Some(other) = registered.filter(|registered| *registered != own && !confirm) {
        let detail = format!(
            "TikTok sends this app's webhooks to {} now, and would send them there no more: one address serves the whole \
             app. Confirm that it is to be replaced",
            host(&other)
        );
        return Err(Refusal::new(FailureCode::BadRequest, detail));
    }
    set_callback(&context.client, &app, &own).await.map_err(|error| refusal(&error))?;
    record(context, actor, "webhook.set", &host(&own)).await?;
    config(context, Some(own)).await
}

/// Has TikTok send the app's webhooks nowhere any more. Another relay's address is left.
///
/// # Errors
/// [`FailureCode::BadRequest`] if another address is registered; otherwise as [`read`].
pub async fn clear(context: &Context, actor: &str) -> Result<WebhookConfig, Refusal> {
    let app = app(context).await?;
    let registered = callback(&context.client, &app).await.map_err(|error| refusal(&error))?;
    match registered {
        None => return config(context, None).await,
        Some(registered) if Some(&registered) != own_address(context).as_ref() => {
            let detail = format!("TikTok sends this app's webhooks to {}, which is not this relay", host(&registered));
            return Err(Refusal::new(FailureCode::BadRequest, detail));
        }
        Some(_) => {}
    }
    clear_callback(&context.client, &app).await.map_err(|error| refusal(&error))?;
    record(context, actor, "webhook.removed", "").await?;
    config(context, None).await
}

/// Sends a webhook through the relay's public address to its own door, and says of each step how it went.
pub async fn test(context: &Context) -> WebhookTest {
    self_test::run(context, own_address(context)).await
}

async fn app(context: &Context) -> Result<BusinessApp, Refusal> {
    apps::business(context).await?.ok_or_else(|| {
        Refusal::new(FailureCode::BadRequest, "the Business app's id and secret are not set at the relay")
    })
}

async fn config(context: &Context, registered: Option<String>) -> Result<WebhookConfig, Refusal> {
    Ok(WebhookConfig {
        registered,
        own: own_address(context),
        last_received_at_ms: last_received_at_ms(context).await?,
    })
}

/// When TikTok last pushed something that was signed correctly, as far as the newest events tell.
async fn last_received_at_ms(context: &Context) -> Result<Option<i64>, DatabaseError> {
    context
        .database
        .read(|tx| {
            Box::pin(async move {
                let event = tx
                    .query_one(
                        "SELECT at_ms FROM event WHERE team = $1 AND kind IN ('webhook', 'hint')
                             AND seq > (SELECT head - $2 FROM team WHERE id = $1) ORDER BY seq DESC LIMIT 1",
                        &[Value::Int(TEAM), Value::Int(MAX_EVENTS_SEARCHED)],
                    )
                    .await?;
                let stray = tx
                    .query_one(
                        "SELECT max(received_at_ms) AS at_ms FROM stray WHERE account <> $1",
                        &[Value::Text(self_test::ACCOUNT)],
                    )
                    .await?;
                let at_ms = |row: Option<crate::database::Row>| {
                    row.map(|row| row.maybe_int("at_ms")).transpose().map(Option::flatten)
                };
                Ok(at_ms(event)?.max(at_ms(stray)?))
            })
        })
        .await
}

async fn record(context: &Context, actor: &str, action: &'static str, subject: &str) -> Result<(), DatabaseError> {
    tracing::info!(action, "where TikTok sends webhooks was changed");
    let (actor, subject) = (actor.to_owned(), subject.to_owned());
    context.database.write(move |tx| Box::pin(async move { audit::record(tx, &actor, action, &subject).await })).await
}

/// Why TikTok did not do it, in the relay's own words.
fn refusal(error: &Error) -> Refusal {
    tracing::warn!(%error, "TikTok did not tell or change where webhooks go");
    match error {
        Error::Unreachable { .. } => Refusal::new(FailureCode::TikTokUnreachable, "TikTok could not be reached"),
        Error::Later { after, .. } => {
            let wait_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
            Refusal::after(FailureCode::SlowDown, "TikTok asks to wait", wait_ms)
        }
        Error::Refused { reason: Reason::BadCredentials | Reason::AppBlocked, .. } => Refusal::new(
            FailureCode::BadRequest,
            "TikTok does not take the app's id or its secret: check them in TikTok's developer portal",
        ),
        Error::Refused { code, .. } | Error::Reauthorise { code, .. } | Error::Refresh { code, .. } => {
            Refusal::new(FailureCode::BadRequest, format!("TikTok refused it with code {code}"))
        }
        Error::Unknown { .. } | Error::Gateway { .. } => {
            Refusal::new(FailureCode::TikTokUnreachable, "TikTok did not answer as it should; look again")
        }
    }
}

async fn show(_: Admin, State(context): State<Context>) -> Result<Json<WebhookConfig>, Refusal> {
    Ok(Json(read(&context).await?))
}

async fn set_asked(
    Admin(caller): Admin,
    State(context): State<Context>,
    JsonBody(asked): JsonBody<SetWebhook>,
) -> Result<Json<WebhookConfig>, Refusal> {
    Ok(Json(set(&context, &caller.name, asked.confirm).await?))
}

async fn clear_asked(Admin(caller): Admin, State(context): State<Context>) -> Result<Json<WebhookConfig>, Refusal> {
    Ok(Json(clear(&context, &caller.name).await?))
}

async fn test_asked(_: Admin, State(context): State<Context>) -> Json<WebhookTest> {
    Json(test(&context).await)
}
