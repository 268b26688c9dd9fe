//! What TikTok pushes: one thing at a time, in any order, more than once. It ends in the same rows as what is listed.
//!
//! A pushed message is shown at once, and proves nothing about what came before it: the conversation counts as moved, so
//! that the account's loop reads it and finds out whether anything is missing. The same goes for an emoji.

use model::{AccountId, ConversationId, ConversationKind, Millis, Origin, Reaction};
use store::table::conversation::{self, ListedConversation};
use store::table::gap;
use store::table::message::{self, IncomingMessage};
use store::table::person::PersonUpdate;
use store::{StoreError, Tx};

use super::{Applied, ApplyOptions, heard, mark_due_for_rules, store_customer, store_message};

/// One pushed thing, in our words.
#[derive(Debug, Clone, PartialEq)]
pub struct Pushed {
    /// TikTok's `conversation_id`.
    pub conversation: String,
    /// The customer, if it said who.
    pub person: Option<PersonUpdate>,
    /// What happened.
    pub what: What,
    /// When it was stored in the log of the shop's relay, by the relay's clock; none if it came another way.
    pub heard_at_ms: Option<Millis>,
}

/// What happened in a conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A message, the customer's or the account's.
    Said(IncomingMessage),
    /// Emoji came or went: on which message, which, and whether it came.
    Reacted(Vec<(String, Reaction, bool)>),
    /// The customer has read up to here.
    Read(Millis),
    /// The customer came by an ad or a link.
    Came(Origin, Millis),
}

/// Stores a pushed event. Doing it twice changes nothing. Also says in which conversation; none if it is about one we do not know
/// and does not make one.
///
/// # Errors
/// [`StoreError`]; then nothing of it was kept.
pub fn apply(
    tx: &mut Tx<'_>,
    account: AccountId,
    pushed: &Pushed,
    options: ApplyOptions,
) -> Result<(Applied, Option<ConversationId>), StoreError> {
    let mut applied = Applied::default();
    let Some(id) = place(tx, account, pushed)? else { return Ok((applied, None)) };
    let mut changed = match &pushed.person {
        Some(person) => store_customer(tx, account, id, person, &mut applied)?,
        None => false,
    };
    match &pushed.what {
        What::Said(news) => {
            changed |= store_message(tx, account, id, news, options, false, &mut applied)?.changed;
            if let Some(here) = message::find_in(tx, account, id, &news.remote_id)? {
                if let Some(heard_at_ms) = pushed.heard_at_ms {
                    heard::record_push(tx, id, here.id, news, heard_at_ms)?;
                }
                if !here.listed {
                    changed |= gap::split(tx, id, here.id, options.now_ms)?;
                }
            }
            changed |= heard::close_gaps(tx, id, options)?;
            if !applied.arrived.is_empty() {
                conversation::reopen_for_customer(tx, id)?;
                mark_due_for_rules(tx, account, id, &applied, options.now_ms)?;
            }
        }
        What::Reacted(changes) => {
            for (remote_id, reaction, came) in changes {
                changed |= react(tx, account, id, remote_id, reaction, *came)?;
            }
            // Which of two that come in the wrong order is the later one, and what is on a message we do not hold, only the
            // conversation's own words tell. It does not count as moved for an emoji.
            conversation::mark_due_if_fetched(tx, id)?;
        }
        What::Read(up_to_ms) => conversation::mark_read_by_customer(tx, id, *up_to_ms)?,
        What::Came(..) => {}
    }
    applied.changed = changed;
    if changed {
        conversation::refresh(tx, id)?;
    }
    Ok((applied, Some(id)))
}

/// The conversation it belongs to; one that is not known yet is made, if there is something to put into it.
fn place(tx: &mut Tx<'_>, account: AccountId, pushed: &Pushed) -> Result<Option<ConversationId>, StoreError> {
    let listed = |kind, updated_ms, origin| ListedConversation {
        remote_id: pushed.conversation.clone(),
        kind,
        updated_ms: Some(updated_ms),
        origin,
    };
    let made = match &pushed.what {
        What::Said(news) if news.outgoing && news.auto.is_none() => {
            Some(listed(ConversationKind::Chat, news.sent_at_ms, None))
        }
        What::Said(news) => Some(listed(ConversationKind::Request, news.sent_at_ms, None)),
        What::Came(origin, at_ms) => Some(listed(ConversationKind::Request, *at_ms, Some(origin.clone()))),
        What::Reacted(_) | What::Read(_) => None,
    };
    if let Some(listed) = made {
        conversation::upsert_listed(tx, account, &listed)?;
    }
    conversation::find(tx, account, &pushed.conversation)
}

/// Puts an emoji on a message or takes it off; whether that changed anything.
fn react(
    tx: &Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    remote_id: &str,
    reaction: &Reaction,
    came: bool,
) -> Result<bool, StoreError> {
    // Of a message we do not hold there is nothing to show; the conversation's next reading brings both.
    let Some(held) = message::find_in(tx, account, conversation, remote_id)? else { return Ok(false) };
    let there = held.reactions.contains(reaction);
    if there == came {
        return Ok(false);
    }
    let mut reactions = held.reactions;
    if came {
        reactions.push(reaction.clone());
    } else {
        reactions.retain(|known| known != reaction);
    }
    message::set_reactions(tx, held.id, &reactions)?;
    Ok(true)
}
