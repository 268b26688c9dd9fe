//! Messages: who sent them, through what, and what is in them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::CardKind;

/// Who a message is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// The customer wrote it.
    In,
    /// The business sent it, from here or elsewhere.
    Out,
}

/// Through what a message was sent (`message_tag.source`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Surface {
    /// This app: the message left through our outbox.
    Deskbell,
    /// Another client of TikTok's API.
    Api,
    /// TikTok's phone app.
    Phone,
    /// TikTok in a browser, Business Center included.
    Web,
    /// TikTok itself, or something it did not name.
    Other,
}

/// Which of TikTok's automatic messages a message is (`auto_message_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum AutoType {
    /// The welcome message.
    Welcome,
    /// The answer to a suggested question.
    SuggestedQuestion,
    /// A keyword reply set in TikTok's app.
    KeywordReply,
    /// A kind we do not know yet.
    Other,
}

/// Whether the bytes of a picture are on this computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum MediaState {
    /// Not fetched yet.
    Pending,
    /// Kept here, re-encoded.
    Kept {
        /// Its key in the media vault: pass it to the page's media address.
        key: String,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// Was kept, and let go to save space: TikTok can be asked for it again.
    Released,
    /// Cannot be shown: the link is dead, or the bytes were not a picture we accept.
    Unavailable,
}

/// A reaction: an emoji on a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Reaction {
    /// The emoji; empty if it is one of TikTok's generated ones, which have no character.
    pub emoji: String,
    /// Which of the generated ones: the path of its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub picture: Option<String>,
    /// Who put it there.
    pub from: Direction,
}

/// How a [`Reaction`] may stand in the database: the first version kept the emoji alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredReaction {
    Emoji(String),
    Whole {
        emoji: String,
        #[serde(default)]
        picture: Option<String>,
        from: Direction,
    },
}

impl<'de> Deserialize<'de> for Reaction {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match StoredReaction::deserialize(deserializer)? {
            StoredReaction::Emoji(emoji) => Self { emoji, picture: None, from: Direction::In },
            StoredReaction::Whole { emoji, picture, from } => Self { emoji, picture, from },
        })
    }
}

/// What is in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Content {
    /// Plain text; links are not marked up by TikTok.
    Text {
        /// The text as it was sent.
        body: String,
    },
    /// A picture.
    Image {
        /// TikTok's id of the picture, for asking for a download link.
        media_id: String,
        /// Whether we hold it.
        media: MediaState,
    },
    /// A video. Its bytes are not kept.
    Video {
        /// TikTok's id of the video, for asking for a download link.
        media_id: String,
    },
    /// A TikTok post shared into the chat.
    SharePost {
        /// Where TikTok shows the post.
        embed_url: String,
        /// TikTok's `item_id`, if it was said.
        #[serde(default)]
        item_id: Option<String>,
    },
    /// A sticker or an animated emoji, a picture behind a link that may expire.
    Sticker {
        /// Where its picture was.
        url: String,
        /// Whether we hold it.
        media: MediaState,
    },
    /// A Q&A card.
    Card {
        /// Which kind, if TikTok said.
        #[serde(default)]
        kind: Option<CardKind>,
        /// Its title.
        title: String,
        /// The buttons a customer can tap.
        buttons: Vec<String>,
    },
    /// A type Deskbell does not know or TikTok does not hand out. The raw message is kept.
    Unsupported {
        /// TikTok's name for the type.
        kind: String,
    },
    /// What Deskbell kept of it is damaged. TikTok's next listing of it puts it right.
    Unreadable,
}

/// What kind of last line a conversation's row shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SnippetKind {
    /// A line of text.
    Text,
    /// A picture.
    Image,
    /// A video.
    Video,
    /// A shared post.
    SharePost,
    /// A sticker.
    Sticker,
    /// A Q&A card.
    Card,
    /// Something else.
    Unsupported,
}

/// The last line of a conversation, kept in its row so that the list never reads messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Snippet {
    /// What it is.
    pub kind: SnippetKind,
    /// The first 160 characters on one line; empty unless it is text or a card's title.
    pub text: String,
}

impl Content {
    /// The line that a conversation's row shows for this.
    #[must_use]
    pub fn snippet(&self) -> Snippet {
        let (kind, text) = match self {
            Self::Text { body } => (SnippetKind::Text, body.as_str()),
            Self::Image { .. } => (SnippetKind::Image, ""),
            Self::Video { .. } => (SnippetKind::Video, ""),
            Self::SharePost { .. } => (SnippetKind::SharePost, ""),
            Self::Sticker { .. } => (SnippetKind::Sticker, ""),
            Self::Card { title, .. } => (SnippetKind::Card, title.as_str()),
            Self::Unsupported { .. } | Self::Unreadable => (SnippetKind::Unsupported, ""),
        };
        Snippet { kind, text: one_line(text, 160) }
    }

    /// Whether the bytes of its picture are on this computer; none for content that has no picture of its own.
    #[must_use]
    pub fn media(&self) -> Option<&MediaState> {
        match self {
            Self::Image { media, .. } | Self::Sticker { media, .. } => Some(media),
            Self::Text { .. }
            | Self::Video { .. }
            | Self::SharePost { .. }
            | Self::Card { .. }
            | Self::Unsupported { .. }
            | Self::Unreadable => None,
        }
    }

    /// Whether a reply may quote it: a text, a picture or a shared post ("Send", `referenced_message_info`).
    #[must_use]
    pub fn is_quotable(&self) -> bool {
        match self {
            Self::Text { .. } | Self::Image { .. } | Self::SharePost { .. } => true,
            Self::Video { .. }
            | Self::Sticker { .. }
            | Self::Card { .. }
            | Self::Unsupported { .. }
            | Self::Unreadable => false,
        }
    }

    /// The words in it that search should find.
    #[must_use]
    pub fn searchable(&self) -> String {
        match self {
            Self::Text { body } => body.clone(),
            Self::Card { title, buttons, .. } => format!("{title} {}", buttons.join(" ")),
            Self::Image { .. }
            | Self::Video { .. }
            | Self::SharePost { .. }
            | Self::Sticker { .. }
            | Self::Unsupported { .. }
            | Self::Unreadable => String::new(),
        }
    }
}

/// The first `limit` characters with every run of white space made one space.
fn one_line(text: &str, limit: usize) -> String {
    let mut line: Vec<char> = Vec::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().take(limit));
        if line.len() >= limit {
            line.truncate(limit);
            break;
        }
    }
    line.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_is_one_line_and_never_splits_a_character() {
        let body = format!("  hi\n\n there {}", "🤎".repeat(500));
        let snippet = Content::Text { body }.snippet();
        assert!(snippet.text.starts_with("hi there 🤎"));
        assert_eq!(snippet.text.chars().count(), 160);
    }
}
