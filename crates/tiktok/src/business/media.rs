//! From a media id to a link to its bytes ("Media download").

use crate::{Endpoint, Safety, lenient};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;

/// Asks for a link to a picture or a film. The link lives 24 hours and is fetched with
/// [`crate::Client::fetch_media`], with the account's token.
#[derive(Debug, Clone)]
pub struct DownloadLink {
    /// The account.
    pub business_id: String,
    /// The conversation it is in.
    pub conversation_id: String,
    /// The message it is in.
    pub message_id: String,
    /// From the message's content; good for 30 days.
    pub media_id: String,
    /// What it is.
    pub media_type: MediaType,
}

/// What can be downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaType {
    /// A picture.
    Image,
    /// A film.
    Video,
}

/// A link to bytes. It is as good as a key: `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Download {
    /// Good for 24 hours.
    #[serde(deserialize_with = "lenient::required_text")]
    pub download_url: String,
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Download([redacted])")
    }
}

impl Endpoint for DownloadLink {
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/business/message/media/download/";
    const SAFETY: Safety = Safety::Repeatable;
    type Reply = Download;

    fn body(&self) -> Option<Value> {
        Some(json!({
            "business_id": self.business_id,
            "conversation_id": self.conversation_id,
            "message_id": self.message_id,
            "media_id": self.media_id,
            "media_type": match self.media_type {
                MediaType::Image => "IMAGE",
                MediaType::Video => "VIDEO",
            },
        }))
    }
}
