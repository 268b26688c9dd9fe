//! Makes an event of the log, a hint, or a stray of a signed body.

use std::time::Duration;

use tiktok::business::webhook::{Envelope, Event};
use wire::event::{Hint, Webhook};
use wire::{EventBody, EventId};

use super::answer;
use super::ids::is_storable;
use super::outcome::Outcome;
use super::stray::{Stray, Strays};
use crate::accounts;
use crate::clock::now_ms;
use crate::context::{Context, TEAM};
use crate::database::{DatabaseError, Value};
use crate::log::{Answer, Appended, NewEvent};

/// Events that this version reads. One of them that cannot be read has something in it that TikTok added since.
const KNOWN_EVENTS: [&str; 9] = [
    "im_receive_msg",
    "im_send_msg",
    "im_mark_read_msg",
    "im_referral_msg",
    "im_receive_msg_eu",
    "im_auto_message_config_update",
    "im_auto_message_audit_update",
    "im_receive_high_intent_comment",
    "authorization.removed",
];
/// How long an event may take from its signature's check to its commit. TikTok repeats it then.
pub(super) const STORE_TIMEOUT: Duration = Duration::from_secs(5);
const MINUTE_MS: i64 = 60_000;

/// A body with TikTok's signature.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery<'a> {
    /// The event's key.
    pub(super) key: &'a str,
    pub(super) body: &'a [u8],
    /// Whether it was signed a moment ago.
    pub(super) fresh: bool,
}

/// An account as the door needs it.
struct LinkedHere {
    linked_at_ms: i64,
}

/// Stores a delivery; an `Err` is an outcome too.
pub(super) async fn store(context: &Context, strays: &Strays, delivery: &Delivery<'_>) -> Result<Outcome, Outcome> {
    if !delivery.fresh && is_known(context, delivery.key).await? {
        return Ok(Outcome::Known);
    }
    let set_aside = |reason: &'static str, account: &str, outcome: Outcome| {
        let (key, account, body) = (delivery.key.to_owned(), account.to_owned(), delivery.body.to_vec());
        async move {
            strays.keep(context, Stray { key, reason, account, body }).await.map_err(unavailable)?;
            Ok(outcome)
        }
    };
    let (Ok(envelope), Ok(raw)) = (Envelope::read(delivery.body), std::str::from_utf8(delivery.body)) else {
        return set_aside("no event", "", Outcome::Unreadable).await;
    };
    let account = envelope.business_id.as_str();
    if !is_storable(account) {
        return set_aside("no account", "", Outcome::Unreadable).await;
    }
    let Some(linked) = linked_here(context, account).await? else {
        return set_aside("account not linked here", account, Outcome::StrayAccount).await;
    };
    if let Event::Unknown { name } = &envelope.event {
        if KNOWN_EVENTS.contains(&name.as_str()) {
            append_hint(context, delivery, account, None).await?;
        }
        return set_aside("event not known", account, Outcome::StrayEvent).await;
    }
    if !delivery.fresh {
        return append_hint(context, delivery, account, conversation(&envelope.event)).await;
    }
    match &envelope.event {
        Event::EuMessage { .. } => append_hint(context, delivery, account, None).await,
        Event::AuthorizationRemoved { .. } => remove(context, delivery.key, &envelope, raw, &linked).await,
        Event::Message(event) => {
            let answer = answer::answer(context, account, event).await.map_err(unavailable)?;
            append_webhook(context, delivery.key, &envelope, raw, answer).await
        }
        Event::Reacted(_)
        | Event::MarkRead { .. }
        | Event::Referral { .. }
        | Event::AutoMessageConfig(_)
        | Event::AutoMessageAudit(_)
        | Event::HighIntentComment(_)
        | Event::Unknown { .. } => append_webhook(context, delivery.key, &envelope, raw, None).await,
    }
}

async fn append_webhook(
    context: &Context,
    key: &str,
    envelope: &Envelope,
    raw: &str,
    answer: Option<Answer>,
) -> Result<Outcome, Outcome> {
    let body = EventBody::Webhook(Webhook { name: envelope.name.clone(), raw: raw.to_owned() });
    Ok(match append(context, &envelope.business_id, key.to_owned(), body, answer).await? {
        Some(_) => Outcome::Stored,
        None => Outcome::Known,
    })
}

