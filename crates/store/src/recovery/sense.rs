//! What is stored as JSON or as one of a few words, and whether it still is that.

use model::{
    AuditStatus, AutoMessageType, AutoText, AutoType, BusinessHours, Content, NoReply, Origin, Outgoing, Reaction,
    Refusal, RuleSpec, StopReason, Surface, WaitReason,
};
use rusqlite::types::Value;

use super::schema::Table;
use crate::stored::StoredEnum;
use crate::table::comment;
use crate::table::outbox::WaitWord;

/// Whether what is stored as JSON can be read. What a row can do without is taken away instead.
pub(super) fn makes_sense(table: &Table, values: &mut [Value]) -> bool {
    let mut sound = true;
    for (column, value) in table.columns.iter().zip(values) {
        let Value::Text(text) = &*value else { continue };
        let (readable, needed) = match (table.name.as_str(), column.name.as_str()) {
            ("message", "content") => (serde_json::from_str::<Content>(text).is_ok(), true),
            ("message", "reactions") => (serde_json::from_str::<Vec<Reaction>>(text).is_ok(), true),
            ("message", "surface") => (is_word::<Surface>(text), true),
            ("message", "auto_type") => (is_word::<AutoType>(text), true),
            ("outbox", "outgoing") => (serde_json::from_str::<Outgoing>(text).is_ok(), true),
            // Up to version 10.
            ("outbox", "waiting") => (serde_json::from_str::<WaitReason>(text).is_ok(), false),
            ("outbox", "wait_reason") => (is_word::<WaitWord>(text), false),
            ("outbox", "refusal") => (serde_json::from_str::<Refusal>(text).is_ok(), false),
            ("outbox" | "scheduled", "stopped") => (serde_json::from_str::<StopReason>(text).is_ok(), false),
            ("account", "business_hours") => (serde_json::from_str::<BusinessHours>(text).is_ok(), false),
            ("rule", "spec") => (serde_json::from_str::<RuleSpec>(text).is_ok(), true),
            ("rule_firing", "no_reply") => (serde_json::from_str::<NoReply>(text).is_ok(), false),
            ("auto_message" | "auto_version", "kind") => (is_word::<AutoMessageType>(text), true),
            ("auto_message", "audit") => (is_word::<AuditStatus>(text), true),
            ("auto_version", "items") => (serde_json::from_str::<Vec<AutoText>>(text).is_ok(), true),
            ("auto_kind", "intended") => (serde_json::from_str::<Vec<AutoText>>(text).is_ok(), false),
            ("comment", "state") => (serde_json::from_str::<comment::AnswerState>(text).is_ok(), true),
            ("conversation", "origin") => (serde_json::from_str::<Origin>(text).is_ok(), false),
            _ => (true, true),
        };
        if !readable && !needed {
            *value = Value::Null;
        }
        sound &= readable || !needed;
    }
    sound
}

fn is_word<T: StoredEnum>(text: &str) -> bool {
    T::from_word(text).is_some()
}
