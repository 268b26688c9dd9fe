//! Pictures, and files the agent saves.

use model::{Direction, MediaState, MessageId, Millis};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Photos of a conversation, for the viewer.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImagePage {
    /// The photos, oldest first.
    pub pictures: Vec<ImageView>,
    /// Whether there are older ones.
    pub has_older: bool,
    /// Whether there are newer ones.
    pub has_newer: bool,
}

/// A photo in a conversation.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImageView {
    /// The message.
    pub message: MessageId,
    /// The message's direction.
    pub direction: Direction,
    /// The time, ms since the epoch.
    pub sent_at_ms: Millis,
    /// Whether its bytes are here.
    pub media: MediaState,
}

/// A file that was saved.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SavedFile {
    /// Where, as a person would say it: the folder's name and the file's.
    pub place: String,
}

/// How much room pictures take.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MediaUsage {
    /// In bytes.
    pub bytes: u64,
    /// How many pictures.
    pub pictures: u32,
}
