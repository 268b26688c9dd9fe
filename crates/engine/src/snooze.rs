//! Conversations that were put away come back when their time has come.

use std::time::Duration;

use model::{ConversationId, Millis};
use store::StoreError;
use store::table::triage;

use crate::engine::Engine;
use crate::outbox::until;

/// Timers stand still while the computer sleeps, so the clock is looked at this often.
const LOOK: Duration = Duration::from_secs(20);

impl Engine {
    /// Puts a conversation away until a time, or brings it back. A time that has passed brings it back at once.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such conversation.
    pub async fn snooze(&self, id: ConversationId, until_ms: Option<Millis>) -> Result<(), StoreError> {
        self.store().write(move |tx| triage::snooze(tx, id, until_ms)).await?;
        self.snoozed().notify_one();
        Ok(())
    }
}

pub(crate) async fn run(engine: Engine) {
    loop {
        let now_ms = engine.clock().now_ms();
        let next = match engine.store().read(triage::next_wake_at).await {
            Ok(Some(next_ms)) if next_ms <= now_ms => {
                if let Err(error) = engine.store().write(move |tx| triage::wake_due(tx, now_ms)).await {
                    tracing::error!(%error, "snooze.not_woken");
                    LOOK
                } else {
                    continue;
                }
            }
            Ok(next) => next.map_or(LOOK, |next_ms| until(now_ms, next_ms).min(LOOK)),
            Err(error) => {
                tracing::error!(%error, "snooze.store_failed");
                LOOK
            }
        };
        tokio::select! {
            () = tokio::time::sleep(next) => {}
            () = engine.snoozed().notified() => {}
        }
    }
}
