//! Replies to be sent later. When their time has come they become ordinary replies, in one transaction.

use model::{AccountId, Change, ConversationId, MessageId, Millis, ScheduledId, StopReason};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::conversation;
use super::draft::Draft;
use crate::rows::only;
use crate::{StoreError, Tx, readable};

/// A reply to be sent later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// Its id.
    pub id: ScheduledId,
    /// Its account.
    pub account: AccountId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// What it says.
    pub reply: Draft,
    /// When it is due, by TikTok's clock.
    pub due_at_ms: Millis,
    /// The newest listed message the agent had seen.
    pub seen_up_to_ms: Millis,
    /// Why it did not go out at its time.
    pub stopped: Option<StopReason>,
}

/// Keeps a reply for later.
///
/// # Errors
/// [`StoreError::NotFound`] if there is no such conversation.
pub fn insert(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    reply: &Draft,
    due_at_ms: Millis,
    seen_up_to_ms: Millis,
) -> Result<ScheduledId, StoreError> {
    let account = conversation::get(tx, conversation)?.account;
    let id = tx.query_row(
        "INSERT INTO scheduled (account_id, conversation_id, body, quoted_id, attachment, due_at_ms, seen_up_to_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id",
        (account.0, conversation.0, &reply.body, reply.quoted.map(|id| id.0), &reply.attachment, due_at_ms, seen_up_to_ms),
        |row| only(row).map(ScheduledId),
    )?;
    count(tx, account, conversation)?;
    Ok(id)
}

/// Changes text and time; whatever had stopped it is looked at anew at its time.
///
/// # Errors
/// [`StoreError::NotFound`] if it went out or was taken back meanwhile.
pub fn update(
    tx: &mut Tx<'_>,
    id: ScheduledId,
    body: &str,
    due_at_ms: Millis,
    seen_up_to_ms: Millis,
) -> Result<(), StoreError> {
    let changed = tx.execute(
        "UPDATE scheduled SET body = ?2, due_at_ms = ?3, seen_up_to_ms = ?4, stopped = NULL WHERE id = ?1",
        (id.0, body, due_at_ms, seen_up_to_ms),
    )?;
    if changed == 0 {
        return Err(StoreError::NotFound);
    }
    let known = get(tx, id)?;
    count(tx, known.account, known.conversation)
}

/// It does not go out by itself: the agent should look first.
///
/// # Errors
/// [`StoreError`]
pub fn stop(tx: &mut Tx<'_>, id: ScheduledId, why: StopReason) -> Result<(), StoreError> {
    tx.execute("UPDATE scheduled SET stopped = ?2 WHERE id = ?1", (id.0, serde_json::to_string(&why)?))?;
    let known = get(tx, id)?;
    count(tx, known.account, known.conversation)
}

/// Takes it off the list.
///
/// # Errors
/// [`StoreError::NotFound`] if it is not there any more.
pub fn remove(tx: &mut Tx<'_>, id: ScheduledId) -> Result<Scheduled, StoreError> {
    let known = get(tx, id)?;
    tx.execute("DELETE FROM scheduled WHERE id = ?1", [id.0])?;
    count(tx, known.account, known.conversation)?;
    Ok(known)
}

/// One of them.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn get(sql: &Connection, id: ScheduledId) -> Result<Scheduled, StoreError> {
    let mut query = sql.prepare_cached(&format!("SELECT {COLUMNS} FROM scheduled WHERE id = ?1"))?;
    let mut rows = query.query([id.0])?;
    rows.next()?.ok_or(StoreError::NotFound).and_then(read)
}

/// Those whose time has come, soonest first.
///
/// # Errors
/// [`StoreError`]
pub fn due(sql: &Connection, now_ms: Millis) -> Result<Vec<Scheduled>, StoreError> {
    list(sql, "stopped IS NULL AND due_at_ms <= ?1", now_ms)
}

/// When the next one is due.
///
/// # Errors
/// [`StoreError`]
pub fn next_due(sql: &Connection) -> Result<Option<Millis>, StoreError> {
    Ok(sql.prepare_cached("SELECT min(due_at_ms) FROM scheduled WHERE stopped IS NULL")?.query_row([], only)?)
}

/// A conversation's, soonest first.
///
/// # Errors
/// [`StoreError`]
pub fn of_conversation(sql: &Connection, conversation: ConversationId) -> Result<Vec<Scheduled>, StoreError> {
    list(sql, "conversation_id = ?1", conversation.0)
}

/// An account's, soonest first.
///
/// # Errors
/// [`StoreError`]
pub fn of_account(sql: &Connection, account: AccountId) -> Result<Vec<Scheduled>, StoreError> {
    list(sql, "account_id = ?1", account.0)
}

/// How many an account has.
///
/// # Errors
/// [`StoreError`]
pub fn count_of(sql: &Connection, account: AccountId) -> Result<u32, StoreError> {
    let mut query = sql.prepare_cached("SELECT count(*) FROM scheduled WHERE account_id = ?1")?;
    Ok(query.query_row([account.0], only)?)
}

/// Their number stands in the conversation's row; one that was stopped is trouble.
fn count(tx: &mut Tx<'_>, account: AccountId, conversation: ConversationId) -> Result<(), StoreError> {
    tx.touch(Change::Scheduled { account });
    conversation::refresh(tx, conversation)
}

const COLUMNS: &str = "id, account_id, conversation_id, body, quoted_id, attachment, due_at_ms, seen_up_to_ms, stopped";

fn list(sql: &Connection, filter: &str, value: i64) -> Result<Vec<Scheduled>, StoreError> {
    let mut query =
        sql.prepare_cached(&format!("SELECT {COLUMNS} FROM scheduled WHERE {filter} ORDER BY due_at_ms, id"))?;
    let mut rows = query.query([value])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

fn read(row: &Row<'_>) -> Result<Scheduled, StoreError> {
    Ok(Scheduled {
        id: ScheduledId(row.get("id")?),
        account: AccountId(row.get("account_id")?),
        conversation: ConversationId(row.get("conversation_id")?),
        reply: Draft {
            body: row.get("body")?,
            quoted: row.get::<_, Option<i64>>("quoted_id")?.map(MessageId),
            attachment: row.get("attachment")?,
        },
        due_at_ms: row.get("due_at_ms")?,
        seen_up_to_ms: row.get("seen_up_to_ms")?,
        // Why it was stopped is lost, not that it was.
        stopped: match row.get_ref("stopped")? {
            ValueRef::Null => None,
            _ => Some(readable::column("scheduled", row, "stopped")?.unwrap_or(StopReason::Unreadable)),
        },
    })
}
