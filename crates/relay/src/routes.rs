//! All routes of the relay, put together from its parts.

use axum::Router;
use axum::middleware;
use wire::FailureCode;

use crate::door::{self, Door};
use crate::health::{self, Health};
use crate::limits::{self, Limits};
use crate::refusal::Refusal;

/// What the parts' routes need.
#[derive(Debug, Clone)]
pub struct RouteParts {
    /// TikTok's webhooks.
    pub door: Door,
    /// What monitors ask.
    pub health: Health,
    /// Who calls, and how often.
    pub limits: Limits,
}

/// The routes of a relay.
#[must_use]
pub fn router(parts: RouteParts) -> Router {
    // The other parts' routers are merged here.
    let routes = Router::new().merge(door::router(parts.door)).merge(health::router(parts.health));
    routes
        .fallback(|| async { Refusal::new(FailureCode::NotFound, "the relay has no such path") })
        .layer(middleware::from_fn_with_state(parts.limits, limits::identify))
}
