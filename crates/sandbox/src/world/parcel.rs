//! What the business sends, before it is a message in a conversation.

use serde_json::Value;

use crate::ledger::SentImage;

/// What the business sends through the API, once it is found good.
#[derive(Debug)]
pub(crate) enum Parcel {
    Text(String),
    Image(SentImage),
    /// A post of the account's own, by its item id.
    SharePost(String),
    Template(Value),
}

impl Parcel {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Parcel::Text(_) => "TEXT",
            Parcel::Image(_) => "IMAGE",
            Parcel::SharePost(_) => "SHARE_POST",
            Parcel::Template(_) => "TEMPLATE",
        }
    }
}
