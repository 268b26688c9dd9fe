//! How a conversation stands when rules look at one of its messages.

use model::{ConversationId, ConversationKind, ConversationState, MessageId, Millis, RuleId, Status};
use rusqlite::Connection;

use crate::StoreError;
use crate::rows::only;
use crate::table::answer::{FROM_BUSINESS, NOT_FAILED};
use crate::table::conversation::{self, Conversation};
use crate::table::message::{self, Message};

/// No customer is answered longer than the reply window after writing, and no guard looks back further than a day.
const LOOK_BACK_MS: i64 = 72 * 3_600_000;
/// Forces the index of answers; left alone, the planner walks all messages of the conversation.
const ANSWERS: &str = "INDEXED BY message_answer";

/// All that rules look at besides the message itself.
#[derive(Debug, Clone)]
pub struct RuleContext {
    /// The conversation.
    pub known: Conversation,
    /// How it stands.
    pub standing: ConversationState,
    /// Whether it is the customer's first message.
    pub first: bool,
    /// Whether the business had never answered before it.
    pub request: bool,
    /// Whether the customer follows the business.
    pub follower: Option<bool>,
    /// The customer's name; empty while unknown.
    pub name: String,
}

/// Loads what rules look at when they evaluate a customer's message.
///
/// # Errors
/// [`StoreError`]
pub fn load_context(sql: &Connection, message: &Message, now_ms: Millis) -> Result<RuleContext, StoreError> {
    let (id, known) = (message.conversation, conversation::get(sql, message.conversation)?);
    let answered_at = conversation::answered_at(sql, id)?;
    let (name, follower) = match known.person {
        None => (String::new(), None),
        Some(person) => sql
            .prepare_cached("SELECT name, is_follower FROM person WHERE id = ?1")?
            .query_row([person.0], |row| row.try_into())?,
    };
    let fired = fired(sql, message)?;
    let standing = ConversationState {
        tags: tags(sql, &known)?,
        done: known.status == Status::Done,
        opened_at_ms: known.window_opened_at_ms,
        ledger: known.ledger,
        answered: answered_at.is_some_and(|at_ms| at_ms > message.sent_at_ms),
        by_person: person_answered(sql, id, message.sent_at_ms)?,
        replied: fired.iter().any(|(_, replied)| *replied),
        fired: fired.into_iter().map(|(rule, _)| rule).collect(),
        waited: waited(sql, id, answered_at)?,
        answers_at_ms: answers_at(sql, id, now_ms)?,
    };
    let first = !any_before(sql, message, "", "(outgoing = 0 OR auto_type IS NULL)")?;
    let request = known.kind == ConversationKind::Request
        && !any_before(sql, message, ANSWERS, &format!("{FROM_BUSINESS} AND {NOT_FAILED}"))?;
    Ok(RuleContext { known, standing, first, request, follower, name })
}

/// A customer's tags, folded.
pub(super) fn tags(sql: &Connection, known: &Conversation) -> Result<Vec<String>, StoreError> {
    let Some(person) = known.person else { return Ok(Vec::new()) };
    let mut query =
        sql.prepare_cached("SELECT t.folded FROM person_tag p JOIN tag t ON t.id = p.tag_id WHERE p.person_id = ?1")?;
    Ok(query.query_map([person.0], only)?.collect::<Result<_, _>>()?)
}

/// Whether a person has answered after this time: an agent here, or a colleague on the phone or the web.
pub(super) fn person_answered(sql: &Connection, id: ConversationId, after_ms: Millis) -> Result<bool, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT EXISTS (SELECT 1 FROM message {ANSWERS} WHERE conversation_id = ?1 AND sent_at_ms > ?2 AND {FROM_BUSINESS} AND {NOT_FAILED}
             AND NOT EXISTS (SELECT 1 FROM rule_reply r WHERE r.message_id = message.id))"
    ))?;
    Ok(query.query_row((id.0, after_ms), only)?)
}

/// Whether there is a message of this kind before it, looked for in this index.
fn any_before(sql: &Connection, message: &Message, index: &str, kind: &str) -> Result<bool, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT EXISTS (SELECT 1 FROM message {index} WHERE conversation_id = ?1
             AND (sent_at_ms, tie, id) < (SELECT m.sent_at_ms, m.tie, m.id FROM message m WHERE m.id = ?2) AND {kind})"
    ))?;
    Ok(query.query_row((message.conversation.0, message.id.0), only)?)
}

/// The rules that have fired on a message, and whether each answered it.
fn fired(sql: &Connection, message: &Message) -> Result<Vec<(RuleId, bool)>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT rule_id, EXISTS (SELECT 1 FROM rule_reply r WHERE r.firing_id = f.id) AS has_replied FROM rule_firing f
         WHERE conversation_id = ?1 AND message_id = ?2",
    )?;
    let found = query.query_map((message.conversation.0, message.id.0), |row| {
        Ok((RuleId(row.get("rule_id")?), row.get("has_replied")?))
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The rules that have fired since the business answered last.
fn waited(sql: &Connection, id: ConversationId, answered_at: Option<Millis>) -> Result<Vec<RuleId>, StoreError> {
    let from = answered_at.map_or(MessageId(0), |at_ms| message::first_id(at_ms.saturating_add(1)));
    let mut query =
        sql.prepare_cached("SELECT DISTINCT rule_id FROM rule_firing WHERE conversation_id = ?1 AND message_id >= ?2")?;
    Ok(query.query_map((id.0, from.0), |row| only(row).map(RuleId))?.collect::<Result<_, _>>()?)
}

/// When rules have answered in a conversation lately.
fn answers_at(sql: &Connection, id: ConversationId, now_ms: Millis) -> Result<Vec<Millis>, StoreError> {
    let from = message::first_id(now_ms.saturating_sub(LOOK_BACK_MS));
    let mut query = sql.prepare_cached(
        "SELECT at_ms FROM rule_firing f WHERE conversation_id = ?1 AND message_id >= ?2
             AND EXISTS (SELECT 1 FROM rule_reply r WHERE r.firing_id = f.id)",
    )?;
    Ok(query.query_map((id.0, from.0), only)?.collect::<Result<_, _>>()?)
}
