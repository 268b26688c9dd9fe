//! The listings: the conversations of an account, and the newest twenty messages of one (§4.3, §4.4).

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Extension, State},
    http::{HeaderMap, Uri},
    response::Response,
};
use rand::{
    SeedableRng,
    rngs::StdRng,
    seq::{IndexedRandom, SliceRandom},
};
use serde_json::{Map, Value, json};

use super::{
    answer::envelope,
    gate::ListingFault,
    request::{caller, conversation, param, query},
};
use crate::{
    clock::DAY_MS,
    faults::PagingFault,
    ids, links,
    push::content::reaction_block,
    refusal::Refusal,
    stage::Stage,
    world::{
        Account,
        conversation::{Content, Conversation, Message, Referral},
    },
};

/// How many messages a listing shows; there is no second page.
const MAX_LISTED_MESSAGES: usize = 20;

/// `GET /business/message/conversation/list/`.
pub(crate) async fn conversation_list(
    State(stage): State<Arc<Stage>>,
    Extension(quirk): Extension<ListingFault>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let outcome = list_conversations(&stage, quirk, &headers, &query(&uri));
    envelope(&stage, outcome)
}

fn list_conversations(
    stage: &Stage,
    ListingFault { lag, duplicates, empty, paging }: ListingFault,
    headers: &HeaderMap,
    query: &BTreeMap<String, String>,
) -> Result<Value, Refusal> {
    let (world, now) = (stage.world(), stage.now());
    let account = caller(&world, headers, "message.list.read", param(query, "business_id")?, now)?;
    let answered = match param(query, "conversation_type")? {
        "SINGLE" => true,
        "STRANGER" => false,
        _ => return Err(Refusal::param("conversation_type")),
    };
    let number = |name: &str, default: usize| match query.get(name) {
        Some(text) => text.parse::<usize>().map_err(|_| Refusal::param(name)),
        None => Ok(default),
    };
    let (limit, cursor) = (number("limit", 100)?, number("cursor", 0)?);
    if !(1..=100).contains(&limit) {
        return Err(Refusal::param("limit"));
    }
    let ours = || world.conversations.iter().filter(|there| there.account == account);
    let as_of = as_of(ours(), lag);
    let mut all: Vec<(&Conversation, i64)> = ours()
        .filter_map(|there| {
            let known = there.before(as_of);
            let updated_at = known.last()?.at_ms;
            let replied = if lag == 0 { there.answered } else { known.iter().any(Message::by_business) };
            (replied == answered).then_some((there, updated_at))
        })
        .filter(|(_, updated_at)| *updated_at > now - 90 * DAY_MS)
        .collect();
    all.sort_by(|(a, a_at), (b, b_at)| b_at.cmp(a_at).then_with(|| a.id.cmp(&b.id)));
    if empty {
        all.clear();
    }
    let has_more = all.len() > cursor.saturating_add(limit);
    let from = if paging == Some(PagingFault::EndlessCursor) { 0 } else { cursor };
    let mut page: Vec<Value> = all.into_iter().skip(from).take(limit).map(entry).collect();
    if let Some(count) = duplicates {
        shuffle(stage, &mut page, count);
    }
    let next = if has_more { cursor + limit } else { 0 };
    match paging {
        Some(PagingFault::MissingCursor) => return Ok(json!({ "conversations": page, "has_more": true })),
        Some(PagingFault::RepeatedCursor) => {
            return Ok(json!({ "conversations": page, "has_more": true, "cursor": cursor }));
        }
        Some(PagingFault::EndlessCursor) => {
            return Ok(json!({ "conversations": page, "has_more": true, "cursor": cursor + 1 }));
        }
        Some(PagingFault::MissingId) => {
            if let Some(newest) = page.first_mut().and_then(Value::as_object_mut) {
                newest.remove("conversation_id");
            }
        }
        None => {}
    }
    Ok(json!({ "conversations": page, "has_more": has_more, "cursor": next }))
}

/// The moment from which on a listing of these conversations shows nothing, if it lags by this many messages of the
/// business: when the oldest of those was written.
fn as_of<'a>(all: impl Iterator<Item = &'a Conversation>, lag: u32) -> i64 {
    if lag == 0 {
        return i64::MAX;
    }
    let written = all.flat_map(|there| &there.messages).filter(|message| message.by_business());
    let mut times: Vec<i64> = written.map(|message| message.at_ms).collect();
    times.sort_unstable_by(|a, b| b.cmp(a));
    times.into_iter().take(usize::try_from(lag).unwrap_or(usize::MAX)).next_back().unwrap_or(i64::MAX)
}

fn entry((there, updated_at): (&Conversation, i64)) -> Value {
    let mut entry = json!({ "conversation_id": there.id, "update_time": updated_at });
    let referral = match &there.referral {
        // Seconds here; the webhook has milliseconds (§4.3).
        Some(Referral::Ad { ad_name, at_ms }) => json!({ "ad": [{
            "advertiser_id": "7399000000000000123",
            "ad_id": ids::digits(0, "ad", &[ad_name]),
            "ad_name": ad_name,
            "timestamp": at_ms / 1000,
            "embed_url": "https://www.tiktok.com/embed/v2/7399000000000000456",
        }], "short_link": [] }),
        Some(Referral::ShortLink { reference, prefilled }) => json!({ "ad": [], "short_link": [{
            "ref": reference,
            "prefilled_message": prefilled,
            "prefilled_message_audit_status": "PASS",
        }] }),
        None => return entry,
    };
    if let Some(entry) = entry.as_object_mut() {
        entry.insert("referral".to_owned(), referral);
    }
    entry
}

