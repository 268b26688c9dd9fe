//! Where messages may be missing.

use model::{ConversationId, MessageId, Millis};
use rusqlite::{Connection, OptionalExtension};

use crate::rows::only;
use crate::{StoreError, Tx};

/// Which of the gaps `g` of a conversation `c` of the account `a` are holes: between two messages, or before one that was
/// written since the account was linked. Everything else is where the history begins.
pub(crate) const IS_HOLE: &str = "(g.after_id IS NOT NULL OR (g.before_id >> 20) > a.linked_at_ms)";

/// Messages may be missing just before a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The first message after the gap.
    pub before: MessageId,
    /// The last message before it; none at the start of what TikTok listed.
    pub after: Option<MessageId>,
}

/// Notes a gap. Noting it twice is noting it once. Whether it is new.
///
/// # Errors
/// [`StoreError`]
pub fn insert(tx: &Tx<'_>, conversation: ConversationId, gap: Gap, now_ms: Millis) -> Result<bool, StoreError> {
    let noted = tx.execute(
        "INSERT INTO gap (conversation_id, before_id, after_id, noticed_at_ms) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        (conversation.0, gap.before.0, gap.after.map(|id| id.0), now_ms),
    )?;
    Ok(noted > 0)
}

/// A message takes another one's place in the thread, and with it the gaps on both its sides.
///
/// # Errors
/// [`StoreError`]
pub fn move_to(tx: &Tx<'_>, conversation: ConversationId, from: MessageId, to: MessageId) -> Result<(), StoreError> {
    // One that stands there already says the same.
    tx.prepare_cached("UPDATE OR REPLACE gap SET before_id = ?3 WHERE conversation_id = ?1 AND before_id = ?2")?
        .execute((conversation.0, from.0, to.0))?;
    tx.prepare_cached("UPDATE gap SET after_id = ?3 WHERE conversation_id = ?1 AND after_id = ?2")?.execute((
        conversation.0,
        from.0,
        to.0,
    ))?;
    Ok(())
}

/// Closes the gap before a message, because what comes before it is known to be here. Whether there was one.
///
/// # Errors
/// [`StoreError`]
pub fn close(tx: &Tx<'_>, conversation: ConversationId, before: MessageId) -> Result<bool, StoreError> {
    let closed = tx
        .prepare_cached("DELETE FROM gap WHERE conversation_id = ?1 AND before_id = ?2")?
        .execute((conversation.0, before.0))?;
    Ok(closed > 0)
}

/// Closes the gaps of a conversation between two messages where the shop's relay has heard everything that TikTok pushed:
/// the first was written since then, and the second was pushed and written by `until_ms`. Only in a conversation whose
/// customer's messages are pushed at all. Whether there was one.
///
/// # Errors
/// [`StoreError`]
pub fn close_heard(tx: &Tx<'_>, conversation: ConversationId, until_ms: Millis) -> Result<bool, StoreError> {
    let closed = tx
        .prepare_cached(
            "DELETE FROM gap WHERE conversation_id = ?1 AND before_id IN (
                 SELECT g.before_id FROM gap g JOIN conversation c ON c.id = g.conversation_id JOIN account a ON a.id = c.account_id
                 JOIN message first ON first.id = g.after_id JOIN message second ON second.id = g.before_id
                 WHERE g.conversation_id = ?1 AND first.sent_at_ms >= max(a.heard_from_ms, coalesce(c.late_push_ms, 0))
                 AND second.pushed = 1 AND second.sent_at_ms <= ?2)
             AND EXISTS (SELECT 1 FROM message m WHERE m.conversation_id = ?1 AND m.pushed = 1 AND m.outgoing = 0)",
        )?
        .execute((conversation.0, until_ms))?;
    Ok(closed > 0)
}

/// A message has turned up inside a gap: what is missing before it and after it may still be. Whether that was not known.
///
/// # Errors
/// [`StoreError`]
pub fn split(tx: &Tx<'_>, conversation: ConversationId, found: MessageId, now_ms: Millis) -> Result<bool, StoreError> {
    // Ours that TikTok has not got yet stand in no gap's way.
    let gap: Option<(i64, Option<i64>)> = tx
        .prepare_cached(
            "SELECT before_id, after_id FROM gap WHERE conversation_id = ?1 AND before_id = (
                 SELECT m.id FROM message m JOIN message f ON f.id = ?2
                 WHERE m.conversation_id = ?1 AND m.remote_id IS NOT NULL AND (m.sent_at_ms, m.tie, m.id) > (f.sent_at_ms, f.tie, f.id)
                 ORDER BY m.sent_at_ms, m.tie, m.id LIMIT 1)",
        )?
        .query_row((conversation.0, found.0), |row| row.try_into())
        .optional()?;
    let Some((before, after)) = gap.filter(|(_, after)| *after != Some(found.0)) else { return Ok(false) };
    insert(tx, conversation, Gap { before: found, after: after.map(MessageId) }, now_ms)?;
    tx.prepare_cached("UPDATE gap SET after_id = ?3 WHERE conversation_id = ?1 AND before_id = ?2")?.execute((
        conversation.0,
        before,
        found.0,
    ))?;
    Ok(true)
}

/// Whether a conversation has a gap.
///
/// # Errors
/// [`StoreError`]
pub fn exists(sql: &Connection, conversation: ConversationId) -> Result<bool, StoreError> {
    let mut query = sql.prepare_cached("SELECT EXISTS (SELECT 1 FROM gap WHERE conversation_id = ?1)")?;
    Ok(query.query_row([conversation.0], only)?)
}

/// A conversation's gaps, and of each whether it is a hole or where the history begins.
///
/// # Errors
/// [`StoreError`]
pub fn of_conversation(sql: &Connection, conversation: ConversationId) -> Result<Vec<(Gap, bool)>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT g.before_id, g.after_id, {IS_HOLE} AS is_hole FROM gap g JOIN conversation c ON c.id = g.conversation_id JOIN account a ON a.id = c.account_id
         WHERE g.conversation_id = ?1 ORDER BY g.before_id"
    ))?;
    Ok(query
        .query_map([conversation.0], |row| {
            let gap = Gap {
                before: MessageId(row.get("before_id")?),
                after: row.get::<_, Option<i64>>("after_id")?.map(MessageId),
            };
            Ok((gap, row.get("is_hole")?))
        })?
        .collect::<Result<_, _>>()?)
}
