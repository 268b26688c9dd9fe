//! The Business calls around messages: who is calling, the profile, capabilities, links to media.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};
use serde_json::{Value, json};

use super::{
    answer::{Refusal, envelope},
    pictures,
};
use crate::{
    clock::HOUR_MS,
    ledger::Platform,
    stage::Stage,
    world::{World, conversation::Content, grants::Bad, uploads::GOOD_FOR_MS},
};

/// The query of a call, decoded as a form: a bare `+` becomes a space, which is how an id that was not encoded breaks.
pub(crate) fn query(uri: &Uri) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
}

/// The JSON body of a call.
pub(crate) fn body(bytes: &Bytes) -> Result<Value, Refusal> {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value) if value.is_object() => Ok(value),
        _ => Err(Refusal::new(40002, "The request body is not valid JSON")),
    }
}

/// A required text field of a body.
pub(crate) fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or_else(|| Refusal::missing(name))
}

/// A required parameter of a query.
pub(crate) fn param<'a>(query: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, Refusal> {
    query.get(name).map(String::as_str).filter(|text| !text.is_empty()).ok_or_else(|| Refusal::missing(name))
}

/// The account behind the `Access-Token` header, if it was granted `scope` and is the one the call names (§3.4).
pub(crate) fn caller(
    world: &World,
    headers: &HeaderMap,
    scope: &str,
    business_id: &str,
    now: i64,
) -> Result<usize, Refusal> {
    let token = headers.get("access-token").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if token.is_empty() {
        return Err(Refusal::new(40104, "Access token is missing in the request header"));
    }
    let grant = world.grants.bearer(token, Platform::Business, now).map_err(|bad| match bad {
        Bad::Expired => Refusal::new(40102, "Access token is expired"),
        Bad::Unknown => Refusal::new(40105, "Access token is incorrect or has been revoked"),
    })?;
    if !grant.scopes.iter().any(|granted| granted == scope) {
        return Err(Refusal::new(40001, format!("No permission to operate: scope {scope} is required")));
    }
    if world.account_of_business(business_id) != Some(grant.account) {
        return Err(Refusal::new(40001, "No permission to operate this business_id"));
    }
    Ok(grant.account)
}

/// The conversation of that id. An id that is not even base64, such as one whose `+` became a space, is a wrong
/// parameter; one that belongs to nobody does not exist.
pub(crate) fn conversation(world: &World, account: usize, name: &str, id: &str) -> Result<usize, Refusal> {
    if !id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')) {
        return Err(Refusal::param(name));
    }
    let found = world.find(id).filter(|at| {
        world.conversations.get(*at).is_some_and(|there| there.account == account && !there.messages.is_empty())
    });
    found.ok_or_else(|| Refusal::new(40007, "The conversation does not exist"))
}

/// `GET /business/get/` (§4.9).
pub(crate) async fn profile(State(stage): State<Arc<Stage>>, headers: HeaderMap, uri: Uri) -> Response {
    let outcome = read_profile(&stage, &headers, &query(&uri));
    envelope(&stage, outcome)
}

fn read_profile(stage: &Stage, headers: &HeaderMap, query: &BTreeMap<String, String>) -> Result<Value, Refusal> {
    let world = stage.world();
    let account = caller(&world, headers, "user.info.basic", param(query, "business_id")?, stage.now())?;
    let account = world.accounts.get(account).ok_or_else(|| Refusal::param("business_id"))?;
    let fields = query.get("fields").map_or("[\"display_name\",\"profile_image\"]", String::as_str);
    let fields: Vec<String> = serde_json::from_str(fields).map_err(|_| Refusal::param("fields"))?;
    let mut data = serde_json::Map::new();
    for field in fields {
        let value = match field.as_str() {
            "username" => json!(account.handle),
            "display_name" => json!(account.display_name),
            "profile_image" => json!(pictures::avatar_link(stage, &account.handle)),
            "is_business_account" => {
                caller(&world, headers, "user.account.type", &account.business_id, stage.now())?;
                json!(true)
            }
            "bio_description" => {
                json!("Linen, cotton and slow mornings. Answers every day from 9 to 18.")
            }
            "profile_deep_link" => json!(format!("https://www.tiktok.com/@{}", account.handle)),
            "is_verified" => json!(false),
            "followers_count" => json!(12_480),
            _ => return Err(Refusal::param("fields")),
        };
        data.insert(field, value);
    }
    Ok(Value::Object(data))
}

/// `GET /business/message/capabilities/get/` (§4.7).
pub(crate) async fn capabilities(State(stage): State<Arc<Stage>>, headers: HeaderMap, uri: Uri) -> Response {
    let outcome = read_capabilities(&stage, &headers, &query(&uri));
    envelope(&stage, outcome)
}

fn read_capabilities(stage: &Stage, headers: &HeaderMap, query: &BTreeMap<String, String>) -> Result<Value, Refusal> {
    let world = stage.world();
    let account = caller(&world, headers, "message.list.read", param(query, "business_id")?, stage.now())?;
    let wanted: Vec<String> =
        serde_json::from_str(param(query, "capability_types")?).map_err(|_| Refusal::param("capability_types"))?;
    if wanted.is_empty() || wanted.iter().any(|kind| kind != "IMAGE_SEND") {
        return Err(Refusal::param("capability_types"));
    }
    let at = conversation(&world, account, "conversation_id", param(query, "conversation_id")?)?;
    let kind = param(query, "conversation_type")?;
    let there = world.conversations.get(at).filter(|there| there.conversation_type() == kind);
    let able = there.ok_or_else(|| Refusal::param("conversation_type"))?.takes_images;
    let infos: Vec<Value> =
        wanted.iter().map(|kind| json!({ "capability_type": kind, "capability_result": able })).collect();
    Ok(json!({ "capability_infos": infos }))
}

/// `POST /business/message/media/download/` (§4.6): a link that is good for 24 h, to media of the last thirty days.
pub(crate) async fn media_download(State(stage): State<Arc<Stage>>, headers: HeaderMap, bytes: Bytes) -> Response {
    let outcome = body(&bytes).and_then(|body| link_media(&stage, &headers, &body));
    envelope(&stage, outcome)
}

fn link_media(stage: &Stage, headers: &HeaderMap, body: &Value) -> Result<Value, Refusal> {
    let (world, now) = (stage.world(), stage.now());
    let account = caller(&world, headers, "message.list.read", text(body, "business_id")?, now)?;
    let at = conversation(&world, account, "conversation_id", text(body, "conversation_id")?)?;
    let (message_id, wanted) = (text(body, "message_id")?, text(body, "media_id")?);
    let is_video = match text(body, "media_type")? {
        "IMAGE" => false,
        "VIDEO" => true,
        _ => return Err(Refusal::param("media_type")),
    };
    let message = world.conversations.get(at).and_then(|there| there.message(message_id));
    let found = message.filter(|message| now - message.at_ms < GOOD_FOR_MS).map(|message| &message.content);
    match found {
        Some(Content::Image { media_id }) if media_id == wanted && !is_video => {}
        Some(Content::Video { media_id }) if media_id == wanted && is_video => {}
        _ => return Err(Refusal::new(40007, "The media does not exist")),
    }
    Ok(json!({ "download_url": pictures::signed(stage, &format!("/media/{wanted}"), now + 24 * HOUR_MS) }))
}
