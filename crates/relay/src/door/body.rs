//! Reading a webhook's body: not too much, and not for too long.

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::outcome::Outcome;

/// The longest body. TikTok's are a few kilobytes.
pub(super) const MAX_BODY_BYTES: usize = 256 << 10;
/// The whole body, if it arrives in time.
pub(super) async fn read(headers: &HeaderMap, body: Body, timeout: Duration) -> Result<Bytes, Outcome> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > MAX_BODY_BYTES)) {
        return Err(Outcome::TooLarge);
    }
    match tokio::time::timeout(timeout, Limited::new(body, MAX_BODY_BYTES).collect()).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Outcome::TooLarge),
        Ok(Err(_)) => Err(Outcome::Broken),
        Err(_) => Err(Outcome::TooSlow),
    }
}
