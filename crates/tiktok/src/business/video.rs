//! The account's own posts, which can be shared into a conversation.
//!
//! The portal lists this under "TikTok Accounts > Get Account Media". It needs a scope of its own
//! ([`super::oauth::VIDEO_LIST_SCOPE`]); without it TikTok answers 40001, which is [`crate::Reason::NotPermitted`] and
//! says nothing about the account's messages.

use crate::{
    Endpoint, Safety, Timestamp,
    lenient::{self, Fields},
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;

/// The fields that are asked for; `item_id` must be among them, or TikTok may refuse.
const FIELDS: &str = r#"["item_id","create_time","caption","thumbnail_url","share_url","embed_url"]"#;

/// Lists the account's posts, newest first, also those shown only as advertisements.
#[derive(Debug, Clone)]
pub struct ListVideos {
    /// The account.
    pub business_id: String,
    /// Where to go on: the last page's `cursor` (a moment in ms: what was posted before it); `None` for the beginning.
    pub cursor: Option<String>,
    /// How many at most, 1 to 20. TikTok may send fewer though more follow.
    pub max_count: u8,
}

/// A page of posts.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "VideoPageWire")]
pub struct VideoPage {
    /// The entries that could be read.
    pub videos: Vec<Video>,
    /// For [`ListVideos::cursor`]; TikTok sends a number, kept as text.
    pub cursor: Option<String>,
    /// Whether another page follows.
    pub has_more: bool,
    /// How many entries had no usable id.
    pub unreadable: usize,
}

/// A post of the account's. `Debug` leaves its words and its addresses out.
#[derive(Clone, PartialEq, Eq)]
pub struct Video {
    /// TikTok's id, for [`super::message::Outgoing::SharePost`]; every digit as it came.
    pub item_id: String,
    /// When it was posted. TikTok writes seconds, as a number or as text.
    pub created_at: Option<Timestamp>,
    /// The text under the video.
    pub caption: Option<String>,
    /// Its cover image; a link that dies (`x-expires`).
    pub thumbnail_url: Option<String>,
    /// Its page; not to be opened unasked.
    pub share_url: Option<String>,
    /// A player for it; shows nothing of a post that is not public.
    pub embed_url: Option<String>,
}

impl Endpoint for ListVideos {
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/business/video/list/";
    const SAFETY: Safety = Safety::Repeatable;
    type Reply = VideoPage;

    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = vec![
            ("business_id", self.business_id.clone()),
            ("fields", FIELDS.to_owned()),
            ("max_count", self.max_count.clamp(1, 20).to_string()),
        ];
        query.extend(self.cursor.clone().map(|cursor| ("cursor", cursor)));
        query
    }
}

#[derive(Deserialize)]
struct VideoPageWire {
    #[serde(default)]
    videos: Option<Vec<Box<RawValue>>>,
    #[serde(default)]
    cursor: Option<Box<RawValue>>,
    #[serde(default)]
    has_more: Option<Box<RawValue>>,
}

impl From<VideoPageWire> for VideoPage {
    fn from(wire: VideoPageWire) -> Self {
        let entries = wire.videos.unwrap_or_default();
        let videos: Vec<Video> = entries.iter().filter_map(|raw| video(raw)).collect();
        Self {
            unreadable: entries.len() - videos.len(),
            videos,
            cursor: wire.cursor.as_deref().and_then(lenient::text).filter(|text| !text.is_empty()),
            has_more: wire.has_more.as_deref().and_then(lenient::flag).unwrap_or(false),
        }
    }
}

fn video(raw: &RawValue) -> Option<Video> {
    let fields = Fields::read(raw)?;
    Some(Video {
        item_id: fields.remote_id("item_id")?,
        created_at: fields.timestamp("create_time"),
        caption: fields.id("caption"),
        thumbnail_url: fields.id("thumbnail_url"),
        share_url: fields.id("share_url"),
        embed_url: fields.id("embed_url"),
    })
}

impl fmt::Debug for Video {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Video")
            .field("item_id", &self.item_id)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}
