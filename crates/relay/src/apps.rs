//! The shop's apps at TikTok: their ids, and their secrets, sealed.
//!
//! A new secret does not end the one before at once: TikTok repeats a webhook for up to 72 hours, signed with the secret
//! of its first try, as far as anybody knows. So the one before verifies for an hour longer than that.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use secrecy::zeroize::Zeroizing;
use tiktok::ClientSecret;
use tiktok::business::oauth::{self, BusinessApp, RedirectProblem};
use url::{Host, Url};
use wire::api::{App, AppCredentials, Platform};
use wire::{FailureCode, paths};

use crate::access::{Admin, JsonBody};
use crate::audit;
use crate::clock::now_ms;
use crate::context::{Context, TEAM};
use crate::database::{DatabaseError, Row, Tx, Value};
use crate::refusal::Refusal;

/// How long the secret before goes on verifying webhooks.
const PREVIOUS_SECRET_LIFETIME_MS: i64 = 73 * 3_600_000;
/// The longest id, secret or address.
const MAX_TEXT_BYTES: usize = 512;
const MAX_BODY_BYTES: usize = 8_192;

/// The routes of this part.
pub fn router(context: Context) -> Router {
    Router::new()
        .route(paths::APPS, get(show).put(set_asked))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(context)
}

/// The place of an app's secret for the seal.
pub(crate) fn secret_place(platform: &str) -> String {
    format!("app/{platform}/secret")
}

/// The place of the secret before.
pub(crate) fn previous_secret_place(platform: &str) -> String {
    format!("app/{platform}/previous_secret")
}

/// Where TikTok is to send the browser back to, by this relay's public address. With a slash at its end, as TikTok's
/// portal wants it.
#[must_use]
pub fn own_redirect_uri(context: &Context) -> Option<String> {
    let public_url = context.public_url.as_ref()?;
    Some(format!("{}{}/", public_url.as_str().trim_end_matches('/'), paths::AUTHORIZED))
}

/// The Business app; none if its credentials are not set.
///
/// # Errors
/// [`FailureCode::Unavailable`]
pub async fn business(context: &Context) -> Result<Option<BusinessApp>, Refusal> {
    let Some(row) = read(context, Platform::Business).await? else { return Ok(None) };
    let secret = context.seal.open(&secret_place(Platform::Business.as_str()), &row.bytes("secret")?)?;
    Ok(Some(BusinessApp {
        app_id: row.text("app_id")?,
        secret: ClientSecret::new(secret.as_str()),
        redirect_uri: row.text("redirect_uri")?,
    }))
}

/// The scopes to ask TikTok for when an account is linked.
///
/// # Errors
/// [`FailureCode::Unavailable`]
pub(crate) async fn scopes(context: &Context) -> Result<Vec<&'static str>, Refusal> {
    let row = read(context, Platform::Business).await?;
    let may_list_posts = row.map(|row| row.int("may_list_posts")).transpose()? == Some(1);
    Ok(oauth::dm_scopes_and(if may_list_posts { &[oauth::VIDEO_LIST_SCOPE] } else { &[] }))
}

/// The secrets that webhooks of this platform may be signed with: the current one first, then the one before while it
/// verifies. None if no app is set.
///
/// # Errors
/// [`FailureCode::Unavailable`]
pub async fn webhook_secrets(context: &Context, platform: Platform) -> Result<Vec<ClientSecret>, Refusal> {
    let Some(row) = read(context, platform).await? else { return Ok(Vec::new()) };
    let platform = platform.as_str();
    let current = context.seal.open(&secret_place(platform), &row.bytes("secret")?)?;
    let mut secrets = vec![ClientSecret::new(current.as_str())];
    let is_good = row.maybe_int("previous_until_ms")?.is_some_and(|until_ms| until_ms > now_ms());
    if let Some(previous) = row.maybe_bytes("previous_secret")?.filter(|_| is_good) {
        match context.seal.open(&previous_secret_place(platform), &previous) {
            Ok(previous) => secrets.push(ClientSecret::new(previous.as_str())),
            // The current one must go on working.
            Err(error) => tracing::error!(%error, platform, "an app's secret before the current one could not be read"),
        }
    }
    Ok(secrets)
}

/// All apps, without their secrets.
///
/// # Errors
/// [`DatabaseError`]
pub async fn list(context: &Context) -> Result<Vec<App>, DatabaseError> {
    context
        .database
        .read(|tx| {
            Box::pin(async move {
                let rows = tx
                    .query(
                        "SELECT platform, app_id, redirect_uri, secret_set_at_ms, previous_until_ms, may_list_posts
                         FROM app WHERE team = $1 ORDER BY platform",
                        &[Value::Int(TEAM)],
                    )
                    .await?;
                rows.iter().map(app).collect()
            })
        })
        .await
}

