//! What can be asked over HTTP.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use desk::{Desk, Fault, FaultCode};
use futures_util::stream::{self, Stream};
use model::ConversationId;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::door::{self, Door};
use crate::page;

/// Bytes in the largest question: one that brings a file of saved replies. The desk refuses a smaller one in a sentence.
const MAX_REQUEST_BYTES: usize = 72 * 1024 * 1024;
/// Bytes in the largest picture; the desk refuses one byte less than this in a sentence.
const MAX_IMAGE_BYTES: usize = 33 * 1024 * 1024;
/// How often a silent event stream shows that it lives.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);
/// As in the desktop window, with this host in the place of its schemes.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; \
                      object-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Clone)]
struct Room {
    desk: Desk,
    ui_dir: Arc<PathBuf>,
}

pub(crate) fn router(desk: Desk, ui_dir: PathBuf, door: Door) -> Router {
    let room = Room { desk, ui_dir: Arc::new(ui_dir) };
    Router::new()
        .route("/rpc", post(rpc).layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES)))
        .route("/attach/{conversation}", post(attach).layer(DefaultBodyLimit::max(MAX_IMAGE_BYTES)))
        .route("/events", get(events))
        .route("/media/{key}", get(media))
        .route_layer(middleware::from_fn_with_state(door.clone(), door::own_page_only))
        .fallback(get(file))
        .layer(middleware::from_fn_with_state(door, door::addressed_only))
        .layer(middleware::from_fn(guarded))
        .with_state(room)
}

/// What a question comes back with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Told {
    Reply(Box<RawValue>),
    Fault(Fault),
}

async fn rpc(State(room): State<Room>, Json(request): Json<desk::Request>) -> Json<Told> {
    Json(room.desk.answer_json(request).await.map_or_else(Told::Fault, Told::Reply))
}

async fn attach(State(room): State<Room>, Path(conversation): Path<String>, bytes: Bytes) -> Json<Value> {
    let attached = match conversation.parse::<ConversationId>() {
        Ok(conversation) => room.desk.attach(conversation, bytes.to_vec()).await,
        Err(_) if conversation == "none" => room.desk.attach(None::<ConversationId>, bytes.to_vec()).await,
        Err(_) => Err(Fault::with_detail(FaultCode::BadRequest, "conversation")),
    };
    Json(match attached {
        Ok(attachment) => json!({ "reply": attachment }),
        Err(fault) => json!({ "fault": fault }),
    })
}

async fn events(State(room): State<Room>) -> Sse<impl Stream<Item = Result<sse::Event, Infallible>>> {
    let told = stream::unfold(room.desk.subscribe(), |mut subscription| async move {
        let event = subscription.next().await?;
        match serde_json::to_string(&event) {
            Ok(json) => Some((Ok(sse::Event::default().data(json)), subscription)),
            Err(error) => {
                tracing::error!(%error, "an event could not be told");
                None
            }
        }
    });
    Sse::new(told).keep_alive(KeepAlive::new().interval(HEARTBEAT_INTERVAL))
}

async fn media(State(room): State<Room>, Path(key): Path<String>) -> Response {
    if key.is_empty() || key.len() > 128 || !key.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match room.desk.media(&key).await {
        Some(media) => {
            ([(header::CONTENT_TYPE, media.mime), (header::CONTENT_SECURITY_POLICY, "sandbox")], media.bytes)
                .into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn file(State(room): State<Room>, uri: Uri) -> Response {
    page::file(&room.ui_dir, &uri).await
}

/// Puts on every answer what keeps a browser from doing more with it than meant.
async fn guarded(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    response
}
