//! Linked accounts.

use model::{AccountId, Change, MarkRead, MessageId, Millis, PersonId, TabCounts};
use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::{message, setting};
use crate::rows::only;
use crate::search::index;
use crate::stored::Word;
use crate::{StoreError, Tx};

/// A linked account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// TikTok's `business_id`.
    pub remote_id: String,
    /// Its @handle without the @.
    pub handle: String,
    /// Its display name.
    pub display_name: String,
    /// Its avatar's key in the media vault.
    pub avatar: Option<String>,
    /// Its tokens' lifetimes.
    pub tokens: TokenTimes,
    /// Why it must be linked again, if it must.
    pub relink: Option<String>,
    /// Whether every listed conversation was fetched once.
    pub backfilled: bool,
    /// When TikTok was last asked with success, as of the newest commit that says so.
    pub synced_at_ms: Option<Millis>,
    /// When its customers are told that their messages were read.
    pub mark_read: MarkRead,
    /// Everything up to here was listed and fetched, but for gaps and what TikTok refuses to show; none before the first
    /// whole listing.
    pub complete_to_ms: Option<Millis>,
    /// Whether the first fetch of old conversations is paused.
    pub backfill_paused: bool,
    /// When it was unlinked; its history is still here.
    pub unlinked_at_ms: Option<Millis>,
    /// When it was linked first.
    pub linked_at_ms: Millis,
    /// Whether the shop's relay holds its link, and not this computer.
    pub via_relay: bool,
}

/// When a pair of tokens was given, and when each ends, in ms since the epoch of TikTok's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenTimes {
    /// When the pair was given.
    pub issued_at_ms: Millis,
    /// When the access token ends.
    pub access_expires_at_ms: Millis,
    /// When the refresh token ends.
    pub refresh_expires_at_ms: Millis,
    /// The scopes granted, comma-separated.
    pub scopes: String,
}

/// What linking found out about an account.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// TikTok's `business_id`.
    pub remote_id: String,
    /// Its @handle without the @.
    pub handle: String,
    /// Its display name.
    pub display_name: String,
    /// Its avatar's key in the media vault.
    pub avatar: Option<String>,
    /// Its tokens' lifetimes.
    pub tokens: TokenTimes,
}

const COLUMNS: &str = "id, remote_id, handle, display_name, avatar, tokens_issued_at_ms, access_expires_at_ms, refresh_expires_at_ms, scopes, relink, backfilled, synced_at_ms, mark_read, complete_to_ms, backfill_paused, unlinked_at_ms, linked_at_ms, via_relay";

fn read(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: AccountId(row.get("id")?),
        remote_id: row.get("remote_id")?,
        handle: row.get("handle")?,
        display_name: row.get("display_name")?,
        avatar: row.get("avatar")?,
        tokens: TokenTimes {
            issued_at_ms: row.get("tokens_issued_at_ms")?,
            access_expires_at_ms: row.get("access_expires_at_ms")?,
            refresh_expires_at_ms: row.get("refresh_expires_at_ms")?,
            scopes: row.get("scopes")?,
        },
        relink: row.get("relink")?,
        backfilled: row.get("backfilled")?,
        synced_at_ms: row.get("synced_at_ms")?,
        mark_read: row.get::<_, Word<MarkRead>>("mark_read")?.0,
        complete_to_ms: row.get("complete_to_ms")?,
        backfill_paused: row.get("backfill_paused")?,
        unlinked_at_ms: row.get("unlinked_at_ms")?,
        linked_at_ms: row.get("linked_at_ms")?,
        via_relay: row.get("via_relay")?,
    })
}

/// Every linked account, in the order they were linked.
///
/// # Errors
/// [`StoreError`]
pub fn all(sql: &Connection) -> Result<Vec<Account>, StoreError> {
    let mut query = sql.prepare_cached(&format!("SELECT {COLUMNS} FROM account ORDER BY id"))?;
    Ok(query.query_map([], read)?.collect::<Result<_, _>>()?)
}

