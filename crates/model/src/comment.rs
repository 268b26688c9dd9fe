//! What TikTok asks of a comment that is to be answered by message.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// TikTok's conditions for answering a comment by message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum CommentCondition {
    /// It is a first-level comment on one of the account's own videos.
    FirstLevel,
    /// It is at most 48 hours old.
    Recent,
    /// It was not answered by message yet.
    Unanswered,
    /// No message went between the two in the last 24 hours.
    Quiet,
    /// Its author is 18 or older.
    Adult,
    /// Its author is registered where TikTok offers this.
    Region,
}
