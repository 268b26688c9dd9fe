//! Each state a kind of automatic message was in: to compare, and to bring back.

use model::{AccountId, AutoMessageType, AutoText, AutoVersionId, Millis};
use rusqlite::{Connection, Row};

use super::auto_message::word;
use crate::{StoreError, Tx, readable};

/// Whose doing a state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangedBy {
    /// Ours.
    Deskbell,
    /// Somebody's in TikTok's app or another program; or it was there before we looked for the first time.
    Elsewhere,
}

/// A state a kind was in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoVersion {
    /// Its id; they grow.
    pub id: AutoVersionId,
    /// Whose.
    pub account: AccountId,
    /// Which kind.
    pub kind: AutoMessageType,
    /// Since when it was so, as far as we noticed.
    pub at_ms: Millis,
    /// Whose doing it was.
    pub by: ChangedBy,
    /// Whether TikTok sent them.
    pub enabled: bool,
    /// What they said, in order.
    pub items: Vec<AutoText>,
}

/// Notes how a kind is now; whether it was otherwise before.
///
/// # Errors
/// [`StoreError`]
pub fn record(
    tx: &Tx<'_>,
    account: AccountId,
    kind: AutoMessageType,
    enabled: bool,
    items: &[AutoText],
    by: ChangedBy,
    now_ms: Millis,
) -> Result<bool, StoreError> {
    if newest(tx, account, kind, 1)?.first().is_some_and(|last| last.enabled == enabled && last.items == items) {
        return Ok(false);
    }
    let by = if by == ChangedBy::Deskbell { "deskbell" } else { "elsewhere" };
    tx.execute(
        "INSERT INTO auto_version (account_id, kind, at_ms, by, enabled, items) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (account.0, word(&kind)?, now_ms, by, enabled, serde_json::to_string(items)?),
    )?;
    Ok(true)
}

/// A kind's newest states, newest first.
///
/// # Errors
/// [`StoreError`]
pub fn newest(
    sql: &Connection,
    account: AccountId,
    kind: AutoMessageType,
    limit: u32,
) -> Result<Vec<AutoVersion>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM auto_version WHERE account_id = ?1 AND kind = ?2 ORDER BY id DESC LIMIT ?3"
    ))?;
    let mut rows = query.query((account.0, word(&kind)?, limit))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.extend(read(row)?);
    }
    Ok(found)
}

/// One state.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn get(sql: &Connection, id: AutoVersionId) -> Result<AutoVersion, StoreError> {
    let mut query = sql.prepare_cached(&format!("SELECT {COLUMNS} FROM auto_version WHERE id = ?1"))?;
    let mut rows = query.query([id.0])?;
    rows.next()?.map(read).transpose()?.flatten().ok_or(StoreError::NotFound)
}

/// When somebody else last changed a kind, as far as we noticed. What was there when we first looked is no change.
///
/// # Errors
/// [`StoreError`]
pub fn changed_elsewhere_ms(
    sql: &Connection,
    account: AccountId,
    kind: AutoMessageType,
) -> Result<Option<Millis>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT max(at_ms) FROM auto_version WHERE account_id = ?1 AND kind = ?2 AND by = 'elsewhere'
             AND id > (SELECT min(id) FROM auto_version WHERE account_id = ?1 AND kind = ?2)",
    )?;
    Ok(query.query_row((account.0, word(&kind)?), |row| row.get(0))?)
}

const COLUMNS: &str = "id, account_id, kind, at_ms, by, enabled, items";

/// A version; nothing if its row cannot be read.
fn read(row: &Row<'_>) -> Result<Option<AutoVersion>, StoreError> {
    let (kind, items) = (readable::word("auto_version", row, 2)?, readable::column("auto_version", row, 6)?);
    let (Some(kind), Some(items)) = (kind, items) else { return Ok(None) };
    Ok(Some(AutoVersion {
        id: AutoVersionId(row.get(0)?),
        account: AccountId(row.get(1)?),
        kind,
        at_ms: row.get(3)?,
        by: if row.get_ref(4)?.as_str().is_ok_and(|by| by == "deskbell") {
            ChangedBy::Deskbell
        } else {
            ChangedBy::Elsewhere
        },
        enabled: row.get(5)?,
        items,
    }))
}
