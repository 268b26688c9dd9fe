//! One funnel out: every reply leaves through a lane, one lane for each conversation.
//!
//! A lane sends one reply at a time, in order. Before the call its row says `sending`, on disk; whatever comes of the
//! call is one transaction; a lost answer is settled by looking, never by sending again. One lane's trouble is no other
//! lane's. At start, replies whose calls we did not live to see the end of are unconfirmed, and those that could still be
//! undone are in their drafts again.

mod lane;
pub mod later;
mod settle;
mod upload;

pub(crate) use settle::refusal_of;

#[cfg(test)]
mod model_test;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::{ConversationId, MessageId, Millis};
use store::StoreError;
use store::table::outbox::actions::{self, Submission};
use store::table::{attempt, outbox};
use tokio::sync::Notify;

pub use store::table::outbox::actions::{DraftSource, SubmitOutcome};

pub(crate) use self::lane::until;

use crate::engine::Engine;

/// Attempts are told of for thirty days.
const ATTEMPTS_KEPT_MS: i64 = 30 * 24 * 3_600_000;
/// A page repeats a press of Send within seconds, if at all.
const PRESSES_KEPT_MS: i64 = 24 * 3_600_000;

/// A press of Send.
#[derive(Debug, Clone)]
pub struct NewReply {
    /// To whom.
    pub conversation: ConversationId,
    /// The messages it makes, in order.
    pub parts: Vec<model::Outgoing>,
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
    /// Whether it can be undone for a while.
    pub undo: bool,
}

/// The lanes that are busy.
#[derive(Debug, Default)]
pub struct Outbox {
    lanes: Mutex<HashMap<ConversationId, Arc<Notify>>>,
}

impl Outbox {
    /// Settles what a crash left open, and starts every lane that has something to do.
    pub(crate) async fn start(&self, engine: &Engine) -> Result<(), StoreError> {
        let now_ms = engine.clock().now_ms();
        let lost = engine
            .store()
            .write(move |tx| {
                attempt::prune(tx, now_ms - ATTEMPTS_KEPT_MS)?;
                actions::prune_submissions(tx, now_ms - PRESSES_KEPT_MS)?;
                outbox::recover_after_crash(tx, now_ms)
            })
            .await?;
        if lost > 0 {
            tracing::warn!(count = lost, "outbox.recovered");
        }
        let task = engine.clone();
        engine.spawn(async move { later::run(task).await });
        self.wake_all(engine).await
    }

    /// Deskbell is being closed: what the agent has sent and could still undo goes out now, or, if it cannot within
    /// this time, at the next start.
    pub(crate) async fn flush(&self, engine: &Engine, most: Duration) {
        match engine.store().write(outbox::release_all_held).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "outbox.not_flushed");
                return;
            }
        }
        if self.wake_all(engine).await.is_err() {
            return;
        }
        let deadline = tokio::time::Instant::now() + most;
        while tokio::time::Instant::now() < deadline {
            // What waits for something, or for another, goes out at the next start.
            match engine.store().read(outbox::count_ready).await {
                Ok(ready) if ready > 0 => tokio::time::sleep(Duration::from_millis(20)).await,
                _ => return,
            }
        }
    }

    /// Something changed for this conversation: its lane looks again.
    pub(crate) fn wake(&self, engine: &Engine, conversation: ConversationId) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(busy) = lanes.get(&conversation) {
            busy.notify_one();
            return;
        }
        let woken = Arc::new(Notify::new());
        lanes.insert(conversation, Arc::clone(&woken));
        drop(lanes);
        let task = engine.clone();
        engine.spawn(async move { lane::run(task, conversation, woken).await });
    }

    /// As [`Outbox::wake`], for every conversation with something to send, to settle, or still to look for.
    pub(crate) async fn wake_all(&self, engine: &Engine) -> Result<(), StoreError> {
        let (lanes, undecided) =
            engine.store().read(|sql| Ok((outbox::lanes(sql)?, outbox::with_undecided(sql)?))).await?;
        for conversation in lanes.into_iter().map(|(_, conversation)| conversation).chain(undecided) {
            self.wake(engine, conversation);
        }
        Ok(())
    }

    /// TikTok answers again: what waited for that need not wait out its time.
    pub(crate) async fn network_is_back(&self, engine: &Engine) {
        let released = engine.store().write(outbox::release_offline).await;
        let woken = match released {
            Ok(()) => self.wake_all(engine).await,
            Err(error) => Err(error),
        };
        if let Err(error) = woken {
            tracing::error!(%error, "outbox.not_woken");
        }
    }

    /// Takes a lane off the list, unless it was woken meanwhile.
    fn leave(&self, conversation: ConversationId, woken: &Notify) -> bool {
        use futures_util::FutureExt;
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock nobody can wake it between this look and its removal.
        if woken.notified().now_or_never().is_some() {
            return false;
        }
        lanes.remove(&conversation);
        true
    }
}

