//! Messages that TikTok listed and this version cannot read, as they came.

use model::{ConversationId, Millis};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::rows::only;
use crate::{StoreError, Tx};

/// A conversation keeps so many of them, the newest: each reading of it may bring the same one in other words.
const MAX_UNREADABLE: u32 = 200;

/// Keeps what stood in a message's place; the same twice is kept once.
///
/// # Errors
/// [`StoreError`]
pub fn keep(
    tx: &Tx<'_>,
    conversation: ConversationId,
    sent_at_ms: Option<Millis>,
    raw: &str,
    now_ms: Millis,
) -> Result<(), StoreError> {
    let digest: String = Sha256::digest(raw.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let kept = tx
        .prepare_cached(
            "INSERT INTO unreadable_message (conversation_id, digest, sent_at_ms, raw, noticed_at_ms) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        )?
        .execute((conversation.0, digest, sent_at_ms, raw, now_ms))?;
    if kept > 0 {
        tx.prepare_cached(
            "DELETE FROM unreadable_message WHERE conversation_id = ?1 AND digest NOT IN (
                 SELECT digest FROM unreadable_message WHERE conversation_id = ?1 ORDER BY noticed_at_ms DESC, digest LIMIT ?2)",
        )?
        .execute((conversation.0, MAX_UNREADABLE))?;
    }
    Ok(())
}

/// What is kept of a conversation's unreadable messages, the oldest first.
///
/// # Errors
/// [`StoreError`]
pub fn of_conversation(sql: &Connection, conversation: ConversationId) -> Result<Vec<String>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT raw FROM unreadable_message WHERE conversation_id = ?1 ORDER BY noticed_at_ms, digest",
    )?;
    Ok(query.query_map([conversation.0], only)?.collect::<Result<_, _>>()?)
}
