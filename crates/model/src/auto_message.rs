//! TikTok's automatic messages: what TikTok sends for a business by itself, also while Deskbell is closed.
//!
//! Three kinds exist (TikTok API for Business, "Automatic messages"). Limits count characters (code points), as TikTok does.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The kinds (`auto_message_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum AutoMessageType {
    /// Greets a customer who opens a chat for the first time. One, and it cannot be deleted.
    WelcomeMessage,
    /// A question the customer can tap, and its answer. Up to three.
    SuggestedQuestion,
    /// A button above the customer's keyboard, and what tapping it makes the customer ask: an agent answers. Up to six, in an
    /// order of one's own.
    ChatPrompt,
}

impl AutoMessageType {
    /// All of them, in the order the screen shows them.
    pub const ALL: [Self; 3] = [Self::WelcomeMessage, Self::SuggestedQuestion, Self::ChatPrompt];

    /// How many an account may have.
    #[must_use]
    pub fn max_count(self) -> usize {
        match self {
            Self::WelcomeMessage => 1,
            Self::SuggestedQuestion => 3,
            Self::ChatPrompt => 6,
        }
    }

    /// The longest title in characters: the question, or the button's words. 0 where there is none.
    #[must_use]
    pub fn max_title_chars(self) -> usize {
        match self {
            Self::WelcomeMessage => 0,
            Self::SuggestedQuestion => 80,
            Self::ChatPrompt => 18,
        }
    }

    /// The longest body in characters.
    #[must_use]
    pub fn max_body_chars(self) -> usize {
        match self {
            Self::WelcomeMessage => 250,
            Self::SuggestedQuestion => 200,
            Self::ChatPrompt => 150,
        }
    }

    /// Whether TikTok deletes one; the welcome message can only be turned off.
    #[must_use]
    pub fn can_be_deleted(self) -> bool {
        self != Self::WelcomeMessage
    }

    /// Whether TikTok keeps an order of one's own.
    #[must_use]
    pub fn can_be_sorted(self) -> bool {
        self == Self::ChatPrompt
    }
}

/// What an automatic message says. As typed; [`AutoText::validated`] makes one that TikTok takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoText {
    /// The question, or the button's words; empty for a welcome message.
    pub title: String,
    /// The greeting, the answer, or what a chat prompt makes the customer ask.
    pub body: String,
}

/// Why an automatic message cannot be sent to TikTok.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum AutoProblem {
    /// It has no question, or no words on its button.
    NoTitle,
    /// It says nothing.
    NoBody,
    /// Its title is too long.
    TitleTooLong,
    /// Its body is too long.
    BodyTooLong,
}

impl AutoText {
    /// Whether TikTok takes both for the same and refuses the second: two of a kind with one question, or the same words on
    /// their buttons.
    #[must_use]
    pub fn repeats(&self, other: &Self) -> bool {
        let titled = !self.title.trim().is_empty() || !other.title.trim().is_empty();
        if titled { self.title.trim() == other.title.trim() } else { self.body.trim() == other.body.trim() }
    }

    /// The text as it will be sent: its ends trimmed, line ends of one kind, a title on one line. Nothing is ever cut.
    ///
    /// # Errors
    /// [`AutoProblem`]
    pub fn validated(&self, kind: AutoMessageType) -> Result<Self, AutoProblem> {
        let title = self.title.split_whitespace().collect::<Vec<_>>().join(" ");
        let body = self.body.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "").trim().to_owned();
        let max_title = kind.max_title_chars();
        if max_title > 0 && title.is_empty() {
            return Err(AutoProblem::NoTitle);
        }
        if title.chars().count() > max_title {
            return Err(AutoProblem::TitleTooLong);
        }
        if body.is_empty() {
            return Err(AutoProblem::NoBody);
        }
        if body.chars().count() > kind.max_body_chars() {
            return Err(AutoProblem::BodyTooLong);
        }
        Ok(Self { title, body })
    }
}

/// Where TikTok's review of an automatic message stands (`audit_status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum AuditStatus {
    /// TikTok looks at it; it cannot be changed meanwhile.
    Reviewing,
    /// Customers see it while its kind is on.
    Approved,
    /// TikTok does not show it. It can only be replaced by a new one.
    Rejected,
    /// TikTok said something we have no word for.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(title: &str, body: &str) -> AutoText {
        AutoText { title: title.to_owned(), body: body.to_owned() }
    }

    #[test]
    fn limits_count_characters_in_every_script_and_cut_nothing() {
        // A letter, a family of joined emoji (7 characters), a flag (2), an Arabic letter with a mark (2), an ideograph.
        for (unit, chars) in [("a", 1), ("👨‍👩‍👧‍👦", 7), ("🇹🇭", 2), ("بّ", 2), ("送", 1)] {
            for kind in AutoMessageType::ALL {
                let title = if kind.max_title_chars() > 0 { "t" } else { "" };
                let fits = unit.repeat(kind.max_body_chars() / chars);
                assert_eq!(text(title, &fits).validated(kind), Ok(text(title, &fits)), "{unit} {kind:?}");
                let over = unit.repeat(kind.max_body_chars() / chars + 1);
                assert_eq!(text(title, &over).validated(kind), Err(AutoProblem::BodyTooLong), "{unit} {kind:?}");
                let over = unit.repeat(kind.max_title_chars() / chars + 1);
                assert_eq!(text(&over, "b").validated(kind), Err(AutoProblem::TitleTooLong), "{unit} {kind:?}");
            }
        }
    }

    #[test]
    fn a_title_is_one_line_and_a_body_may_be_several() {
        let typed = text(" How\nlong? ", " Two\r\nto four ");
        assert_eq!(typed.validated(AutoMessageType::SuggestedQuestion), Ok(text("How long?", "Two\nto four")));
        assert_eq!(text("", "x").validated(AutoMessageType::ChatPrompt), Err(AutoProblem::NoTitle));
        assert_eq!(text("x", " ").validated(AutoMessageType::ChatPrompt), Err(AutoProblem::NoBody));
    }
}
