//! Older events, newest first, for a desktop that is new at the relay.
//!
//! Such a desktop opens the stream at the head of its first page, and goes on reading pages backwards while it follows.

#[cfg(test)]
mod tests;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use wire::FailureCode;
use wire::api::History;

use crate::access;
use crate::context::Context;
use crate::log::ReadError;
use crate::refusal::Refusal;

/// How many events are read at once, if the desktop does not say.
const DEFAULT_PAGE_SIZE: u32 = 200;
const MAX_PAGE_SIZE: u32 = 500;

/// The path of the history.
pub fn router(context: Context) -> Router {
    Router::new().route(wire::paths::HISTORY, get(history)).with_state(context)
}

#[derive(Debug, Deserialize)]
struct HistoryQuery {
    before: Option<u64>,
    limit: Option<u32>,
}

async fn history(
    State(context): State<Context>,
    query: Result<Query<HistoryQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<History>, Refusal> {
    access::authenticate(&context, &headers).await?;
    let Query(HistoryQuery { before, limit }) =
        query.map_err(|_| Refusal::new(FailureCode::BadRequest, "`before` and `limit` are numbers"))?;
    let limit = limit.unwrap_or(DEFAULT_PAGE_SIZE).clamp(1, MAX_PAGE_SIZE);
    let page = match context.log.read_before(before.unwrap_or(u64::MAX), limit).await {
        Ok(page) => page,
        Err(ReadError::Database(error)) => return Err(error.into()),
        Err(ReadError::Gone(_)) => return Err(Refusal::new(FailureCode::Gone, "these events are not kept any more")),
    };
    let more = page.events.last().is_some_and(|oldest| oldest.id.sequence > page.ends.tail);
    Ok(Json(History { more, head: page.ends.head_id(), events: page.events }))
}
