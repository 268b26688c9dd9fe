//! Saved replies.

use model::{ConversationId, SavedReplyId, SavedReplyText};
use ts_rs::TS;

use crate::contract::Command;
use crate::view::{FilledReply, ImportReport, SavedFile, SavedReplyView};
use crate::{Desk, Fault};

/// The files saved replies travel in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SavedFormat {
    /// A table: name, shortcut, category, text, uses.
    Csv,
    /// Everything, pictures included.
    Json,
}

/// Saved replies whose name, shortcut or text answers a query, best first; all by use if it is empty.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FindSavedReplies {
    /// What was typed.
    pub query: String,
    /// At most so many.
    pub limit: u32,
}

impl Command for FindSavedReplies {
    type Reply = Vec<SavedReplyView>;

    async fn run(self, desk: &Desk) -> Result<Vec<SavedReplyView>, Fault> {
        super::not_yet(desk)
    }
}

/// Keeps a saved reply.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveSavedReply {
    /// Which one; none for a new one.
    pub saved: Option<SavedReplyId>,
    /// What it says.
    pub text: SavedReplyText,
}

impl Command for SaveSavedReply {
    type Reply = SavedReplyView;

    async fn run(self, desk: &Desk) -> Result<SavedReplyView, Fault> {
        super::not_yet(desk)
    }
}

/// Deletes a saved reply.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteSavedReply {
    /// Which one.
    pub saved: SavedReplyId,
}

impl Command for DeleteSavedReply {
    type Reply = super::Done;

    async fn run(self, desk: &Desk) -> Result<super::Done, Fault> {
        super::not_yet(desk)
    }
}

/// Makes a saved reply ready for a conversation's customer.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FillSavedReply {
    /// Which one.
    pub saved: SavedReplyId,
    /// For whom.
    pub conversation: ConversationId,
}

impl Command for FillSavedReply {
    type Reply = FilledReply;

    async fn run(self, desk: &Desk) -> Result<FilledReply, Fault> {
        super::not_yet(desk)
    }
}

/// Says that a saved reply was inserted: it counts, and its picture goes onto the conversation's draft.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UseSavedReply {
    /// Which one.
    pub saved: SavedReplyId,
    /// Where.
    pub conversation: ConversationId,
}

impl Command for UseSavedReply {
    type Reply = super::Done;

    async fn run(self, desk: &Desk) -> Result<super::Done, Fault> {
        super::not_yet(desk)
    }
}

/// Writes all saved replies into a file in the folder for downloads.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportSavedReplies {
    /// As what.
    pub format: SavedFormat,
}

impl Command for ExportSavedReplies {
    type Reply = SavedFile;

    async fn run(self, desk: &Desk) -> Result<SavedFile, Fault> {
        super::not_yet(desk)
    }
}

/// Takes saved replies in from a file's text. What cannot be read is told of and not kept; everything else is.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportSavedReplies {
    /// What the file is.
    pub format: SavedFormat,
    /// What stands in it, at most 8 MiB.
    pub text: String,
}

impl Command for ImportSavedReplies {
    type Reply = ImportReport;

    async fn run(self, desk: &Desk) -> Result<ImportReport, Fault> {
        super::not_yet(desk)
    }
}
