//! True answers that do not come through whole.

use std::{convert::Infallible, io, time::Duration};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{header, response::Parts},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde_json::Value;

/// The JSON body with other values at these places.
pub(crate) async fn edited(answer: Response, edits: &[(String, Option<Value>)]) -> Response {
    let (parts, whole) = opened(answer).await;
    let mut json: Value = serde_json::from_slice(&whole).unwrap_or_default();
    for (place, value) in edits {
        let (parent, name) = place.rsplit_once('/').unwrap_or_default();
        match (place.is_empty(), json.pointer_mut(parent), value) {
            (true, _, value) => json = value.clone().unwrap_or_default(),
            (false, Some(Value::Object(object)), Some(value)) => drop(object.insert(name.to_owned(), value.clone())),
            (false, Some(Value::Object(object)), None) => drop(object.remove(name)),
            (false, Some(Value::Array(array)), Some(value)) => {
                if let Some(at) = name.parse().ok().and_then(|at: usize| array.get_mut(at)) {
                    *at = value.clone();
                }
            }
            (false, _, _) => {}
        }
    }
    (parts.status, parts.headers, json.to_string()).into_response()
}

/// Half of the body, in a complete HTTP response.
pub(crate) async fn truncated(answer: Response) -> Response {
    let (parts, whole) = opened(answer).await;
    let half = whole.slice(..whole.len() / 2);
    (parts.status, parts.headers, half).into_response()
}

/// Half of the body, and then the connection breaks. Half a chunked body cannot be told from a slow one, so the
/// response promises the whole length.
pub(crate) async fn torn(answer: Response) -> Response {
    let (mut parts, whole) = opened(answer).await;
    parts.headers.insert(header::CONTENT_LENGTH, whole.len().into());
    let half = whole.slice(..whole.len() / 2);
    let broken = io::Error::new(io::ErrorKind::ConnectionAborted, "torn by a fault");
    let pieces = stream::unfold(Some((Ok(half), broken)), |state| async {
        match state {
            Some((Ok(half), broken)) => Some((Ok(half), Some((Err(()), broken)))),
            Some((Err(()), broken)) => {
                // The half must be out before the break, or the client would see no answer at all.
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some((Err(broken), None))
            }
            None => None,
        }
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}

/// The whole body, a byte at a time.
pub(crate) async fn dribbled(answer: Response, per_byte: Duration) -> Response {
    let (parts, whole) = opened(answer).await;
    let bytes = stream::unfold(whole, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(per_byte).await;
        let byte = rest.split_to(1);
        Some((Ok::<Bytes, Infallible>(byte), rest))
    });
    Response::from_parts(parts, Body::from_stream(bytes))
}

/// The whole answer, with another message's id in it.
pub(crate) async fn misnamed(answer: Response, id: &str) -> Response {
    let (parts, whole) = opened(answer).await;
    let Ok(mut body) = serde_json::from_slice::<Value>(&whole) else {
        return Response::from_parts(parts, Body::from(whole));
    };
    if let Some(named) = body.pointer_mut("/data/message/message_id") {
        *named = Value::from(id);
    }
    Response::from_parts(parts, Body::from(body.to_string()))
}

async fn opened(answer: Response) -> (Parts, Bytes) {
    let (mut parts, body) = answer.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    (parts, to_bytes(body, usize::MAX).await.unwrap_or_default())
}

/// This text, as JSON.
pub(crate) fn answered(body: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// The answer with one field of its `data` replaced by this text, which may be JSON that no value can hold.
pub(crate) async fn with_field(answer: Response, name: &str, json: &str) -> Response {
    let (parts, whole) = opened(answer).await;
    let mut value: Value = serde_json::from_slice(&whole).unwrap_or_default();
    let place = Value::from("\u{1}here\u{1}");
    if let Some(data) = value.get_mut("data").and_then(Value::as_object_mut) {
        data.insert(name.to_owned(), place.clone());
    }
    let text = value.to_string().replace(&place.to_string(), json);
    (parts.status, parts.headers, text).into_response()
}
