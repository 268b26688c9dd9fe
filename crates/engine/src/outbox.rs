//! The one way out: every reply leaves through a lane, one lane for each conversation.
//!
//! A lane sends one reply at a time, in order. Before the call its row says `sending`, on disk; whatever comes of the
//! call is one transaction; a lost answer is settled by looking, never by sending again. One lane's trouble is no other
//! lane's. At start, replies whose calls we did not live to see the end of are unconfirmed, and those that could still be
//! undone are in their drafts again.

mod lane;
mod lanes;
mod settle;
mod upload;

#[cfg(test)]
mod model_test;

use std::time::Duration;

use model::{ConversationId, MessageId, Millis};
use store::StoreError;
use store::table::outbox::actions::{self, Submission};
use store::table::{account, attempt, conversation, outbox};
use tokio::sync::mpsc;

pub(crate) use self::settle::refusal_of;
pub use store::table::outbox::actions::{DraftSource, SubmitOutcome};

use self::lanes::Lanes;
use crate::context::Context;
use crate::conversation_fetch::ConversationFetch;
use crate::media::MediaCache;
use crate::timing::after;

/// How long attempts are kept for the agent to look at: thirty days.
const ATTEMPTS_KEPT_MS: i64 = 30 * 24 * 3_600_000;
/// A page repeats a press of Send within seconds, if at all.
const PRESSES_KEPT_MS: i64 = 24 * 3_600_000;

/// How often closing looks whether everything that can go out has gone out.
const FLUSH_POLL_INTERVAL: Duration = Duration::from_millis(20);

/// What one press of Send submits.
#[derive(Debug, Clone)]
pub struct SendRequest {
    /// The conversation it goes into.
    pub conversation: ConversationId,
    /// The messages it makes, in order.
    pub parts: Vec<model::Outgoing>,
    /// The message its text quotes.
    pub quoted: Option<MessageId>,
    /// The newest message on screen; none if the page did not say.
    pub seen: Option<MessageId>,
    /// Whether to send although a colleague has replied since.
    pub anyway: bool,
    /// Makes a repeated submission queue nothing more.
    pub key: Option<String>,
    /// What it was made from.
    pub clears: DraftSource,
    /// Whether it can be undone for a while.
    pub undo: bool,
}

/// The outbox: one lane for each conversation with something to send, to settle or to look for. Clones share it.
#[derive(Debug, Clone)]
pub struct Outbox {
    context: Context,
    lanes: Lanes,
}

impl Outbox {
    pub(crate) fn new(context: Context, fetcher: ConversationFetch, media: MediaCache) -> Self {
        Self { lanes: Lanes::new(context.clone(), fetcher, media), context }
    }

    /// Settles what a crash left open, and starts every lane that has something to do. `woken` names conversations whose lane
    /// is to look again, because of something that happened elsewhere in the engine.
    pub(crate) async fn start(&self, woken: mpsc::UnboundedReceiver<ConversationId>) -> Result<(), StoreError> {
        let now_ms = self.context.clock().now_ms();
        let lost = self
            .context
            .store()
            .write(move |tx| {
                attempt::prune(tx, now_ms - ATTEMPTS_KEPT_MS)?;
                actions::prune_submissions(tx, now_ms - PRESSES_KEPT_MS)?;
                outbox::recover_after_crash(tx, now_ms)
            })
            .await?;
        if lost > 0 {
            tracing::warn!(count = lost, "the program had ended during calls that send: their replies are looked for");
        }
        self.context.tasks().spawn(self.clone().wake_signalled(woken));
        self.wake_all().await
    }

    async fn wake_signalled(self, mut woken: mpsc::UnboundedReceiver<ConversationId>) {
        while let Some(conversation) = woken.recv().await {
            self.wake(conversation);
        }
    }

