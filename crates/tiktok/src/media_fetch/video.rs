//! Fetching a video to a file: too large to hold in memory and too long for an image's timeout.

use super::{
    MediaFetcher,
    error::{MediaError, failed},
};
use crate::AccessToken;
use std::{io, time::Duration};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    time::timeout,
};

/// No video is worth more than this, whatever the caller allows.
pub(super) const MAX_VIDEO_BYTES: usize = 200 * 1024 * 1024;

/// How long a video may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VideoTimeouts {
    /// Without a single byte.
    pub(crate) idle: Duration,
    /// From the call to the last byte written.
    pub(crate) total: Duration,
}

impl Default for VideoTimeouts {
    fn default() -> Self {
        Self { idle: Duration::from_secs(30), total: Duration::from_secs(600) }
    }
}

/// Why there is no video.
#[derive(Debug, thiserror::Error)]
pub enum VideoError {
    /// It did not come, as with an image.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// It came and could not be written: a full disk, mostly.
    #[error("the video could not be written: {0}")]
    NotWritten(#[source] io::Error),
}

impl MediaFetcher {
    /// As [`crate::Client::fetch_video`], with other timeouts.
    pub(crate) async fn fetch_video(
        &self,
        url: &str,
        token: Option<&AccessToken>,
        cap_bytes: usize,
        into: &mut (impl AsyncWrite + Unpin),
        timeouts: VideoTimeouts,
    ) -> Result<u64, VideoError> {
        let cap = cap_bytes.min(MAX_VIDEO_BYTES);
        let video = async {
            let stalled = |_| later("nothing came for too long");
            let opened = self.open(url, token, cap, Some(timeouts.total));
            let mut response = timeout(timeouts.idle, opened).await.map_err(stalled)??;
            let mut written = 0_usize;
            loop {
                let chunk = timeout(timeouts.idle, response.chunk()).await.map_err(stalled)?;
                let Some(chunk) = chunk.map_err(|error| failed(&error))? else { break };
                written = written.saturating_add(chunk.len());
                if written > cap {
                    return Err(MediaError::TooLarge { cap }.into());
                }
                into.write_all(&chunk).await.map_err(VideoError::NotWritten)?;
            }
            into.flush().await.map_err(VideoError::NotWritten)?;
            Ok(u64::try_from(written).unwrap_or(u64::MAX))
        };
        // Around the writing too: a disk can stall as a line can.
        timeout(timeouts.total, video).await.unwrap_or_else(|_| Err(later("it took too long").into()))
    }
}

pub(super) fn later(detail: &str) -> MediaError {
    MediaError::Later { detail: detail.to_owned() }
}
