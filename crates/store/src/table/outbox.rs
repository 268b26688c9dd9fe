//! Replies on their way out: one row for each message of ours that TikTok has not confirmed.
//!
//! A conversation's rows are its lane, in the order of `position`. Every change of state is one UPDATE that names the
//! state it comes from, so that two hands on one row cannot both succeed. Here are the engine's steps; what the agent does
//! to the rows is in [`actions`].

pub mod actions;

use model::{
    AccountId, Content, ConversationId, Delivery, MessageId, Millis, Outgoing, Refusal, StopReason, UnconfirmedStage,
    WaitReason,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::attempt::{self, End};
use super::{conversation, firing, message};
use crate::rows::only;
use crate::stored::{StoredEnum, Word, stored_enum};
use crate::{StoreError, Tx, readable};

const TABLE: &str = "outbox";

/// How many of a conversation's messages TikTok lists: its newest.
const LISTED_MESSAGES: u32 = 20;

/// Where a reply stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutboxState {
    /// Can be undone until its time.
    Held,
    /// Waits for its turn, the network, or a time.
    Queued,
    /// The call is under way, or we died in it.
    Sending,
    /// TikTok said no. It does not hold up its lane.
    Refused,
    /// The agent should look before it goes. It does not hold up its lane.
    Stopped,
    /// The answer was lost, and we are looking for the message.
    Checking,
    /// It was not found in time: the agent decides.
    Undecided,
}

stored_enum!(OutboxState {
    Held => "held",
    Queued => "queued",
    Sending => "sending",
    Refused => "refused",
    Stopped => "stopped",
    Checking => "checking",
    Undecided => "undecided",
});

/// A reply on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxReply {
    /// Its message.
    pub message: MessageId,
    /// Its conversation, which is its lane.
    pub conversation: ConversationId,
    /// Its account.
    pub account: AccountId,
    /// What is sent.
    pub outgoing: Outgoing,
    /// The message it quotes.
    pub quoted_remote_id: Option<String>,
    /// Where it stands.
    pub state: OutboxState,
    /// How often it was tried.
    pub attempt: u32,
    /// When the newest attempt began, by TikTok's clock.
    pub started_at_ms: Option<Millis>,
    /// Not to be tried before this; while held, when it is queued.
    pub not_before_ms: Millis,
    /// What it waits for.
    pub waiting: Option<WaitReason>,
    /// Why TikTok said no.
    pub refusal: Option<Refusal>,
    /// Why it was stopped.
    pub stopped: Option<StopReason>,
    /// Listings read since the attempt began without finding it.
    pub checks: u32,
    /// The newest listed message on screen when the agent pressed Send.
    pub seen_up_to_ms: Millis,
    /// Its conversation is to be read at or after this before it goes out, by TikTok's clock.
    pub read_from_ms: Millis,
}

impl OutboxReply {
    /// How the page is told where it stands.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        match self.state {
            OutboxState::Held => Delivery::Held { until_ms: self.not_before_ms },
            OutboxState::Queued => Delivery::Queued { waiting: self.waiting.clone() },
            OutboxState::Sending => Delivery::Sending,
            OutboxState::Refused => self.refusal.clone().map_or(Delivery::Queued { waiting: None }, Delivery::Refused),
            OutboxState::Stopped => Delivery::Stopped { why: self.stopped.unwrap_or(StopReason::ColleagueReplied) },
            OutboxState::Checking => Delivery::Unconfirmed { stage: UnconfirmedStage::Checking },
            OutboxState::Undecided => Delivery::Unconfirmed { stage: UnconfirmedStage::Undecided },
        }
    }
}

/// The conversations that have something to send, to settle, or to tell TikTok.
///
/// # Errors
/// [`StoreError`]
pub fn lanes(sql: &Connection) -> Result<Vec<(AccountId, ConversationId)>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT account_id, conversation_id FROM outbox WHERE state IN ('held', 'queued', 'sending', 'checking')
         UNION SELECT account_id, id FROM conversation WHERE read_owed = 1",
    )?;
    Ok(query
        .query_map([], |row| Ok((AccountId(row.get("account_id")?), ConversationId(row.get("conversation_id")?))))?
        .collect::<Result<_, _>>()?)
}

/// The conversations with a reply that was left to the agent because it was not found.
///
/// # Errors
/// [`StoreError`]
pub fn with_undecided(sql: &Connection) -> Result<Vec<ConversationId>, StoreError> {
    let mut query = sql.prepare_cached("SELECT DISTINCT conversation_id FROM outbox WHERE state = 'undecided'")?;
    Ok(query.query_map([], |row| only(row).map(ConversationId))?.collect::<Result<_, _>>()?)
}

