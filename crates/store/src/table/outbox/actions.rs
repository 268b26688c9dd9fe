//! What the agent does to replies: queue, undo, edit, reorder, send again, take back.

use model::{Change, ConversationId, MessageId, Millis, Outgoing};
use rusqlite::OptionalExtension;

use super::begin::{colleague_replied, seen_up_to};
use super::claim::may_have_arrived;
use super::row::{OutboxReply, OutboxState, get, of_conversation, remove_row};
use super::transition::{Transition, confirm_sent, set};
use crate::rows::only;
use crate::stored::Word;
use crate::table::draft::{self, Draft};
use crate::table::{conversation, message, upload};
use crate::{StoreError, Tx, readable};

/// The last part of the time in which a reply can be undone; what was read before it is too old.
const READ_IN_LAST_FRACTION: Millis = 10;

/// Places that no reply has, for those that are being moved.
const MOVED_ASIDE: i64 = -1_000_000_000;

/// A press of Send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The conversation it goes into.
    pub conversation: ConversationId,
    /// The messages it makes, in order.
    pub parts: Vec<Outgoing>,
    /// The message its text quotes.
    pub quoted: Option<MessageId>,
    /// The newest message on screen; none if the page did not say.
    pub seen: Option<MessageId>,
    /// Whether to send although a colleague has replied since.
    pub anyway: bool,
    /// However often it arrives, it is queued once.
    pub key: Option<String>,
    /// What it was made from.
    pub clears: DraftSource,
    /// Until when it can be undone; none to queue it at once.
    pub hold_until_ms: Option<Millis>,
}

/// Which draft a press of Send was made from, and clears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftSource {
    /// The reply: text, quote and picture.
    Reply,
    /// The card.
    Card,
    /// None: it was chosen, not typed.
    Nothing,
}

/// What came of a press of Send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubmitOutcome {
    /// The messages, on disk.
    Queued(Vec<MessageId>),
    /// A colleague has replied since: nothing was queued.
    ColleagueReplied(MessageId),
    /// The quoted message cannot be quoted: nothing was queued.
    NotQuotable,
}

/// Queues what one press of Send makes, in one go: messages and outbox rows.
///
/// # Errors
/// [`StoreError::NotFound`] if there is no such conversation.
pub fn submit(tx: &mut Tx<'_>, press: &Submission, now_ms: Millis) -> Result<SubmitOutcome, StoreError> {
    if let Some(key) = &press.key {
        let known: Option<String> =
            tx.query_row("SELECT messages FROM press WHERE key = ?1", [key], only).optional()?;
        if let Some(known) = known {
            // It was queued, whatever is left of its row: never twice.
            return Ok(SubmitOutcome::Queued(readable::parse("press", known.as_bytes()).unwrap_or_default()));
        }
    }
    let seen = seen_up_to(tx, press.conversation, press.seen)?;
    if !press.anyway
        && let Some(colleagues) = colleague_replied(tx, press.conversation, seen)?
    {
        return Ok(SubmitOutcome::ColleagueReplied(colleagues));
    }
    let seen_up_to_ms = if press.anyway { seen_up_to(tx, press.conversation, None)? } else { seen };
    let quoted = match press.quoted {
        None => None,
        Some(id) => {
            let held = message::get(tx, id)?;
            let remote_id =
                held.remote_id.filter(|_| held.conversation == press.conversation && held.content.is_quotable());
            let Some(remote_id) = remote_id else { return Ok(SubmitOutcome::NotQuotable) };
            Some(remote_id)
        }
    };
    let ids =
        queue_all(tx, press.conversation, &press.parts, quoted.as_deref(), seen_up_to_ms, press.hold_until_ms, now_ms)?;
    match press.clears {
        DraftSource::Reply => draft::clear(tx, press.conversation)?,
        DraftSource::Card => draft::save_card(tx, press.conversation, None, now_ms)?,
        DraftSource::Nothing => {}
    }
    if let Some(key) = &press.key {
        tx.execute(
            "INSERT INTO press (key, messages, pressed_ms) VALUES (?1, ?2, ?3)",
            (key, serde_json::to_string(&ids)?, now_ms),
        )?;
    }
    Ok(SubmitOutcome::Queued(ids))
}

/// Queues messages at the end of their lane.
///
/// # Errors
/// [`StoreError::NotFound`] if there is no such conversation.
pub fn queue_all(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    parts: &[Outgoing],
    quoted: Option<&str>,
    seen_up_to_ms: Millis,
    hold_until_ms: Option<Millis>,
    now_ms: Millis,
) -> Result<Vec<MessageId>, StoreError> {
    let mut ids = Vec::new();
    for part in parts {
        // Only a text can quote.
        let quoted = quoted.filter(|_| part.text().is_some());
        ids.push(queue(tx, conversation, part, quoted, seen_up_to_ms, hold_until_ms, now_ms)?);
    }
    conversation::refresh(tx, conversation)?;
    Ok(ids)
}

