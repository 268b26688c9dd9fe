//! Reactions to messages.

use super::ReactionKind;
use crate::Timestamp;
use crate::lenient::Fields;
use std::fmt;

/// A reaction to a message ("Message list", `reactions[]`). TikTok lists what stands now; a webhook tells of each
/// change. `Debug` leaves the emoji out.
#[derive(Clone, PartialEq, Eq)]
pub struct Reaction {
    /// Whether it is an emoji or an image.
    pub kind: ReactionKind,
    /// The emoji, for [`ReactionKind::Emoji`].
    pub emoji: Option<String>,
    /// The link to its image, for [`ReactionKind::AiEmoji`]; good for about 30 days ([`crate::expires_at_s`]).
    pub ai_emoji_url: Option<String>,
    /// The one who reacted: the customer's `unique_identifier`, or the `business_id`.
    pub unique_identifier: Option<String>,
    /// The time TikTok says; nothing if it says none, or one that cannot be.
    pub timestamp: Option<Timestamp>,
}

impl Reaction {
    /// A reaction without a word for its kind is of the kind it has something to show for, or none.
    pub(crate) fn read(fields: &Fields<'_>) -> Option<Self> {
        let (emoji, ai_emoji_url) = (fields.id("emoji"), fields.id("ai_emoji_url"));
        let kind = match fields.id("type") {
            Some(word) => ReactionKind::read(&word),
            None if emoji.is_some() => ReactionKind::Emoji,
            None if ai_emoji_url.is_some() => ReactionKind::AiEmoji,
            None => return None,
        };
        Some(Self {
            kind,
            emoji,
            ai_emoji_url,
            unique_identifier: fields.id("unique_identifier"),
            timestamp: fields.timestamp("timestamp"),
        })
    }

    /// Whether the business put it there; `None` when it does not say whose it is.
    #[must_use]
    pub fn is_from_business(&self, business_id: &str) -> Option<bool> {
        self.unique_identifier.as_deref().map(|who| who == business_id)
    }
}

impl fmt::Debug for Reaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reaction")
            .field("kind", &self.kind)
            .field("unique_identifier", &self.unique_identifier)
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}