/// How many replies could go out now: queued, waiting for nothing, nothing before them.
///
/// # Errors
/// [`StoreError`]
pub fn count_ready(sql: &Connection) -> Result<u32, StoreError> {
    Ok(sql
        .prepare_cached(
            "SELECT count(*) FROM outbox o WHERE state = 'queued' AND wait_reason IS NULL AND not_before_ms = 0 AND NOT EXISTS (
                 SELECT 1 FROM outbox e WHERE e.conversation_id = o.conversation_id AND e.position < o.position
                 AND (e.state IN ('checking', 'undecided') OR e.state = 'queued' AND e.wait_reason IS NOT NULL))",
        )?
        .query_row([], only)?)
}

/// The reply at the head of a lane. Refused and stopped ones are out of the way; an undecided one is not: order matters.
///
/// # Errors
/// [`StoreError`]
pub fn head(sql: &Connection, conversation: ConversationId) -> Result<Option<OutboxReply>, StoreError> {
    let mut query = sql.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox WHERE conversation_id = ?1 AND state NOT IN ('refused', 'stopped') ORDER BY position"
    ))?;
    let mut rows = query.query([conversation.0])?;
    while let Some(row) = rows.next()? {
        let reply = read(row)?;
        // One that cannot be read is stopped, whatever its row says.
        if reply.state != OutboxState::Stopped {
            return Ok(Some(reply));
        }
    }
    Ok(None)
}

/// The outbox row of a message; none once TikTok confirmed it.
///
/// # Errors
/// [`StoreError`]
pub fn get(sql: &Connection, id: MessageId) -> Result<Option<OutboxReply>, StoreError> {
    let mut query = sql.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE message_id = ?1"))?;
    let mut rows = query.query([id.0])?;
    rows.next()?.map(read).transpose()
}

/// All of a conversation's rows, in lane order.
///
/// # Errors
/// [`StoreError`]
pub fn of_conversation(sql: &Connection, conversation: ConversationId) -> Result<Vec<OutboxReply>, StoreError> {
    let mut query =
        sql.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE conversation_id = ?1 ORDER BY position"))?;
    let mut rows = query.query([conversation.0])?;
    let mut replies = Vec::new();
    while let Some(row) = rows.next()? {
        replies.push(read(row)?);
    }
    Ok(replies)
}

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
    if let Some(why) = firing::overtaken(tx, &reply, now_ms)? {
        firing::withdraw(tx, &reply, why)?;
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
    let mut query = sql.prepare_cached(
        "SELECT id FROM message WHERE conversation_id = ?1 AND sent_at_ms > ?2 AND outgoing = 1 AND auto_type IS NULL AND surface <> 'deskbell'
         ORDER BY sent_at_ms DESC LIMIT 1",
    )?;
    Ok(query.query_row((conversation.0, seen_up_to_ms), |row| only(row).map(MessageId)).optional()?)
}

/// The time of the newest listed message, at or before this one if one is named: what an agent who looks at the screen
/// has seen. Messages of ours that no listing has shown prove nothing about a colleague's.
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
    let mut query = sql.prepare_cached(
        "SELECT coalesce(max(sent_at_ms), 0) FROM message WHERE conversation_id = ?1 AND sent_at_ms <= ?2 AND listed = 1",
    )?;
    Ok(query.query_row((conversation.0, bound.unwrap_or(Millis::MAX)), only)?)
}

/// Notes how the call under way ended. Goes into the transaction of what follows from it.
///
/// # Errors
/// [`StoreError`]
pub fn record_attempt_end(tx: &Tx<'_>, id: MessageId, end: &End, now_ms: Millis) -> Result<(), StoreError> {
    // What was read before this attempt says nothing about the next.
    tx.execute("UPDATE outbox SET read_from_ms = max(read_from_ms, ?2) WHERE message_id = ?1", (id.0, now_ms))?;
    attempt::end(tx, id, end, now_ms)
}

/// Whether one of a reply's calls may have arrived: nobody heard what came of it.
///
/// # Errors
/// [`StoreError`]
pub fn may_have_arrived(sql: &Connection, id: MessageId) -> Result<bool, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM attempt WHERE message_id = ?1 AND outcome IN ('interrupted', 'unknown'))",
    )?;
    Ok(query.query_row([id.0], only)?)
}

