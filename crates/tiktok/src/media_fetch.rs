//! Fetching a picture or a film without being led astray.
//!
//! The addresses come from the network and some are fetched with the account's token, so an address is followed only
//! when it is https, on TikTok's own hosts (or one the operator's addresses file names), and leads to a public machine.
//! Redirects are off: the next hop was not checked. System proxies are not used here, because a proxy would do the
//! name lookup that has to be checked. The calls to TikTok's API do use them, so where a proxy is the only way out messages
//! come and pictures do not: every fetch fails with [`MediaError::Later`] until TikTok gives the picture out no more.

mod expiry;
mod film;
mod guard;
mod resolver;

pub use expiry::expires_at_s;
pub use film::FilmError;
#[cfg(test)]
pub(crate) use film::Patience;
pub(crate) use guard::Guard;
pub use guard::NotAllowed;

use crate::{
    AccessToken, Client, Error, Timeouts,
    client::transport,
    error::{Facts, UnreachableWhy},
};
use bytes::{Bytes, BytesMut};
use std::time::Duration;

/// No picture is worth more than this, whatever the caller allows.
const LARGEST: usize = 10 * 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(10);

/// Why there are no bytes, by what the caller can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// This address is not followed; asking again will not change that.
    #[error("the address is not one pictures are fetched from: {0}")]
    NotAllowed(NotAllowed),
    /// The link is dead (HTTP 401, 403, 404, 410): ask TikTok for a new one, if the media itself is not too old.
    #[error("the link no longer works (HTTP {status})")]
    Expired {
        /// What the host said.
        status: u16,
    },
    /// Larger than the cap; it was not kept.
    #[error("larger than {cap} bytes")]
    TooLarge {
        /// The cap, in bytes.
        cap: usize,
    },
    /// The network or the host failed; try later.
    #[error("the picture could not be fetched: {detail}")]
    Later {
        /// What happened; carries no address.
        detail: String,
    },
}

impl Client {
    /// Fetches a picture: at most `cap_bytes` (and never more than 10 MiB), within 10 s.
    ///
    /// `token` is for [`crate::business::media::DownloadLink`] addresses only, which want it in the header `x-user`
    /// ("Media download"). It is sent to hosts on the list and to no other.
    ///
    /// The bytes are a stranger's: look at what they are before decoding them.
    ///
    /// # Errors
    /// [`MediaError`], by what can be done.
    pub async fn fetch_media(
        &self,
        url: &str,
        token: Option<&AccessToken>,
        cap_bytes: usize,
    ) -> Result<Bytes, MediaError> {
        let cap = cap_bytes.min(LARGEST);
        let mut response = self.open_media(url, token, cap, None).await?;
        let mut bytes = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
            if bytes.len() + chunk.len() > cap {
                return Err(MediaError::TooLarge { cap });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }

    /// The answer whose body is the picture or film, if the address may be followed, the link lives and what it leads
    /// to does not announce itself as larger than `cap`. All of it must be there within `total`, or within the usual 10
    /// s.
    async fn open_media(
        &self,
        url: &str,
        token: Option<&AccessToken>,
        cap: usize,
        total: Option<Duration>,
    ) -> Result<reqwest::Response, MediaError> {
        let url = self.media_guard().check(url).map_err(MediaError::NotAllowed)?;
        let mut request = self.media_http().get(url);
        if let Some(token) = token {
            request = request.header("x-user", transport::sensitive(token.expose()).map_err(|error| later(&error))?);
        }
        if let Some(total) = total {
            request = request.timeout(total);
        }
        let response = request.send().await.map_err(|error| failed(&error))?;
        match response.status().as_u16() {
            200 => {}
            status @ (401 | 403 | 404 | 410) => return Err(MediaError::Expired { status }),
            status => return Err(MediaError::Later { detail: format!("HTTP {status}") }),
        }
        let cap_u64 = u64::try_from(cap).unwrap_or(u64::MAX);
        if response.content_length().is_some_and(|announced| announced > cap_u64) {
            return Err(MediaError::TooLarge { cap });
        }
        Ok(response)
    }
}

fn later(error: &Error) -> MediaError {
    MediaError::Later { detail: error.reason() }
}

fn failed(error: &reqwest::Error) -> MediaError {
    if resolver::is_private(error) {
        return MediaError::NotAllowed(NotAllowed::PrivateAddress);
    }
    later(&transport::broken(error, Facts::default()))
}

/// The connections pictures are fetched over.
pub(crate) fn http(guard: &Guard, timeouts: Timeouts) -> Result<reqwest::Client, Error> {
    let timeouts = Timeouts { connect: timeouts.connect, total: timeouts.total.min(LONGEST) };
    transport::builder(timeouts)
        .no_proxy()
        .no_gzip()
        .dns_resolver(resolver::PublicOnly::new(guard.clone()))
        .build()
        .map_err(|_| Error::Unreachable {
            why: UnreachableWhy::NotBuilt,
            detail: "the media connections could not be set up".to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Endpoints;

    #[tokio::test]
    async fn a_name_that_leads_to_this_computer_is_not_followed() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
        // The guard would have refused the name; this is the net behind it.
        let http = http(&Guard::new(&Endpoints::default()), Timeouts::default()).unwrap();
        let error = http.get(url).send().await.unwrap_err();
        assert_eq!(failed(&error), MediaError::NotAllowed(NotAllowed::PrivateAddress));
    }
}
