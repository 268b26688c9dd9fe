//! The gateway: desktops call TikTok through the relay.
//!
//! It speaks TikTok's own paths. A request is looked up in the list of paths that are passed on (`allow`), waits for a
//! turn of the app's one pace (`pace`), gets the account's token in place of the device's, and TikTok's answer goes back
//! as it came. A send is written down before its call and its outcome after it (`sends`), so that the same send again
//! sends nothing again, and two agents do not both answer.
//!
//! **Invariant:** an answer of the relay's own is a [`wire::Failure`] with the header [`wire::headers::FAILURE`], and its
//! code says whether TikTok may have taken the call. An answer without that header is TikTok's.

mod allow;
mod call;
mod media;
mod pace;
mod pages;
mod request;
mod sends;
mod upkeep;
mod upload;
mod upstream;

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use axum::{Json, http};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use wire::FailureCode;

use crate::access::{self, Caller};
use crate::accounts;
use crate::context::Context;
use crate::refusal::Refusal;
use allow::{Route, RouteKind};
use call::Call;
use pace::Pace;
use request::{Fields, SendHeaders, SendKind};
use sends::Sends;
use upstream::Upstream;

/// Files that pass through at the same time.
const MAX_FILES: usize = 32;

/// What an operator may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewaySettings {
    /// Calls a second to TikTok with the shop's app, of all relay processes together.
    pub calls_per_second: NonZeroU32,
    /// For name, connection and secure handshake.
    pub connect_timeout: Duration,
    /// For a whole call, at most 30 s; a file has longer.
    pub call_timeout: Duration,
    /// How long a call waits for its turn.
    pub turn_timeout: Duration,
    /// How long a send waits for another one into the same conversation.
    pub conversation_timeout: Duration,
    /// How long a send waits for the database before it is called off.
    pub database_timeout: Duration,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            calls_per_second: NonZeroU32::MIN.saturating_add(9),
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(30),
            turn_timeout: Duration::from_secs(10),
            conversation_timeout: Duration::from_secs(5),
            database_timeout: Duration::from_secs(8),
        }
    }
}

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The connections to TikTok cannot be set up.
    #[error("the connections to TikTok cannot be set up: {0}")]
    Connections(String),
    /// What was under way when the relay ended last time could not be settled.
    #[error("the sends that were under way could not be settled: {0}")]
    Database(#[from] crate::database::DatabaseError),
}

/// The gateway of one relay process.
#[derive(Debug)]
pub struct Gateway {
    context: Context,
    settings: GatewaySettings,
    upstream: Upstream,
    pace: Pace,
    sends: Sends,
    files: Arc<Semaphore>,
    /// Sends under way; none once closing.
    tasks: Mutex<Option<JoinSet<()>>>,
}

impl Gateway {
    /// Starts the gateway, and settles the sends that a crash left under way.
    ///
    /// # Errors
    /// [`GatewayError`]
    pub async fn start(context: Context, settings: GatewaySettings) -> Result<Arc<Self>, GatewayError> {
        let upstream = Upstream::new(&context.client.endpoints().business, settings.connect_timeout)
            .map_err(|error| GatewayError::Connections(error.without_url().to_string()))?;
        sends::settle_at_start(&context).await?;
        let call_timeout = settings.call_timeout.min(sends::MAX_CALL);
        let settings = GatewaySettings { call_timeout, ..settings };
        let gateway = Arc::new(Self {
            upstream,
            pace: Pace::new(usize::try_from(settings.calls_per_second.get()).unwrap_or(usize::MAX)),
            sends: Sends::default(),
            files: Arc::new(Semaphore::new(MAX_FILES)),
            tasks: Mutex::new(Some(JoinSet::new())),
            context,
            settings,
        });
        gateway.pace.share_among(upkeep::count_callers(&gateway.context).await?);
        tokio::spawn(upkeep::run(Arc::downgrade(&gateway)));
        Ok(gateway)
    }

    /// Begins no send any more, and waits for those under way and for renewals of tokens, so long at most. Returns whether
    /// all ended.
    pub async fn finish(&self, most: Duration) -> bool {
        let began = tokio::time::Instant::now();
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ended = tokio::time::timeout(most, async {
            if let Some(mut tasks) = tasks {
                while tasks.join_next().await.is_some() {}
            }
        });
        let ended = ended.await.is_ok();
        if !ended {
            tracing::warn!("the relay ends before all sends did; they become unconfirmed");
        }
        accounts::finish(most.saturating_sub(began.elapsed())).await && ended
    }

