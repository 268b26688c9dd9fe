//! Rules in their order, and the customers' messages they have yet to look at.
//!
//! A message that arrives is due in the transaction that stores it, and due no more in the one that holds what the rules
//! made of it: whatever happens to the process in between, each message is looked at once.

use model::{AccountId, BusinessHours, Change, ConversationId, MessageId, Millis, RuleId, RuleSpec};
use rusqlite::{Connection, OptionalExtension};

use crate::rows::only;
use crate::{StoreError, Tx, readable};

/// All rules, in the order in which they are tried.
///
/// # Errors
/// [`StoreError`]
pub fn all(sql: &Connection) -> Result<Vec<(RuleId, RuleSpec)>, StoreError> {
    let mut query = sql.prepare_cached("SELECT id, spec FROM rule ORDER BY position, id")?;
    let mut rows = query.query([])?;
    let mut rules = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(spec) = readable::column("rule", row, "spec")? {
            rules.push((RuleId(row.get("id")?), spec));
        }
    }
    Ok(rules)
}

/// Keeps a rule: a new one after all others, or this one as it is now.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn save(tx: &mut Tx<'_>, id: Option<RuleId>, spec: &RuleSpec) -> Result<RuleId, StoreError> {
    let json = serde_json::to_string(spec)?;
    let id = match id {
        Some(id) => tx.query_row("UPDATE rule SET spec = ?2 WHERE id = ?1 RETURNING id", (id.0, json), only),
        None => tx.query_row(
            // An id is not used again while the log names it: a new rule would inherit what another one did.
            "INSERT INTO rule (id, position, spec) SELECT
                 1 + max(coalesce((SELECT max(id) FROM rule), 0), coalesce((SELECT max(rule_id) FROM rule_firing), 0)),
                 1 + coalesce((SELECT max(position) FROM rule), 0), ?1 RETURNING id",
            [json],
            only,
        ),
    };
    tx.touch(Change::Rules);
    Ok(RuleId(id?))
}

/// Forgets a rule; what it did stays in the log.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn remove(tx: &mut Tx<'_>, id: RuleId) -> Result<(), StoreError> {
    if tx.execute("DELETE FROM rule WHERE id = ?1", [id.0])? == 0 {
        return Err(StoreError::NotFound);
    }
    tx.touch(Change::Rules);
    Ok(())
}

/// Puts the rules into this order. Those it does not name keep theirs, behind the others.
///
/// # Errors
/// [`StoreError`]
pub fn sort(tx: &mut Tx<'_>, order: &[RuleId]) -> Result<(), StoreError> {
    let others = all(tx)?.into_iter().map(|(id, _)| id).filter(|id| !order.contains(id));
    for (position, id) in (1_i64..).zip(order.iter().copied().chain(others)) {
        tx.execute("UPDATE rule SET position = ?2 WHERE id = ?1", (id.0, position))?;
    }
    tx.touch(Change::Rules);
    Ok(())
}

/// What an account has set for its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSettings {
    /// When it answers; none if always.
    pub hours: Option<BusinessHours>,
    /// Its time zone in the tz database; empty for this computer's.
    pub time_zone: String,
    /// Whether this computer answers for it.
    pub here: bool,
}

/// What an account has set.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn settings_of(sql: &Connection, id: AccountId) -> Result<RuleSettings, StoreError> {
    let mut query = sql.prepare_cached("SELECT business_hours, time_zone, rules_here FROM account WHERE id = ?1")?;
    Ok(query.query_row([id.0], |row| {
        Ok(RuleSettings {
            hours: readable::column("account", row, "business_hours")?,
            time_zone: row.get("time_zone")?,
            here: row.get("rules_here")?,
        })
    })?)
}

/// Sets an account's business hours, and with them its time zone.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn set_hours(tx: &mut Tx<'_>, id: AccountId, hours: Option<&BusinessHours>) -> Result<(), StoreError> {
    let json = hours.map(serde_json::to_string).transpose()?;
    let zone = hours.map(|hours| &hours.time_zone);
    let set = tx.execute(
        "UPDATE account SET business_hours = ?2, time_zone = coalesce(?3, time_zone) WHERE id = ?1",
        (id.0, json, zone),
    )?;
    tx.touch(Change::Rules);
    if set == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

