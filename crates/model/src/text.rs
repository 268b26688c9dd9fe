//! The text of a reply, checked before it can be queued.

use crate::name::is_blank;

/// TikTok's limit for a text message, in characters, spaces and emoji included (message/send, content limits).
pub const MAX_REPLY_CHARS: usize = 6000;

/// Why a text cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextProblem {
    /// Nothing but white space or invisible characters.
    Empty,
    /// Longer than [`MAX_REPLY_CHARS`].
    TooLong {
        /// How many characters it has.
        chars: usize,
    },
}

/// A text that TikTok would accept by length. Line ends are `\n`, and the ends are trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyText(String);

impl ReplyText {
    /// Checks and tidies what the agent typed.
    ///
    /// # Errors
    /// [`TextProblem`] when it is empty or too long. Nothing is ever cut.
    pub fn check(typed: &str) -> Result<Self, TextProblem> {
        let text = typed.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
        let text = text.trim();
        if is_blank(text) {
            return Err(TextProblem::Empty);
        }
        let chars = text.chars().count();
        if chars > MAX_REPLY_CHARS {
            return Err(TextProblem::TooLong { chars });
        }
        Ok(Self(text.to_owned()))
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text itself, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_shows_nothing_cannot_be_sent() {
        for typed in ["", "  \n\t ", "\u{200B}\u{FEFF}", "\0", "\u{3164}", "\u{2800} \u{34F}\u{E0041}"] {
            assert_eq!(ReplyText::check(typed), Err(TextProblem::Empty), "{typed:?}");
        }
    }

    #[test]
    fn the_limit_counts_characters_not_bytes_and_cuts_nothing() {
        let full = "é".repeat(MAX_REPLY_CHARS);
        assert_eq!(ReplyText::check(&full).unwrap().as_str(), full);
        assert_eq!(ReplyText::check(&(full + "x")), Err(TextProblem::TooLong { chars: MAX_REPLY_CHARS + 1 }));
    }

    #[test]
    fn line_ends_are_made_one_kind() {
        assert_eq!(ReplyText::check(" a\r\nb\rc ").unwrap().as_str(), "a\nb\nc");
    }
}
