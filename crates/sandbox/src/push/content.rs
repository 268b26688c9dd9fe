//! What an event says (§6.4, §6.5). The words are the listing's, but not its letters: lower case where a listing
//! shouts, `type` where it says `message_type`, and a card in another shape.

use serde_json::{Map, Value, json};

use crate::{
    ids, links,
    site::Site,
    world::{
        Account, World,
        conversation::{Content, Conversation, Message, Reaction, ReactionKind, Referral},
        event::WorldEvent,
        posted_comment::PostedComment,
    },
};

mod automatic;

/// A webhook before it is wrapped up and signed.
#[derive(Debug)]
pub(super) struct Webhook {
    pub(super) name: &'static str,
    pub(super) business_id: String,
    pub(super) content: Value,
}

/// The webhook TikTok makes of what happened.
pub(super) fn webhook(site: &Site, world: &World, event: &WorldEvent) -> Option<Webhook> {
    let (shop, name, content) = match event {
        WorldEvent::AutoChanged { account, action, kind, kept, at_ms } => {
            let content = automatic::changed(action, *kind, kept.as_deref(), *at_ms);
            (world.accounts.get(*account)?, "im_auto_message_config_update", content)
        }
        WorldEvent::AutoReviewed { account, kept, at_ms } => {
            (world.accounts.get(*account)?, "im_auto_message_audit_update", automatic::reviewed(kept, *at_ms))
        }
        WorldEvent::Comment { made } => {
            let there = world.conversations.get(made.conversation)?;
            let shop = world.accounts.get(there.account)?;
            (shop, "im_receive_high_intent_comment", commented(shop, there, made))
        }
        WorldEvent::Message { conversation, .. }
        | WorldEvent::Read { conversation, .. }
        | WorldEvent::Reaction { conversation, .. }
        | WorldEvent::Referral { conversation, .. } => {
            let there = world.conversations.get(*conversation)?;
            let shop = world.accounts.get(there.account)?;
            let (name, content) = happened(site, shop, there, event)?;
            (shop, name, content)
        }
    };
    Some(Webhook { name, business_id: shop.business_id.clone(), content: Value::Object(content) })
}

/// The webhook of an event in a conversation.
fn happened(
    site: &Site,
    shop: &Account,
    there: &Conversation,
    event: &WorldEvent,
) -> Option<(&'static str, Map<String, Value>)> {
    Some(match event {
        WorldEvent::Message { message, .. } => written(site, shop, there, message),
        WorldEvent::Reaction { message_id, reaction, given, .. } => {
            reacted(site, shop, there, message_id, reaction, *given)
        }
        WorldEvent::Read { at_ms, .. } => {
            let mut content = between(shop, there, true, *at_ms);
            content.insert("read".to_owned(), json!({ "last_read_timestamp": at_ms }));
            ("im_mark_read_msg", content)
        }
        WorldEvent::Referral { referral, at_ms, .. } => {
            let mut content = between(shop, there, true, *at_ms);
            content.insert("referral".to_owned(), came(referral));
            ("im_referral_msg", content)
        }
        WorldEvent::Comment { .. } | WorldEvent::AutoChanged { .. } | WorldEvent::AutoReviewed { .. } => return None,
    })
}

