//! Recognising our own replies among TikTok's messages.

use std::collections::HashSet;

use model::{Content, ConversationId, MessageId, Millis, Surface};
use store::table::message::{self, IncomingMessage, Message};
use store::table::{conversation, gap, outbox};
use store::{StoreError, Tx};

use super::options::ApplyOptions;
use crate::content::may_be_same;

/// A send's own clock and TikTok's may differ by this much.
const CLAIM_BEFORE_MS: i64 = 30_000;
/// How long after its beginning a send may still have arrived, beyond the call's own timeout.
const CLAIM_AFTER_MS: i64 = 60_000;
/// Ids of TikTok's have some 60 characters; what is far longer is none. In bytes.
const MAX_MESSAGE_ID: usize = 512;

/// The reply of ours that this unknown outgoing message is: sent through the API, the same in kind and words, at the time
/// of its attempt; the nearest in time, each message once. A colleague's message from the phone or the web never is.
pub(super) fn claim(
    tx: &Tx<'_>,
    conversation: ConversationId,
    news: &IncomingMessage,
    options: ApplyOptions,
) -> Result<Option<MessageId>, StoreError> {
    if !is_from_a_client(news) {
        return Ok(None);
    }
    let mut ours = outbox::claimable(tx, conversation)?;
    let (from_ms, to_ms) = called_between(news.sent_at_ms, options);
    ours.retain(|(_, sent, began_ms)| {
        // Of a message that does not say when it was sent the words decide.
        (!news.is_timed || (from_ms..=to_ms).contains(began_ms)) && may_be_same(sent, &news.content)
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
pub(super) fn nearest(calls: &[(MessageId, Content, Millis)], news: &IncomingMessage) -> Option<MessageId> {
    let nearest = if news.is_timed {
        calls.iter().min_by_key(|(_, _, began_ms)| news.sent_at_ms.abs_diff(*began_ms))
    } else {
        calls.first()
    };
    nearest.map(|(id, ..)| *id)
}

/// Whether a message was sent through the API, perhaps by us, and not by a colleague on the phone or the web.
pub(super) fn is_from_a_client(news: &IncomingMessage) -> bool {
    news.outgoing && news.auto.is_none() && matches!(news.surface, Surface::Api | Surface::Other)
}

/// The times between which a call must have begun that sent a message of this time.
pub(super) fn called_between(sent_at_ms: Millis, options: ApplyOptions) -> (Millis, Millis) {
    let latest = options.call_ms.saturating_add(CLAIM_AFTER_MS);
    (sent_at_ms.saturating_sub(latest), sent_at_ms.saturating_add(CLAIM_BEFORE_MS))
}

/// Whether an unknown message is a second copy of a reply of ours, which the agent had sent again and TikTok has both times:
/// no colleague's answer.
pub(super) fn is_ours_besides(
    tx: &Tx<'_>,
    conversation: ConversationId,
    news: &IncomingMessage,
    options: ApplyOptions,
) -> Result<bool, StoreError> {
    if !is_from_a_client(news) {
        return Ok(false);
    }
    let sent = outbox::sent_besides(tx, conversation, called_between(news.sent_at_ms, options))?;
    Ok(sent.iter().any(|sent| may_be_same(sent, &news.content)))
}

/// Whether TikTok's answer to a send is all that gave a message of ours its id: no listing has shown it yet.
pub(super) fn is_only_named(message: &Message) -> bool {
    message.surface == Surface::Deskbell && !message.listed
}

/// A reply loses the id that an answer gave it: it is unconfirmed again. Its own message may be here already, taken for
/// another client's; else it is looked for.
pub(super) fn reopen(tx: &mut Tx<'_>, misnamed: &Message, options: ApplyOptions) -> Result<(), StoreError> {
    outbox::reopen(tx, misnamed.id)?;
    let row = outbox::get(tx, misnamed.id)?;
    let began_ms = row.as_ref().and_then(|reply| reply.started_at_ms).unwrap_or(misnamed.sent_at_ms);
    let latest_ms = began_ms.saturating_add(options.call_ms).saturating_add(CLAIM_AFTER_MS);
    let around = message::between(tx, misnamed.conversation, began_ms.saturating_sub(CLAIM_BEFORE_MS), latest_ms)?;
    let is_it = |held: &&Message| {
        let by_a_client = matches!(held.surface, Surface::Api | Surface::Other);
        held.outgoing && held.auto.is_none() && by_a_client && may_be_same(&misnamed.content, &held.content)
    };
    let Some(held) = around.iter().find(is_it) else { return Ok(()) };
    let news = as_news(tx, held)?;
    gap::move_to(tx, held.conversation, held.id, misnamed.id)?;
    message::remove(tx, held.id)?;
    message::assign_remote_id(tx, misnamed.id, &news.remote_id, Some(&news), held.listed)?;
    if row.is_some() { outbox::confirm_sent(tx, misnamed.id) } else { conversation::refresh(tx, misnamed.conversation) }
}

/// Whether a listing shows another message under the id that an answer gave to one of ours.
pub(super) fn contradicts(held: &Message, news: &IncomingMessage) -> bool {
    let other_side = !news.outgoing || news.auto.is_some();
    let other_kind = std::mem::discriminant(&held.content) != std::mem::discriminant(&news.content)
        && !matches!(news.content, Content::Unsupported { .. });
    let by_hand = matches!(news.surface, Surface::Phone | Surface::Web) && !may_be_same(&held.content, &news.content);
    is_only_named(held) && (other_side || other_kind || by_hand)
}

/// A stored message as the news it once was.
pub(super) fn as_news(tx: &Tx<'_>, message: &Message) -> Result<IncomingMessage, StoreError> {
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

/// Whether this can be an id of TikTok's at all: one word of a sane length.
pub(crate) fn is_message_id(id: &str) -> bool {
    (1..=MAX_MESSAGE_ID).contains(&id.len()) && !id.chars().any(|one| one.is_whitespace() || one.is_control())
}
