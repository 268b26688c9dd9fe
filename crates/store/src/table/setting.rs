//! Settings: one JSON text under a name.

use rusqlite::{Connection, OptionalExtension};

use crate::rows::only;
use crate::{StoreError, Tx};

/// The setting that holds when the database was last found sound. It is in the database itself, so that one that was put in
/// its place does not profit from it.
pub(crate) const CHECKED_AT: &str = "checked_at_ms";

/// The setting of this name, if one was saved.
///
/// # Errors
/// [`StoreError`]
pub fn get(sql: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    Ok(sql.query_row("SELECT value FROM setting WHERE name = ?1", [name], only).optional()?)
}

/// Saves a setting.
///
/// # Errors
/// [`StoreError`]
pub fn set(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )?;
    tx.touch(model::Change::Settings);
    Ok(())
}

/// Removes a setting.
///
/// # Errors
/// [`StoreError`]
pub fn remove(tx: &mut Tx<'_>, name: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM setting WHERE name = ?1", [name])?;
    tx.touch(model::Change::Settings);
    Ok(())
}
