//! Presence: "typing…" and "read", as the customer sees them. Neither is a message, and neither delays one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use model::{ConversationId, MarkRead};
use store::StoreError;
use store::table::{account, conversation};
use tiktok::business::message::{Outgoing, SendMessage};
use tokio::time::Instant;

use crate::call::CallError;
use crate::context::Context;
use crate::lock::lock;
use crate::pace::Priority;

/// Tells customers that the agent types, and that their messages were read.
#[derive(Debug, Clone)]
pub struct Presence {
    context: Context,
    /// When a typing sign was last sent into each conversation.
    typing_sent_at: Arc<Mutex<HashMap<ConversationId, Instant>>>,
}

impl Presence {
    pub(crate) fn new(context: Context) -> Self {
        Self { context, typing_sent_at: Arc::default() }
    }

    /// Sends a typing sign, unless one was sent within the last five seconds. One that fails is not sent again.
    pub fn send_typing(&self, id: ConversationId) {
        let mut sent_at = lock(&self.typing_sent_at);
        let (now, lasts) = (Instant::now(), self.context.timing().typing);
        sent_at.retain(|_, at| now.duration_since(*at) < lasts);
        if sent_at.contains_key(&id) {
            return;
        }
        sent_at.insert(id, now);
        drop(sent_at);
        let context = self.context.clone();
        self.context.tasks().spawn(async move {
            if let Err(error) = send_sign(&context, id, Outgoing::Typing).await {
                tracing::debug!(conversation = id.0, %error, "could not send a typing sign");
            }
        });
    }

    /// Marks a conversation as read by the agent: on opening it, or because the agent says so. The customer is told as soon
    /// as TikTok can be reached.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn mark_read(&self, id: ConversationId, occasion: MarkRead) -> Result<(), StoreError> {
        if self.context.store().write(move |tx| conversation::owe_read(tx, id, occasion)).await? {
            self.context.signals().wake_lane(id);
        }
        Ok(())
    }
}

/// Sends a sign into a conversation.
pub(crate) async fn send_sign(context: &Context, id: ConversationId, sign: Outgoing) -> Result<(), CallError> {
    let found = context.store().read(move |sql| {
        let known = conversation::get(sql, id)?;
        Ok((account::get(sql, known.account)?, known.remote_id))
    });
    let (business, conversation_id) = found.await.map_err(|error| CallError::Local(error.into()))?;
    let call = SendMessage { business_id: business.remote_id, conversation_id, body: sign };
    context.caller().ask(business.id, Priority::Sweep, call).await.map(|_| ())
}
