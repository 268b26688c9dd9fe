//! TikTok's automatic messages, and comments answered by message.

use model::{AccountId, AutoMessageId, AutoMessageType, AutoText, AutoVersionId, CommentId};
use ts_rs::TS;

use crate::contract::Command;
use crate::view::{AutoMessagesView, AutoOutcome, AutoVersionView, CommentView};
use crate::{Desk, Fault};

/// An account's automatic messages as last read; asks TikTok if that was not lately.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetAutoMessages {
    /// Whose.
    pub account: AccountId,
}

impl Command for GetAutoMessages {
    type Reply = AutoMessagesView;

    async fn run(self, desk: &Desk) -> Result<AutoMessagesView, Fault> {
        super::not_yet(desk)
    }
}

/// Asks TikTok for an account's automatic messages now.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefreshAutoMessages {
    /// Whose.
    pub account: AccountId,
}

impl Command for RefreshAutoMessages {
    type Reply = AutoMessagesView;

    async fn run(self, desk: &Desk) -> Result<AutoMessagesView, Fault> {
        super::not_yet(desk)
    }
}

/// Sends a new automatic message to TikTok for review.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateAutoMessage {
    /// Whose.
    pub account: AccountId,
    /// Which kind.
    pub kind: AutoMessageType,
    /// What it says.
    pub text: AutoText,
}

impl Command for CreateAutoMessage {
    type Reply = AutoMessagesView;

    async fn run(self, desk: &Desk) -> Result<AutoMessagesView, Fault> {
        super::not_yet(desk)
    }
}

/// Changes an automatic message; TikTok reviews it anew.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateAutoMessage {
    /// Which one.
    pub message: AutoMessageId,
    /// What it said when the agent began to change it: if it says something else by now, `AutoChangedElsewhere`.
    pub base: AutoText,
    /// What it is to say.
    pub text: AutoText,
}

impl Command for UpdateAutoMessage {
    type Reply = AutoMessagesView;

    async fn run(self, desk: &Desk) -> Result<AutoMessagesView, Fault> {
        super::not_yet(desk)
    }
}

/// Replaces a rejected automatic message by a new one, changed or not.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecreateAutoMessage {
    /// Which one.
    pub message: AutoMessageId,
    /// What the new one says.
    pub text: AutoText,
}

impl Command for RecreateAutoMessage {
    type Reply = AutoMessagesView;

    async fn run(self, desk: &Desk) -> Result<AutoMessagesView, Fault> {
        super::not_yet(desk)
    }
}

/// Deletes an automatic message.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteAutoMessage {
    /// Which one.
    pub message: AutoMessageId,
}

impl Command for DeleteAutoMessage {
    type Reply = AutoMessagesView;

    async fn run(self, desk: &Desk) -> Result<AutoMessagesView, Fault> {
        super::not_yet(desk)
    }
}

/// Puts a kind's messages into this order.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SortAutoMessages {
    /// Whose.
    pub account: AccountId,
    /// Which kind.
    pub kind: AutoMessageType,
    /// All of them, in their new order.
    pub order: Vec<AutoMessageId>,
}

impl Command for SortAutoMessages {
    type Reply = AutoMessagesView;

    async fn run(self, desk: &Desk) -> Result<AutoMessagesView, Fault> {
        super::not_yet(desk)
    }
}

/// Turns a kind on or off. Turning suggested questions or chat prompts on makes TikTok switch each of them off.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetAutoMessages {
    /// Whose.
    pub account: AccountId,
    /// Which kind.
    pub kind: AutoMessageType,
    /// Whether TikTok is to send them.
    pub enabled: bool,
    /// Whether to make them anew after turning on, so that customers see them again.
    pub recreate: bool,
}

impl Command for SetAutoMessages {
    type Reply = AutoOutcome;

    async fn run(self, desk: &Desk) -> Result<AutoOutcome, Fault> {
        super::not_yet(desk)
    }
}

/// Brings one account's automatic messages to another account, those that are not there already.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CopyAutoMessages {
    /// From which account.
    pub from: AccountId,
    /// To which.
    pub to: AccountId,
    /// Which kinds.
    pub kinds: Vec<AutoMessageType>,
}

impl Command for CopyAutoMessages {
    type Reply = AutoOutcome;

    async fn run(self, desk: &Desk) -> Result<AutoOutcome, Fault> {
        super::not_yet(desk)
    }
}

/// Earlier states of one kind, newest first.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListAutoVersions {
    /// Whose.
    pub account: AccountId,
    /// Which kind.
    pub kind: AutoMessageType,
}

impl Command for ListAutoVersions {
    type Reply = Vec<AutoVersionView>;

    async fn run(self, desk: &Desk) -> Result<Vec<AutoVersionView>, Fault> {
        super::not_yet(desk)
    }
}

/// Makes a kind say what it said in an earlier state.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestoreAutoVersion {
    /// Which state.
    pub version: AutoVersionId,
}

impl Command for RestoreAutoVersion {
    type Reply = AutoOutcome;

    async fn run(self, desk: &Desk) -> Result<AutoOutcome, Fault> {
        super::not_yet(desk)
    }
}

/// Turns comment-to-message on or off.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetCommentToMessage {
    /// Whose.
    pub account: AccountId,
    /// On or off.
    pub enabled: bool,
}

impl Command for SetCommentToMessage {
    type Reply = AutoMessagesView;

    async fn run(self, desk: &Desk) -> Result<AutoMessagesView, Fault> {
        super::not_yet(desk)
    }
}

/// Comments of high intent, newest first.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListComments {
    /// Whose.
    pub account: AccountId,
}

impl Command for ListComments {
    type Reply = Vec<CommentView>;

    async fn run(self, desk: &Desk) -> Result<Vec<CommentView>, Fault> {
        super::not_yet(desk)
    }
}

/// Answers a comment by message; each can be answered once.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnswerComment {
    /// Which one.
    pub comment: CommentId,
    /// The text.
    pub body: String,
}

impl Command for AnswerComment {
    type Reply = CommentView;

    async fn run(self, desk: &Desk) -> Result<CommentView, Fault> {
        super::not_yet(desk)
    }
}

/// Puts a comment aside, or takes it up again.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DismissComment {
    /// Which one.
    pub comment: CommentId,
    /// Aside, or not.
    pub dismissed: bool,
}

impl Command for DismissComment {
    type Reply = CommentView;

    async fn run(self, desk: &Desk) -> Result<CommentView, Fault> {
        super::not_yet(desk)
    }
}
