//! Several changes at once: each is a call of its own, and what TikTok refuses of them is told, while the rest goes on.
//! Anything else that goes wrong ends it; what stood there before is among the versions.

use model::{AccountId, AuditStatus, AutoMessageType, AutoText, AutoVersionId};
use store::table::{auto_message, auto_version};

use super::hold::Hold;
use super::plan::plan;
use super::{AutoError, NotTaken, change};
use crate::call::CallError;
use crate::engine::Engine;

impl Engine {
    /// Turns a kind on or off; with `recreate`, its messages are made anew afterwards, in the same order, because TikTok
    /// shows none of those that were there before.
    ///
    /// # Errors
    /// [`AutoError`]
    pub async fn set_auto_messages(
        &self,
        id: AccountId,
        kind: AutoMessageType,
        enabled: bool,
        recreate: bool,
    ) -> Result<Vec<NotTaken>, AutoError> {
        let engine = self.clone();
        self.changing(async move {
            let mut hold = Hold::take(&engine, id, kind).await?;
            let done = switch(&mut hold, enabled, recreate).await;
            hold.settle(done).await
        })
        .await
    }

    /// Makes a kind say what it said in an earlier state, word for word and in the same order. Whether it is on stays as it
    /// is: to turn it on has consequences of its own.
    ///
    /// # Errors
    /// [`AutoError`]; [`AutoError::NotPossible`] where the welcome message would have to be deleted.
    pub async fn restore_auto_version(&self, id: AutoVersionId) -> Result<(AccountId, Vec<NotTaken>), AutoError> {
        let version = self.store().read(move |sql| auto_version::get(sql, id)).await?;
        let engine = self.clone();
        self.changing(async move {
            let mut hold = Hold::take(&engine, version.account, version.kind).await?;
            let done = bring_back(&mut hold, &version.items).await;
            hold.settle(done).await.map(|refused| (version.account, refused))
        })
        .await
    }

    /// Brings one account's messages to another, those that are not there already and for which there is room.
    ///
    /// # Errors
    /// [`AutoError`]
    pub async fn copy_auto_messages(
        &self,
        from: AccountId,
        to: AccountId,
        kinds: Vec<AutoMessageType>,
    ) -> Result<Vec<NotTaken>, AutoError> {
        let engine = self.clone();
        self.changing(async move {
            let mut refused = Vec::new();
            let kinds = AutoMessageType::ALL.into_iter().filter(|kind| kinds.contains(kind));
            for kind in kinds {
                let texts: Vec<AutoText> = match Hold::take(&engine, from, kind).await {
                    Ok(source) => source.texts(),
                    // What was last read of it is as good, if it cannot be read now.
                    Err(_) => {
                        let held = engine.store().read(move |sql| auto_message::of_kind(sql, from, kind)).await?;
                        held.into_iter().map(|message| message.text).collect()
                    }
                };
                let mut hold = Hold::take(&engine, to, kind).await?;
                let done = add(&mut hold, &texts).await;
                refused.extend(hold.settle(done).await?);
            }
            Ok(refused)
        })
        .await
    }
}

async fn switch(hold: &mut Hold<'_>, enabled: bool, recreate: bool) -> Result<Vec<NotTaken>, AutoError> {
    if hold.enabled != enabled {
        hold.switch(enabled).await?;
    }
    let mut refused = Vec::new();
    if !(enabled && recreate && hold.kind.can_be_deleted()) {
        return Ok(refused);
    }
    // One after another: if anything goes wrong, at most one of them is not there.
    for item in hold.items.clone() {
        let done = match hold.delete(&item.remote_id).await {
            Ok(()) => hold.create(&item.text).await,
            Err(error) => Err(error),
        };
        sort_out(done, &item.text, &mut refused)?;
    }
    Ok(refused)
}

async fn bring_back(hold: &mut Hold<'_>, wanted: &[AutoText]) -> Result<Vec<NotTaken>, AutoError> {
    let mut refused = Vec::new();
    if !hold.kind.can_be_deleted() {
        let done = bring_back_only(hold, wanted).await;
        match wanted.first() {
            Some(text) => sort_out(done, text, &mut refused)?,
            None => done?,
        }
        return Ok(refused);
    }
    let plan = plan(hold.kind, &hold.items, wanted);
    for remote_id in &plan.delete {
        let said = hold.item(remote_id).map(|item| item.text.clone());
        let done = hold.delete(remote_id).await;
        sort_out(done, &said.unwrap_or_else(|| AutoText { title: String::new(), body: String::new() }), &mut refused)?;
    }
    for (remote_id, text) in &plan.update {
        let done = hold.update(remote_id, text).await;
        sort_out(done, text, &mut refused)?;
    }
    for text in &plan.create {
        let done = hold.create(text).await;
        sort_out(done, text, &mut refused)?;
    }
    if hold.kind.can_be_sorted() {
        let mut sorted: Vec<_> = hold.items.iter().collect();
        sorted.sort_by_key(|item| wanted.iter().position(|text| *text == item.text).unwrap_or(wanted.len()));
        let order: Vec<String> = sorted.iter().map(|item| item.remote_id.clone()).collect();
        if !hold.items.iter().map(|item| &item.remote_id).eq(&order) {
            hold.sort(&order).await?;
        }
    }
    Ok(refused)
}

/// As [`bring_back`], for the one message that cannot be deleted.
async fn bring_back_only(hold: &mut Hold<'_>, wanted: &[AutoText]) -> Result<(), AutoError> {
    let now = hold.items.first().map(|item| (item.remote_id.clone(), item.text.clone(), item.audit));
    match (now, wanted.first()) {
        (None, None) => Ok(()),
        (None, Some(text)) => hold.create(text).await,
        (Some(_), None) => Err(AutoError::NotPossible),
        (Some((_, said, _)), Some(text)) if said == *text => Ok(()),
        (Some((remote_id, _, AuditStatus::Rejected)), Some(text)) => change::replace(hold, &remote_id, text).await,
        (Some((remote_id, ..)), Some(text)) => hold.update(&remote_id, text).await,
    }
}

async fn add(hold: &mut Hold<'_>, texts: &[AutoText]) -> Result<Vec<NotTaken>, AutoError> {
    let mut refused = Vec::new();
    for text in texts {
        if hold.has(text) {
            continue;
        }
        let done = hold.create(text).await;
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
