//! Q&A cards: a title, and buttons a customer can tap.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The longest title of a card, in characters.
pub const MAX_CARD_TITLE: usize = 40;
/// The most buttons on a card.
pub const MAX_CARD_BUTTONS: usize = 3;

/// The two kinds of Q&A card (`QA_BUTTON_CARD`, `QA_LINK_CARD`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum CardKind {
    /// Answers shown as buttons side by side; short ones.
    Button,
    /// Answers shown as a list of links; longer ones.
    Link,
}

impl CardKind {
    /// The longest answer, in characters.
    #[must_use]
    pub fn max_answer(self) -> usize {
        match self {
            Self::Button => 20,
            Self::Link => 40,
        }
    }
}

/// A question with one to three answers that the customer can tap. As typed; [`Card::validated`] makes one that TikTok takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Card {
    /// Which kind.
    pub kind: CardKind,
    /// The question, at most 40 characters.
    pub title: String,
    /// The answers, at most 20 characters each on a button card, 40 on a link card.
    pub buttons: Vec<String>,
}

/// Why a card cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CardProblem {
    /// It has no question.
    NoTitle,
    /// Its question is too long.
    TitleTooLong,
    /// It has no answer.
    NoButtons,
    /// It has more than three answers.
    TooManyButtons,
    /// An answer is too long.
    ButtonTooLong,
    /// Two answers are the same, so that a tap could not be told from another.
    SameButtons,
}

impl Card {
    /// Nothing typed yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.title.trim().is_empty() && self.buttons.iter().all(|button| button.trim().is_empty())
    }

    /// The card as it will be sent: trimmed, without the answers left empty.
    ///
    /// # Errors
    /// [`CardProblem`]
    pub fn validated(&self) -> Result<Self, CardProblem> {
        let tidy = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let title = tidy(&self.title);
        let buttons: Vec<String> =
            self.buttons.iter().map(|button| tidy(button)).filter(|button| !button.is_empty()).collect();
        if title.is_empty() {
            return Err(CardProblem::NoTitle);
        }
        if title.chars().count() > MAX_CARD_TITLE {
            return Err(CardProblem::TitleTooLong);
        }
        if buttons.is_empty() {
            return Err(CardProblem::NoButtons);
        }
        if buttons.len() > MAX_CARD_BUTTONS {
            return Err(CardProblem::TooManyButtons);
        }
        if buttons.iter().any(|button| button.chars().count() > self.kind.max_answer()) {
            return Err(CardProblem::ButtonTooLong);
        }
        if buttons.iter().enumerate().any(|(at, button)| buttons.iter().skip(at + 1).any(|other| other == button)) {
            return Err(CardProblem::SameButtons);
        }
        Ok(Self { kind: self.kind, title, buttons })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(kind: CardKind, title: &str, buttons: &[&str]) -> Card {
        Card { kind, title: title.to_owned(), buttons: buttons.iter().map(|&button| button.to_owned()).collect() }
    }

    #[test]
    fn a_card_is_tidied_and_loses_its_empty_answers() {
        let typed = card(CardKind::Button, "  Which  size? ", &[" S ", "", "M"]);
        assert_eq!(typed.validated(), Ok(card(CardKind::Button, "Which size?", &["S", "M"])));
    }

    #[test]
    fn a_card_at_its_limits_is_taken_and_one_beyond_is_not() {
        let at = |count: usize| "🤎".repeat(count);
        for (kind, most) in [(CardKind::Button, 20), (CardKind::Link, 40)] {
            assert!(card(kind, &at(40), &[&at(most)]).validated().is_ok());
            assert_eq!(card(kind, &at(41), &["a"]).validated(), Err(CardProblem::TitleTooLong));
            assert_eq!(card(kind, "q", &[&at(most + 1)]).validated(), Err(CardProblem::ButtonTooLong));
        }
        assert_eq!(card(CardKind::Link, "", &["a"]).validated(), Err(CardProblem::NoTitle));
        assert_eq!(card(CardKind::Link, "q", &["", " "]).validated(), Err(CardProblem::NoButtons));
        assert_eq!(card(CardKind::Link, "q", &["a", "b", "c", "d"]).validated(), Err(CardProblem::TooManyButtons));
        assert_eq!(card(CardKind::Link, "q", &["a", "a"]).validated(), Err(CardProblem::SameButtons));
    }
}
