//! The account's own posts, and posts in messages.

use model::Millis;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The account's own posts, newest first, as last fetched.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PostPage {
    /// The posts.
    pub posts: Vec<PostView>,
    /// When TikTok was last asked for them; none if never.
    pub fetched_at_ms: Option<Millis>,
}

/// One of the account's own posts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PostView {
    /// TikTok's `item_id`.
    pub item_id: String,
    /// Its caption.
    pub caption: String,
    /// Its cover's key in the media vault.
    pub cover: Option<String>,
    /// When it was posted, ms since the epoch, if said.
    pub posted_at_ms: Option<Millis>,
}