/// One account.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn get(sql: &Connection, id: AccountId) -> Result<Account, StoreError> {
    let mut query = sql.prepare_cached(&format!("SELECT {COLUMNS} FROM account WHERE id = ?1"))?;
    Ok(query.query_row([id.0], read)?)
}

/// The account with this `business_id`, if it is linked.
///
/// # Errors
/// [`StoreError`]
pub fn find(sql: &Connection, remote_id: &str) -> Result<Option<Account>, StoreError> {
    let mut query = sql.prepare_cached(&format!("SELECT {COLUMNS} FROM account WHERE remote_id = ?1"))?;
    Ok(query.query_row([remote_id], read).optional()?)
}

/// Links an account on this computer, or renews one that is linked already, whatever it went through: its history and queue
/// stay.
///
/// # Errors
/// [`StoreError`]
pub fn link(tx: &mut Tx<'_>, new: &NewAccount, now_ms: Millis) -> Result<AccountId, StoreError> {
    let id = tx.query_row(
        "INSERT INTO account (remote_id, handle, display_name, avatar, scopes, tokens_issued_at_ms, access_expires_at_ms, refresh_expires_at_ms, linked_at_ms)
         VALUES (:remote_id, :handle, :display_name, :avatar, :scopes, :issued, :access, :refresh, :now)
         ON CONFLICT (remote_id) DO UPDATE SET handle = excluded.handle, display_name = excluded.display_name,
             avatar = coalesce(excluded.avatar, avatar), scopes = excluded.scopes, tokens_issued_at_ms = excluded.tokens_issued_at_ms,
             access_expires_at_ms = excluded.access_expires_at_ms, refresh_expires_at_ms = excluded.refresh_expires_at_ms, relink = NULL, unlinked_at_ms = NULL,
             via_relay = 0
         RETURNING id",
        named_params! {
            ":remote_id": new.remote_id, ":handle": new.handle, ":display_name": new.display_name, ":avatar": new.avatar,
            ":scopes": new.tokens.scopes, ":issued": new.tokens.issued_at_ms, ":access": new.tokens.access_expires_at_ms,
            ":refresh": new.tokens.refresh_expires_at_ms, ":now": now_ms,
        },
        |row| only(row).map(AccountId),
    )?;
    tx.touch(Change::Accounts);
    Ok(id)
}

/// Notes a fresh pair of tokens. Whether the account was to be linked again until now.
///
/// # Errors
/// [`StoreError`]; [`StoreError::NotFound`] if there is no such account.
pub fn set_tokens(tx: &mut Tx<'_>, id: AccountId, tokens: &TokenTimes) -> Result<bool, StoreError> {
    let healed = tx.query_row("SELECT relink IS NOT NULL FROM account WHERE id = ?1", [id.0], only)?;
    tx.execute(
        "UPDATE account SET scopes = :scopes, tokens_issued_at_ms = :issued, access_expires_at_ms = :access,
             refresh_expires_at_ms = :refresh, relink = NULL WHERE id = :id",
        named_params! {
            ":id": id.0, ":scopes": tokens.scopes, ":issued": tokens.issued_at_ms, ":access": tokens.access_expires_at_ms,
            ":refresh": tokens.refresh_expires_at_ms,
        },
    )?;
    tx.touch(Change::Accounts);
    Ok(healed)
}

/// Says that the account must be linked again, and why.
///
/// # Errors
/// [`StoreError`]
pub fn set_relink(tx: &mut Tx<'_>, id: AccountId, why: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE account SET relink = ?2 WHERE id = ?1", (id.0, why))?;
    tx.touch(Change::Accounts);
    Ok(())
}

/// Says whether the shop's relay holds an account's link, or this computer.
///
/// # Errors
/// [`StoreError`]
pub fn set_via_relay(tx: &mut Tx<'_>, id: AccountId, via_relay: bool) -> Result<(), StoreError> {
    tx.execute("UPDATE account SET via_relay = ?2 WHERE id = ?1", (id.0, via_relay))?;
    tx.touch(Change::Accounts);
    Ok(())
}

