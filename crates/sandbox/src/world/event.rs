//! The events that webhooks are made of (§6).

use super::{
    auto_message::StoredAutoMessage,
    conversation::{Message, Reaction, Referral},
    posted_comment::PostedComment,
};
use crate::auto_message::AutoKind;

/// Something that happened; conversations and accounts are named by their places.
#[derive(Debug)]
pub(crate) enum WorldEvent {
    /// A message was written, on either side.
    Message { conversation: usize, message: Box<Message> },
    /// The customer read up to this moment.
    Read { conversation: usize, at_ms: i64 },
    /// A reaction was given, or taken back.
    Reaction { conversation: usize, message_id: String, reaction: Reaction, given: bool },
    /// The customer came through an ad or a link.
    Referral { conversation: usize, referral: Referral, at_ms: i64 },
    /// A customer commented with an intention to buy.
    Comment { made: Box<PostedComment> },
    /// An automatic message was changed, or a kind without messages was switched.
    AutoChanged {
        account: usize,
        action: &'static str,
        kind: AutoKind,
        kept: Option<Box<StoredAutoMessage>>,
        at_ms: i64,
    },
    /// TikTok reviewed an automatic message.
    AutoReviewed { account: usize, kept: Box<StoredAutoMessage>, at_ms: i64 },
}
