//! What rules did and with which message, and which replies are theirs.

pub mod past;
mod standing;

use std::collections::HashMap;

use model::{AccountId, ActionTaken, Change, ConversationId, MessageId, Millis, NoReply, RuleId};
use rusqlite::{Connection, OptionalExtension, Row};

pub use self::standing::{RuleContext, load_context};

use super::conversation;
use crate::rows::only;
use crate::{StoreError, Tx, readable};

const TABLE: &str = "rule_firing";

/// A rule that fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFiring {
    /// The rule that fires.
    pub rule: RuleId,
    /// The rule's name.
    pub name: String,
    /// The account it belongs to.
    pub account: AccountId,
    /// The conversation it happened in.
    pub conversation: ConversationId,
    /// The customer's message that it fired on.
    pub message: MessageId,
    /// When it happened, ms since the epoch.
    pub at_ms: Millis,
    /// Why it sends no reply although it should.
    pub no_reply: Option<NoReply>,
    /// What it does.
    pub did: Vec<ActionTaken>,
    /// The messages it sends, in order.
    pub replies: Vec<MessageId>,
}

/// One time a rule fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing {
    /// Its number; grows with time.
    pub id: i64,
    /// Which rule; it may be gone.
    pub rule: RuleId,
    /// The rule's name at that time.
    pub name: String,
    /// The conversation it happened in.
    pub conversation: ConversationId,
    /// The customer's message that it fired on.
    pub message: MessageId,
    /// When it happened, ms since the epoch.
    pub at_ms: Millis,
    /// The last message it sent.
    pub reply: Option<MessageId>,
    /// Why it sent none although it should have.
    pub no_reply: Option<NoReply>,
    /// What it did.
    pub did: Vec<ActionTaken>,
}

/// Writes down that a rule fired.
///
/// # Errors
/// [`StoreError`]; also if it has fired on this message before.
pub fn log(tx: &mut Tx<'_>, new: &NewFiring) -> Result<(), StoreError> {
    let id: i64 = tx
        .prepare_cached(
            "INSERT INTO rule_firing (rule_id, rule, account_id, conversation_id, message_id, at_ms, no_reply, actions)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
        )?
        .query_row(
            (
                new.rule.0,
                &new.name,
                new.account.0,
                new.conversation.0,
                new.message.0,
                new.at_ms,
                new.no_reply.as_ref().map(serde_json::to_string).transpose()?,
                serde_json::to_string(&new.did)?,
            ),
            only,
        )?;
    for reply in &new.replies {
        tx.prepare_cached("INSERT INTO rule_reply (message_id, firing_id) VALUES (?1, ?2)")?.execute((reply.0, id))?;
    }
    tx.prepare_cached(
        "UPDATE rule SET fired = fired + 1, fired_at_ms = max(coalesce(fired_at_ms, ?2), ?2) WHERE id = ?1",
    )?
    .execute((new.rule.0, new.at_ms))?;
    tx.touch(Change::Rules);
    tx.touch(Change::Conversation { conversation: new.conversation });
    Ok(())
}

/// An account's firings, newest first: of one rule or of all, from an older one on.
///
/// # Errors
/// [`StoreError`]
pub fn of_account(
    sql: &Connection,
    account: AccountId,
    rule: Option<RuleId>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Firing>, StoreError> {
    let which = if rule.is_some() { " AND rule_id = ?2" } else { "" };
    let mut query = sql.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM rule_firing f WHERE account_id = ?1{which} AND id < ?3 ORDER BY id DESC LIMIT ?4"
    ))?;
    let mut rows = query.query((account.0, rule.map(|rule| rule.0), before.unwrap_or(i64::MAX), limit))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// What rules did because of a conversation's messages between these two, both included.
///
/// # Errors
/// [`StoreError`]
pub fn between(
    sql: &Connection,
    conversation: ConversationId,
    first: MessageId,
    last: MessageId,
) -> Result<Vec<Firing>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM rule_firing f WHERE conversation_id = ?1 AND message_id BETWEEN ?2 AND ?3 ORDER BY message_id, id"
    ))?;
    let mut rows = query.query((conversation.0, first.0, last.0))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// How often each rule that has fired did so, and when it did last. What it did for an account that was erased since counts
