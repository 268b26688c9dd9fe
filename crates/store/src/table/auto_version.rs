//! Each state a kind of automatic message was in: to compare, and to bring back.

use model::{AccountId, AutoMessageType, AutoText, AutoVersionId, Millis};
use rusqlite::{Connection, Row};

use crate::rows::only;
use crate::stored::{StoredEnum, Word, stored_enum};
use crate::{StoreError, Tx, readable};

/// Whose doing a state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangedBy {
    /// Ours.
    Deskbell,
    /// A change made in TikTok's app or by another program; or it was there before we looked for the first time.
    Elsewhere,
}

stored_enum!(ChangedBy { Deskbell => "deskbell", Elsewhere => "elsewhere" });

/// A state a kind was in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoVersion {
    /// Its id; they grow.
    pub id: AutoVersionId,
    /// The account it belongs to.
    pub account: AccountId,
    /// The kind whose state it is.
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
    tx.execute(
        "INSERT INTO auto_version (account_id, kind, at_ms, by, enabled, items) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (account.0, kind.word(), now_ms, Word(by), enabled, serde_json::to_string(items)?),
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
    let mut rows = query.query((account.0, kind.word(), limit))?;
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

/// When a kind was last changed outside Deskbell, as far as we noticed. What was there when we first looked is no change.
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
    Ok(query.query_row((account.0, kind.word()), only)?)
}

const COLUMNS: &str = "id, account_id, kind, at_ms, by, enabled, items";

/// A version; nothing if its row cannot be read.
fn read(row: &Row<'_>) -> Result<Option<AutoVersion>, StoreError> {
    let (kind, items) = (readable::word("auto_version", row, "kind")?, readable::column("auto_version", row, "items")?);
    let (Some(kind), Some(items)) = (kind, items) else { return Ok(None) };
    Ok(Some(AutoVersion {
        id: AutoVersionId(row.get("id")?),
        account: AccountId(row.get("account_id")?),
        kind,
        at_ms: row.get("at_ms")?,
        by: row.get::<_, Word<ChangedBy>>("by")?.0,
        enabled: row.get("enabled")?,
        items,
    }))
}
