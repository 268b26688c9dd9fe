//! A lock on one kind of one account's automatic messages: they were read just now, and nothing else in this Deskbell reads or
//! changes them meanwhile.
//!
//! Each change is one call that is never repeated. What the kind will say is noted before it, so that it is known for ours
//! whenever it is seen.

use model::{AccountId, AuditStatus, AutoMessageType, AutoText};
use store::table::account::Account;
use store::table::auto_message::{self, AutoMessage, ListedAutoMessage};
use tiktok::Endpoint;
use tiktok::business::auto_message::{
    CreateAutoMessage, DeleteAutoMessage, SetAutoMessageStatus, SortAutoMessages, UpdateAutoMessage,
};
use tokio::sync::OwnedMutexGuard;

use super::{AutoError, AutoMessages, words};
use crate::call::CallError;
use crate::inbound::is_message_id;
use crate::pace::Priority;

/// One kind of one account, locked and just read.
pub(super) struct KindLock<'a> {
    messages: &'a AutoMessages,
    business: Account,
    pub(super) kind: AutoMessageType,
    /// As the agent was shown it, before it was read just now.
    pub(super) shown: Vec<AutoMessage>,
    pub(super) enabled: bool,
    pub(super) items: Vec<ListedAutoMessage>,
    /// Whether TikTok has taken any change.
    changed: bool,
    _exclusive: OwnedMutexGuard<()>,
}

impl<'a> KindLock<'a> {
    /// Waits for the lock and reads the kind.
    pub(super) async fn acquire(
        messages: &'a AutoMessages,
        id: AccountId,
        kind: AutoMessageType,
    ) -> Result<Self, AutoError> {
        let exclusive = messages.lock_account_soon(id).await?;
        let business = messages.permitted(id).await?;
        let shown = messages.context.store().read(move |sql| auto_message::of_kind(sql, id, kind)).await?;
        let mut lock = Self {
            messages,
            business,
            kind,
            shown,
            enabled: false,
            items: Vec::new(),
            changed: false,
            _exclusive: exclusive,
        };
        lock.read().await?;
        Ok(lock)
    }

    /// Reads the kind, and keeps what TikTok says.
    async fn read(&mut self) -> Result<(), AutoError> {
        let news = self.messages.read_kind(&self.business, self.kind, Priority::Open).await?;
        (self.enabled, self.items) = (news.enabled, news.items.clone());
        self.messages.keep_kind(self.business.id, self.kind, news, self.changed).await?;
        Ok(())
    }

    /// Reads the kind once more, whatever came of changing it, unless TikTok is out of reach; then it is read later.
    pub(super) async fn settle<T>(mut self, done: Result<T, AutoError>) -> Result<T, AutoError> {
        let out_of_reach = matches!(
            &done,
            Err(AutoError::Call(
                CallError::Offline(_) | CallError::SlowDown(_) | CallError::Relink(_) | CallError::Local(_)
            ))
        );
        let asked = self.changed || matches!(&done, Err(AutoError::Call(CallError::Refused(_))));
        if asked && !out_of_reach {
            let read = self.read().await;
            self.messages.record_trouble(self.business.id, |trouble| {
                trouble.messages = read.as_ref().err().map(super::share);
            });
            if read.is_err() {
                self.messages.context.signals().auto_messages.notify(self.business.id);
            }
        } else if asked {
            self.messages.context.signals().auto_messages.notify(self.business.id);
        }
        done
    }

    /// What the kind says now, in order.
    pub(super) fn texts(&self) -> Vec<AutoText> {
        self.items.iter().map(|item| item.text.clone()).collect()
    }

    /// One of its messages.
    pub(super) fn item(&self, remote_id: &str) -> Option<&ListedAutoMessage> {
        self.items.iter().find(|item| item.remote_id == remote_id)
    }

    /// Whether it says this, word for word.
    pub(super) fn has(&self, text: &AutoText) -> bool {
        self.items.iter().any(|item| item.text == *text)
    }

    /// Makes a message, behind the others.
    pub(super) async fn create(&mut self, text: &AutoText) -> Result<(), AutoError> {
        if self.items.iter().any(|item| item.text.repeats(text)) {
            return Err(AutoError::Duplicate);
        }
        if self.items.len() >= self.kind.max_count() {
            return Err(AutoError::TooMany);
        }
        self.create_unchecked(text).await
    }

    /// As [`KindLock::create`], leaving it to TikTok whether there is room for it.
    pub(super) async fn create_unchecked(&mut self, text: &AutoText) -> Result<(), AutoError> {
        // Where there can be only one, the new one takes the place of the old one.
        let keeps = if self.kind.max_count() == 1 { 0 } else { self.items.len() };
        let mut meant = self.texts();
        meant.truncate(keeps);
        meant.push(text.clone());
        let call =
            CreateAutoMessage { business_id: self.business.remote_id.clone(), text: words::wire(self.kind, text) };
        let known: Vec<String> = self.items.iter().map(|item| item.remote_id.clone()).collect();
        let made = |lock: &Self| lock.items.iter().any(|item| item.text == *text && !known.contains(&item.remote_id));
        if let Some(reply) = self.make(call, meant, made).await? {
            let named = reply.auto_message_id.filter(|id| is_message_id(id) && (keeps == 0 || !known.contains(id)));
            let Some(remote_id) = named else {
                // The answer names none, or one of the others: which it is, TikTok's list says.
                return self.read().await;
            };
            self.items.truncate(keeps);
            self.items.push(ListedAutoMessage {
                remote_id,
                text: text.clone(),
                audit: AuditStatus::Reviewing,
                raw: "{}".to_owned(),
            });
        }
        Ok(())
    }

