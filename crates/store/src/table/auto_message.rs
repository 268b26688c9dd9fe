//! TikTok's automatic messages as last read, and what was read before each change of ours is kept until it is read again.
//!
//! Whose doing a state is, is told by what we were about to do: it is noted before the call, so that a state that is first
//! seen after a crash or a lost answer is still known for ours.

use model::{AccountId, AuditStatus, AutoMessageId, AutoMessageType, AutoText, Change, Millis};
use rusqlite::{Connection, OptionalExtension, Row};

use super::auto_version::{self, ChangedBy};
use crate::rows::only;
use crate::stored::StoredEnum;
use crate::{StoreError, Tx, readable};

/// Comment-to-message stands among the kinds: it is switched alike, and has no messages.
const COMMENT_TO_MESSAGE: &str = "commentToMessage";

/// One automatic message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoMessage {
    /// Its id. The same text made anew has another one.
    pub id: AutoMessageId,
    /// The account it belongs to.
    pub account: AccountId,
    /// Which of the three kinds it is.
    pub kind: AutoMessageType,
    /// TikTok's `auto_message_id`.
    pub remote_id: String,
    /// What it says.
    pub text: AutoText,
    /// Where TikTok's review stands.
    pub audit: AuditStatus,
    /// Whether TikTok switched it off when its kind was turned on. TikTok does not say so: it follows from its having been
    /// there before.
    pub off: bool,
}

/// What TikTok said of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAutoMessage {
    /// TikTok's `auto_message_id`.
    pub remote_id: String,
    /// What it says.
    pub text: AutoText,
    /// Where TikTok's review stands.
    pub audit: AuditStatus,
    /// All of it, as it came.
    pub raw: String,
}

/// What TikTok said of a kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedKind {
    /// Whether it is on.
    pub enabled: bool,
    /// Its messages, in TikTok's order.
    pub items: Vec<ListedAutoMessage>,
}

/// How a kind stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindState {
    /// Whether it is on.
    pub enabled: bool,
    /// When TikTok was last asked.
    pub fetched_at_ms: Millis,
}

/// A kind's messages, in TikTok's order.
///
/// # Errors
/// [`StoreError`]
pub fn of_kind(sql: &Connection, account: AccountId, kind: AutoMessageType) -> Result<Vec<AutoMessage>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM auto_message WHERE account_id = ?1 AND kind = ?2 ORDER BY position"
    ))?;
    let mut rows = query.query((account.0, kind.word()))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.extend(read(row)?);
    }
    Ok(found)
}

/// One message.
///
/// # Errors
/// [`StoreError::NotFound`] if TikTok does not list it any more.
pub fn get(sql: &Connection, id: AutoMessageId) -> Result<AutoMessage, StoreError> {
    let mut query = sql.prepare_cached(&format!("SELECT {COLUMNS} FROM auto_message WHERE id = ?1"))?;
    let mut rows = query.query([id.0])?;
    rows.next()?.map(read).transpose()?.flatten().ok_or(StoreError::NotFound)
}

/// How a kind stands; none if TikTok was never asked.
///
/// # Errors
/// [`StoreError`]
pub fn kind(sql: &Connection, account: AccountId, kind: AutoMessageType) -> Result<Option<KindState>, StoreError> {
    stands(sql, account, kind.word())
}

/// How comment-to-message stands; none if TikTok never said.
///
/// # Errors
/// [`StoreError`]
pub fn comment_to_message(sql: &Connection, account: AccountId) -> Result<Option<KindState>, StoreError> {
    stands(sql, account, COMMENT_TO_MESSAGE)
}

fn stands(sql: &Connection, account: AccountId, name: &str) -> Result<Option<KindState>, StoreError> {
    let mut query =
        sql.prepare_cached("SELECT enabled, fetched_at_ms FROM auto_kind WHERE account_id = ?1 AND kind = ?2")?;
    let kind = query.query_row((account.0, name), |row| {
        Ok(KindState { enabled: row.get("enabled")?, fetched_at_ms: row.get("fetched_at_ms")? })
    });
    Ok(kind.optional()?)
}