/// Has the desktops ask TikTok. A repetition within a minute asks nothing new.
async fn append_hint(
    context: &Context,
    delivery: &Delivery<'_>,
    account: &str,
    conversation: Option<String>,
) -> Result<Outcome, Outcome> {
    let hint = || EventBody::Hint(Hint { conversation: conversation.clone() });
    if append(context, account, delivery.key.to_owned(), hint(), None).await?.is_some() {
        return Ok(Outcome::Hinted);
    }
    if !delivery.fresh {
        return Ok(Outcome::Known);
    }
    // Alike to the last byte, and yet perhaps another message: the desktops look once more.
    let key = format!("{}/{}", delivery.key, now_ms().div_euclid(MINUTE_MS));
    Ok(match append(context, account, key, hint(), None).await? {
        Some(_) => Outcome::Hinted,
        None => Outcome::Known,
    })
}

/// The account's tokens are dead.
async fn remove(
    context: &Context,
    key: &str,
    envelope: &Envelope,
    raw: &str,
    linked: &LinkedHere,
) -> Result<Outcome, Outcome> {
    if is_known(context, key).await? {
        return Ok(Outcome::Known);
    }
    // TikTok gives this time in whole seconds.
    let removed_at_ms = envelope.created_at.and_then(|at| at.ms_by(now_ms())).map(|at_ms| at_ms.saturating_add(999));
    if removed_at_ms.is_some_and(|removed_at_ms| removed_at_ms < linked.linked_at_ms) {
        return Ok(Outcome::Outdated);
    }
    if accounts::set_needs_linking(context, &envelope.business_id).await.is_err() {
        return Err(Outcome::Unavailable);
    }
    // Desktops learn of the account's state by an event of its own; this one tells them why.
    append_webhook(context, key, envelope, raw, None).await
}

/// Appends an event; none if it was in the log before.
async fn append(
    context: &Context,
    account: &str,
    key: String,
    body: EventBody,
    answer: Option<Answer>,
) -> Result<Option<EventId>, Outcome> {
    let event = NewEvent { account: account.to_owned(), dedup: key, body, answer };
    match context.log.append(event, STORE_TIMEOUT).await {
        Ok(Appended::New(id)) => Ok(Some(id)),
        Ok(Appended::Known) => Ok(None),
        // The log has said why.
        Err(_) => Err(Outcome::Unavailable),
    }
}

async fn is_known(context: &Context, key: &str) -> Result<bool, Outcome> {
    let key = key.to_owned();
    let found = context.database.read::<bool, DatabaseError, _>(move |tx| {
        Box::pin(async move {
            let sql = "SELECT seq FROM event WHERE team = $1 AND dedup = $2";
            Ok(tx.query_one(sql, &[Value::Int(TEAM), Value::Text(&key)]).await?.is_some())
        })
    });
    found.await.map_err(unavailable)
}

async fn linked_here(context: &Context, account: &str) -> Result<Option<LinkedHere>, Outcome> {
    let account = account.to_owned();
    let found = context.database.read::<Option<LinkedHere>, DatabaseError, _>(move |tx| {
        Box::pin(async move {
            let sql = "SELECT linked_at_ms FROM account WHERE id = $1 AND team = $2 AND state <> 'unlinked'";
            let row = tx.query_one(sql, &[Value::Text(&account), Value::Int(TEAM)]).await?;
            row.map(|row| Ok(LinkedHere { linked_at_ms: row.int("linked_at_ms")? })).transpose()
        })
    });
    found.await.map_err(unavailable)
}

/// The conversation of an event, where it has one.
fn conversation(event: &Event) -> Option<String> {
    match event {
        Event::Message(event) => Some(event.conversation_id.clone()),
        Event::Reacted(event) => Some(event.conversation_id.clone()),
        Event::MarkRead { conversation_id, .. } | Event::Referral { conversation_id, .. } => {
            Some(conversation_id.clone())
        }
        Event::EuMessage { .. }
        | Event::AutoMessageConfig(_)
        | Event::AutoMessageAudit(_)
        | Event::HighIntentComment(_)
        | Event::AuthorizationRemoved { .. }
        | Event::Unknown { .. } => None,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn unavailable(error: DatabaseError) -> Outcome {
    tracing::error!(%error, "the database did not answer the door");
    Outcome::Unavailable
}
