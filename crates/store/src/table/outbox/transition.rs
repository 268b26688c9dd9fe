//! The states of a reply, and the one statement that changes them. Every change names the states it comes from, so that two
//! hands on one row cannot both succeed.

use model::{ConversationId, MessageId, Millis, Refusal, StopReason, WaitReason};
use rusqlite::named_params;

use crate::rows::only;
use crate::stored::{StoredEnum, Word};
use crate::table::attempt::{self, End};
use crate::table::conversation;
use crate::{StoreError, Tx};

use super::row::{OutboxState, WaitWord, get, remove_row, wait_until};

/// Records how the call under way ended. Goes into the transaction of what follows from it.
///
/// # Errors
/// [`StoreError`]
pub fn record_attempt_end(tx: &Tx<'_>, id: MessageId, end: &End, now_ms: Millis) -> Result<(), StoreError> {
    // What was read before this attempt says nothing about the next.
    tx.execute("UPDATE outbox SET read_from_ms = max(read_from_ms, ?2) WHERE message_id = ?1", (id.0, now_ms))?;
    attempt::end(tx, id, end, now_ms)
}

/// Confirms that TikTok has a reply: its row goes, and the message is an ordinary one from here on. The customer is told that
/// their messages were read, if the account does so on reply.
///
/// # Errors
/// [`StoreError`]
pub fn confirm_sent(tx: &mut Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    let conversation = remove_row(tx, id)?;
    conversation::owe_read(tx, conversation, model::MarkRead::OnReply)?;
    conversation::refresh(tx, conversation)
}

/// Queues a reply again that TikTok certainly did not take.
///
/// # Errors
/// [`StoreError`]
pub fn requeue(
    tx: &mut Tx<'_>,
    id: MessageId,
    not_before_ms: Millis,
    waiting: Option<&WaitReason>,
) -> Result<(), StoreError> {
    let to = Transition::Queued { not_before_ms: Some(not_before_ms), waiting };
    set(tx, id, &[OutboxState::Queued, OutboxState::Sending], to)
}

/// Says what a queued reply waits for, without having tried.
///
/// # Errors
/// [`StoreError`]
pub fn set_wait_reason(tx: &mut Tx<'_>, id: MessageId, waiting: Option<&WaitReason>) -> Result<(), StoreError> {
    let known = get(tx, id)?.filter(|reply| reply.state == OutboxState::Queued);
    if known.is_none_or(|known| known.waiting.as_ref() == waiting) {
        return Ok(());
    }
    set(tx, id, &[OutboxState::Queued], Transition::Queued { not_before_ms: None, waiting })
}

/// Lets replies that waited for the network be tried at once, because TikTok answers again.
///
/// # Errors
/// [`StoreError`]
pub fn release_offline(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE outbox SET not_before_ms = 0 WHERE state = 'queued' AND not_before_ms > 0 AND wait_reason = ?1",
        [Word(WaitWord::Offline)],
    )?;
    Ok(())
}

/// Marks a reply as refused by TikTok, be it the send or what it needs first.
///
/// # Errors
/// [`StoreError`]
pub fn refuse(tx: &mut Tx<'_>, id: MessageId, refusal: &Refusal) -> Result<(), StoreError> {
    set(tx, id, &[OutboxState::Queued, OutboxState::Sending], Transition::Refused(refusal))
}

/// Stops a reply: the agent should look before it goes.
///
/// # Errors
/// [`StoreError`]
pub fn stop(tx: &mut Tx<'_>, id: MessageId, why: StopReason) -> Result<(), StoreError> {
    set(tx, id, &[OutboxState::Queued], Transition::Stopped(why))
}

/// Queues a lane's held replies whose time, up to this one, has come, whatever they wait behind.
///
/// # Errors
/// [`StoreError`]
pub fn release_held(tx: &mut Tx<'_>, conversation: ConversationId, until_ms: Millis) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE outbox SET state = 'queued', not_before_ms = 0 WHERE conversation_id = ?1 AND state = 'held' AND not_before_ms <= ?2",
        (conversation.0, until_ms),
    )?;
    conversation::refresh(tx, conversation)
}

