//! Comments of high intent. Each may be answered by one message, whose call is on disk before it is made and never made
//! again by itself.

use model::{AccountId, Change, CommentId, ConversationId, Millis, Refusal};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::{StoreError, Tx, readable};

/// How far the answer to a comment has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AnswerState {
    /// Not answered.
    Open,
    /// The call is under way, or we died in it.
    Sending {
        /// What it says.
        body: String,
        /// When it began, by TikTok's clock.
        at_ms: Millis,
    },
    /// Answered.
    Answered {
        /// What it said.
        body: String,
        /// When it happened, ms since the epoch.
        at_ms: Millis,
    },
    /// TikTok said no.
    Refused {
        /// What it would have said.
        body: String,
        /// TikTok's reason.
        refusal: Refusal,
    },
    /// The answer of TikTok's was lost.
    Unconfirmed {
        /// What it says.
        body: String,
        /// When the call began.
        at_ms: Millis,
    },
    /// The agent put it aside.
    Dismissed {
        /// What it was before.
        was: Box<AnswerState>,
    },
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// Whose post it stands under.
    pub account: AccountId,
    /// TikTok's `comment_id`.
    pub remote_id: String,
    /// TikTok's id of its author; empty if it did not say.
    pub person_id: String,
    /// Their name as shown in TikTok; empty if it did not say.
    pub name: String,
    /// Their @handle without the @.
    pub handle: Option<String>,
    /// What they wrote.
    pub body: String,
    /// Whether they follow the business.
    pub is_follower: Option<bool>,
    /// When it was written, ms since the epoch.
    pub at_ms: Millis,
    /// How far the answer has come.
    pub state: AnswerState,
}

/// What TikTok said of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingComment {
    /// TikTok's `comment_id`.
    pub remote_id: String,
    /// TikTok's id of its author, if it said.
    pub person_id: Option<String>,
    /// Their name.
    pub name: Option<String>,
    /// Their @handle without the @.
    pub handle: Option<String>,
    /// What they wrote.
    pub body: String,
    /// Whether they follow the business.
    pub is_follower: Option<bool>,
    /// When it happened, ms since the epoch.
    pub at_ms: Millis,
}

/// Keeps a comment, and says under which id if it is new; one that is known already stays as it is.
///
/// # Errors
/// [`StoreError`]
pub fn insert_new(
    tx: &mut Tx<'_>,
    account: AccountId,
    news: &IncomingComment,
) -> Result<Option<CommentId>, StoreError> {
    let taken = tx.execute(
        "INSERT INTO comment (account_id, remote_id, person_id, name, handle, body, is_follower, at_ms, state)
         VALUES (:account, :remote_id, coalesce(:person, ''), coalesce(:name, ''), :handle, :body, :follower, :at, :state)
         ON CONFLICT (account_id, remote_id) DO NOTHING",
        named_params! {
            ":account": account.0, ":remote_id": news.remote_id, ":person": news.person_id, ":name": news.name,
            ":handle": news.handle, ":body": news.body, ":follower": news.is_follower, ":at": news.at_ms,
            ":state": serde_json::to_string(&AnswerState::Open)?,
        },
    )?;
    if taken == 0 {
        return Ok(None);
    }
    let id = CommentId(tx.last_insert_rowid());
    tx.touch(Change::AutoMessages { account });
    Ok(Some(id))
}

/// An account's comments, newest first.
///
/// # Errors
/// [`StoreError`]
pub fn of_account(sql: &Connection, account: AccountId, limit: u32) -> Result<Vec<Comment>, StoreError> {
    select(sql, "account_id = ?1 ORDER BY at_ms DESC, id DESC LIMIT ?2", (account.0, limit))
}

/// An account's comments since a time that is neither answered nor dismissed.
///
/// # Errors
/// [`StoreError`]
pub fn open_since(sql: &Connection, account: AccountId, since_ms: Millis) -> Result<Vec<Comment>, StoreError> {
    select(sql, "account_id = ?1 AND at_ms >= ?2 AND state = '{\"state\":\"open\"}'", (account.0, since_ms))
}

/// One comment.
///
/// # Errors
/// [`StoreError::NotFound`]
pub fn get(sql: &Connection, id: CommentId) -> Result<Comment, StoreError> {
    select(sql, "id = ?1", [id.0])?.pop().ok_or(StoreError::NotFound)
}

/// A call is about to be made for a comment that stands as this one does.
///
/// # Errors
/// [`StoreError::WrongState`] if it stands otherwise by now.
pub fn begin(tx: &mut Tx<'_>, comment: &Comment, body: &str, now_ms: Millis) -> Result<(), StoreError> {
    let state = AnswerState::Sending { body: body.to_owned(), at_ms: now_ms };
    change(tx, comment, &comment.state, &state)
}

/// What came of the call that is under way.
///
/// # Errors
/// [`StoreError::WrongState`] if none is.
pub fn settle(tx: &mut Tx<'_>, id: CommentId, state: &AnswerState) -> Result<(), StoreError> {
    let comment = get(tx, id)?;
    match &comment.state {
        AnswerState::Sending { .. } | AnswerState::Unconfirmed { .. } => change(tx, &comment, &comment.state, state),
        AnswerState::Open
        | AnswerState::Answered { .. }
        | AnswerState::Refused { .. }
        | AnswerState::Dismissed { .. } => Err(StoreError::WrongState),
    }
}

