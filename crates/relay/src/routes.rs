//! All routes of the relay, put together from its parts.

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use wire::FailureCode;

use crate::context::Context;
use crate::door::{self, Door};
use crate::gateway::{self, Gateway};
use crate::health::{self, Health};
use crate::limits::{self, Limits};
use crate::refusal::Refusal;
use crate::revocation::Revocations;
use crate::stream::{self, Streams};
use crate::{apps, audit, devices, history, lease, linking, pairing, webhook_config};

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
    /// The limit for each address.
    pub limits: Limits,
    /// The streams of events.
    pub streams: Arc<Streams>,
    /// Watches which devices are revoked.
    pub revocations: Arc<Revocations>,
}

/// The routes of a relay.
#[must_use]
pub fn router(parts: RouteParts) -> Router {
    let RouteParts { context, door, gateway, health, limits, streams, revocations } = parts;
    let routes = Router::new()
        .merge(door::router(door))
        .merge(gateway::router(gateway))
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
}
