//! Reading what TikTok has: now and then, more often while something is under review or an agent looks, and at once when
//! TikTok pushes that something happened.

use std::sync::PoisonError;
use std::time::Duration;

use model::{AccountId, AutoMessageType};
use store::StoreError;
use store::table::account::Account;
use store::table::auto_message::{self, ListedKind};
use tiktok::business::auto_message::{ListAutoMessages, OperationStatus};
use tiktok::business::direct_reply::GetDirectReply;

use super::{AutoError, Entry, kind_of, offered, share, words};
use crate::call::CallError;
use crate::engine::Engine;
use crate::pace::Priority;
use crate::timing::Backoff;

/// Reads an account's automatic messages for as long as it is followed.
pub(crate) async fn run(engine: Engine, id: AccountId) {
    let entry = engine.automatic().of(id);
    let mut backoff = Backoff::new(engine.timing());
    let mut pauses = engine.caller().pauses();
    loop {
        let read = engine.read_automatic(id, Priority::Sweep).await;
        // The pause that this reading was told of has begun; what is heard from here on is that it ends early.
        pauses.mark_unchanged();
        let slowed = matches!(&read, Err(AutoError::Call(CallError::SlowDown(_))));
        let wait = match &read {
            Ok(()) => {
                backoff.worked();
                engine.next_reading(id, &entry).await
            }
            Err(AutoError::Call(CallError::SlowDown(_))) => engine.caller().paused().unwrap_or_default(),
            Err(AutoError::Call(CallError::Offline(_) | CallError::Unknown(_)) | AutoError::Store(_)) => {
                backoff.failed()
            }
            // It would be refused again.
            Err(_) => engine.timing().automatic,
        };
        if let Err(error) = read {
            tracing::warn!(account = id.0, wait_ms = wait.as_millis(), why = kind_of(&error), "automatic.not_read");
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = entry.woken.notified() => {}
            _ = pauses.changed(), if slowed => {}
        }
    }
}

impl Engine {
    async fn next_reading(&self, id: AccountId, entry: &Entry) -> Duration {
        let timing = self.timing();
        let shown = *entry.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let reviewing = self.store().read(move |sql| auto_message::any_in_review(sql, id)).await;
        let soon = reviewing.unwrap_or(true) || shown.is_some_and(|at| at.elapsed() < timing.automatic);
        if soon { timing.automatic_soon } else { timing.automatic }
    }

    pub(super) async fn read_automatic(&self, id: AccountId, priority: Priority) -> Result<(), AutoError> {
        let alone =
            if priority >= Priority::Open { self.alone_soon(id).await } else { Ok(self.automatic().alone(id).await) };
        let _alone = match alone {
            Ok(alone) => alone,
            Err(error) => {
                self.note_trouble(id, |trouble| trouble.messages = Some(share(&error)));
                return Err(error);
            }
        };
        let read = async {
            let business = self.permitted(id).await?;
            for kind in AutoMessageType::ALL {
                let news = self.read_kind(&business, kind, priority).await?;
                self.keep_kind(id, kind, news, false).await?;
            }
            Ok(())
        };
        let read = read.await;
        self.note_trouble(id, |trouble| trouble.messages = read.as_ref().err().map(share));
        // It needs another permission, and is refused for reasons of its own.
        if !matches!(&read, Err(AutoError::Call(_) | AutoError::Store(_))) {
            let business = self.linked(id).await?;
            if let Err(error) = self.read_comment_to_message(&business, priority).await {
                tracing::debug!(account = id.0, why = kind_of(&error), "automatic.comments_not_read");
            }
        }
        read
    }

    pub(super) async fn read_comment_to_message(
        &self,
        business: &Account,
        priority: Priority,
    ) -> Result<bool, AutoError> {
        let id = business.id;
        let question = GetDirectReply { business_id: business.remote_id.clone() };
        let read = match self.ask_automatic(id, priority, question).await {
            Ok(reply) => {
                let (enabled, now_ms) = (reply.status == Some(OperationStatus::Enable), self.clock().now_ms());
                self.store()
                    .write(move |tx| auto_message::keep_comment_to_message(tx, id, enabled, now_ms))
                    .await
                    .map(|()| enabled)
                    .map_err(AutoError::from)
            }
            Err(error) => Err(offered(error)),
        };
        self.note_trouble(id, |trouble| trouble.comments = read.as_ref().err().map(share));
        read
    }

    /// Asks for one kind.
    pub(super) async fn read_kind(
        &self,
        business: &Account,
        kind: AutoMessageType,
        priority: Priority,
    ) -> Result<ListedKind, AutoError> {
        let question = ListAutoMessages { business_id: business.remote_id.clone(), kind: words::remote(kind) };
        let reply = self.ask_automatic(business.id, priority, question).await?;
        if reply.unreadable > 0 {
            tracing::warn!(account = business.id.0, count = reply.unreadable, "automatic.unreadable");
        }
        Ok(words::news(kind, reply))
    }

    pub(super) async fn keep_kind(
        &self,
        id: AccountId,
        kind: AutoMessageType,
        news: ListedKind,
        caused: bool,
    ) -> Result<(), StoreError> {
        let now_ms = self.clock().now_ms();
        self.store().write(move |tx| auto_message::keep(tx, id, kind, &news, caused, now_ms)).await
    }
}
