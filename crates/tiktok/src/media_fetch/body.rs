//! An image or a video that is passed on as it comes, in place of being kept.

use super::{
    MediaFetcher,
    error::{MediaError, failed},
    video::{MAX_VIDEO_BYTES, VideoTimeouts, later},
};
use crate::AccessToken;
use bytes::Bytes;
use reqwest::header::CONTENT_TYPE;
use std::fmt;
use tokio::time::timeout;

/// The bytes of an image or a video, as they come.
pub struct MediaBody {
    response: reqwest::Response,
    cap: usize,
    read: usize,
    timeouts: VideoTimeouts,
}

impl MediaFetcher {
    /// As [`crate::Client::open_media`].
    pub(crate) async fn open_body(
        &self,
        url: &str,
        token: Option<&AccessToken>,
        cap_bytes: usize,
    ) -> Result<MediaBody, MediaError> {
        let (cap, timeouts) = (cap_bytes.min(MAX_VIDEO_BYTES), VideoTimeouts::default());
        let opened = timeout(timeouts.idle, self.open(url, token, cap, Some(timeouts.total))).await;
        let response = opened.map_err(|_| later("nothing came for too long"))??;
        Ok(MediaBody { response, cap, read: 0, timeouts })
    }
}

impl MediaBody {
    /// What the host says it is: `image/jpeg`.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok())
    }

    /// How many bytes the host says it has.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// [`MediaError::TooLarge`], [`MediaError::Later`]
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, MediaError> {
        let chunk = timeout(self.timeouts.idle, self.response.chunk()).await;
        let chunk = chunk.map_err(|_| later("nothing came for too long"))?.map_err(|error| failed(&error))?;
        self.read = self.read.saturating_add(chunk.as_ref().map_or(0, Bytes::len));
        if self.read > self.cap { Err(MediaError::TooLarge { cap: self.cap }) } else { Ok(chunk) }
    }
}

impl fmt::Debug for MediaBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaBody").field("read", &self.read).finish_non_exhaustive()
    }
}
