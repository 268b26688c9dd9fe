//! Faults that change, cut or slow down a true answer.

use std::{convert::Infallible, io, time::Duration};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{header, response::Parts},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde_json::Value;

use crate::faults::Rewrite;

/// The JSON body with these changes.
pub(crate) async fn rewritten(answer: Response, rewrites: &[Rewrite]) -> Response {
    let (parts, whole) = opened(answer).await;
    let mut json: Value = serde_json::from_slice(&whole).unwrap_or_default();
    // The new text may be JSON that no value can hold, so a mark stands in its place until the end.
    let mark = |n: usize| Value::from(format!("\u{1}{n}\u{1}"));
    for (n, Rewrite { place, json: text }) in rewrites.iter().enumerate() {
        let (parent, name) = place.rsplit_once('/').unwrap_or_default();
        match (place.is_empty(), json.pointer_mut(parent), text) {
            (true, _, _) => json = mark(n),
            (false, Some(Value::Object(object)), Some(_)) => drop(object.insert(name.to_owned(), mark(n))),
            (false, Some(Value::Object(object)), None) => drop(object.remove(name)),
            (false, Some(Value::Array(array)), Some(_)) => {
                if let Some(at) = name.parse().ok().and_then(|at: usize| array.get_mut(at)) {
                    *at = mark(n);
                }
            }
            (false, _, _) => {}
        }
    }
    let changed = rewrites.iter().enumerate().fold(json.to_string(), |body, (n, rewrite)| {
        body.replace(&mark(n).to_string(), rewrite.json.as_deref().unwrap_or("null"))
    });
    (parts.status, parts.headers, changed).into_response()
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

async fn opened(answer: Response) -> (Parts, Bytes) {
    let (mut parts, body) = answer.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    (parts, to_bytes(body, usize::MAX).await.unwrap_or_default())
}
