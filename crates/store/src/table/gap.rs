//! Where messages may be missing.

use model::{ConversationId, MessageId, Millis};
use rusqlite::Connection;

use crate::{StoreError, Tx};

/// Messages may be missing just before a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The first message after the gap.
    pub before: MessageId,
    /// The last message before it; none at the start of what TikTok listed.
    pub after: Option<MessageId>,
}

/// Notes a gap. Noting it twice is noting it once.
///
/// # Errors
/// [`StoreError`]
pub fn notice(tx: &Tx<'_>, conversation: ConversationId, gap: Gap, now_ms: Millis) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO gap (conversation_id, before_id, after_id, noticed_at_ms) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        (conversation.0, gap.before.0, gap.after.map(|id| id.0), now_ms),
    )?;
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

/// A conversation's gaps.
///
/// # Errors
/// [`StoreError`]
pub fn of_conversation(sql: &Connection, conversation: ConversationId) -> Result<Vec<Gap>, StoreError> {
    let mut query =
        sql.prepare_cached("SELECT before_id, after_id FROM gap WHERE conversation_id = ?1 ORDER BY before_id")?;
    Ok(query
        .query_map([conversation.0], |row| {
            Ok(Gap { before: MessageId(row.get(0)?), after: row.get::<_, Option<i64>>(1)?.map(MessageId) })
        })?
        .collect::<Result<_, _>>()?)
}