/// Says since when the shop's relay has heard everything that TikTok pushes about an account; none if that is not known. It
/// only moves on: an old event of the relay's log that is read again says nothing of what was missed since.
///
/// # Errors
/// [`StoreError`]
pub fn set_heard_from(tx: &Tx<'_>, id: AccountId, from_ms: Option<Millis>) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE account SET heard_from_ms = max(coalesce(heard_from_ms, ?2), ?2) WHERE id = ?1",
        (id.0, from_ms),
    )?;
    Ok(())
}

/// The relay may have missed something before this time: of no account more is known than since then.
///
/// # Errors
/// [`StoreError`]
pub fn restart_hearing(tx: &Tx<'_>, from_ms: Millis) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE account SET heard_from_ms = max(coalesce(heard_from_ms, ?1), ?1) WHERE via_relay = 1",
        [from_ms],
    )?;
    Ok(())
}

/// Says when its customers are told that their messages were read.
///
/// # Errors
/// [`StoreError`]
pub fn set_mark_read(tx: &mut Tx<'_>, id: AccountId, policy: MarkRead) -> Result<(), StoreError> {
    tx.execute("UPDATE account SET mark_read = ?2 WHERE id = ?1", (id.0, Word(policy)))?;
    tx.touch(Change::Accounts);
    Ok(())
}

/// Notes when TikTok was last asked with success.
///
/// # Errors
/// [`StoreError`]
pub fn set_synced_at(tx: &mut Tx<'_>, id: AccountId, at_ms: Millis) -> Result<(), StoreError> {
    tx.execute("UPDATE account SET synced_at_ms = max(coalesce(synced_at_ms, 0), ?2) WHERE id = ?1", (id.0, at_ms))?;
    Ok(())
}

/// Says that the first fetch is complete.
///
/// # Errors
/// [`StoreError`]
pub fn mark_backfilled(tx: &mut Tx<'_>, id: AccountId) -> Result<(), StoreError> {
    tx.execute("UPDATE account SET backfilled = 1 WHERE id = ?1", [id.0])?;
    tx.touch(Change::Accounts);
    Ok(())
}

/// How many conversations each tab holds; stored numbers, whatever the size of the inbox.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn tab_counts(sql: &Connection, id: AccountId) -> Result<TabCounts, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT waiting_count, request_count, open_count, snoozed_count, done_count, coalesce((
             SELECT l.open_count FROM agent_load l WHERE l.agent_id = (SELECT id FROM agent WHERE me = 1) AND l.account_id = ?1), 0) AS mine_count,
             unsent_count, unsent_reply_count
         FROM account WHERE id = ?1",
    )?;
    Ok(query.query_row([id.0], |row| {
        Ok(TabCounts {
            waiting: row.get("waiting_count")?,
            requests: row.get("request_count")?,
            all: row.get("open_count")?,
            snoozed: row.get("snoozed_count")?,
            done: row.get("done_count")?,
            mine: row.get("mine_count")?,
            unsent: row.get("unsent_count")?,
            unsent_replies: row.get("unsent_reply_count")?,
        })
    })?)
}

/// Says that everything up to this time was listed and fetched. It does not go back, because what was proven stays proven;
/// but a claim beyond this moment was none, and came of a clock that was ahead.
///
/// # Errors
/// [`StoreError`]
pub fn set_complete_to(tx: &mut Tx<'_>, id: AccountId, at_ms: Millis, now_ms: Millis) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE account SET complete_to_ms = ?2 WHERE id = ?1 AND (coalesce(complete_to_ms, 0) < ?2 OR complete_to_ms > ?3)",
        (id.0, at_ms, now_ms),
    )?;
    tx.touch(Change::Accounts);
    Ok(())
}

/// How many conversations may lack messages: between two of them, or because TikTok refuses to show them.
///
/// # Errors
/// [`StoreError`]
pub fn count_doubtful(sql: &Connection, id: AccountId) -> Result<(u32, u32), StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT count(*) FILTER (WHERE gaps > 0), count(*) FILTER (WHERE unreadable = 1) FROM conversation
         WHERE account_id = ?1 AND (gaps > 0 OR unreadable = 1)",
    )?;
    Ok(query.query_row([id.0], |row| row.try_into())?)
}

