//! TikTok's automatic messages over HTTP (§5): each call checked to its documented limits, which count characters. What
//! the calls do is in [`crate::world::auto_changes`]. They all want `message.list.manage` (§4.1, "Auto Message
//! Setting").

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};
use serde_json::{Map, Value, json};

use super::{
    answer::envelope,
    compose::{only, short},
    request::{body, caller, param, query, text},
};
use crate::{
    auto_message::AutoKind,
    refusal::Refusal,
    stage::Stage,
    world::{World, auto_changes::Actor, auto_message::StoredAutoMessage},
};

const SCOPE: &str = "message.list.manage";

/// `POST /business/message/auto_message/create/`: one per call.
pub(crate) async fn create(State(stage): State<Arc<Stage>>, headers: HeaderMap, bytes: Bytes) -> Response {
    change(&stage, &headers, &bytes, |world, doing, kind, body| {
        let id = world.create_auto(doing, kind, words(kind, body)?)?;
        Ok(json!({ "auto_message": { "auto_message_id": id } }))
    })
}

/// `POST /business/message/auto_message/update/`: answers with the id the message has from now on.
pub(crate) async fn update(State(stage): State<Arc<Stage>>, headers: HeaderMap, bytes: Bytes) -> Response {
    change(&stage, &headers, &bytes, |world, doing, kind, body| {
        let id = world.update_auto(doing, kind, text(body, "auto_message_id")?, words(kind, body)?)?;
        Ok(json!({ "auto_message": { "auto_message_id": id } }))
    })
}

/// `POST /business/message/auto_message/status/update/`: for a kind and an account, not for one message.
pub(crate) async fn switch(State(stage): State<Arc<Stage>>, headers: HeaderMap, bytes: Bytes) -> Response {
    change(&stage, &headers, &bytes, |world, doing, kind, body| {
        world.switch_auto(doing, kind, operation(body)?)?;
        Ok(json!({}))
    })
}

/// `POST /business/message/auto_message/delete/`.
pub(crate) async fn delete(State(stage): State<Arc<Stage>>, headers: HeaderMap, bytes: Bytes) -> Response {
    change(&stage, &headers, &bytes, |world, doing, kind, body| {
        world.delete_auto(doing, kind, text(body, "auto_message_id")?)?;
        Ok(json!({}))
    })
}

/// `POST /business/message/auto_message/sort/`: all ids at once, the leftmost first. (§10.7: another source has one id
/// here, and suggested questions too.)
pub(crate) async fn sort(State(stage): State<Arc<Stage>>, headers: HeaderMap, bytes: Bytes) -> Response {
    change(&stage, &headers, &bytes, |world, doing, kind, body| {
        let ids = body.get("auto_message_ids").ok_or_else(|| Refusal::missing("auto_message_ids"))?;
        let ids = ids.as_array().and_then(|all| all.iter().map(Value::as_str).collect::<Option<Vec<&str>>>());
        world.sort_auto(doing, kind, &ids.ok_or_else(|| Refusal::param("auto_message_ids"))?)?;
        Ok(json!({}))
    })
}

/// `GET /business/message/auto_message/get/`: of one kind, or one of them. Messages that turning their kind on switched
/// off are listed as before: nothing in the notes tells them apart.
pub(crate) async fn list(State(stage): State<Arc<Stage>>, headers: HeaderMap, uri: Uri) -> Response {
    let query = query(&uri);
    let read = || {
        let (world, now) = (stage.world(), stage.now());
        let business_id = param(&query, "business_id")?;
        let account = caller(&world, &headers, SCOPE, business_id, now)?;
        let kind = kind(param(&query, "auto_message_type")?)?;
        let automatic = world.automatic(account).ok_or_else(|| Refusal::param("business_id"))?;
        let wanted = query.get("auto_message_id").filter(|id| !id.is_empty());
        let there: Vec<&StoredAutoMessage> =
            automatic.of(kind).filter(|kept| wanted.is_none_or(|id| kept.id == *id)).collect();
        if wanted.is_some() && there.is_empty() {
            return Err(Refusal::new(40007, "The automatic message does not exist"));
        }
        let wrapped = stage.wraps_prompts();
        let listed: Vec<Value> = there.into_iter().map(|kept| entry(kept, wrapped)).collect();
        Ok(json!({
            "business_id": business_id,
            "operation_status": if automatic.is_on(kind) { "ENABLE" } else { "DISABLE" },
            "auto_messages": listed,
        }))
    };
    envelope(&stage, read())
}

fn entry(kept: &StoredAutoMessage, wrapped: bool) -> Value {
    let (field, block) = kept.block();
    let field = if wrapped && kept.kind == AutoKind::ChatPrompt { "suggested_question" } else { field };
    let mut entry = Map::new();
    entry.insert("auto_message_id".to_owned(), json!(kept.id));
    entry.insert("auto_message_type".to_owned(), json!(kept.kind.name()));
    entry.insert("audit_status".to_owned(), json!(kept.audit.name()));
    entry.insert(field.to_owned(), block);
    Value::Object(entry)
}

/// A call that changes something: who calls, and of which kind it speaks.
fn change(
    stage: &Stage,
    headers: &HeaderMap,
    bytes: &Bytes,
    act: impl FnOnce(&mut World, Actor, AutoKind, &Value) -> Result<Value, Refusal>,
) -> Response {
    let outcome = body(bytes).and_then(|body| {
        let (mut world, now) = (stage.world(), stage.now());
        let account = caller(&world, headers, SCOPE, text(&body, "business_id")?, now)?;
        let kind = kind(text(&body, "auto_message_type")?)?;
        act(&mut world, Actor { account, by_api: true, now }, kind, &body)
    });
    envelope(stage, outcome)
}

fn kind(name: &str) -> Result<AutoKind, Refusal> {
    let found = AutoKind::ALL.into_iter().find(|kind| kind.name() == name);
    found.ok_or_else(|| Refusal::param("auto_message_type"))
}

/// Whether `operation_status` says to turn something on.
pub(crate) fn operation(body: &Value) -> Result<bool, Refusal> {
    match text(body, "operation_status")? {
        "ENABLE" => Ok(true),
        "DISABLE" => Ok(false),
        _ => Err(Refusal::param("operation_status")),
    }
}

/// The title and the body of a call's message.
fn words(kind: AutoKind, body: &Value) -> Result<(String, String), Refusal> {
    let name = kind.block();
    let block = body.get(name).filter(|block| !block.is_null()).ok_or_else(|| Refusal::missing(name))?;
    let (title, body) = (kind.title(), kind.body());
    let fields: Vec<&str> = title.iter().map(|(field, _)| *field).chain([body.0]).collect();
    only(block, name, &fields)?;
    let checked =
        |(field, longest): (&str, usize)| short(block, &format!("{name}.{field}"), field, longest).map(str::to_owned);
    Ok((title.map(checked).transpose()?.unwrap_or_default(), checked(body)?))
}