/// `GET /business/message/content/list/`: the newest twenty, in no order.
pub(crate) async fn content_list(
    State(stage): State<Arc<Stage>>,
    Extension(quirk): Extension<ListingFault>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let outcome = list_content(&stage, quirk, &headers, &query(&uri));
    envelope(&stage, outcome)
}

fn list_content(
    stage: &Stage,
    ListingFault { lag, duplicates, empty, .. }: ListingFault,
    headers: &HeaderMap,
    query: &BTreeMap<String, String>,
) -> Result<Value, Refusal> {
    let world = stage.world();
    let account = caller(&world, headers, "message.list.read", param(query, "business_id")?, stage.now())?;
    let at = conversation(&world, account, "conversation_id", param(query, "conversation_id")?)?;
    let (Some(there), Some(shop)) = (world.conversations.get(at), world.accounts.get(account)) else {
        return Err(Refusal::param("conversation_id"));
    };
    let known = there.before(as_of(std::iter::once(there), lag));
    if known.is_empty() {
        return Err(Refusal::new(40007, "The conversation does not exist"));
    }
    let shown = if empty { 0 } else { MAX_LISTED_MESSAGES };
    let newest: Vec<&Message> = known.iter().skip(known.len().saturating_sub(shown)).collect();
    let mut messages: Vec<Value> =
        shuffled(world.seed, there, newest).into_iter().map(|message| line(stage, shop, there, message)).collect();
    if let Some(count) = duplicates {
        shuffle(stage, &mut messages, count);
    }
    Ok(json!({
        "participants": [
            {
                "role": "BUSINESS_ACCOUNT", "id": shop.business_id, "display_name": shop.display_name,
                "profile_image": links::avatar(&stage.site, &shop.handle),
            },
            {
                "role": "PERSONAL_ACCOUNT", "id": there.person.unique_identifier,
                "display_name": there.person.display_name, "is_follower": there.person.follower,
                "profile_image": links::avatar(&stage.site, &there.person.face()),
            },
        ],
        "messages": messages,
    }))
}

/// An order drawn from the seed that is never by time, and with three or more not the reverse of it either: a client
/// that does not sort fails with every conversation.
fn shuffled<'a>(seed: u64, there: &Conversation, mut messages: Vec<&'a Message>) -> Vec<&'a Message> {
    let mut lot = StdRng::from_seed(ids::digest(seed, "order", &[&there.id, &there.minted.to_string()]));
    messages.shuffle(&mut lot);
    let falls = messages.is_sorted_by(|a, b| a.at_ms > b.at_ms);
    if messages.len() > 2 && (falls || messages.is_sorted_by_key(|message| message.at_ms)) {
        messages.rotate_left(1);
    } else if messages.is_sorted_by_key(|message| message.at_ms) {
        messages.reverse();
    }
    messages
}

/// Repeats this many entries, and puts all in an order drawn for this call alone.
fn shuffle(stage: &Stage, page: &mut Vec<Value>, duplicates: u32) {
    let call = stage.site.request_id();
    let mut lot = StdRng::from_seed(ids::digest(stage.site.config.seed, "muddle", &[&call]));
    let chosen = page.choose_multiple(&mut lot, usize::try_from(duplicates).unwrap_or(usize::MAX)).cloned();
    let again: Vec<Value> = chosen.collect();
    page.extend(again);
    page.shuffle(&mut lot);
}

fn line(stage: &Stage, shop: &Account, there: &Conversation, message: &Message) -> Value {
    let customer =
        (&there.person.username, json!({ "role": "PERSONAL_ACCOUNT", "id": there.person.unique_identifier }));
    let business = (&shop.handle, json!({ "role": "BUSINESS_ACCOUNT", "id": shop.business_id }));
    let (from, to) = if message.by_customer { (customer, business) } else { (business, customer) };
    let mut line = Map::new();
    let mut put = |key: &str, value: Value| line.insert(key.to_owned(), value);
    put("message_id", json!(message.id));
    put("conversation_id", json!(there.id));
    put("timestamp", json!(message.at_ms));
    put("sender", json!(from.0));
    put("recipient", json!(to.0));
    put("from_user", from.1.clone());
    put("to_user", to.1.clone());
    put("message_type", json!(message.content.kind()));
    put("message_tag", json!({ "source": message.source.name() }));
    match &message.content {
        Content::Text(body) => drop(put("text", json!({ "body": body }))),
        Content::Image { media_id } => drop(put("image", json!({ "media_id": media_id }))),
        Content::Video { media_id } => drop(put("video", json!({ "media_id": media_id }))),
        Content::SharePost { item_id } => {
            put("share_post", json!({ "item_id": item_id, "embed_url": links::embed(&stage.site, item_id) }));
        }
        Content::Template(card) => drop(put("template", card.clone())),
        Content::Sticker { name } => drop(put("sticker", json!({ "url": links::sticker(&stage.site, name) }))),
        Content::Emoji { name } => drop(put("emoji", json!({ "url": links::emoji(&stage.site, name) }))),
        Content::Other => {}
        Content::New { kind, block } => drop(put(&kind.to_lowercase(), block.clone())),
    }
    if let Some(auto) = message.auto {
        put("auto_message_type", json!(auto));
    }
    if let Some(referenced) = &message.referenced {
        put("referenced_message_info", json!({ "referenced_message_id": referenced }));
    }
    if !message.reactions.is_empty() {
        let reactions: Vec<Value> = message
            .reactions
            .iter()
            .map(|reaction| reaction_block(&stage.site, shop, there, reaction).into())
            .collect();
        put("reactions", json!(reactions));
    }
    Value::Object(line)
}
