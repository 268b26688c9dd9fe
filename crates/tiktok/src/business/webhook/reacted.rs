//! Reactions coming and going.

use super::Person;
use crate::{business::message::Reaction, lenient::Fields, words::words};
use serde_json::value::RawValue;

/// Reactions that came or went, told like a message ("Webhooks", `type` `reaction`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reacted {
    /// Where.
    pub conversation_id: String,
    /// The customer, whoever it was that reacted.
    pub person: Option<Person>,
    /// What changed, in TikTok's order.
    pub changes: Vec<ReactionChange>,
}

/// One reaction that came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactionChange {
    /// Which of the two.
    pub operation: ReactionOperation,
    /// The message it is on.
    pub original_message_id: String,
    /// The reaction: what it is, whose, and when it changed.
    pub reaction: Reaction,
}

words! {
    /// What became of a reaction.
    ReactionOperation {
        /// It was put there.
        Add = "ADD",
        /// It was taken away.
        Remove = "REMOVE",
    }
}

impl Reacted {
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
