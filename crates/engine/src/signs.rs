//! Signs of life: "typing…", and "read". Neither is a message, and neither holds one up.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use model::{ConversationId, MarkRead};
use store::StoreError;
use store::table::{account, conversation};
use tiktok::business::message::{Outgoing, SendMessage};
use tokio::time::Instant;

use crate::engine::Engine;
use crate::pace::Priority;

/// When the last typing sign went where.
#[derive(Debug, Default)]
pub(crate) struct Signs {
    typed: Mutex<HashMap<ConversationId, Instant>>,
}

impl Engine {
    /// The agent is typing. The customer is told, unless they were within the last five seconds; whether that works
    /// matters to nobody.
    pub fn typing(&self, id: ConversationId) {
        let mut typed = self.signs().typed.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, lasts) = (Instant::now(), self.timing().typing);
        typed.retain(|_, at| now.duration_since(*at) < lasts);
        if typed.contains_key(&id) {
            return;
        }
        typed.insert(id, now);
        drop(typed);
        let engine = self.clone();
        self.spawn(async move {
            if let Err(error) = engine.tell(id, Outgoing::Typing).await {
                tracing::debug!(conversation = id.0, %error, "signs.typing_not_told");
            }
        });
    }

    /// The agent has opened a conversation, or says that its customer shall know that it was read. Told as soon as TikTok
    /// can be reached.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn mark_read(&self, id: ConversationId, occasion: MarkRead) -> Result<(), StoreError> {
        if self.store().write(move |tx| conversation::owe_read(tx, id, occasion)).await? {
            self.outbox().wake(self, id);
        }
        Ok(())
    }

    /// Sends a sign into a conversation.
    pub(crate) async fn tell(&self, id: ConversationId, sign: Outgoing) -> Result<(), crate::call::CallError> {
        let found = self.store().read(move |sql| {
            let known = conversation::get(sql, id)?;
            Ok((account::get(sql, known.account)?, known.remote_id))
        });
        let (business, conversation_id) = found.await.map_err(|error| crate::call::CallError::Local(error.into()))?;
        let call = SendMessage { business_id: business.remote_id, conversation_id, body: sign };
        self.caller().ask(business.id, Priority::Sweep, call).await.map(|_| ())
    }
}
