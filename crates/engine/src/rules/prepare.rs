//! What rules need to know beforehand: how an account stands to them, and what their replies say to a customer.

use std::collections::HashMap;

use model::{
    AccountId, Hours, Millis, Outgoing, ReplyPart, ReplyText, RuleAccount, RuleSet, RuleTargets, SavedReplyId,
    Variable, Zone, fill,
};
use store::table::conversation::Conversation;
use store::table::{account, agent, media, rule, saved_reply, setting};
use store::{Connection, StoreError};

/// How many replies of a customer's budget rules leave to people, unless they say otherwise.
pub const RESERVE: u32 = 3;
/// Under which name that is kept.
pub const RESERVE_SETTING: &str = "rule_reserve";

/// A saved reply made ready for a customer.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    /// Its name.
    pub(super) name: String,
    /// The messages it makes.
    pub(super) parts: Vec<Outgoing>,
}

/// Whom a saved reply is for, and by whom.
#[derive(Debug, Clone)]
pub(super) struct Who {
    customer: String,
    agent: String,
    account: String,
    /// Whether TikTok takes pictures in the conversation, as far as it has said.
    pictures: bool,
}

impl Who {
    pub(super) fn of(sql: &Connection, known: &Conversation, customer: &str) -> Result<Self, StoreError> {
        Ok(Self {
            customer: customer.to_owned(),
            agent: agent::me(sql)?.name,
            account: account::get(sql, known.account)?.display_name,
            pictures: known.images.is_none_or(|(images, _)| images),
        })
    }

    fn value(&self, variable: Variable, business: &RuleAccount, now_ms: Millis) -> Option<String> {
        let value = match variable {
            Variable::Customer => self.customer.clone(),
            Variable::Agent => self.agent.clone(),
            Variable::Account => self.account.clone(),
            Variable::Date => business.zone.date_of(now_ms),
        };
        Some(value).filter(|value| !value.trim().is_empty())
    }
}

/// How an account stands to its rules.
pub(super) fn business(sql: &Connection, id: AccountId) -> Result<RuleAccount, StoreError> {
    let set = rule::settings_of(sql, id)?;
    let hours = set.hours.as_ref().and_then(Hours::of);
    let zone = hours
        .as_ref()
        .map(|hours| hours.zone().clone())
        .or_else(|| Some(set.time_zone.as_str()).filter(|name| !name.is_empty()).and_then(Zone::named))
        .unwrap_or_else(Zone::here);
    let reserve = setting::get(sql, RESERVE_SETTING)?.and_then(|text| text.parse().ok()).unwrap_or(RESERVE);
    Ok(RuleAccount { account: id, hours, zone, here: set.here, reserve })
}

/// The saved replies that rules send, ready for a customer. Those that cannot be sent to them are not among them.
pub(super) fn replies(
    sql: &Connection,
    rules: &RuleSet,
    who: &Who,
    business: &RuleAccount,
    now_ms: Millis,
) -> Result<HashMap<SavedReplyId, Ready>, StoreError> {
    let mut ready = HashMap::new();
    for id in rules.iter().filter(|(_, spec)| spec.enabled).filter_map(|(_, spec)| spec.reply()) {
        if ready.contains_key(&id) {
            continue;
        }
        let saved = match saved_reply::get(sql, id) {
            Ok(saved) => saved,
            Err(StoreError::NotFound) => continue,
            Err(error) => return Err(error),
        };
        if let Some(parts) = parts(sql, &saved, who, business, now_ms)? {
            ready.insert(id, Ready { name: saved.name, parts });
        }
    }
    Ok(ready)
}

/// How many messages each of them makes.
pub(super) fn counted(ready: &HashMap<SavedReplyId, Ready>) -> HashMap<SavedReplyId, u32> {
    ready.iter().map(|(id, ready)| (*id, u32::try_from(ready.parts.len()).unwrap_or(u32::MAX))).collect()
}

/// The messages a saved reply makes: its picture, then its text. None if it has a blank that cannot be filled, or its picture
/// is not here or not to be sent.
fn parts(
    sql: &Connection,
    saved: &saved_reply::SavedReply,
    who: &Who,
    business: &RuleAccount,
    now_ms: Millis,
) -> Result<Option<Vec<Outgoing>>, StoreError> {
    let mut parts = Vec::new();
    if let Some(key) = &saved.attachment {
        let Some(held) = media::get(sql, key)?.filter(|_| who.pictures) else { return Ok(None) };
        parts.push(Outgoing::Image { key: held.key, width: held.width, height: held.height });
    }
    let Some(body) = words(&saved.body, |variable| who.value(variable, business, now_ms)) else { return Ok(None) };
    if !body.trim().is_empty() {
        let Ok(body) = ReplyText::check(&body) else { return Ok(None) };
        parts.push(Outgoing::Text { body: body.into_string() });
    }
    Ok((!parts.is_empty()).then_some(parts))
}

/// A saved reply's text without an agent: a blank is what stands behind its bar, and without that it cannot be sent.
fn words(body: &str, known: impl Fn(Variable) -> Option<String>) -> Option<String> {
    let mut text = String::new();
    for part in fill(body, known).ok()? {
        match part {
            ReplyPart::Text(words) => text.push_str(&words),
            ReplyPart::Blank { fallback, .. } if fallback.trim().is_empty() => return None,
            ReplyPart::Blank { fallback, .. } => text.push_str(&fallback),
        }
    }
    Some(text)
}

/// What rules point to, as it is now.
///
/// # Errors
/// [`StoreError`]
pub fn pointed(sql: &Connection) -> Result<RuleTargets, StoreError> {
    let replies = saved_reply::all(sql)?;
    Ok(RuleTargets {
        replies: replies
            .into_iter()
            .map(|saved| (saved.id, words(&saved.body, |_| Some("known".to_owned())).is_none()))
            .collect(),
        agents: agent::all(sql)?.into_iter().map(|agent| agent.id).collect(),
    })
}
