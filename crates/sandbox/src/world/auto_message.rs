//! The automatic messages of an account (§5), and the rules of their review.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::{
    auto_message::{AuditStatus, AutoKind},
    config::Config,
    refusal::Refusal,
};

/// An automatic message.
#[derive(Debug, Clone)]
pub(crate) struct StoredAutoMessage {
    pub(crate) id: String,
    pub(crate) kind: AutoKind,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) audit: AuditStatus,
    /// When its review is over, if it is not told before.
    pub(super) reviewed_at: i64,
    /// Turning its kind on switched it off.
    pub(crate) switched_off: bool,
}

impl StoredAutoMessage {
    /// The field of an answer that holds the message's words, and the words: the same in listings and in webhooks.
    pub(crate) fn block(&self) -> (&'static str, Value) {
        let mut block = Map::new();
        if let Some((field, _)) = self.kind.title() {
            block.insert(field.to_owned(), json!(self.title));
        }
        block.insert(self.kind.body().0.to_owned(), json!(self.body));
        (self.kind.block(), Value::Object(block))
    }
}

/// All automatic messages of an account.
#[derive(Debug, Clone, Default)]
pub(crate) struct AutoMessages {
    /// The kinds that are on.
    pub(crate) on: Vec<AutoKind>,
    /// Oldest first; chat prompts in the order they were sorted into.
    pub(crate) messages: Vec<StoredAutoMessage>,
    pub(super) minted: u64,
}

impl AutoMessages {
    pub(crate) fn is_on(&self, kind: AutoKind) -> bool {
        self.on.contains(&kind)
    }

    pub(crate) fn of(&self, kind: AutoKind) -> impl Iterator<Item = &StoredAutoMessage> {
        self.messages.iter().filter(move |kept| kept.kind == kind)
    }

    pub(crate) fn is_served(&self, kept: &StoredAutoMessage) -> bool {
        self.is_on(kept.kind) && kept.audit == AuditStatus::Approved && !kept.switched_off
    }

    /// Those of a kind that customers see.
    pub(crate) fn served(&self, kind: AutoKind) -> impl Iterator<Item = &StoredAutoMessage> {
        self.of(kind).filter(|kept| self.is_served(kept))
    }

    pub(super) fn find(&self, kind: AutoKind, id: &str) -> Result<usize, Refusal> {
        let found = self.messages.iter().position(|kept| kept.kind == kind && kept.id == id);
        found.ok_or_else(|| Refusal::new(40007, "The automatic message does not exist"))
    }

    pub(super) fn refuse_duplicate(&self, kind: AutoKind, title: &str, except: Option<&str>) -> Result<(), Refusal> {
        let same = |kept: &StoredAutoMessage| kept.title.trim() == title.trim() && except != Some(kept.id.as_str());
        if kind != AutoKind::WelcomeMessage && self.of(kind).any(same) {
            return Err(Refusal::new(40002, format!("Duplicate {} are not supported", kind.plural())));
        }
        Ok(())
    }
}

/// The rules of the review: how long it takes, and what it rejects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reviewer {
    pub(super) takes: Duration,
    /// In lower case.
    rejects: Vec<String>,
    /// When the next review is over; nothing is due before.
    pub(super) next_at: Option<i64>,
}

impl Reviewer {
    pub(crate) fn of(config: &Config) -> Reviewer {
        let rejects = config.review_rejects.iter().map(|words| words.to_lowercase()).collect();
        Reviewer { takes: config.review, rejects, next_at: None }
    }

    pub(super) fn verdict(&self, kept: &StoredAutoMessage) -> AuditStatus {
        let said = format!("{}\n{}", kept.title, kept.body).to_lowercase();
        if self.rejects.iter().any(|words| said.contains(words.as_str())) {
            AuditStatus::Rejected
        } else {
            AuditStatus::Approved
        }
    }
}
