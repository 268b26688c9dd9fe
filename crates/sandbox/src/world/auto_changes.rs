//! Changing an account's automatic messages, and reviewing them (§5).
//!
//! The notes leave some things open. They are settled here so that a client that assumes too much is found out:
//! - `ENABLE` of suggested questions or chat prompts switches every one there is off, each time it is called, whether
//!   the kind was on before or not. They stay listed with their `audit_status`, count as duplicates and towards the
//!   most there may be, and come back only by being deleted and made anew; an edit does not bring them back.
//! - A rejected welcome message, which can neither be deleted nor changed, gives way to a new one.
//! - A welcome message gets another id with each edit, as webhooks tell it as `DELETE` and `CREATE`.
//! - A welcome message that was rejected is made anew by creating another one, which takes its place: it can be neither
//!   edited nor deleted, so there is no other way.
//! - Duplicates are two of a kind with the same question, or the same words on the button.
//! - Messages of a kind that is off can be made, changed, sorted and are looked at all the same.

use super::{
    Account, World,
    auto_message::{AutoMessages, StoredAutoMessage},
    event::WorldEvent,
};
use crate::{
    auto_message::{AuditStatus, AutoChange, AutoKind, AutoMessage},
    clock::ms,
    ids,
    refusal::Refusal,
};

/// What a shop greets with that turned the welcome message on and never wrote one; `{{display_name}}` becomes the
/// account's display name when it is sent.
pub(crate) const DEFAULT_WELCOME: &str =
    "Hi! Thanks for your message to {{display_name}}. We will get back to you as soon as we can.";

/// The account whose automatic messages are changed, by whom, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actor {
    pub(crate) account: usize,
    pub(crate) by_api: bool,
    pub(crate) now: i64,
}

impl World {
    pub(crate) fn automatic(&self, account: usize) -> Option<&AutoMessages> {
        self.accounts.get(account).map(|account| &account.automatic)
    }

    fn automatic_mut(&mut self, account: usize) -> Result<&mut AutoMessages, Refusal> {
        let found = self.accounts.get_mut(account).map(|account| &mut account.automatic);
        found.ok_or_else(|| Refusal::param("business_id"))
    }

    /// A new one, which goes into review. Gives back its id.
    pub(crate) fn create_auto(
        &mut self,
        doing: Actor,
        kind: AutoKind,
        (title, body): (String, String),
    ) -> Result<String, Refusal> {
        let automatic = self.automatic_mut(doing.account)?;
        automatic.refuse_duplicate(kind, &title, None)?;
        let gone =
            |kept: &StoredAutoMessage| kept.kind == AutoKind::WelcomeMessage && kept.audit == AuditStatus::Rejected;
        if kind == AutoKind::WelcomeMessage
            && let Some(at) = automatic.messages.iter().position(gone)
        {
            let gone = automatic.messages.remove(at);
            self.tell_change(doing, "DELETE", kind, Some(gone));
            return self.add_auto(doing, kind, (title, body), AuditStatus::Reviewing);
        }
        if automatic.of(kind).count() >= kind.most() {
            let why = format!("The number of {} cannot exceed {}", kind.plural(), kind.most());
            return Err(Refusal::new(40002, why));
        }
        self.add_auto(doing, kind, (title, body), AuditStatus::Reviewing)
    }

    fn add_auto(
        &mut self,
        doing: Actor,
        kind: AutoKind,
        (title, body): (String, String),
        audit: AuditStatus,
    ) -> Result<String, Refusal> {
        let id = self.mint_auto(doing.account)?;
        let reviewed_at = self.review_until(doing.now);
        let kept = StoredAutoMessage { id: id.clone(), kind, title, body, audit, reviewed_at, switched_off: false };
        self.automatic_mut(doing.account)?.messages.push(kept.clone());
        self.tell_change(doing, "CREATE", kind, Some(kept));
        Ok(id)
    }

    /// Adds one that was there, and reviewed, before the sandbox opened: no webhook tells of it.
    pub(crate) fn remember_auto(
        &mut self,
        account: usize,
        kind: AutoKind,
        (title, body): (&str, &str),
        audit: AuditStatus,
    ) {
        let (title, body) = (title.to_owned(), body.to_owned());
        let Ok(id) = self.mint_auto(account) else { return };
        if let Some(shop) = self.accounts.get_mut(account) {
            let kept = StoredAutoMessage { id, kind, title, body, audit, reviewed_at: i64::MAX, switched_off: false };
            shop.automatic.messages.push(kept);
        }
    }

