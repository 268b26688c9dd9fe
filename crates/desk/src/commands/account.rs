//! What belongs to one account: its posts, and what its customers are told.

use engine::call::CallError;
use model::{AccountId, ConversationId, MarkRead};
use store::table::{account, post};
use ts_rs::TS;

use crate::command::Command;
use crate::command::Done;
use crate::view::PostPage;
use crate::{Desk, Fault, FaultCode, read};

/// No screen shows more posts than this.
const MAX_POSTS: u32 = 200;

/// The account's own posts, newest first, as last fetched.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListPosts {
    /// The account.
    pub account: AccountId,
}

/// Asks TikTok for the account's newest posts; they are announced by `Change::Posts` as they come.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefreshPosts {
    /// The account.
    pub account: AccountId,
}

/// Tells the customer now that their messages were read.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MarkConversationRead {
    /// The conversation.
    pub conversation: ConversationId,
}

/// When an account's customers are told that their messages were read.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetReadReceipts {
    /// The account.
    pub account: AccountId,
    /// The new policy.
    pub policy: MarkRead,
}

impl Command for ListPosts {
    type Reply = PostPage;

    async fn run(self, desk: &Desk) -> Result<PostPage, Fault> {
        let account = self.account;
        let (posts, fetched_at_ms) = desk.store().read(move |sql| post::newest(sql, account, MAX_POSTS)).await?;
        Ok(PostPage { posts: posts.into_iter().map(read::post_view).collect(), fetched_at_ms })
    }
}

impl Command for RefreshPosts {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        match desk.engine().posts().refresh(self.account).await {
            Ok(()) => Ok(Done {}),
            Err(CallError::Refused(engine::TikTokError::Refused {
                reason: engine::TikTokReason::NotPermitted,
                message,
                ..
            })) => Err(Fault::with_detail(FaultCode::PostsNotPermitted, message.as_str())),
            Err(error) => Err(error.into()),
        }
    }
}

impl Command for MarkConversationRead {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().presence().mark_read(self.conversation, MarkRead::ByHand).await?;
        Ok(Done {})
    }
}

impl Command for SetReadReceipts {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        let Self { account: id, policy } = self;
        desk.store().write(move |tx| account::set_mark_read(tx, id, policy)).await?;
        Ok(Done {})
    }
}
