//! One funnel in: whatever a source read of a conversation ends in [`apply`], and applying it twice changes nothing.
//!
//! One transaction for each batch: the customer, the messages, the gap where what we got does not meet what we had, the
//! replies it confirms, the conversation's row, and how far the source has come.

pub mod pushed;

use std::borrow::Cow;
use std::collections::HashSet;

use model::{AccountId, Content, ConversationId, MessageId, Millis, Surface};
use store::table::gap::{self, Gap};
use store::table::media::{self, WantedImage};
use store::table::message::{self, IncomingMessage, Message};
use store::table::person::PersonUpdate;
use store::table::{account, conversation, outbox, person, unreadable};
use store::{StoreError, Tx};
use unicode_normalization::UnicodeNormalization;

use crate::source::Batch;

/// A send's own clock and TikTok's may differ by this much.
const CLAIM_BEFORE_MS: i64 = 30_000;
/// How long after its beginning a send may still have arrived, beyond the call's own timeout.
const CLAIM_AFTER_MS: i64 = 60_000;
/// TikTok forgets what is older.
const REMEMBERED_MS: i64 = 90 * 86_400_000;
/// So many listings without it are enough to stop looking, if the last is late enough.
const CHECKS: u32 = 3;

/// Ids of TikTok's have some 60 characters; what is far longer is none. In bytes.
const MAX_MESSAGE_ID: usize = 512;

/// What applying a batch did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Messages of the customer that were not known before.
    pub arrived: Vec<MessageId>,
    /// Replies of ours that were found in it.
    pub confirmed: Vec<MessageId>,
    /// Replies of ours that were not found in time.
    pub undecided: Vec<MessageId>,
    /// The conversations of replies that TikTok's answer had called by another message's id: they are looked for again.
    pub reopened: Vec<ConversationId>,
    /// Whether pictures were ordered.
    pub pictures: bool,
    /// Whether it ends before TikTok says something last happened, and is to be read again.
    pub behind: bool,
    /// Whether anything the page shows has changed.
    pub news: bool,
}

/// How a batch is judged.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// By TikTok's clock.
    pub now_ms: Millis,
    /// How long one call may take.
    pub call_ms: i64,
    /// How long after its attempt a reply that was not found is left to the agent.
    pub undecided_after_ms: i64,
    /// TikTok's `update_time` that this batch answers.
    pub updated_ms: Millis,
    /// Whether a batch that ends before that time leaves the conversation to be read again: the two listings are not always
    /// of one moment. What the first reading of an old conversation lacks comes with its next activity.
    pub patient: bool,
}