/// Whether TikTok reviews any of an account's messages.
///
/// # Errors
/// [`StoreError`]
pub fn any_in_review(sql: &Connection, account: AccountId) -> Result<bool, StoreError> {
    let mut query =
        sql.prepare_cached("SELECT EXISTS (SELECT 1 FROM auto_message WHERE account_id = ?1 AND audit = ?2)")?;
    Ok(query.query_row((account.0, AuditStatus::Reviewing.word()), only)?)
}

/// Keeps what TikTok said of a kind. A state that was not there before becomes a version: ours if we have just caused it or
/// were about to, else a change made elsewhere.
///
/// # Errors
/// [`StoreError`]
pub fn keep(
    tx: &mut Tx<'_>,
    account: AccountId,
    kind: AutoMessageType,
    news: &ListedKind,
    caused: bool,
    now_ms: Millis,
) -> Result<(), StoreError> {
    let name = kind.word();
    let known = stands(tx, account, name)?;
    let before = of_kind(tx, account, kind)?;
    let texts: Vec<AutoText> = news.items.iter().map(|item| item.text.clone()).collect();
    let meant = intended(tx, account, name)?;
    let ours = caused || meant.is_some_and(|meant| same_texts(&meant, &texts));
    tx.execute(
        "INSERT INTO auto_kind (account_id, kind, enabled, fetched_at_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (account_id, kind) DO UPDATE SET enabled = excluded.enabled, fetched_at_ms = excluded.fetched_at_ms,
             intended = CASE WHEN ?5 THEN NULL ELSE intended END",
        (account.0, name, news.enabled, now_ms, ours),
    )?;
    let by = if ours { ChangedBy::Deskbell } else { ChangedBy::Elsewhere };
    let another = auto_version::record(tx, account, kind, news.enabled, &texts, by, now_ms)?;
    let same = before.len() == news.items.len()
        && before
            .iter()
            .zip(&news.items)
            .all(|(held, item)| held.remote_id == item.remote_id && held.audit == item.audit);
    if another || !same {
        replace(tx, account, kind, &news.items)?;
    }
    if kind.can_be_deleted() && news.enabled && known.is_some_and(|known| !known.enabled) {
        for held in &before {
            // By TikTok's id: ours may have been given to what took its place.
            tx.execute(
                "UPDATE auto_message SET off = 1 WHERE account_id = ?1 AND remote_id = ?2",
                (account.0, &held.remote_id),
            )?;
        }
    }
    if another || !same || known.is_none() {
        tx.touch(Change::AutoMessages { account });
    }
    Ok(())
}

/// Puts these in the place of a kind's messages; those that stay keep their ids.
fn replace(
    tx: &Tx<'_>,
    account: AccountId,
    kind: AutoMessageType,
    items: &[ListedAutoMessage],
) -> Result<(), StoreError> {
    let name = kind.word();
    let listed: Vec<&str> = items.iter().map(|item| item.remote_id.as_str()).collect();
    tx.execute(
        "DELETE FROM auto_message WHERE account_id = ?1 AND kind = ?2 AND remote_id NOT IN (SELECT value FROM json_each(?3))",
        (account.0, name, serde_json::to_string(&listed)?),
    )?;
    for (position, item) in (0_i64..).zip(items) {
        tx.prepare_cached(
            "INSERT INTO auto_message (account_id, kind, remote_id, position, title, body, audit, raw) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (account_id, remote_id) DO UPDATE SET kind = excluded.kind, position = excluded.position, title = excluded.title,
                 body = excluded.body, audit = excluded.audit, raw = excluded.raw",
        )?
        .execute((
            account.0, name, &item.remote_id, position, &item.text.title, &item.text.body, item.audit.word(), &item.raw,
        ))?;
    }
    Ok(())
}

