//! Linked accounts.

use model::{AccountId, Change, MarkRead, Millis, TabCounts};
use rusqlite::{Connection, OptionalExtension, Row, named_params};

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

const COLUMNS: &str = "id, remote_id, handle, display_name, avatar, tokens_issued_at_ms, access_expires_at_ms, refresh_expires_at_ms, scopes, relink, backfilled, synced_at_ms, mark_read";

fn read(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: AccountId(row.get(0)?),
        remote_id: row.get(1)?,
        handle: row.get(2)?,
        display_name: row.get(3)?,
        avatar: row.get(4)?,
        tokens: TokenTimes {
            issued_at_ms: row.get(5)?,
            access_expires_at_ms: row.get(6)?,
            refresh_expires_at_ms: row.get(7)?,
            scopes: row.get(8)?,
        },
        relink: row.get(9)?,
        backfilled: row.get(10)?,
        synced_at_ms: row.get(11)?,
        mark_read: match row.get_ref(12)?.as_str()? {
            "onOpen" => MarkRead::OnOpen,
            "byHand" => MarkRead::ByHand,
            _ => MarkRead::OnReply,
        },
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

/// Links an account, or renews one that is linked already: its history and queue stay.
///
/// # Errors
/// [`StoreError`]
pub fn link(tx: &mut Tx<'_>, new: &NewAccount, now_ms: Millis) -> Result<AccountId, StoreError> {
    let id = tx.query_row(
        "INSERT INTO account (remote_id, handle, display_name, avatar, scopes, tokens_issued_at_ms, access_expires_at_ms, refresh_expires_at_ms, linked_at_ms)
         VALUES (:remote_id, :handle, :display_name, :avatar, :scopes, :issued, :access, :refresh, :now)
         ON CONFLICT (remote_id) DO UPDATE SET handle = excluded.handle, display_name = excluded.display_name,
             avatar = coalesce(excluded.avatar, avatar), scopes = excluded.scopes, tokens_issued_at_ms = excluded.tokens_issued_at_ms,
             access_expires_at_ms = excluded.access_expires_at_ms, refresh_expires_at_ms = excluded.refresh_expires_at_ms, relink = NULL
         RETURNING id",
        named_params! {
            ":remote_id": new.remote_id, ":handle": new.handle, ":display_name": new.display_name, ":avatar": new.avatar,
            ":scopes": new.tokens.scopes, ":issued": new.tokens.issued_at_ms, ":access": new.tokens.access_expires_at_ms,
            ":refresh": new.tokens.refresh_expires_at_ms, ":now": now_ms,
        },
        |row| row.get(0).map(AccountId),
    )?;
    tx.touch(Change::Accounts);
    Ok(id)
}

/// Notes a fresh pair of tokens.
///
/// # Errors
/// [`StoreError`]
pub fn set_tokens(tx: &mut Tx<'_>, id: AccountId, tokens: &TokenTimes) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE account SET scopes = :scopes, tokens_issued_at_ms = :issued, access_expires_at_ms = :access,
             refresh_expires_at_ms = :refresh, relink = NULL WHERE id = :id",
        named_params! {
            ":id": id.0, ":scopes": tokens.scopes, ":issued": tokens.issued_at_ms, ":access": tokens.access_expires_at_ms,
            ":refresh": tokens.refresh_expires_at_ms,
        },
    )?;
    tx.touch(Change::Accounts);
    Ok(())
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

/// Says when its customers are told that their messages were read.
///
/// # Errors
/// [`StoreError`]
pub fn set_mark_read(tx: &mut Tx<'_>, id: AccountId, policy: MarkRead) -> Result<(), StoreError> {
    let name = match policy {
        MarkRead::OnReply => "onReply",
        MarkRead::OnOpen => "onOpen",
        MarkRead::ByHand => "byHand",
    };
    tx.execute("UPDATE account SET mark_read = ?2 WHERE id = ?1", (id.0, name))?;
    tx.touch(Change::Accounts);
    Ok(())
}

/// Notes when TikTok was last asked with success.
///
/// # Errors
/// [`StoreError`]
pub fn set_synced(tx: &mut Tx<'_>, id: AccountId, at_ms: Millis) -> Result<(), StoreError> {
    tx.execute("UPDATE account SET synced_at_ms = max(coalesce(synced_at_ms, 0), ?2) WHERE id = ?1", (id.0, at_ms))?;
    Ok(())
}

/// Says that the first fetch is complete.
///
/// # Errors
/// [`StoreError`]
pub fn set_backfilled(tx: &mut Tx<'_>, id: AccountId) -> Result<(), StoreError> {
    tx.execute("UPDATE account SET backfilled = 1 WHERE id = ?1", [id.0])?;
    tx.touch(Change::Accounts);
    Ok(())
}

/// How many conversations each tab holds; three stored numbers, whatever the size of the inbox.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn counts(sql: &Connection, id: AccountId) -> Result<TabCounts, StoreError> {
    let mut query = sql.prepare_cached("SELECT waiting_count, open_count, done_count FROM account WHERE id = ?1")?;
    Ok(query.query_row([id.0], |row| Ok(TabCounts { waiting: row.get(0)?, all: row.get(1)?, done: row.get(2)? }))?)
}

/// How many conversations were fetched at least once, and how many TikTok listed.
///
/// # Errors
/// [`StoreError`]
pub fn backfill(sql: &Connection, id: AccountId) -> Result<(u32, u32), StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT count(*) FILTER (WHERE fetched_updated_ms > 0), count(*) FROM conversation WHERE account_id = ?1",
    )?;
    Ok(query.query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))?)
}
