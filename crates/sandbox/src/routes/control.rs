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

use super::{
    answer::{self, html_error},
    authorize,
};
use crate::{
    config::WindowRule,
    faults::{Fault, Times},
    push::{DIRECT_MESSAGE, WebhookFaults},
    stage::Stage,
};

mod owner;
mod people;
mod reply;

use reply::{ControlAnswer, NamedCustomer, StageState, bad_request};

pub(crate) fn router() -> Router<Arc<Stage>> {
    Router::new()
        .route("/ledger", get(ledger))
        .route("/calls", get(calls))
        .route("/apps", get(apps))
        .route("/accounts", get(accounts).post(open_account))
        .route("/messages", post(messages))
        .route("/written", post(written))
        .route("/posts", post(new_post))
        .route("/uploaded/{media_id}", get(uploaded))
        .route("/faults", post(set_fault).delete(clear_faults))
        .route("/clock", get(clock).post(advance))
        .route("/agree", post(agree))
        .route("/refuse", post(refuse))
        .route("/tokens/expire", post(expire))
        .route("/tokens/expire_refresh", post(expire_refresh))
        .route("/tokens/kill_refresh", post(kill_refresh))
        .route("/tokens/revoke", post(revoke))
        .route("/links/expire", post(expire_links))
        .route("/webhooks", get(webhooks))
        .route("/webhooks/faults", post(set_webhook_faults))
        .merge(owner::router())
        .merge(people::router())
}

async fn ledger(State(stage): StageState) -> Json<Value> {
    Json(json!(stage.record()))
}

async fn calls(State(stage): StageState) -> Json<Value> {
    Json(json!(stage.world().ledger.all_calls()))
}

async fn apps(State(stage): StageState) -> Json<Value> {
    Json(json!(stage.site.apps))
}

async fn accounts(State(stage): StageState) -> Json<Value> {
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

async fn open_account(State(stage): StageState, Json(new): Json<NewAccount>) -> Json<Value> {
    let mut world = stage.world();
    let at = world.open_account(&new.handle, &new.display_name, new.rule);
    Json(json!({ "business_id": world.accounts.get(at).map(|account| &account.business_id) }))
}

/// The messages a customer truly got, a line each.
async fn messages(State(stage): StageState, Json(who): Json<NamedCustomer>) -> Json<Value> {
    Json(json!(stage.world().ledger.messages_to(&who.customer)))
}

/// The ids of everything that came about with a customer, in order.
async fn written(State(stage): StageState, Json(who): Json<NamedCustomer>) -> Json<Value> {
    Json(json!(stage.world().ledger.ids_with(&who.customer)))
}

#[derive(Deserialize)]
struct NewPost {
    handle: String,
    caption: String,
}

async fn new_post(State(stage): StageState, Json(new): Json<NewPost>) -> ControlAnswer {
    let now = stage.now();
    let item_id = stage.world().post(&new.handle, &new.caption, now);
    Ok(Json(json!({ "item_id": item_id.ok_or_else(|| bad_request("no account has this handle"))? })))
}

async fn uploaded(State(stage): StageState, Path(media_id): Path<String>) -> Response {
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
    /// For `shuffled`: how many entries are listed twice.
    #[serde(default)]
    duplicates: u32,
    /// For `wrong_message_id`: the message that the answer names.
    id: Option<String>,
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
            "empty_listing" => Fault::EmptyListing,
            "shuffled" => Fault::Shuffled { duplicates: self.duplicates },
            "wrong_message_id" => Fault::wrong_message_id(self.id.clone()?),
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

async fn set_fault(State(stage): StageState, Json(new): Json<NewFault>) -> ControlAnswer {
    let fault =
        new.fault().ok_or_else(|| bad_request("no such fault, or its ms, code, messages, id or status is missing"))?;
    stage.dial().set(&new.endpoint, None, fault, new.times(), stage.now());
    Ok(Json(json!({})))
}

async fn clear_faults(State(stage): StageState) -> Json<Value> {
    stage.dial().clear();
    stage.pushes.set_faults(WebhookFaults::default());
    Json(json!({}))
}

async fn clock(State(stage): StageState) -> Json<Value> {
    Json(json!({ "now_ms": stage.now() }))
}

#[derive(Deserialize)]
struct Advance {
    #[serde(default)]
    advance_ms: u64,
    #[serde(default)]
    days: u64,
}

async fn advance(State(stage): StageState, Json(by): Json<Advance>) -> Json<Value> {
    let days = Duration::from_secs(by.days.saturating_mul(86_400));
    stage.advance(days.saturating_add(Duration::from_millis(by.advance_ms)));
    Json(json!({ "now_ms": stage.now() }))
}

#[derive(Deserialize)]
struct Authorize {
    url: String,
}

async fn agree(State(stage): StageState, Json(asked): Json<Authorize>) -> ControlAnswer {
    landed(authorize::decide_at(&stage, &asked.url, true))
}

async fn refuse(State(stage): StageState, Json(asked): Json<Authorize>) -> ControlAnswer {
    landed(authorize::decide_at(&stage, &asked.url, false))
}

fn landed(outcome: Result<String, String>) -> ControlAnswer {
    outcome.map(|url| Json(json!({ "url": url }))).map_err(|why| bad_request(&why))
}

async fn expire(State(stage): StageState) -> Json<Value> {
    let now = stage.now();
    stage.world().grants.expire_access(now);
    Json(json!({}))
}

async fn expire_refresh(State(stage): StageState) -> Json<Value> {
    let now = stage.now();
    stage.world().grants.expire_refresh(now);
    Json(json!({}))
}

async fn kill_refresh(State(stage): StageState) -> Json<Value> {
    stage.world().grants.kill_refresh();
    Json(json!({}))
}

async fn revoke(State(stage): StageState) -> Json<Value> {
    stage.world().grants.revoke_all();
    Json(json!({}))
}

async fn expire_links(State(stage): StageState) -> Json<Value> {
    stage.site.expire_links();
    Json(json!({}))
}

/// The registered address, the faults of webhooks, and their counts.
async fn webhooks(State(stage): StageState) -> Json<Value> {
    Json(json!({
        "callback_url": stage.pushes.registered(DIRECT_MESSAGE),
        "faults": stage.pushes.faults(),
        "waiting": stage.pushes.waiting(),
        "tally": stage.pushes.tally(),
    }))
}

async fn set_webhook_faults(State(stage): StageState, Json(faults): Json<WebhookFaults>) -> Json<Value> {
    stage.pushes.set_faults(faults);
    Json(json!({}))
}
