//! The one way in. Every reading of a conversation is stored by [`apply`]; what is pushed is stored by [`pushed::apply`], which
//! shares its parts. Applying the same twice changes nothing the second time.
//!
//! One transaction for each batch: the customer, the messages, the gap where what we got does not meet what we had, the
//! replies it confirms, the conversation's row, and how far the source has come.

// A new kind of message, error or state does not compile here before it has an answer.
#![warn(clippy::wildcard_enum_match_arm)]

mod claim;
mod confirm;
mod gaps;
mod heard;
mod options;
pub mod pushed;

use std::borrow::Cow;

use model::{AccountId, ConversationId, MessageId, Millis, Surface};
use store::table::media::{self, WantedImage};
use store::table::message::{self, IncomingMessage};
use store::table::person::PersonUpdate;
use store::table::{account, conversation, outbox, person, unreadable};
use store::{StoreError, Tx};

pub(crate) use self::claim::is_message_id;
use self::claim::{claim, contradicts, is_only_named, is_ours_besides, reopen};
pub use self::confirm::confirm;
use self::gaps::{lacks_older, note_gaps};
pub use self::options::ApplyOptions;
use crate::content::picture_of;
use crate::rules::due::make_due;
use crate::source::Batch;

/// After so many readings that lack a reply of ours the agent decides, if the last of them is late enough.
const MAX_CHECKS: u32 = 3;

/// The outcome of applying a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Messages of the customer that were not known before.
    pub arrived: Vec<MessageId>,
    /// Replies of ours that were found in it.
    pub confirmed: Vec<MessageId>,
    /// Replies of ours that were not found in time.
    pub undecided: Vec<MessageId>,
    /// Conversations in which a reply lost the id that the answer to its send had named, because that id is another
    /// message's. Their lanes are woken.
    pub reopened: Vec<ConversationId>,
    /// Whether pictures were queued for download.
    pub pictures: bool,
    /// Whether its newest message is older than the `update_time` it answers, so that the conversation is read again.
    pub behind: bool,
    /// Whether anything the page shows has changed.
    pub changed: bool,
}

impl Applied {
    /// Whether it settled a reply: one was found, or left to the agent. Its lane goes on then.
    #[must_use]
    pub fn settles_replies(&self) -> bool {
        !self.confirmed.is_empty() || !self.undecided.is_empty()
    }
}

/// Stores a batch in one transaction.
///
/// # Errors
/// [`StoreError`]; then nothing of it was kept.
pub fn apply(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    batch: &Batch,
    options: ApplyOptions,
) -> Result<Applied, StoreError> {
    let known = conversation::get(tx, conversation)?;
    let mut applied = Applied::default();
    let mut changed = known.fetched_updated_ms == 0;

    if let Some(news) = &batch.person {
        changed |= store_customer(tx, known.account, conversation, news, &mut applied)?;
    }

    let placed = placed(tx, known.account, &batch.messages)?;
    let mut messages: Vec<&IncomingMessage> = placed.iter().collect();
    messages.sort_by(|one, other| (one.sent_at_ms, &one.remote_id).cmp(&(other.sent_at_ms, &other.remote_id)));
    // A message that the page has twice must not count as listed before because of its first copy.
    messages.dedup_by(|one, other| one.remote_id == other.remote_id);
    let mut oldest_was_listed = false;
    for (place, news) in messages.iter().enumerate() {
        let stored = store_message(tx, known.account, conversation, news, options, true, &mut applied)?;
        oldest_was_listed |= place == 0 && stored.meets;
        changed |= stored.changed;
    }
    // An unreadable message without a time may belong before the page: messages may be missing there.
    let nameless: Vec<Option<Millis>> = batch.unreadable.iter().map(|message| message.at_ms).collect();
    let unplaced = nameless.contains(&None);
    let open =
        !oldest_was_listed && (batch.full || unplaced || lacks_older(tx, conversation, &messages, options.now_ms)?);
    changed |= note_gaps(tx, known.account, conversation, &messages, &nameless, open, options.now_ms)?;
    changed |= heard::close_gaps(tx, conversation, options)?;
    for message in &batch.unreadable {
        unreadable::keep(tx, conversation, message.at_ms, &message.raw, options.now_ms)?;
    }
    settle_missing(tx, conversation, batch, options, &mut applied)?;

    if !applied.arrived.is_empty() && known.fetched_updated_ms > 0 {
        conversation::reopen_for_customer(tx, conversation)?;
    }
    mark_due_for_rules(tx, known.account, conversation, &applied, options.now_ms)?;
    if let Some(first) = messages.iter().find(|news| !news.outgoing)
        && let Some(person) = conversation::get(tx, conversation)?.person
    {
        person::record_contact(tx, person, first.sent_at_ms)?;
    }
    let newest_ms = messages.last().map_or(0, |news| news.sent_at_ms);
    applied.behind = options.reread_if_behind && newest_ms < options.updated_ms;
    // One less than `update_time` keeps it due.
    let fetched_ms = if applied.behind { options.updated_ms.saturating_sub(1) } else { options.updated_ms };
    conversation::mark_fetched(tx, conversation, fetched_ms, !applied.behind)?;
    applied.changed = changed || !applied.undecided.is_empty();
    if applied.changed {
        conversation::refresh(tx, conversation)?;
    }
    Ok(applied)
}