fn app(row: &Row) -> Result<App, DatabaseError> {
    let platform = row.text("platform")?;
    let platform = [Platform::Business, Platform::LoginKit].into_iter().find(|known| known.as_str() == platform);
    Ok(App {
        platform: platform.ok_or(DatabaseError::Column("platform"))?,
        app_id: row.text("app_id")?,
        redirect_uri: row.text("redirect_uri")?,
        secret_set_at_ms: row.int("secret_set_at_ms")?,
        previous_until_ms: row.maybe_int("previous_until_ms")?.filter(|until_ms| *until_ms > now_ms()),
        may_list_posts: row.int("may_list_posts")? == 1,
    })
}

async fn read(context: &Context, platform: Platform) -> Result<Option<Row>, DatabaseError> {
    context.database.read(move |tx| Box::pin(select(tx, platform))).await
}

async fn select(tx: &mut Tx, platform: Platform) -> Result<Option<Row>, DatabaseError> {
    tx.query_one(
        "SELECT app_id, redirect_uri, may_list_posts, secret, secret_set_at_ms, previous_secret, previous_until_ms
         FROM app WHERE team = $1 AND platform = $2",
        &[Value::Int(TEAM), Value::Text(platform.as_str())],
    )
    .await
}

/// Sets an app's credentials. With a new secret the one before goes on verifying webhooks for 73 hours; an empty secret
/// leaves it as it is, if the app is the same.
///
/// # Errors
/// [`FailureCode::BadRequest`] with a sentence that names the field and what is wrong.
pub async fn set(context: &Context, actor: &str, credentials: AppCredentials) -> Result<(), Refusal> {
    let platform = credentials.platform;
    let app_id = checked("the app id", &credentials.app_id)?;
    let secret = Zeroizing::new(credentials.secret.trim().to_owned());
    if !secret.is_empty() {
        checked("the secret", &secret)?;
    }
    let redirect_uri = redirect_uri(context, platform, &credentials.redirect_uri)?;
    let may_list_posts = i64::from(credentials.may_list_posts);
    let (seal, actor) = (context.seal.clone(), actor.to_owned());
    context
        .database
        .write(move |tx| {
            Box::pin(async move {
                // Takes the lock of the log, so that two admins change it one after the other.
                audit::record(tx, &actor, "app.set", &format!("{} {app_id}", platform.as_str())).await?;
                let known = select(tx, platform).await?;
                let places = (secret_place(platform.as_str()), previous_secret_place(platform.as_str()));
                let known_secret = match &known {
                    // One that cannot be read any more is no hindrance to a new one.
                    Some(row) => seal.open(&places.0, &row.bytes("secret")?).ok(),
                    None => None,
                };
                let known_id = known.as_ref().map(|row| row.text("app_id")).transpose()?;
                let is_new = !secret.is_empty() && known_secret.as_ref().is_none_or(|known| **known != *secret);
                if !is_new && (known_secret.is_none() || (secret.is_empty() && known_id.as_ref() != Some(&app_id))) {
                    return Err(Refusal::new(FailureCode::BadRequest, "the secret is missing"));
                }
                if is_new {
                    let sealed = seal.seal(&places.0, secret.as_bytes())?;
                    let previous = known_secret.map(|known| seal.seal(&places.1, known.as_bytes())).transpose()?;
                    write_secret(tx, platform, &sealed, previous.as_deref()).await?;
                    audit::record(tx, &actor, "app.secret_set", platform.as_str()).await?;
                }
                tx.execute(
                    "UPDATE app SET app_id = $3, redirect_uri = $4, may_list_posts = $5
                     WHERE team = $1 AND platform = $2",
                    &[
                        Value::Int(TEAM),
                        Value::Text(platform.as_str()),
                        Value::Text(&app_id),
                        Value::Text(&redirect_uri),
                        Value::Int(may_list_posts),
                    ],
                )
                .await?;
                Ok(())
            })
        })
        .await
}

/// Sets a new secret of an app that is known; everything else stays.
///
/// # Errors
/// [`FailureCode::BadRequest`], [`FailureCode::NotFound`]
pub async fn rotate_secret(context: &Context, actor: &str, platform: Platform, secret: &str) -> Result<(), Refusal> {
    let secret = checked("the secret", secret)?;
    let known = list(context).await?.into_iter().find(|app| app.platform == platform);
    let App { app_id, redirect_uri, may_list_posts, .. } =
        known.ok_or_else(|| Refusal::new(FailureCode::NotFound, "this app's id and secret are not set yet"))?;
    set(context, actor, AppCredentials { platform, app_id, secret, redirect_uri, may_list_posts }).await
}

