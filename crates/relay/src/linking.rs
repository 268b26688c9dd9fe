//! Linking a TikTok account in an admin's browser, and unlinking it.
//!
//! An admin's desktop, or the command line, gets an address of TikTok's consent page with a `state` of 256 bits in it. The
//! browser comes back to [`paths::AUTHORIZED`] with that state and a code. A state is known by its hash, lives ten
//! minutes, works once, and only while the device that began is still an admin's. Once it is used, what follows runs in a
//! task of its own: a browser that goes away does not lose the tokens that TikTok is about to give.

mod authorize;
mod page;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use tiktok::business::oauth;
use tiktok::login_kit::{Callback, CallbackError};
use wire::api::{LinkBegun, Role};
use wire::{FailureCode, paths};

use crate::access::Admin;
use crate::accounts;
use crate::apps;
use crate::audit;
use crate::clock::now_ms;
use crate::context::{Context, TEAM};
use crate::credential::{TOKEN_LENGTH, new_token, token_hash};
use crate::database::{DatabaseError, Row, Value};
use crate::refusal::Refusal;

use page::Outcome;

/// How long a state can be used. TikTok's code lives as long.
const STATE_LIFETIME_MS: i64 = 10 * 60_000;
/// How long a state is kept, to tell a used one from an unknown one.
const STATE_KEPT_MS: i64 = 24 * 3_600_000;

/// Somebody who came back from TikTok with a state of ours.
struct Begun {
    /// The device's name, or the command line.
    actor: String,
    /// The address that TikTok was told to come back to.
    redirect_uri: String,
}

/// The routes of this part.
pub fn router(context: Context) -> Router {
    Router::new()
        .route(paths::ACCOUNTS, post(begin_asked))
        .route(&format!("{}/{{id}}", paths::ACCOUNTS), delete(unlink_asked))
        .route(paths::AUTHORIZED, get(come_back))
        // TikTok's portal wants a slash at the end of an address.
        .route(&format!("{}/", paths::AUTHORIZED), get(come_back))
        .with_state(context)
}

/// Begins to link an account: the address to open in a browser. `device` is empty for the command line.
///
/// # Errors
/// [`FailureCode::BadRequest`] if the app's credentials are not set, or its redirect address does not lead here.
pub async fn begin(context: &Context, device: &str) -> Result<LinkBegun, Refusal> {
    let bad = |detail: String| Refusal::new(FailureCode::BadRequest, detail);
    let app = apps::business(context).await?;
    let app = app.ok_or_else(|| bad("the Business app's id and secret are not set at the relay".to_owned()))?;
    if let Some(own) = apps::own_redirect_uri(context)
        && app.redirect_uri.trim_end_matches('/') != own.trim_end_matches('/')
    {
        let detail = format!("the app's redirect address does not lead to this relay: register {own} and set it here");
        return Err(bad(detail));
    }
    let scopes = apps::scopes(context).await?;
    let state = new_token();
    let authorize_url = oauth::authorize(context.client.endpoints(), &app, &scopes, &state).to_string();
    let (hash, device) = (token_hash(&state), device.to_owned());
    let began_at_ms = now_ms();
    let expires_at_ms = began_at_ms.saturating_add(STATE_LIFETIME_MS);
    context
        .database
        .write::<_, Refusal, _>(move |tx| {
            Box::pin(async move {
                let old = [Value::Int(began_at_ms.saturating_sub(STATE_KEPT_MS))];
                tx.execute("DELETE FROM linking WHERE expires_at_ms < $1", &old).await?;
                tx.execute(
                    "INSERT INTO linking (state_hash, team, device, redirect_uri, began_at_ms, expires_at_ms)
                     VALUES ($1, $2, $3, $4, $5, $6)",
                    &[
                        Value::Bytes(&hash),
                        Value::Int(TEAM),
                        Value::Text(&device),
                        Value::Text(&app.redirect_uri),
                        Value::Int(began_at_ms),
                        Value::Int(expires_at_ms),
                    ],
                )
                .await?;
                Ok(())
            })
        })
        .await?;
    Ok(LinkBegun { authorize_url, expires_at_ms })
}

/// Unlinks an account: TikTok gets its token back, and the relay forgets it.
///
/// # Errors
/// [`FailureCode::NotFound`], [`FailureCode::Unavailable`]
pub async fn unlink(context: &Context, actor: &str, account: &str) -> Result<(), Refusal> {
    let subject = handle(context, account).await?;
    accounts::unlink(context, account).await?;
    let actor = actor.to_owned();
    context
        .database
        .write::<_, Refusal, _>(move |tx| {
            Box::pin(async move { Ok(audit::record(tx, &actor, "account.unlinked", &subject).await?) })
        })
        .await
}

