//! What a conversation's row says of its messages, its outbox and its gaps, worked out anew after each change.

use model::{AccountId, ConversationId, Millis, Snippet, WINDOW_MS};
use rusqlite::{Connection, OptionalExtension, named_params};

use crate::rows::only;
use crate::stored::Word;
use crate::table::answer::{FROM_BUSINESS, NOT_FAILED, NOT_ON_ITS_WAY};
use crate::table::gap;
use crate::table::message::content_of;
use crate::{StoreError, Tx};

use super::row::touch;

/// Works out a conversation's row anew from its messages, its outbox and its gaps. Idempotent, and the only place that
/// does: whatever changed, the row follows. The first answer makes a request a chat; TikTok's lists say so a moment later.
///
/// # Errors
/// [`StoreError`]
pub fn refresh(tx: &mut Tx<'_>, id: ConversationId) -> Result<(), StoreError> {
    let newest = |filter: &str| -> Result<Option<LastLine>, StoreError> {
        Ok(tx
            .prepare_cached(&format!(
                "SELECT sent_at_ms, outgoing, content, auto_type IS NOT NULL OR EXISTS (SELECT 1 FROM rule_reply r WHERE r.message_id = message.id) AS is_automatic
                 FROM message WHERE conversation_id = ?1{filter} ORDER BY sent_at_ms DESC, tie DESC, id DESC LIMIT 1"
            ))?
            .query_row([id.0], |row| {
                Ok(LastLine { at_ms: row.get("sent_at_ms")?, is_ours: row.get("outgoing")?, content: row.get_ref("content")?.as_bytes()?.to_vec(), is_automatic: row.get("is_automatic")? })
            })
            .optional()?)
    };
    let last = newest("")?;
    let last_at = last.as_ref().map(|line| line.at_ms);
    let question = newest(" AND outgoing = 0")?;
    let inbound_at = question.as_ref().map(|line| line.at_ms);
    let answered_at = answered_at(tx, id)?;
    let received_at = answer_received_at(tx, id)?;
    let waiting = inbound_at.is_some_and(|asked| received_at.is_none_or(|received| received < asked));
    // An agent who looks for work reads what is asked, not what was said after it without answering.
    let line = if waiting { question } else { last };
    let snippet = line.as_ref().map(LastLine::snippet);
    // A badge past 99 says nothing more, so counting stops there.
    let unread: u32 = tx
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM message WHERE conversation_id = ?1 AND outgoing = 0
             AND sent_at_ms > (SELECT max(seen_up_to_ms, coalesce(?2, 0)) FROM conversation WHERE id = ?1) LIMIT 100)",
        )?
        .query_row((id.0, answered_at), only)?;
    let (sent, late) = spent(tx, id, inbound_at)?;
    let account = tx
        .prepare_cached(&format!(
            "UPDATE conversation SET last_at_ms = coalesce(:last_at, remote_updated_ms), snippet_kind = :kind, snippet = :snippet, snippet_out = :out, snippet_auto = :auto,
                 kind = CASE WHEN kind = 'request' AND EXISTS (SELECT 1 FROM message INDEXED BY message_answer WHERE conversation_id = :id AND {FROM_BUSINESS} AND remote_id IS NOT NULL) THEN 'chat' ELSE kind END,
                 waiting = :waiting, unread = :unread, window_opened_at_ms = :inbound_at,
                 sent = :sent, sent_late = :late,
                 engaged = engaged OR EXISTS (SELECT 1 FROM message INDEXED BY message_answer WHERE conversation_id = :id AND sent_at_ms < :inbound_at AND {FROM_BUSINESS} AND listed = 1),
                 scheduled = (SELECT count(*) FROM scheduled WHERE conversation_id = :id),
                 unsent = (SELECT count(*) FROM outbox WHERE conversation_id = :id) + (SELECT count(*) FROM scheduled WHERE conversation_id = :id),
                 trouble = (SELECT count(*) FROM outbox WHERE conversation_id = :id AND state IN ('refused', 'stopped', 'checking', 'undecided'))
                     + (SELECT count(*) FROM scheduled WHERE conversation_id = :id AND stopped IS NOT NULL),
                 gaps = (SELECT count(*) FROM gap g JOIN account a ON a.id = conversation.account_id WHERE g.conversation_id = :id AND {hole})
             WHERE id = :id RETURNING account_id",
            hole = gap::IS_HOLE
        ))?
        .query_row(
            named_params! {
                ":id": id.0, ":last_at": last_at, ":kind": snippet.as_ref().map(|snippet| Word(snippet.kind)),
                ":snippet": snippet.as_ref().map_or("", |snippet| &snippet.text),
                ":out": line.as_ref().is_some_and(|line| line.is_ours), ":auto": line.as_ref().is_some_and(|line| line.is_automatic),
                ":waiting": waiting, ":unread": unread, ":inbound_at": inbound_at, ":sent": sent, ":late": late,
            },
            |row| only(row).map(AccountId),
        )?;
    touch(tx, account, id);
    Ok(())
}

