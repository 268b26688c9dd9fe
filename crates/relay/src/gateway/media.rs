//! Images and videos that TikTok gives out only with the account's token: passed on as they come.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, State, rejection::QueryRejection};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use futures_util::stream;
use serde::Deserialize;
use tiktok::{MediaBody, MediaError};
use tokio::sync::OwnedSemaphorePermit;
use wire::FailureCode;

use super::Gateway;
use super::request::{self, bad_request};
use crate::accounts;
use crate::refusal::Refusal;

/// The longest file; TikTok's videos are shorter.
const MAX_FILE_BYTES: usize = 200 << 20;

/// What is asked for. `Debug` would print an address that is as good as a key; there is none.
#[derive(Deserialize)]
pub(super) struct Asked {
    account: String,
    url: String,
}

/// `GET /v1/media?account=…&url=…`
pub(super) async fn get(
    State(gateway): State<Arc<Gateway>>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Refusal> {
    gateway.caller(&headers).await?;
    let Query(Asked { account, url }) = asked.map_err(|_| bad_request("`account` and `url` are missing"))?;
    let account = request::id("account", Some(account))?;
    let permit = Arc::clone(&gateway.files).try_acquire_owned().map_err(|_| {
        Refusal::after(FailureCode::TooManyRequests, "too many files pass through the relay now", 1_000)
    })?;
    let token = accounts::access(&gateway.context, &account).await?;
    let file = gateway.context.client.open_media(&url, Some(&token), MAX_FILE_BYTES).await.map_err(refusal)?;
    Ok(response(file, permit))
}

fn refusal(error: MediaError) -> Refusal {
    match error {
        MediaError::NotAllowed(why) => bad_request(format!("the address is not one files are fetched from: {why}")),
        MediaError::Expired { .. } => Refusal::new(FailureCode::NotFound, "the link no longer works"),
        MediaError::TooLarge { cap } => bad_request(format!("the file is larger than {cap} bytes")),
        MediaError::Later { .. } => {
            tracing::info!(%error, "a file could not be fetched");
            Refusal::after(FailureCode::TikTokUnreachable, "the file cannot be fetched now", 2_000)
        }
    }
}

fn response(file: MediaBody, permit: OwnedSemaphorePermit) -> Response {
    let is_media = |kind: &&str| ["image/", "video/"].iter().any(|start| kind.starts_with(start));
    let kind = file.content_type().filter(is_media).and_then(|kind| HeaderValue::from_str(kind).ok());
    let length = file.length();
    // A chunk is asked for when the one before has been written to the desktop.
    let chunks = stream::unfold(Some((file, permit)), async |state| {
        let (mut file, permit) = state?;
        match file.chunk().await {
            Ok(Some(chunk)) => Some((Ok(chunk), Some((file, permit)))),
            Ok(None) => None,
            // The connection is cut, so that the desktop knows that this is not the whole file.
            Err(error) => Some((Err(error), None)),
        }
    });
    let mut response = Response::new(Body::from_stream(chunks));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind.unwrap_or_else(|| HeaderValue::from_static("application/octet-stream")));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Some(length) = length {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}
