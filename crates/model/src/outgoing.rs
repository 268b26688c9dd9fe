//! What a business can send into a conversation, checked before it is queued.
//!
//! TikTok takes four kinds of message (TikTok API for Business, "Send"): a text, a picture, a Q&A card and one of the
//! account's own posts. Limits count characters (code points), as TikTok does.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Content, MediaState};

/// The longest title of a card, in characters.
pub const MAX_CARD_TITLE: usize = 40;
/// The most buttons on a card.
pub const MAX_CARD_BUTTONS: usize = 3;

/// A message on its way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Outgoing {
    /// Words.
    Text {
        /// As they will be sent.
        body: String,
    },
    /// A picture that the media vault holds, upright and small enough. It is uploaded before it is sent.
    Image {
        /// Its key in the media vault.
        key: String,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// A Q&A card.
    Card {
        /// The card.
        card: Card,
    },
    /// One of the account's own posts.
    Post {
        /// TikTok's `item_id`.
        item_id: String,
        /// Where TikTok shows it, if known.
        embed_url: String,
    },
}

impl Outgoing {
    /// How it stands in the thread.
    #[must_use]
    pub fn content(&self) -> Content {
        match self {
            Self::Text { body } => Content::Text { body: body.clone() },
            Self::Image { key, width, height } => Content::Image {
                media_id: String::new(),
                media: MediaState::Kept { key: key.clone(), width: *width, height: *height },
            },
            Self::Card { card } => {
                Content::Card { kind: Some(card.kind), title: card.title.clone(), buttons: card.buttons.clone() }
            }
            Self::Post { item_id, embed_url } => {
                Content::SharePost { embed_url: embed_url.clone(), item_id: Some(item_id.clone()) }
            }
        }
    }

    /// What stands in a thread, to be sent once more; none of what cannot be.
    #[must_use]
    pub fn of(content: &Content) -> Option<Self> {
        match content {
            Content::Text { body } => Some(Self::Text { body: body.clone() }),
            Content::Image { media: MediaState::Kept { key, width, height }, .. } => {
                Some(Self::Image { key: key.clone(), width: *width, height: *height })
            }
            Content::Card { kind: Some(kind), title, buttons } => {
                Some(Self::Card { card: Card { kind: *kind, title: title.clone(), buttons: buttons.clone() } })
            }
            Content::SharePost { embed_url, item_id: Some(item_id) } => {
                Some(Self::Post { item_id: item_id.clone(), embed_url: embed_url.clone() })
            }
            // What is not known whole, or what only customers can send.
            Content::Image { .. }
            | Content::Card { .. }
            | Content::SharePost { .. }
            | Content::Video { .. }
            | Content::Sticker { .. }
            | Content::Unsupported { .. }
            | Content::Unreadable => None,
        }
    }

    /// Its words, if it is a text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text { body } => Some(body),
            Self::Image { .. } | Self::Card { .. } | Self::Post { .. } => None,
        }
    }
}

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

/// A question with one to three answers that the customer can tap. As typed; [`Card::checked`] makes one that TikTok takes.
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

/// When a customer is told that the business has read their messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum MarkRead {
    /// When a reply has gone out.
    #[default]
    OnReply,
    /// When an agent opens the conversation.
    OnOpen,
    /// Only when an agent says so.
    ByHand,
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
