//! What agents have typed and not sent, one draft for each conversation.

use model::{ConversationId, Millis};
use rusqlite::{Connection, OptionalExtension};

use super::conversation;
use crate::{StoreError, Tx};

/// The draft's text; empty if there is none.
///
/// # Errors
/// [`StoreError`]
pub fn get(sql: &Connection, conversation: ConversationId) -> Result<String, StoreError> {
    let mut query = sql.prepare_cached("SELECT body FROM draft WHERE conversation_id = ?1")?;
    Ok(query.query_row([conversation.0], |row| row.get(0)).optional()?.unwrap_or_default())
}

/// Keeps a draft; one without a visible character is no draft.
///
/// # Errors
/// [`StoreError::NotFound`] if there is no such conversation.
pub fn save(tx: &mut Tx<'_>, conversation: ConversationId, body: &str, now_ms: Millis) -> Result<(), StoreError> {
    let account = conversation::get(tx, conversation)?.account;
    if body.trim().is_empty() {
        tx.execute("DELETE FROM draft WHERE conversation_id = ?1", [conversation.0])?;
    } else {
        tx.execute(
            "INSERT INTO draft (conversation_id, body, updated_at_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT (conversation_id) DO UPDATE SET body = excluded.body, updated_at_ms = excluded.updated_at_ms",
            (conversation.0, body, now_ms),
        )?;
    }
    let line: String = body.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(160).collect();
    let line = Some(line).filter(|line| !line.is_empty());
    let changed = tx.execute(
        "UPDATE conversation SET draft_line = ?2 WHERE id = ?1 AND draft_line IS NOT ?2",
        (conversation.0, line),
    )?;
    if changed > 0 {
        // Only the row shows it: the composer that typed it must not be asked to load it again.
        tx.touch(model::Change::Inbox { account });
    }
    Ok(())
}

/// Removes the draft.
///
/// # Errors
/// [`StoreError`]
pub fn clear(tx: &mut Tx<'_>, conversation: ConversationId) -> Result<(), StoreError> {
    save(tx, conversation, "", 0)
}