/// Takes a batch in.
///
/// # Errors
/// [`StoreError`]; then nothing of it was kept.
pub fn apply(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    batch: &Batch,
    rules: Rules,
) -> Result<Applied, StoreError> {
    let known = conversation::get(tx, conversation)?;
    let mut applied = Applied::default();
    let mut changed = known.fetched_updated_ms == 0;

    if let Some(news) = &batch.person {
        changed |= meet(tx, known.account, conversation, news, &mut applied)?;
    }

    let placed = placed(tx, known.account, &batch.messages)?;
    let mut messages: Vec<&IncomingMessage> = placed.iter().collect();
    messages.sort_by(|one, other| (one.sent_at_ms, &one.remote_id).cmp(&(other.sent_at_ms, &other.remote_id)));
    // A message that is named twice does not meet itself.
    messages.dedup_by(|one, other| one.remote_id == other.remote_id);
    let mut first_meets = false;
    for (place, news) in messages.iter().enumerate() {
        let taken = take(tx, known.account, conversation, news, rules, true, &mut applied)?;
        first_meets |= place == 0 && taken.meets;
        changed |= taken.changed;
    }
    // One that does not even say when it was sent may stand anywhere.
    let nameless: Vec<Option<Millis>> = batch.unreadable.iter().map(|message| message.at_ms).collect();
    let unplaced = nameless.contains(&None);
    let open = !first_meets && (batch.full || unplaced || lacks_older(tx, conversation, &messages, rules.now_ms)?);
    changed |= note_gaps(tx, known.account, conversation, &messages, &nameless, open, rules.now_ms)?;
    for message in &batch.unreadable {
        unreadable::keep(tx, conversation, message.at_ms, &message.raw, rules.now_ms)?;
    }
    settle_missing(tx, conversation, batch, rules, &mut applied)?;

    if !applied.arrived.is_empty() && known.fetched_updated_ms > 0 {
        conversation::reopen_for_customer(tx, conversation)?;
    }
    due_for_rules(tx, known.account, conversation, &applied, rules.now_ms)?;
    if let Some(first) = messages.iter().find(|news| !news.outgoing)
        && let Some(person) = conversation::get(tx, conversation)?.person
    {
        person::record_contact(tx, person, first.sent_at_ms)?;
    }
    let newest_ms = messages.last().map_or(0, |news| news.sent_at_ms);
    applied.behind = rules.patient && newest_ms < rules.updated_ms;
    let fetched_ms = if applied.behind { rules.updated_ms.saturating_sub(1) } else { rules.updated_ms };
    conversation::mark_fetched(tx, conversation, fetched_ms, !applied.behind)?;
    applied.news = changed || !applied.undecided.is_empty();
    if applied.news {
        conversation::refresh(tx, conversation)?;
    }
    Ok(applied)
}

/// The rules are to look at the customers' messages that have just come in.
fn due_for_rules(
    tx: &Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    applied: &Applied,
    now_ms: Millis,
) -> Result<(), StoreError> {
    if applied.arrived.is_empty() {
        return Ok(());
    }
    crate::rules::arrived(tx, &account::get(tx, account)?, conversation, &applied.arrived, now_ms)
}

