//! Fetching an image into memory.

use super::{
    error::{MediaError, failed, later},
    guard::Guard,
    resolver,
};
use crate::{
    AccessToken, Endpoints,
    error::{Error, UnreachableWhy},
    transport::{self, Timeouts},
};
use bytes::{Bytes, BytesMut};
use std::time::Duration;

/// No image is larger than this, whatever the caller allows.
const MAX_IMAGE_BYTES: usize = 10 * 1024 * 1024;
/// For the whole fetch, from connecting to the last byte.
const IMAGE_TIMEOUT: Duration = Duration::from_secs(10);

/// The connections images and videos are fetched over, and the addresses they may lead to.
#[derive(Debug)]
pub(crate) struct MediaFetcher {
    http: reqwest::Client,
    guard: Guard,
}

impl MediaFetcher {
    pub(crate) fn new(endpoints: &Endpoints, timeouts: Timeouts) -> Result<Self, Error> {
        let guard = Guard::new(endpoints);
        Ok(Self { http: http(&guard, timeouts)?, guard })
    }

    /// As [`crate::Client::fetch_media`].
    pub(crate) async fn fetch(
        &self,
        url: &str,
        token: Option<&AccessToken>,
        cap_bytes: usize,
    ) -> Result<Bytes, MediaError> {
        let cap = cap_bytes.min(MAX_IMAGE_BYTES);
        let mut response = self.open(url, token, cap, None).await?;
        let mut bytes = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
            if bytes.len() + chunk.len() > cap {
                return Err(MediaError::TooLarge { cap });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }

    /// The answer whose body is the image or video, if the address may be followed, the link lives and what it leads
    /// to does not announce itself as larger than `cap`. All of it must be there within `total`, or within the usual 10
    /// s.
    pub(super) async fn open(
        &self,
        url: &str,
        token: Option<&AccessToken>,
        cap: usize,
        total: Option<Duration>,
    ) -> Result<reqwest::Response, MediaError> {
        let url = self.guard.check(url).map_err(MediaError::NotAllowed)?;
        let mut request = self.http.get(url);
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

/// Sets up the HTTP client that images and videos are fetched with.
pub(crate) fn http(guard: &Guard, timeouts: Timeouts) -> Result<reqwest::Client, Error> {
    let timeouts = Timeouts { connect: timeouts.connect, total: timeouts.total.min(IMAGE_TIMEOUT) };
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
    use super::{super::NotAllowed, *};

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
