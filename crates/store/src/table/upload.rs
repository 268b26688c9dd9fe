//! Pictures on their way to TikTok. A send waits for its upload; an upload that is never sent is harmless.

use model::{AccountId, Millis};
use rusqlite::{Connection, OptionalExtension};

use crate::rows::only;
use crate::{StoreError, Tx};

/// Says that a picture will be needed at TikTok. Saying it twice is saying it once.
///
/// # Errors
/// [`StoreError`]
pub fn want(tx: &Tx<'_>, account: AccountId, key: &str) -> Result<(), StoreError> {
    tx.execute("INSERT INTO upload (account_id, key) VALUES (?1, ?2) ON CONFLICT DO NOTHING", (account.0, key))?;
    Ok(())
}

/// TikTok's id of an uploaded picture, if it is still good at this time.
///
/// # Errors
/// [`StoreError`]
pub fn media_id(sql: &Connection, account: AccountId, key: &str, at_ms: Millis) -> Result<Option<String>, StoreError> {
    let mut query =
        sql.prepare_cached("SELECT media_id FROM upload WHERE account_id = ?1 AND key = ?2 AND expires_at_ms > ?3")?;
    Ok(query.query_row((account.0, key, at_ms), only).optional()?.flatten())
}

/// Whether TikTok's id is another picture's.
///
/// # Errors
/// [`StoreError`]
pub fn is_of_another(sql: &Connection, account: AccountId, key: &str, media_id: &str) -> Result<bool, StoreError> {
    let mut query = sql
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM upload WHERE account_id = ?1 AND key <> ?2 AND media_id = ?3)")?;
    Ok(query.query_row((account.0, key, media_id), only)?)
}

/// TikTok has the picture, until then.
///
/// # Errors
/// [`StoreError`]
pub fn record_uploaded(
    tx: &Tx<'_>,
    account: AccountId,
    key: &str,
    media_id: &str,
    expires_at_ms: Millis,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO upload (account_id, key, media_id, expires_at_ms, attempt) VALUES (?1, ?2, ?3, ?4, 1)
         ON CONFLICT (account_id, key) DO UPDATE SET media_id = excluded.media_id, expires_at_ms = excluded.expires_at_ms, attempt = attempt + 1",
        (account.0, key, media_id, expires_at_ms),
    )?;
    Ok(())
}

/// TikTok does not know the picture any more: it must be uploaded anew.
///
/// # Errors
/// [`StoreError`]
pub fn forget(tx: &Tx<'_>, account: AccountId, key: &str) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE upload SET media_id = NULL, expires_at_ms = 0 WHERE account_id = ?1 AND key = ?2",
        (account.0, key),
    )?;
    Ok(())
}

/// How often a picture was uploaded.
///
/// # Errors
/// [`StoreError`]
pub fn attempts(sql: &Connection, account: AccountId, key: &str) -> Result<u32, StoreError> {
    let mut query = sql.prepare_cached("SELECT attempt FROM upload WHERE account_id = ?1 AND key = ?2")?;
    Ok(query.query_row((account.0, key), only).optional()?.unwrap_or(0))
}
