//! The middleware of every call: counts it, applies the faults that are set, and keeps the request budget.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use serde_json::Value;

use super::{
    answer::{envelope, html_error, login_api, oauth_error},
    mangled, request, send,
};
use crate::{
    faults::{Fault, PagingFault},
    ledger::Verdict,
    refusal::Refusal,
    server::ConnectionCutter,
    stage::Stage,
};

/// Far beyond what any endpoint takes, so that a file too large is refused by the endpoint and with its code.
const MAX_BODY_BYTES: usize = 32 << 20;

/// The fault of a listing, for the handler to apply; most have none.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ListingFault {
    /// How many messages of the business it lags behind.
    pub(crate) lag: u32,
    /// How many entries are listed twice, in an order drawn anew for this call.
    pub(crate) duplicates: Option<u32>,
    /// Whether it is empty.
    pub(crate) empty: bool,
    /// How its paging is broken.
    pub(crate) paging: Option<PagingFault>,
}

pub(crate) async fn gate(State(stage): State<Arc<Stage>>, request: Request, next: Next) -> Response {
    // A page elsewhere must not reach the sandbox through a name that resolves to loopback.
    if !addressed_to_us(&request, stage.site.port()) {
        return html_error(StatusCode::MISDIRECTED_REQUEST);
    }
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return html_error(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let path = parts.uri.path().to_owned();
    let scissors = parts.extensions.get::<ConnectionCutter>().cloned().unwrap_or_default();
    let Some(endpoint) = endpoint(&path, &parts.method, &body) else {
        return next.run(Request::from_parts(parts, Body::from(body))).await;
    };
    stage.world().ledger.count(endpoint);
    let about = request::query(&parts.uri).remove("conversation_id");
    let (delay, fault) = stage.dial().draw(endpoint, about.as_deref(), stage.now());
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if let Some(fault) = fault.as_ref().filter(|fault| !fault.accepts()) {
        if endpoint == "send" {
            send::note(&mut stage.world(), &parsed(&body), Verdict::Lost, stage.now());
        }
        if fault.is_too_many() {
            stage.world().ledger.rate_limited += 1;
        }
        return instead(&stage, endpoint, fault, None, scissors).await;
    }
    if let Some(refused) = limited(&stage, endpoint, &path) {
        if endpoint == "send" {
            send::note(&mut stage.world(), &parsed(&body), Verdict::Refused(40100), stage.now());
        }
        return refused;
    }
    parts.extensions.insert(match fault {
        Some(Fault::Stale { messages }) => ListingFault { lag: messages, ..ListingFault::default() },
        Some(Fault::EmptyListing) => ListingFault { empty: true, ..ListingFault::default() },
        Some(Fault::Paging(paging)) => ListingFault { paging: Some(paging), ..ListingFault::default() },
        Some(Fault::Shuffled { duplicates }) => {
            ListingFault { duplicates: Some(duplicates), ..ListingFault::default() }
        }
        _ => ListingFault::default(),
    });
    let answer = next.run(Request::from_parts(parts, Body::from(body))).await;
    match fault {
        Some(fault) => instead(&stage, endpoint, &fault, Some(answer), scissors).await,
        None => answer,
    }
}

/// The name a fault is set for and calls are counted under; control and home pages have none. A refresh is not an
/// exchange and typing is not a message, so a fault meant for one never hits the other.
fn endpoint(path: &str, method: &Method, body: &[u8]) -> Option<&'static str> {
    let contains = |needle: &str| body.windows(needle.len()).any(|window| window == needle.as_bytes());
    Some(match path.strip_prefix("/open_api/v1.3").unwrap_or(path) {
        "/v2/auth/authorize/" if *method == Method::GET => "authorize",
        "/v2/oauth/token/" if contains("grant_type=refresh_token") => "login_refresh",
        "/v2/oauth/token/" => "login_token",
        "/v2/oauth/revoke/" => "login_revoke",
        "/v2/user/info/" => "user_info",
        "/tt_user/oauth2/token/" => "token",
        "/tt_user/oauth2/refresh_token/" => "refresh",
        "/tt_user/oauth2/revoke/" => "revoke",
        "/tt_user/token_info/get/" => "token_info",
        "/business/get/" => "profile",
        "/business/message/conversation/list/" => "conversation_list",
        "/business/message/content/list/" => "content_list",
        "/business/message/send/" => match field(&parsed(body), "sender_action").as_str() {
            "TYPING" => "typing",
            "MARK_READ" => "mark_read",
            _ => "send",
        },
        "/business/message/media/upload/" => "media_upload",
        "/business/message/media/download/" => "media_download",
        "/business/video/list/" => "video_list",
        "/business/message/capabilities/get/" => "capabilities",
        "/business/message/auto_message/create/" => "auto_create",
        "/business/message/auto_message/update/" => "auto_update",
        "/business/message/auto_message/status/update/" => "auto_status",
        "/business/message/auto_message/delete/" => "auto_delete",
        "/business/message/auto_message/sort/" => "auto_sort",
        "/business/message/auto_message/get/" => "auto_get",
        "/business/message/direct_reply/update/" => "direct_reply_update",
        "/business/message/direct_reply/get/" => "direct_reply_get",
        "/business/webhook/update/" => "webhook_update",
        "/business/webhook/list/" => "webhook_list",
        "/business/webhook/delete/" => "webhook_delete",
        other if other.starts_with("/media/") => "media",
        other if other.starts_with("/cdn/") => "cdn",
        _ => return None,
    })
}

