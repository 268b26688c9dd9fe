//! The order of messages of one millisecond: by TikTok's id, whatever order they arrived in.

use model::{ConversationId, Millis};
use rusqlite::OptionalExtension;

use crate::rows::only;
use crate::{StoreError, Tx};

/// Where a message stands among those of its millisecond, which are ordered by TikTok's id: behind the last or before the
/// first. None where it belongs between two of them, and all have to be ordered anew. Whoever sends thousands of messages
/// of one moment sends them in order, and each of them looks at its neighbours only.
pub(super) fn free_tie(
    tx: &Tx<'_>,
    conversation: ConversationId,
    at_ms: Millis,
    remote_id: &str,
) -> Result<Option<i64>, StoreError> {
    let end = |order: &str| -> Result<Option<(i64, Option<String>)>, StoreError> {
        Ok(tx
            .prepare_cached(&format!(
                "SELECT tie, remote_id FROM message WHERE conversation_id = ?1 AND sent_at_ms = ?2 ORDER BY tie {order}, id {order} LIMIT 1"
            ))?
            .query_row((conversation.0, at_ms), |row| row.try_into())
            .optional()?)
    };
    let Some((last_tie, last)) = end("DESC")? else { return Ok(Some(0)) };
    if last.is_some_and(|last| *last < *remote_id) {
        return Ok(Some(last_tie + 1));
    }
    let Some((first_tie, first)) = end("ASC")? else { return Ok(Some(0)) };
    // Ours that TikTok has not named stand last.
    Ok(first.is_none_or(|first| *remote_id < *first).then_some(first_tie - 1))
}

/// Orders the messages of one millisecond by TikTok's id, whatever order they arrived in.
pub(super) fn reorder_same_ms(tx: &Tx<'_>, conversation: ConversationId, at_ms: Millis) -> Result<(), StoreError> {
    let count: i64 = tx
        .prepare_cached("SELECT count(*) FROM message WHERE conversation_id = ?1 AND sent_at_ms = ?2")?
        .query_row((conversation.0, at_ms), only)?;
    if count < 2 {
        return Ok(());
    }
    let mut query =
        tx.prepare_cached("SELECT id, tie FROM message WHERE conversation_id = ?1 AND sent_at_ms = ?2 ORDER BY remote_id IS NULL, remote_id, id")?;
    let ordered: Vec<(i64, i64)> =
        query.query_map((conversation.0, at_ms), |row| row.try_into())?.collect::<Result<_, _>>()?;
    for (tie, (id, known)) in (0_i64..).zip(ordered) {
        if tie != known {
            tx.prepare_cached("UPDATE message SET tie = ?2 WHERE id = ?1")?.execute((id, tie))?;
        }
    }
    Ok(())
}
