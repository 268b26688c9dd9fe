//! A message of the business, checked and not yet in a conversation.

use serde_json::Value;

use crate::ledger::SentImage;

/// A message that the business sends through the API, once it is checked.
#[derive(Debug)]
pub(crate) enum OutgoingMessage {
    Text(String),
    Image(SentImage),
    /// A post of the account's own, by its item id.
    SharePost(String),
    Template(Value),
}

impl OutgoingMessage {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            OutgoingMessage::Text(_) => "TEXT",
            OutgoingMessage::Image(_) => "IMAGE",
            OutgoingMessage::SharePost(_) => "SHARE_POST",
            OutgoingMessage::Template(_) => "TEMPLATE",
        }
    }
}