/// Whether TikTok's own answer named this message, and not a listing in which it was found.
///
/// # Errors
/// [`StoreError`]
pub fn was_named(sql: &Connection, id: MessageId) -> Result<bool, StoreError> {
    let mut query =
        sql.prepare_cached("SELECT EXISTS (SELECT 1 FROM attempt WHERE message_id = ?1 AND outcome = 'sent')")?;
    Ok(query.query_row([id.0], only)?)
}

/// Whether a listing could still show a message that was sent at or before this time: TikTok lists a conversation's newest
/// messages only.
///
/// # Errors
/// [`StoreError`]
pub fn is_listable(sql: &Connection, conversation: ConversationId, at_ms: Millis) -> Result<bool, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT count(*) FROM (SELECT 1 FROM message WHERE conversation_id = ?1 AND sent_at_ms > ?2 AND listed = 1 LIMIT ?3)",
    )?;
    let newer: u32 = query.query_row((conversation.0, at_ms, LISTED_MESSAGES), only)?;
    Ok(newer < LISTED_MESSAGES)
}

/// TikTok has it. The row is gone; the message is an ordinary one from here on. Whoever is told so on reply will be.
///
/// # Errors
/// [`StoreError`]
pub fn confirm_sent(tx: &mut Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    let conversation = remove_row(tx, id)?;
    conversation::owe_read(tx, conversation, model::MarkRead::OnReply)?;
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

/// TikTok answers again: what waited for that may be tried at once.
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

/// TikTok said no, to the send or to what it needs first.
///
/// # Errors
/// [`StoreError`]
pub fn refuse(tx: &mut Tx<'_>, id: MessageId, refusal: &Refusal) -> Result<(), StoreError> {
    set(tx, id, &[OutboxState::Queued, OutboxState::Sending], Transition::Refused(refusal))
}

/// The agent should look before it goes.
///
/// # Errors
/// [`StoreError`]
pub fn stop(tx: &mut Tx<'_>, id: MessageId, why: StopReason) -> Result<(), StoreError> {
    set(tx, id, &[OutboxState::Queued], Transition::Stopped(why))
}

/// When the first of a lane's held replies is to be queued.
///
/// # Errors
/// [`StoreError`]
pub fn held_until(sql: &Connection, conversation: ConversationId) -> Result<Option<Millis>, StoreError> {
    Ok(sql
        .prepare_cached("SELECT min(not_before_ms) FROM outbox WHERE conversation_id = ?1 AND state = 'held'")?
        .query_row([conversation.0], only)?)
}

/// The time of a lane's held replies up to this one has come, whatever they wait behind: they are queued.
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

/// The answer was lost.
///
/// # Errors
/// [`StoreError`]
pub fn mark_unconfirmed(tx: &mut Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    set(tx, id, &[OutboxState::Sending], Transition::Checking)
}

/// It was not found in time.
///
/// # Errors
/// [`StoreError`]
pub fn mark_undecided(tx: &mut Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    set(tx, id, &[OutboxState::Checking], Transition::Undecided)
}

/// A listing was read and it was not in it. Returns how many there were by now.
///
/// # Errors
/// [`StoreError`]
pub fn record_check(tx: &Tx<'_>, id: MessageId) -> Result<u32, StoreError> {
    Ok(tx.query_row("UPDATE outbox SET checks = checks + 1 WHERE message_id = ?1 RETURNING checks", [id.0], only)?)
}

/// After a crash: calls whose end nobody heard are unconfirmed, never sent again blindly, and what could still be undone
/// goes back into its draft, unsent.
///
/// # Errors
/// [`StoreError`]
pub fn recover_after_crash(tx: &mut Tx<'_>, now_ms: Millis) -> Result<usize, StoreError> {
    let ids = |tx: &Tx<'_>, state: OutboxState| -> Result<Vec<MessageId>, StoreError> {
        let mut query =
            tx.prepare("SELECT message_id FROM outbox WHERE state = ?1 ORDER BY conversation_id, position DESC")?;
        Ok(query.query_map([Word(state)], |row| only(row).map(MessageId))?.collect::<Result<_, _>>()?)
    };
    let lost = ids(tx, OutboxState::Sending)?;
    for id in &lost {
        mark_unconfirmed(tx, *id)?;
    }
    for id in ids(tx, OutboxState::Held)? {
        if !actions::restore_to_draft(tx, id, now_ms)? {
            set(tx, id, &[OutboxState::Held], Transition::Stopped(StopReason::Interrupted))?;
        }
    }
    Ok(lost.len())
}

