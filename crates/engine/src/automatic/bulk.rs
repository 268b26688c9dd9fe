//! Several changes at once: each is a call of its own, and what TikTok refuses of them is told, while the rest goes on.
//! Anything else that goes wrong ends it; what stood there before is among the versions.

use model::{AccountId, AuditStatus, AutoMessageType, AutoText, AutoVersionId};
use store::table::{auto_message, auto_version};

use super::kind_lock::KindLock;
use super::plan::plan;
use super::{AutoError, AutoMessages, NotTaken, change};
use crate::call::CallError;

impl AutoMessages {
    /// Turns a kind on or off; with `recreate`, its messages are made anew afterwards, in the same order, because TikTok
    /// shows none of those that were there before.
    ///
    /// # Errors
    /// [`AutoError`]
    pub async fn set_enabled(
        &self,
        id: AccountId,
        kind: AutoMessageType,
        enabled: bool,
        recreate: bool,
    ) -> Result<Vec<NotTaken>, AutoError> {
        let messages = self.clone();
        self.changing(async move {
            let mut lock = KindLock::acquire(&messages, id, kind).await?;
            let done = switch(&mut lock, enabled, recreate).await;
            lock.settle(done).await
        })
        .await
    }

    /// Makes a kind say what it said in an earlier state, word for word and in the same order. Whether it is on stays as it
    /// is: to turn it on has consequences of its own.
    ///
    /// # Errors
    /// [`AutoError`]; [`AutoError::NotPossible`] where the welcome message would have to be deleted.
    pub async fn restore_version(&self, id: AutoVersionId) -> Result<(AccountId, Vec<NotTaken>), AutoError> {
        let version = self.context.store().read(move |sql| auto_version::get(sql, id)).await?;
        let messages = self.clone();
        self.changing(async move {
            let mut lock = KindLock::acquire(&messages, version.account, version.kind).await?;
            let done = bring_back(&mut lock, &version.items).await;
            lock.settle(done).await.map(|refused| (version.account, refused))
        })
        .await
    }

    /// Brings one account's messages to another, those that are not there already and for which there is room.
    ///
    /// # Errors
    /// [`AutoError`]
    pub async fn copy(
        &self,
        from: AccountId,
        to: AccountId,
        kinds: Vec<AutoMessageType>,
    ) -> Result<Vec<NotTaken>, AutoError> {
        let messages = self.clone();
        self.changing(async move {
            let mut refused = Vec::new();
            let kinds = AutoMessageType::ALL.into_iter().filter(|kind| kinds.contains(kind));
            for kind in kinds {
                let texts: Vec<AutoText> = match KindLock::acquire(&messages, from, kind).await {
                    Ok(source) => source.texts(),
                    // What was last read of it is as good, if it cannot be read now.
                    Err(_) => {
                        let held =
                            messages.context.store().read(move |sql| auto_message::of_kind(sql, from, kind)).await?;
                        held.into_iter().map(|message| message.text).collect()
                    }
                };
                let mut lock = KindLock::acquire(&messages, to, kind).await?;
                let done = add(&mut lock, &texts).await;
                refused.extend(lock.settle(done).await?);
            }
            Ok(refused)
        })
        .await
    }
}

async fn switch(lock: &mut KindLock<'_>, enabled: bool, recreate: bool) -> Result<Vec<NotTaken>, AutoError> {
    if lock.enabled != enabled {
        lock.switch(enabled).await?;
    }
    let mut refused = Vec::new();
    if !(enabled && recreate && lock.kind.can_be_deleted()) {
        return Ok(refused);
    }
    // One after another: if anything goes wrong, at most one of them is not there.
    for item in lock.items.clone() {
        let done = match lock.delete(&item.remote_id).await {
            Ok(()) => lock.create(&item.text).await,
            Err(error) => Err(error),
        };
        sort_out(done, &item.text, &mut refused)?;
    }
    Ok(refused)
}

async fn bring_back(lock: &mut KindLock<'_>, wanted: &[AutoText]) -> Result<Vec<NotTaken>, AutoError> {
    let mut refused = Vec::new();
    if !lock.kind.can_be_deleted() {
        let done = bring_back_only(lock, wanted).await;
        match wanted.first() {
            Some(text) => sort_out(done, text, &mut refused)?,
            None => done?,
        }
        return Ok(refused);
    }
    let plan = plan(lock.kind, &lock.items, wanted);
    for remote_id in &plan.delete {
        let said = lock.item(remote_id).map(|item| item.text.clone());
        let done = lock.delete(remote_id).await;
        sort_out(done, &said.unwrap_or_else(|| AutoText { title: String::new(), body: String::new() }), &mut refused)?;
    }
    for (remote_id, text) in &plan.update {
        let done = lock.update(remote_id, text).await;
        sort_out(done, text, &mut refused)?;
    }
    for text in &plan.create {
        let done = lock.create(text).await;
        sort_out(done, text, &mut refused)?;
    }
    if lock.kind.can_be_sorted() {
        let mut sorted: Vec<_> = lock.items.iter().collect();
        sorted.sort_by_key(|item| wanted.iter().position(|text| *text == item.text).unwrap_or(wanted.len()));
        let order: Vec<String> = sorted.iter().map(|item| item.remote_id.clone()).collect();
        if !lock.items.iter().map(|item| &item.remote_id).eq(&order) {
            lock.sort(&order).await?;
        }
    }
    Ok(refused)
}

/// As [`bring_back`], for the one message that cannot be deleted.
async fn bring_back_only(lock: &mut KindLock<'_>, wanted: &[AutoText]) -> Result<(), AutoError> {
    let now = lock.items.first().map(|item| (item.remote_id.clone(), item.text.clone(), item.audit));
    match (now, wanted.first()) {
        (None, None) => Ok(()),
        (None, Some(text)) => lock.create(text).await,
        (Some(_), None) => Err(AutoError::NotPossible),
        (Some((_, said, _)), Some(text)) if said == *text => Ok(()),
        (Some((remote_id, _, AuditStatus::Rejected)), Some(text)) => change::replace(lock, &remote_id, text).await,
        (Some((remote_id, ..)), Some(text)) => lock.update(&remote_id, text).await,
    }
}

async fn add(lock: &mut KindLock<'_>, texts: &[AutoText]) -> Result<Vec<NotTaken>, AutoError> {
    let mut refused = Vec::new();
    for text in texts {
        if lock.has(text) {
            continue;
        }
        let done = lock.create(text).await;
        sort_out(done, text, &mut refused)?;
    }
    Ok(refused)
}

/// A refusal is noted, and the next one goes on; anything else ends it.
fn sort_out(done: Result<(), AutoError>, text: &AutoText, refused: &mut Vec<NotTaken>) -> Result<(), AutoError> {
    match done {
        Ok(()) => Ok(()),
        Err(
            error @ (AutoError::Text(_)
            | AutoError::TooMany
            | AutoError::Duplicate
            | AutoError::Reviewing
            | AutoError::Rejected
            | AutoError::Call(CallError::Refused(_))),
        ) => {
            refused.push(NotTaken { text: text.clone(), error });
            Ok(())
        }
        Err(error) => Err(error),
    }
}
