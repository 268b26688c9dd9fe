//! The customers' side of the control addresses: what [`crate::Customer`] does, from outside. A customer is named by
//! `customer`, their display name, and made if they are not there yet.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::reply::{ControlAnswer, NamedCustomer, StageState, bad_request};
use crate::{comment::Comment, config::Crowd, customer::Customer, stage::Stage};

pub(super) fn router() -> Router<std::sync::Arc<Stage>> {
    Router::new()
        .route("/customers", get(customers))
        .route("/thread", post(thread))
        .route("/says", post(says))
        .route("/says_many", post(says_many))
        .route("/quotes", post(quotes))
        .route("/taps", post(taps))
        .route("/taps_question", post(taps_question))
        .route("/taps_prompt", post(taps_prompt))
        .route("/comments", post(comments))
        .route("/colleague", post(colleague))
        .route("/automatic", post(automatic))
        .route("/reacts", post(reacts))
        .route("/reads", post(reads))
        .route("/comes", post(comes))
        .route("/person", post(person))
        .route("/blocks", post(blocks))
        .route("/receives_images", post(receives_images))
        .route("/crowd", post(crowd))
}

async fn customers(State(stage): StageState) -> Json<Value> {
    let world = stage.world();
    let all = world.conversations.iter().map(|there| {
        json!({
            "customer": there.person.display_name, "username": there.person.username,
            "account": world.accounts.get(there.account).map(|account| &account.handle),
            "conversation_id": there.id, "conversation_type": there.conversation_type(),
            "messages": there.messages.len(), "update_time": there.updated_at(),
        })
    });
    Json(all.collect())
}

async fn thread(State(stage): StageState, Json(who): Json<NamedCustomer>) -> Json<Value> {
    Json(json!(Customer::named(&stage, &who.customer).thread()))
}