/// Messages of ours that TikTok has not named yet and one of whose calls may have arrived, with when that call began: what an
/// unknown outgoing message may turn out to be. The oldest call comes first, and last come those of replies that wait to be
/// sent again: what was called for since is likelier. A message is named once for each such call.
///
/// # Errors
/// [`StoreError`]
pub fn claimable(
    sql: &Connection,
    conversation: ConversationId,
) -> Result<Vec<(MessageId, Content, Millis)>, StoreError> {
    // A message the agent said arrived has no outbox row, but TikTok's list may still name it. One whose attempts are told
    // of no more was sent about when it stands.
    let mut query = sql.prepare_cached(
        "SELECT m.id, m.content, coalesce(a.started_at_ms, o.started_at_ms, m.sent_at_ms) AS began
         FROM message m LEFT JOIN outbox o ON o.message_id = m.id LEFT JOIN attempt a ON a.message_id = m.id
         WHERE m.conversation_id = ?1 AND m.outgoing = 1 AND m.remote_id IS NULL
             AND (a.outcome IN ('interrupted', 'unknown')
                 OR a.id IS NULL AND (o.state IS NULL OR o.state IN ('sending', 'checking', 'undecided')))
         ORDER BY coalesce(o.state, '') IN ('queued', 'refused', 'stopped'), began, m.id",
    )?;
    let mut rows = query.query([conversation.0])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(content) = readable::column(TABLE, row, "content")? {
            found.push((MessageId(row.get("id")?), content, row.get("began")?));
        }
    }
    Ok(found)
}

/// Messages of ours that TikTok has named and that were called for more often: what was sent in calls between these times
/// nobody heard the end of, beside the copy that is known.
///
/// # Errors
/// [`StoreError`]
pub fn sent_besides(
    sql: &Connection,
    conversation: ConversationId,
    (from_ms, to_ms): (Millis, Millis),
) -> Result<Vec<Content>, StoreError> {
    let mut query = sql.prepare_cached(
        "SELECT m.content FROM message m WHERE m.conversation_id = ?1 AND m.outgoing = 1 AND m.remote_id IS NOT NULL AND m.surface = 'deskbell'
             AND m.id IN (SELECT message_id FROM attempt WHERE started_at_ms BETWEEN ?2 AND ?3 AND outcome IN ('interrupted', 'unknown'))
             AND (SELECT count(*) FROM attempt WHERE message_id = m.id AND outcome IN ('interrupted', 'unknown', 'sent')) > 1",
    )?;
    let mut rows = query.query((conversation.0, from_ms, to_ms))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(serde_json::from_str(&row.get::<_, String>("content")?)?);
    }
    Ok(found)
}

/// TikTok's id turned out to be another message's: whether this one arrived is not known after all, and it is looked for.
///
/// # Errors
/// [`StoreError`]
pub fn reopen(tx: &mut Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    let message = message::get(tx, id)?;
    message::clear_remote_id(tx, id)?;
    attempt::doubt(tx, id)?;
    // What cannot be sent again any more is only looked for.
    let Some(outgoing) = Outgoing::of(&message.content) else { return conversation::refresh(tx, message.conversation) };
    tx.execute(
        "INSERT INTO outbox (message_id, conversation_id, account_id, position, outgoing, quoted_remote_id, state, attempt, started_at_ms, seen_up_to_ms)
         SELECT ?1, ?2, ?3, (SELECT coalesce(min(position), 1) - 1 FROM outbox WHERE conversation_id = ?2), ?4, ?5, 'checking',
             count(*), coalesce(max(started_at_ms), ?6), ?6 FROM attempt WHERE message_id = ?1
         ON CONFLICT DO NOTHING",
        (
            id.0, message.conversation.0, message.account.0, serde_json::to_string(&outgoing)?, message.quoted_remote_id,
            message.sent_at_ms,
        ),
    )?;
    conversation::refresh(tx, message.conversation)
}

/// Takes a message and its row out.
pub(super) fn delete_with_message(tx: &Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    remove_row(tx, id)?;
    message::remove(tx, id)
}

fn remove_row(tx: &Tx<'_>, id: MessageId) -> Result<ConversationId, StoreError> {
    Ok(tx.query_row("DELETE FROM outbox WHERE message_id = ?1 RETURNING conversation_id", [id.0], |row| {
        only(row).map(ConversationId)
    })?)
}

