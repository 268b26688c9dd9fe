//! Sending (§4.2): a message, an answer to a comment, a typing sign, a mark-read. Not idempotent, like the real one:
//! the same call twice is two messages.

use std::sync::Arc;

use axum::{body::Bytes, extract::State, http::HeaderMap, response::Response};
use serde_json::{Value, json};

use super::{
    answer::envelope,
    compose,
    request::{body, caller, conversation, text},
};
use crate::{
    ledger::{Attempt, Sign, Verdict},
    refusal::Refusal,
    stage::Stage,
    world::{World, window},
};

const COMMENT_ID: &str = "/direct_reply/comment_reply/comment_id";

/// `POST /business/message/send/`.
pub(crate) async fn send(State(stage): State<Arc<Stage>>, headers: HeaderMap, bytes: Bytes) -> Response {
    let outcome = body(&bytes).and_then(|body| {
        let mut world = stage.world();
        let outcome = deliver(&stage, &mut world, &headers, &body);
        if body.get("sender_action").is_none() {
            let verdict = match &outcome {
                Ok(message_id) => Verdict::Accepted(message_id.clone()),
                Err(refusal) => Verdict::Refused(refusal.code),
            };
            note(&mut world, &body, verdict, stage.now());
        }
        outcome
    });
    let answer = outcome.map(|message_id| json!({ "message": { "message_id": message_id } }));
    envelope(&stage, answer)
}

/// The new message's id; empty for a sign.
fn deliver(stage: &Stage, world: &mut World, headers: &HeaderMap, body: &Value) -> Result<String, Refusal> {
    let now = stage.now();
    let account = caller(world, headers, "message.list.send", text(body, "business_id")?, now)?;
    let kind = text(body, "message_type")?;
    if compose::present(body, "direct_reply").is_some() {
        return answer_comment(world, account, body, now);
    }
    if text(body, "recipient_type")? != "CONVERSATION" {
        return Err(Refusal::param("recipient_type"));
    }
    let at = conversation(world, account, "recipient", text(body, "recipient")?)?;
    let Some(there) = world.conversations.get(at) else {
        return Err(Refusal::param("recipient"));
    };
    let rule = world.accounts.get(account).map(|account| account.rule).unwrap_or_default();
    if kind == "SENDER_ACTION" {
        return sign(world, at, text(body, "sender_action")?, now);
    }
    let parcel = compose::parcel(world, account, there, body, now)?;
    let quoted = compose::quoted(there, body, stage.site.config.picture_quotes)?;
    if there.blocked {
        return Err(Refusal::new(40064, "This user does not accept messages from you."));
    }
    window::allows(rule, &there.messages, now).map_err(|why| Refusal::new(40064, why))?;
    Ok(world.accept(at, now, parcel, quoted))
}

/// A comment is answered by message (§4.8). Whom it goes to the comment tells, so no recipient may be named.
fn answer_comment(world: &mut World, account: usize, body: &Value, now: i64) -> Result<String, Refusal> {
    for name in ["recipient_type", "recipient", "referenced_message_info"] {
        if compose::present(body, name).is_some() {
            return Err(Refusal::new(40002, format!("Param {name} is invalid: it cannot be used with direct_reply")));
        }
    }
    if compose::within(body, "direct_reply", "reply_type")? != "COMMENT_REPLY" {
        return Err(Refusal::param("direct_reply.reply_type"));
    }
    let comment_id = body.pointer(COMMENT_ID).and_then(Value::as_str).filter(|id| !id.is_empty());
    let comment_id = comment_id.ok_or_else(|| Refusal::missing("direct_reply.comment_reply.comment_id"))?;
    let at = world.answerable(account, comment_id, now)?.conversation;
    let Some(there) = world.conversations.get(at) else {
        return Err(Refusal::param("direct_reply.comment_reply.comment_id"));
    };
    let parcel = compose::parcel(world, account, there, body, now)?;
    Ok(world.accept_answer(at, comment_id, now, parcel))
}

fn sign(world: &mut World, at: usize, action: &str, now: i64) -> Result<String, Refusal> {
    let Some(there) = world.conversations.get(at) else {
        return Err(Refusal::param("recipient"));
    };
    let sign = Sign { conversation_id: there.id.clone(), customer: there.person.display_name.clone(), at_ms: now };
    match action {
        "TYPING" => world.ledger.typing.push(sign),
        "MARK_READ" => world.ledger.mark_reads.push(sign),
        _ => return Err(Refusal::param("sender_action")),
    }
    Ok(String::new())
}

/// Records a call of the send endpoint.
pub(crate) fn note(world: &mut World, body: &Value, verdict: Verdict, now: i64) {
    let field = |name: &str| body.pointer(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    world.ledger.attempts.push(Attempt {
        conversation_id: field("/recipient"),
        comment_id: Some(field(COMMENT_ID)).filter(|id| !id.is_empty()),
        kind: field("/message_type"),
        text: field("/text/body"),
        verdict,
        at_ms: now,
    });
}
