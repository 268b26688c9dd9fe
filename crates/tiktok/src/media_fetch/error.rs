//! Why an image or a video could not be fetched.

use super::{guard::NotAllowed, resolver};
use crate::{
    error::{Error, Facts},
    transport,
};

/// Why an image or a video could not be fetched, by what the caller can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// This address is not followed; asking again will not change that.
    #[error("the address is not one pictures are fetched from: {0}")]
    NotAllowed(NotAllowed),
    /// The link is dead (HTTP 401, 403, 404, 410): ask TikTok for a new one, if the media itself is not too old.
    #[error("the link no longer works (HTTP {status})")]
    Expired {
        /// The HTTP status.
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
        /// The cause, without any address.
        detail: String,
    },
}

pub(super) fn later(error: &Error) -> MediaError {
    MediaError::Later { detail: error.reason() }
}

pub(super) fn failed(error: &reqwest::Error) -> MediaError {
    if resolver::is_private(error) {
        return MediaError::NotAllowed(NotAllowed::PrivateAddress);
    }
    later(&transport::broken(error, Facts::default()))
}