async fn write_secret(
    tx: &mut Tx,
    platform: Platform,
    sealed: &[u8],
    previous: Option<&[u8]>,
) -> Result<(), DatabaseError> {
    let now_ms = now_ms();
    let until_ms = previous.map(|_| now_ms.saturating_add(PREVIOUS_SECRET_LIFETIME_MS));
    tx.execute(
        "INSERT INTO app (team, platform, app_id, redirect_uri, may_list_posts, secret, secret_set_at_ms,
             previous_secret, previous_until_ms) VALUES ($1, $2, '', '', 0, $3, $4, $5, $6)
         ON CONFLICT (team, platform) DO UPDATE SET secret = excluded.secret,
             secret_set_at_ms = excluded.secret_set_at_ms, previous_secret = excluded.previous_secret,
             previous_until_ms = excluded.previous_until_ms",
        &[
            Value::Int(TEAM),
            Value::Text(platform.as_str()),
            Value::Bytes(sealed),
            Value::Int(now_ms),
            Value::MaybeBytes(previous),
            Value::MaybeInt(until_ms),
        ],
    )
    .await?;
    Ok(())
}

/// Ends the secret before at once: it was found out.
///
/// # Errors
/// [`DatabaseError`]
pub async fn forget_previous_secret(context: &Context, actor: &str, platform: Platform) -> Result<(), DatabaseError> {
    let actor = actor.to_owned();
    context
        .database
        .write(move |tx| {
            Box::pin(async move {
                audit::record(tx, &actor, "app.previous_secret_forgotten", platform.as_str()).await?;
                tx.execute(
                    "UPDATE app SET previous_secret = NULL, previous_until_ms = NULL WHERE team = $1 AND platform = $2",
                    &[Value::Int(TEAM), Value::Text(platform.as_str())],
                )
                .await?;
                Ok(())
            })
        })
        .await
}

fn checked(field: &str, text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_TEXT_BYTES || text.chars().any(|c| !c.is_ascii_graphic()) {
        let detail = format!("{field} is 1 to 512 letters, digits and signs of ASCII, without spaces");
        return Err(Refusal::new(FailureCode::BadRequest, detail));
    }
    Ok(text.to_owned())
}

/// The redirect address as it is kept: the one that was given, byte for byte, or this relay's own.
fn redirect_uri(context: &Context, platform: Platform, given: &str) -> Result<String, Refusal> {
    let given = given.trim();
    if platform == Platform::LoginKit {
        return if given.is_empty() { Ok(String::new()) } else { checked("the redirect address", given) };
    }
    let uri = match (given.is_empty(), own_redirect_uri(context)) {
        (false, _) => checked("the redirect address", given)?,
        (true, Some(own)) => own,
        (true, None) => {
            let detail = "the redirect address is missing, and the relay does not know its own public address";
            return Err(Refusal::new(FailureCode::BadRequest, detail));
        }
    };
    // A TikTok on this computer is a test's: it takes an address here.
    if is_loopback(&context.client.endpoints().business) {
        return Ok(uri);
    }
    match oauth::check_redirect_uri(&uri).into_iter().find(|problem| !problem.is_warning()) {
        None => Ok(uri),
        Some(problem) => {
            let detail = format!("TikTok does not take this redirect address: {}", words(problem));
            Err(Refusal::new(FailureCode::BadRequest, detail))
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn words(problem: RedirectProblem) -> &'static str {
    match problem {
        RedirectProblem::NotAbsolute => "it is no whole web address",
        RedirectProblem::NotHttps => "it does not begin with https://",
        RedirectProblem::Loopback => "it leads to this computer",
        RedirectProblem::HasPort => "it names a port",
        RedirectProblem::HasQuery => "it has a question mark",
        RedirectProblem::HasFragment => "it has a number sign",
        RedirectProblem::TooShort => "it is shorter than 10 characters",
        RedirectProblem::TooLong => "it is longer than 512 characters",
        RedirectProblem::NoTrailingSlash => "it does not end in a slash",
    }
}

async fn show(_: Admin, State(context): State<Context>) -> Result<Json<Vec<App>>, Refusal> {
    Ok(Json(list(&context).await?))
}

async fn set_asked(
    Admin(caller): Admin,
    State(context): State<Context>,
    JsonBody(credentials): JsonBody<AppCredentials>,
) -> Result<StatusCode, Refusal> {
    set(&context, &caller.name, credentials).await?;
    Ok(StatusCode::NO_CONTENT)
}
