//! One funnel out: every reply leaves through a lane, one lane for each conversation.
//!
//! A lane sends one reply at a time, in order. Before the call its row says `sending`, on disk; whatever comes of the
//! call is one transaction; a lost answer is settled by looking, never by sending again. One lane's trouble is no other
//! lane's. At start, replies whose calls we did not live to see the end of are unconfirmed.

mod lane;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::{ConversationId, MessageId};
use store::StoreError;
use store::table::outbox;
use tokio::sync::Notify;

use crate::engine::Engine;

/// The lanes that are busy.
#[derive(Debug, Default)]
pub struct Outbox {
    lanes: Mutex<HashMap<ConversationId, Arc<Notify>>>,
}

impl Outbox {
    /// Settles what a crash left open, and starts every lane that has something to do.
    pub(crate) async fn start(&self, engine: &Engine) -> Result<(), StoreError> {
        let lost = engine.store().write(outbox::recover).await?;
        if lost > 0 {
            tracing::warn!(count = lost, "outbox.recovered");
        }
        self.wake_all(engine).await
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

    /// As [`Outbox::wake`], for every conversation with something to send or to settle.
    pub(crate) async fn wake_all(&self, engine: &Engine) -> Result<(), StoreError> {
        for (_, conversation) in engine.store().read(outbox::lanes).await? {
            self.wake(engine, conversation);
        }
        Ok(())
    }

    /// TikTok answers again: what waited for that need not wait out its time.
    pub(crate) async fn network_is_back(&self, engine: &Engine) {
        let released = engine.store().write(outbox::release).await;
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
    /// Queues a reply. It is on disk when this answers; nothing was sent yet.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn reply(&self, conversation: ConversationId, body: String) -> Result<MessageId, StoreError> {
        let now_ms = self.clock().now_ms();
        let id = self.store().write(move |tx| outbox::queue(tx, conversation, &body, now_ms)).await?;
        self.outbox().wake(self, conversation);
        Ok(id)
    }

    /// Sends a refused or undecided message once more.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] if it is neither.
    pub async fn send_again(&self, message: MessageId) -> Result<(), StoreError> {
        let now_ms = self.clock().now_ms();
        let reply = self.store().write(move |tx| outbox::send_again(tx, message, now_ms)).await?;
        self.outbox().wake(self, reply.conversation);
        Ok(())
    }

    /// The agent knows that an unconfirmed message arrived.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] if it is not unconfirmed.
    pub async fn arrived(&self, message: MessageId) -> Result<(), StoreError> {
        let conversation = self.store().write(move |tx| outbox::arrived(tx, message)).await?;
        self.outbox().wake(self, conversation);
        Ok(())
    }

    /// Takes a message out of the outbox.
    ///
    /// # Errors
    /// [`StoreError::WrongState`] while its call is under way, while we look for it, or once it is confirmed.
    pub async fn discard(&self, message: MessageId) -> Result<(), StoreError> {
        let now_ms = self.clock().now_ms();
        let conversation = self.store().write(move |tx| outbox::discard(tx, message, now_ms)).await?;
        self.outbox().wake(self, conversation);
        Ok(())
    }
}
