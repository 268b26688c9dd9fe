//! The sandbox's own addresses, under `/sandbox/`: for browsers, scripts and end-to-end tests that hold no Rust handle.
//! JSON in, JSON out. Faults on TikTok's side do not reach them.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{self, html_error};
use crate::{
    config::WindowRule,
    faults::{Fault, Times},
    sandbox,
    stage::Stage,
};

type Stand = State<Arc<Stage>>;
type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;

pub(crate) fn router() -> Router<Arc<Stage>> {
    Router::new()
        .route("/ledger", get(ledger))
        .route("/calls", get(calls))
        .route("/apps", get(apps))
        .route("/accounts", get(accounts).post(open_account))
        .route("/customers", get(customers))
        .route("/thread", post(thread))
        .route("/says", post(says))
        .route("/colleague", post(colleague))
        .route("/blocks", post(blocks))
        .route("/receives_images", post(receives_images))
        .route("/messages", post(messages))
        .route("/posts", post(new_post))
        .route("/uploaded/{media_id}", get(uploaded))
        .route("/faults", post(set_fault).delete(clear_faults))
        .route("/clock", get(clock).post(advance))
        .route("/agree", post(agree))
        .route("/refuse", post(refuse))
        .route("/tokens/expire", post(expire))
        .route("/tokens/revoke", post(revoke))
}

async fn ledger(State(stage): Stand) -> Json<Value> {
    Json(json!(stage.world().ledger))
}

async fn calls(State(stage): Stand) -> Json<Value> {
    Json(json!(stage.world().ledger.all_calls()))
}

async fn apps(State(stage): Stand) -> Json<Value> {
    Json(json!(stage.apps))
}

async fn accounts(State(stage): Stand) -> Json<Value> {
    let world = stage.world();
    let all = world.accounts.iter().map(|account| {
        json!({
            "business_id": account.business_id, "handle": account.handle,
            "display_name": account.display_name, "rule": account.rule,
        })
    });
    Json(all.collect())
}

#[derive(Deserialize)]
struct NewAccount {
    handle: String,
    display_name: String,
    #[serde(default)]
    rule: WindowRule,
}

async fn open_account(State(stage): Stand, Json(new): Json<NewAccount>) -> Json<Value> {
    let mut world = stage.world();
    let at = world.open_account(&new.handle, &new.display_name, new.rule);
    Json(json!({ "business_id": world.accounts.get(at).map(|account| &account.business_id) }))
}

