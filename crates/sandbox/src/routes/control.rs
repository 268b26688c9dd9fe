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
    push::{DIRECT_MESSAGE, WebhookFaults},
    sandbox,
    stage::Stage,
};

mod owner;
mod people;

type Stand = State<Arc<Stage>>;
type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;

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
        .route("/webhooks/faults", post(muddle_webhooks))
        .merge(owner::router())
        .merge(people::router())
}

async fn ledger(State(stage): Stand) -> Json<Value> {
    Json(json!(stage.world().record()))
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

#[derive(Deserialize)]
struct Who {
    customer: String,
}

/// What a customer truly got, a line each.
async fn messages(State(stage): Stand, Json(who): Json<Who>) -> Json<Value> {
    Json(json!(stage.world().ledger.messages_to(&who.customer)))
}

/// The ids of everything that came about with a customer, in order.
async fn written(State(stage): Stand, Json(who): Json<Who>) -> Json<Value> {
    Json(json!(stage.world().ledger.ids_with(&who.customer)))
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
    /// For `muddled`: how many entries are listed twice.
    #[serde(default)]
    twice: u32,
    /// For `misnames`: the message that the answer names.
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
            "blank" => Fault::Blank,
            "muddled" => Fault::Muddled { twice: self.twice },
            "misnames" => Fault::Misnames { id: self.id.clone()? },
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
    let fault = new.fault().ok_or_else(|| bad("no such fault, or its ms, code, messages, id or status is missing"))?;
    stage.dial().set(&new.endpoint, None, fault, new.times(), stage.now());
    Ok(Json(json!({})))
}

async fn clear_faults(State(stage): Stand) -> Json<Value> {
    stage.dial().clear();
    stage.pushes.muddle(WebhookFaults::default(), stage.now());
    Json(json!({}))
}

async fn clock(State(stage): Stand) -> Json<Value> {
    Json(json!({ "now_ms": stage.now() }))
}

#[derive(Deserialize)]
struct Advance {
    #[serde(default)]
    advance_ms: u64,
    #[serde(default)]
    days: u64,
}

async fn advance(State(stage): Stand, Json(by): Json<Advance>) -> Json<Value> {
    let days = Duration::from_secs(by.days.saturating_mul(86_400));
    sandbox::advance(&stage, days.saturating_add(Duration::from_millis(by.advance_ms)));
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

async fn expire_refresh(State(stage): Stand) -> Json<Value> {
    let now = stage.now();
    stage.world().grants.expire_refresh(now);
    Json(json!({}))
}

async fn kill_refresh(State(stage): Stand) -> Json<Value> {
    stage.world().grants.kill_refresh();
    Json(json!({}))
}

async fn revoke(State(stage): Stand) -> Json<Value> {
    stage.world().grants.revoke_all();
    Json(json!({}))
}

async fn expire_links(State(stage): Stand) -> Json<Value> {
    stage.expire_links();
    Json(json!({}))
}

/// Where webhooks go, what goes wrong with them and what became of them.
async fn webhooks(State(stage): Stand) -> Json<Value> {
    Json(json!({
        "callback_url": stage.pushes.registered(DIRECT_MESSAGE),
        "faults": stage.pushes.faults(),
        "waiting": stage.pushes.waiting(),
        "tally": stage.world().ledger.webhooks,
    }))
}

async fn muddle_webhooks(State(stage): Stand, Json(faults): Json<WebhookFaults>) -> Json<Value> {
    stage.pushes.muddle(faults, stage.now());
    Json(json!({}))
}

fn bad(why: &str) -> (StatusCode, Json<Value>) {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": why })))
}