/// An account's handle, or its id where it has none.
async fn handle(context: &Context, account: &str) -> Result<String, Refusal> {
    let not_found = || Refusal::new(FailureCode::NotFound, "there is no such account");
    if account.contains('\0') {
        return Err(not_found());
    }
    let linked = accounts::list(context).await?.into_iter().find(|linked| linked.id == account);
    let handle = linked.ok_or_else(not_found)?.handle;
    Ok(if handle.is_empty() { account.to_owned() } else { handle })
}

/// Uses a state up.
async fn take_state(context: &Context, state: &str) -> Result<Result<Begun, Outcome>, Refusal> {
    if state.len() != TOKEN_LENGTH {
        return Ok(Err(Outcome::NotOurs));
    }
    let hash = token_hash(state);
    // Anybody may come with a state of their own making: those are told apart without a write.
    let sql = "SELECT used_at_ms FROM linking WHERE state_hash = $1";
    let known: Option<Row> = context
        .database
        .read::<_, DatabaseError, _>(move |tx| Box::pin(async move { tx.query_one(sql, &[Value::Bytes(&hash)]).await }))
        .await?;
    match known.map(|row| row.maybe_int("used_at_ms")).transpose()? {
        None => return Ok(Err(Outcome::NotOurs)),
        Some(Some(_)) => return Ok(Err(Outcome::UsedUp)),
        Some(None) => {}
    }
    context
        .database
        .write(move |tx| {
            Box::pin(async move {
                let now_ms = now_ms();
                let taken = tx
                    .query_one(
                        "UPDATE linking SET used_at_ms = $2 WHERE state_hash = $1 AND used_at_ms IS NULL
                         RETURNING device, redirect_uri, expires_at_ms",
                        &[Value::Bytes(&hash), Value::Int(now_ms)],
                    )
                    .await?;
                let Some(taken) = taken else { return Ok(Err(Outcome::UsedUp)) };
                if taken.int("expires_at_ms")? <= now_ms {
                    return Ok(Err(Outcome::TooLate));
                }
                let (device, redirect_uri) = (taken.text("device")?, taken.text("redirect_uri")?);
                if device.is_empty() {
                    return Ok(Ok(Begun { actor: audit::COMMAND_LINE.to_owned(), redirect_uri }));
                }
                let device = tx
                    .query_one(
                        "SELECT name FROM device WHERE id = $1 AND role = $2 AND revoked_at_ms IS NULL",
                        &[Value::Text(&device), Value::Text(Role::Admin.as_str())],
                    )
                    .await?;
                Ok(match device {
                    Some(device) => Ok(Begun { actor: device.text("name")?, redirect_uri }),
                    None => Err(Outcome::NotAllowed),
                })
            })
        })
        .await
}

async fn begin_asked(Admin(caller): Admin, State(context): State<Context>) -> Result<axum::Json<LinkBegun>, Refusal> {
    Ok(axum::Json(begin(&context, &caller.device).await?))
}

async fn unlink_asked(
    Admin(caller): Admin,
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    // A desktop that stops waiting must not leave it half done.
    let task = tokio::spawn(async move { unlink(&context, &caller.name, &id).await });
    task.await.map_err(|_| unavailable())??;
    Ok(StatusCode::NO_CONTENT)
}

fn unavailable() -> Refusal {
    Refusal::new(FailureCode::Unavailable, "the relay is closing")
}

async fn come_back(
    State(context): State<Context>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    // A route for GET is one for HEAD, too, and a state works once.
    if method != Method::GET {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")]).into_response();
    }
    let outcome = if is_prefetch(&headers) {
        Outcome::Prefetched
    } else {
        let callback = Callback::from_query(&query.unwrap_or_default());
        let task = tokio::spawn(async move { settle(&context, callback).await });
        task.await.unwrap_or(Outcome::Unavailable)
    };
    tracing::info!(outcome = outcome.as_str(), "a browser came back from TikTok");
    page::render(&outcome)
}

async fn settle(context: &Context, callback: Callback) -> Outcome {
    // Whoever comes without an answer of TikTok's does not use the state up.
    if matches!(callback.outcome, Err(CallbackError::Empty)) {
        return Outcome::NotOurs;
    }
    let begun = match take_state(context, &callback.state).await {
        Ok(Ok(begun)) => begun,
        Ok(Err(outcome)) => return outcome,
        Err(_) => return Outcome::Unavailable,
    };
    match callback.outcome {
        Ok(granted) => authorize::link(context, &begun.actor, begun.redirect_uri, &granted.code).await,
        Err(CallbackError::Cancelled) => Outcome::Cancelled,
        Err(CallbackError::Empty) => Outcome::NotOurs,
        Err(CallbackError::Refused { error, error_type, description }) => {
            Outcome::Refused { what: error_type.unwrap_or(error), words: description }
        }
    }
}

/// Whether a browser or a preview looks ahead. The person has not gone there, and may not.
fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-purpose", "x-moz"].into_iter().any(|name| {
        let purpose = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
        ["prefetch", "prerender", "preview"].iter().any(|ahead| purpose.contains(ahead))
    })
}
