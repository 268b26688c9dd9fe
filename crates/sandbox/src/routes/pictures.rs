//! Links to pictures, signed and short-lived like TikTok's, and the pictures behind them.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};

use super::{
    answer::{bytes, html_error},
    business::query,
};
use crate::{
    clock::{DAY_MS, HOUR_MS},
    drawing, ids,
    ledger::Platform,
    stage::Stage,
    video,
};

/// A link to `path` that is good until `expires_at` (ms); the query carries seconds, as TikTok's does.
pub(crate) fn signed(stage: &Stage, path: &str, expires_at: i64) -> String {
    let expires = (expires_at / 1000).to_string();
    let signature = signature(stage, path, &expires);
    format!("{}{path}?x-expires={expires}&x-signature={signature}", stage.base_url())
}

fn signature(stage: &Stage, path: &str, expires: &str) -> String {
    // Counted in, so that a link of before no longer has a good signature.
    let round = stage.links_expired().to_string();
    ids::hex(&ids::digest(stage.config.seed, "link", &[path, expires, &round])).chars().take(24).collect()
}

/// Somebody's picture: good for a day at least. It changes four times a day and not with every listing, so that a
/// client which fetches by link is slow, and one which never looks again is wrong.
pub(crate) fn avatar_link(stage: &Stage, whose: &str) -> String {
    let quarter = 6 * HOUR_MS;
    let expires = (stage.now() / quarter + 5) * quarter;
    signed(stage, &format!("/cdn/avatar/{whose}.jpeg"), expires)
}

/// The cover of a post: good for six hours at least.
pub(crate) fn cover_link(stage: &Stage, item_id: &str) -> String {
    let quarter = 6 * HOUR_MS;
    let expires = (stage.now() / quarter + 2) * quarter;
    signed(stage, &format!("/cdn/cover/{item_id}.jpeg"), expires)
}

/// A sticker: thirty days (§4.4).
pub(crate) fn sticker_link(stage: &Stage, name: &str) -> String {
    let expires = (stage.now() / DAY_MS + 30) * DAY_MS;
    signed(stage, &format!("/cdn/sticker/{name}.png"), expires)
}

/// A picture TikTok drew for somebody to react with: thirty days (§4.4).
pub(crate) fn ai_emoji_link(stage: &Stage, name: &str) -> String {
    let expires = (stage.now() / DAY_MS + 30) * DAY_MS;
    signed(stage, &format!("/cdn/ai-emoji/{}.png", ids::digits(0, "ai emoji", &[name])), expires)
}

/// An emoji: its link does not expire and has no signature (§4.4).
pub(crate) fn emoji_link(stage: &Stage, name: &str) -> String {
    format!("{}/cdn/emoji/{name}.png", stage.base_url())
}

fn is_good(stage: &Stage, path: &str, query: &BTreeMap<String, String>) -> bool {
    let (Some(expires), Some(given)) = (query.get("x-expires"), query.get("x-signature")) else {
        return false;
    };
    *given == signature(stage, path, expires)
        && expires.parse::<i64>().is_ok_and(|at| at.saturating_mul(1000) > stage.now())
}

/// `GET /cdn/<kind>/<name>`: no token, but the link must be fresh.
pub(crate) async fn cdn(
    State(stage): State<Arc<Stage>>,
    Path((kind, name)): Path<(String, String)>,
    uri: Uri,
) -> Response {
    if kind != "emoji" && !is_good(&stage, uri.path(), &query(&uri)) {
        return html_error(StatusCode::FORBIDDEN);
    }
    let (key, seed) = (format!("{kind}/{name}"), stage.config.seed);
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
    if !is_good(&stage, uri.path(), &query(&uri)) {
        return html_error(StatusCode::FORBIDDEN);
    }
    let video = stage.world().videos.get(&media_id).copied();
    if let Some(length) = video {
        return video::answer(&stage, &media_id, length).await;
    }
    let uploaded =
        stage.world().uploads.listed(&media_id).map(|stored| (stored.kind.mime(), Arc::clone(&stored.bytes)));
    if let Some((mime, image)) = uploaded {
        return bytes(mime, image.to_vec());
    }
    let seed = stage.config.seed;
    let key = format!("media/{media_id}");
    let photo = move || drawing::photo(seed, &media_id);
    bytes("image/jpeg", stage.picture(key, photo).await)
}