async fn customers(State(stage): Stand) -> Json<Value> {
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

#[derive(Deserialize)]
struct Who {
    customer: String,
}

async fn thread(State(stage): Stand, Json(who): Json<Who>) -> Json<Value> {
    Json(json!(sandbox::customer(&stage, &who.customer).thread()))
}

#[derive(Deserialize)]
struct Saying {
    customer: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    kind: Kind,
    at_ms: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Text,
    Image,
    Post,
    Sticker,
    Emoji,
    Unknown,
}

async fn says(State(stage): Stand, Json(saying): Json<Saying>) -> Json<Value> {
    let customer = sandbox::customer(&stage, &saying.customer);
    let message_id = match (saying.kind, saying.at_ms) {
        (Kind::Text, Some(at_ms)) => customer.says_at(&saying.text, at_ms),
        (Kind::Text, None) => customer.says(&saying.text),
        (Kind::Image, _) => customer.sends_image(),
        (Kind::Post, _) => customer.shares_post(),
        (Kind::Sticker, _) => customer.sends_sticker(),
        (Kind::Emoji, _) => customer.sends_emoji(),
        (Kind::Unknown, _) => customer.sends_something_unknown(),
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

async fn colleague(State(stage): Stand, Json(reply): Json<Colleague>) -> Json<Value> {
    let customer = sandbox::customer(&stage, &reply.customer);
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

async fn blocks(State(stage): Stand, Json(block): Json<Block>) -> Json<Value> {
    sandbox::customer(&stage, &block.customer).blocks(block.blocked);
    Json(json!({}))
}

#[derive(Deserialize)]
struct Images {
    customer: String,
    able: bool,
}

async fn receives_images(State(stage): Stand, Json(images): Json<Images>) -> Json<Value> {
    let customer = sandbox::customer(&stage, &images.customer);
    if images.able {
        customer.can_receive_images();
    } else {
        customer.cannot_receive_images();
    }
    Json(json!({}))
}

/// What a customer truly got, a line each.
async fn messages(State(stage): Stand, Json(who): Json<Who>) -> Json<Value> {
    Json(json!(stage.world().ledger.messages_to(&who.customer)))
}

#[derive(Deserialize)]
struct NewPost {
    handle: String,
    caption: String,
}

async fn new_post(State(stage): Stand, Json(new): Json<NewPost>) -> Answer {
    let now = stage.now();
    let item_id = stage.world().post(&new.handle, &new.caption, now);
    Ok(Json(json!({ "item_id": item_id.ok_or_else(|| bad("no account has this handle"))? })))
}

async fn uploaded(State(stage): Stand, Path(media_id): Path<String>) -> Response {
    let found = stage.world().uploads.uploaded(&media_id).map(|stored| (stored.kind.mime(), Arc::clone(&stored.bytes)));
    found.map_or_else(|| html_error(StatusCode::NOT_FOUND), |(mime, image)| answer::bytes(mime, image.to_vec()))
}

/// `{"endpoint":"send","fault":"hang_up_after","next":1}`. The lasting is `next` (calls), `for_ms`, or neither:
/// until cleared.
#[derive(Deserialize)]
struct NewFault {
    endpoint: String,
    fault: String,
    /// For `delay`, `answer_late` and `dribble`.
    ms: Option<u64>,
    /// For `code`.
    code: Option<i64>,
    message: Option<String>,
    /// For `stale`: how many messages of the business are not listed yet.
    messages: Option<u32>,
    /// For `status`.
    status: Option<u16>,
    /// Whether the call takes effect, for `html`, `code`, `status` and `never_answer`.
    #[serde(default)]
    accepting: bool,
    next: Option<u32>,
    for_ms: Option<u64>,
}

impl NewFault {
    fn fault(&self) -> Option<Fault> {
        let accepting = self.accepting;
        Some(match self.fault.as_str() {
            "delay" => Fault::Delay(Duration::from_millis(self.ms?)),
            "answer_late" => Fault::AnswerLate(Duration::from_millis(self.ms?)),
            "dribble" => Fault::Dribble(Duration::from_millis(self.ms?)),
            "hang_up_mid_answer" => Fault::HangUpMidAnswer,
            "hang_up_before" => Fault::HangUpBefore,
            "hang_up_after" => Fault::HangUpAfter,
            "html" => Fault::Html { accepting },
            "truncated_json" => Fault::TruncatedJson,
            "code" => Fault::Code { code: self.code?, message: self.message.clone().unwrap_or_default(), accepting },
            "status" => Fault::Status { status: self.status?, accepting },
            "rate_limited" => Fault::RateLimited,
            "too_many_per_minute" => Fault::too_many_per_minute(),
            "too_many_per_day" => Fault::too_many_per_day(),
            "stale" => Fault::Stale { messages: self.messages? },
            "never_answer" => Fault::NeverAnswer { accepting },
            _ => return None,
        })
    }

    fn times(&self) -> Times {
        match (self.next, self.for_ms) {
            (Some(calls), _) => Times::Next(calls),
            (None, Some(ms)) => Times::For(Duration::from_millis(ms)),
            (None, None) => Times::UntilCleared,
        }
    }
}

async fn set_fault(State(stage): Stand, Json(new): Json<NewFault>) -> Answer {
    let fault = new.fault().ok_or_else(|| bad("no such fault, or its ms, code, messages or status is missing"))?;
    stage.dial().set(&new.endpoint, fault, new.times(), stage.now());
    Ok(Json(json!({})))
}

async fn clear_faults(State(stage): Stand) -> Json<Value> {
    stage.dial().clear();
    Json(json!({}))
}

async fn clock(State(stage): Stand) -> Json<Value> {
    Json(json!({ "now_ms": stage.now() }))
}

#[derive(Deserialize)]
struct Advance {
    advance_ms: u64,
}

async fn advance(State(stage): Stand, Json(by): Json<Advance>) -> Json<Value> {
    sandbox::advance(&stage, Duration::from_millis(by.advance_ms));
    Json(json!({ "now_ms": stage.now() }))
}

#[derive(Deserialize)]
struct Authorize {
    url: String,
}

async fn agree(State(stage): Stand, Json(asked): Json<Authorize>) -> Answer {
    landed(sandbox::decide(&stage, &asked.url, true))
}

async fn refuse(State(stage): Stand, Json(asked): Json<Authorize>) -> Answer {
    landed(sandbox::decide(&stage, &asked.url, false))
}

fn landed(outcome: Result<String, String>) -> Answer {
    outcome.map(|url| Json(json!({ "url": url }))).map_err(|why| bad(&why))
}

async fn expire(State(stage): Stand) -> Json<Value> {
    let now = stage.now();
    stage.world().grants.expire_access(now);
    Json(json!({}))
}

async fn revoke(State(stage): Stand) -> Json<Value> {
    stage.world().grants.revoke_all();
    Json(json!({}))
}

fn bad(why: &str) -> (StatusCode, Json<Value>) {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": why })))
}
