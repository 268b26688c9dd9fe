//! What mending a database came to, for the person at the computer.

use std::collections::BTreeMap;

use model::Millis;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::copy::Copied;
use crate::rows::only;
use crate::table::setting;
use crate::{StoreError, Tx};

const SETTING: &str = "mend_report";

/// What mending a damaged database came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// When it was mended.
    pub at_ms: Millis,
    /// The folder, within the data folder, in which the damaged files are.
    pub set_aside: String,
    /// What is in the database now.
    pub kept: Counts,
    /// How much of that was put together from other places, because its own row was lost.
    pub rebuilt: Counts,
    /// What is not in it any more.
    pub lost: Losses,
    /// Other tables from which rows are missing: how many, or nothing if that cannot be told.
    pub others: BTreeMap<String, Option<u32>>,
    /// Whether the newest changes are missing altogether, so that what is in it may be older than what was last on screen.
    pub stale: bool,
    /// What was wrong, in SQLite's words or ours.
    pub detail: String,
}

/// How many of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Linked accounts.
    pub accounts: u32,
    /// Conversations.
    pub conversations: u32,
    /// Messages, replies on their way out among them.
    pub messages: u32,
    /// Drafts.
    pub drafts: u32,
    /// Replies that TikTok has not confirmed.
    pub replies: u32,
    /// Replies to be sent later.
    pub scheduled: u32,
}

/// How many of each are lost; nothing where that cannot be told, because pages that may have held any number are unreadable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Losses {
    /// Linked accounts.
    pub accounts: Option<u32>,
    /// Conversations.
    pub conversations: Option<u32>,
    /// Messages.
    pub messages: Option<u32>,
    /// Drafts.
    pub drafts: Option<u32>,
    /// Replies that TikTok had not confirmed.
    pub replies: Option<u32>,
    /// Replies to be sent later.
    pub scheduled: Option<u32>,
}

/// The report of the newest mending, until it is dismissed.
///
/// # Errors
/// [`StoreError`]
pub fn report(sql: &Connection) -> Result<Option<Report>, StoreError> {
    Ok(setting::get(sql, SETTING)?.map(|json| serde_json::from_str(&json)).transpose()?)
}

/// The report was read.
///
/// # Errors
/// [`StoreError`]
pub fn dismiss(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM setting WHERE name = ?1", [SETTING])?;
    tx.touch(model::Change::Settings);
    Ok(())
}

/// Keeps the report where the page finds it.
pub(super) fn save(tx: &mut Tx<'_>, report: &Report) -> Result<(), StoreError> {
    setting::set(tx, SETTING, &serde_json::to_string(report)?)
}

/// Counts what was kept and what was lost.
pub(super) fn count_kept(sql: &Connection) -> Result<Counts, StoreError> {
    Ok(Counts {
        accounts: count(sql, "SELECT count(*) FROM account")?,
        conversations: count(sql, "SELECT count(*) FROM conversation")?,
        messages: count(sql, "SELECT count(*) FROM message")?,
        drafts: count(sql, "SELECT count(*) FROM draft")?,
        replies: count(sql, "SELECT count(*) FROM outbox")?,
        scheduled: count(sql, "SELECT count(*) FROM scheduled")?,
    })
}

/// What is not in the new database, by table.
pub(super) fn count_lost(
    sql: &Connection,
    copied: &Copied,
    settled: &Settled,
) -> Result<(Losses, BTreeMap<String, Option<u32>>), StoreError> {
    // Where an index lists all there were, what is missing can be counted; else only what stood on pages that were found.
    let of = |table: &str| {
        let tally = copied.of(table);
        let dangling = settled.dangling.get(table).copied().unwrap_or(0);
        tally.whole.then(|| u32::try_from(tally.lost).unwrap_or(u32::MAX).saturating_add(dangling))
    };
    let known = |table: &str, known: bool, question: &str| -> Result<Option<u32>, StoreError> {
        if known && !copied.of(table).is_complete() { count(sql, question).map(Some) } else { Ok(of(table)) }
    };
    let losses = Losses {
        accounts: known("account", copied.accounts_known, "SELECT 0")?,
        conversations: known("conversation", copied.conversations_known, "SELECT 0")?,
        messages: known("message", copied.messages_known, "SELECT count(*) FROM temp.lost_message")?,
        drafts: of("draft"),
        replies: known(
            "outbox",
            copied.replies_known,
            "SELECT count(*) FROM temp.lane l WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = l.message_id)",
        )?,
        scheduled: of("scheduled"),
    };
    let named = ["account", "conversation", "message", "draft", "outbox", "scheduled"];
    let others = copied
        .tables
        .keys()
        .filter(|table| !named.contains(&table.as_str()))
        .map(|table| (table.clone(), of(table)))
        .filter(|(_, lost)| *lost != Some(0))
        .collect();
    Ok((losses, others))
}

/// What was put together from other places, and what belonged to nothing.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub(super) rebuilt: Counts,
    /// Rows by table that had to go because what they belong to is lost.
    pub(super) dangling: BTreeMap<String, u32>,
}

pub(super) fn count(sql: &Connection, question: &str) -> Result<u32, StoreError> {
    Ok(sql.query_row(question, [], only)?)
}