    /// Changes what a message says, where it stands.
    pub(super) async fn update(&mut self, remote_id: &str, text: &AutoText) -> Result<(), AutoError> {
        if self.items.iter().any(|item| item.text.repeats(text) && item.remote_id != remote_id) {
            return Err(AutoError::Duplicate);
        }
        match self.item(remote_id).map(|item| item.audit) {
            None => return Err(AutoError::ChangedElsewhere),
            Some(AuditStatus::Reviewing) => return Err(AutoError::Reviewing),
            Some(AuditStatus::Rejected) => return Err(AutoError::Rejected),
            Some(AuditStatus::Approved | AuditStatus::Unknown) => {}
        }
        self.update_unchecked(remote_id, text).await
    }

    /// As [`KindLock::update`], leaving it to TikTok whether it may be changed.
    pub(super) async fn update_unchecked(&mut self, remote_id: &str, text: &AutoText) -> Result<(), AutoError> {
        let said =
            |item: &ListedAutoMessage| if item.remote_id == remote_id { text.clone() } else { item.text.clone() };
        let meant = self.items.iter().map(said).collect();
        let call = UpdateAutoMessage {
            business_id: self.business.remote_id.clone(),
            auto_message_id: remote_id.to_owned(),
            text: words::wire(self.kind, text),
        };
        if self.make(call, meant, |lock| lock.has(text)).await?.is_some() {
            for item in self.items.iter_mut().filter(|item| item.remote_id == remote_id) {
                (item.text, item.audit) = (text.clone(), AuditStatus::Reviewing);
            }
        }
        Ok(())
    }

    /// Deletes a message.
    pub(super) async fn delete(&mut self, remote_id: &str) -> Result<(), AutoError> {
        let others = self.items.iter().filter(|item| item.remote_id != remote_id);
        let meant = others.map(|item| item.text.clone()).collect();
        let call = DeleteAutoMessage {
            business_id: self.business.remote_id.clone(),
            kind: words::remote(self.kind),
            auto_message_id: remote_id.to_owned(),
        };
        if self.make(call, meant, |lock| lock.item(remote_id).is_none()).await?.is_some() {
            self.items.retain(|item| item.remote_id != remote_id);
        }
        Ok(())
    }

    /// Puts the messages into this order.
    pub(super) async fn sort(&mut self, order: &[String]) -> Result<(), AutoError> {
        let place = |item: &ListedAutoMessage| order.iter().position(|id| *id == item.remote_id).unwrap_or(order.len());
        let mut sorted = self.items.clone();
        sorted.sort_by_key(place);
        let meant = sorted.iter().map(|item| item.text.clone()).collect();
        let call = SortAutoMessages {
            business_id: self.business.remote_id.clone(),
            kind: words::remote(self.kind),
            auto_message_ids: order.to_vec(),
        };
        let done = |lock: &Self| lock.items.iter().map(|item| &item.remote_id).eq(order);
        if self.make(call, meant, done).await?.is_some() {
            self.items = sorted;
        }
        Ok(())
    }

    /// Switches the kind on or off.
    pub(super) async fn switch(&mut self, enabled: bool) -> Result<(), AutoError> {
        let call = SetAutoMessageStatus {
            business_id: self.business.remote_id.clone(),
            kind: words::remote(self.kind),
            enabled,
        };
        if self.make(call, self.texts(), |lock| lock.enabled == enabled).await?.is_some() {
            self.enabled = enabled;
        }
        Ok(())
    }

    /// One call. If its answer is lost, the kind is read, and `done` says whether it was taken after all; then there is no
    /// answer, and the kind is as it was read.
    async fn make<E: Endpoint + Clone>(
        &mut self,
        call: E,
        meant: Vec<AutoText>,
        done: impl Fn(&Self) -> bool,
    ) -> Result<Option<E::Reply>, AutoError> {
        let (id, kind) = (self.business.id, self.kind);
        self.messages.context.store().write(move |tx| auto_message::set_intended(tx, id, kind, &meant)).await?;
        match self.messages.ask(id, Priority::Open, call).await {
            Ok(reply) => {
                self.changed = true;
                Ok(Some(reply))
            }
            Err(AutoError::Call(CallError::Unknown(error))) => {
                tracing::warn!(
                    account = id.0,
                    code = error.code(),
                    "could not tell whether a change of automatic messages was made; they are read"
                );
                let unknown = AutoError::Call(CallError::Unknown(error));
                match self.read().await {
                    Ok(()) if done(self) => Ok(None),
                    Ok(()) => Err(unknown),
                    Err(_) => {
                        self.messages.context.signals().auto_messages.notify(id);
                        Err(unknown)
                    }
                }
            }
            Err(error) => {
                self.messages.context.store().write(move |tx| auto_message::clear_intended(tx, id, kind)).await?;
                Err(error)
            }
        }
    }
}
