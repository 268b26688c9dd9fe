//! Snoozed conversations come back at their time.

use std::time::Duration;

use model::{ConversationId, Millis};
use store::StoreError;
use store::table::triage;

use crate::context::Context;
use crate::timing::until;

/// The longest wait between two looks at the clock: timers stand still while the computer sleeps.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// Snoozes conversations and brings them back.
#[derive(Debug, Clone)]
pub struct Snooze {
    context: Context,
}

impl Snooze {
    pub(crate) fn new(context: Context) -> Self {
        Self { context }
    }

    /// Snoozes a conversation until a time, or brings it back. A time that has passed brings it back at once.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such conversation.
    pub async fn set(&self, id: ConversationId, until_ms: Option<Millis>) -> Result<(), StoreError> {
        self.context.store().write(move |tx| triage::snooze(tx, id, until_ms)).await?;
        self.context.signals().snooze.notify_one();
        Ok(())
    }

    /// Brings conversations back at their time, for as long as the engine runs.
    pub(crate) async fn run(self) {
        loop {
            let now_ms = self.context.clock().now_ms();
            let wait = match self.context.store().read(triage::next_wake_at).await {
                Ok(Some(next_ms)) if next_ms <= now_ms => {
                    if let Err(error) = self.context.store().write(move |tx| triage::wake_due(tx, now_ms)).await {
                        tracing::error!(%error, "could not bring back snoozed conversations");
                        MAX_WAIT
                    } else {
                        continue;
                    }
                }
                Ok(next) => next.map_or(MAX_WAIT, |next_ms| until(now_ms, next_ms).min(MAX_WAIT)),
                Err(error) => {
                    tracing::error!(%error, "could not read when the next snooze ends");
                    MAX_WAIT
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.context.signals().snooze.notified() => {}
            }
        }
    }
}
