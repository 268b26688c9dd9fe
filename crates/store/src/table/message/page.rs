//! A conversation's messages, read a page at a time.

use model::{ConversationId, MessageId, Millis};
use rusqlite::Connection;

use crate::StoreError;

use super::row::{Message, MessageColumns, get, read};

/// Which messages a page wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageAnchor {
    /// The newest.
    Newest,
    /// The oldest.
    Oldest,
    /// Those older than this one, nearest first.
    Before(MessageId),
    /// Those newer than this one, nearest first.
    After(MessageId),
}

/// A anchor of a conversation's messages, oldest first, and whether there are more beyond it in the direction asked.
///
/// # Errors
/// [`StoreError`]; [`StoreError::NotFound`] if the message to start from is not there.
pub fn page(
    sql: &Connection,
    conversation: ConversationId,
    anchor: PageAnchor,
    limit: u32,
) -> Result<(Vec<Message>, bool), StoreError> {
    let (bound, from, order) = match anchor {
        PageAnchor::Newest => ("", None, "DESC"),
        PageAnchor::Oldest => ("", None, "ASC"),
        PageAnchor::Before(id) => (" AND (sent_at_ms, tie, id) < (?3, ?4, ?5)", Some(id), "DESC"),
        PageAnchor::After(id) => (" AND (sent_at_ms, tie, id) > (?3, ?4, ?5)", Some(id), "ASC"),
    };
    let mut query = sql.prepare_cached(&format!(
        "SELECT {columns} FROM message WHERE conversation_id = ?1{bound} ORDER BY sent_at_ms {order}, tie {order}, id {order} LIMIT ?2",
        columns = MessageColumns::SQL
    ))?;
    // One more than asked tells whether there are more.
    let most = i64::from(limit) + 1;
    let mut rows = match from {
        None => query.query((conversation.0, most))?,
        Some(id) => {
            let (at, tie): (Millis, i64) = sql
                .prepare_cached("SELECT sent_at_ms, tie FROM message WHERE id = ?1 AND conversation_id = ?2")?
                .query_row((id.0, conversation.0), |row| row.try_into())?;
            query.query((conversation.0, most, at, tie, id.0))?
        }
    };
    let mut messages = Vec::new();
    while let Some(row) = rows.next()? {
        messages.push(read(row)?);
    }
    let more = messages.len() > limit as usize;
    messages.truncate(limit as usize);
    if order == "DESC" {
        messages.reverse();
    }
    Ok((messages, more))
}

/// A message in its place: about as many older as newer ones around it, oldest first, and whether there are more before
/// and after.
///
/// # Errors
/// [`StoreError`]; [`StoreError::NotFound`] if it is not in this conversation.
pub fn around(
    sql: &Connection,
    conversation: ConversationId,
    id: MessageId,
    limit: u32,
) -> Result<(Vec<Message>, bool, bool), StoreError> {
    let (mut messages, older) = page(sql, conversation, PageAnchor::Before(id), limit / 2)?;
    let (after, newer) = page(sql, conversation, PageAnchor::After(id), limit / 2)?;
    messages.push(get(sql, id)?);
    messages.extend(after);
    Ok((messages, older, newer))
}

/// Whether any message lies beyond this one, before or after it.
///
/// # Errors
/// [`StoreError`]
pub fn exists_beyond(sql: &Connection, conversation: ConversationId, anchor: PageAnchor) -> Result<bool, StoreError> {
    Ok(!page(sql, conversation, anchor, 1)?.0.is_empty())
}
