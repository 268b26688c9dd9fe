//! Reactions that were added and removed.

use super::Person;
use crate::{business::message::Reaction, lenient::Fields, words::words};
use serde_json::value::RawValue;

/// Reactions that were added or removed, told like a message ("Webhooks", `type` `reaction`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactionEvent {
    /// The conversation of the message that was reacted to.
    pub conversation_id: String,
    /// The customer of the conversation, also where the business reacted.
    pub person: Option<Person>,
    /// The changes, in TikTok's order.
    pub changes: Vec<ReactionChange>,
}

/// One reaction that was added or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactionChange {
    /// Whether it was added or removed.
    pub operation: ReactionOperation,
    /// The message it is on.
    pub original_message_id: String,
    /// The reaction; its time is that of the change.
    pub reaction: Reaction,
}

words! {
    /// Whether a reaction was added or removed.
    ReactionOperation {
        /// Added.
        Add = "ADD",
        /// Removed.
        Remove = "REMOVE",
    }
}

impl ReactionEvent {
    /// `None` without a conversation, or when there is no change that could be made anywhere.
    pub(super) fn read(fields: &Fields<'_>, person: Option<Person>) -> Option<Self> {
        let changes: Vec<_> = fields.one_or_many("reaction").into_iter().filter_map(change).collect();
        let conversation_id = fields.remote_id("conversation_id")?;
        (!changes.is_empty()).then_some(Self { conversation_id, person, changes })
    }
}

fn change(raw: &RawValue) -> Option<ReactionChange> {
    let fields = Fields::read(raw)?;
    Some(ReactionChange {
        operation: ReactionOperation::read(&fields.id("operation")?),
        original_message_id: fields.remote_id("original_msg_id")?,
        reaction: Reaction::read(&fields)?,
    })
}