/// Pauses the first fetch of old conversations, or goes on with it.
///
/// # Errors
/// [`StoreError`]
pub fn set_backfill_paused(tx: &mut Tx<'_>, id: AccountId, paused: bool) -> Result<(), StoreError> {
    tx.execute("UPDATE account SET backfill_paused = ?2 WHERE id = ?1", (id.0, paused))?;
    tx.touch(Change::Accounts);
    Ok(())
}

/// Unlinks an account; its history and queue stay until it is linked again or erased.
///
/// # Errors
/// [`StoreError`]
pub fn mark_unlinked(tx: &mut Tx<'_>, id: AccountId, now_ms: Millis) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE account SET unlinked_at_ms = ?2, relink = coalesce(relink, 'unlinked') WHERE id = ?1",
        (id.0, now_ms),
    )?;
    tx.touch(Change::Everything);
    Ok(())
}

/// Set from when an account's last row goes until nothing of it is on the disk any more.
const ERASE_PENDING: &str = "erase_pending";

/// Erases a part of an account: at most so many messages, conversations or people, and with the last of them everything else.
/// Whether there is more. What the rows leave behind elsewhere is due from then on: [`is_erase_pending`].
///
/// # Errors
/// [`StoreError`]
pub fn erase_slice(tx: &mut Tx<'_>, id: AccountId, limit: u32) -> Result<bool, StoreError> {
    let some = |tx: &Tx<'_>, query: &str| -> Result<Vec<i64>, StoreError> {
        Ok(tx.prepare_cached(query)?.query_map((id.0, limit), only)?.collect::<Result<_, _>>()?)
    };
    let messages = some(
        tx,
        "SELECT m.id FROM conversation c JOIN message m ON m.conversation_id = c.id WHERE c.account_id = ?1 LIMIT ?2",
    )?;
    for message in &messages {
        message::remove(tx, MessageId(*message))?;
        tx.prepare_cached("DELETE FROM attempt WHERE message_id = ?1")?.execute([message])?;
    }
    if !messages.is_empty() {
        return Ok(true);
    }
    // Drafts, waiting replies and gaps go with them.
    let conversations = some(tx, "SELECT id FROM conversation WHERE account_id = ?1 LIMIT ?2")?;
    for conversation in &conversations {
        tx.prepare_cached("DELETE FROM conversation WHERE id = ?1")?.execute([conversation])?;
    }
    if !conversations.is_empty() {
        return Ok(true);
    }
    let people = some(tx, "SELECT id FROM person WHERE account_id = ?1 LIMIT ?2")?;
    for person in &people {
        index::forget_person(tx, PersonId(*person))?;
        tx.prepare_cached("DELETE FROM person WHERE id = ?1")?.execute([person])?;
    }
    if !people.is_empty() {
        return Ok(true);
    }
    // Tags, posts and the rest go with it.
    tx.execute("DELETE FROM account WHERE id = ?1", [id.0])?;
    setting::set(tx, ERASE_PENDING, "1")?;
    tx.touch(Change::Everything);
    Ok(false)
}

/// Whether something of an erased account may still be on the disk: in the index, in files or in the database's log.
///
/// # Errors
/// [`StoreError`]
pub fn is_erase_pending(sql: &Connection) -> Result<bool, StoreError> {
    Ok(setting::get(sql, ERASE_PENDING)?.is_some())
}

/// Nothing of erased accounts is on the disk any more.
///
/// # Errors
/// [`StoreError`]
pub fn clear_erase_pending(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    setting::remove(tx, ERASE_PENDING)
}

/// How many conversations were fetched at least once, and how many TikTok listed; stored numbers as well.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn backfill_progress(sql: &Connection, id: AccountId) -> Result<(u32, u32), StoreError> {
    let mut query =
        sql.prepare_cached("SELECT fetched_count, open_count + snoozed_count + done_count FROM account WHERE id = ?1")?;
    Ok(query.query_row([id.0], |row| row.try_into())?)
}
