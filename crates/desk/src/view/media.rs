//! Pictures, and files the agent saves.

use model::{Direction, MediaState, MessageId, Millis};
use serde::Serialize;
use ts_rs::TS;

/// Photos of a conversation, for the viewer.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PicturePage {
    /// The photos, oldest first.
    pub pictures: Vec<PictureView>,
    /// Whether there are older ones.
    pub has_older: bool,
    /// Whether there are newer ones.
    pub has_newer: bool,
}

/// A photo in a conversation.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PictureView {
    /// Its message.
    pub message: MessageId,
    /// Who sent it.
    pub direction: Direction,
    /// When, ms since the epoch.
    pub sent_at_ms: Millis,
    /// Whether its bytes are here.
    pub media: MediaState,
}

/// A file that was saved.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SavedFile {
    /// Where, as a person would say it: the folder's name and the file's.
    pub place: String,
}

/// How much room pictures take.
#[derive(Debug, Clone, Copy, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MediaUsage {
    /// In bytes.
    pub bytes: u64,
    /// How many pictures.
    pub pictures: u32,
}
