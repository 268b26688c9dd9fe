//! What the rules did with one message.

use model::{AccountId, ConversationId, MessageId};

/// What the rules did with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluated {
    /// The message.
    pub message: MessageId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// The account that received it.
    pub account: AccountId,
    /// Whether a reply waits in the outbox now.
    pub replied: bool,
    /// Whether the conversation was put away.
    pub snoozed: bool,
    /// Whether the agent is to be notified.
    pub notify: bool,
    /// Whether the reason is that the message has waited for an answer.
    pub waited: bool,
}