/// Keeps what was learned of a conversation's customer; whether anything shown has changed.
fn meet(
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

/// The messages, each where it stands in the thread: one that does not say when it was sent stays where it was put.
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

/// What came of taking one message in.
#[derive(Debug, Clone, Copy)]
struct Taken {
    /// Whether it was listed before: what came before it is here.
    meets: bool,
    /// Whether anything shown has changed.
    changed: bool,
}

/// Takes one message in. `listed` says that it came with all that TikTok lists beside it, and not alone.
fn take(
    tx: &mut Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    news: &IncomingMessage,
    rules: Rules,
    listed: bool,
    applied: &mut Applied,
) -> Result<Taken, StoreError> {
    let held = message::find_in(tx, account, conversation, &news.remote_id)?;
    if let Some(held) = held.as_ref().filter(|held| !contradicts(held, news)) {
        // A message we only know because we sent it, or because it was pushed, proves nothing about what came before it.
        let updated = if listed {
            message::update(tx, held, news, true)?
        } else {
            // What is pushed says nothing of the emoji on it: those are told of by themselves.
            let news = IncomingMessage { reactions: held.reactions.clone(), ..news.clone() };
            message::update(tx, held, &news, false)?
        };
        if updated.picture {
            // Another picture than the one that may have been given up.
            media::want_again(tx, account, held.id)?;
            applied.pictures = true;
        }
        return Ok(Taken { meets: held.listed, changed: updated.changed });
    }
    // An answer had given this id to one of ours, here or in another conversation: a message that is somebody else's.
    let elsewhere = message::find_elsewhere(tx, account, conversation, &news.remote_id)?;
    for misnamed in held.into_iter().chain(elsewhere.into_iter().filter(is_only_named)) {
        reopen(tx, &misnamed, rules)?;
        applied.reopened.push(misnamed.conversation);
    }
    if let Some(reply) = claim(tx, conversation, news, rules)? {
        message::assign_remote_id(tx, reply, &news.remote_id, Some(news), listed)?;
        if outbox::get(tx, reply)?.is_some() {
            outbox::confirm_sent(tx, reply)?;
        }
        applied.confirmed.push(reply);
    } else {
        let ours = is_ours_besides(tx, conversation, news, rules)?;
        let surface = if ours { Surface::Deskbell } else { news.surface };
        let id = message::insert(tx, account, conversation, &IncomingMessage { surface, ..news.clone() }, listed)?;
        if matches!(news.content, Content::Image { .. } | Content::Sticker { .. }) {
            media::want(tx, account, WantedImage::Message(id))?;
            applied.pictures = true;
        }
        if !news.outgoing {
            applied.arrived.push(id);
        }
    }
    Ok(Taken { meets: false, changed: true })
}

/// The reply of ours that this unknown outgoing message is: sent through the API, the same in kind and words, at the time
/// of its attempt; the nearest in time, each message once. A colleague's message from the phone or the web never is.
fn claim(
    tx: &Tx<'_>,
    conversation: ConversationId,
    news: &IncomingMessage,
    rules: Rules,
) -> Result<Option<MessageId>, StoreError> {
    if !is_from_a_client(news) {
        return Ok(None);
    }
    let mut ours = outbox::claimable(tx, conversation)?;
    let (from_ms, to_ms) = called_between(news.sent_at_ms, rules);
    ours.retain(|(_, sent, began_ms)| {
        // Of a message that does not say when it was sent the words decide.
        (!news.is_timed || (from_ms..=to_ms).contains(began_ms)) && same(sent, &news.content)
    });
    if !matches!(news.content, Content::Image { .. }) {
        return Ok(nearest(&ours, news));
    }
    // Two pictures cannot be told apart, and taking the wrong one would hide that the other is missing. One that the agent
    // says arrived is not in flight any more; between it and another the time decides.
    let mut in_flight = HashSet::new();
    for (id, ..) in &ours {
        let flies = |state| {
            matches!(
                state,
                outbox::OutboxState::Sending | outbox::OutboxState::Checking | outbox::OutboxState::Undecided
            )
        };
        in_flight.extend(outbox::get(tx, *id)?.filter(|reply| flies(reply.state)).map(|reply| reply.message));
    }
    if in_flight.len() > 1 {
        return Ok(None);
    }
    Ok(nearest(&ours, news))
}

/// The reply one of whose calls began nearest to the message's time. Calls of one conversation follow one another, and one
/// nobody heard the end of holds up the next for longer than clocks differ.
fn nearest(calls: &[(MessageId, Content, Millis)], news: &IncomingMessage) -> Option<MessageId> {
    let nearest = if news.is_timed {
        calls.iter().min_by_key(|(_, _, began_ms)| news.sent_at_ms.abs_diff(*began_ms))
    } else {
        calls.first()
    };
    nearest.map(|(id, ..)| *id)
}

/// Whether a message was sent through the API by somebody, perhaps by us: no colleague's from the phone or the web.
fn is_from_a_client(news: &IncomingMessage) -> bool {
    news.outgoing && news.auto.is_none() && matches!(news.surface, Surface::Api | Surface::Other)
}

/// When a call must have begun that sent a message of this time.
fn called_between(sent_at_ms: Millis, rules: Rules) -> (Millis, Millis) {
    let latest = rules.call_ms.saturating_add(CLAIM_AFTER_MS);
    (sent_at_ms.saturating_sub(latest), sent_at_ms.saturating_add(CLAIM_BEFORE_MS))
}

/// Whether an unknown message is a second copy of a reply of ours, which the agent had sent again and TikTok has both times:
/// no colleague's answer.
fn is_ours_besides(
    tx: &Tx<'_>,
    conversation: ConversationId,
    news: &IncomingMessage,
    rules: Rules,
) -> Result<bool, StoreError> {
    if !is_from_a_client(news) {
        return Ok(false);
    }
    let sent = outbox::sent_besides(tx, conversation, called_between(news.sent_at_ms, rules))?;
    Ok(sent.iter().any(|sent| same(sent, &news.content)))
}

/// Whether TikTok's answer to a send is all that gave a message of ours its id: no listing has shown it yet.
fn is_only_named(message: &Message) -> bool {
    message.surface == Surface::Deskbell && !message.listed
}

/// A reply loses the id that an answer gave it: it is unconfirmed again. Its own message may be here already, taken for
/// another client's; else it is looked for.
fn reopen(tx: &mut Tx<'_>, misnamed: &Message, rules: Rules) -> Result<(), StoreError> {
    outbox::reopen(tx, misnamed.id)?;
    let row = outbox::get(tx, misnamed.id)?;
    let began_ms = row.as_ref().and_then(|reply| reply.started_at_ms).unwrap_or(misnamed.sent_at_ms);
    let latest_ms = began_ms.saturating_add(rules.call_ms).saturating_add(CLAIM_AFTER_MS);
    let around = message::between(tx, misnamed.conversation, began_ms.saturating_sub(CLAIM_BEFORE_MS), latest_ms)?;
    let is_it = |held: &&Message| {
        let by_a_client = matches!(held.surface, Surface::Api | Surface::Other);
        held.outgoing && held.auto.is_none() && by_a_client && same(&misnamed.content, &held.content)
    };
    let Some(held) = around.iter().find(is_it) else { return Ok(()) };
    let news = as_news(tx, held)?;
    gap::move_to(tx, held.conversation, held.id, misnamed.id)?;
    message::remove(tx, held.id)?;
    message::assign_remote_id(tx, misnamed.id, &news.remote_id, Some(&news), held.listed)?;
    if row.is_some() { outbox::confirm_sent(tx, misnamed.id) } else { conversation::refresh(tx, misnamed.conversation) }
}

/// Whether a listing shows another message under the id that an answer gave to one of ours.
fn contradicts(held: &Message, news: &IncomingMessage) -> bool {
    let other_side = !news.outgoing || news.auto.is_some();
    let other_kind = std::mem::discriminant(&held.content) != std::mem::discriminant(&news.content)
        && !matches!(news.content, Content::Unsupported { .. });
    let by_hand = matches!(news.surface, Surface::Phone | Surface::Web) && !same(&held.content, &news.content);
    is_only_named(held) && (other_side || other_kind || by_hand)
}

/// Whether a listed message may be what we sent, as far as a listing shows it.
fn same(sent: &Content, listed: &Content) -> bool {
    match (sent, listed) {
        (Content::Text { body: sent }, Content::Text { body: listed }) => comparable(sent) == comparable(listed),
        (Content::Image { .. }, Content::Image { .. }) => true,
        (Content::Card { title, buttons, .. }, Content::Card { title: listed, buttons: listed_buttons, .. }) => {
            comparable(title) == comparable(listed)
                && buttons.len() == listed_buttons.len()
                && buttons.iter().zip(listed_buttons).all(|(sent, listed)| comparable(sent) == comparable(listed))
        }
        (Content::SharePost { item_id: sent, .. }, Content::SharePost { item_id: listed, embed_url }) => {
            match (sent, listed) {
                (Some(sent), Some(listed)) => sent == listed,
                (Some(sent), None) => embed_url.contains(sent.as_str()),
                (None, _) => false,
            }
        }
        _ => false,
    }
}

/// TikTok may tidy a text on its way.
fn comparable(text: &str) -> String {
    text.replace("\r\n", "\n").trim().nfc().collect()
}

/// Whether a page that is not full, and begins with a message that was never listed, still is not the whole conversation:
/// we hold an older one that TikTok listed and has not had to forget.
fn lacks_older(
    tx: &Tx<'_>,
    conversation: ConversationId,
    messages: &[&IncomingMessage],
    now_ms: Millis,
) -> Result<bool, StoreError> {
    let Some(first) = messages.first() else { return Ok(false) };
    let Some(older) = message::newest_listed(tx, conversation, first.sent_at_ms)? else { return Ok(false) };
    Ok(message::get(tx, older)?.sent_at_ms > now_ms.saturating_sub(REMEMBERED_MS))
}

/// A page has no omissions, so there is no gap inside it, but where a message of it came without an id. What comes before
/// its first message is open, unless that was listed before or the page shows the whole conversation. So is then what
/// comes before each message in between that was never listed, because we sent it or it was pushed.
fn note_gaps(
    tx: &Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    messages: &[&IncomingMessage],
    nameless: &[Option<Millis>],
    open: bool,
    now_ms: Millis,
) -> Result<bool, StoreError> {
    let mut changed = false;
    let Some(first) = messages.first() else { return Ok(false) };
    if !nameless.is_empty() || gap::exists(tx, conversation)? {
        for (earlier, later) in messages.iter().zip(messages.iter().skip(1)) {
            let Some(held) = message::find_in(tx, account, conversation, &later.remote_id)? else { continue };
            if nameless.iter().flatten().any(|at_ms| earlier.sent_at_ms < *at_ms && *at_ms <= later.sent_at_ms) {
                let after = message::find_in(tx, account, conversation, &earlier.remote_id)?.map(|earlier| earlier.id);
                changed |= gap::insert(tx, conversation, Gap { before: held.id, after }, now_ms)?;
            } else {
                changed |= gap::close(tx, conversation, held.id)?;
            }
        }
    }
    let open = open || nameless.iter().flatten().any(|at_ms| *at_ms <= first.sent_at_ms);
    let Some(first) = message::find_in(tx, account, conversation, &first.remote_id)?.filter(|_| open) else {
        return Ok(changed);
    };
    let mut after = message::newest_listed(tx, conversation, first.sent_at_ms)?;
    let unlisted = message::unlisted_between(tx, conversation, after, first.sent_at_ms)?;
    for before in unlisted.into_iter().chain([first.id]) {
        changed |= gap::insert(tx, conversation, Gap { before, after }, now_ms)?;
        after = Some(before);
    }
    Ok(changed)
}

/// Counts this listing against every unconfirmed reply it should have shown, and leaves to the agent what was not found.
fn settle_missing(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    batch: &Batch,
    rules: Rules,
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
        if checks >= CHECKS && batch.asked_at_ms.saturating_sub(started_at_ms) >= rules.undecided_after_ms {
            outbox::mark_undecided(tx, reply.message)?;
            applied.undecided.push(reply.message);
        }
    }
    Ok(())
}

