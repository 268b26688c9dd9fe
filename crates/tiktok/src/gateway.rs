//! A gateway in front of the Business API.

use url::Url;

/// A server that passes Business calls on to TikTok. It speaks TikTok's own paths, takes a token of its own in place of
/// the account's, and marks what it answers itself with a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// What TikTok's paths are put behind.
    pub base: Url,
    /// The header, in lower case, that the gateway's own answers have and TikTok's have not. Its value is the gateway's
    /// code.
    pub failure_header: &'static str,
}
