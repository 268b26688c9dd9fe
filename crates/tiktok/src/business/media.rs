//! Downloading the media of a message by its id ("Media download"), and uploading an image to be sent ("Media upload").

use crate::{Endpoint, FilePart, Form, Safety, lenient};
use bytes::Bytes;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use std::fmt;

/// Asks for a link to an image or a video. The link lives 24 hours and is fetched with [`crate::Client::fetch_media`]
/// or [`crate::Client::fetch_video`], with the account's token.
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
    /// Image or video.
    pub media_type: MediaType,
}

/// The kinds of media that can be downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaType {
    /// An image.
    Image,
    /// A video.
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

/// Uploads an image to be sent ("Media upload"): JPG or PNG, at most 3 MB.
///
/// An upload that is never sent is harmless and forgotten by TikTok, so the call may be repeated. `Debug` leaves the
/// file's name and its bytes out.
#[derive(Clone)]
pub struct UploadMedia {
    /// The account.
    pub business_id: String,
    /// The file's name as TikTok is told it; it need not be its name here.
    pub file_name: String,
    /// `image/jpeg` or `image/png`.
    pub mime: String,
    /// The file. Clones share it.
    pub bytes: Bytes,
}

/// An uploaded image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "UploadedWire")]
pub struct Uploaded {
    /// For [`super::message::Outgoing::Image`]; good for 30 days, and never empty in an answer of
    /// [`crate::Client::call`].
    pub media_id: String,
}

impl Endpoint for UploadMedia {
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/business/message/media/upload/";
    const SAFETY: Safety = Safety::Repeatable;
    type Reply = Uploaded;

    fn form(&self) -> Option<Form> {
        Some(Form {
            texts: vec![("business_id", self.business_id.clone()), ("media_type", "IMAGE".to_owned())],
            file: FilePart {
                name: "file",
                file_name: self.file_name.clone(),
                mime: self.mime.clone(),
                bytes: self.bytes.clone(),
            },
        })
    }

    fn missing(&self, reply: &Uploaded) -> Option<&'static str> {
        reply.media_id.is_empty().then_some("data.media_id")
    }
}

#[derive(Deserialize)]
struct UploadedWire {
    #[serde(default)]
    media_id: Option<Box<RawValue>>,
}

impl From<UploadedWire> for Uploaded {
    fn from(wire: UploadedWire) -> Self {
        Self { media_id: wire.media_id.as_deref().and_then(lenient::text).unwrap_or_default() }
    }
}

impl fmt::Debug for UploadMedia {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadMedia")
            .field("business_id", &self.business_id)
            .field("mime", &self.mime)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}
