//! The past, read for a dry run: conversation by conversation, so that no more than one is in memory.

use model::{AccountId, ActionTaken, Content, ConversationId, ConversationKind, MessageId, Millis, text_fold};
use rusqlite::{Connection, OptionalExtension};

use super::standing;
use crate::rows::only;
use crate::table::answer::{FROM_BUSINESS, NOT_FAILED};
use crate::table::conversation::{self, Conversation};
use crate::table::message;
use crate::{StoreError, readable};

/// A conversation before the first message that is looked at.
#[derive(Debug, Clone)]
pub struct PastState {
    /// The conversation as it is now.
    pub known: Conversation,
    /// The customer's name; empty while unknown.
    pub name: String,
    /// Whether the customer follows the business, as it is known now.
    pub follower: Option<bool>,
    /// The customer's tags as they are now, folded, but for those that rules put on since.
    pub tags: Vec<String>,
    /// Whether anybody had written before.
    pub begun: bool,
    /// Whether the business had answered before, or has at some time that is not here.
    pub answered: bool,
}

/// Something that happened in a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct PastEvent {
    /// The message.
    pub id: MessageId,
    /// When it was sent.
    pub sent_at_ms: Millis,
    /// What the customer said; none if a person answered.
    pub said: Option<Content>,
}

/// The conversations in which something has happened since then, of one account or of all that are linked.
///
/// # Errors
/// [`StoreError`]
pub fn conversations(
    sql: &Connection,
    account: Option<AccountId>,
    from_ms: Millis,
) -> Result<Vec<ConversationId>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT c.id FROM conversation c JOIN account a ON a.id = c.account_id
         WHERE c.last_at_ms >= ?2 AND (c.account_id = ?1 OR ?1 IS NULL AND a.unlinked_at_ms IS NULL) ORDER BY c.id",
    )?;
    let found = query.query_map((account.map(|account| account.0), from_ms), |row| only(row).map(ConversationId))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// When a conversation's reading has to begin so that window and budget at that time are known: with the customer's newest
/// message before it.
///
/// # Errors
/// [`StoreError`]
pub fn begin_at(sql: &Connection, id: ConversationId, from_ms: Millis) -> Result<Millis, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT sent_at_ms FROM message WHERE conversation_id = ?1 AND sent_at_ms < ?2 AND outgoing = 0 ORDER BY sent_at_ms DESC LIMIT 1",
    )?;
    Ok(query.query_row((id.0, from_ms), only).optional()?.unwrap_or(from_ms))
}

/// How a conversation stood before this time.
///
/// # Errors
/// [`StoreError`]
pub fn state_before(sql: &Connection, id: ConversationId, at_ms: Millis) -> Result<PastState, StoreError> {
    let known = conversation::get(sql, id)?;
    let (name, follower) = match known.person {
        None => (String::new(), None),
        Some(person) => sql
            .prepare_cached("SELECT name, is_follower FROM person WHERE id = ?1")?
            .query_row([person.0], |row| row.try_into())?,
    };
    let any = |kind: &str, before_ms: Millis| -> Result<bool, StoreError> {
        let mut query = sql.prepare_cached(&format!(
            "SELECT EXISTS (SELECT 1 FROM message WHERE conversation_id = ?1 AND sent_at_ms < ?2 AND {kind} AND {NOT_RULES})"
        ))?;
        Ok(query.query_row((id.0, before_ms), only)?)
    };
    let begun = any("(outgoing = 0 OR auto_type IS NULL)", at_ms)?;
    // TikTok calls it a chat, and nothing here says since when: then it was one before.
    let unseen = known.kind == ConversationKind::Chat && !any_answer(sql, id)?;
    let answered = unseen || any(FROM_BUSINESS, at_ms)?;
    let tags = tags_then(sql, &known, at_ms)?;
    Ok(PastState { known, name, follower, tags, begun, answered })
}

/// What happened in a conversation from this time on, in order: what customers and people said. What rules sent is left out,
/// for it is what a dry run works out anew; so is what TikTok sent by itself, and what never went out.
///
/// # Errors
/// [`StoreError`], or what `each` answers.
pub fn events(
    sql: &Connection,
    id: ConversationId,
    from_ms: Millis,
    mut each: impl FnMut(PastEvent) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT id, sent_at_ms, CASE outgoing WHEN 0 THEN content END AS said FROM message
         WHERE conversation_id = ?1 AND sent_at_ms >= ?2 AND (outgoing = 0 OR auto_type IS NULL AND {NOT_RULES} AND {NOT_FAILED})
         ORDER BY sent_at_ms, tie, id"
    ))?;
    let mut rows = query.query((id.0, from_ms))?;
    while let Some(row) = rows.next()? {
        let said = row.get_ref("said")?.as_bytes_or_null().map_err(rusqlite::Error::from)?.map(message::content_of);
        each(PastEvent { id: MessageId(row.get("id")?), sent_at_ms: row.get("sent_at_ms")?, said })?;
    }
    Ok(())
}

const NOT_RULES: &str = "NOT EXISTS (SELECT 1 FROM rule_reply r WHERE r.message_id = message.id)";

/// Whether the business has ever answered, rules included.
fn any_answer(sql: &Connection, id: ConversationId) -> Result<bool, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT EXISTS (SELECT 1 FROM message INDEXED BY message_answer WHERE conversation_id = ?1 AND {FROM_BUSINESS})"
    ))?;
    Ok(query.query_row([id.0], only)?)
}

/// The tags of now without those that the log says rules put on since: nothing else is known of when a tag was put on.
fn tags_then(sql: &Connection, known: &Conversation, at_ms: Millis) -> Result<Vec<String>, StoreError> {
    let mut tags = standing::tags(sql, known)?;
    if tags.is_empty() {
        return Ok(tags);
    }
    let mut query = sql.prepare_cached("SELECT actions FROM rule_firing WHERE conversation_id = ?1 AND at_ms >= ?2")?;
    let mut rows = query.query((known.id.0, at_ms))?;
    while let Some(row) = rows.next()? {
        for deed in readable::column::<Vec<ActionTaken>>("rule_firing", row, "actions")?.unwrap_or_default() {
            if let ActionTaken::Tagged { name } = deed {
                let folded = text_fold::fold(&name);
                tags.retain(|tag| *tag != folded);
            }
        }
    }
    Ok(tags)
}
