//! A film: too large to hold in memory and too long for a picture's patience.

use super::{MediaError, failed};
use crate::{AccessToken, Client};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    time::timeout,
};

/// No film is worth more than this, whatever the caller allows.
const LARGEST: usize = 200 * 1024 * 1024;

/// How long a film may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Without a single byte.
    pub(crate) idle: Duration,
    /// From the call to the last byte written.
    pub(crate) total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { idle: Duration::from_secs(30), total: Duration::from_secs(600) }
    }
}

/// Why there is no film.
#[derive(Debug, thiserror::Error)]
pub enum FilmError {
    /// It did not come, as with a picture.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// It came and could not be written: a full disk, mostly.
    #[error("the film could not be written: {0}")]
    NotWritten(#[source] io::Error),
}

impl Client {
    /// Fetches a film into `into` as it comes and says how many bytes it has: at most `cap_bytes` (and never more than
    /// 200 MiB), within 10 minutes, and never 30 s without a byte.
    ///
    /// The same care is taken as with a picture ([`Client::fetch_media`]), and `token` is for the same addresses. After
    /// an error `into` holds the beginning of a film, which is to be thrown away.
    ///
    /// # Errors
    /// [`FilmError`]; [`MediaError::Expired`] within it means that TikTok has to be asked for a new link.
    pub async fn fetch_film(
        &self,
        url: &str,
        token: Option<&AccessToken>,
        cap_bytes: usize,
        into: &mut (impl AsyncWrite + Unpin),
    ) -> Result<u64, FilmError> {
        self.fetch_film_within(url, token, cap_bytes, into, Patience::default()).await
    }

    /// The same with another patience.
    pub(crate) async fn fetch_film_within(
        &self,
        url: &str,
        token: Option<&AccessToken>,
        cap_bytes: usize,
        into: &mut (impl AsyncWrite + Unpin),
        patience: Patience,
    ) -> Result<u64, FilmError> {
        let cap = cap_bytes.min(LARGEST);
        let film = async {
            let stalled = |_| later("nothing came for too long");
            let opened = self.open_media(url, token, cap, Some(patience.total));
            let mut response = timeout(patience.idle, opened).await.map_err(stalled)??;
            let mut written = 0_usize;
            loop {
                let chunk = timeout(patience.idle, response.chunk()).await.map_err(stalled)?;
                let Some(chunk) = chunk.map_err(|error| failed(&error))? else { break };
                written = written.saturating_add(chunk.len());
                if written > cap {
                    return Err(MediaError::TooLarge { cap }.into());
                }
                into.write_all(&chunk).await.map_err(FilmError::NotWritten)?;
            }
            into.flush().await.map_err(FilmError::NotWritten)?;
            Ok(u64::try_from(written).unwrap_or(u64::MAX))
        };
        // Around the writing too: a disk can stall as a line can.
        timeout(patience.total, film).await.unwrap_or_else(|_| Err(later("it took too long").into()))
    }
}

fn later(detail: &str) -> MediaError {
    MediaError::Later { detail: detail.to_owned() }
}
