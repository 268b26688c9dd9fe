//! A conversation as the engine works on it: its customer, its status, what TikTok was told.

use model::{AccountId, Change, ConversationId, ConversationKind, MarkRead, Millis, PersonId, SendLedger, Status};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::rows::only;
use crate::stored::Word;
use crate::{StoreError, Tx};

/// A conversation that the engine works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Its account.
    pub account: AccountId,
    /// TikTok's `conversation_id`.
    pub remote_id: String,
    /// TikTok's `update_time` of the newest listing.
    pub remote_updated_ms: Millis,
    /// The `update_time` as of the newest fetch; 0 before the first.
    pub fetched_updated_ms: Millis,
    /// Up to when the customer has read.
    pub read_up_to_ms: Millis,
    /// The customer's newest message.
    pub window_opened_at_ms: Option<Millis>,
    /// What was sent since.
    pub ledger: SendLedger,
    /// Request or chat.
    pub kind: ConversationKind,
    /// Whether TikTok takes pictures here, and when it was asked.
    pub images: Option<(bool, Millis)>,
    /// Open or done.
    pub status: Status,
    /// The customer, once known.
    pub person: Option<PersonId>,
}

/// One conversation.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn get(sql: &Connection, id: ConversationId) -> Result<Conversation, StoreError> {
    let mut query = sql.prepare_cached(&format!("SELECT {COLUMNS} FROM conversation WHERE id = ?1"))?;
    Ok(query.query_row([id.0], read_conversation)?)
}

/// The conversation with TikTok's id, if it is known.
///
/// # Errors
/// [`StoreError`]
pub fn find(sql: &Connection, account: AccountId, remote_id: &str) -> Result<Option<ConversationId>, StoreError> {
    let mut query = sql.prepare_cached("SELECT id FROM conversation WHERE account_id = ?1 AND remote_id = ?2")?;
    Ok(query.query_row((account.0, remote_id), |row| only(row).map(ConversationId)).optional()?)
}

/// Gives the conversation its customer.
///
/// # Errors
/// [`StoreError`]
pub fn set_person(tx: &Tx<'_>, id: ConversationId, person: PersonId) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE conversation SET person_id = ?2 WHERE id = ?1 AND person_id IS NOT ?2")?
        .execute((id.0, person.0))?;
    Ok(())
}

/// Marks a conversation done, or opens it.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn set_status(tx: &mut Tx<'_>, id: ConversationId, status: Status) -> Result<(), StoreError> {
    let account = tx.query_row(
        "UPDATE conversation SET status = ?2, snoozed_until_ms = CASE ?2 WHEN 'done' THEN NULL ELSE snoozed_until_ms END WHERE id = ?1 RETURNING account_id",
        (id.0, Word(status)),
        |row| only(row).map(AccountId),
    )?;
    touch(tx, account, id);
    Ok(())
}

/// Opens a conversation again because its customer wrote: it is neither done nor snoozed any more.
///
/// # Errors
/// [`StoreError`]
pub fn reopen_for_customer(tx: &mut Tx<'_>, id: ConversationId) -> Result<(), StoreError> {
    let account: Option<i64> = tx
        .prepare_cached(
            "UPDATE conversation SET status = 'open', snoozed_until_ms = NULL WHERE id = ?1 AND (status <> 'open' OR snoozed_until_ms IS NOT NULL) RETURNING account_id",
        )?
        .query_row([id.0], only)
        .optional()?;
    if let Some(account) = account {
        touch(tx, AccountId(account), id);
    }
    Ok(())
}

/// Notes that the agent has seen everything in a conversation so far.
///
/// # Errors
/// [`StoreError`]
pub fn mark_seen(tx: &mut Tx<'_>, id: ConversationId) -> Result<(), StoreError> {
    let account: Option<i64> = tx
        .query_row(
            "UPDATE conversation SET unread = 0, seen_up_to_ms = max(seen_up_to_ms, last_at_ms) WHERE id = ?1 AND unread > 0 RETURNING account_id",
            [id.0],
            only,
        )
        .optional()?;
    if let Some(account) = account {
        touch(tx, AccountId(account), id);
    }
    Ok(())
}

