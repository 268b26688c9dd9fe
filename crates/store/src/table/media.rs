//! Pictures held on disk, and pictures still to be fetched.

use model::{AccountId, ConversationId, MessageId, Millis, PersonId};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::rows::only;
use crate::{StoreError, Tx};

/// When an order that waits for a fresh link is due: never by itself.
const PARKED_MS: Millis = Millis::MAX;
/// An order that waits for nothing but its time, in the words of the indexes that hold no others.
const NOT_PARKED: &str = "not_before_ms < 9223372036854775807";
/// The attempts of an order that is given up. It stays, so that the same picture is not ordered again.
const GIVEN_UP: u32 = 1_000;
/// When a picture was last shown is known to the hour.
const HOUR_MS: Millis = 3_600_000;

/// A picture that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredImage {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WantedImage {
    /// The picture in a message.
    Message(MessageId),
    /// A customer's avatar.
    Avatar(PersonId),
}

/// A picture to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageOrder {
    /// The order's id.
    pub id: i64,
    /// The account whose token fetches it.
    pub account: AccountId,
    /// The message or avatar it is for.
    pub wanted: WantedImage,
    /// How often it was tried.
    pub attempt: u32,
    /// When the message was sent, or the customer last heard from, ms since the epoch.
    pub at_ms: Millis,
}

/// Notes a picture that is now on disk.
///
/// # Errors
/// [`StoreError`]
pub fn record(tx: &Tx<'_>, held: &StoredImage, now_ms: Millis) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO media (key, mime, width, height, size, fetched_at_ms, used_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (key) DO UPDATE SET used_at_ms = max(used_at_ms, excluded.used_at_ms)",
    )?
    .execute((
        &held.key,
        &held.mime,
        held.width,
        held.height,
        i64::try_from(held.size).unwrap_or(i64::MAX),
        now_ms,
        now_ms / HOUR_MS * HOUR_MS,
    ))?;
    Ok(())
}

/// Notes that these pictures were shown.
///
/// # Errors
/// [`StoreError`]
pub fn mark_shown(tx: &Tx<'_>, keys: &[String], now_ms: Millis) -> Result<(), StoreError> {
    let hour_ms = now_ms / HOUR_MS * HOUR_MS;
    let mut update = tx.prepare_cached("UPDATE media SET used_at_ms = ?2 WHERE key = ?1 AND used_at_ms < ?2")?;
    for key in keys {
        update.execute((key, hour_ms))?;
    }
    Ok(())
}

/// Removes a stored picture's row. Its file may go once this is committed.
///
/// # Errors
/// [`StoreError`]
pub fn remove(tx: &Tx<'_>, key: &str) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM media WHERE key = ?1")?.execute([key])?;
    Ok(())
}

/// How many bytes all pictures have together, and how many pictures they are.
///
/// # Errors
/// [`StoreError`]
pub fn usage(sql: &Connection) -> Result<(u64, u32), StoreError> {
    let (bytes, count): (i64, u32) =
        sql.query_row("SELECT coalesce(sum(size), 0), count(*) FROM media", [], |row| row.try_into())?;
    Ok((u64::try_from(bytes).unwrap_or(0), count))
}

/// The type of a held picture, if it is held.
///
/// # Errors
/// [`StoreError`]
pub fn mime(sql: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    Ok(sql.query_row("SELECT mime FROM media WHERE key = ?1", [key], only).optional()?)
}

/// A held picture, if it is held.
///
/// # Errors
/// [`StoreError`]
pub fn get(sql: &Connection, key: &str) -> Result<Option<StoredImage>, StoreError> {
    let mut query = sql.prepare_cached("SELECT key, mime, width, height, size FROM media WHERE key = ?1")?;
    let held = query.query_row([key], |row| {
        let size: i64 = row.get("size")?;
        Ok(StoredImage {
            key: row.get("key")?,
            mime: row.get("mime")?,
            width: row.get("width")?,
            height: row.get("height")?,
            size: u64::try_from(size).unwrap_or(0),
        })
    });
    Ok(held.optional()?)
}