impl Engine {
    /// Queues what one press of Send makes, and clears what it was made from. It is on disk when this answers; nothing was
    /// sent yet. Also tells until when it can be undone.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn press(&self, new: NewReply) -> Result<(SubmitOutcome, Option<Millis>), StoreError> {
        let now_ms = self.clock().now_ms();
        let undo = self.timing().undo;
        let hold_until_ms = (new.undo && !undo.is_zero()).then(|| lane::after(now_ms, undo));
        let conversation = new.conversation;
        let press = Submission {
            conversation,
            parts: new.parts,
            quoted: new.quoted,
            seen: new.seen,
            anyway: new.anyway,
            key: new.key,
            clears: new.clears,
            hold_until_ms,
        };
        let pressed = self.store().write(move |tx| actions::submit(tx, &press, now_ms)).await?;
        self.outbox().wake(self, conversation);
        Ok((pressed, hold_until_ms))
    }

    /// Takes held replies back into the draft, all or none.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] if one of them is held no more.
    pub async fn undo(&self, messages: Vec<MessageId>) -> Result<(), StoreError> {
        let now_ms = self.clock().now_ms();
        let conversation = self.store().write(move |tx| actions::undo(tx, &messages, now_ms)).await?;
        if let Some(conversation) = conversation {
            self.outbox().wake(self, conversation);
        }
        Ok(())
    }

    /// Queues held replies at once.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] if one of them is held no more.
    pub async fn send_now(&self, messages: Vec<MessageId>) -> Result<(), StoreError> {
        let conversations = self
            .store()
            .write(move |tx| messages.iter().map(|id| actions::send_now(tx, *id)).collect::<Result<Vec<_>, _>>())
            .await?;
        for conversation in conversations {
            self.outbox().wake(self, conversation);
        }
        Ok(())
    }

    /// Changes the text of a reply that certainly did not go out.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] if it may be on its way.
    pub async fn edit(&self, message: MessageId, body: String) -> Result<(), StoreError> {
        self.store().write(move |tx| actions::edit(tx, message, &body)).await?;
        Ok(())
    }

    /// Moves a waiting reply by some places within its lane.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] if it is not waiting.
    pub async fn move_by(&self, message: MessageId, by: i32) -> Result<(), StoreError> {
        let conversation = self.store().write(move |tx| actions::move_by(tx, message, by)).await?;
        self.outbox().wake(self, conversation);
        Ok(())
    }

    /// Sends a refused, stopped or undecided message once more. One that may have arrived is looked for first.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] if it is neither.
    pub async fn send_again(&self, message: MessageId) -> Result<(), StoreError> {
        let now_ms = self.clock().now_ms();
        let reply = self.store().write(move |tx| actions::send_again(tx, message, now_ms)).await?;
        self.outbox().wake(self, reply.conversation);
        Ok(())
    }

    /// The agent knows that an unconfirmed message arrived.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] if it is not unconfirmed.
    pub async fn arrived(&self, message: MessageId) -> Result<(), StoreError> {
        let conversation = self.store().write(move |tx| actions::confirm_arrived(tx, message)).await?;
        self.outbox().wake(self, conversation);
        Ok(())
    }

    /// Takes a message out of the outbox.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] while its call is under way, while we look for it, or once it is confirmed.
    pub async fn discard(&self, message: MessageId) -> Result<(), StoreError> {
        let now_ms = self.clock().now_ms();
        let conversation = self.store().write(move |tx| actions::discard(tx, message, now_ms)).await?;
        self.outbox().wake(self, conversation);
        Ok(())
    }
}