    /// Another text, which goes into review. Gives back the id it has from now on.
    pub(crate) fn update_auto(
        &mut self,
        doing: Actor,
        kind: AutoKind,
        id: &str,
        (title, body): (String, String),
    ) -> Result<String, Refusal> {
        let automatic = self.automatic_mut(doing.account)?;
        let at = automatic.find(kind, id)?;
        let before = automatic.messages.get(at).cloned();
        match before.as_ref().map(|kept| kept.audit) {
            Some(AuditStatus::Reviewing) => {
                return Err(Refusal::new(40002, "The automatic message is under review and cannot be updated"));
            }
            Some(AuditStatus::Rejected) => {
                let why = "The automatic message was rejected and cannot be updated. Create a new one instead";
                return Err(Refusal::new(40002, why));
            }
            _ => {}
        }
        automatic.refuse_duplicate(kind, &title, Some(id))?;
        let renewed = kind == AutoKind::WelcomeMessage;
        let new_id = if renewed { self.mint_auto(doing.account)? } else { id.to_owned() };
        let reviewed_at = self.review_until(doing.now);
        let Some(kept) = self.automatic_mut(doing.account)?.messages.get_mut(at) else {
            return Err(Refusal::param("auto_message_id"));
        };
        new_id.clone_into(&mut kept.id);
        (kept.title, kept.body) = (title, body);
        (kept.audit, kept.reviewed_at) = (AuditStatus::Reviewing, reviewed_at);
        let after = kept.clone();
        if renewed {
            self.tell_change(doing, "DELETE", kind, before);
            self.tell_change(doing, "CREATE", kind, Some(after));
        } else {
            self.tell_change(doing, "UPDATE", kind, Some(after));
        }
        Ok(new_id)
    }

    /// Deletes one. A welcome message can only be turned off.
    pub(crate) fn delete_auto(&mut self, doing: Actor, kind: AutoKind, id: &str) -> Result<(), Refusal> {
        if kind == AutoKind::WelcomeMessage {
            return Err(Refusal::new(40002, "A welcome message cannot be deleted. Turn it off instead"));
        }
        let automatic = self.automatic_mut(doing.account)?;
        let at = automatic.find(kind, id)?;
        let gone = automatic.messages.remove(at);
        self.tell_change(doing, "DELETE", kind, Some(gone));
        Ok(())
    }

    /// Turns a kind on, with all that does to what is there, or off.
    pub(crate) fn switch_auto(&mut self, doing: Actor, kind: AutoKind, on: bool) -> Result<(), Refusal> {
        let automatic = self.automatic_mut(doing.account)?;
        automatic.on.retain(|other| *other != kind);
        if !on {
            let there: Vec<StoredAutoMessage> = automatic.of(kind).cloned().collect();
            self.tell_switch(doing, "DISABLE", kind, there);
            return Ok(());
        }
        automatic.on.push(kind);
        if kind == AutoKind::WelcomeMessage {
            if automatic.of(kind).next().is_none() {
                let text = (String::new(), DEFAULT_WELCOME.to_owned());
                let id = self.add_auto(doing, kind, text, AuditStatus::Approved)?;
                self.review_auto(&id, AuditStatus::Approved, doing.now);
            }
            let there = self.automatic_mut(doing.account)?.of(kind).cloned().collect();
            self.tell_switch(doing, "ENABLE", kind, there);
            return Ok(());
        }
        let mut there = Vec::new();
        for kept in automatic.messages.iter_mut().filter(|kept| kept.kind == kind) {
            kept.switched_off = true;
            there.push(kept.clone());
        }
        self.tell_switch(doing, "ENABLE", kind, Vec::new());
        for kept in there {
            self.tell_change(doing, "DISABLE", kind, Some(kept));
        }
        Ok(())
    }

    /// Puts the chat prompts into this order, which names each of them once. No webhook tells of it.
    pub(crate) fn sort_auto(&mut self, doing: Actor, kind: AutoKind, order: &[&str]) -> Result<(), Refusal> {
        if kind != AutoKind::ChatPrompt {
            return Err(Refusal::new(40002, "Param auto_message_type is invalid: only CHAT_PROMPT can be sorted"));
        }
        let automatic = self.automatic_mut(doing.account)?;
        let mut wanted = order.to_vec();
        let mut there: Vec<&str> = automatic.of(kind).map(|kept| kept.id.as_str()).collect();
        wanted.sort_unstable();
        there.sort_unstable();
        if wanted != there {
            return Err(Refusal::new(40002, "Param auto_message_ids is invalid: pass the ids of all chat prompts"));
        }
        let place = |kept: &StoredAutoMessage| order.iter().position(|id| *id == kept.id);
        // Those of other kinds have no place and stay in front, in their order.
        automatic.messages.sort_by_key(place);
        self.write_down(doing, "SORT", kind, String::new());
        Ok(())
    }