/// Marks the customers' messages that have just come in as due for the rules.
fn mark_due_for_rules(
    tx: &Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    applied: &Applied,
    now_ms: Millis,
) -> Result<(), StoreError> {
    if applied.arrived.is_empty() {
        return Ok(());
    }
    make_due(tx, &account::get(tx, account)?, conversation, &applied.arrived, now_ms)
}

/// Stores what was learned of a conversation's customer; whether anything shown has changed.
fn store_customer(
    tx: &Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    news: &PersonUpdate,
    applied: &mut Applied,
) -> Result<bool, StoreError> {
    let upserted = person::upsert(tx, account, news)?;
    conversation::set_person(tx, conversation, upserted.id)?;
    if upserted.new_avatar {
        media::want(tx, account, WantedImage::Avatar(upserted.id))?;
        applied.pictures = true;
    }
    Ok(upserted.changed)
}

/// The messages; one without a time of TikTok's keeps the time under which it is stored.
fn placed<'a>(
    tx: &Tx<'_>,
    account: AccountId,
    messages: &'a [IncomingMessage],
) -> Result<Cow<'a, [IncomingMessage]>, StoreError> {
    let mut placed = Cow::Borrowed(messages);
    for (at, news) in messages.iter().enumerate().filter(|(_, news)| !news.is_timed) {
        if let Some(held) = message::find(tx, account, &news.remote_id)?
            && let Some(news) = placed.to_mut().get_mut(at)
        {
            news.sent_at_ms = held.sent_at_ms;
        }
    }
    Ok(placed)
}

/// The outcome of storing one message.
#[derive(Debug, Clone, Copy)]
struct StoredMessage {
    /// Whether an earlier reading showed it, so that the page adds no gap before it.
    meets: bool,
    /// Whether anything shown has changed.
    changed: bool,
}

/// Stores one message. `listed`: it came in a reading, not by a push.
fn store_message(
    tx: &mut Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    news: &IncomingMessage,
    options: ApplyOptions,
    listed: bool,
    applied: &mut Applied,
) -> Result<StoredMessage, StoreError> {
    let held = message::find_in(tx, account, conversation, &news.remote_id)?;
    if let Some(held) = held.as_ref().filter(|held| !contradicts(held, news)) {
        let updated = if listed {
            message::update(tx, held, news, true)?
        } else {
            // A push does not carry a message's reactions; they come as events of their own.
            let news = IncomingMessage { reactions: held.reactions.clone(), ..news.clone() };
            message::update(tx, held, &news, false)?
        };
        if updated.picture {
            // Another picture than the one that may have been given up.
            media::want_again(tx, account, held.id)?;
            applied.pictures = true;
        }
        // A message we only know because we sent it, or because it was pushed, proves nothing about what came before it.
        return Ok(StoredMessage { meets: held.listed, changed: updated.changed });
    }
    // The answer to a send had named this id, but it is another message's: that reply loses it.
    let elsewhere = message::find_elsewhere(tx, account, conversation, &news.remote_id)?;
    for misnamed in held.into_iter().chain(elsewhere.into_iter().filter(is_only_named)) {
        reopen(tx, &misnamed, options)?;
        applied.reopened.push(misnamed.conversation);
    }
    if let Some(reply) = claim(tx, conversation, news, options)? {
        message::assign_remote_id(tx, reply, &news.remote_id, Some(news), listed)?;
        if outbox::get(tx, reply)?.is_some() {
            outbox::confirm_sent(tx, reply)?;
        }
        applied.confirmed.push(reply);
    } else {
        let ours = is_ours_besides(tx, conversation, news, options)?;
        let surface = if ours { Surface::Deskbell } else { news.surface };
        let id = message::insert(tx, account, conversation, &IncomingMessage { surface, ..news.clone() }, listed)?;
        if picture_of(&news.content).is_some() {
            media::want(tx, account, WantedImage::Message(id))?;
            applied.pictures = true;
        }
        if !news.outgoing {
            applied.arrived.push(id);
        }
    }
    Ok(StoredMessage { meets: false, changed: true })
}

/// Counts a miss for each reply in `checking` whose attempt began before this reading was asked for. After `MAX_CHECKS` and
/// `undecided_after_ms` the agent decides.
fn settle_missing(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    batch: &Batch,
    options: ApplyOptions,
    applied: &mut Applied,
) -> Result<(), StoreError> {
    for reply in outbox::of_conversation(tx, conversation)? {
        let Some(started_at_ms) = reply.started_at_ms.filter(|_| reply.state == outbox::OutboxState::Checking) else {
            continue;
        };
        if batch.asked_at_ms < started_at_ms {
            continue;
        }
        let checks = outbox::record_check(tx, reply.message)?;
        if checks >= MAX_CHECKS && batch.asked_at_ms.saturating_sub(started_at_ms) >= options.undecided_after_ms {
            outbox::mark_undecided(tx, reply.message)?;
            applied.undecided.push(reply.message);
        }
    }
    Ok(())
}
