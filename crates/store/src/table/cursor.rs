//! Where a source left off, saved with the rows that justify it.

use model::AccountId;
use rusqlite::{Connection, OptionalExtension};

use crate::rows::only;
use crate::{StoreError, Tx};

/// The cursor of this name, if one was saved.
///
/// # Errors
/// [`StoreError`]
pub fn get(sql: &Connection, account: AccountId, name: &str) -> Result<Option<String>, StoreError> {
    Ok(sql
        .query_row("SELECT value FROM cursor WHERE account_id = ?1 AND name = ?2", (account.0, name), only)
        .optional()?)
}

/// Saves a cursor.
///
/// # Errors
/// [`StoreError`]
pub fn set(tx: &Tx<'_>, account: AccountId, name: &str, value: &str) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO cursor (account_id, name, value) VALUES (?1, ?2, ?3) ON CONFLICT (account_id, name) DO UPDATE SET value = excluded.value",
        (account.0, name, value),
    )?;
    Ok(())
}
