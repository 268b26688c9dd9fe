//! Where an agent or a rule puts a conversation: with an agent, or away until a time.

use model::{AccountId, AgentId, ConversationId, Millis, Status};
use rusqlite::Connection;

use super::conversation;
use crate::rows::only;
use crate::{StoreError, Tx};

/// So many conversations come back in one transaction.
const MAX_WOKEN_AT_ONCE: u32 = 500;

/// Gives a conversation to an agent, or takes it from the agent who has it.
///
/// # Errors
/// [`StoreError::NotFound`] if there is no such conversation or agent.
pub fn assign(tx: &mut Tx<'_>, id: ConversationId, agent: Option<AgentId>) -> Result<(), StoreError> {
    if let Some(agent) = agent {
        tx.query_row("SELECT id FROM agent WHERE id = ?1", [agent.0], |_| Ok(()))?;
    }
    let account = tx
        .prepare_cached("UPDATE conversation SET assignee_id = ?2 WHERE id = ?1 RETURNING account_id")?
        .query_row((id.0, agent.map(|agent| agent.0)), |row| only(row).map(AccountId))?;
    conversation::touch(tx, account, id);
    Ok(())
}

/// Puts a conversation away until a time, or brings it back. One that is done is opened again by it.
///
/// # Errors
/// [`StoreError::NotFound`] if there is no such conversation.
pub fn snooze(tx: &mut Tx<'_>, id: ConversationId, until_ms: Option<Millis>) -> Result<(), StoreError> {
    if until_ms.is_some() && conversation::get(tx, id)?.status == Status::Done {
        conversation::set_status(tx, id, Status::Open)?;
    }
    let account = tx
        .prepare_cached("UPDATE conversation SET snoozed_until_ms = ?2 WHERE id = ?1 RETURNING account_id")?
        .query_row((id.0, until_ms), |row| only(row).map(AccountId))?;
    conversation::touch(tx, account, id);
    Ok(())
}

/// Brings back what was put away until a time that has come, the longest due first, and no more at once than others can wait
/// for; those conversations. None means that all are back.
///
/// # Errors
/// [`StoreError`]
pub fn wake_due(tx: &mut Tx<'_>, now_ms: Millis) -> Result<Vec<ConversationId>, StoreError> {
    let due: Vec<ConversationId> = tx
        .prepare_cached("SELECT id FROM conversation WHERE snoozed_until_ms IS NOT NULL AND snoozed_until_ms <= ?1 ORDER BY snoozed_until_ms LIMIT ?2")?
        .query_map((now_ms, MAX_WOKEN_AT_ONCE), |row| only(row).map(ConversationId))?
        .collect::<Result<_, _>>()?;
    for id in &due {
        snooze(tx, *id, None)?;
    }
    Ok(due)
}

/// When the next conversation comes back.
///
/// # Errors
/// [`StoreError`]
pub fn next_wake_at(sql: &Connection) -> Result<Option<Millis>, StoreError> {
    let mut query =
        sql.prepare_cached("SELECT min(snoozed_until_ms) FROM conversation WHERE snoozed_until_ms IS NOT NULL")?;
    Ok(query.query_row([], only)?)
}
