//! Pictures held on disk, and pictures still to be fetched.

use model::{AccountId, MessageId, Millis, PersonId};
use rusqlite::{Connection, OptionalExtension};

use crate::{StoreError, Tx};

/// A picture that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// SHA-256 of its bytes in lower-case hex, which is also its file's name.
    pub key: String,
    /// `image/jpeg` or `image/png`.
    pub mime: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Size in bytes.
    pub size: u64,
}

/// Whose picture is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The picture in a message.
    Message(MessageId),
    /// A customer's avatar.
    Avatar(PersonId),
}

/// A picture to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The order's id.
    pub id: i64,
    /// For which account.
    pub account: AccountId,
    /// Whose picture.
    pub wanted: Wanted,
    /// How often it was tried.
    pub attempt: u32,
}

/// Notes a picture that is now on disk.
///
/// # Errors
/// [`StoreError`]
pub fn hold(tx: &Tx<'_>, held: &Held, now_ms: Millis) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO media (key, mime, width, height, size, fetched_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (key) DO NOTHING",
        (&held.key, &held.mime, held.width, held.height, i64::try_from(held.size).unwrap_or(i64::MAX), now_ms),
    )?;
    Ok(())
}

/// The type of a held picture, if it is held.
///
/// # Errors
/// [`StoreError`]
pub fn mime(sql: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    Ok(sql.query_row("SELECT mime FROM media WHERE key = ?1", [key], |row| row.get(0)).optional()?)
}

/// A held picture, if it is held.
///
/// # Errors
/// [`StoreError`]
pub fn get(sql: &Connection, key: &str) -> Result<Option<Held>, StoreError> {
    let mut query = sql.prepare_cached("SELECT key, mime, width, height, size FROM media WHERE key = ?1")?;
    let held = query.query_row([key], |row| {
        let size: i64 = row.get(4)?;
        Ok(Held {
            key: row.get(0)?,
            mime: row.get(1)?,
            width: row.get(2)?,
            height: row.get(3)?,
            size: u64::try_from(size).unwrap_or(0),
        })
    });
    Ok(held.optional()?)
}

/// Orders a picture. Ordering it twice is ordering it once.
///
/// # Errors
/// [`StoreError`]
pub fn want(tx: &Tx<'_>, account: AccountId, wanted: Wanted) -> Result<(), StoreError> {
    let (message, person) = match wanted {
        Wanted::Message(id) => (Some(id.0), None),
        Wanted::Avatar(id) => (None, Some(id.0)),
    };
    tx.prepare_cached(
        "INSERT INTO media_wanted (account_id, message_id, person_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?
    .execute((account.0, message, person))?;
    Ok(())
}

/// The next orders that are due, newest first.
///
/// # Errors
/// [`StoreError`]
pub fn due(sql: &Connection, account: AccountId, now_ms: Millis, limit: u32) -> Result<Vec<Order>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT id, account_id, message_id, person_id, attempt FROM media_wanted WHERE account_id = ?1 AND not_before_ms <= ?2 ORDER BY id DESC LIMIT ?3",
    )?;
    let mut rows = query.query((account.0, now_ms, limit))?;
    let mut orders = Vec::new();
    while let Some(row) = rows.next()? {
        let (message, person): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
        let wanted = match (message, person) {
            (Some(id), _) => Wanted::Message(MessageId(id)),
            (None, Some(id)) => Wanted::Avatar(PersonId(id)),
            (None, None) => continue,
        };
        orders.push(Order { id: row.get(0)?, account: AccountId(row.get(1)?), wanted, attempt: row.get(4)? });
    }
    Ok(orders)
}

/// The order is done with, one way or the other.
///
/// # Errors
/// [`StoreError`]
pub fn settle(tx: &Tx<'_>, order: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM media_wanted WHERE id = ?1", [order])?;
    Ok(())
}

/// Try the order again later.
///
/// # Errors
/// [`StoreError`]
pub fn postpone(tx: &Tx<'_>, order: i64, until_ms: Millis) -> Result<(), StoreError> {
    tx.execute("UPDATE media_wanted SET attempt = attempt + 1, not_before_ms = ?2 WHERE id = ?1", (order, until_ms))?;
    Ok(())
}
