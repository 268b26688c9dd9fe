//! The content of an automatic message, and the state of its review.

use crate::{business::message::AutoMessageType, lenient::Fields, words::words};
use serde_json::{Value, json};
use std::fmt;

/// The content of an automatic message. `Debug` leaves the text out.
#[derive(Clone, PartialEq, Eq)]
pub enum AutoMessageText {
    /// Greets the customer who opens the conversation.
    Welcome {
        /// The greeting, at most 250 characters; it may have several lines.
        content: String,
    },
    /// A question to tap, and its answer.
    SuggestedQuestion {
        /// What the customer taps, at most 80 characters.
        question: String,
        /// What they are answered, at most 200 characters.
        answer: String,
    },
    /// A prompt above the keyboard, and what it makes the customer ask. TikTok answers nothing; no message is labelled
    /// so.
    ChatPrompt {
        /// What the customer taps, at most 18 characters.
        title: String,
        /// What they then ask, at most 150 characters.
        content: String,
    },
}

words! {
    /// The result of TikTok's review of an automatic message; only an approved one is shown to customers.
    AuditStatus {
        /// Not reviewed yet.
        Reviewing = "REVIEWING",
        /// It may be shown.
        Approved = "APPROVED",
        /// It may not, and cannot be edited: it has to be made anew.
        Rejected = "REJECTED",
    }
}

words! {
    /// Whether something that TikTok does by itself is switched on.
    OperationStatus {
        /// It is.
        Enable = "ENABLE",
        /// It is not.
        Disable = "DISABLE",
    }
}

impl OperationStatus {
    /// TikTok's word for on or off.
    #[must_use]
    pub fn of(enabled: bool) -> Self {
        if enabled { Self::Enable } else { Self::Disable }
    }
}

impl AutoMessageText {
    /// The kind of message that has this content.
    #[must_use]
    pub fn kind(&self) -> AutoMessageType {
        match self {
            Self::Welcome { .. } => AutoMessageType::WelcomeMessage,
            Self::SuggestedQuestion { .. } => AutoMessageType::SuggestedQuestion,
            Self::ChatPrompt { .. } => AutoMessageType::ChatPrompt,
        }
    }

    pub(in crate::business) fn read(kind: &AutoMessageType, fields: &Fields<'_>) -> Option<Self> {
        match kind {
            AutoMessageType::WelcomeMessage => {
                Some(Self::Welcome { content: fields.object("welcome_message")?.text("content")? })
            }
            AutoMessageType::SuggestedQuestion => {
                let block = fields.object("suggested_question")?;
                Some(Self::SuggestedQuestion { question: block.text("question")?, answer: block.text("answer")? })
            }
            AutoMessageType::ChatPrompt => {
                // The documentation's own example has it under the other name.
                let block = fields.object("chat_prompt").or_else(|| fields.object("suggested_question"))?;
                Some(Self::ChatPrompt {
                    title: block.text("title").or_else(|| block.text("question"))?,
                    content: block.text("content").or_else(|| block.text("answer"))?,
                })
            }
            AutoMessageType::AutoReply | AutoMessageType::Unknown(_) => None,
        }
    }

    /// Empty content of this kind.
    pub(super) fn empty(kind: &AutoMessageType) -> Option<Self> {
        let none = String::new;
        match kind {
            AutoMessageType::WelcomeMessage => Some(Self::Welcome { content: none() }),
            AutoMessageType::SuggestedQuestion => Some(Self::SuggestedQuestion { question: none(), answer: none() }),
            AutoMessageType::ChatPrompt => Some(Self::ChatPrompt { title: none(), content: none() }),
            AutoMessageType::AutoReply | AutoMessageType::Unknown(_) => None,
        }
    }

    /// The object's name and what is in it.
    pub(super) fn wire(&self) -> (&'static str, Value) {
        match self {
            Self::Welcome { content } => ("welcome_message", json!({ "content": content })),
            Self::SuggestedQuestion { question, answer } => {
                ("suggested_question", json!({ "question": question, "answer": answer }))
            }
            Self::ChatPrompt { title, content } => ("chat_prompt", json!({ "title": title, "content": content })),
        }
    }
}

impl fmt::Debug for AutoMessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Welcome { .. } => "Welcome",
            Self::SuggestedQuestion { .. } => "SuggestedQuestion",
            Self::ChatPrompt { .. } => "ChatPrompt",
        })
    }
}