/// Puts a comment aside, or takes it up again as it was.
///
/// # Errors
/// [`StoreError::WrongState`] while its call is under way, [`StoreError::NotFound`].
pub fn dismiss(tx: &mut Tx<'_>, id: CommentId, dismissed: bool) -> Result<(), StoreError> {
    let comment = get(tx, id)?;
    let state = match (&comment.state, dismissed) {
        (AnswerState::Sending { .. }, _) => return Err(StoreError::WrongState),
        (AnswerState::Dismissed { was }, false) => (**was).clone(),
        (AnswerState::Dismissed { .. }, true) | (_, false) => return Ok(()),
        (state, true) => AnswerState::Dismissed { was: Box::new(state.clone()) },
    };
    change(tx, &comment, &comment.state, &state)
}

/// After a crash: calls whose outcome is unknown are unconfirmed.
///
/// # Errors
/// [`StoreError`]
pub fn recover_after_crash(tx: &mut Tx<'_>) -> Result<usize, StoreError> {
    let lost = select(tx, "json_extract(state, '$.state') = 'sending'", [])?;
    for comment in &lost {
        if let AnswerState::Sending { body, at_ms } = &comment.state {
            let state = AnswerState::Unconfirmed { body: body.clone(), at_ms: *at_ms };
            change(tx, comment, &comment.state, &state)?;
        }
    }
    Ok(lost.len())
}

/// An account's comments whose answer may have gone out since a time.
///
/// # Errors
/// [`StoreError`]
pub fn unconfirmed(sql: &Connection, account: AccountId, since_ms: Millis) -> Result<Vec<Comment>, StoreError> {
    select(
        sql,
        "account_id = ?1 AND json_extract(state, '$.state') = 'unconfirmed' AND json_extract(state, '$.atMs') >= ?2",
        (account.0, since_ms),
    )
}

/// When a message of the business's with this text was sent to the comment's author, between these times.
///
/// # Errors
/// [`StoreError`]
pub fn answer_arrived_at(
    sql: &Connection,
    comment: &Comment,
    body: &str,
    (from_ms, to_ms): (Millis, Millis),
) -> Result<Option<Millis>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT m.sent_at_ms, json_extract(m.content, '$.body') AS body FROM person p JOIN conversation c ON c.person_id = p.id
         JOIN message m ON m.conversation_id = c.id
         WHERE p.account_id = ?1 AND p.remote_id = ?2 AND m.sent_at_ms BETWEEN ?3 AND ?4
             AND m.outgoing = 1 AND m.auto_type IS NULL AND m.surface IN ('api', 'other') AND json_extract(m.content, '$.type') = 'text'",
    )?;
    let mut rows = query.query((comment.account.0, &comment.person_id, from_ms, to_ms))?;
    let comparable = |text: &str| text.replace("\r\n", "\n").trim().nfc().collect::<String>();
    while let Some(row) = rows.next()? {
        let said: String = row.get("body")?;
        if comparable(&said) == comparable(body) {
            return Ok(Some(row.get("sent_at_ms")?));
        }
    }
    Ok(None)
}

/// What is known of a comment's author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentAuthor {
    /// The conversation with them.
    pub conversation: ConversationId,
    /// When anything was last said in it.
    pub said_at_ms: Option<Millis>,
    /// Their name as shown in TikTok; may be empty.
    pub name: String,
}

/// What is known of a comment's author, if there is a conversation with them.
///
/// # Errors
/// [`StoreError`]
pub fn author(sql: &Connection, comment: &Comment) -> Result<Option<CommentAuthor>, StoreError> {
    if comment.person_id.is_empty() {
        return Ok(None);
    }
    let mut query = sql.prepare_cached(
        "SELECT c.id, (SELECT max(sent_at_ms) FROM message m WHERE m.conversation_id = c.id) AS said_at_ms, p.name
         FROM person p JOIN conversation c ON c.person_id = p.id WHERE p.account_id = ?1 AND p.remote_id = ?2
         ORDER BY c.last_at_ms DESC LIMIT 1",
    )?;
    let found = query.query_row((comment.account.0, &comment.person_id), |row| {
        Ok(CommentAuthor {
            conversation: ConversationId(row.get("id")?),
            said_at_ms: row.get("said_at_ms")?,
            name: row.get("name")?,
        })
    });
    Ok(found.optional()?)
}

fn change(tx: &mut Tx<'_>, comment: &Comment, from: &AnswerState, to: &AnswerState) -> Result<(), StoreError> {
    let changed = tx.execute(
        "UPDATE comment SET state = ?3 WHERE id = ?1 AND state = ?2",
        (comment.id.0, serde_json::to_string(from)?, serde_json::to_string(to)?),
    )?;
    if changed == 0 {
        return Err(StoreError::WrongState);
    }
    tx.touch(Change::AutoMessages { account: comment.account });
    Ok(())
}

fn select(sql: &Connection, which: &str, values: impl rusqlite::Params) -> Result<Vec<Comment>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT id, account_id, remote_id, person_id, name, handle, body, is_follower, at_ms, state FROM comment WHERE {which}"
    ))?;
    let mut rows = query.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.extend(read(row)?);
    }
    Ok(found)
}

/// A comment; nothing if its state cannot be read, so that it is never answered twice.
fn read(row: &Row<'_>) -> Result<Option<Comment>, StoreError> {
    let Some(state) = readable::column("comment", row, "state")? else { return Ok(None) };
    Ok(Some(Comment {
        id: CommentId(row.get("id")?),
        account: AccountId(row.get("account_id")?),
        remote_id: row.get("remote_id")?,
        person_id: row.get("person_id")?,
        name: row.get("name")?,
        handle: row.get("handle")?,
        body: row.get("body")?,
        is_follower: row.get("is_follower")?,
        at_ms: row.get("at_ms")?,
        state,
    }))
}