/// Queues one message. The caller refreshes the conversation's row.
fn queue(
    tx: &Tx<'_>,
    conversation: ConversationId,
    outgoing: &Outgoing,
    quoted: Option<&str>,
    seen_up_to_ms: Millis,
    hold_until_ms: Option<Millis>,
    now_ms: Millis,
) -> Result<MessageId, StoreError> {
    let account = conversation::get(tx, conversation)?.account;
    // Only what was read in the last of the time in which it can be undone tells whether a colleague answered in it.
    let read_from_ms = hold_until_ms.map_or(now_ms, |until_ms| until_ms - (until_ms - now_ms) / READ_IN_LAST_FRACTION);
    let id = message::insert_own(tx, account, conversation, &outgoing.content(), quoted, now_ms)?;
    tx.execute(
        "INSERT INTO outbox (message_id, conversation_id, account_id, position, outgoing, quoted_remote_id, state, not_before_ms, seen_up_to_ms, read_from_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        (
            id.0, conversation.0, account.0, next_position(tx, conversation)?, serde_json::to_string(outgoing)?, quoted,
            Word(if hold_until_ms.is_some() { OutboxState::Held } else { OutboxState::Queued }), hold_until_ms.unwrap_or(0), seen_up_to_ms, read_from_ms,
        ),
    )?;
    if let Outgoing::Image { key, .. } = outgoing {
        upload::want(tx, account, key)?;
    }
    Ok(id)
}

fn next_position(tx: &Tx<'_>, conversation: ConversationId) -> Result<i64, StoreError> {
    Ok(tx.query_row(
        "SELECT coalesce(max(position), 0) + 1 FROM outbox WHERE conversation_id = ?1",
        [conversation.0],
        only,
    )?)
}

/// Takes held replies back, all or none: they are in the draft again.
///
/// # Errors
/// [`StoreError::WrongState`] if one of them is held no more, or the draft has no room for it.
pub fn undo(tx: &mut Tx<'_>, ids: &[MessageId], now_ms: Millis) -> Result<Option<ConversationId>, StoreError> {
    let mut conversation = None;
    // The last first, because each is put in front of what is there.
    for id in ids.iter().rev() {
        let held = get(tx, *id)?.filter(|reply| reply.state == OutboxState::Held).ok_or(StoreError::WrongState)?;
        conversation = Some(held.conversation);
        if !restore_to_draft(tx, *id, now_ms)? {
            return Err(StoreError::WrongState);
        }
    }
    Ok(conversation)
}

/// Takes a reply that certainly did not go out off its lane and puts it in front of the draft. `false` if the draft
/// holds another picture or card in its place; then nothing was changed.
pub(super) fn restore_to_draft(tx: &mut Tx<'_>, id: MessageId, now_ms: Millis) -> Result<bool, StoreError> {
    let reply = get(tx, id)?.ok_or(StoreError::WrongState)?;
    let conversation = reply.conversation;
    let mut kept = draft::get(tx, conversation)?;
    match &reply.outgoing {
        Outgoing::Text { body } => {
            let quoted = match &reply.quoted_remote_id {
                Some(remote_id) => {
                    message::find_in(tx, reply.account, conversation, remote_id)?.map(|message| message.id)
                }
                None => None,
            };
            let text = Draft { body: body.clone(), quoted, attachment: None };
            let Some(draft) = kept.prepend(text) else { return Ok(false) };
            kept = draft;
        }
        Outgoing::Image { key, .. } => {
            let picture = Draft { attachment: Some(key.clone()), ..Draft::default() };
            let Some(draft) = kept.prepend(picture) else { return Ok(false) };
            kept = draft;
        }
        Outgoing::Card { card } => {
            if draft::card(tx, conversation)?.is_some_and(|other| other != *card) {
                return Ok(false);
            }
            draft::save_card(tx, conversation, Some(card), now_ms)?;
        }
        // A post is chosen, not written: there is nothing to keep.
        Outgoing::Post { .. } => {}
    }
    draft::save(tx, conversation, &kept, now_ms)?;
    remove_row(tx, id)?;
    message::remove(tx, id)?;
    conversation::refresh(tx, conversation)?;
    tx.touch(Change::Conversation { conversation });
    Ok(true)
}

/// Changes the text of a reply that certainly did not go out. A stopped or refused one stays so until it is sent again.
///
/// # Errors
/// [`StoreError::WrongState`] if it is not a text or may be on its way.
pub fn edit(tx: &mut Tx<'_>, id: MessageId, body: &str) -> Result<ConversationId, StoreError> {
    let reply = get(tx, id)?.ok_or(StoreError::WrongState)?;
    let open =
        matches!(reply.state, OutboxState::Held | OutboxState::Queued | OutboxState::Refused | OutboxState::Stopped);
    // What may have arrived is found by its words.
    if !open || reply.outgoing.text().is_none() || may_have_arrived(tx, id)? {
        return Err(StoreError::WrongState);
    }
    let outgoing = Outgoing::Text { body: body.to_owned() };
    tx.execute("UPDATE outbox SET outgoing = ?2 WHERE message_id = ?1", (id.0, serde_json::to_string(&outgoing)?))?;
    message::set_content(tx, id, &outgoing.content())?;
    conversation::refresh(tx, reply.conversation)?;
    Ok(reply.conversation)
}

