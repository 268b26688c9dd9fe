//! What TikTok lists of conversations, what of it was fetched, and what is due to be.

use model::{AccountId, Change, ConversationId, ConversationKind, Millis, Origin};
use rusqlite::{Connection, OptionalExtension, named_params};

use crate::rows::only;
use crate::stored::Word;
use crate::table::cursor;
use crate::{StoreError, Tx};

use super::row::{COLUMNS, Conversation, read_conversation, touch};

/// The `update_time` of a new conversation where TikTok says none: earlier than any, and not the 0 of one never read.
const UNKNOWN_UPDATE_MS: Millis = 1;

/// What a listing says about a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedConversation {
    /// TikTok's `conversation_id`.
    pub remote_id: String,
    /// `STRANGER` or `SINGLE`.
    pub kind: ConversationKind,
    /// TikTok's `update_time`, ms since the epoch. Where it is not said, the conversation counts as moved.
    pub updated_ms: Option<Millis>,
    /// Where the customer came from, if said.
    pub origin: Option<Origin>,
}

/// Keeps what a listing says; whether the conversation must be fetched shows in [`due`].
///
/// # Errors
/// [`StoreError`]
pub fn upsert_listed(tx: &mut Tx<'_>, account: AccountId, listed: &ListedConversation) -> Result<bool, StoreError> {
    let origin = listed.origin.as_ref().map(serde_json::to_string).transpose()?;
    let known: Option<(i64, Word<ConversationKind>, Millis, Option<String>)> = tx
        .prepare_cached(
            "SELECT id, kind, remote_updated_ms, origin FROM conversation WHERE account_id = ?1 AND remote_id = ?2",
        )?
        .query_row((account.0, &listed.remote_id), |row| row.try_into())
        .optional()?;
    match known {
        None => {
            let updated_ms = listed.updated_ms.unwrap_or(UNKNOWN_UPDATE_MS);
            tx.prepare_cached(
                "INSERT INTO conversation (account_id, remote_id, kind, last_at_ms, origin, remote_updated_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?4)",
            )?
            .execute((account.0, &listed.remote_id, Word(listed.kind), updated_ms, origin))?;
            tx.touch(Change::Inbox { account });
            Ok(true)
        }
        Some((id, kind, updated_ms, known_origin)) => {
            // A conversation never goes back to being a request, and a page read late must not undo a newer one.
            let kind = if kind.0 == ConversationKind::Chat { ConversationKind::Chat } else { listed.kind };
            // No `update_time` given: bump by 1 ms. Our own clock could be ahead of TikTok's and hide later updates.
            let now_ms = listed.updated_ms.unwrap_or(updated_ms.saturating_add(1));
            let newer = now_ms > updated_ms;
            let origin = origin.or(known_origin);
            let changed = tx
                .prepare_cached(
                    "UPDATE conversation SET kind = :kind, origin = :origin, remote_updated_ms = max(remote_updated_ms, :updated)
                     WHERE id = :id AND (kind <> :kind OR origin IS NOT :origin OR remote_updated_ms < :updated)",
                )?
                .execute(named_params! { ":id": id, ":kind": Word(kind), ":origin": origin, ":updated": now_ms })?;
            // News of messages shows once they are fetched; the rest shows now.
            if changed > 0 && !newer {
                touch(tx, account, ConversationId(id));
            }
            Ok(newer)
        }
    }
}

/// Conversations that have news TikTok has not been asked for yet, newest first.
///
/// # Errors
/// [`StoreError`]
pub fn due(sql: &Connection, account: AccountId, limit: u32) -> Result<Vec<Conversation>, StoreError> {
    // What happened before the account was linked is old, and waits while the first fetch is paused.
    let mut query = sql.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM conversation WHERE account_id = ?1 AND fetched_updated_ms < remote_updated_ms
         AND (fetched_updated_ms > 0 OR remote_updated_ms > (SELECT CASE backfill_paused WHEN 0 THEN 0 ELSE linked_at_ms END FROM account WHERE id = ?1))
         ORDER BY remote_updated_ms DESC LIMIT ?2"
    ))?;
    Ok(query.query_map((account.0, limit), read_conversation)?.collect::<Result<_, _>>()?)
}

/// Whether a conversation was listed and never fetched.
///
/// # Errors
/// [`StoreError`]
pub fn has_unfetched(sql: &Connection, account: AccountId) -> Result<bool, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM conversation WHERE account_id = ?1 AND fetched_updated_ms = 0 AND fetched_updated_ms < remote_updated_ms)",
    )?;
    Ok(query.query_row([account.0], only)?)
}

/// The newest other conversation that was read and has no news: a probe of whether TikTok shows any conversation at all.
///
/// # Errors
/// [`StoreError`]
pub fn newest_readable_except(
    sql: &Connection,
    account: AccountId,
    id: ConversationId,
) -> Result<Option<ConversationId>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT id FROM conversation WHERE account_id = ?1 AND id <> ?2 AND unreadable = 0 AND fetched_updated_ms >= remote_updated_ms
         ORDER BY remote_updated_ms DESC LIMIT 1",
    )?;
    Ok(query.query_row((account.0, id.0), |row| only(row).map(ConversationId)).optional()?)
}

