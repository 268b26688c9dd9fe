//! What has happened since the world was last let go: what TikTok would push to whoever registered a webhook (§6).

use super::{
    auto_message::StoredAutoMessage,
    conversation::{Message, Reaction, Referral},
    posted_comment::PostedComment,
};
use crate::auto_message::AutoKind;

/// Something that happened in a conversation, named by its place.
#[derive(Debug)]
pub(crate) enum WorldEvent {
    /// Somebody wrote, on either side.
    Message { conversation: usize, message: Box<Message> },
    /// The customer read up to this moment.
    Read { conversation: usize, at_ms: i64 },
    /// A reaction was given, or taken back.
    Reaction { conversation: usize, message_id: String, reaction: Reaction, given: bool },
    /// The customer came through an ad or a link.
    Referral { conversation: usize, referral: Referral, at_ms: i64 },
    /// Somebody commented with an intention to buy.
    Comment { made: Box<PostedComment> },
    /// Something was done to an account's automatic messages: to one of them, or to a kind that has none it could be
    /// told of.
    AutoChanged {
        account: usize,
        action: &'static str,
        kind: AutoKind,
        kept: Option<Box<StoredAutoMessage>>,
        at_ms: i64,
    },
    /// TikTok decided about an automatic message.
    AutoReviewed { account: usize, kept: Box<StoredAutoMessage>, at_ms: i64 },
}