/// Notes whether TikTok takes pictures in a conversation.
///
/// # Errors
/// [`StoreError`]
pub fn set_images_allowed(tx: &mut Tx<'_>, id: ConversationId, images: bool, now_ms: Millis) -> Result<(), StoreError> {
    tx.execute("UPDATE conversation SET images = ?2, images_asked_ms = ?3 WHERE id = ?1", (id.0, images, now_ms))?;
    tx.touch(Change::Conversation { conversation: id });
    Ok(())
}

/// Forgets what TikTok said about pictures, because it turned out to be wrong: it is asked again.
///
/// # Errors
/// [`StoreError`]
pub fn forget_images_allowed(tx: &Tx<'_>, id: ConversationId) -> Result<(), StoreError> {
    tx.execute("UPDATE conversation SET images = NULL, images_asked_ms = 0 WHERE id = ?1", [id.0])?;
    Ok(())
}

/// The customer is to be told that their messages were read, if the account tells them on this occasion; by hand it
/// always does. Whether anything was owed.
///
/// # Errors
/// [`StoreError`]
pub fn owe_read(tx: &Tx<'_>, id: ConversationId, occasion: MarkRead) -> Result<bool, StoreError> {
    // An account that tells on opening has told by the time of a reply; telling again costs a call and says nothing new.
    let changed = tx
        .prepare_cached(
            "UPDATE conversation SET read_owed = 1 WHERE id = ?1 AND window_opened_at_ms IS NOT NULL
                 AND (?2 = 'byHand' OR EXISTS (SELECT 1 FROM account a WHERE a.id = account_id AND a.mark_read = ?2))",
        )?
        .execute((id.0, Word(occasion)))?;
    Ok(changed > 0)
}

/// Whether TikTok is still to be told that a conversation was read.
///
/// # Errors
/// [`StoreError`]
pub fn owes_read(sql: &Connection, id: ConversationId) -> Result<bool, StoreError> {
    Ok(sql.prepare_cached("SELECT read_owed FROM conversation WHERE id = ?1")?.query_row([id.0], only)?)
}

/// Notes that TikTok was told that a conversation was read, or never will be.
///
/// # Errors
/// [`StoreError`]
pub fn clear_read_owed(tx: &Tx<'_>, id: ConversationId) -> Result<(), StoreError> {
    tx.execute("UPDATE conversation SET read_owed = 0 WHERE id = ?1", [id.0])?;
    Ok(())
}

/// Says that a conversation and its place in the list are stale.
pub fn touch(tx: &mut Tx<'_>, account: AccountId, conversation: ConversationId) {
    tx.touch(Change::Conversation { conversation });
    tx.touch(Change::Inbox { account });
    // The rail shows how many wait.
    tx.touch(Change::Accounts);
}

pub(super) const COLUMNS: &str = "id, account_id, remote_id, remote_updated_ms, fetched_updated_ms, read_up_to_ms, window_opened_at_ms, status, person_id, sent, sent_late, engaged, kind, images, images_asked_ms";

pub(super) fn read_conversation(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    Ok(Conversation {
        id: ConversationId(row.get("id")?),
        account: AccountId(row.get("account_id")?),
        remote_id: row.get("remote_id")?,
        remote_updated_ms: row.get("remote_updated_ms")?,
        fetched_updated_ms: row.get("fetched_updated_ms")?,
        read_up_to_ms: row.get("read_up_to_ms")?,
        window_opened_at_ms: row.get("window_opened_at_ms")?,
        ledger: SendLedger::of(
            row.get("window_opened_at_ms")?,
            row.get("sent")?,
            row.get("sent_late")?,
            row.get("engaged")?,
        ),
        kind: row.get::<_, Word<ConversationKind>>("kind")?.0,
        images: row
            .get::<_, Option<bool>>("images")?
            .map(|images| row.get("images_asked_ms").map(|asked| (images, asked)))
            .transpose()?,
        status: row.get::<_, Word<Status>>("status")?.0,
        person: row.get::<_, Option<i64>>("person_id")?.map(PersonId),
    })
}
