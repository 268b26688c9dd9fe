//! An account's own posts: the list of them, and the pages they are seen on.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};
use serde_json::{Map, Value, json};

use super::{
    answer::{envelope, html_error},
    page,
    request::{caller, param, query},
};
use crate::{
    links,
    refusal::Refusal,
    stage::Stage,
    world::{Account, Post},
};

/// The fields that can be asked for.
const FIELDS: [&str; 6] = ["item_id", "create_time", "caption", "thumbnail_url", "share_url", "embed_url"];
/// The fields that are listed if none were asked for.
const DEFAULT_FIELDS: &str = r#"["item_id"]"#;

/// `GET /business/video/list/`: newest first, a page at a time. TikTok's notes leave two things open, which are settled
/// here: without `fields` only `item_id` is listed, and the cursor is the moment (in ms) a page ended at, so that a new
/// post shifts no page; 0 begins at the newest, and is answered with the last page.
pub(crate) async fn video_list(State(stage): State<Arc<Stage>>, headers: HeaderMap, uri: Uri) -> Response {
    let outcome = list_videos(&stage, &headers, &query(&uri));
    envelope(&stage, outcome)
}

fn list_videos(stage: &Stage, headers: &HeaderMap, query: &BTreeMap<String, String>) -> Result<Value, Refusal> {
    let (world, now) = (stage.world(), stage.now());
    let account = caller(&world, headers, "video.list", param(query, "business_id")?, now)?;
    let number = |name: &str, default: i64| match query.get(name) {
        Some(text) => text.parse::<i64>().map_err(|_| Refusal::param(name)),
        None => Ok(default),
    };
    let (max_count, cursor) = (number("max_count", 10)?, number("cursor", 0)?);
    let Some(max_count) = usize::try_from(max_count).ok().filter(|count| (1..=20).contains(count)) else {
        return Err(Refusal::param("max_count"));
    };
    if cursor < 0 {
        return Err(Refusal::param("cursor"));
    }
    let fields = query.get("fields").map_or(DEFAULT_FIELDS, String::as_str);
    let fields: Vec<String> = serde_json::from_str(fields).map_err(|_| Refusal::param("fields"))?;
    if fields.is_empty() || fields.iter().any(|field| !FIELDS.contains(&field.as_str())) {
        return Err(Refusal::param("fields"));
    }
    let shop = world.accounts.get(account).ok_or_else(|| Refusal::param("business_id"))?;
    let mut left = world.posts_of(account);
    left.retain(|post| cursor == 0 || post.created_at_ms < cursor);
    let has_more = left.len() > max_count;
    left.truncate(max_count);
    let next = left.last().filter(|_| has_more).map_or(0, |post| post.created_at_ms);
    let videos: Vec<Value> = left.into_iter().map(|post| entry(stage, shop, post, &fields)).collect();
    Ok(json!({ "videos": videos, "has_more": has_more, "cursor": next }))
}

fn entry(stage: &Stage, shop: &Account, post: &Post, fields: &[String]) -> Value {
    let mut entry = Map::new();
    for field in fields {
        let value = match field.as_str() {
            "item_id" => json!(post.item_id),
            // Seconds, unlike the messages' times; two clients type it as text, one as a number.
            "create_time" => json!((post.created_at_ms / 1000).to_string()),
            "caption" => json!(post.caption),
            "thumbnail_url" => json!(links::cover(&stage.site, &post.item_id)),
            "share_url" => json!(format!("{}/@{}/video/{}", stage.site.base_url(), shop.handle, post.item_id)),
            "embed_url" => json!(links::embed(&stage.site, &post.item_id)),
            _ => continue,
        };
        entry.insert(field.clone(), value);
    }
    Value::Object(entry)
}

/// `GET /embed/v2/<id>`: a shared post.
pub(crate) async fn embed(State(stage): State<Arc<Stage>>, Path(item_id): Path<String>) -> Response {
    show(&stage, &item_id)
}

/// `GET /@<handle>/video/<id>`: the same, by the link people share.
pub(crate) async fn shared(
    State(stage): State<Arc<Stage>>,
    Path((handle, item_id)): Path<(String, String)>,
) -> Response {
    if handle.starts_with('@') { show(&stage, &item_id) } else { html_error(StatusCode::NOT_FOUND) }
}

fn show(stage: &Stage, item_id: &str) -> Response {
    let (handle, caption) = {
        let world = stage.world();
        let Some(post) = world.posts.iter().find(|post| post.item_id == item_id) else {
            return html_error(StatusCode::NOT_FOUND);
        };
        let handle = world.accounts.get(post.account).map(|shop| shop.handle.clone()).unwrap_or_default();
        (page::escape(&handle), page::escape(&post.caption))
    };
    let cover = page::escape(&links::cover(&stage.site, item_id));
    let body = format!("<h1>A post by @{handle}</h1><p>{caption}</p><img src=\"{cover}\" alt=\"\" width=\"360\">");
    page::page(StatusCode::OK, "A post", &body)
}
