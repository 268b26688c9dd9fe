//! Beginning a call: what must hold at that moment, and what is written before its first byte.

use model::{ConversationId, MessageId, Millis, StopReason};
use rusqlite::{Connection, OptionalExtension};

use crate::rows::only;
use crate::table::answer::FROM_BUSINESS;
use crate::table::attempt::{self};
use crate::table::{conversation, firing, message};
use crate::{StoreError, Tx};

use super::row::{OutboxReply, OutboxState, delete_with_message, get, head, of_conversation};
use super::transition::stop;

/// What came of beginning a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BeginOutcome {
    /// The row says `sending`: make the call.
    Call(Box<OutboxReply>),
    /// A colleague's reply came in that the agent had not seen: the row says `stopped`. Or it was a rule's and is gone.
    Stopped,
    /// The row is not queued any more, or not at the head of its lane.
    Gone,
}

/// The call is about to be made: committed before its first byte.
///
/// # Errors
/// [`StoreError`]
pub fn begin(tx: &mut Tx<'_>, id: MessageId, now_ms: Millis) -> Result<BeginOutcome, StoreError> {
    let Some(reply) = get(tx, id)?.filter(|reply| reply.state == OutboxState::Queued) else {
        return Ok(BeginOutcome::Gone);
    };
    // While the lane waited for its turn the agent may have moved another one before it.
    if head(tx, reply.conversation)?.is_none_or(|head| head.message != id) {
        return Ok(BeginOutcome::Gone);
    }
    if let Some(why) = firing::overtaken(tx, id, reply.conversation, reply.seen_up_to_ms, now_ms)? {
        firing::withdraw(tx, id, why, |tx| delete_with_message(tx, id))?;
        conversation::refresh(tx, reply.conversation)?;
        return Ok(BeginOutcome::Stopped);
    }
    if colleague_replied(tx, reply.conversation, reply.seen_up_to_ms)?.is_some() {
        stop(tx, id, StopReason::ColleagueReplied)?;
        return Ok(BeginOutcome::Stopped);
    }
    tx.execute(
        "UPDATE outbox SET state = 'sending', attempt = attempt + 1, started_at_ms = ?2, wait_reason = NULL, wait_until_ms = NULL, refusal = NULL, checks = 0
         WHERE message_id = ?1 AND state = 'queued'",
        (id.0, now_ms),
    )?;
    attempt::begin(tx, id, now_ms)?;
    say_now(tx, &reply, now_ms)?;
    let reply = get(tx, id)?.ok_or(StoreError::NotFound)?;
    conversation::refresh(tx, reply.conversation)?;
    Ok(BeginOutcome::Call(Box::new(reply)))
}

/// A reply is said when its call is made, which may be long after Send was pressed: it stands below whatever the customer
/// has written meanwhile, and above the replies that still wait behind it.
fn say_now(tx: &Tx<'_>, reply: &OutboxReply, now_ms: Millis) -> Result<(), StoreError> {
    let mut at_ms: Millis = tx
        .prepare_cached(
            "SELECT coalesce(max(sent_at_ms), 0) FROM message m WHERE conversation_id = ?1 AND NOT EXISTS (
                 SELECT 1 FROM outbox o WHERE o.message_id = m.id AND o.state IN ('held', 'queued', 'sending'))",
        )?
        .query_row([reply.conversation.0], only)?;
    at_ms = now_ms.max(at_ms.saturating_add(1));
    message::set_time(tx, reply.message, at_ms)?;
    for waiting in of_conversation(tx, reply.conversation)? {
        if waiting.message != reply.message && matches!(waiting.state, OutboxState::Held | OutboxState::Queued) {
            let stands_at = message::get(tx, waiting.message)?.sent_at_ms;
            if stands_at <= at_ms {
                message::set_time(tx, waiting.message, at_ms.saturating_add(1))?;
            }
            at_ms = stands_at.max(at_ms.saturating_add(1));
        }
    }
    Ok(())
}

/// The newest message by a colleague, from the phone, the web or another client, after what the agent had seen.
///
/// # Errors
/// [`StoreError`]
pub fn colleague_replied(
    sql: &Connection,
    conversation: ConversationId,
    seen_up_to_ms: Millis,
) -> Result<Option<MessageId>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT id FROM message WHERE conversation_id = ?1 AND sent_at_ms > ?2 AND {FROM_BUSINESS} AND surface <> 'deskbell'
         ORDER BY sent_at_ms DESC LIMIT 1"
    ))?;
    Ok(query.query_row((conversation.0, seen_up_to_ms), |row| only(row).map(MessageId)).optional()?)
}

/// The time of the newest message, at or before this one if one is named, that was listed or is a colleague's: what an agent
/// who looks at the screen has seen. Other messages that no listing has shown prove nothing about a colleague's before them.
///
/// # Errors
/// [`StoreError`]
pub fn seen_up_to(
    sql: &Connection,
    conversation: ConversationId,
    seen: Option<MessageId>,
) -> Result<Millis, StoreError> {
    let bound: Option<Millis> = match seen {
        None => None,
        Some(id) => sql
            .prepare_cached("SELECT sent_at_ms FROM message WHERE id = ?1 AND conversation_id = ?2")?
            .query_row((id.0, conversation.0), only)
            .optional()?,
    };
    let mut query = sql.prepare_cached(&format!(
        "SELECT coalesce(max(sent_at_ms), 0) FROM message WHERE conversation_id = ?1 AND sent_at_ms <= ?2
         AND (listed = 1 OR ({FROM_BUSINESS} AND surface <> 'deskbell'))"
    ))?;
    Ok(query.query_row((conversation.0, bound.unwrap_or(Millis::MAX)), only)?)
}
