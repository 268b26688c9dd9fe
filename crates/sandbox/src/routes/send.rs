//! Sending (§4.2): a message, a typing sign, a mark-read. Not idempotent, as the real one: the same call twice is two
//! messages.

use std::sync::Arc;

use axum::{body::Bytes, extract::State, http::HeaderMap, response::Response};
use serde_json::{Value, json};

use super::{
    answer::{Refusal, envelope},
    business::{body, caller, conversation, text},
};
use crate::{
    ledger::{Attempt, Sign, Verdict},
    stage::Stage,
    world::{World, conversation::Conversation, window},
};

/// The longest text, in characters.
const LONGEST: usize = 6000;

/// `POST /business/message/send/`.
pub(crate) async fn send(State(stage): State<Arc<Stage>>, headers: HeaderMap, bytes: Bytes) -> Response {
    let outcome = body(&bytes).and_then(|body| {
        let mut world = stage.world();
        let outcome = deliver(&mut world, &headers, &body, stage.now());
        if body.get("sender_action").is_none() {
            note(&mut world, &body, &outcome, stage.now());
        }
        outcome
    });
    let answer = outcome.map(|message_id| json!({ "message": { "message_id": message_id } }));
    envelope(&stage, answer)
}

/// The new message's id; empty for a sign.
fn deliver(world: &mut World, headers: &HeaderMap, body: &Value, now: i64) -> Result<String, Refusal> {
    let account = caller(world, headers, "message.list.send", text(body, "business_id")?, now)?;
    let kind = text(body, "message_type")?;
    if text(body, "recipient_type")? != "CONVERSATION" {
        return Err(Refusal::param("recipient_type"));
    }
    let at = conversation(world, account, "recipient", text(body, "recipient")?)?;
    let Some(there) = world.conversations.get(at) else {
        return Err(Refusal::param("recipient"));
    };
    let rule = world.accounts.get(account).map(|account| account.rule).unwrap_or_default();
    match kind {
        "SENDER_ACTION" => sign(world, at, text(body, "sender_action")?, now),
        "TEXT" => {
            let words =
                body.pointer("/text/body").and_then(Value::as_str).ok_or_else(|| Refusal::missing("text.body"))?;
            if words.trim().is_empty() || words.chars().count() > LONGEST {
                return Err(Refusal::param("text.body"));
            }
            let quoted = quoted(there, body)?;
            if there.blocked {
                return Err(Refusal::new(40064, "This user does not accept messages from you."));
            }
            window::allows(rule, &there.messages, now).map_err(|why| Refusal::new(40064, why))?;
            let words = words.to_owned();
            Ok(world.accept(at, now, words, quoted))
        }
        "IMAGE" | "SHARE_POST" | "TEMPLATE" => {
            Err(Refusal::new(40002, format!("message_type {kind} is not supported by the sandbox")))
        }
        _ => Err(Refusal::param("message_type")),
    }
}

/// The quoted message, which must be there and of a kind that can be quoted.
fn quoted(there: &Conversation, body: &Value) -> Result<Option<String>, Refusal> {
    let Some(info) = body.get("referenced_message_info") else {
        return Ok(None);
    };
    let id = text(info, "referenced_message_id")?;
    match there.message(id) {
        Some(message) if message.content.quotable() => Ok(Some(id.to_owned())),
        _ => Err(Refusal::param("referenced_message_id")),
    }
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

fn note(world: &mut World, body: &Value, outcome: &Result<String, Refusal>, now: i64) {
    world.ledger.attempts.push(Attempt {
        conversation_id: body.get("recipient").and_then(Value::as_str).unwrap_or_default().to_owned(),
        text: body.pointer("/text/body").and_then(Value::as_str).unwrap_or_default().to_owned(),
        verdict: match outcome {
            Ok(message_id) => Verdict::Accepted(message_id.clone()),
            Err(refusal) => Verdict::Refused(refusal.code),
        },
        at_ms: now,
    });
}