/// The conversations that were read before and in which something happened after this time, each with its `update_time`.
/// Reads them all: not for every listing.
///
/// # Errors
/// [`StoreError`]
pub fn active_since(
    sql: &Connection,
    account: AccountId,
    after_ms: Millis,
) -> Result<Vec<(ConversationId, Millis)>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT id, remote_updated_ms FROM conversation WHERE account_id = ?1 AND remote_updated_ms > ?2 AND fetched_updated_ms > 0 AND unreadable = 0",
    )?;
    Ok(query
        .query_map((account.0, after_ms), |row| Ok((ConversationId(row.get("id")?), row.get("remote_updated_ms")?)))?
        .collect::<Result<_, _>>()?)
}

/// Notes that a conversation was fetched as of this `update_time`; `shown` if the page showed what happened then.
///
/// # Errors
/// [`StoreError`]
pub fn mark_fetched(tx: &mut Tx<'_>, id: ConversationId, updated_ms: Millis, shown: bool) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE conversation SET fetched_updated_ms = max(fetched_updated_ms, ?2) WHERE id = ?1")?
        .execute((id.0, updated_ms))?;
    if !shown {
        return Ok(());
    }
    let readable: Option<i64> = tx
        .prepare_cached("UPDATE conversation SET unreadable = 0 WHERE id = ?1 AND unreadable = 1 RETURNING account_id")?
        .query_row([id.0], only)
        .optional()?;
    if let Some(account) = readable {
        touch(tx, AccountId(account), id);
    }
    Ok(())
}

/// Marks a conversation due again if it was ever fetched, because something happened in it that its `update_time` does not tell.
///
/// # Errors
/// [`StoreError`]
pub fn mark_due_if_fetched(tx: &Tx<'_>, id: ConversationId) -> Result<(), StoreError> {
    // 0 is for one that was never read.
    tx.prepare_cached(
        "UPDATE conversation SET fetched_updated_ms = remote_updated_ms - 1
         WHERE id = ?1 AND fetched_updated_ms >= remote_updated_ms AND remote_updated_ms > 1",
    )?
    .execute([id.0])?;
    Ok(())
}

/// Notes that a message of a conversation was pushed too late: TikTok had to repeat it.
///
/// # Errors
/// [`StoreError`]
pub fn record_late_push(tx: &Tx<'_>, id: ConversationId, at_ms: Millis) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE conversation SET late_push_ms = max(coalesce(late_push_ms, ?2), ?2) WHERE id = ?1")?
        .execute((id.0, at_ms))?;
    Ok(())
}

/// Marks conversations that TikTok refused to show as due again: at most `limit`, by turns.
///
/// # Errors
/// [`StoreError`]
pub fn mark_refused_due(tx: &Tx<'_>, account: AccountId, limit: u32) -> Result<(), StoreError> {
    const NAME: &str = "refused_tried_to";
    let tried: i64 = cursor::get(tx, account, NAME)?.and_then(|id| id.parse().ok()).unwrap_or(0);
    let ids: Vec<i64> = tx
        .prepare_cached(
            "SELECT id FROM conversation WHERE account_id = ?1 AND unreadable = 1 ORDER BY id <= ?2, id LIMIT ?3",
        )?
        .query_map((account.0, tried, limit), only)?
        .collect::<Result<_, _>>()?;
    for id in &ids {
        mark_due(tx, ConversationId(*id))?;
    }
    match ids.last() {
        Some(last) => cursor::set(tx, account, NAME, &last.to_string()),
        None => Ok(()),
    }
}

/// Marks a conversation due again, whatever was read of it.
///
/// # Errors
/// [`StoreError`]
pub fn mark_due(tx: &Tx<'_>, id: ConversationId) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE conversation SET fetched_updated_ms = min(fetched_updated_ms, remote_updated_ms - 1) WHERE id = ?1",
        [id.0],
    )?;
    Ok(())
}

/// Notes that TikTok lists a conversation and refuses to show it: it is not asked for again until it moves, or [`mark_refused_due`].
///
/// # Errors
/// [`StoreError`]
pub fn mark_refused(tx: &mut Tx<'_>, id: ConversationId, updated_ms: Millis) -> Result<(), StoreError> {
    let account = tx.query_row(
        "UPDATE conversation SET fetched_updated_ms = max(fetched_updated_ms, ?2), unreadable = 1 WHERE id = ?1 RETURNING account_id",
        (id.0, updated_ms),
        |row| only(row).map(AccountId),
    )?;
    touch(tx, account, id);
    Ok(())
}

/// Notes that the customer has read everything up to this time; it never goes back.
///
/// # Errors
/// [`StoreError`]
pub fn mark_read_by_customer(tx: &mut Tx<'_>, id: ConversationId, up_to_ms: Millis) -> Result<(), StoreError> {
    let account: Option<i64> = tx
        .query_row(
            "UPDATE conversation SET read_up_to_ms = ?2 WHERE id = ?1 AND read_up_to_ms < ?2 RETURNING account_id",
            (id.0, up_to_ms),
            only,
        )
        .optional()?;
    if let Some(account) = account {
        touch(tx, AccountId(account), id);
    }
    Ok(())
}