    /// Releases the replies that could still be undone, because Deskbell is being closed, and waits up to `timeout` for them
    /// to go out. Those that do not go out at the next start.
    pub(crate) async fn flush(&self, timeout: Duration) {
        match self.context.store().write(outbox::release_all_held).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "could not release the replies that can still be undone");
                return;
            }
        }
        if self.wake_all().await.is_err() {
            return;
        }
        let deadline = tokio::time::Instant::now() + timeout;
        while tokio::time::Instant::now() < deadline {
            // A reply that waits for something, or for another reply, goes out at the next start.
            match self.context.store().read(outbox::count_ready).await {
                Ok(ready) if ready > 0 => tokio::time::sleep(FLUSH_POLL_INTERVAL).await,
                _ => return,
            }
        }
    }

    /// Lets a conversation's lane look again, starting it if need be.
    pub(crate) fn wake(&self, conversation: ConversationId) {
        if let Some(woken) = self.lanes.wake(conversation) {
            self.context.tasks().spawn(lane::run(self.lanes.clone(), conversation, woken));
        }
    }

    /// Wakes the lane of every conversation with something to send, to settle, or still to look for.
    pub(crate) async fn wake_all(&self) -> Result<(), StoreError> {
        let store = self.context.store();
        let (lanes, undecided) = store.read(|sql| Ok((outbox::lanes(sql)?, outbox::with_undecided(sql)?))).await?;
        for conversation in lanes.into_iter().map(|(_, conversation)| conversation).chain(undecided) {
            self.wake(conversation);
        }
        Ok(())
    }

    /// Sends what waited for the network: TikTok answers again.
    pub(crate) async fn retry_waiting(&self) {
        let released = self.context.store().write(outbox::release_offline).await;
        let woken = match released {
            Ok(()) => self.wake_all().await,
            Err(error) => Err(error),
        };
        if let Err(error) = woken {
            tracing::error!(%error, "could not wake the outbox");
        }
    }

    /// Whether TikTok takes pictures in a conversation; none if it cannot be asked now or did not say. It is asked once a day
    /// at most.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn takes_images(&self, id: ConversationId) -> Result<Option<bool>, StoreError> {
        let found = self.context.store().read(move |sql| {
            let known = conversation::get(sql, id)?;
            Ok((account::get(sql, known.account)?, known))
        });
        let (business, known) = found.await?;
        Ok(upload::images(&self.context, &business, &known).await.unwrap_or(None))
    }

    /// Queues what one press of Send makes, and clears what it was made from. It is on disk when this answers; nothing was
    /// sent yet. Also tells until when it can be undone.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn submit(&self, new: SendRequest) -> Result<(SubmitOutcome, Option<Millis>), StoreError> {
        let now_ms = self.context.clock().now_ms();
        let undo = self.context.timing().undo;
        let hold_until_ms = (new.undo && !undo.is_zero()).then(|| after(now_ms, undo));
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
        let pressed = self.context.store().write(move |tx| actions::submit(tx, &press, now_ms)).await?;
        self.wake(conversation);
        Ok((pressed, hold_until_ms))
    }

    /// Takes held replies back into the draft, all or none.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] if one of them is held no more.
    pub async fn undo(&self, messages: Vec<MessageId>) -> Result<(), StoreError> {
        let now_ms = self.context.clock().now_ms();
        let conversation = self.context.store().write(move |tx| actions::undo(tx, &messages, now_ms)).await?;
        if let Some(conversation) = conversation {
            self.wake(conversation);
        }
        Ok(())
    }

    /// Queues held replies at once.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] if one of them is held no more.
    pub async fn send_now(&self, messages: Vec<MessageId>) -> Result<(), StoreError> {
        let conversations = self
            .context
            .store()
            .write(move |tx| messages.iter().map(|id| actions::send_now(tx, *id)).collect::<Result<Vec<_>, _>>())
            .await?;
        for conversation in conversations {
            self.wake(conversation);
        }
        Ok(())
    }

    /// Changes the text of a reply that certainly did not go out.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] if it may be on its way.
    pub async fn edit(&self, message: MessageId, body: String) -> Result<(), StoreError> {
        self.context.store().write(move |tx| actions::edit(tx, message, &body)).await?;
        Ok(())
    }

    /// Moves a waiting reply by some places within its lane.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] if it is not waiting.
    pub async fn move_by(&self, message: MessageId, by: i32) -> Result<(), StoreError> {
        let conversation = self.context.store().write(move |tx| actions::move_by(tx, message, by)).await?;
        self.wake(conversation);
        Ok(())
    }

    /// Sends a refused, stopped or undecided message once more. One that may have arrived is looked for first.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] if it is neither.
    pub async fn send_again(&self, message: MessageId) -> Result<(), StoreError> {
        let now_ms = self.context.clock().now_ms();
        let reply = self.context.store().write(move |tx| actions::send_again(tx, message, now_ms)).await?;
        self.wake(reply.conversation);
        Ok(())
    }

    /// Marks an unconfirmed message as arrived: the agent knows that it did.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] if it is not unconfirmed.
    pub async fn mark_arrived(&self, message: MessageId) -> Result<(), StoreError> {
        let conversation = self.context.store().write(move |tx| actions::confirm_arrived(tx, message)).await?;
        self.wake(conversation);
        Ok(())
    }

    /// Takes a message out of the outbox.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] while its call is under way, while we look for it, or once it is confirmed.
    pub async fn discard(&self, message: MessageId) -> Result<(), StoreError> {
        let now_ms = self.context.clock().now_ms();
        let conversation = self.context.store().write(move |tx| actions::discard(tx, message, now_ms)).await?;
        self.wake(conversation);
        Ok(())
    }
}