/// Who it goes from and to; a message's id and block are added to it.
fn between(shop: &Account, there: &Conversation, by_customer: bool, at_ms: i64) -> Map<String, Value> {
    let person = &there.person;
    let customer = (&person.username, json!({ "id": person.unique_identifier, "role": "personal_account" }));
    let business = (&shop.handle, json!({ "id": shop.business_id, "role": "business_account" }));
    let (from, to) = if by_customer { (customer, business) } else { (business, customer) };
    let fields = [
        ("from", json!(from.0)),
        ("to", json!(to.0)),
        ("unique_identifier", json!(person.unique_identifier)),
        ("from_user", from.1),
        ("to_user", to.1),
        ("conversation_id", json!(there.id)),
        ("timestamp", json!(at_ms)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A comment is in no conversation, and nothing says under which video it stands.
fn commented(shop: &Account, there: &Conversation, made: &PostedComment) -> Map<String, Value> {
    let mut content = between(shop, there, true, made.at_ms);
    content.remove("conversation_id");
    let fields = [
        ("comment_id", json!(made.id)),
        ("comment_text", json!(made.comment.text)),
        ("is_follower", json!(there.person.follower)),
    ];
    content.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    content
}

/// Of people in the EEA, Switzerland and the UK only that they wrote is pushed; what they wrote can be listed (§6.4).
fn stripped(shop: &Account, at_ms: i64) -> (&'static str, Map<String, Value>) {
    let fields = [
        ("to", json!(shop.handle)),
        ("to_user", json!({ "id": shop.business_id, "role": "business_account" })),
        ("timestamp", json!(at_ms)),
    ];
    ("im_receive_msg_eu", fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn written(site: &Site, shop: &Account, there: &Conversation, message: &Message) -> (&'static str, Map<String, Value>) {
    if message.by_customer && there.person.in_europe {
        return stripped(shop, message.at_ms);
    }
    let mut content = between(shop, there, message.by_customer, message.at_ms);
    let mut put = |key: &str, value: Value| drop(content.insert(key.to_owned(), value));
    put("message_id", json!(message.id));
    put("type", json!(message.content.kind().to_lowercase()));
    put("is_follower", json!(there.person.follower));
    put("scene_type", json!(0));
    put("message_tag", json!({ "source": message.source.name() }));
    match &message.content {
        Content::Text(body) => put("text", json!({ "body": body })),
        Content::Image { media_id } => put("image", json!({ "media_id": media_id })),
        Content::Video { media_id } => put("video", json!({ "media_id": media_id })),
        Content::SharePost { item_id } => {
            put("share_post", json!({ "embed_url": links::embed(site, item_id), "video_id": item_id }));
        }
        Content::Template(card) => put("template", nested(card)),
        Content::Sticker { name } => put("sticker", json!({ "url": links::sticker(site, name) })),
        Content::Emoji { name } => put("emoji", json!({ "url": links::emoji(site, name) })),
        Content::Other => {}
        Content::New { kind, block } => put(&kind.to_lowercase(), block.clone()),
    }
    if let Some(auto) = message.auto {
        put("auto_message_type", json!(auto));
    }
    if let Some(referenced) = &message.referenced {
        put("referenced_message_info", json!({ "referenced_message_id": referenced }));
    }
    if let Some(tap) = &message.tapped {
        let source = json!({ "reply_source_msg_id": tap.message_id, "reply_source_unique_id": tap.button_id });
        put("reply_source_payload", source);
    }
    (if message.by_customer { "im_receive_msg" } else { "im_send_msg" }, content)
}

/// A card as webhooks have it: nested once more, `text` where it was sent with `title`.
fn nested(card: &Value) -> Value {
    let button = |button: &Value| {
        let mut shown = json!({ "text": button.get("title"), "type": "REPLY" });
        if let (Some(shown), Some(id)) = (shown.as_object_mut(), button.get("id")) {
            shown.insert("id".to_owned(), id.clone());
        }
        shown
    };
    let buttons: Vec<Value> = card.get("buttons").and_then(Value::as_array).into_iter().flatten().map(button).collect();
    json!({
        "type": card.get("type").and_then(Value::as_str).unwrap_or_default().to_lowercase(),
        "elements": [{ "title": card.get("title"), "buttons": buttons }],
    })
}

/// A reaction is an event of its own with an id of its own, under which no message is ever listed.
fn reacted(
    site: &Site,
    shop: &Account,
    there: &Conversation,
    original: &str,
    reaction: &Reaction,
    given: bool,
) -> (&'static str, Map<String, Value>) {
    if reaction.by_customer && there.person.in_europe {
        return stripped(shop, reaction.at_ms);
    }
    let mut content = between(shop, there, reaction.by_customer, reaction.at_ms);
    let mut entry = reaction_block(site, shop, there, reaction);
    entry.insert("operation".to_owned(), json!(if given { "ADD" } else { "REMOVE" }));
    entry.insert("original_msg_id".to_owned(), json!(original));
    let moment = format!("{}{given}", reaction.at_ms);
    let message_id = ids::digits(site.config.seed, "reaction", &[&there.id, original, &moment]);
    let fields = [
        ("message_id", json!(message_id)),
        ("type", json!("reaction")),
        ("reaction", json!([entry])),
        ("is_follower", json!(there.person.follower)),
        ("scene_type", json!(0)),
        ("message_tag", json!({ "source": "APP" })),
    ];
    content.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    (if reaction.by_customer { "im_receive_msg" } else { "im_send_msg" }, content)
}

/// A reaction by itself, in the letters both the listing (§4.4) and the webhook have.
pub(crate) fn reaction_block(
    site: &Site,
    shop: &Account,
    there: &Conversation,
    reaction: &Reaction,
) -> Map<String, Value> {
    let by = if reaction.by_customer { &there.person.unique_identifier } else { &shop.business_id };
    let (kind, field, value) = match &reaction.kind {
        ReactionKind::Emoji(emoji) => ("EMOJI", "emoji", json!(emoji)),
        ReactionKind::AiEmoji(name) => ("AI_EMOJI", "ai_emoji_url", json!(links::ai_emoji(site, name))),
    };
    let fields =
        [("type", json!(kind)), (field, value), ("unique_identifier", json!(by)), ("timestamp", json!(reaction.at_ms))];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// How a customer came; times in ms, unlike the listing's (§4.3).
fn came(referral: &Referral) -> Value {
    match referral {
        Referral::Ad { ad_name, at_ms } => json!({ "source": "ad", "ad": {
            "advertiser_id": "7399000000000000123",
            "ad_id": ids::digits(0, "ad", &[ad_name]),
            "ad_name": ad_name,
            "timestamp": at_ms,
            "embed_url": "https://www.tiktok.com/embed/v2/7399000000000000456",
            "message_material_id": ids::digits(0, "ad material", &[ad_name]),
        } }),
        Referral::ShortLink { reference, prefilled } => json!({ "source": "short_link", "short_link": {
            "ref": reference,
            "prefilled_message": prefilled,
            "prefilled_message_audit_status": "PASS",
        } }),
    }
}