/// As [`release_held`], for all: Deskbell is being closed, and the agent has pressed Send.
///
/// # Errors
/// [`StoreError`]
pub fn release_all_held(tx: &mut Tx<'_>) -> Result<usize, StoreError> {
    Ok(tx.execute("UPDATE outbox SET state = 'queued', not_before_ms = 0 WHERE state = 'held'", [])?)
}

/// Marks a reply as unconfirmed, because the answer to its call was lost.
///
/// # Errors
/// [`StoreError`]
pub fn mark_unconfirmed(tx: &mut Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    set(tx, id, &[OutboxState::Sending], Transition::Checking)
}

/// Marks an unconfirmed reply as being sent again, because it is known by now how its call ended: the outcome is stored
/// right after this, as if the answer had just come.
///
/// # Errors
/// [`StoreError`]
pub fn resume_sending(tx: &mut Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    set(tx, id, &[OutboxState::Checking, OutboxState::Undecided], Transition::Sending)
}

/// Leaves a reply to the agent, because it was not found in time.
///
/// # Errors
/// [`StoreError`]
pub fn mark_undecided(tx: &mut Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    set(tx, id, &[OutboxState::Checking], Transition::Undecided)
}

/// Counts a listing that was read without finding the reply; returns how many there were by now.
///
/// # Errors
/// [`StoreError`]
pub fn record_check(tx: &Tx<'_>, id: MessageId) -> Result<u32, StoreError> {
    Ok(tx.query_row("UPDATE outbox SET checks = checks + 1 WHERE message_id = ?1 RETURNING checks", [id.0], only)?)
}

/// The state that a row changes to, with what it holds there.
pub(super) enum Transition<'a> {
    /// It goes out by itself, not before this time if one is given.
    Queued { not_before_ms: Option<Millis>, waiting: Option<&'a WaitReason> },
    /// TikTok said no.
    Refused(&'a Refusal),
    /// The agent should look before it goes.
    Stopped(StopReason),
    /// How its call ended is about to be stored.
    Sending,
    /// It is looked for, from the first listing on.
    Checking,
    /// The agent decides.
    Undecided,
}

impl Transition<'_> {
    fn state(&self) -> OutboxState {
        match self {
            Self::Queued { .. } => OutboxState::Queued,
            Self::Refused(_) => OutboxState::Refused,
            Self::Stopped(_) => OutboxState::Stopped,
            Self::Sending => OutboxState::Sending,
            Self::Checking => OutboxState::Checking,
            Self::Undecided => OutboxState::Undecided,
        }
    }
}

/// Changes the state of a row that is in one of these states; one that is in another by now is left alone.
pub(super) fn set(tx: &mut Tx<'_>, id: MessageId, from: &[OutboxState], to: Transition<'_>) -> Result<(), StoreError> {
    let (not_before_ms, waiting) = match to {
        Transition::Queued { not_before_ms, waiting } => (not_before_ms, waiting),
        Transition::Refused(_)
        | Transition::Stopped(_)
        | Transition::Sending
        | Transition::Checking
        | Transition::Undecided => (None, None),
    };
    let refusal = if let Transition::Refused(refusal) = to { Some(serde_json::to_string(refusal)?) } else { None };
    let stopped = if let Transition::Stopped(why) = to { Some(serde_json::to_string(&why)?) } else { None };
    let from: Vec<&str> = from.iter().map(|state| state.word()).collect();
    let changed = tx
        .prepare_cached(
            "UPDATE outbox SET state = :to, not_before_ms = coalesce(:not_before, not_before_ms),
                 wait_reason = :wait_reason, wait_until_ms = :wait_until,
                 refusal = coalesce(:refusal, refusal), stopped = coalesce(:stopped, stopped),
                 checks = CASE :to WHEN 'checking' THEN 0 ELSE checks END
             WHERE message_id = :id AND state IN (SELECT value FROM json_each(:from))",
        )?
        .execute(named_params! {
            ":id": id.0, ":from": serde_json::to_string(&from)?, ":to": Word(to.state()), ":not_before": not_before_ms,
            ":wait_reason": waiting.map(|waiting| Word(WaitWord::of(waiting))), ":wait_until": waiting.and_then(wait_until),
            ":refusal": refusal, ":stopped": stopped,
        })?;
    if changed > 0 {
        let reply = get(tx, id)?.ok_or(StoreError::NotFound)?;
        conversation::refresh(tx, reply.conversation)?;
    }
    Ok(())
}
