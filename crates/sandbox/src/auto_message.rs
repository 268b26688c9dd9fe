//! Automatic messages, which TikTok sends for a shop by itself (§5): the three kinds, their limits, the state of their
//! review.

use serde::{Deserialize, Serialize};

/// The kinds: `auto_message_type`. Keyword replies are none of them: they exist as a label on messages only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AutoKind {
    /// Greets a customer who opens a chat for the first time.
    WelcomeMessage,
    /// A question the customer can tap, which is answered at once.
    SuggestedQuestion,
    /// A button above the customer's keyboard. Tapping it sends its content as a question of the customer's;
    /// TikTok answers nothing to it.
    ChatPrompt,
}

impl AutoKind {
    /// All of them.
    pub const ALL: [AutoKind; 3] = [AutoKind::WelcomeMessage, AutoKind::SuggestedQuestion, AutoKind::ChatPrompt];

    /// `auto_message_type`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            AutoKind::WelcomeMessage => "WELCOME_MESSAGE",
            AutoKind::SuggestedQuestion => "SUGGESTED_QUESTION",
            AutoKind::ChatPrompt => "CHAT_PROMPT",
        }
    }

    /// The field a message of this kind is in.
    pub(crate) fn block(self) -> &'static str {
        match self {
            AutoKind::WelcomeMessage => "welcome_message",
            AutoKind::SuggestedQuestion => "suggested_question",
            AutoKind::ChatPrompt => "chat_prompt",
        }
    }

    /// The name in refusals.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            AutoKind::WelcomeMessage => "welcome messages",
            AutoKind::SuggestedQuestion => "suggested questions",
            AutoKind::ChatPrompt => "chat prompts",
        }
    }

    /// The field of its title and how many characters that may have; a welcome message has none.
    pub(crate) fn title(self) -> Option<(&'static str, usize)> {
        match self {
            AutoKind::WelcomeMessage => None,
            AutoKind::SuggestedQuestion => Some(("question", 80)),
            AutoKind::ChatPrompt => Some(("title", 18)),
        }
    }

    /// The field of its body and how many characters that may have.
    pub(crate) fn body(self) -> (&'static str, usize) {
        match self {
            AutoKind::WelcomeMessage => ("content", 250),
            AutoKind::SuggestedQuestion => ("answer", 200),
            AutoKind::ChatPrompt => ("content", 150),
        }
    }

    /// How many an account may have.
    pub(crate) fn most(self) -> usize {
        match self {
            AutoKind::WelcomeMessage => 1,
            AutoKind::SuggestedQuestion => 3,
            AutoKind::ChatPrompt => 6,
        }
    }
}

/// The state of a review: `audit_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuditStatus {
    /// Being looked at; it cannot be changed meanwhile.
    Reviewing,
    /// Good to be served.
    Approved,
    /// Not good, and never will be: it has to be made anew.
    Rejected,
}

impl AuditStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            AuditStatus::Reviewing => "REVIEWING",
            AuditStatus::Approved => "APPROVED",
            AuditStatus::Rejected => "REJECTED",
        }
    }
}

/// An automatic message as TikTok has it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AutoMessage {
    /// The handle of the account it belongs to.
    pub account: String,
    /// `auto_message_id`.
    pub id: String,
    /// The kind.
    pub kind: AutoKind,
    /// The question or the button's words; empty for a welcome message.
    pub title: String,
    /// The greeting, the answer, or what a tapped button makes the customer ask.
    pub body: String,
    /// The state of its review.
    pub audit_status: AuditStatus,
    /// Whether its kind is on.
    pub enabled: bool,
    /// Whether customers see it: its kind is on, it is approved, and turning its kind on did not switch it off.
    pub served: bool,
}

impl AutoMessage {
    /// On one line: `Opening hours? | 9 to 18 [approved, served]`, `Hello! [reviewing]`.
    #[must_use]
    pub fn line(&self) -> String {
        let title = if self.title.is_empty() { String::new() } else { format!("{} | ", self.title) };
        let served = if self.served { ", served" } else { "" };
        format!("{title}{} [{}{served}]", self.body, self.audit_status.name().to_lowercase())
    }
}

/// A change to an account's automatic messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AutoChange {
    /// The handle of the account.
    pub account: String,
    /// Whether it came through the API; otherwise the owner did it in the app, or TikTok by itself.
    pub by_api: bool,
    /// `CREATE`, `UPDATE`, `DELETE`, `ENABLE`, `DISABLE` or `SORT`.
    pub action: &'static str,
    /// The kind.
    pub kind: AutoKind,
    /// The message's id; empty where the whole kind was changed.
    pub id: String,
    /// The time on the sandbox's clock, in ms since the epoch.
    pub at_ms: i64,
}
