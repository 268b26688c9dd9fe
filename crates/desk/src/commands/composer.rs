//! Drafts and replies.

use model::{ConversationId, MessageId, ReplyText, TextProblem};
use serde::Serialize;
use store::table::draft;
use ts_rs::TS;

use super::Done;
use crate::contract::Command;
use crate::{Desk, Fault, FaultCode};

/// A reply is queued.
#[derive(Debug, Clone, Copy, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Queued {
    /// Its message; on screen at once.
    pub message: MessageId,
}

/// Keeps what the agent has typed so far; an empty text removes the draft.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveDraft {
    /// Whose composer.
    pub conversation: ConversationId,
    /// The text as it stands.
    pub body: String,
}

impl Command for SaveDraft {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        let Self { conversation, body } = self;
        let now_ms = desk.engine().clock().now_ms();
        desk.engine().store().write(move |tx| draft::save(tx, conversation, &body, now_ms)).await?;
        Ok(Done {})
    }
}

/// Queues a reply and clears the draft. It is on disk when this answers.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendReply {
    /// To whom.
    pub conversation: ConversationId,
    /// The text.
    pub body: String,
}

impl Command for SendReply {
    type Reply = Queued;

    async fn run(self, desk: &Desk) -> Result<Queued, Fault> {
        let text = ReplyText::check(&self.body).map_err(|problem| match problem {
            TextProblem::Empty => Fault::new(FaultCode::ReplyEmpty),
            TextProblem::TooLong { chars } => Fault::with_detail(FaultCode::ReplyTooLong, chars.to_string()),
        })?;
        let message = desk.engine().reply(self.conversation, text.into_string()).await?;
        Ok(Queued { message })
    }
}

/// Sends a refused message once more, or an unconfirmed one, knowing that it may arrive twice.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendAgain {
    /// Which one.
    pub message: MessageId,
}

impl Command for SendAgain {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().send_again(self.message).await?;
        Ok(Done {})
    }
}

/// The agent has seen on the phone that an unconfirmed message arrived.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ItArrived {
    /// Which one.
    pub message: MessageId,
}

impl Command for ItArrived {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().arrived(self.message).await?;
        Ok(Done {})
    }
}

/// Takes a queued, refused or unconfirmed message out of the outbox. Its text goes back into the draft if that is empty.
#[derive(Debug, Clone, serde::Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Discard {
    /// Which one.
    pub message: MessageId,
}

impl Command for Discard {
    type Reply = Done;

    async fn run(self, desk: &Desk) -> Result<Done, Fault> {
        desk.engine().discard(self.message).await?;
        Ok(Done {})
    }
}
