//! What became of an account's tokens, so that the reason why an account had to be linked again can be looked up.

use model::{AccountId, Change, Millis};
use rusqlite::Connection;

use crate::stored::{Word, stored_enum};
use crate::{StoreError, Tx};

/// Events are told of for a year.
const KEPT_MS: i64 = 365 * 24 * 3_600_000;

/// What happened to a pair of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenEventKind {
    /// The account was linked, or linked again.
    Linked,
    /// A fresh pair was given.
    Refreshed,
    /// TikTok could not be asked for a fresh pair; it is tried again.
    Postponed,
    /// TikTok gives no fresh pair any more: the account has to be linked again.
    Refused,
    /// The account was unlinked here.
    Unlinked,
}

stored_enum!(TokenEventKind {
    Linked => "linked",
    Refreshed => "refreshed",
    Postponed => "postponed",
    Refused => "refused",
    Unlinked => "unlinked",
});

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenEvent {
    /// When, by TikTok's clock.
    pub at_ms: Millis,
    /// What happened to the tokens.
    pub kind: TokenEventKind,
    /// TikTok's words, if it said any; never a token.
    pub detail: String,
}

/// Notes an event. A refresh that is postponed or refused again and again is one event, at its first time.
///
/// # Errors
/// [`StoreError`]
pub fn record(tx: &mut Tx<'_>, account: AccountId, event: &TokenEvent) -> Result<(), StoreError> {
    if matches!(event.kind, TokenEventKind::Postponed | TokenEventKind::Refused)
        && newest(tx, account, 1)?.first().is_some_and(|last| last.kind == event.kind)
    {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO token_event (account_id, at_ms, kind, detail) VALUES (?1, ?2, ?3, ?4)",
        (account.0, event.at_ms, Word(event.kind), &event.detail),
    )?;
    tx.execute(
        "DELETE FROM token_event WHERE account_id = ?1 AND at_ms < ?2",
        (account.0, event.at_ms.saturating_sub(KEPT_MS)),
    )?;
    tx.touch(Change::Accounts);
    Ok(())
}

/// An account's newest events, newest first.
///
/// # Errors
/// [`StoreError`]
pub fn newest(sql: &Connection, account: AccountId, limit: u32) -> Result<Vec<TokenEvent>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT at_ms, kind, detail FROM token_event WHERE account_id = ?1 ORDER BY id DESC LIMIT ?2",
    )?;
    Ok(query
        .query_map((account.0, limit), |row| {
            Ok(TokenEvent {
                at_ms: row.get("at_ms")?,
                kind: row.get::<_, Word<TokenEventKind>>("kind")?.0,
                detail: row.get("detail")?,
            })
        })?
        .collect::<Result<_, _>>()?)
}