/// as well.
///
/// # Errors
/// [`StoreError`]
pub fn counts(sql: &Connection) -> Result<HashMap<RuleId, (u32, Millis)>, StoreError> {
    let mut query = sql.prepare_cached("SELECT id, fired, fired_at_ms FROM rule WHERE fired_at_ms IS NOT NULL")?;
    let counted =
        query.query_map([], |row| Ok((RuleId(row.get("id")?), (row.get("fired")?, row.get("fired_at_ms")?))))?;
    Ok(counted.collect::<Result<_, _>>()?)
}

/// The rule that sent a message, by its name then.
///
/// # Errors
/// [`StoreError`]
pub fn sender(sql: &Connection, message: MessageId) -> Result<Option<String>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT f.rule FROM rule_reply r JOIN rule_firing f ON f.id = r.firing_id WHERE r.message_id = ?1",
    )?;
    Ok(query.query_row([message.0], only).optional()?)
}

/// Why a rule's reply that is about to go out should not any more: a person has answered meanwhile, or it is too late. None
/// if it is no rule's.
///
/// # Errors
/// [`StoreError`]
pub(super) fn overtaken(
    sql: &Connection,
    reply: MessageId,
    conversation: ConversationId,
    seen_up_to_ms: Millis,
    now_ms: Millis,
) -> Result<Option<NoReply>, StoreError> {
    if sender(sql, reply)?.is_none() {
        return Ok(None);
    }
    if standing::person_answered(sql, conversation, seen_up_to_ms)? {
        return Ok(Some(NoReply::AgentAnswered));
    }
    let opened = conversation::get(sql, conversation)?.window_opened_at_ms;
    let open = opened.is_some_and(|opened| model::ReplyWindow::opened_by(opened).is_open(now_ms));
    Ok((!open).then_some(NoReply::WindowClosed))
}

/// The rule's reply that a message is has been taken out of its lane: the log says why. Not trouble for an agent, because
/// no agent has written it. To be called while the reply is still there; it is removed by `remove`.
///
/// # Errors
/// [`StoreError`]
pub(super) fn withdraw(
    tx: &mut Tx<'_>,
    reply: MessageId,
    why: NoReply,
    remove: impl FnOnce(&Tx<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let firing: i64 = tx.query_row("SELECT firing_id FROM rule_reply WHERE message_id = ?1", [reply.0], only)?;
    remove(tx)?;
    let (left, did): (u32, String) = tx.query_row(
        "SELECT (SELECT count(*) FROM rule_reply WHERE firing_id = ?1), actions FROM rule_firing WHERE id = ?1",
        [firing],
        |row| row.try_into(),
    )?;
    if left == 0 {
        let mut did: Vec<ActionTaken> = readable::parse(TABLE, did.as_bytes()).unwrap_or_default();
        did.retain(|action| !matches!(action, ActionTaken::Replied { .. }));
        tx.execute(
            "UPDATE rule_firing SET no_reply = ?2, actions = ?3 WHERE id = ?1",
            (firing, serde_json::to_string(&why)?, serde_json::to_string(&did)?),
        )?;
    }
    tx.touch(Change::Rules);
    Ok(())
}

const COLUMNS: &str = "f.id, f.rule_id, f.rule, f.conversation_id, f.message_id, f.at_ms, (SELECT max(r.message_id) FROM rule_reply r WHERE r.firing_id = f.id) AS reply_id, f.no_reply, f.actions";

fn read(row: &Row<'_>) -> Result<Firing, StoreError> {
    Ok(Firing {
        id: row.get("id")?,
        rule: RuleId(row.get("rule_id")?),
        name: row.get("rule")?,
        conversation: ConversationId(row.get("conversation_id")?),
        message: MessageId(row.get("message_id")?),
        at_ms: row.get("at_ms")?,
        reply: row.get::<_, Option<i64>>("reply_id")?.map(MessageId),
        no_reply: readable::column(TABLE, row, "no_reply")?,
        did: readable::column(TABLE, row, "actions")?.unwrap_or_default(),
    })
}
