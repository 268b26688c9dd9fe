//! When a link to an image or a video expires.

use url::Url;

/// When the link to an image or a video expires, in seconds since the epoch: its `x-expires` ("Message list": profile
/// images, stickers and AI emoji carry one). `None` where the link does not say, as with an emoji's, which does not
/// die.
///
/// It is the network's word and TikTok's clock ([`crate::Client::server_offset_ms`]): good for leaving out a fetch that
/// cannot succeed, not for a promise that one will.
#[must_use]
pub fn expires_at_s(url: &str) -> Option<i64> {
    let url = Url::parse(url).ok()?;
    let (_, at) = url.query_pairs().find(|(name, _)| name == "x-expires")?;
    at.bytes().all(|digit| digit.is_ascii_digit()).then(|| at.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_when_it_dies_or_says_nothing() {
        for (url, expected) in [
            ("https://p16-sign.tiktokcdn.com/s.webp?x-expires=1792592000", Some(1_792_592_000)),
            ("https://p16-sign.tiktokcdn.com/s.webp?a=b&x-expires=1792592000&x-signature=c%3D#d", Some(1_792_592_000)),
            ("https://p16-sign.tiktokcdn.com/s.webp?x%2Dexpires=1", Some(1)),
            ("https://p16.tiktokcdn.com/e.png", None),
            ("https://p16.tiktokcdn.com/e.png?x-expires=", None),
            ("https://p16.tiktokcdn.com/e.png?x-expires=soon", None),
            ("https://p16.tiktokcdn.com/e.png?x-expires=-1", None),
            ("https://p16.tiktokcdn.com/e.png?x-expires=99999999999999999999", None),
            ("https://p16.tiktokcdn.com/x-expires=1", None),
            ("x-expires=1", None),
            ("", None),
        ] {
            assert_eq!(expires_at_s(url), expected, "{url}");
        }
    }
}