/// Binds a reply to the id that TikTok's own answer gave it. The answer is the authority: where a listing came first
/// and this reply was taken for another message of the same text, the two change places. But an id that cannot be this
/// reply's is not believed: then nothing is changed, and `false` says that what became of the call is not known.
///
/// # Errors
/// [`StoreError`]
pub fn confirm(tx: &mut Tx<'_>, account: AccountId, reply: MessageId, remote_id: &str) -> Result<bool, StoreError> {
    let ours = match message::get(tx, reply) {
        Ok(ours) => ours,
        // The agent discarded it meanwhile; the next listing brings it back as an ordinary message.
        Err(StoreError::NotFound) => return Ok(true),
        Err(error) => return Err(error),
    };
    let held = message::find_in(tx, account, ours.conversation, remote_id)?.filter(|held| held.id != reply);
    if !is_believable(tx, &ours, held.as_ref(), remote_id)? {
        return Ok(false);
    }
    match (ours.remote_id.as_deref(), held) {
        (Some(bound), _) if bound == remote_id => {}
        (None, None) => message::assign_remote_id(tx, reply, remote_id, None, false)?,
        (None, Some(held)) => {
            let news = as_news(tx, &held)?;
            gap::move_to(tx, held.conversation, held.id, reply)?;
            if held.surface == Surface::Deskbell {
                // A listing had it taken for another of our replies, which is looked for again.
                outbox::reopen(tx, held.id)?;
            } else {
                message::remove(tx, held.id)?;
            }
            message::assign_remote_id(tx, reply, remote_id, Some(&news), held.listed)?;
        }
        (Some(_), held) => {
            let others = as_news(tx, &ours)?;
            message::clear_remote_id(tx, reply)?;
            match held {
                Some(held) => {
                    let news = as_news(tx, &held)?;
                    message::clear_remote_id(tx, held.id)?;
                    message::assign_remote_id(tx, reply, remote_id, Some(&news), held.listed)?;
                    message::assign_remote_id(tx, held.id, &others.remote_id, Some(&others), true)?;
                    let nobody = MessageId(-1);
                    for (from, to) in [(reply, nobody), (held.id, reply), (nobody, held.id)] {
                        gap::move_to(tx, ours.conversation, from, to)?;
                    }
                }
                None => {
                    message::assign_remote_id(tx, reply, remote_id, None, false)?;
                    let other = message::insert(tx, account, ours.conversation, &others, true)?;
                    gap::move_to(tx, ours.conversation, reply, other)?;
                }
            }
        }
    }
    if outbox::get(tx, reply)?.is_some() {
        outbox::confirm_sent(tx, reply)?;
    } else {
        conversation::refresh(tx, ours.conversation)?;
    }
    Ok(true)
}