/// Moves a queued reply by some places among those that wait like it. What is on its way or must be settled first keeps
/// its place.
///
/// # Errors
/// [`StoreError::WrongState`] if it is not waiting.
pub fn move_by(tx: &mut Tx<'_>, id: MessageId, by: i32) -> Result<ConversationId, StoreError> {
    let conversation = get(tx, id)?.ok_or(StoreError::WrongState)?.conversation;
    let waiting: Vec<OutboxReply> = of_conversation(tx, conversation)?
        .into_iter()
        .filter(|reply| matches!(reply.state, OutboxState::Queued | OutboxState::Held))
        .collect();
    let from = waiting.iter().position(|reply| reply.message == id).ok_or(StoreError::WrongState)?;
    let to = from.saturating_add_signed(by as isize).min(waiting.len() - 1);
    let mut order: Vec<MessageId> = waiting.iter().map(|reply| reply.message).collect();
    let moved = order.remove(from);
    order.insert(to, moved);
    // They share the places and times they have among them.
    let mut places = Vec::new();
    for reply in &waiting {
        let position: i64 =
            tx.query_row("SELECT position FROM outbox WHERE message_id = ?1", [reply.message.0], only)?;
        places.push((position, message::get(tx, reply.message)?.sent_at_ms));
    }
    for reply in &waiting {
        tx.execute("UPDATE outbox SET position = ?2 - position WHERE message_id = ?1", (reply.message.0, MOVED_ASIDE))?;
    }
    for (message, (position, sent_at_ms)) in order.into_iter().zip(places) {
        tx.execute("UPDATE outbox SET position = ?2 WHERE message_id = ?1", (message.0, position))?;
        message::set_time(tx, message, sent_at_ms)?;
    }
    conversation::refresh(tx, conversation)?;
    Ok(conversation)
}

/// Sends a refused, stopped or undecided message once more, at the end of its lane: it is said now, by an agent who has
/// seen what is there. One that may have arrived is looked for first ([`may_have_arrived`]).
///
/// # Errors
/// [`StoreError::WrongState`] if it is neither.
pub fn send_again(tx: &mut Tx<'_>, id: MessageId, now_ms: Millis) -> Result<OutboxReply, StoreError> {
    let reply = get(tx, id)?.ok_or(StoreError::WrongState)?;
    let position = next_position(tx, reply.conversation)?;
    let seen_up_to_ms = seen_up_to(tx, reply.conversation, None)?;
    let changed = tx.execute(
        "UPDATE outbox SET state = 'queued', position = ?2, not_before_ms = 0, wait_reason = NULL, wait_until_ms = NULL, stopped = NULL, seen_up_to_ms = ?3, read_from_ms = ?4
         WHERE message_id = ?1 AND state IN ('refused', 'stopped', 'undecided')",
        (id.0, position, seen_up_to_ms, now_ms),
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
/// [`StoreError::WrongState`] if it is not left to the agent: while it is looked for, looking is quicker than they are.
pub fn confirm_arrived(tx: &mut Tx<'_>, id: MessageId) -> Result<ConversationId, StoreError> {
    let reply = get(tx, id)?.ok_or(StoreError::WrongState)?;
    if reply.state != OutboxState::Undecided {
        return Err(StoreError::WrongState);
    }
    confirm_sent(tx, id)?;
    Ok(reply.conversation)
}

/// Takes a message out that TikTok does not have, or of which the agent does not care. What certainly did not go out is
/// put in front of the draft.
///
/// # Errors
/// [`StoreError::WrongState`] while the call is under way or once it is confirmed.
pub fn discard(tx: &mut Tx<'_>, id: MessageId, now_ms: Millis) -> Result<ConversationId, StoreError> {
    let reply = get(tx, id)?.ok_or(StoreError::WrongState)?;
    if matches!(reply.state, OutboxState::Sending | OutboxState::Checking) {
        return Err(StoreError::WrongState);
    }
    // An unconfirmed text may have arrived: offering it again would invite a double.
    if may_have_arrived(tx, id)? || !restore_to_draft(tx, id, now_ms)? {
        remove_row(tx, id)?;
        message::remove(tx, id)?;
        conversation::refresh(tx, reply.conversation)?;
    }
    Ok(reply.conversation)
}

/// Queues at once what is held.
///
/// # Errors
/// [`StoreError::WrongState`] if it is held no more.
pub fn send_now(tx: &mut Tx<'_>, id: MessageId) -> Result<ConversationId, StoreError> {
    let reply = get(tx, id)?.filter(|reply| reply.state == OutboxState::Held).ok_or(StoreError::WrongState)?;
    set(tx, id, &[OutboxState::Held], Transition::Queued { not_before_ms: Some(0), waiting: None })?;
    Ok(reply.conversation)
}

/// Forgets presses of Send older than this.
///
/// # Errors
/// [`StoreError`]
pub fn prune_submissions(tx: &Tx<'_>, before_ms: Millis) -> Result<(), StoreError> {
    tx.execute("DELETE FROM press WHERE pressed_ms < ?1", [before_ms])?;
    Ok(())
}
