//! A message as it is stored, and how it is found.

use model::{AccountId, AutoType, Content, ConversationId, MessageId, Millis, Reaction, Surface};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};

use crate::rows::{columns, only};
use crate::{StoreError, Tx, readable};

const TABLE: &str = "message";

/// How many bits of a [`MessageId`] tell messages of one millisecond apart.
const ID_BITS: u32 = 20;

/// What a source says about a message.
#[derive(Debug, Clone, PartialEq)]
pub struct IncomingMessage {
    /// TikTok's `message_id`.
    pub remote_id: String,
    /// When it was sent, ms since the epoch; about when, where the source does not say.
    pub sent_at_ms: Millis,
    /// Whether the source said when it was sent.
    pub is_timed: bool,
    /// Whether the business sent it.
    pub outgoing: bool,
    /// Through what.
    pub surface: Surface,
    /// Which automatic message it is, if one.
    pub auto: Option<AutoType>,
    /// Its text, image, card, …
    pub content: Content,
    /// The message it quotes.
    pub quoted_remote_id: Option<String>,
    /// The emoji on it.
    pub reactions: Vec<Reaction>,
    /// All that the source said, as JSON.
    pub raw: String,
}

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Its account.
    pub account: AccountId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// When it was sent, ms since the epoch.
    pub sent_at_ms: Millis,
    /// TikTok's id; none until TikTok gives ours one.
    pub remote_id: Option<String>,
    /// Whether the business sent it.
    pub outgoing: bool,
    /// Through what.
    pub surface: Surface,
    /// Which automatic message it is, if one.
    pub auto: Option<AutoType>,
    /// Its text, image, card, …
    pub content: Content,
    /// The message it quotes.
    pub quoted_remote_id: Option<String>,
    /// The emoji on it.
    pub reactions: Vec<Reaction>,
    /// Whether it came by listing.
    pub listed: bool,
}

/// The smallest id a message of this time can have.
#[must_use]
pub fn first_id(sent_at_ms: Millis) -> MessageId {
    MessageId(sent_at_ms.clamp(0, i64::MAX >> (ID_BITS + 1)) << ID_BITS)
}

/// The time in a message's id: when it was first said to be sent.
#[must_use]
pub fn time_of(id: MessageId) -> Millis {
    id.0 >> ID_BITS
}

/// The next free id for a message of this millisecond.
pub(super) fn next_id(tx: &Tx<'_>, sent_at_ms: Millis) -> Result<MessageId, StoreError> {
    let first = first_id(sent_at_ms).0;
    let last: Option<i64> = tx
        .prepare_cached("SELECT max(id) FROM message WHERE id >= ?1 AND id < ?2")?
        .query_row((first, first + (1 << ID_BITS)), only)?;
    Ok(MessageId(last.map_or(first, |last| last + 1)))
}

/// The message with TikTok's id in a conversation, if it is known.
///
/// # Errors
/// [`StoreError`]
pub fn find_in(
    sql: &Connection,
    account: AccountId,
    conversation: ConversationId,
    remote_id: &str,
) -> Result<Option<Message>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {columns} FROM message WHERE account_id = ?1 AND remote_id = ?2 AND conversation_id = ?3",
        columns = MessageColumns::SQL
    ))?;
    let mut rows = query.query((account.0, remote_id, conversation.0))?;
    rows.next()?.map(read).transpose()
}

/// The messages with TikTok's id in other conversations of an account than this one.
///
/// # Errors
/// [`StoreError`]
pub fn find_elsewhere(
    sql: &Connection,
    account: AccountId,
    conversation: ConversationId,
    remote_id: &str,
) -> Result<Vec<Message>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {columns} FROM message WHERE account_id = ?1 AND remote_id = ?2 AND conversation_id <> ?3",
        columns = MessageColumns::SQL
    ))?;
    let mut rows = query.query((account.0, remote_id, conversation.0))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The message with TikTok's id, in whichever of an account's conversations, if it is known.
///
/// # Errors
/// [`StoreError`]
pub fn find(sql: &Connection, account: AccountId, remote_id: &str) -> Result<Option<Message>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {columns} FROM message WHERE account_id = ?1 AND remote_id = ?2",
        columns = MessageColumns::SQL
    ))?;
    let mut rows = query.query((account.0, remote_id))?;
    rows.next()?.map(read).transpose()
}

