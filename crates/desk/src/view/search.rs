//! What a search found.

use model::{AccountId, ConversationId, Direction, MessageId, Millis, SnippetKind};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Mark, PersonView};

/// What a search found.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SearchResults {
    /// Customers whose name or handle answers: first those called what was typed; heard of last first.
    pub people: Vec<PersonHit>,
    /// Messages, best first.
    pub messages: Vec<MessageHit>,
    /// Whether there may be more messages than these.
    pub more: bool,
    /// Set if not everything was looked through yet and there are fewer messages than asked for: where to go on.
    pub resume: Option<Resume>,
    /// Operators that could not be followed.
    pub problems: Vec<SearchProblem>,
    /// How many messages there are to search, counted within the last minute.
    pub searched: u32,
    /// Whether the index is still being made: older messages may not be found yet.
    pub rebuilding: bool,
}

/// Where a search goes on that has not looked through everything.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Resume {
    /// To be asked for next.
    pub below: MessageId,
    /// From when on everything was looked through, ms since the epoch.
    pub back_to_ms: Millis,
}

/// A customer found by name.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PersonHit {
    /// Their newest conversation.
    pub conversation: ConversationId,
    /// Whose customer they are.
    pub account: AccountId,
    /// The customer.
    pub person: PersonView,
    /// Where the name answers.
    pub marks: Vec<Mark>,
}

/// A message found.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MessageHit {
    /// The message.
    pub id: MessageId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its account.
    pub account: AccountId,
    /// The customer.
    pub person: PersonView,
    /// The message's direction.
    pub direction: Direction,
    /// The time, ms since the epoch.
    pub sent_at_ms: Millis,
    /// The kind of message.
    pub kind: SnippetKind,
    /// One line around the first match; empty if there are no words in it.
    pub excerpt: String,
    /// Where the excerpt answers.
    pub marks: Vec<Mark>,
}

/// An operator that could not be followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SearchProblem {
    /// What is wrong with it.
    pub kind: SearchProblemKind,
    /// What stands after the operator.
    pub value: String,
}

/// What is wrong with an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SearchProblemKind {
    /// `from:` or `in:` with a name that no customer has.
    UnknownPerson,
    /// `tag:` with a tag that no customer has.
    UnknownTag,
    /// `before:`, `after:` or `on:` something that is no date.
    BadDate,
    /// `has:` something there is not.
    BadHas,
}

/// The messages of one conversation that answer a search.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThreadHits {
    /// The messages, newest first; 1,000 at most.
    pub hits: Vec<MessageId>,
    /// Whether there are more than that.
    pub more: bool,
    /// Operators that could not be followed.
    pub problems: Vec<SearchProblem>,
}
