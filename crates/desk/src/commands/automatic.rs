//! TikTok's automatic messages, and comments answered by message.

use engine::automatic::NotTaken;
use model::{AccountId, AutoMessageId, AutoMessageType, AutoText, AutoVersionId, CommentId};
use store::table::{account, auto_message, auto_version};
use ts_rs::TS;

use crate::command::Command;
use crate::read::automatic as read;
use crate::view::{AutoMessagesView, AutoOutcome, AutoVersionView, CommentView};
use crate::{Desk, Fault};

/// No screen shows more earlier states than this.
const MAX_VERSIONS: u32 = 500;

/// An account's automatic messages as last read; asks TikTok if that was not lately.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetAutoMessages {
    /// The account.
    pub account: AccountId,
}

impl Command for GetAutoMessages {
    type Reply = AutoMessagesView;

    async fn run(self, desk: &Desk) -> Result<AutoMessagesView, Fault> {
        let id = self.account;
        desk.store().read(move |sql| account::get(sql, id)).await?;
        desk.engine().auto_messages().record_shown(id).await?;
        read::auto_messages(desk.engine(), id).await
    }
}

/// Asks TikTok for an account's automatic messages now.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefreshAutoMessages {
    /// The account.
    pub account: AccountId,
}

impl Command for RefreshAutoMessages {
    type Reply = AutoMessagesView;

    async fn run(self, desk: &Desk) -> Result<AutoMessagesView, Fault> {
        let id = self.account;
        desk.store().read(move |sql| account::get(sql, id)).await?;
        desk.engine().auto_messages().refresh(id).await;
        read::auto_messages(desk.engine(), id).await
    }
}

/// Sends a new automatic message to TikTok for review.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateAutoMessage {
    /// The account.
    pub account: AccountId,
    /// The kind of automatic message.
    pub kind: AutoMessageType,
    /// The text.
    pub text: AutoText,
}

impl Command for CreateAutoMessage {
    type Reply = AutoMessagesView;

    async fn run(self, desk: &Desk) -> Result<AutoMessagesView, Fault> {
        desk.engine().auto_messages().create(self.account, self.kind, &self.text).await?;
        read::auto_messages(desk.engine(), self.account).await
    }
}

/// Changes an automatic message; TikTok reviews it anew.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateAutoMessage {
    /// The automatic message.
    pub message: AutoMessageId,
    /// What it said when the agent began to change it: if it says something else by now, `AutoChangedElsewhere`.
    pub base: AutoText,
    /// The text.
    pub text: AutoText,
}

impl Command for UpdateAutoMessage {
    type Reply = AutoMessagesView;

    async fn run(self, desk: &Desk) -> Result<AutoMessagesView, Fault> {
        let account = account_of(desk, self.message).await?;
        desk.engine().auto_messages().update(self.message, self.base, &self.text).await?;
        read::auto_messages(desk.engine(), account).await
    }
}

/// Replaces a rejected automatic message by a new one, changed or not.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecreateAutoMessage {
    /// The automatic message.
    pub message: AutoMessageId,
    /// The text.
    pub text: AutoText,
}

impl Command for RecreateAutoMessage {
    type Reply = AutoMessagesView;

    async fn run(self, desk: &Desk) -> Result<AutoMessagesView, Fault> {
        let account = account_of(desk, self.message).await?;
        desk.engine().auto_messages().recreate(self.message, &self.text).await?;
        read::auto_messages(desk.engine(), account).await
    }
}

/// Deletes an automatic message.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteAutoMessage {
    /// The automatic message.
    pub message: AutoMessageId,
}

impl Command for DeleteAutoMessage {
    type Reply = AutoMessagesView;

    async fn run(self, desk: &Desk) -> Result<AutoMessagesView, Fault> {
        let account = account_of(desk, self.message).await?;
        desk.engine().auto_messages().delete(self.message).await?;
        read::auto_messages(desk.engine(), account).await
    }
}

/// Puts a kind's messages into this order.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SortAutoMessages {
    /// The account.
    pub account: AccountId,
    /// The kind of automatic message.
    pub kind: AutoMessageType,
    /// All of them, in their new order.
    pub order: Vec<AutoMessageId>,
}

impl Command for SortAutoMessages {
    type Reply = AutoMessagesView;

    async fn run(self, desk: &Desk) -> Result<AutoMessagesView, Fault> {
        desk.engine().auto_messages().sort(self.account, self.kind, self.order).await?;
        read::auto_messages(desk.engine(), self.account).await
    }
}

/// Turns a kind on or off. Turning suggested questions or chat prompts on makes TikTok switch each of them off.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetAutoMessagesEnabled {
    /// The account.
    pub account: AccountId,
    /// The kind of automatic message.
    pub kind: AutoMessageType,
    /// Whether TikTok is to send them.
    pub enabled: bool,
    /// Whether to make them anew after turning on, so that customers see them again.
    pub recreate: bool,
}

