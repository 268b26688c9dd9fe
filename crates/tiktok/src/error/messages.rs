//! The one place that reads TikTok's words: a code alone does not always say why a call was refused.
//!
//! Everything else goes by [`Reason`]; a message is for the agent's eyes. ([`super::limit`] reads which count ran out.)

use super::variants::Reason;

/// What a refusal means: the reason its code stands for, the text its message then contains, and the reason that is
/// meant.
const MEANINGS: [(Reason, &str, Reason); 1] = [(Reason::InvalidParameter, "media_id", Reason::MediaNotFound)];

/// The reason that a message makes of what the code alone says.
pub(super) fn reason(message: &str, by_code: Reason) -> Reason {
    let meant = MEANINGS.iter().find(|(code, text, _)| *code == by_code && message.contains(text));
    meant.map_or(by_code, |(_, _, reason)| *reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_narrows_down_what_its_code_says() {
        for (code, message, expected) in [
            (Reason::InvalidParameter, "Param image.media_id is invalid", Reason::MediaNotFound),
            (Reason::InvalidParameter, "image.media_id: Missing data for required field.", Reason::MediaNotFound),
            (Reason::InvalidParameter, "Param recipient is invalid", Reason::InvalidParameter),
            (Reason::InvalidParameter, "Param media is invalid", Reason::InvalidParameter),
            (Reason::InvalidParameter, "", Reason::InvalidParameter),
            (Reason::NotFound, "media_id does not exist", Reason::NotFound),
            (Reason::MessagingRules, "media_id", Reason::MessagingRules),
        ] {
            assert_eq!(reason(message, code), expected, "{message}");
        }
    }
}
