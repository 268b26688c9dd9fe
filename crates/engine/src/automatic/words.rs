//! Between TikTok's words for automatic messages and ours.

use std::collections::HashSet;

use model::{AuditStatus, AutoMessageType, AutoText};
use store::table::auto_message::{ListedAutoMessage, ListedKind};
use tiktok::business::auto_message::{self, AutoMessageText, AutoMessages, OperationStatus};
use tiktok::business::message;

/// TikTok's word for a kind.
pub(crate) fn remote(kind: AutoMessageType) -> message::AutoMessageType {
    match kind {
        AutoMessageType::WelcomeMessage => message::AutoMessageType::WelcomeMessage,
        AutoMessageType::SuggestedQuestion => message::AutoMessageType::SuggestedQuestion,
        AutoMessageType::ChatPrompt => message::AutoMessageType::ChatPrompt,
    }
}

/// What a message is to say, in TikTok's words.
pub(super) fn wire(kind: AutoMessageType, text: &AutoText) -> AutoMessageText {
    let (title, body) = (text.title.clone(), text.body.clone());
    match kind {
        AutoMessageType::WelcomeMessage => AutoMessageText::Welcome { content: body },
        AutoMessageType::SuggestedQuestion => AutoMessageText::SuggestedQuestion { question: title, answer: body },
        AutoMessageType::ChatPrompt => AutoMessageText::ChatPrompt { title, content: body },
    }
}

/// What TikTok said of a kind, in our words.
pub(super) fn news(kind: AutoMessageType, reply: AutoMessages) -> ListedKind {
    let asked = remote(kind);
    let mut seen = HashSet::new();
    let items = reply
        .messages
        .into_iter()
        // What is named twice is there once.
        .filter(|message| message.text.kind() == asked && seen.insert(message.auto_message_id.clone()));
    ListedKind {
        enabled: reply.status == Some(OperationStatus::Enable),
        items: items
            .map(|message| ListedAutoMessage {
                remote_id: message.auto_message_id,
                text: text(message.text),
                audit: message.audit.as_ref().map_or(AuditStatus::Unknown, audit),
                raw: message.raw.get().to_owned(),
            })
            .collect(),
    }
}

fn text(text: AutoMessageText) -> AutoText {
    let (title, body) = match text {
        AutoMessageText::Welcome { content } => (String::new(), content),
        AutoMessageText::SuggestedQuestion { question, answer } => (question, answer),
        AutoMessageText::ChatPrompt { title, content } => (title, content),
    };
    AutoText { title, body }
}

/// TikTok's verdict, in our words.
pub(crate) fn audit(status: &auto_message::AuditStatus) -> AuditStatus {
    match status {
        auto_message::AuditStatus::Reviewing => AuditStatus::Reviewing,
        auto_message::AuditStatus::Approved => AuditStatus::Approved,
        auto_message::AuditStatus::Rejected => AuditStatus::Rejected,
        auto_message::AuditStatus::Unknown(_) => AuditStatus::Unknown,
    }
}
