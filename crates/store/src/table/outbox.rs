//! Replies on their way out: one row for each message of ours that TikTok has not confirmed.
//!
//! A conversation's rows are its lane, in the order of `position`. Every change of state is one UPDATE that names the
//! state it comes from, so that two hands on one row cannot both succeed.

use model::{AccountId, Content, ConversationId, Delivery, MessageId, Millis, Refusal, UnconfirmedStage, WaitReason};
use rusqlite::{Connection, OptionalExtension, Row};

use super::{conversation, draft, message};
use crate::{StoreError, Tx};

/// Where a reply stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Waits for its turn, the network, or a time.
    Queued,
    /// The call is under way, or we died in it.
    Sending,
    /// TikTok said no. It does not hold up its lane.
    Refused,
    /// The answer was lost, and we are looking for the message.
    Checking,
    /// It was not found in time: the agent decides.
    Undecided,
}

/// A reply on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its message.
    pub message: MessageId,
    /// Its conversation, which is its lane.
    pub conversation: ConversationId,
    /// Its account.
    pub account: AccountId,
    /// The text.
    pub body: String,
    /// The message it quotes.
    pub quoted_remote_id: Option<String>,
    /// Where it stands.
    pub state: State,
    /// How often it was tried.
    pub attempt: u32,
    /// When the newest attempt began, by TikTok's clock.
    pub started_at_ms: Option<Millis>,
    /// Not to be tried before this.
    pub not_before_ms: Millis,
    /// What it waits for.
    pub waiting: Option<WaitReason>,
    /// Why TikTok said no.
    pub refusal: Option<Refusal>,
    /// Listings read since the attempt began without finding it.
    pub checks: u32,
}

impl Reply {
    /// How the page is told where it stands.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        match self.state {
            State::Queued => Delivery::Queued { waiting: self.waiting.clone() },
            State::Sending => Delivery::Sending,
            State::Refused => self.refusal.clone().map_or(Delivery::Queued { waiting: None }, Delivery::Refused),
            State::Checking => Delivery::Unconfirmed { stage: UnconfirmedStage::Checking },
            State::Undecided => Delivery::Unconfirmed { stage: UnconfirmedStage::Undecided },
        }
    }
}

/// Queues a reply: message, outbox row, draft cleared, in one go.
///
/// # Errors
/// [`StoreError::NotFound`] if there is no such conversation.
pub fn queue(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    body: &str,
    now_ms: Millis,
) -> Result<MessageId, StoreError> {
    let account = conversation::get(tx, conversation)?.account;
    let id = message::insert_own(tx, account, conversation, &Content::Text { body: body.to_owned() }, None, now_ms)?;
    tx.execute(
        "INSERT INTO outbox (message_id, conversation_id, account_id, position, body, state) VALUES (?1, ?2, ?3, ?4, ?5, 'queued')",
        (id.0, conversation.0, account.0, next_position(tx, conversation)?, body),
    )?;
    draft::clear(tx, conversation)?;
    conversation::refresh(tx, conversation)?;
    Ok(id)
}

fn next_position(tx: &Tx<'_>, conversation: ConversationId) -> Result<i64, StoreError> {
    Ok(tx.query_row(
        "SELECT coalesce(max(position), 0) + 1 FROM outbox WHERE conversation_id = ?1",
        [conversation.0],
        |row| row.get(0),
    )?)
}

/// The conversations that have something to send or to settle.
///
/// # Errors
/// [`StoreError`]
pub fn lanes(sql: &Connection) -> Result<Vec<(AccountId, ConversationId)>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT DISTINCT account_id, conversation_id FROM outbox WHERE state IN ('queued', 'sending', 'checking')",
    )?;
    Ok(query
        .query_map([], |row| Ok((AccountId(row.get(0)?), ConversationId(row.get(1)?))))?
        .collect::<Result<_, _>>()?)
}

/// The reply at the head of a lane. Refused ones are out of the way; an undecided one is not: order matters.
///
/// # Errors
/// [`StoreError`]
pub fn head(sql: &Connection, conversation: ConversationId) -> Result<Option<Reply>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox WHERE conversation_id = ?1 AND state <> 'refused' ORDER BY position LIMIT 1"
    ))?;
    let mut rows = query.query([conversation.0])?;
    rows.next()?.map(read).transpose()
}

/// The outbox row of a message; none once TikTok confirmed it.
///
/// # Errors
/// [`StoreError`]
pub fn get(sql: &Connection, id: MessageId) -> Result<Option<Reply>, StoreError> {
    let mut query = sql.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE message_id = ?1"))?;
    let mut rows = query.query([id.0])?;
    rows.next()?.map(read).transpose()
}

/// All of a conversation's rows, in lane order.
///
/// # Errors
/// [`StoreError`]
pub fn of_conversation(sql: &Connection, conversation: ConversationId) -> Result<Vec<Reply>, StoreError> {
    let mut query =
        sql.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE conversation_id = ?1 ORDER BY position"))?;
    let mut rows = query.query([conversation.0])?;
    let mut replies = Vec::new();
    while let Some(row) = rows.next()? {
        replies.push(read(row)?);
    }
    Ok(replies)
}