impl Command for SetAutoMessagesEnabled {
    type Reply = AutoOutcome;

    async fn run(self, desk: &Desk) -> Result<AutoOutcome, Fault> {
        let Self { account, kind, enabled, recreate } = self;
        let refused = desk.engine().auto_messages().set_enabled(account, kind, enabled, recreate).await?;
        outcome(desk, account, refused).await
    }
}

/// Brings one account's automatic messages to another account, those that are not there already.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CopyAutoMessages {
    /// The account to copy from.
    pub from: AccountId,
    /// The account to copy to.
    pub to: AccountId,
    /// The kinds to copy.
    pub kinds: Vec<AutoMessageType>,
}

impl Command for CopyAutoMessages {
    type Reply = AutoOutcome;

    async fn run(self, desk: &Desk) -> Result<AutoOutcome, Fault> {
        let refused = desk.engine().auto_messages().copy(self.from, self.to, self.kinds).await?;
        outcome(desk, self.to, refused).await
    }
}

/// Earlier states of one kind, newest first.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListAutoVersions {
    /// The account.
    pub account: AccountId,
    /// The kind of automatic message.
    pub kind: AutoMessageType,
}

impl Command for ListAutoVersions {
    type Reply = Vec<AutoVersionView>;

    async fn run(self, desk: &Desk) -> Result<Vec<AutoVersionView>, Fault> {
        let Self { account, kind } = self;
        let versions = desk.store().read(move |sql| {
            account::get(sql, account)?;
            auto_version::newest(sql, account, kind, MAX_VERSIONS)
        });
        Ok(versions.await?.into_iter().map(read::auto_version_view).collect())
    }
}

/// Makes a kind say what it said in an earlier state.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestoreAutoVersion {
    /// The version.
    pub version: AutoVersionId,
}

impl Command for RestoreAutoVersion {
    type Reply = AutoOutcome;

    async fn run(self, desk: &Desk) -> Result<AutoOutcome, Fault> {
        let (account, refused) = desk.engine().auto_messages().restore_version(self.version).await?;
        outcome(desk, account, refused).await
    }
}

/// Turns comment-to-message on or off.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetCommentToMessage {
    /// The account.
    pub account: AccountId,
    /// Whether it is on.
    pub enabled: bool,
}

impl Command for SetCommentToMessage {
    type Reply = AutoMessagesView;

    async fn run(self, desk: &Desk) -> Result<AutoMessagesView, Fault> {
        desk.engine().auto_messages().set_comment_to_message(self.account, self.enabled).await?;
        read::auto_messages(desk.engine(), self.account).await
    }
}

/// Comments of high intent, newest first.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListComments {
    /// The account.
    pub account: AccountId,
}

impl Command for ListComments {
    type Reply = Vec<CommentView>;

    async fn run(self, desk: &Desk) -> Result<Vec<CommentView>, Fault> {
        let (account, now_ms) = (self.account, desk.engine().clock().now_ms());
        Ok(desk.store().read(move |sql| read::comment_views(sql, account, now_ms)).await?)
    }
}

/// Answers a comment by message; each can be answered once.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnswerComment {
    /// The comment.
    pub comment: CommentId,
    /// The text.
    pub body: String,
}

impl Command for AnswerComment {
    type Reply = CommentView;

    async fn run(self, desk: &Desk) -> Result<CommentView, Fault> {
        desk.engine().comments().answer(self.comment, &self.body).await?;
        comment(desk, self.comment).await
    }
}

/// Puts a comment aside, or takes it up again.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DismissComment {
    /// The comment.
    pub comment: CommentId,
    /// Whether it is put aside.
    pub dismissed: bool,
}

impl Command for DismissComment {
    type Reply = CommentView;

    async fn run(self, desk: &Desk) -> Result<CommentView, Fault> {
        desk.engine().comments().dismiss(self.comment, self.dismissed).await?;
        comment(desk, self.comment).await
    }
}

async fn account_of(desk: &Desk, id: AutoMessageId) -> Result<AccountId, Fault> {
    Ok(desk.store().read(move |sql| auto_message::get(sql, id)).await?.account)
}

async fn outcome(desk: &Desk, account: AccountId, refused: Vec<NotTaken>) -> Result<AutoOutcome, Fault> {
    let now = read::auto_messages(desk.engine(), account).await?;
    Ok(AutoOutcome { now, refused: refused.into_iter().map(read::auto_refusal).collect() })
}

async fn comment(desk: &Desk, id: CommentId) -> Result<CommentView, Fault> {
    let now_ms = desk.engine().clock().now_ms();
    Ok(desk.store().read(move |sql| read::comment_view_of(sql, id, now_ms)).await?)
}
