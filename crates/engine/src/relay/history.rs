//! What is older than the pairing: the relay's log, read back newest first, so that a new desktop has what TikTok does not
//! list any more.
//!
//! Only what can be stored in any order is taken: messages. Emoji, read marks and states have changed since.

use std::time::Duration;

use store::StoreError;
use store::table::account;
use store::table::relay as table;
use tiktok::Endpoint as _;
use tiktok::business::message::ListMessages;
use wire::{Event, EventBody};

use super::Relay;
use crate::webhooks::Relayed;

/// How many events are read back at once.
const PAGE_SIZE: u32 = 200;
/// Between two pages: what happens now goes first.
const PAGE_PAUSE: Duration = Duration::from_millis(100);

impl Relay {
    /// Reads the log back to its beginning, as far as that was not done before. What fails is tried again with the next
    /// stream.
    pub(super) async fn read_history(&self) {
        if let Err(error) = self.read_history_to_the_end().await {
            tracing::info!(error, "could not read the relay's older events to the end");
        }
    }

    async fn read_history_to_the_end(&self) -> Result<(), String> {
        let store = self.context.store();
        loop {
            let relay = store.read(table::get).await.map_err(|error| error.to_string())?;
            let Some(before) = relay.and_then(|relay| relay.history_before) else { return Ok(()) };
            let Some(route) = self.context.caller().gateway().route() else { return Ok(()) };
            let page = route.relay.history(before, PAGE_SIZE).await.map_err(|error| error.to_string())?;
            let oldest = page.events.last().map(|event| event.id.sequence);
            for event in page.events {
                self.apply_old(event).await.map_err(|error| error.to_string())?;
            }
            let next = oldest.filter(|_| page.more);
            store.write(move |tx| table::set_history_before(tx, next)).await.map_err(|error| error.to_string())?;
            if next.is_none() {
                tracing::info!("the relay's older events are read");
                return Ok(());
            }
            tokio::time::sleep(PAGE_PAUSE).await;
        }
    }

    /// Stores the messages of an event from before the pairing.
    async fn apply_old(&self, event: Event) -> Result<(), StoreError> {
        let remote_id = event.account.clone();
        let known = self.context.store().read(move |sql| account::find(sql, &remote_id)).await?;
        let Some(known) = known.filter(|known| known.unlinked_at_ms.is_none()) else { return Ok(()) };
        match event.body {
            EventBody::Webhook(webhook) if matches!(webhook.name.as_str(), "im_receive_msg" | "im_send_msg") => {
                self.apply_webhook(&known, &webhook, Relayed { at_ms: event.at_ms, place: None }).await
            }
            EventBody::Page(page) if page.path == ListMessages::PATH => self.apply_page(&known, &page, None).await,
            EventBody::Webhook(_)
            | EventBody::Page(_)
            | EventBody::Hint(_)
            | EventBody::Sent(_)
            | EventBody::Complete(_)
            | EventBody::Account(_)
            | EventBody::Listening
            | EventBody::Unknown { .. } => Ok(()),
        }
    }
}
