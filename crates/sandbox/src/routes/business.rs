//! The Business calls around messages: the profile, capabilities, links to media.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};
use serde_json::{Value, json};

use super::{
    answer::envelope,
    request::{body, caller, conversation, param, query, text},
};
use crate::{
    clock::HOUR_MS,
    links,
    refusal::Refusal,
    stage::Stage,
    world::{conversation::Content, uploads::MEDIA_LIFETIME_MS},
};

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
            "profile_image" => json!(links::avatar(&stage.site, &account.handle)),
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
    let found = message.filter(|message| now - message.at_ms < MEDIA_LIFETIME_MS).map(|message| &message.content);
    match found {
        Some(Content::Image { media_id }) if media_id == wanted && !is_video => {}
        Some(Content::Video { media_id }) if media_id == wanted && is_video => {}
        _ => return Err(Refusal::new(40007, "The media does not exist")),
    }
    Ok(json!({ "download_url": links::signed(&stage.site, &format!("/media/{wanted}"), now + 24 * HOUR_MS) }))
}