/// Whether TikTok's answer to a send can mean the message that was sent: its id is one, no other conversation has it, of
/// whichever account, and the message that has it here, if one does, may be what the call made. That is no customer's, no
/// automatic one, none by hand, none that was there when Send was pressed, and none that an answer has named before.
fn is_believable(tx: &Tx<'_>, ours: &Message, held: Option<&Message>, remote_id: &str) -> Result<bool, StoreError> {
    if !is_message_id(remote_id) {
        return Ok(false);
    }
    for business in account::all(tx)? {
        if !message::find_elsewhere(tx, business.id, ours.conversation, remote_id)?.is_empty() {
            return Ok(false);
        }
    }
    let Some(held) = held else { return Ok(true) };
    let seen_up_to_ms = outbox::get(tx, ours.id)?.map_or(Millis::MIN, |reply| reply.seen_up_to_ms);
    let by_a_call = match held.surface {
        Surface::Deskbell => !outbox::was_named(tx, held.id)?,
        Surface::Api | Surface::Other => !held.listed || held.sent_at_ms > seen_up_to_ms,
        Surface::Phone | Surface::Web => false,
    };
    Ok(held.outgoing && held.auto.is_none() && by_a_call && same(&ours.content, &held.content))
}

/// Whether this can be an id of TikTok's at all: one word of a sane length.
pub(crate) fn is_message_id(id: &str) -> bool {
    (1..=MAX_MESSAGE_ID).contains(&id.len()) && !id.chars().any(|one| one.is_whitespace() || one.is_control())
}

/// A stored message as the news it once was.
fn as_news(tx: &Tx<'_>, message: &Message) -> Result<IncomingMessage, StoreError> {
    Ok(IncomingMessage {
        remote_id: message.remote_id.clone().unwrap_or_default(),
        sent_at_ms: message.sent_at_ms,
        is_timed: true,
        outgoing: message.outgoing,
        surface: if message.surface == Surface::Deskbell { Surface::Api } else { message.surface },
        auto: message.auto,
        content: message.content.clone(),
        quoted_remote_id: message.quoted_remote_id.clone(),
        reactions: message.reactions.clone(),
        raw: message::raw(tx, message.id)?.unwrap_or_default(),
    })
}

/// The conversations whose replies were just left to the agent, or found: their lanes go on.
#[must_use]
pub fn settled(applied: &Applied) -> bool {
    !applied.confirmed.is_empty() || !applied.undecided.is_empty()
}