/// A conversation's messages of between these times, oldest first.
///
/// # Errors
/// [`StoreError`]
pub fn between(
    sql: &Connection,
    conversation: ConversationId,
    from_ms: Millis,
    to_ms: Millis,
) -> Result<Vec<Message>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {columns} FROM message WHERE conversation_id = ?1 AND sent_at_ms BETWEEN ?2 AND ?3 ORDER BY sent_at_ms, tie, id",
        columns = MessageColumns::SQL
    ))?;
    let mut rows = query.query((conversation.0, from_ms, to_ms))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// One message.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn get(sql: &Connection, id: MessageId) -> Result<Message, StoreError> {
    let mut query =
        sql.prepare_cached(&format!("SELECT {columns} FROM message WHERE id = ?1", columns = MessageColumns::SQL))?;
    let mut rows = query.query([id.0])?;
    rows.next()?.ok_or(StoreError::NotFound).and_then(read)
}

/// How many messages there are. Reads a whole index: not for every keystroke.
///
/// # Errors
/// [`StoreError`]
pub fn count(sql: &Connection) -> Result<u32, StoreError> {
    Ok(sql.prepare_cached("SELECT count(*) FROM message")?.query_row([], only)?)
}

/// What TikTok said of a message, whole.
///
/// # Errors
/// [`StoreError`]
pub fn raw(sql: &Connection, id: MessageId) -> Result<Option<String>, StoreError> {
    Ok(sql.query_row("SELECT raw FROM message_raw WHERE message_id = ?1", [id.0], only).optional()?)
}

/// The newest message before this time that came by listing, and whether there is any at all.
///
/// # Errors
/// [`StoreError`]
pub fn newest_listed(
    sql: &Connection,
    conversation: ConversationId,
    before_ms: Millis,
) -> Result<Option<MessageId>, StoreError> {
    Ok(sql
        .prepare_cached(
            "SELECT id FROM message WHERE conversation_id = ?1 AND sent_at_ms < ?2 AND listed = 1 ORDER BY sent_at_ms DESC, tie DESC, id DESC LIMIT 1",
        )?
        .query_row((conversation.0, before_ms), |row| only(row).map(MessageId))
        .optional()?)
}

/// The messages of TikTok's that were never listed, after this one (or from the start) and before that time, oldest first.
///
/// # Errors
/// [`StoreError`]
pub fn unlisted_between(
    sql: &Connection,
    conversation: ConversationId,
    after: Option<MessageId>,
    before_ms: Millis,
) -> Result<Vec<MessageId>, StoreError> {
    let after_ms = after.map(|after| get(sql, after)).transpose()?.map_or(Millis::MIN, |after| after.sent_at_ms);
    Ok(sql
        .prepare_cached(
            "SELECT id FROM message WHERE conversation_id = ?1 AND sent_at_ms > ?2 AND sent_at_ms < ?3 AND listed = 0 AND remote_id IS NOT NULL
             ORDER BY sent_at_ms, tie, id",
        )?
        .query_map((conversation.0, after_ms, before_ms), |row| only(row).map(MessageId))?
        .collect::<Result<_, _>>()?)
}

columns!(
    /// A message as it is read.
    pub(super) MessageColumns {
        ID: "id",
        ACCOUNT: "account_id",
        CONVERSATION: "conversation_id",
        SENT_AT_MS: "sent_at_ms",
        REMOTE_ID: "remote_id",
        OUTGOING: "outgoing",
        SURFACE: "surface",
        AUTO_TYPE: "auto_type",
        CONTENT: "content",
        QUOTED_REMOTE_ID: "quoted_remote_id",
        REACTIONS: "reactions",
        LISTED: "listed",
    }
);

pub(super) fn read(row: &Row<'_>) -> Result<Message, StoreError> {
    use MessageColumns as At;
    Ok(Message {
        id: MessageId(row.get(At::ID)?),
        account: AccountId(row.get(At::ACCOUNT)?),
        conversation: ConversationId(row.get(At::CONVERSATION)?),
        sent_at_ms: row.get(At::SENT_AT_MS)?,
        remote_id: row.get(At::REMOTE_ID)?,
        outgoing: row.get(At::OUTGOING)?,
        surface: readable::word(TABLE, row, At::SURFACE)?.unwrap_or(Surface::Other),
        auto: match row.get_ref(At::AUTO_TYPE)? {
            ValueRef::Null => None,
            _ => Some(readable::word(TABLE, row, At::AUTO_TYPE)?.unwrap_or(AutoType::Other)),
        },
        content: readable::column(TABLE, row, At::CONTENT)?.unwrap_or(Content::Unreadable),
        quoted_remote_id: row.get(At::QUOTED_REMOTE_ID)?,
        reactions: readable::column(TABLE, row, At::REACTIONS)?.unwrap_or_default(),
        listed: row.get(At::LISTED)?,
    })
}

/// What is in a message, as it is stored.
pub(crate) fn content_of(json: &[u8]) -> Content {
    readable::parse(TABLE, json).unwrap_or(Content::Unreadable)
}
