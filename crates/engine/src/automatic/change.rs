//! One change at the agent's word. What TikTok would refuse is not even asked for.

use model::{AccountId, AuditStatus, AutoMessageId, AutoMessageType, AutoText};
use store::StoreError;
use store::table::auto_message::{self, AutoMessage};

use super::kind_lock::KindLock;
use super::{AutoError, AutoMessages, closing};
use crate::call::CallError;

impl AutoMessages {
    /// Sends a new message to TikTok for review.
    ///
    /// # Errors
    /// [`AutoError`]; then it is not there, or TikTok's answer was lost and it did not show.
    pub async fn create(&self, id: AccountId, kind: AutoMessageType, text: &AutoText) -> Result<(), AutoError> {
        let text = text.validated(kind).map_err(AutoError::Text)?;
        let messages = self.clone();
        self.changing(async move {
            let mut lock = KindLock::acquire(&messages, id, kind).await?;
            let done = lock.create(&text).await;
            lock.settle(done).await
        })
        .await
    }

    /// Changes a message that said `base` when the agent began.
    ///
    /// # Errors
    /// [`AutoError`]; [`AutoError::ChangedElsewhere`] if it says something else by now: then nothing was overwritten.
    pub async fn update(&self, id: AutoMessageId, base: AutoText, text: &AutoText) -> Result<(), AutoError> {
        let (shown, text) = (self.shown(id).await?, text.clone());
        let text = text.validated(shown.kind).map_err(AutoError::Text)?;
        let messages = self.clone();
        self.changing(async move {
            let mut lock = KindLock::acquire(&messages, shown.account, shown.kind).await?;
            let done = async {
                let now = lock.item(&shown.remote_id).ok_or(AutoError::ChangedElsewhere)?;
                if now.text == text {
                    return Ok(());
                }
                if now.text != base && base.validated(shown.kind).as_ref() != Ok(&now.text) {
                    return Err(AutoError::ChangedElsewhere);
                }
                lock.update(&shown.remote_id, &text).await
            };
            let done = done.await;
            lock.settle(done).await
        })
        .await
    }

    /// Replaces a message by a new one, changed or not: what a rejected one needs, and one that was switched off.
    ///
    /// # Errors
    /// [`AutoError`]. If the old one is gone and the new one was not taken, the old text is among the kind's versions.
    pub async fn recreate(&self, id: AutoMessageId, text: &AutoText) -> Result<(), AutoError> {
        let shown = self.shown(id).await?;
        let text = text.validated(shown.kind).map_err(AutoError::Text)?;
        let messages = self.clone();
        self.changing(async move {
            let mut lock = KindLock::acquire(&messages, shown.account, shown.kind).await?;
            let done = recreate(&mut lock, &shown, &text).await;
            lock.settle(done).await
        })
        .await
    }

    /// Deletes a message.
    ///
    /// # Errors
    /// [`AutoError`]
    pub async fn delete(&self, id: AutoMessageId) -> Result<(), AutoError> {
        let shown = self.shown(id).await?;
        if !shown.kind.can_be_deleted() {
            return Err(AutoError::NotPossible);
        }
        let messages = self.clone();
        self.changing(async move {
            let mut lock = KindLock::acquire(&messages, shown.account, shown.kind).await?;
            let done = match lock.item(&shown.remote_id) {
                // Another task was faster.
                None => Ok(()),
                Some(now) if now.text != shown.text => Err(AutoError::ChangedElsewhere),
                Some(_) => lock.delete(&shown.remote_id).await,
            };
            lock.settle(done).await
        })
        .await
    }

    /// Puts a kind's messages into this order; all of them must be named.
    ///
    /// # Errors
    /// [`AutoError`]
    pub async fn sort(&self, id: AccountId, kind: AutoMessageType, order: Vec<AutoMessageId>) -> Result<(), AutoError> {
        if !kind.can_be_sorted() {
            return Err(AutoError::NotPossible);
        }
        let messages = self.clone();
        self.changing(async move {
            let mut lock = KindLock::acquire(&messages, id, kind).await?;
            let done = match order_of(&lock, &order) {
                Ok(order) if lock.items.iter().map(|item| &item.remote_id).eq(&order) => Ok(()),
                Ok(order) => lock.sort(&order).await,
                Err(error) => Err(error),
            };
            lock.settle(done).await
        })
        .await
    }

    /// The message as the agent was shown it.
    async fn shown(&self, id: AutoMessageId) -> Result<AutoMessage, AutoError> {
        Ok(self.context.store().read(move |sql| auto_message::get(sql, id)).await?)
    }

    /// Sees a change through, even if the caller stops waiting.
    pub(super) async fn changing<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, AutoError>> + Send + 'static,
    ) -> Result<T, AutoError> {
        self.context.run_to_end(work).await.unwrap_or_else(|| Err(closing()))
    }
}

/// The ids of all of a kind's messages in an order of the agent's. An order of others than there are now was made by
/// an agent who saw something else.
fn order_of(lock: &KindLock<'_>, order: &[AutoMessageId]) -> Result<Vec<String>, AutoError> {
    let shown = |id: &AutoMessageId| lock.shown.iter().find(|message| message.id == *id);
    let order: Vec<&AutoMessage> = order.iter().map(shown).collect::<Option<_>>().ok_or(StoreError::NotFound)?;
    let same = lock.shown.len() == lock.items.len()
        && lock.shown.iter().zip(&lock.items).all(|(shown, now)| shown.remote_id == now.remote_id);
    let mut ids: Vec<String> = order.iter().map(|message| message.remote_id.clone()).collect();
    let order = ids.clone();
    ids.sort();
    ids.dedup();
    if !same || ids.len() != lock.items.len() || order.len() != lock.items.len() {
        return Err(AutoError::ChangedElsewhere);
    }
    Ok(order)
}

async fn recreate(lock: &mut KindLock<'_>, shown: &AutoMessage, text: &AutoText) -> Result<(), AutoError> {
    let now = lock.item(&shown.remote_id).ok_or(AutoError::ChangedElsewhere)?;
    if now.text != shown.text {
        return Err(AutoError::ChangedElsewhere);
    }
    if now.audit == AuditStatus::Reviewing {
        return Err(AutoError::Reviewing);
    }
    if lock.items.iter().any(|item| item.text.repeats(text) && item.remote_id != shown.remote_id) {
        return Err(AutoError::Duplicate);
    }
    if !lock.kind.can_be_deleted() {
        return replace(lock, &shown.remote_id, text).await;
    }
    let place = lock.items.iter().position(|item| item.remote_id == shown.remote_id).unwrap_or(0);
    lock.delete(&shown.remote_id).await?;
    lock.create(text).await?;
    let mut order: Vec<String> = lock.items.iter().map(|item| item.remote_id.clone()).collect();
    if lock.kind.can_be_sorted() && place + 1 < order.len() {
        let new = order.pop().unwrap_or_default();
        order.insert(place, new);
        lock.sort(&order).await?;
    }
    Ok(())
}

/// A new welcome message in the place of the old one, which cannot be deleted. Sources do not agree on how that is asked
/// for: a new one, or else a change.
pub(super) async fn replace(lock: &mut KindLock<'_>, remote_id: &str, text: &AutoText) -> Result<(), AutoError> {
    match lock.create_unchecked(text).await {
        Err(AutoError::Call(CallError::Refused(_))) => lock.update_unchecked(remote_id, text).await,
        done => done,
    }
}
