//! What is being written, and what goes out later.

use model::{ConversationId, Millis, ScheduledId, StopReason};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Quoted;

/// What an agent has typed and attached so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DraftView {
    /// The whole text.
    pub body: String,
    /// The message it quotes.
    pub quoted: Option<Quoted>,
    /// The picture that goes with it.
    pub attachment: Option<Attachment>,
}

/// A picture ready to be sent: upright, without metadata, JPEG or PNG, small enough for TikTok.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// Its key in the media vault.
    pub key: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Size in bytes.
    pub size: u32,
    /// Whether it is the first picture of an animation, which TikTok does not take whole. Only said when attaching.
    pub first_frame: bool,
}

/// A reply to be sent later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledView {
    /// Its id.
    pub id: ScheduledId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The customer's name; empty if TikTok has not said.
    pub name: String,
    /// The text; empty for a picture alone.
    pub body: String,
    /// The message it quotes.
    pub quoted: Option<Quoted>,
    /// The picture that goes with it.
    pub attachment: Option<Attachment>,
    /// When it is to go out, ms since the epoch.
    pub at_ms: Millis,
    /// Why it did not go out at its time: the agent decides.
    pub stopped: Option<StopReason>,
}
