//! Saved replies, as listed and as filled in.

use model::{Millis, SavedReplyId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Attachment;

/// A saved reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SavedReplyView {
    /// Its id.
    pub id: SavedReplyId,
    /// What the agent finds it by.
    pub name: String,
    /// What is typed after `/` to insert it at once; empty for none.
    pub shortcut: String,
    /// Under what it is listed; empty for none.
    pub category: String,
    /// The text, with its variables.
    pub body: String,
    /// The picture that goes with it.
    pub attachment: Option<Attachment>,
    /// How often it was used.
    pub uses: u32,
    /// When it was used last, ms since the epoch.
    pub used_at_ms: Option<Millis>,
    /// The names of its blanks, which an agent fills in; a rule cannot send one that has any.
    pub blanks: Vec<String>,
}

/// A saved reply made ready for one customer: what is known is filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FilledReply {
    /// The pieces of the text, in order; joined, with the blanks filled in, they are the reply.
    pub parts: Vec<FilledPart>,
    /// The picture that goes with it.
    pub attachment: Option<Attachment>,
}

/// A piece of a text that is being filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum FilledPart {
    /// Words that are known.
    Text {
        /// The words.
        text: String,
    },
    /// Words that only the agent knows. One name is one blank, however often it stands there.
    Blank {
        /// Its name.
        name: String,
        /// What stands there unless the agent says otherwise; may be empty.
        fallback: String,
    },
}

/// What stands on a draft after a saved reply was inserted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UsedReply {
    /// The draft's picture.
    pub attachment: Option<Attachment>,
    /// Whether the saved reply's picture is not on it, because another one was there: a draft has one.
    pub left_out: bool,
}

/// The result of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// How many are new.
    pub added: u32,
    /// How many replaced one of the same name.
    pub replaced: u32,
    /// How many were there already, word for word.
    pub unchanged: u32,
    /// What could not be read, with the line or place in the file, counted from 1. Nothing of these was kept.
    pub refused: Vec<ImportRefusal>,
}

/// One entry of a file that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImportRefusal {
    /// Its place in the file, counted from 1.
    pub place: u32,
    /// What it is called there; may be empty.
    pub name: String,
    /// What is wrong with it.
    pub problem: model::SavedReplyProblem,
}
