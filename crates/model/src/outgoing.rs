//! What a business can send into a conversation, checked before it is queued.
//!
//! TikTok takes four kinds of message (TikTok API for Business, "Send"): a text, a picture, a Q&A card and one of the
//! account's own posts. Limits count characters (code points), as TikTok does.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Card, Content, MediaState};

/// A message on its way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Outgoing {
    /// Words.
    Text {
        /// As they will be sent.
        body: String,
    },
    /// A picture that the media vault holds, upright and small enough. It is uploaded before it is sent.
    Image {
        /// Its key in the media vault.
        key: String,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// A Q&A card.
    Card {
        /// The card.
        card: Card,
    },
    /// One of the account's own posts.
    Post {
        /// TikTok's `item_id`.
        item_id: String,
        /// Where TikTok shows it, if known.
        embed_url: String,
    },
}

impl Outgoing {
    /// How it stands in the thread.
    #[must_use]
    pub fn content(&self) -> Content {
        match self {
            Self::Text { body } => Content::Text { body: body.clone() },
            Self::Image { key, width, height } => Content::Image {
                media_id: String::new(),
                media: MediaState::Kept { key: key.clone(), width: *width, height: *height },
            },
            Self::Card { card } => {
                Content::Card { kind: Some(card.kind), title: card.title.clone(), buttons: card.buttons.clone() }
            }
            Self::Post { item_id, embed_url } => {
                Content::SharePost { embed_url: embed_url.clone(), item_id: Some(item_id.clone()) }
            }
        }
    }

    /// What stands in a thread, to be sent once more; none of what cannot be.
    #[must_use]
    pub fn of(content: &Content) -> Option<Self> {
        match content {
            Content::Text { body } => Some(Self::Text { body: body.clone() }),
            Content::Image { media: MediaState::Kept { key, width, height }, .. } => {
                Some(Self::Image { key: key.clone(), width: *width, height: *height })
            }
            Content::Card { kind: Some(kind), title, buttons } => {
                Some(Self::Card { card: Card { kind: *kind, title: title.clone(), buttons: buttons.clone() } })
            }
            Content::SharePost { embed_url, item_id: Some(item_id) } => {
                Some(Self::Post { item_id: item_id.clone(), embed_url: embed_url.clone() })
            }
            // What is not known whole, or what only customers can send.
            Content::Image { .. }
            | Content::Card { .. }
            | Content::SharePost { .. }
            | Content::Video { .. }
            | Content::Sticker { .. }
            | Content::Unsupported { .. }
            | Content::Unreadable => None,
        }
    }

    /// Its words, if it is a text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text { body } => Some(body),
            Self::Image { .. } | Self::Card { .. } | Self::Post { .. } => None,
        }
    }
}

/// When a customer is told that the business has read their messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum MarkRead {
    /// When a reply has gone out.
    #[default]
    OnReply,
    /// When an agent opens the conversation.
    OnOpen,
    /// Only when an agent says so.
    ByHand,
}
