//! What a kind of message carries. Every match on [`Content`] names all kinds, so that a new one does not compile before each
//! question here has its answer.

// A new kind of message, error or state does not compile here before it has an answer.
#![warn(clippy::wildcard_enum_match_arm)]

use model::{Content, MediaState};
use unicode_normalization::UnicodeNormalization;

/// The picture that the media cache fetches for a message; none for kinds without one. A video is fetched only to be looked at.
pub(crate) fn picture_of(content: &Content) -> Option<&MediaState> {
    match content {
        Content::Image { media, .. } | Content::Sticker { media, .. } => Some(media),
        Content::Text { .. }
        | Content::Video { .. }
        | Content::SharePost { .. }
        | Content::Card { .. }
        | Content::Unsupported { .. }
        | Content::Unreadable => None,
    }
}

/// The same content with its picture in another state. Kinds without a picture stay as they are.
pub(crate) fn with_picture(content: Content, media: MediaState) -> Content {
    match content {
        Content::Image { media_id, .. } => Content::Image { media_id, media },
        Content::Sticker { url, .. } => Content::Sticker { url, media },
        other @ (Content::Text { .. }
        | Content::Video { .. }
        | Content::SharePost { .. }
        | Content::Card { .. }
        | Content::Unsupported { .. }
        | Content::Unreadable) => other,
    }
}

/// The key of a message's picture, if it is on disk.
pub(crate) fn picture_key(content: &Content) -> Option<&str> {
    match picture_of(content)? {
        MediaState::Kept { key, .. } => Some(key),
        MediaState::Pending | MediaState::Unavailable | MediaState::Released => None,
    }
}

/// Whether a listed message may be the one that was sent, as far as a listing shows it. Deskbell sends texts, images, cards and
/// posts; two images cannot be told apart.
pub(crate) fn may_be_same(sent: &Content, listed: &Content) -> bool {
    match sent {
        Content::Text { body: sent } => {
            matches!(listed, Content::Text { body } if comparable(body) == comparable(sent))
        }
        Content::Image { .. } => matches!(listed, Content::Image { .. }),
        Content::Card { title: sent, buttons: sent_buttons, .. } => {
            matches!(listed, Content::Card { title, buttons, .. }
                if comparable(title) == comparable(sent)
                    && buttons.len() == sent_buttons.len()
                    && buttons.iter().zip(sent_buttons).all(|(one, other)| comparable(one) == comparable(other)))
        }
        Content::SharePost { item_id: sent, .. } => {
            let Content::SharePost { item_id: listed, embed_url } = listed else { return false };
            match (sent, listed) {
                (Some(sent), Some(listed)) => sent == listed,
                (Some(sent), None) => embed_url.contains(sent.as_str()),
                (None, _) => false,
            }
        }
        Content::Video { .. } | Content::Sticker { .. } | Content::Unsupported { .. } | Content::Unreadable => false,
    }
}

/// A text as it is compared: TikTok may change its line ends, the space around it, and how accents are composed.
fn comparable(text: &str) -> String {
    text.replace("\r\n", "\n").trim().nfc().collect()
}
