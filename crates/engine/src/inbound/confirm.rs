//! Taking TikTok's own answer to a send.

use model::{AccountId, MessageId, Millis, Surface};
use store::table::message::{self, Message};
use store::table::{account, conversation, gap, outbox};
use store::{StoreError, Tx};

use super::claim::{as_news, is_message_id};
use crate::content::may_be_same;

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
    Ok(held.outgoing && held.auto.is_none() && by_a_call && may_be_same(&ours.content, &held.content))
}