    /// TikTok's reviewers decide about one, whatever they decided before. Returns whether there is such a message.
    pub(crate) fn review_auto(&mut self, id: &str, audit: AuditStatus, now: i64) -> bool {
        let found = self.accounts.iter_mut().enumerate().find_map(|(account, shop)| {
            let kept = shop.automatic.messages.iter_mut().find(|kept| kept.id == id)?;
            Some((account, kept))
        });
        let Some((account, kept)) = found else { return false };
        (kept.audit, kept.reviewed_at) = (audit, i64::MAX);
        let kept = kept.clone();
        self.events.push(WorldEvent::AutoReviewed { account, kept: Box::new(kept), at_ms: now });
        true
    }

    /// Ends the reviews that are over by now.
    pub(crate) fn settle_reviews(&mut self, now: i64) {
        if self.reviewer.next_at.is_none_or(|due| due > now) {
            return;
        }
        let mut over: Vec<(i64, usize, String, AuditStatus)> = Vec::new();
        self.reviewer.next_at = None;
        for (account, shop) in self.accounts.iter().enumerate() {
            for kept in shop.automatic.messages.iter().filter(|kept| kept.audit == AuditStatus::Reviewing) {
                if kept.reviewed_at <= now {
                    over.push((kept.reviewed_at, account, kept.id.clone(), self.reviewer.verdict(kept)));
                } else {
                    let next = self.reviewer.next_at.map_or(kept.reviewed_at, |next| next.min(kept.reviewed_at));
                    self.reviewer.next_at = Some(next);
                }
            }
        }
        over.sort_by_key(|(reviewed_at, ..)| *reviewed_at);
        for (reviewed_at, _, id, verdict) in over {
            self.review_auto(&id, verdict, reviewed_at);
        }
    }

    fn review_until(&mut self, now: i64) -> i64 {
        let until = now.saturating_add(ms(self.reviewer.takes));
        self.reviewer.next_at = Some(self.reviewer.next_at.map_or(until, |next| next.min(until)));
        until
    }

    fn mint_auto(&mut self, account: usize) -> Result<String, Refusal> {
        let seed = self.seed;
        let shop = self.accounts.get_mut(account).ok_or_else(|| Refusal::param("business_id"))?;
        shop.automatic.minted += 1;
        Ok(ids::digits(seed, "auto message", &[&shop.handle, &shop.automatic.minted.to_string()]))
    }

    /// Tells of a switch for each message of the kind, and where there is none, for the kind alone.
    fn tell_switch(&mut self, doing: Actor, action: &'static str, kind: AutoKind, about: Vec<StoredAutoMessage>) {
        self.write_down(doing, action, kind, String::new());
        let Actor { account, now: at_ms, .. } = doing;
        if about.is_empty() {
            self.events.push(WorldEvent::AutoChanged { account, action, kind, kept: None, at_ms });
        }
        for kept in about {
            self.events.push(WorldEvent::AutoChanged { account, action, kind, kept: Some(Box::new(kept)), at_ms });
        }
    }

    fn tell_change(&mut self, doing: Actor, action: &'static str, kind: AutoKind, kept: Option<StoredAutoMessage>) {
        let Actor { account, now: at_ms, .. } = doing;
        if action != "DISABLE" {
            self.write_down(doing, action, kind, kept.as_ref().map(|kept| kept.id.clone()).unwrap_or_default());
        }
        self.events.push(WorldEvent::AutoChanged { account, action, kind, kept: kept.map(Box::new), at_ms });
    }

    fn write_down(&mut self, doing: Actor, action: &'static str, kind: AutoKind, id: String) {
        let account = self.accounts.get(doing.account).map(|account| account.handle.clone()).unwrap_or_default();
        let Actor { by_api, now: at_ms, .. } = doing;
        self.ledger.auto_changes.push(AutoChange { account, by_api, action, kind, id, at_ms });
    }

    /// Every account's automatic messages as they are now.
    pub(crate) fn auto_messages(&self) -> Vec<AutoMessage> {
        let of = |shop: &Account| -> Vec<AutoMessage> {
            let there = AutoKind::ALL.into_iter().flat_map(|kind| shop.automatic.of(kind));
            let now = |kept: &StoredAutoMessage| AutoMessage {
                account: shop.handle.clone(),
                id: kept.id.clone(),
                kind: kept.kind,
                title: kept.title.clone(),
                body: kept.body.clone(),
                audit_status: kept.audit,
                enabled: shop.automatic.is_on(kept.kind),
                served: shop.automatic.is_served(kept),
            };
            there.map(now).collect()
        };
        self.accounts.iter().flat_map(of).collect()
    }
}