/// A message that a conversation's row may show.
struct LastLine {
    at_ms: Millis,
    is_ours: bool,
    content: Vec<u8>,
    is_automatic: bool,
}

impl LastLine {
    fn snippet(&self) -> Snippet {
        content_of(&self.content).snippet()
    }
}

/// When TikTok took the business's newest answer. A reply that is still on its way, or was stopped there, answers nobody yet.
fn answer_received_at(sql: &Connection, id: ConversationId) -> Result<Option<Millis>, StoreError> {
    let mut query = sql.prepare_cached(
        &format!(
        "SELECT sent_at_ms FROM message INDEXED BY message_answer WHERE conversation_id = ?1 AND {FROM_BUSINESS} AND {NOT_ON_ITS_WAY}
         ORDER BY sent_at_ms DESC LIMIT 1"
    ),
    )?;
    Ok(query.query_row([id.0], only).optional()?)
}

/// When the business last pressed Send or answered elsewhere, whether TikTok has it yet or not: what an agent has read, and
/// what a rule must not answer beside. An automatic message answers nobody, and a refused or stopped one reached nobody.
pub(in crate::table) fn answered_at(sql: &Connection, id: ConversationId) -> Result<Option<Millis>, StoreError> {
    // Left alone, the planner walks all that was said.
    let mut query = sql.prepare_cached(
        &format!(
        "SELECT sent_at_ms FROM message INDEXED BY message_answer WHERE conversation_id = ?1 AND {FROM_BUSINESS} AND {NOT_FAILED}
         ORDER BY sent_at_ms DESC LIMIT 1"
    ),
    )?;
    Ok(query.query_row([id.0], only).optional()?)
}

/// The replies since the customer's newest message, within the 48 hours and after, and those that wait: they will be said
/// after it, whenever Send was pressed. Automatic ones cost nothing, and one that was refused or stopped did not go.
/// Counting stops where nothing more would change.
fn spent(tx: &Tx<'_>, id: ConversationId, inbound_at: Option<Millis>) -> Result<(u32, u32), StoreError> {
    let Some(inbound_at) = inbound_at else { return Ok((0, 0)) };
    Ok(tx
        .prepare_cached(&format!(
            "SELECT count(*) FILTER (WHERE sent_at_ms < ?3) + (
                 SELECT count(*) FROM outbox o JOIN message m ON m.id = o.message_id
                 WHERE o.conversation_id = ?1 AND o.state IN ('held', 'queued') AND m.sent_at_ms <= ?2),
                 count(*) FILTER (WHERE sent_at_ms >= ?3) FROM (
                 SELECT sent_at_ms FROM message WHERE conversation_id = ?1 AND sent_at_ms > ?2 AND {FROM_BUSINESS} AND {NOT_FAILED} LIMIT 1000)"
        ))?
        .query_row((id.0, inbound_at, inbound_at.saturating_add(WINDOW_MS)), |row| row.try_into())?)
}