/// Notes what a kind will say once the call that is about to be made has been taken.
///
/// # Errors
/// [`StoreError`]
pub fn set_intended(
    tx: &Tx<'_>,
    account: AccountId,
    kind: AutoMessageType,
    texts: &[AutoText],
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE auto_kind SET intended = ?3 WHERE account_id = ?1 AND kind = ?2",
        (account.0, kind.word(), serde_json::to_string(texts)?),
    )?;
    Ok(())
}

/// The call that was about to be made was certainly not taken.
///
/// # Errors
/// [`StoreError`]
pub fn clear_intended(tx: &Tx<'_>, account: AccountId, kind: AutoMessageType) -> Result<(), StoreError> {
    tx.execute("UPDATE auto_kind SET intended = NULL WHERE account_id = ?1 AND kind = ?2", (account.0, kind.word()))?;
    Ok(())
}

fn intended(sql: &Connection, account: AccountId, name: &str) -> Result<Option<Vec<AutoText>>, StoreError> {
    let mut query = sql.prepare_cached("SELECT intended FROM auto_kind WHERE account_id = ?1 AND kind = ?2")?;
    let texts = query.query_row((account.0, name), |row| readable::column("auto_kind", row, "intended")).optional()?;
    Ok(texts.flatten())
}

/// Whether both say the same, in whatever order: where TikTok puts a new one is not ours to say.
fn same_texts(one: &[AutoText], other: &[AutoText]) -> bool {
    let sorted = |texts: &[AutoText]| {
        let mut texts: Vec<(String, String)> =
            texts.iter().map(|text| (text.title.clone(), text.body.clone())).collect();
        texts.sort();
        texts
    };
    sorted(one) == sorted(other)
}

/// TikTok has told its verdict on a message; whether it is one we know.
///
/// # Errors
/// [`StoreError`]
pub fn set_audit(tx: &mut Tx<'_>, account: AccountId, remote_id: &str, audit: AuditStatus) -> Result<bool, StoreError> {
    let known = tx.execute(
        "UPDATE auto_message SET audit = ?3 WHERE account_id = ?1 AND remote_id = ?2",
        (account.0, remote_id, audit.word()),
    )?;
    if known > 0 {
        tx.touch(Change::AutoMessages { account });
    }
    Ok(known > 0)
}

/// Keeps whether comment-to-message is on.
///
/// # Errors
/// [`StoreError`]
pub fn keep_comment_to_message(
    tx: &mut Tx<'_>,
    account: AccountId,
    enabled: bool,
    now_ms: Millis,
) -> Result<(), StoreError> {
    let known = comment_to_message(tx, account)?;
    tx.execute(
        "INSERT INTO auto_kind (account_id, kind, enabled, fetched_at_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (account_id, kind) DO UPDATE SET enabled = excluded.enabled, fetched_at_ms = excluded.fetched_at_ms",
        (account.0, COMMENT_TO_MESSAGE, enabled, now_ms),
    )?;
    if known.is_none_or(|known| known.enabled != enabled) {
        tx.touch(Change::AutoMessages { account });
    }
    Ok(())
}

const COLUMNS: &str = "id, account_id, kind, remote_id, title, body, audit, off";

/// A message; nothing if its row cannot be read.
fn read(row: &Row<'_>) -> Result<Option<AutoMessage>, StoreError> {
    let (kind, audit) = (readable::word("auto_message", row, "kind")?, readable::word("auto_message", row, "audit")?);
    let (Some(kind), Some(audit)) = (kind, audit) else { return Ok(None) };
    Ok(Some(AutoMessage {
        id: AutoMessageId(row.get("id")?),
        account: AccountId(row.get("account_id")?),
        kind,
        remote_id: row.get("remote_id")?,
        text: AutoText { title: row.get("title")?, body: row.get("body")? },
        audit,
        off: row.get("off")?,
    }))
}