/// The call is about to be made: committed before its first byte. `None` if the row is not queued any more.
///
/// # Errors
/// [`StoreError`]
pub fn begin(tx: &mut Tx<'_>, id: MessageId, now_ms: Millis) -> Result<Option<Reply>, StoreError> {
    let changed = tx.execute(
        "UPDATE outbox SET state = 'sending', attempt = attempt + 1, started_at_ms = ?2, waiting = NULL, refusal = NULL, checks = 0
         WHERE message_id = ?1 AND state = 'queued'",
        (id.0, now_ms),
    )?;
    if changed == 0 {
        return Ok(None);
    }
    let reply = get(tx, id)?.ok_or(StoreError::NotFound)?;
    conversation::touch(tx, reply.account, reply.conversation);
    Ok(Some(reply))
}

/// TikTok has it. The row is gone; the message is an ordinary one from here on.
///
/// # Errors
/// [`StoreError`]
pub fn sent(tx: &mut Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    let conversation = remove_row(tx, id)?;
    conversation::refresh(tx, conversation)
}

/// TikTok certainly did not take it: wait, then try again.
///
/// # Errors
/// [`StoreError`]
pub fn requeue(
    tx: &mut Tx<'_>,
    id: MessageId,
    not_before_ms: Millis,
    waiting: Option<&WaitReason>,
) -> Result<(), StoreError> {
    let waiting = waiting.map(serde_json::to_string).transpose()?;
    set(
        tx,
        id,
        "state = 'queued', not_before_ms = ?2, waiting = ?3",
        "'queued', 'sending'",
        (id.0, not_before_ms, waiting),
    )
}

/// Says what a queued reply waits for, without having tried.
///
/// # Errors
/// [`StoreError`]
pub fn wait(tx: &mut Tx<'_>, id: MessageId, waiting: Option<&WaitReason>) -> Result<(), StoreError> {
    let waiting = waiting.map(serde_json::to_string).transpose()?;
    let known: Option<Option<String>> = tx
        .query_row("SELECT waiting FROM outbox WHERE message_id = ?1 AND state = 'queued'", [id.0], |row| row.get(0))
        .optional()?;
    if known.is_none_or(|known| known == waiting) {
        return Ok(());
    }
    set(tx, id, "waiting = ?2", "'queued'", (id.0, waiting))
}

/// TikTok answers again: what waited for that may be tried at once.
///
/// # Errors
/// [`StoreError`]
pub fn release(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.execute("UPDATE outbox SET not_before_ms = 0 WHERE state = 'queued' AND not_before_ms > 0 AND waiting = '{\"reason\":\"offline\"}'", [])?;
    Ok(())
}

/// TikTok said no.
///
/// # Errors
/// [`StoreError`]
pub fn refuse(tx: &mut Tx<'_>, id: MessageId, refusal: &Refusal) -> Result<(), StoreError> {
    set(tx, id, "state = 'refused', refusal = ?2", "'sending'", (id.0, serde_json::to_string(refusal)?))
}

/// The answer was lost.
///
/// # Errors
/// [`StoreError`]
pub fn unconfirm(tx: &mut Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    set(tx, id, "state = 'checking', checks = 0", "'sending'", [id.0])
}

/// It was not found in time.
///
/// # Errors
/// [`StoreError`]
pub fn give_up_checking(tx: &mut Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    set(tx, id, "state = 'undecided'", "'checking'", [id.0])
}

/// A listing was read and it was not in it. Returns how many there were by now.
///
/// # Errors
/// [`StoreError`]
pub fn checked(tx: &Tx<'_>, id: MessageId) -> Result<u32, StoreError> {
    Ok(tx.query_row("UPDATE outbox SET checks = checks + 1 WHERE message_id = ?1 RETURNING checks", [id.0], |row| {
        row.get(0)
    })?)
}

/// Deskbell was not there to hear the answers of these calls: they are unconfirmed, never sent again blindly.
///
/// # Errors
/// [`StoreError`]
pub fn recover(tx: &mut Tx<'_>) -> Result<usize, StoreError> {
    let mut query = tx.prepare(
        "UPDATE outbox SET state = 'checking', checks = 0 WHERE state = 'sending' RETURNING conversation_id",
    )?;
    let conversations: Vec<i64> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    drop(query);
    for conversation in &conversations {
        conversation::refresh(tx, ConversationId(*conversation))?;
    }
    Ok(conversations.len())
}

/// Sends a refused or undecided message once more, at the end of its lane.
///
/// # Errors
/// [`StoreError::WrongState`] if it is neither.
pub fn send_again(tx: &mut Tx<'_>, id: MessageId, now_ms: Millis) -> Result<Reply, StoreError> {
    let reply = get(tx, id)?.ok_or(StoreError::WrongState)?;
    let position = next_position(tx, reply.conversation)?;
    let changed = tx.execute(
        "UPDATE outbox SET state = 'queued', position = ?2, not_before_ms = 0, waiting = NULL WHERE message_id = ?1 AND state IN ('refused', 'undecided')",
        (id.0, position),
    )?;
    if changed == 0 {
        return Err(StoreError::WrongState);
    }
    message::move_to_end(tx, id, reply.conversation, now_ms)?;
    conversation::refresh(tx, reply.conversation)?;
    Ok(reply)
}