/// Says whether this computer answers by rule for an account.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn set_runs_here(tx: &mut Tx<'_>, id: AccountId, here: bool) -> Result<(), StoreError> {
    let set = tx.execute("UPDATE account SET rules_here = ?2 WHERE id = ?1", (id.0, here))?;
    tx.touch(Change::Rules);
    if set == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

/// The accounts for which this computer answers.
///
/// # Errors
/// [`StoreError`]
pub fn accounts_run_here(sql: &Connection) -> Result<Vec<AccountId>, StoreError> {
    let mut query =
        sql.prepare_cached("SELECT id FROM account WHERE rules_here = 1 AND unlinked_at_ms IS NULL ORDER BY id")?;
    Ok(query.query_map([], |row| only(row).map(AccountId))?.collect::<Result<_, _>>()?)
}

/// A message that rules are to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueMessage {
    /// The message that is due.
    pub message: MessageId,
    /// The conversation it happened in.
    pub conversation: ConversationId,
    /// The account it belongs to.
    pub account: AccountId,
    /// Since when it waits to be looked at again; none if it was not looked at yet.
    pub since_ms: Option<Millis>,
}

/// Rules are to look at a message that has just arrived.
///
/// # Errors
/// [`StoreError`]
pub fn insert_due(
    tx: &Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    message: MessageId,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        // Without rules nothing is to be looked at, and a rule that is written later is about what comes then.
        "INSERT INTO rule_due (message_id, conversation_id, account_id, due_at_ms)
         SELECT ?1, ?2, ?3, 0 WHERE EXISTS (SELECT 1 FROM rule) ON CONFLICT DO NOTHING",
    )?
    .execute((message.0, conversation.0, account.0))?;
    Ok(())
}

/// The message to be looked at next, if any is by now: the longest due first, and of those that just arrived the oldest.
///
/// # Errors
/// [`StoreError`]
pub fn next_due(sql: &Connection, now_ms: Millis) -> Result<Option<DueMessage>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT message_id, conversation_id, account_id, due_at_ms FROM rule_due WHERE due_at_ms <= ?1 ORDER BY due_at_ms, message_id LIMIT 1",
    )?;
    let due = query.query_row([now_ms], |row| {
        let since_ms: Millis = row.get("due_at_ms")?;
        Ok(DueMessage {
            message: MessageId(row.get("message_id")?),
            conversation: ConversationId(row.get("conversation_id")?),
            account: AccountId(row.get("account_id")?),
            since_ms: (since_ms > 0).then_some(since_ms),
        })
    });
    Ok(due.optional()?)
}

/// When the next message is to be looked at.
///
/// # Errors
/// [`StoreError`]
pub fn next_due_at(sql: &Connection) -> Result<Option<Millis>, StoreError> {
    Ok(sql.prepare_cached("SELECT min(due_at_ms) FROM rule_due")?.query_row([], only)?)
}

/// A message was looked at: it is due again then, or no more.
///
/// # Errors
/// [`StoreError`]
pub fn finish_due(tx: &Tx<'_>, message: MessageId, again_at_ms: Option<Millis>) -> Result<(), StoreError> {
    match again_at_ms {
        Some(at_ms) => {
            tx.execute("UPDATE rule_due SET due_at_ms = ?2 WHERE message_id = ?1", (message.0, at_ms.max(1)))?;
        }
        None => {
            tx.execute("DELETE FROM rule_due WHERE message_id = ?1", [message.0])?;
        }
    }
    Ok(())
}

/// The rules have changed, and with them how long they wait: whatever waits is looked at from now on.
///
/// # Errors
/// [`StoreError`]
pub fn restart_waits(tx: &Tx<'_>, now_ms: Millis) -> Result<(), StoreError> {
    tx.execute("UPDATE rule_due SET due_at_ms = ?1 WHERE due_at_ms > ?1", [now_ms.max(1)])?;
    Ok(())
}
