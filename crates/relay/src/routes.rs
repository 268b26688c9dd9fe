//! All routes of the relay, put together from its parts.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware;
use axum::response::Response;
use wire::FailureCode;

use crate::context::Context;
use crate::door::{self, Door};
use crate::gateway::{self, Gateway};
use crate::health::{self, Health};
use crate::limits::{self, Limits};
use crate::listening::Listening;
use crate::metrics::Metrics;
use crate::refusal::Refusal;
use crate::revocation::Revocations;
use crate::stream::{self, Streams};
use crate::{apps, audit, devices, history, lease, linking, listening, pairing, webhook_config};

/// State of the parts, for their routes.
#[derive(Debug, Clone)]
pub struct RouteParts {
    /// The database, the log, TikTok.
    pub context: Context,
    /// TikTok's webhooks.
    pub door: Door,
    /// The way to TikTok.
    pub gateway: Arc<Gateway>,
    /// The relay's health, for monitors.
    pub health: Health,
    /// Since when all webhooks are heard.
    pub listening: Listening,
    /// The limit for each address.
    pub limits: Limits,
    /// The streams of events.
    pub streams: Arc<Streams>,
    /// Watches which devices are revoked.
    pub revocations: Arc<Revocations>,
}

/// The routes of a relay.
pub fn router(parts: RouteParts) -> Router {
    let RouteParts { context, door, gateway, health, listening, limits, streams, revocations } = parts;
    let counted = middleware::map_response_with_state(context.metrics.clone(), count_call);
    let routes = Router::new()
        .merge(door::router(door))
        .merge(gateway::router(gateway).layer(counted))
        .merge(health::router(health))
        .merge(apps::router(context.clone()))
        .merge(audit::router(context.clone()))
        .merge(devices::router(context.clone(), revocations))
        .merge(history::router(context.clone()))
        .merge(lease::router(context.clone()))
        .merge(stream::router(streams))
        .merge(linking::router(context.clone()))
        .merge(pairing::router(context.clone()))
        .merge(webhook_config::router(context));
    routes
        .fallback(|| async { Refusal::new(FailureCode::NotFound, "the relay has no such path") })
        .layer(middleware::from_fn_with_state(limits, limits::identify))
        .layer(middleware::from_fn_with_state(listening, listening::notice_refusals))
}

/// Counts a call through the gateway by its outcome.
async fn count_call(State(metrics): State<Metrics>, response: Response) -> Response {
    let failure = response.headers().get(wire::headers::FAILURE).and_then(|code| code.to_str().ok());
    let known = failure.map(|failure| FailureCode::ALL.into_iter().find(|code| code.as_str() == failure));
    metrics.record_gateway_call(match known {
        None => "answered",
        Some(code) => code.map_or("unknown", FailureCode::as_str),
    });
    response
}
