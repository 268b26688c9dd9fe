//! Stores one event of the relay's log.

// A new kind of event does not compile here before it has an answer.
#![warn(clippy::wildcard_enum_match_arm)]

use model::{Content, Surface};
use store::StoreError;
use store::table::account::{self, Account};
use store::table::message::{self, IncomingMessage};
use store::table::relay::{self as table, RelayCursor};
use store::table::{attempt, conversation};
use tiktok::Endpoint;
use tiktok::business::conversation::{ConversationKind, ListConversations};
use tiktok::business::message::ListMessages;
use tiktok::business::webhook::Envelope;
use wire::event::{self, AccountState};
use wire::{Event, EventBody};

use super::Relay;
use crate::conversation_fetch::after_apply;
use crate::inbound::pushed::{self, Pushed, What};
use crate::inbound::{self, ApplyOptions};
use crate::source::tiktok::{batch, list_page};
use crate::webhooks::Relayed;

impl Relay {
    /// Stores an event, and that everything up to it is stored. Doing it twice changes nothing.
    pub(super) async fn apply(
        &self,
        event: Event,
        place: RelayCursor,
        json: &str,
        device: &str,
    ) -> Result<(), StoreError> {
        match self.store_event(event, Some(&place), json, device).await {
            // What it is about was erased meanwhile.
            Ok(()) | Err(StoreError::NotFound) => {}
            Err(error) => return Err(error),
        }
        self.context.store().write(move |tx| table::set_cursor(tx, &place)).await
    }

    /// Applies the events that an older version did not know. Those that this one does not know either stay.
    pub(super) async fn apply_kept(&self) -> Result<(), StoreError> {
        let (kept, relay) = self.context.store().read(|sql| Ok((table::kept_events(sql)?, table::get(sql)?))).await?;
        let Some(device) = relay.map(|relay| relay.device_id) else { return Ok(()) };
        for json in kept {
            let Ok(event) = serde_json::from_str::<Event>(&json) else { continue };
            if matches!(event.body, EventBody::Unknown { .. }) {
                continue;
            }
            let place = RelayCursor { epoch: event.id.epoch.clone(), sequence: event.id.sequence };
            match self.store_event(event, None, &json, &device).await {
                Ok(()) | Err(StoreError::NotFound) => {}
                Err(error) => return Err(error),
            }
            self.context.store().write(move |tx| table::forget_event(tx, &place)).await?;
        }
        Ok(())
    }

    /// Stores what an event says, with its place if it is the next one of the stream.
    async fn store_event(
        &self,
        event: Event,
        place: Option<&RelayCursor>,
        json: &str,
        device: &str,
    ) -> Result<(), StoreError> {
        let remote_id = event.account.clone();
        let known = self.context.store().read(move |sql| account::find(sql, &remote_id)).await?;
        let known = known.filter(|known| known.unlinked_at_ms.is_none());
        match (event.body, known) {
            (EventBody::Webhook(webhook), Some(known)) => {
                let relayed = Relayed { at_ms: event.at_ms, place: place.cloned() };
                self.apply_webhook(&known, &webhook, relayed).await?;
            }
            (EventBody::Hint(hint), Some(known)) => self.apply_hint(&known, hint).await?,
            (EventBody::Page(page), Some(known)) => self.apply_page(&known, &page, place).await?,
            (EventBody::Sent(sent), Some(known)) => {
                self.apply_sent(&known, sent, event.at_ms, device).await?;
            }
            (EventBody::Complete(complete), Some(known)) if known.via_relay => {
                self.fetcher.completeness().adopt(known.id, complete.from_ms, complete.to_ms, event.at_ms).await?;
            }
            (EventBody::Account(account), known) => self.apply_account(known, &account, event.at_ms).await?,
            (EventBody::Listening, _) => self.restart_hearing(event.at_ms).await?,
            (EventBody::Unknown { .. }, _) => {
                if let Some(place) = place.cloned() {
                    let json = json.to_owned();
                    self.context.store().write(move |tx| table::keep_event(tx, &place, &json)).await?;
                }
            }
            // About an account that is not followed here, or is linked here by itself.
            (
                EventBody::Webhook(_)
                | EventBody::Hint(_)
                | EventBody::Page(_)
                | EventBody::Sent(_)
                | EventBody::Complete(_),
                _,
            ) => {}
        }
        Ok(())
    }

    pub(super) async fn apply_webhook(
        &self,
        known: &Account,
        webhook: &event::Webhook,
        relayed: Relayed,
    ) -> Result<(), StoreError> {
        match Envelope::read(webhook.raw.as_bytes()) {
            Ok(envelope) => self.webhooks.apply(known, envelope, Some(relayed)).await.map(drop),
            Err(error) => {
                tracing::warn!(account = known.id.0, %error, "a webhook of the relay's is no event");
                Ok(())
            }
        }
    }

    /// Something happened that TikTok must be asked about: the desktop that sweeps the lists asks.
    async fn apply_hint(&self, known: &Account, hint: event::Hint) -> Result<(), StoreError> {
        if let Some(remote_id) = hint.conversation {
            let account = known.id;
            self.context
                .store()
                .write(move |tx| match conversation::find(tx, account, &remote_id)? {
                    Some(id) => conversation::mark_due(tx, id),
                    None => Ok(()),
                })
                .await?;
        }
        self.context.signals().account_sync.notify(known.id);
        Ok(())
    }