/// The agent has seen that it arrived.
///
/// # Errors
/// [`StoreError::WrongState`] if it is not unconfirmed.
pub fn arrived(tx: &mut Tx<'_>, id: MessageId) -> Result<ConversationId, StoreError> {
    let reply = get(tx, id)?.ok_or(StoreError::WrongState)?;
    if !matches!(reply.state, State::Checking | State::Undecided) {
        return Err(StoreError::WrongState);
    }
    sent(tx, id)?;
    Ok(reply.conversation)
}

/// Takes a message out that TikTok does not have, or of which the agent does not care. Its text goes back into the
/// draft if that is empty.
///
/// # Errors
/// [`StoreError::WrongState`] while the call is under way or once it is confirmed.
pub fn discard(tx: &mut Tx<'_>, id: MessageId, now_ms: Millis) -> Result<ConversationId, StoreError> {
    let reply = get(tx, id)?.ok_or(StoreError::WrongState)?;
    if matches!(reply.state, State::Sending | State::Checking) {
        return Err(StoreError::WrongState);
    }
    let conversation = remove_row(tx, id)?;
    message::remove(tx, id)?;
    // An unconfirmed text may have arrived: offering it again would invite a double.
    if reply.state != State::Undecided && draft::get(tx, conversation)?.is_empty() {
        draft::save(tx, conversation, &reply.body, now_ms)?;
    }
    conversation::refresh(tx, conversation)?;
    Ok(conversation)
}

/// Messages of ours whose call was made and that TikTok has not named yet, oldest first, with when the call began:
/// what an unknown outgoing message may turn out to be.
///
/// # Errors
/// [`StoreError`]
pub fn claimable(
    sql: &Connection,
    conversation: ConversationId,
) -> Result<Vec<(MessageId, String, Millis)>, StoreError> {
    // A message the agent said arrived has no outbox row, but TikTok's list may still name it.
    let mut query = sql.prepare_cached(
        "SELECT m.id, json_extract(m.content, '$.body'), coalesce(o.started_at_ms, m.sent_at_ms) AS began
         FROM message m LEFT JOIN outbox o ON o.message_id = m.id
         WHERE m.conversation_id = ?1 AND m.outgoing = 1 AND m.remote_id IS NULL
             AND (o.state IS NULL OR o.state IN ('sending', 'checking', 'undecided'))
         ORDER BY began, m.id",
    )?;
    Ok(query
        .query_map([conversation.0], |row| {
            Ok((MessageId(row.get(0)?), row.get::<_, Option<String>>(1)?.unwrap_or_default(), row.get(2)?))
        })?
        .collect::<Result<_, _>>()?)
}

fn remove_row(tx: &Tx<'_>, id: MessageId) -> Result<ConversationId, StoreError> {
    Ok(tx.query_row("DELETE FROM outbox WHERE message_id = ?1 RETURNING conversation_id", [id.0], |row| {
        row.get(0).map(ConversationId)
    })?)
}

/// One change of state. A row that is in another state by now is left alone.
fn set(
    tx: &mut Tx<'_>,
    id: MessageId,
    columns: &str,
    from: &str,
    values: impl rusqlite::Params,
) -> Result<(), StoreError> {
    let changed =
        tx.execute(&format!("UPDATE outbox SET {columns} WHERE message_id = ?1 AND state IN ({from})"), values)?;
    if changed > 0 {
        let reply = get(tx, id)?.ok_or(StoreError::NotFound)?;
        conversation::refresh(tx, reply.conversation)?;
    }
    Ok(())
}

const COLUMNS: &str = "message_id, conversation_id, account_id, body, quoted_remote_id, state, attempt, started_at_ms, not_before_ms, waiting, refusal, checks";

fn read(row: &Row<'_>) -> Result<Reply, StoreError> {
    let state: String = row.get(5)?;
    let waiting: Option<String> = row.get(9)?;
    let refusal: Option<String> = row.get(10)?;
    Ok(Reply {
        message: MessageId(row.get(0)?),
        conversation: ConversationId(row.get(1)?),
        account: AccountId(row.get(2)?),
        body: row.get(3)?,
        quoted_remote_id: row.get(4)?,
        state: match state.as_str() {
            "queued" => State::Queued,
            "sending" => State::Sending,
            "refused" => State::Refused,
            "checking" => State::Checking,
            "undecided" => State::Undecided,
            other => return Err(StoreError::Damaged(format!("outbox state {other}"))),
        },
        attempt: row.get(6)?,
        started_at_ms: row.get(7)?,
        not_before_ms: row.get(8)?,
        waiting: waiting.map(|json| serde_json::from_str(&json)).transpose()?,
        refusal: refusal.map(|json| serde_json::from_str(&json)).transpose()?,
        checks: row.get(11)?,
    })
}
