//! What the search index knows of a message.

use model::{AccountId, Content, ConversationId, MessageId, Reaction};

/// What search knows of a message.
#[derive(Debug, Clone, Copy)]
pub struct IndexEntry<'a> {
    /// The message.
    pub id: MessageId,
    /// The account it belongs to.
    pub account: AccountId,
    /// The conversation it is in.
    pub conversation: ConversationId,
    /// Whether the business sent it.
    pub outgoing: bool,
    /// Its text, image, card, …
    pub content: &'a Content,
    /// The emoji on it.
    pub reactions: &'a [Reaction],
}
