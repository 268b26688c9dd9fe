//! The links this TikTok gives out: to pictures and videos signed and short-lived, as TikTok's are.

use std::collections::BTreeMap;

use crate::{
    clock::{DAY_MS, HOUR_MS},
    ids,
    site::Site,
};

/// A link to `path` that is good until `expires_at` (ms); the query carries seconds, as TikTok's does.
pub(crate) fn signed(site: &Site, path: &str, expires_at: i64) -> String {
    let expires = (expires_at / 1000).to_string();
    let signature = signature(site, path, &expires);
    format!("{}{path}?x-expires={expires}&x-signature={signature}", site.base_url())
}

fn signature(site: &Site, path: &str, expires: &str) -> String {
    // Counted in, so that a link of before no longer has a good signature.
    let round = site.links_expired().to_string();
    ids::hex(&ids::digest(site.config.seed, "link", &[path, expires, &round])).chars().take(24).collect()
}

/// A profile image: good for a day at least. It changes four times a day and not with every listing, so that a
/// client which fetches by link is slow, and one which never looks again is wrong.
pub(crate) fn avatar(site: &Site, whose: &str) -> String {
    let quarter = 6 * HOUR_MS;
    let expires = (site.now() / quarter + 5) * quarter;
    signed(site, &format!("/cdn/avatar/{whose}.jpeg"), expires)
}

/// The cover of a post: good for six hours at least.
pub(crate) fn cover(site: &Site, item_id: &str) -> String {
    let quarter = 6 * HOUR_MS;
    let expires = (site.now() / quarter + 2) * quarter;
    signed(site, &format!("/cdn/cover/{item_id}.jpeg"), expires)
}

/// A sticker: thirty days (§4.4).
pub(crate) fn sticker(site: &Site, name: &str) -> String {
    let expires = (site.now() / DAY_MS + 30) * DAY_MS;
    signed(site, &format!("/cdn/sticker/{name}.png"), expires)
}

/// An image that TikTok made for a reaction: thirty days (§4.4).
pub(crate) fn ai_emoji(site: &Site, name: &str) -> String {
    let expires = (site.now() / DAY_MS + 30) * DAY_MS;
    signed(site, &format!("/cdn/ai-emoji/{}.png", ids::digits(0, "ai emoji", &[name])), expires)
}

/// An emoji: its link does not expire and has no signature (§4.4).
pub(crate) fn emoji(site: &Site, name: &str) -> String {
    format!("{}/cdn/emoji/{name}.png", site.base_url())
}

/// Whether a link to `path` with this query was given out here and is still good.
pub(crate) fn is_good(site: &Site, path: &str, query: &BTreeMap<String, String>) -> bool {
    let (Some(expires), Some(given)) = (query.get("x-expires"), query.get("x-signature")) else {
        return false;
    };
    *given == signature(site, path, expires)
        && expires.parse::<i64>().is_ok_and(|at| at.saturating_mul(1000) > site.now())
}

/// The page that embeds a post.
pub(crate) fn embed(site: &Site, item_id: &str) -> String {
    format!("{}/embed/v2/{item_id}", site.base_url())
}
