//! The stream: every event of the log to every desktop, by Server-Sent Events.
//!
//! A connection pulls: it takes the next events behind its own cursor when it can write more, and waits when there are
//! none. No event is ever queued for a device, so a slow reader costs its own page and nothing else. The newest events
//! are kept in memory, encoded once for all (`recent`); a reader that is further behind reads the database, a few such
//! readers at a time.
//!
//! A connection whose peer takes nothing is closed below HTTP ([`crate::write_timeout`]): a body that is not asked for
//! more cannot end itself.

mod open;
mod progress;
mod reader;
mod recent;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde::Deserialize;
use wire::{EventId, FailureCode};

use crate::access;
use crate::refusal::Refusal;

pub use open::{StreamSettings, Streams};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// nginx passes the events on as they come.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The path of the stream.
pub fn router(streams: Arc<Streams>) -> Router {
    Router::new().route(wire::paths::STREAM, get(stream)).with_state(streams)
}

#[derive(Debug, Deserialize)]
struct StreamQuery {
    after: Option<EventId>,
}

async fn stream(
    State(streams): State<Arc<Streams>>,
    query: Result<Query<StreamQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let caller = access::authenticate(&streams.context, &headers).await?;
    let cursor = cursor(query, &headers)?;
    let (ends, from) = streams.start_of(cursor.as_ref()).await?;
    let body = Body::from_stream(reader::read(&streams, &caller.device, &ends, from));
    let headers =
        [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-cache, no-transform"), (X_ACCEL_BUFFERING, "no")];
    Ok((headers, body).into_response())
}

/// Where the desktop wants to go on: the header, which every client of such streams knows, or the query.
fn cursor(query: Result<Query<StreamQuery>, QueryRejection>, headers: &HeaderMap) -> Result<Option<EventId>, Refusal> {
    let malformed = || Refusal::new(FailureCode::BadRequest, "the cursor is not the id of an event");
    if let Some(header) = headers.get(LAST_EVENT_ID) {
        let id = header.to_str().ok().and_then(|id| id.parse().ok());
        return id.map(Some).ok_or_else(malformed);
    }
    let Query(query) = query.map_err(|_| malformed())?;
    Ok(query.after)
}