    /// Runs this in a task of its own, which [`Gateway::finish`] waits for.
    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> Result<(), Refusal> {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(tasks) = tasks.as_mut() else {
            return Err(Refusal::after(FailureCode::Unavailable, "the relay is closing", 1_000));
        };
        // Ended ones would pile up otherwise.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(work);
        Ok(())
    }

    async fn pass_on(self: &Arc<Self>, request: Request) -> Result<Response, Refusal> {
        let (head, body) = request.into_parts();
        let caller = access::authenticate(&self.context, &head.headers).await?;
        let route = allow::route(&head.method, head.uri.path(), caller.role)?;
        let query = head.uri.query().map(str::to_owned);
        if route.kind == RouteKind::Upload {
            return self.upload(&caller, route, &head.headers, body).await;
        }
        let (account, fields, body) = match (route.kind, &query) {
            (RouteKind::Read | RouteKind::Page, query) => {
                (request::account_of_query(query.as_deref().unwrap_or_default())?, None, bytes::Bytes::new())
            }
            (_, Some(_)) => return Err(request::bad_request("this call has no query")),
            (_, None) => {
                let body = request::read_body(body).await?;
                let fields = Fields::read(&body)?;
                (fields.account()?, Some(fields), body)
            }
        };
        let send = match (&fields, route.kind) {
            (Some(fields), RouteKind::Send) => Some(SendKind::read(fields)?),
            _ => None,
        };
        let is_message = matches!(send, Some(SendKind::Message { .. }));
        let call = Call {
            device: caller.device.clone(),
            account,
            priority: request::priority(&head.headers, is_message),
            outgoing: self.outgoing(route, &head, query),
            body,
            begin_by: None,
        };
        if let Some(SendKind::Message { conversation, text }) = send {
            let headers = SendHeaders::read(&head.headers)?;
            // Whether the account is linked is asked later: a send that ended before has its outcome all the same.
            return Ok(self.send(&caller, call, headers, conversation, text).await?.into_response());
        }
        accounts::require_linked(&self.context, &call.account).await?;
        let told = self.call(&call).await?;
        if route.kind == RouteKind::Page {
            pages::keep(&self.context.log, &call, &told).await?;
        }
        Ok(told.answer.into_response())
    }

    fn outgoing(&self, route: Route, head: &http::request::Parts, query: Option<String>) -> upstream::Outgoing {
        upstream::Outgoing {
            method: head.method.clone(),
            path: route.path,
            query,
            content_type: request::content_type(&head.headers),
            content_length: None,
            once: route.kind.is_once(),
            timeout: self.settings.call_timeout,
            max_answer: if route.kind.is_once() { sends::MAX_ANSWER_BYTES } else { call::MAX_ANSWER_BYTES },
        }
    }

    async fn caller(&self, headers: &http::HeaderMap) -> Result<Caller, Refusal> {
        access::authenticate(&self.context, headers).await
    }
}

impl axum::response::IntoResponse for upstream::Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// The gateway's paths: TikTok's own behind [`wire::paths::GATEWAY`], [`wire::paths::SENDS`] and [`wire::paths::MEDIA`].
pub fn router(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route(&format!("{}/{{*path}}", wire::paths::GATEWAY), any(pass_on))
        .route(&format!("{}/{{key}}", wire::paths::SENDS), get(outcome).delete(withdraw))
        .route(wire::paths::MEDIA, get(media::get))
        .with_state(gateway)
}

async fn pass_on(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let mut response = gateway.pass_on(request).await.unwrap_or_else(axum::response::IntoResponse::into_response);
    // A desktop sets its clock by TikTok's. The relay's own answers must not tell it another time.
    if !response.headers().contains_key(http::header::DATE)
        && let Some(date) = gateway.upstream.date()
    {
        response.headers_mut().insert(http::header::DATE, date);
    }
    response
}

async fn outcome(
    State(gateway): State<Arc<Gateway>>,
    headers: http::HeaderMap,
    Path(key): Path<String>,
) -> Result<Json<wire::api::SendOutcome>, Refusal> {
    let caller = gateway.caller(&headers).await?;
    request::check_key(&key)?;
    Ok(Json(gateway.send_outcome(&caller, &key).await?))
}

async fn withdraw(
    State(gateway): State<Arc<Gateway>>,
    headers: http::HeaderMap,
    Path(key): Path<String>,
) -> Result<Json<wire::api::SendOutcome>, Refusal> {
    let caller = gateway.caller(&headers).await?;
    request::check_key(&key)?;
    Ok(Json(gateway.withdraw_send(&caller, &key).await?))
}

#[cfg(test)]
pub(crate) mod tests;
