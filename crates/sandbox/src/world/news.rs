//! What has happened since the world was last let go: what TikTok would push to whoever registered a webhook (§6).

use super::{
    conversation::{Message, Referral},
    reactions::Reaction,
};

/// Something that happened in a conversation, named by its place.
#[derive(Debug)]
pub(crate) enum News {
    /// Somebody wrote, on either side.
    Message { conversation: usize, message: Box<Message> },
    /// The customer read up to this moment.
    Read { conversation: usize, at_ms: i64 },
    /// A reaction was given, or taken back.
    Reaction { conversation: usize, message_id: String, reaction: Reaction, given: bool },
    /// The customer came through an ad or a link.
    Referral { conversation: usize, referral: Referral, at_ms: i64 },
}
