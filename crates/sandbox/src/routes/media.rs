//! Pictures and videos, by the links that were given out.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};

use super::{
    answer::{bytes, html_error},
    request::query,
    videos,
};
use crate::{drawing, ledger::Platform, links, stage::Stage};

/// `GET /cdn/<kind>/<name>`: no token, but the link must be fresh.
pub(crate) async fn cdn(
    State(stage): State<Arc<Stage>>,
    Path((kind, name)): Path<(String, String)>,
    uri: Uri,
) -> Response {
    if kind != "emoji" && !links::is_good(&stage.site, uri.path(), &query(&uri)) {
        return html_error(StatusCode::FORBIDDEN);
    }
    let (key, seed) = (format!("{kind}/{name}"), stage.site.config.seed);
    let (mime, draw): (_, fn(u64, &str) -> Vec<u8>) = match kind.as_str() {
        "avatar" => ("image/jpeg", drawing::avatar),
        "cover" => ("image/jpeg", drawing::photo),
        "sticker" | "emoji" | "ai-emoji" => ("image/png", drawing::sticker),
        _ => return html_error(StatusCode::NOT_FOUND),
    };
    bytes(mime, stage.picture(key, move || draw(seed, &name)).await)
}

/// `GET /media/<id>`: an image or a video a customer sent, made up, or an image the business sent, to the byte. The
/// token goes into `x-user`, not into `Access-Token` (§4.6).
pub(crate) async fn media(
    State(stage): State<Arc<Stage>>,
    Path(media_id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let token = headers.get("x-user").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if stage.world().grants.bearer(token, Platform::Business, stage.now()).is_err() {
        return html_error(StatusCode::UNAUTHORIZED);
    }
    if !links::is_good(&stage.site, uri.path(), &query(&uri)) {
        return html_error(StatusCode::FORBIDDEN);
    }
    let video = stage.world().videos.get(&media_id).copied();
    if let Some(length) = video {
        return videos::answer(&stage, &media_id, length).await;
    }
    let uploaded =
        stage.world().uploads.listed(&media_id).map(|stored| (stored.kind.mime(), Arc::clone(&stored.bytes)));
    if let Some((mime, image)) = uploaded {
        return bytes(mime, image.to_vec());
    }
    let seed = stage.site.config.seed;
    let key = format!("media/{media_id}");
    let photo = move || drawing::photo(seed, &media_id);
    bytes("image/jpeg", stage.picture(key, photo).await)
}