/// The state that a row changes to, with what it holds there.
enum Transition<'a> {
    /// It goes out by itself, not before this time if one is given.
    Queued { not_before_ms: Option<Millis>, waiting: Option<&'a WaitReason> },
    /// TikTok said no.
    Refused(&'a Refusal),
    /// The agent should look before it goes.
    Stopped(StopReason),
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
            Self::Checking => OutboxState::Checking,
            Self::Undecided => OutboxState::Undecided,
        }
    }
}

/// Changes the state of a row that is in one of these states; one that is in another by now is left alone.
fn set(tx: &mut Tx<'_>, id: MessageId, from: &[OutboxState], to: Transition<'_>) -> Result<(), StoreError> {
    let (not_before_ms, waiting) = match to {
        Transition::Queued { not_before_ms, waiting } => (not_before_ms, waiting),
        Transition::Refused(_) | Transition::Stopped(_) | Transition::Checking | Transition::Undecided => (None, None),
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

/// The word of a [`WaitReason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitWord {
    Offline,
    RateLimited,
    Relink,
    EarlierUnconfirmed,
    Uploading,
    MayHaveArrived,
}

stored_enum!(WaitWord {
    Offline => "offline",
    RateLimited => "rateLimited",
    Relink => "relink",
    EarlierUnconfirmed => "earlierUnconfirmed",
    Uploading => "uploading",
    MayHaveArrived => "mayHaveArrived",
});

impl WaitWord {
    fn of(reason: &WaitReason) -> Self {
        match reason {
            WaitReason::Offline => Self::Offline,
            WaitReason::RateLimited { .. } => Self::RateLimited,
            WaitReason::Relink => Self::Relink,
            WaitReason::EarlierUnconfirmed => Self::EarlierUnconfirmed,
            WaitReason::Uploading => Self::Uploading,
            WaitReason::MayHaveArrived => Self::MayHaveArrived,
        }
    }

    fn reason(self, until_ms: Option<Millis>) -> WaitReason {
        match self {
            Self::Offline => WaitReason::Offline,
            Self::RateLimited => WaitReason::RateLimited { until_ms: until_ms.unwrap_or(0) },
            Self::Relink => WaitReason::Relink,
            Self::EarlierUnconfirmed => WaitReason::EarlierUnconfirmed,
            Self::Uploading => WaitReason::Uploading,
            Self::MayHaveArrived => WaitReason::MayHaveArrived,
        }
    }
}

/// When what a reply waits for is over, if that is known.
fn wait_until(reason: &WaitReason) -> Option<Millis> {
    match reason {
        WaitReason::RateLimited { until_ms } => Some(*until_ms),
        WaitReason::Offline
        | WaitReason::Relink
        | WaitReason::EarlierUnconfirmed
        | WaitReason::Uploading
        | WaitReason::MayHaveArrived => None,
    }
}

const COLUMNS: &str = "message_id, conversation_id, account_id, outgoing, quoted_remote_id, state, attempt, started_at_ms, not_before_ms, wait_reason, wait_until_ms, refusal, checks, stopped, seen_up_to_ms, read_from_ms";

fn read(row: &Row<'_>) -> Result<OutboxReply, StoreError> {
    let outgoing: Option<Outgoing> = readable::column(TABLE, row, "outgoing")?;
    let mut stopped: Option<StopReason> = readable::column(TABLE, row, "stopped")?;
    let mut state = row.get::<_, Word<OutboxState>>("state")?.0;
    // What cannot be read is not sent. What may have been sent is still looked for.
    if outgoing.is_none() && matches!(state, OutboxState::Held | OutboxState::Queued)
        || state == OutboxState::Stopped && stopped.is_none()
    {
        (state, stopped) = (OutboxState::Stopped, Some(StopReason::Unreadable));
    }
    let until_ms = row.get("wait_until_ms")?;
    Ok(OutboxReply {
        message: MessageId(row.get("message_id")?),
        conversation: ConversationId(row.get("conversation_id")?),
        account: AccountId(row.get("account_id")?),
        outgoing: outgoing.unwrap_or(Outgoing::Text { body: String::new() }),
        quoted_remote_id: row.get("quoted_remote_id")?,
        state,
        attempt: row.get("attempt")?,
        started_at_ms: row.get("started_at_ms")?,
        not_before_ms: row.get("not_before_ms")?,
        waiting: readable::word::<WaitWord>(TABLE, row, "wait_reason")?.map(|word| word.reason(until_ms)),
        refusal: readable::column(TABLE, row, "refusal")?,
        checks: row.get("checks")?,
        stopped,
        seen_up_to_ms: row.get("seen_up_to_ms")?,
        read_from_ms: row.get("read_from_ms")?,
    })
}
