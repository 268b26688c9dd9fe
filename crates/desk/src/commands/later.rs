//! Replies to be sent later.

use model::{AccountId, ConversationId, MessageId, Millis, ScheduledId};
use store::table::scheduled;
use ts_rs::TS;

use crate::command::Command;
use crate::command::Done;
use crate::view::ScheduledView;
use crate::{Desk, Fault, read};

/// Keeps a reply to be sent later, and clears the draft.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleReply {
    /// The conversation.
    pub conversation: ConversationId,
    /// The text; may be empty if there is a picture.
    pub body: String,
    /// The message it quotes.
    pub quoted: Option<MessageId>,
    /// The key of the picture that goes with it.
    pub attachment: Option<String>,
    /// The time, ms since the epoch.
    pub at_ms: Millis,
}

/// Changes the text or the time of a reply that is to be sent later.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateScheduledReply {
    /// The scheduled reply.
    pub scheduled: ScheduledId,
    /// The new text.
    pub body: String,
    /// The new time, ms since the epoch.
    pub at_ms: Millis,
}

/// Queues a scheduled reply at once, whatever stopped it.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendScheduledReplyNow {
    /// The scheduled reply.
    pub scheduled: ScheduledId,
}

/// Takes a scheduled reply back into the draft.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelScheduledReply {
    /// The scheduled reply.
    pub scheduled: ScheduledId,
}

/// All of an account's scheduled replies, soonest first.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListScheduledReplies {
    /// The account.
    pub account: AccountId,
}

impl Command for ScheduleReply {
    type Reply = ScheduledView;

    async fn run(self, desk: &Desk) -> Result<ScheduledView, Fault> {
        let reply = super::composer::reply(&self.body, self.quoted, self.attachment)?;
        let id = desk.engine().scheduled().schedule(self.conversation, reply, self.at_ms).await?;
        view(desk, id).await
    }
}

impl Command for UpdateScheduledReply {
    type Reply = ScheduledView;

    async fn run(self, desk: &Desk) -> Result<ScheduledView, Fault> {
        let id = self.scheduled;
        let known = desk.store().read(move |sql| scheduled::get(sql, id)).await?;
        let reply = super::composer::reply(&self.body, known.reply.quoted, known.reply.attachment)?;
        desk.engine().scheduled().change(id, reply.body, self.at_ms).await?;
        view(desk, id).await
    }
}

async fn view(desk: &Desk, id: ScheduledId) -> Result<ScheduledView, Fault> {
    Ok(desk.store().read(move |sql| read::scheduled_view(sql, scheduled::get(sql, id)?)).await?)
}

impl Command for SendScheduledReplyNow {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().scheduled().send_now(self.scheduled).await?;
        Ok(Done {})
    }
}

impl Command for CancelScheduledReply {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().scheduled().cancel(self.scheduled).await?;
        Ok(Done {})
    }
}

impl Command for ListScheduledReplies {
    type Reply = Vec<ScheduledView>;

    async fn run(self, desk: &Desk) -> Result<Vec<ScheduledView>, Fault> {
        let account = self.account;
        let found = desk.store().read(move |sql| {
            scheduled::of_account(sql, account)?.into_iter().map(|one| read::scheduled_view(sql, one)).collect()
        });
        Ok(found.await?)
    }
}
