//! Reading one conversation from its source and storing what came. The account's loop, a lane before it sends and while it
//! looks for an unconfirmed reply, and the media cache all read conversations this way.

use model::{ConversationId, Millis};
use store::StoreError;
use store::table::account::{self, Account};
use store::table::conversation::{self, Conversation};
use store::table::relay::{self, RelayCursor};

use crate::call::CallError;
use crate::completeness::Completeness;
use crate::context::Context;
use crate::events::{Arrival, is_news};
use crate::inbound::{self, Applied, ApplyOptions};
use crate::pace::Priority;
use crate::source::tiktok::TikTok;
use crate::source::{Batch, Source};

/// Reads conversations, and notes in [`Completeness`] what each reading proves. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct ConversationFetch {
    context: Context,
    completeness: Completeness,
}

impl ConversationFetch {
    pub(crate) fn new(context: Context) -> Self {
        Self { completeness: Completeness::new(context.clone()), context }
    }

    /// What the readings so far have proven.
    pub(crate) fn completeness(&self) -> &Completeness {
        &self.completeness
    }

    /// Reads one conversation of an account from TikTok.
    pub(crate) async fn fetch_from_tiktok(
        &self,
        account: &Account,
        id: ConversationId,
        priority: Priority,
    ) -> Result<Applied, CallError> {
        self.fetch(&TikTok::of(self.context.caller(), account), id, priority).await
    }

    /// Reads one conversation, stores what came, and tells the other parts of the engine.
    pub(crate) async fn fetch<S: Source>(
        &self,
        source: &S,
        id: ConversationId,
        priority: Priority,
    ) -> Result<Applied, CallError> {
        let (known, account) = self.find(id).await.map_err(local)?;
        let batch = source.fetch(&known, priority).await?;
        self.store(&account, &known, batch, None).await.map_err(local)
    }

    /// A conversation and its account.
    pub(crate) async fn find(&self, id: ConversationId) -> Result<(Conversation, Account), StoreError> {
        let found = self.context.store().read(move |sql| {
            let known = conversation::get(sql, id)?;
            let account = account::get(sql, known.account)?;
            Ok((known, account))
        });
        found.await
    }

    /// Stores one reading of a conversation, and tells the other parts of the engine. A reading that came by the shop's
    /// relay is stored with its place in the relay's log.
    pub(crate) async fn store(
        &self,
        account: &Account,
        known: &Conversation,
        batch: Batch,
        cursor: Option<RelayCursor>,
    ) -> Result<Applied, StoreError> {
        let (id, asked_at_ms) = (known.id, batch.asked_at_ms);
        let newest_ms: Millis = batch.messages.iter().map(|news| news.sent_at_ms).max().unwrap_or(0);
        // A first reading of a conversation from before linking is not repeated.
        let reread_if_behind = known.fetched_updated_ms > 0 || known.remote_updated_ms > account.linked_at_ms;
        let options = ApplyOptions::new(self.context.clock().now_ms(), self.context.timing())
            .answering(known.remote_updated_ms, reread_if_behind);
        self.completeness.begin_storing(known, asked_at_ms);
        let stored = self.context.store().write(move |tx| {
            if let Some(cursor) = &cursor {
                relay::set_cursor(tx, cursor)?;
            }
            inbound::apply(tx, id, &batch, options)
        });
        let applied = stored.await?;
        self.completeness.record_reading(known, asked_at_ms, newest_ms, applied.behind);
        after_apply(&self.context, account, id, &applied);
        Ok(applied)
    }
}

/// Wakes what may wait for the messages that were just stored, and announces those that arrived. Everything that stores
/// messages ends here, be they read or pushed.
pub(crate) fn after_apply(context: &Context, account: &Account, conversation: ConversationId, applied: &Applied) {
    let signals = context.signals();
    if applied.settles_replies() {
        signals.wake_lane(conversation);
    }
    for reopened in &applied.reopened {
        signals.wake_lane(*reopened);
    }
    if applied.pictures {
        signals.pictures.notify(account.id);
    }
    if !applied.arrived.is_empty() {
        signals.rules.notify_one();
    }
    // Decided now, with the account as it was before the reading: once the first fetch is complete, its old messages would
    // pass for news.
    for message in applied.arrived.iter().filter(|message| is_news(account, **message)) {
        context.events().announce_arrival(Arrival { account: account.id, conversation, message: *message });
    }
}

fn local(error: StoreError) -> CallError {
    CallError::Local(error.into())
}
