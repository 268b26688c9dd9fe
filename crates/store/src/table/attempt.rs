//! Every call made for a message of ours, so that "Why did it not send?" has an answer.

use model::{MessageId, Millis};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::rows::only;
use crate::stored::{Word, stored_enum};
use crate::{StoreError, Tx};

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its outcome is not known.
    Interrupted,
    /// TikTok has it.
    Sent,
    /// Certainly not taken.
    NotTaken,
    /// TikTok said no.
    Refused,
    /// The answer did not say.
    Unknown,
}

stored_enum!(Outcome {
    Interrupted => "interrupted",
    Sent => "sent",
    NotTaken => "notTaken",
    Refused => "refused",
    Unknown => "unknown",
});

/// How an attempt ended, in TikTok's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// What came of it.
    pub outcome: Outcome,
    /// TikTok's code.
    pub code: Option<i64>,
    /// TikTok's words, or the system's.
    pub message: String,
    /// The id of the request.
    pub request_id: Option<String>,
    /// The answer as it came, shortened, secrets taken out.
    pub answer: Option<String>,
}

impl End {
    /// An end without words.
    #[must_use]
    pub fn plain(outcome: Outcome) -> Self {
        Self { outcome, code: None, message: String::new(), request_id: None, answer: None }
    }
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When the call began, by TikTok's clock.
    pub started_at_ms: Millis,
    /// When its end was known.
    pub ended_at_ms: Option<Millis>,
    /// Its end.
    pub end: End,
}

/// Notes that a call is about to be made. Until told otherwise, its outcome is not known.
///
/// # Errors
/// [`StoreError`]
pub fn begin(tx: &Tx<'_>, message: MessageId, now_ms: Millis) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO attempt (message_id, started_at_ms, outcome) VALUES (?1, ?2, 'interrupted')",
        (message.0, now_ms),
    )?;
    Ok(())
}

/// Names the attempt that was begun last as the relay knows it.
///
/// # Errors
/// [`StoreError`]
pub fn set_send_key(tx: &Tx<'_>, message: MessageId, key: &str) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE attempt SET send_key = ?2 WHERE id = (SELECT max(id) FROM attempt WHERE message_id = ?1)",
        (message.0, key),
    )?;
    Ok(())
}

/// The name by which the relay knows a message's newest attempt; none if it was made without a relay, or there was none.
///
/// # Errors
/// [`StoreError`]
pub fn send_key(sql: &Connection, message: MessageId) -> Result<Option<String>, StoreError> {
    let mut query =
        sql.prepare_cached("SELECT send_key FROM attempt WHERE message_id = ?1 ORDER BY id DESC LIMIT 1")?;
    Ok(query.query_row([message.0], only).optional()?.flatten())
}

/// The message that an attempt of this name was made for.
///
/// # Errors
/// [`StoreError`]
pub fn find_by_send_key(sql: &Connection, key: &str) -> Result<Option<MessageId>, StoreError> {
    let mut query = sql.prepare_cached("SELECT message_id FROM attempt WHERE send_key = ?1")?;
    Ok(query.query_row([key], only).optional()?.map(MessageId))
}

/// Notes how the newest attempt ended.
///
/// # Errors
/// [`StoreError`]
pub fn end(tx: &Tx<'_>, message: MessageId, end: &End, now_ms: Millis) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE attempt SET ended_at_ms = ?2, outcome = ?3, code = ?4, message = ?5, request_id = ?6, answer = ?7
         WHERE id = (SELECT max(id) FROM attempt WHERE message_id = ?1) AND ended_at_ms IS NULL",
        (message.0, now_ms, Word(end.outcome), end.code, &end.message, &end.request_id, &end.answer),
    )?;
    Ok(())
}

/// The answer to a message's newest call named another message: it says nothing about this one.
///
/// # Errors
/// [`StoreError`]
pub fn doubt(tx: &Tx<'_>, message: MessageId) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE attempt SET outcome = 'unknown' WHERE id = (SELECT max(id) FROM attempt WHERE message_id = ?1)",
        [message.0],
    )?;
    Ok(())
}

/// A message's attempts, oldest first.
///
/// # Errors
/// [`StoreError`]
pub fn of_message(sql: &Connection, message: MessageId) -> Result<Vec<Attempt>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT started_at_ms, ended_at_ms, outcome, code, message, request_id, answer FROM attempt WHERE message_id = ?1 ORDER BY id",
    )?;
    Ok(query.query_map([message.0], read)?.collect::<Result<_, _>>()?)
}

/// Forgets attempts that began before this.
///
/// # Errors
/// [`StoreError`]
pub fn prune(tx: &Tx<'_>, before_ms: Millis) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM attempt WHERE started_at_ms < ?1 AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.message_id = attempt.message_id)",
        [before_ms],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    Ok(Attempt {
        started_at_ms: row.get("started_at_ms")?,
        ended_at_ms: row.get("ended_at_ms")?,
        end: End {
            outcome: row.get::<_, Word<Outcome>>("outcome")?.0,
            code: row.get("code")?,
            message: row.get("message")?,
            request_id: row.get("request_id")?,
            answer: row.get("answer")?,
        },
    })
}
