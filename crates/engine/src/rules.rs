//! What Deskbell does by itself with customers' messages: rules, looked at one message at a time.
//!
//! A message is due for the rules from the very transaction that stored it. [`turn`] takes one due message, decides, and puts
//! all of it on disk at once: the log, tags, whose the conversation is, the reply's place in the outbox, and that the message
//! is due no more. So a crash between any two steps neither loses an answer nor gives one twice. What is sent then goes the
//! way of every reply.
//!
//! History is never due, nor what arrives when the reply window has closed. What arrives late is looked at, but answered only
//! within an hour (decision 13).

mod act;
mod dry;
mod explain;
mod prepare;

use std::time::Duration;

use model::{AccountId, ConversationId, MessageId, Millis, ReplyWindow, RuleInput, RuleSet};
use store::table::account::Account;
use store::table::{firing, message, rule};
use store::{StoreError, Tx};

pub use self::dry::{DryRun, DryTally, Example, Outcome};
pub use self::explain::Explained;
pub use self::prepare::pointed;

use crate::engine::{Alert, Arrival, Engine};
use crate::outbox::until;
use crate::sync::is_news;

/// How many replies of a customer's budget rules leave to people, unless they say otherwise.
pub const RESERVE: u32 = 3;
/// Under which name that is kept.
pub const RESERVE_SETTING: &str = "rule_reserve";
/// Timers stand still while the computer sleeps, so the clock is looked at this often.
const LOOK: Duration = Duration::from_secs(20);

/// What came of looking at a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// Which message.
    pub message: MessageId,
    /// In which conversation.
    pub conversation: ConversationId,
    /// For which account.
    pub account: AccountId,
    /// Whether a reply waits in the outbox now.
    pub replied: bool,
    /// Whether the conversation was put away.
    pub snoozed: bool,
    /// Whether the agent is to be notified.
    pub notify: bool,
    /// Whether that is because nobody has answered.
    pub waited: bool,
}

/// Customers' messages that have just arrived are due, if they are news. Goes into the transaction that stored them.
pub(crate) fn arrived(
    tx: &Tx<'_>,
    business: &Account,
    conversation: ConversationId,
    messages: &[MessageId],
    now_ms: Millis,
) -> Result<(), StoreError> {
    for id in messages.iter().filter(|id| is_news(business, **id)) {
        let sent_at_ms = message::time_of(*id);
        // What was written before the account was linked was there before us, in whichever conversation it shows up.
        if sent_at_ms > business.linked_at_ms && ReplyWindow::opened_by(sent_at_ms).is_open(now_ms) {
            rule::insert_due(tx, business.id, conversation, *id)?;
        }
    }
    Ok(())
}

/// Lets the rules look at the message that is due next; none if none is by now.
///
/// # Errors
/// [`StoreError`]; then nothing of it was kept.
pub fn turn(tx: &mut Tx<'_>, now_ms: Millis) -> Result<Option<Turned>, StoreError> {
    let Some(due) = rule::next_due(tx, now_ms)? else { return Ok(None) };
    let mut turned = Turned {
        message: due.message,
        conversation: due.conversation,
        account: due.account,
        replied: false,
        snoozed: false,
        notify: false,
        waited: due.since_ms.is_some(),
    };
    let held = match message::get(tx, due.message) {
        Ok(held) => held,
        Err(StoreError::NotFound) => {
            rule::finish_due(tx, due.message, None)?;
            return Ok(Some(turned));
        }
        Err(error) => return Err(error),
    };
    let rules = RuleSet::of(rule::all(tx)?);
    let stood = firing::load_context(tx, &held, now_ms)?;
    let business = prepare::business(tx, due.account)?;
    let replies = prepare::replies(tx, &rules, &prepare::Who::of(tx, &stood.known, &stood.name)?, &business, now_ms)?;
    let counted = prepare::counted(&replies);
    let look = RuleInput {
        content: &held.content,
        sent_at_ms: held.sent_at_ms,
        now_ms,
        since_ms: due.since_ms,
        first: stood.first,
        request: stood.request,
        follower: stood.follower,
        replies: &counted,
    };
    let mut standing = stood.standing.clone();
    let decision = rules.decide(&business, &look, &mut standing);
    for fired in &decision.firings {
        if let Some((id, spec)) = rules.get(fired.at) {
            act::act(tx, &mut turned, &held, (id, &spec.name), &fired.steps, &replies, now_ms)?;
        }
    }
    rule::finish_due(tx, due.message, decision.again_at_ms)?;
    Ok(Some(turned))
}

/// Lets the rules look at what is due, for as long as the engine runs.
pub(crate) async fn run(engine: Engine) {
    loop {
        let now_ms = engine.clock().now_ms();
        let wait = match engine.store().read(rule::next_due_at).await {
            Ok(Some(next_ms)) if next_ms <= now_ms => match engine.store().write(move |tx| turn(tx, now_ms)).await {
                Ok(turned) => {
                    turned.iter().for_each(|turned| follow_up(&engine, turned));
                    continue;
                }
                Err(error) => {
                    tracing::error!(%error, "rules.not_turned");
                    LOOK
                }
            },
            Ok(next) => next.map_or(LOOK, |next_ms| until(now_ms, next_ms).min(LOOK)),
            Err(error) => {
                tracing::error!(%error, "rules.store_failed");
                LOOK
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = engine.ruled().notified() => {}
        }
    }
}

/// What follows from a turn once it is on disk. A crash before it loses a notification and nothing else: outbox and snoozes
/// are looked at anew at start.
fn follow_up(engine: &Engine, turned: &Turned) {
    if turned.replied {
        engine.outbox().wake(engine, turned.conversation);
    }
    if turned.snoozed {
        engine.snoozed().notify_one();
    }
    if turned.notify {
        let arrival = Arrival { account: turned.account, conversation: turned.conversation, message: turned.message };
        engine.alert(Alert { arrival, waited: turned.waited });
    }
}
