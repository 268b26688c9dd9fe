//! Automation rules: what Deskbell does by itself with customers' messages, one message at a time.
//!
//! A message is due for the rules from the very transaction that stored it. [`evaluate_next`] takes one due message, decides, and puts
//! all of it on disk at once: the log, tags, whose the conversation is, the reply's place in the outbox, and that the message
//! is due no more. So a crash between any two steps neither loses an answer nor gives one twice. What is sent then goes the
//! way of every reply.
//!
//! History is never due, nor what arrives when the reply window has closed. What arrives late is looked at, but answered only
//! within an hour (decision 13).

mod act;
mod dry;
pub(crate) mod due;
mod evaluated;
mod explain;
mod prepare;

use std::time::Duration;

use model::{MessageId, Millis, RuleInput, RuleSet};
use store::table::{firing, message, rule};
use store::{StoreError, Tx};

pub use self::dry::{DryRun, DryTally, Example, Outcome};
pub use self::evaluated::Evaluated;
pub use self::explain::Explained;
pub use self::prepare::{RESERVE, RESERVE_SETTING, pointed};

use crate::context::Context;
use crate::events::{Alert, Arrival};
use crate::timing::until;

/// The longest wait between two looks at the clock: timers stand still while the computer sleeps.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// Lets the rules look at the message that is due next; none if none is by now.
///
/// # Errors
/// [`StoreError`]; then nothing of it was kept.
pub fn evaluate_next(tx: &mut Tx<'_>, now_ms: Millis) -> Result<Option<Evaluated>, StoreError> {
    let Some(due) = rule::next_due(tx, now_ms)? else { return Ok(None) };
    let mut evaluated = Evaluated {
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
            return Ok(Some(evaluated));
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
            act::act(tx, &mut evaluated, &held, (id, &spec.name), &fired.steps, &replies, now_ms)?;
        }
    }
    rule::finish_due(tx, due.message, decision.again_at_ms)?;
    Ok(Some(evaluated))
}

/// The rules at work. Clones share them.
#[derive(Debug, Clone)]
pub struct Rules {
    context: Context,
}

impl Rules {
    pub(crate) fn new(context: Context) -> Self {
        Self { context }
    }

    /// Lets the rules look again: they, or what they wait for, have changed.
    pub fn wake(&self) {
        self.context.signals().rules.notify_one();
    }

    /// Tries rules on past messages. Nothing is sent and nothing is written.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn dry_run(&self, run: DryRun) -> Result<DryTally, StoreError> {
        let now_ms = self.context.clock().now_ms();
        self.context.store().read(move |sql| run.tally(sql, now_ms)).await
    }

    /// What the rules as they are now say of a customer's message.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] if it is not a customer's, [`StoreError::NotFound`].
    pub async fn explain(&self, id: MessageId) -> Result<Explained, StoreError> {
        let now_ms = self.context.clock().now_ms();
        self.context.store().read(move |sql| explain::explain(sql, id, now_ms)).await
    }

    /// Lets the rules look at what is due, for as long as the engine runs.
    pub(crate) async fn run(self) {
        let store = self.context.store();
        loop {
            let now_ms = self.context.clock().now_ms();
            let wait = match store.read(rule::next_due_at).await {
                Ok(Some(next_ms)) if next_ms <= now_ms => {
                    match store.write(move |tx| evaluate_next(tx, now_ms)).await {
                        Ok(evaluated) => {
                            evaluated.iter().for_each(|evaluated| self.follow_up(evaluated));
                            continue;
                        }
                        Err(error) => {
                            tracing::error!(%error, "could not let the rules look at a message");
                            MAX_WAIT
                        }
                    }
                }
                Ok(next) => next.map_or(MAX_WAIT, |next_ms| until(now_ms, next_ms).min(MAX_WAIT)),
                Err(error) => {
                    tracing::error!(%error, "could not read which message is due for the rules");
                    MAX_WAIT
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.context.signals().rules.notified() => {}
            }
        }
    }

    /// Wakes the parts that what the rules did concerns, once it is on disk. A crash before it loses a notification and
    /// nothing else: outbox and snoozes are looked at anew at start.
    fn follow_up(&self, done: &Evaluated) {
        if done.replied {
            self.context.signals().wake_lane(done.conversation);
        }
        if done.snoozed {
            self.context.signals().snooze.notify_one();
        }
        if done.notify {
            let arrival = Arrival { account: done.account, conversation: done.conversation, message: done.message };
            self.context.events().announce_alert(Alert { arrival, waited: done.waited });
        }
    }
}