/// Orders a picture. Ordering it twice is ordering it once; an avatar's order that waits for a fresh link has one now.
///
/// # Errors
/// [`StoreError`]
pub fn want(tx: &Tx<'_>, account: AccountId, wanted: WantedImage) -> Result<(), StoreError> {
    match wanted {
        WantedImage::Message(id) => tx
            .prepare_cached("INSERT INTO media_wanted (account_id, message_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute((account.0, id.0))?,
        WantedImage::Avatar(id) => tx
            .prepare_cached(
                "INSERT INTO media_wanted (account_id, person_id) VALUES (?1, ?2)
                 ON CONFLICT (person_id) DO UPDATE SET not_before_ms = 0 WHERE attempt < ?3",
            )?
            .execute((account.0, id.0, GIVEN_UP))?,
    };
    Ok(())
}

/// Orders a message's picture as if it had never been tried.
///
/// # Errors
/// [`StoreError`]
pub fn want_again(tx: &Tx<'_>, account: AccountId, message: MessageId) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO media_wanted (account_id, message_id) VALUES (?1, ?2)
         ON CONFLICT (message_id) DO UPDATE SET attempt = 0, not_before_ms = 0",
        (account.0, message.0),
    )?;
    Ok(())
}

/// The customer has another avatar: what became of the one before does not matter any more.
pub(super) fn forget_avatar(tx: &Tx<'_>, person: PersonId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM media_wanted WHERE person_id = ?1")?.execute([person.0])?;
    Ok(())
}

/// Whether a fresh link to the customer's avatar is of use: it is not here, or still on order, and was not given up.
pub(super) fn lacks_avatar(sql: &Connection, person: PersonId) -> Result<bool, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT coalesce((SELECT attempt < ?2 FROM media_wanted WHERE person_id = ?1), avatar IS NULL) FROM person WHERE id = ?1",
    )?;
    Ok(query.query_row((person.0, GIVEN_UP), only)?)
}

/// The next orders that are due, newest first: pictures by their messages, avatars by the newest customer.
///
/// # Errors
/// [`StoreError`]
pub fn due(sql: &Connection, account: AccountId, now_ms: Millis, limit: u32) -> Result<Vec<ImageOrder>, StoreError> {
    let mut messages = sql.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM media_wanted INDEXED BY media_wanted_messages
         WHERE message_id IS NOT NULL AND account_id = ?1 AND not_before_ms <= ?2 AND {NOT_PARKED} ORDER BY message_id DESC LIMIT ?3"
    ))?;
    let mut avatars = sql.prepare_cached(&format!(
        "SELECT {COLUMNS}, (SELECT max(last_at_ms) FROM conversation WHERE conversation.person_id = media_wanted.person_id) AS at_ms
         FROM media_wanted INDEXED BY media_wanted_avatars
         WHERE person_id IS NOT NULL AND account_id = ?1 AND not_before_ms <= ?2 AND {NOT_PARKED} ORDER BY person_id DESC LIMIT ?3"
    ))?;
    let mut orders = Vec::new();
    let mut rows = messages.query((account.0, now_ms, limit))?;
    while let Some(row) = rows.next()? {
        orders.extend(read(row, 0)?);
    }
    let mut rows = avatars.query((account.0, now_ms, limit))?;
    while let Some(row) = rows.next()? {
        orders.extend(read(row, row.get::<_, Option<Millis>>("at_ms")?.unwrap_or(0))?);
    }
    orders.sort_by_key(|order| std::cmp::Reverse(order.at_ms));
    orders.truncate(limit as usize);
    Ok(orders)
}

