//! The shop's relay: how this computer is paired with it, and how far its log has been stored.

use model::{Change, Millis};
use rusqlite::{Connection, OptionalExtension, Row, named_params};

use crate::rows::only;
use crate::{StoreError, Tx};

/// How many events of unknown kinds are kept; older ones go first.
const MAX_KEPT_EVENTS: u32 = 10_000;

/// The relay that this computer is paired with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    /// Its address, without a path.
    pub url: String,
    /// The shop's name.
    pub team: String,
    /// The relay's id of this computer.
    pub device_id: String,
    /// This computer's name at the relay.
    pub device_name: String,
    /// Whether this computer may manage the relay.
    pub is_admin: bool,
    /// When it was paired, ms since the epoch.
    pub paired_at_ms: Millis,
    /// The newest event that is stored; none before the first.
    pub cursor: Option<RelayCursor>,
    /// What happened before this, by TikTok's clock, is not known from the log.
    pub followed_from_ms: Millis,
    /// The events before this sequence, which are older than the pairing, are still to be read; none once all are.
    pub history_before: Option<u64>,
}

/// A place in a relay's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayCursor {
    /// The epoch of the sequence.
    pub epoch: String,
    /// The newest event that is stored.
    pub sequence: u64,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Relay> {
    let sequence: i64 = row.get("sequence")?;
    let epoch: Option<String> = row.get("epoch")?;
    Ok(Relay {
        url: row.get("url")?,
        team: row.get("team")?,
        device_id: row.get("device_id")?,
        device_name: row.get("device_name")?,
        is_admin: row.get("is_admin")?,
        paired_at_ms: row.get("paired_at_ms")?,
        cursor: epoch.map(|epoch| RelayCursor { epoch, sequence: u64::try_from(sequence).unwrap_or(0) }),
        followed_from_ms: row.get("followed_from_ms")?,
        history_before: row
            .get::<_, Option<i64>>("history_before")?
            .map(|sequence| u64::try_from(sequence).unwrap_or(0)),
    })
}

/// The relay, if this computer is paired with one.
///
/// # Errors
/// [`StoreError`]
pub fn get(sql: &Connection) -> Result<Option<Relay>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT url, team, device_id, device_name, is_admin, paired_at_ms, epoch, sequence, followed_from_ms,
             history_before FROM relay",
    )?;
    Ok(query.query_row([], read).optional()?)
}

/// Pairs this computer with a relay, in place of the one before.
///
/// # Errors
/// [`StoreError`]
pub fn set(tx: &mut Tx<'_>, relay: &Relay) -> Result<(), StoreError> {
    tx.execute("DELETE FROM relay_event", [])?;
    tx.execute(
        "INSERT OR REPLACE INTO relay (one, url, team, device_id, device_name, is_admin, paired_at_ms, epoch, sequence, followed_from_ms, history_before)
         VALUES (1, :url, :team, :device_id, :device_name, :is_admin, :paired_at_ms, :epoch, :sequence, :followed_from_ms, :history_before)",
        named_params! {
            ":url": relay.url, ":team": relay.team, ":device_id": relay.device_id, ":device_name": relay.device_name,
            ":is_admin": relay.is_admin, ":paired_at_ms": relay.paired_at_ms,
            ":epoch": relay.cursor.as_ref().map(|cursor| &cursor.epoch),
            ":sequence": relay.cursor.as_ref().map_or(0, |cursor| stored(cursor.sequence)),
            ":followed_from_ms": relay.followed_from_ms, ":history_before": relay.history_before.map(stored),
        },
    )?;
    tx.touch(Change::Settings);
    Ok(())
}

/// Forgets the relay.
///
/// # Errors
/// [`StoreError`]
pub fn remove(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM relay", [])?;
    tx.execute("DELETE FROM relay_event", [])?;
    tx.touch(Change::Settings);
    Ok(())
}

/// Notes that everything up to here is stored: in the transaction that stores it.
///
/// # Errors
/// [`StoreError`]
pub fn set_cursor(tx: &Tx<'_>, cursor: &RelayCursor) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE relay SET epoch = ?1, sequence = ?2")?
        .execute((&cursor.epoch, stored(cursor.sequence)))?;
    Ok(())
}

/// Goes on from here, though events before it were not read: what happened before `from_ms` has to be read from TikTok, and
/// those events that are still kept are read back.
///
/// # Errors
/// [`StoreError`]
pub fn restart(tx: &Tx<'_>, cursor: &RelayCursor, from_ms: Millis) -> Result<(), StoreError> {
    set_cursor(tx, cursor)?;
    tx.execute("UPDATE relay SET followed_from_ms = ?1", [from_ms])?;
    set_history_before(tx, Some(cursor.sequence.saturating_add(1)))
}

/// Notes how far the events that are older than the pairing have been read back; none once all are.
///
/// # Errors
/// [`StoreError`]
pub fn set_history_before(tx: &Tx<'_>, before: Option<u64>) -> Result<(), StoreError> {
    tx.execute("UPDATE relay SET history_before = ?1", [before.map(stored)])?;
    Ok(())
}

/// Keeps an event of a kind that this version does not know.
///
/// # Errors
/// [`StoreError`]
pub fn keep_event(tx: &Tx<'_>, cursor: &RelayCursor, event: &str) -> Result<(), StoreError> {
    tx.execute(
        "INSERT OR REPLACE INTO relay_event (epoch, sequence, event) VALUES (?1, ?2, ?3)",
        (&cursor.epoch, stored(cursor.sequence), event),
    )?;
    tx.execute(
        "DELETE FROM relay_event WHERE rowid <= (SELECT rowid FROM relay_event ORDER BY rowid DESC LIMIT 1 OFFSET ?1)",
        [MAX_KEPT_EVENTS],
    )?;
    Ok(())
}

/// The events that are kept, oldest first.
///
/// # Errors
/// [`StoreError`]
pub fn kept_events(sql: &Connection) -> Result<Vec<String>, StoreError> {
    let mut query = sql.prepare_cached("SELECT event FROM relay_event ORDER BY rowid")?;
    Ok(query.query_map([], only)?.collect::<Result<_, _>>()?)
}

/// Forgets an event that is kept, because it has been applied.
///
/// # Errors
/// [`StoreError`]
pub fn forget_event(tx: &Tx<'_>, place: &RelayCursor) -> Result<(), StoreError> {
    tx.execute("DELETE FROM relay_event WHERE epoch = ?1 AND sequence = ?2", (&place.epoch, stored(place.sequence)))?;
    Ok(())
}

/// A sequence as it is stored.
fn stored(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}
