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
