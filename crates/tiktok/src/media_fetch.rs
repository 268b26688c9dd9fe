//! Fetching images and videos from addresses that came over the network.
//!
//! The addresses come from the network and some are fetched with the account's token, so an address is followed only
//! when it is https, on TikTok's own hosts (or one the operator's addresses file names), and leads to a public machine.
//! Redirects are off: the next hop was not checked. System proxies are not used here, because a proxy would do the
//! name lookup that has to be checked. The calls to TikTok's API do use them, so where a proxy is the only way out
//! messages come and images do not: every fetch fails with [`MediaError::Later`] until TikTok gives the image out no
//! more.

mod body;
mod error;
mod expiry;
mod fetcher;
mod guard;
mod resolver;
mod video;

pub use body::MediaBody;
pub use error::MediaError;
pub use expiry::expires_at_s;
pub(crate) use fetcher::MediaFetcher;
pub use guard::NotAllowed;
pub use video::VideoError;
pub(crate) use video::VideoTimeouts;
