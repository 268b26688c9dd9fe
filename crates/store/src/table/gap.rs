//! Where messages may be missing.

use model::{ConversationId, MessageId, Millis};
use rusqlite::Connection;

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
pub fn notice(tx: &Tx<'_>, conversation: ConversationId, gap: Gap, now_ms: Millis) -> Result<bool, StoreError> {
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
pub fn follow(tx: &Tx<'_>, conversation: ConversationId, from: MessageId, to: MessageId) -> Result<(), StoreError> {
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

/// Whether a conversation has a gap.
///
/// # Errors
/// [`StoreError`]
pub fn any(sql: &Connection, conversation: ConversationId) -> Result<bool, StoreError> {
    let mut query = sql.prepare_cached("SELECT EXISTS (SELECT 1 FROM gap WHERE conversation_id = ?1)")?;
    Ok(query.query_row([conversation.0], |row| row.get(0))?)
}

/// A conversation's gaps, and of each whether it is a hole or where the history begins.
///
/// # Errors
/// [`StoreError`]
pub fn of_conversation(sql: &Connection, conversation: ConversationId) -> Result<Vec<(Gap, bool)>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT g.before_id, g.after_id, {IS_HOLE} FROM gap g JOIN conversation c ON c.id = g.conversation_id JOIN account a ON a.id = c.account_id
         WHERE g.conversation_id = ?1 ORDER BY g.before_id"
    ))?;
    Ok(query
        .query_map([conversation.0], |row| {
            let gap = Gap { before: MessageId(row.get(0)?), after: row.get::<_, Option<i64>>(1)?.map(MessageId) };
            Ok((gap, row.get(2)?))
        })?
        .collect::<Result<_, _>>()?)
}