/// The due orders of one conversation: the customer's avatar, then the pictures, newest first.
///
/// # Errors
/// [`StoreError`]
pub fn due_in(
    sql: &Connection,
    account: AccountId,
    conversation: ConversationId,
    now_ms: Millis,
) -> Result<Vec<ImageOrder>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM media_wanted WHERE person_id = (SELECT person_id FROM conversation WHERE id = ?2) AND account_id = ?1 AND not_before_ms <= ?3
         UNION ALL
         SELECT {COLUMNS} FROM media_wanted WHERE message_id IN (SELECT message_id FROM picture WHERE conversation_id = ?2) AND account_id = ?1 AND not_before_ms <= ?3"
    ))?;
    let mut rows = query.query((account.0, conversation.0, now_ms))?;
    let mut orders = Vec::new();
    while let Some(row) = rows.next()? {
        orders.extend(read(row, Millis::MAX)?);
    }
    orders.sort_by_key(|order| std::cmp::Reverse(order.at_ms));
    Ok(orders)
}

/// The due order of one message, if there is one.
///
/// # Errors
/// [`StoreError`]
pub fn due_of(
    sql: &Connection,
    account: AccountId,
    message: MessageId,
    now_ms: Millis,
) -> Result<Option<ImageOrder>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM media_wanted WHERE message_id = ?2 AND account_id = ?1 AND not_before_ms <= ?3"
    ))?;
    let mut rows = query.query((account.0, message.0, now_ms))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    read(row, 0)
}

/// When the next order of an account is due that is not due yet.
///
/// # Errors
/// [`StoreError`]
pub fn next_due(sql: &Connection, account: AccountId, now_ms: Millis) -> Result<Option<Millis>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT min(not_before_ms) FROM media_wanted WHERE account_id = ?1 AND not_before_ms > ?2 AND {NOT_PARKED}"
    ))?;
    Ok(query.query_row((account.0, now_ms), only)?)
}

const COLUMNS: &str = "id, account_id, message_id, person_id, attempt";

fn read(row: &Row<'_>, avatar_at_ms: Millis) -> Result<Option<ImageOrder>, StoreError> {
    let (message, person): (Option<i64>, Option<i64>) = (row.get("message_id")?, row.get("person_id")?);
    let (wanted, at_ms) = match (message, person) {
        (Some(id), _) => (WantedImage::Message(MessageId(id)), super::message::time_of(MessageId(id))),
        (None, Some(id)) => (WantedImage::Avatar(PersonId(id)), avatar_at_ms),
        (None, None) => return Ok(None),
    };
    Ok(Some(ImageOrder {
        id: row.get("id")?,
        account: AccountId(row.get("account_id")?),
        wanted,
        attempt: row.get("attempt")?,
        at_ms,
    }))
}

/// Removes an order that is done with, one way or the other.
///
/// # Errors
/// [`StoreError`]
pub fn settle(tx: &Tx<'_>, order: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM media_wanted WHERE id = ?1", [order])?;
    Ok(())
}

/// Try the order again later. What it could not help does not count as an attempt.
///
/// # Errors
/// [`StoreError`]
pub fn postpone(tx: &Tx<'_>, order: i64, until_ms: Millis, counts: bool) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE media_wanted SET attempt = attempt + ?3, not_before_ms = ?2 WHERE id = ?1",
        (order, until_ms, counts),
    )?;
    Ok(())
}

/// Try the order again when there is a fresh link.
///
/// # Errors
/// [`StoreError`]
pub fn park(tx: &Tx<'_>, order: i64, counts: bool) -> Result<(), StoreError> {
    postpone(tx, order, PARKED_MS, counts)
}

/// Never try the order again, whatever link comes.
///
/// # Errors
/// [`StoreError`]
pub fn give_up(tx: &Tx<'_>, order: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE media_wanted SET attempt = ?2, not_before_ms = ?3 WHERE id = ?1", (order, GIVEN_UP, PARKED_MS))?;
    Ok(())
}

/// Makes every postponed order due now.
///
/// # Errors
/// [`StoreError`]
pub fn make_all_due(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.execute(&format!("UPDATE media_wanted SET not_before_ms = 0 WHERE not_before_ms > 0 AND {NOT_PARKED}"), [])?;
    Ok(())
}
