//! Whether a call whose answer was lost has arrived: which messages of TikTok's a reply may have become.

use model::{Content, ConversationId, MessageId, Millis, Outgoing};
use rusqlite::Connection;

use crate::rows::only;
use crate::table::attempt::{self};
use crate::table::{conversation, message};
use crate::{StoreError, Tx, readable};

use super::row::TABLE;

/// How many of a conversation's messages TikTok lists: its newest.
const LISTED_MESSAGES: u32 = 20;

/// Whether one of a reply's calls may have arrived: its outcome is not known.
///
/// # Errors
/// [`StoreError`]
pub fn may_have_arrived(sql: &Connection, id: MessageId) -> Result<bool, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM attempt WHERE message_id = ?1 AND outcome IN ('interrupted', 'unknown'))",
    )?;
    Ok(query.query_row([id.0], only)?)
}

/// Whether TikTok's own answer named this message, and not a listing in which it was found.
///
/// # Errors
/// [`StoreError`]
pub fn was_named(sql: &Connection, id: MessageId) -> Result<bool, StoreError> {
    let mut query =
        sql.prepare_cached("SELECT EXISTS (SELECT 1 FROM attempt WHERE message_id = ?1 AND outcome = 'sent')")?;
    Ok(query.query_row([id.0], only)?)
}

/// Whether a listing could still show a message that was sent at or before this time: TikTok lists a conversation's newest
/// messages only.
///
/// # Errors
/// [`StoreError`]
pub fn is_listable(sql: &Connection, conversation: ConversationId, at_ms: Millis) -> Result<bool, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT count(*) FROM (SELECT 1 FROM message WHERE conversation_id = ?1 AND sent_at_ms > ?2 AND listed = 1 LIMIT ?3)",
    )?;
    let newer: u32 = query.query_row((conversation.0, at_ms, LISTED_MESSAGES), only)?;
    Ok(newer < LISTED_MESSAGES)
}

/// Messages of ours that TikTok has not named yet and one of whose calls may have arrived, with when that call began: what an
/// unknown outgoing message may turn out to be. The oldest call comes first, and last come those of replies that wait to be
/// sent again: what was called for since is likelier. A message is named once for each such call.
///
/// # Errors
/// [`StoreError`]
pub fn claimable(
    sql: &Connection,
    conversation: ConversationId,
) -> Result<Vec<(MessageId, Content, Millis)>, StoreError> {
    // A message the agent said arrived has no outbox row, but TikTok's list may still name it. One whose attempts are told
    // of no more was sent about when it stands.
    let mut query = sql.prepare_cached(
        "SELECT m.id, m.content, coalesce(a.started_at_ms, o.started_at_ms, m.sent_at_ms) AS began
         FROM message m LEFT JOIN outbox o ON o.message_id = m.id LEFT JOIN attempt a ON a.message_id = m.id
         WHERE m.conversation_id = ?1 AND m.outgoing = 1 AND m.remote_id IS NULL
             AND (a.outcome IN ('interrupted', 'unknown')
                 OR a.id IS NULL AND (o.state IS NULL OR o.state IN ('sending', 'checking', 'undecided')))
         ORDER BY coalesce(o.state, '') IN ('queued', 'refused', 'stopped'), began, m.id",
    )?;
    let mut rows = query.query([conversation.0])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(content) = readable::column(TABLE, row, "content")? {
            found.push((MessageId(row.get("id")?), content, row.get("began")?));
        }
    }
    Ok(found)
}

/// Messages of ours that TikTok has named and that were called for more often: what was sent in calls between these times
/// nobody heard the end of, beside the copy that is known.
///
/// # Errors
/// [`StoreError`]
pub fn sent_besides(
    sql: &Connection,
    conversation: ConversationId,
    (from_ms, to_ms): (Millis, Millis),
) -> Result<Vec<Content>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT m.content FROM message m WHERE m.conversation_id = ?1 AND m.outgoing = 1 AND m.remote_id IS NOT NULL AND m.surface = 'deskbell'
             AND m.id IN (SELECT message_id FROM attempt WHERE started_at_ms BETWEEN ?2 AND ?3 AND outcome IN ('interrupted', 'unknown'))
             AND (SELECT count(*) FROM attempt WHERE message_id = m.id AND outcome IN ('interrupted', 'unknown', 'sent')) > 1",
    )?;
    let mut rows = query.query((conversation.0, from_ms, to_ms))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(serde_json::from_str(&row.get::<_, String>("content")?)?);
    }
    Ok(found)
}

/// TikTok's id turned out to be another message's: whether this one arrived is not known after all, and it is looked for.
///
/// # Errors
/// [`StoreError`]
pub fn reopen(tx: &mut Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    let message = message::get(tx, id)?;
    message::clear_remote_id(tx, id)?;
    attempt::doubt(tx, id)?;
    // What cannot be sent again any more is only looked for.
    let Some(outgoing) = Outgoing::of(&message.content) else { return conversation::refresh(tx, message.conversation) };
    tx.execute(
        "INSERT INTO outbox (message_id, conversation_id, account_id, position, outgoing, quoted_remote_id, state, attempt, started_at_ms, seen_up_to_ms)
         SELECT ?1, ?2, ?3, (SELECT coalesce(min(position), 1) - 1 FROM outbox WHERE conversation_id = ?2), ?4, ?5, 'checking',
             count(*), coalesce(max(started_at_ms), ?6), ?6 FROM attempt WHERE message_id = ?1
         ON CONFLICT DO NOTHING",
        (
            id.0, message.conversation.0, message.account.0, serde_json::to_string(&outgoing)?, message.quoted_remote_id,
            message.sent_at_ms,
        ),
    )?;
    conversation::refresh(tx, message.conversation)
}