#[derive(Deserialize)]
struct Saying {
    customer: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    kind: SentKind,
    at_ms: Option<i64>,
    /// For `video`: how long it is.
    bytes: Option<usize>,
    /// For `new`: the undocumented kind, and its block.
    #[serde(default)]
    new_kind: String,
    #[serde(default)]
    block: Value,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum SentKind {
    #[default]
    Text,
    Image,
    Video,
    Post,
    Sticker,
    Emoji,
    Unknown,
    New,
}

async fn says(State(stage): StageState, Json(saying): Json<Saying>) -> Json<Value> {
    let customer = Customer::named(&stage, &saying.customer);
    let message_id = match (saying.kind, saying.at_ms) {
        (SentKind::Text, Some(at_ms)) => customer.says_at(&saying.text, at_ms),
        (SentKind::Text, None) => customer.says(&saying.text),
        (SentKind::Image, _) => customer.sends_image(),
        (SentKind::Video, _) => {
            saying.bytes.map_or_else(|| customer.sends_video(), |bytes| customer.sends_video_of(bytes))
        }
        (SentKind::New, _) => customer.sends_new_kind(&saying.new_kind, saying.block),
        (SentKind::Post, _) => customer.shares_post(),
        (SentKind::Sticker, _) => customer.sends_sticker(),
        (SentKind::Emoji, _) => customer.sends_emoji(),
        (SentKind::Unknown, _) => customer.sends_something_unknown(),
    };
    Json(json!({ "message_id": message_id, "conversation_id": customer.conversation_id() }))
}

#[derive(Deserialize)]
struct Colleague {
    customer: String,
    text: String,
    #[serde(default)]
    source: String,
}

async fn colleague(State(stage): StageState, Json(reply): Json<Colleague>) -> Json<Value> {
    let customer = Customer::named(&stage, &reply.customer);
    Json(json!({ "message_id": customer.colleague_replies(&reply.text, &reply.source) }))
}

#[derive(Deserialize)]
struct Block {
    customer: String,
    #[serde(default = "yes")]
    blocked: bool,
}

fn yes() -> bool {
    true
}

async fn blocks(State(stage): StageState, Json(block): Json<Block>) -> Json<Value> {
    Customer::named(&stage, &block.customer).blocks(block.blocked);
    Json(json!({}))
}

#[derive(Deserialize)]
struct Images {
    customer: String,
    able: bool,
}

async fn receives_images(State(stage): StageState, Json(images): Json<Images>) -> Json<Value> {
    let customer = Customer::named(&stage, &images.customer);
    if images.able {
        customer.can_receive_images();
    } else {
        customer.cannot_receive_images();
    }
    Json(json!({}))
}

#[derive(Deserialize)]
struct Many {
    customer: String,
    count: usize,
}

async fn says_many(State(stage): StageState, Json(many): Json<Many>) -> Json<Value> {
    let customer = Customer::named(&stage, &many.customer);
    Json(json!({ "message_ids": customer.says_many(many.count), "conversation_id": customer.conversation_id() }))
}

/// `text` for a quote, `title` for a tapped button.
#[derive(Deserialize)]
struct MessageOfCustomer {
    customer: String,
    message_id: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    title: String,
}

async fn quotes(State(stage): StageState, Json(about): Json<MessageOfCustomer>) -> Json<Value> {
    let customer = Customer::named(&stage, &about.customer);
    Json(json!({ "message_id": customer.quotes(&about.message_id, &about.text) }))
}

async fn taps(State(stage): StageState, Json(about): Json<MessageOfCustomer>) -> ControlAnswer {
    let message_id = Customer::named(&stage, &about.customer).taps(&about.message_id, &about.title);
    if message_id.is_empty() {
        Err(bad_request("no card has this button"))
    } else {
        Ok(Json(json!({ "message_id": message_id })))
    }
}

/// The title of what is tapped, as it is shown.
#[derive(Deserialize)]
struct Tapping {
    customer: String,
    title: String,
}

async fn taps_question(State(stage): StageState, Json(tapping): Json<Tapping>) -> ControlAnswer {
    let (question, answer) = Customer::named(&stage, &tapping.customer).taps_question(&tapping.title);
    if question.is_empty() {
        Err(bad_request("no such question is served"))
    } else {
        Ok(Json(json!({ "message_id": question, "answer_id": answer })))
    }
}

async fn taps_prompt(State(stage): StageState, Json(tapping): Json<Tapping>) -> ControlAnswer {
    let message_id = Customer::named(&stage, &tapping.customer).taps_prompt(&tapping.title);
    if message_id.is_empty() {
        Err(bad_request("no such prompt is served"))
    } else {
        Ok(Json(json!({ "message_id": message_id })))
    }
}

/// A comment is written now and can be answered, unless it says otherwise.
#[derive(Deserialize)]
struct Commenting {
    customer: String,
    text: String,
    #[serde(default)]
    ago_ms: u64,
    #[serde(default)]
    under_a_comment: bool,
    #[serde(default)]
    on_another_account: bool,
    #[serde(default)]
    by_a_minor: bool,
    #[serde(default)]
    from_elsewhere: bool,
}

async fn comments(State(stage): StageState, Json(commenting): Json<Commenting>) -> Json<Value> {
    let comment = Comment {
        text: commenting.text,
        ago: Duration::from_millis(commenting.ago_ms),
        under_a_comment: commenting.under_a_comment,
        on_another_account: commenting.on_another_account,
        by_a_minor: commenting.by_a_minor,
        from_elsewhere: commenting.from_elsewhere,
    };
    let comment_id = Customer::named(&stage, &commenting.customer).comments(comment);
    Json(json!({ "comment_id": comment_id }))
}

#[derive(Deserialize)]
struct AutomaticMessage {
    customer: String,
    kind: AutomaticKind,
    /// The text TikTok sends for the shop.
    text: String,
    /// For `suggested_question`.
    #[serde(default)]
    question: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum AutomaticKind {
    Welcome,
    SuggestedQuestion,
    AutoReply,
}

async fn automatic(State(stage): StageState, Json(told): Json<AutomaticMessage>) -> Json<Value> {
    let customer = Customer::named(&stage, &told.customer);
    let message_id = match told.kind {
        AutomaticKind::Welcome => customer.is_welcomed(&told.text),
        AutomaticKind::SuggestedQuestion => customer.asks_suggested_question(&told.question, &told.text).1,
        AutomaticKind::AutoReply => customer.is_auto_replied(&told.text),
    };
    Json(json!({ "message_id": message_id }))
}

/// With `emoji` or `ai_emoji`.
#[derive(Deserialize)]
struct Reacting {
    customer: String,
    message_id: String,
    emoji: Option<String>,
    ai_emoji: Option<String>,
    /// Whether a colleague does it and not the customer.
    #[serde(default)]
    colleague: bool,
    /// Whether it is taken back.
    #[serde(default)]
    remove: bool,
}

async fn reacts(State(stage): StageState, Json(reacting): Json<Reacting>) -> ControlAnswer {
    let customer = Customer::named(&stage, &reacting.customer);
    let id = reacting.message_id.as_str();
    let done = match (&reacting.emoji, &reacting.ai_emoji, reacting.colleague, reacting.remove) {
        (Some(emoji), None, false, false) => customer.reacts(id, emoji),
        (Some(emoji), None, false, true) => customer.takes_reaction_back(id, emoji),
        (Some(emoji), None, true, false) => customer.colleague_reacts(id, emoji),
        (Some(emoji), None, true, true) => customer.colleague_takes_reaction_back(id, emoji),
        (None, Some(name), false, false) => customer.reacts_with_ai_emoji(id, name),
        (None, Some(name), false, true) => customer.takes_ai_emoji_back(id, name),
        _ => return Err(bad_request("either emoji or ai_emoji, and only customers have the latter")),
    };
    if done { Ok(Json(json!({}))) } else { Err(bad_request("no such message, or no such reaction")) }
}

async fn reads(State(stage): StageState, Json(who): Json<NamedCustomer>) -> Json<Value> {
    Customer::named(&stage, &who.customer).reads();
    Json(json!({}))
}

/// With `ad`, or with `link` and perhaps `prefilled`.
#[derive(Deserialize)]
struct Coming {
    customer: String,
    ad: Option<String>,
    link: Option<String>,
    prefilled: Option<String>,
}

async fn comes(State(stage): StageState, Json(coming): Json<Coming>) -> ControlAnswer {
    let customer = Customer::named(&stage, &coming.customer);
    match (&coming.ad, &coming.link) {
        (Some(ad), None) => customer.comes_from_ad(ad),
        (None, Some(link)) => customer.comes_from_link_saying(link, coming.prefilled.as_deref().unwrap_or("Hi!")),
        _ => return Err(bad_request("either ad or link")),
    }
    Ok(Json(json!({})))
}

/// Changes the fields that are given.
#[derive(Deserialize)]
struct Becoming {
    customer: String,
    name: Option<String>,
    follows: Option<bool>,
    in_europe: Option<bool>,
    #[serde(default)]
    new_picture: bool,
}

async fn person(State(stage): StageState, Json(becoming): Json<Becoming>) -> Json<Value> {
    let customer = Customer::named(&stage, &becoming.customer);
    if let Some(follows) = becoming.follows {
        customer.follows(follows);
    }
    if let Some(in_europe) = becoming.in_europe {
        customer.is_in_europe(in_europe);
    }
    if becoming.new_picture {
        customer.changes_picture();
    }
    if let Some(name) = &becoming.name {
        customer.renames_to(name);
    }
    Json(json!({ "unique_identifier": customer.unique_identifier() }))
}

#[derive(Deserialize)]
struct NewCrowd {
    customers: usize,
    messages: usize,
    #[serde(default)]
    over_ms: u64,
}

async fn crowd(State(stage): StageState, Json(new): Json<NewCrowd>) -> Json<Value> {
    let over = Duration::from_millis(new.over_ms);
    let places = stage.write_crowd(Crowd { customers: new.customers, messages: new.messages, over });
    Json(json!({ "customers": places.len() }))
}