/// The request budget, where one applies.
fn limited(stage: &Stage, endpoint: &str, path: &str) -> Option<Response> {
    let verdict = if path.starts_with("/open_api/") {
        stage.business_limiter().admit(stage.now())
    } else if endpoint == "user_info" {
        stage.user_info_limiter().admit(stage.now())
    } else {
        Ok(())
    };
    let message = verdict.err()?;
    stage.world().ledger.rate_limited += 1;
    Some(if endpoint == "user_info" {
        login_api(stage, Err((StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", message)))
    } else {
        envelope(stage, Err(Refusal::new(40100, message)))
    })
}

/// The answer the fault shows; `answer` is the true one, if the call took effect.
async fn instead(
    stage: &Stage,
    endpoint: &str,
    fault: &Fault,
    answer: Option<Response>,
    scissors: ConnectionCutter,
) -> Response {
    let answer = answer.unwrap_or_else(|| html_error(StatusCode::INTERNAL_SERVER_ERROR));
    match fault {
        Fault::Delay(_) | Fault::Stale { .. } | Fault::Shuffled { .. } | Fault::EmptyListing | Fault::Paging(_) => {
            answer
        }
        Fault::AnswerLate(by) => {
            tokio::time::sleep(*by).await;
            answer
        }
        Fault::HangUpBefore | Fault::HangUpAfter => scissors.cut().await,
        Fault::NeverAnswer { .. } => std::future::pending().await,
        Fault::Html { .. } => html_error(StatusCode::OK),
        Fault::Status { status, .. } => {
            html_error(StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        }
        Fault::Code { code, message, .. } => coded(stage, endpoint, *code, message),
        Fault::RateLimited => coded(stage, endpoint, 40100, "Too many requests. Please retry later."),
        Fault::Rewritten(rewrites) => mangled::rewritten(answer, rewrites).await,
        Fault::TruncatedJson => mangled::truncated(answer).await,
        Fault::HangUpMidAnswer => mangled::torn(answer).await,
        Fault::Dribble(per_byte) => mangled::dribbled(answer, *per_byte).await,
    }
}

fn coded(stage: &Stage, endpoint: &str, code: i64, message: &str) -> Response {
    let too_many = code == 40100;
    let status = if too_many { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::INTERNAL_SERVER_ERROR };
    match endpoint {
        "login_token" | "login_refresh" | "login_revoke" => oauth_error(stage, status, "server_error", message),
        "user_info" => {
            let code = if too_many { "rate_limit_exceeded" } else { "internal_error" };
            login_api(stage, Err((status, code, message)))
        }
        "authorize" | "cdn" | "media" => html_error(status),
        _ => envelope(stage, Err(Refusal::new(code, message))),
    }
}

fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

fn field(body: &Value, name: &str) -> String {
    body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn addressed_to_us(request: &Request, port: u16) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| host == format!("127.0.0.1:{port}") || host == format!("localhost:{port}"))
}