    /// TikTok answered this when a desktop read a list or a conversation.
    pub(super) async fn apply_page(
        &self,
        known: &Account,
        page: &event::Page,
        place: Option<&RelayCursor>,
    ) -> Result<(), StoreError> {
        let asked = |name: &str| page.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        if page.path == ListConversations::PATH {
            let kind = match asked("conversation_type").as_deref() {
                Some("STRANGER") => ConversationKind::Stranger,
                _ => ConversationKind::Single,
            };
            let Ok(answer) = tiktok::read_data::<ListConversations>(&page.data) else { return Ok(()) };
            let (account, place) = (known.id, place.cloned());
            let listed = list_page(account, answer, kind, page.asked_at_ms).listed;
            return self
                .context
                .store()
                .write(move |tx| {
                    for one in &listed {
                        conversation::upsert_listed(tx, account, one)?;
                    }
                    place.as_ref().map_or(Ok(()), |place| table::set_cursor(tx, place))
                })
                .await;
        }
        if page.path != ListMessages::PATH {
            return Ok(());
        }
        let (Some(remote_id), Ok(answer)) = (asked("conversation_id"), tiktok::read_data::<ListMessages>(&page.data))
        else {
            return Ok(());
        };
        let account = known.id;
        let found = self.context.store().read(move |sql| conversation::find(sql, account, &remote_id)).await?;
        // The list that names it comes later, or does not come: then its next reading brings it.
        let Some(id) = found else { return Ok(()) };
        // A page that is older than the newest reading would bring back what has changed since.
        if self.fetcher.completeness().last_read_at_ms(id).is_some_and(|read_at_ms| read_at_ms >= page.asked_at_ms) {
            return Ok(());
        }
        let (conversation, account) = self.fetcher.find(id).await?;
        let batch = batch(answer, &account.remote_id, &conversation, page.asked_at_ms);
        self.fetcher.store(&account, &conversation, batch, place.cloned()).await.map(drop)
    }

    /// A desktop sent a message through the relay: this one's own is confirmed, a colleague's is shown.
    async fn apply_sent(&self, known: &Account, sent: event::Sent, at_ms: i64, device: &str) -> Result<(), StoreError> {
        let (account, options) = (known.id, ApplyOptions::new(self.context.clock().now_ms(), self.context.timing()));
        if sent.device == device {
            let Some(remote_id) = sent.message else { return Ok(()) };
            let key = sent.key;
            let lane = self
                .context
                .store()
                .write(move |tx| {
                    let Some(message) = attempt::find_by_send_key(tx, &key)? else { return Ok(None) };
                    inbound::confirm(tx, account, message, &remote_id)?;
                    match message::get(tx, message) {
                        Ok(message) => Ok(Some(message.conversation)),
                        Err(StoreError::NotFound) => Ok(None),
                        Err(error) => Err(error),
                    }
                })
                .await?;
            if let Some(conversation) = lane {
                self.context.signals().wake_lane(conversation);
            }
            return Ok(());
        }
        let content = sent.text.map(|body| Content::Text { body });
        let (remote_id, conversation) = (sent.message, sent.conversation);
        if let (Some(remote_id), Some(content)) = (remote_id, content) {
            let pushed = Pushed {
                conversation,
                person: None,
                what: What::Said(IncomingMessage {
                    remote_id,
                    sent_at_ms: at_ms,
                    is_timed: false,
                    outgoing: true,
                    surface: Surface::Api,
                    auto: None,
                    content,
                    quoted_remote_id: None,
                    reactions: Vec::new(),
                    raw: String::new(),
                }),
                heard_at_ms: None,
            };
            let (applied, stored) =
                self.context.store().write(move |tx| pushed::apply(tx, account, &pushed, options)).await?;
            if let Some(stored) = stored {
                after_apply(&self.context, known, stored, &applied);
            }
            return Ok(());
        }
        // A picture, a card, or a send whose end is not known: the conversation's next reading shows it.
        self.apply_hint(known, event::Hint { conversation: Some(conversation) }).await
    }

    /// The relay may have missed something before this time.
    pub(super) async fn restart_hearing(&self, at_ms: i64) -> Result<(), StoreError> {
        self.context.store().write(move |tx| account::restart_hearing(tx, at_ms)).await
    }

    /// An account's link at the relay has changed.
    async fn apply_account(&self, known: Option<Account>, said: &event::Account, at_ms: i64) -> Result<(), StoreError> {
        match (said.state, known) {
            (AccountState::Linked, known) if known.as_ref().is_none_or(|known| known.via_relay) => {
                // While it was not linked, nothing of it was pushed.
                if let Some(id) = known.map(|known| known.id) {
                    self.context.store().write(move |tx| account::set_heard_from(tx, id, Some(at_ms))).await?;
                }
                // What the relay says of it in full: the event may be old.
                match self.me().await {
                    Ok(me) => {
                        for linked in &me.accounts {
                            if let Err(error) = self.add_account(linked).await {
                                tracing::error!(%error, "could not follow an account of the relay's");
                            }
                        }
                    }
                    Err(error) => tracing::warn!(%error, "could not ask the relay for its accounts"),
                }
                Ok(())
            }
            (AccountState::NeedsLinking | AccountState::Unlinked, Some(known)) if known.via_relay => {
                let id = known.id;
                self.context
                    .store()
                    .write(move |tx| account::set_relink(tx, id, "an admin has to link it again at the shop's relay"))
                    .await
            }
            (AccountState::Linked | AccountState::NeedsLinking | AccountState::Unlinked | AccountState::Unknown, _) => {
                Ok(())
            }
        }
    }
}
