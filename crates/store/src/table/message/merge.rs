//! What a message holds by what was known of it and what TikTok says now.

use std::collections::BTreeMap;

use model::{Content, MediaState, Surface};
use serde_json::value::RawValue;

use super::row::{IncomingMessage, Message};

/// Whether TikTok, which once gave out what is in a message, now hands out nothing of it.
pub(super) fn says_less(known: &Content, now: &Content) -> bool {
    matches!(now, Content::Unsupported { .. }) && !matches!(known, Content::Unsupported { .. })
}

/// All that was said of a message, as one object: a push tells what a listing leaves out, and the other way round. Where
/// both say something, it is what is said now.
pub(super) fn joined(now: &str, before: &str) -> String {
    let read = |text| serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(text).ok();
    let (Some(mut whole), Some(before)) = (read(now), read(before)) else { return now.to_owned() };
    for (key, value) in before {
        if whole.get(&key).is_none_or(|said| said.get() == "null") {
            whole.insert(key, value);
        }
    }
    serde_json::to_string(&whole).unwrap_or_else(|_| now.to_owned())
}

pub(super) fn is_pending(content: &Content) -> bool {
    content.media() == Some(&MediaState::Pending)
}

/// What is in a message, by what was known and what a listing says now. Of what we sent ourselves we know more than a
/// listing tells; only TikTok's id of the picture is new. Nobody can edit a message at TikTok: one that comes back with less
/// in it lost that on its way, and a picture that is here stays, whatever TikTok calls it now.
pub(super) fn merged(known: &Message, news: &IncomingMessage) -> Content {
    match (&known.content, &news.content) {
        (ours, theirs) if says_less(ours, theirs) => ours.clone(),
        (Content::Text { .. }, Content::Text { body }) if body.is_empty() => known.content.clone(),
        (Content::Image { media, .. }, Content::Image { media_id, .. }) if known.surface == Surface::Deskbell => {
            Content::Image { media_id: media_id.clone(), media: media.clone() }
        }
        (Content::Card { .. }, Content::Card { .. }) | (Content::SharePost { .. }, Content::SharePost { .. })
            if known.surface == Surface::Deskbell =>
        {
            known.content.clone()
        }
        (Content::Card { kind, title, buttons }, Content::Card { kind: now, title: says, buttons: shows }) => {
            Content::Card {
                kind: now.or(*kind),
                title: if says.is_empty() { title } else { says }.clone(),
                buttons: if shows.is_empty() { buttons } else { shows }.clone(),
            }
        }
        (Content::SharePost { embed_url, item_id }, Content::SharePost { embed_url: now, item_id: id }) => {
            Content::SharePost {
                embed_url: if now.is_empty() { embed_url } else { now }.clone(),
                item_id: id.as_ref().or(item_id.as_ref()).cloned(),
            }
        }
        (
            Content::Image { media: media @ (MediaState::Kept { .. } | MediaState::Released), .. },
            Content::Image { media_id, .. },
        ) => Content::Image { media_id: media_id.clone(), media: media.clone() },
        (Content::Sticker { media: MediaState::Kept { .. }, .. }, Content::Sticker { .. }) => known.content.clone(),
        // The link to a sticker that is still on its way may have died; this one is fresh.
        (Content::Sticker { media: media @ MediaState::Pending, .. }, Content::Sticker { url, .. })
            if same_media(&known.content, &news.content) =>
        {
            Content::Sticker { url: url.clone(), media: media.clone() }
        }
        (ours, theirs) if same_media(ours, theirs) => ours.clone(),
        (
            Content::Text { .. }
            | Content::Image { .. }
            | Content::Video { .. }
            | Content::SharePost { .. }
            | Content::Sticker { .. }
            | Content::Card { .. }
            | Content::Unsupported { .. }
            | Content::Unreadable,
            theirs,
        ) => theirs.clone(),
    }
}

/// Whether two contents are the same picture or sticker, held or not.
pub(super) fn same_media(one: &Content, other: &Content) -> bool {
    match one {
        Content::Image { media_id: one, .. } => {
            matches!(other, Content::Image { media_id, .. } if media_id == one)
        }
        Content::Sticker { url: one, .. } => {
            matches!(other, Content::Sticker { url, .. } if url.split('?').next() == one.split('?').next())
        }
        Content::Text { .. }
        | Content::Video { .. }
        | Content::SharePost { .. }
        | Content::Card { .. }
        | Content::Unsupported { .. }
        | Content::Unreadable => false,
    }
}
