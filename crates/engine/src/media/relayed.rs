//! Files that TikTok gives out only with an account's token, of accounts that go through the shop's relay: the relay has the
//! token and passes the file on.

use std::time::Duration;

use tiktok::{MediaError, VideoError};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use wire::FailureCode;

use crate::relay_api::{RelayApi, RelayError};

/// How long a file may bring no byte.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Fetches an image into memory, at most `cap` bytes.
pub(super) async fn fetch_image(relay: &RelayApi, account: &str, url: &str, cap: usize) -> Result<Vec<u8>, MediaError> {
    let mut image = Vec::new();
    match fetch_file(relay, account, url, cap, &mut image).await {
        Ok(_) => Ok(image),
        Err(VideoError::Media(error)) => Err(error),
        Err(VideoError::NotWritten(error)) => Err(MediaError::Later { detail: error.to_string() }),
    }
}

/// Fetches a file as it comes, at most `cap` bytes; returns how many it has.
pub(super) async fn fetch_file(
    relay: &RelayApi,
    account: &str,
    url: &str,
    cap: usize,
    into: &mut (impl AsyncWrite + Unpin),
) -> Result<u64, VideoError> {
    let mut response = relay.open_media(account, url).await.map_err(failed)?;
    let mut written = 0_usize;
    loop {
        let chunk = timeout(IDLE_TIMEOUT, response.chunk()).await.map_err(|_| later("nothing came for too long"))?;
        let Some(chunk) = chunk.map_err(|_| later("the connection to the relay broke"))? else { break };
        written = written.saturating_add(chunk.len());
        if written > cap {
            return Err(MediaError::TooLarge { cap }.into());
        }
        into.write_all(&chunk).await.map_err(VideoError::NotWritten)?;
    }
    into.flush().await.map_err(VideoError::NotWritten)?;
    Ok(u64::try_from(written).unwrap_or(u64::MAX))
}

fn later(detail: &str) -> MediaError {
    MediaError::Later { detail: detail.to_owned() }
}

fn failed(error: RelayError) -> MediaError {
    match error.code() {
        Some(FailureCode::NotFound) => MediaError::Expired { status: 404 },
        // The file is larger than the relay passes on, or lies elsewhere.
        Some(FailureCode::BadRequest) => MediaError::TooLarge { cap: 0 },
        _ => MediaError::Later { detail: error.to_string() },
    }
}
