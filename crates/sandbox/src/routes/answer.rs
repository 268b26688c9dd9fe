//! How TikTok answers: the Business envelope with its HTTP 200, Login Kit's flat errors, and HTML for everything that
//! has no path.

use axum::{
    Json,
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{refusal::Refusal, stage::Stage};

/// A Business answer: HTTP 200 whatever happened, `code` decides (§3.4).
pub(crate) fn envelope(stage: &Stage, outcome: Result<Value, Refusal>) -> Response {
    let request_id = stage.site.request_id();
    let body = match outcome {
        Ok(data) => json!({ "code": 0, "message": "OK", "request_id": request_id, "data": data }),
        Err(refusal) => {
            json!({ "code": refusal.code, "message": refusal.message, "request_id": request_id, "data": {} })
        }
    };
    with_log_id(Json(body).into_response(), &request_id)
}

/// A Login Kit OAuth failure: flat (§2.4).
pub(crate) fn oauth_error(stage: &Stage, status: StatusCode, error: &str, description: &str) -> Response {
    let log_id = stage.site.request_id();
    let body = json!({ "error": error, "error_description": description, "log_id": log_id });
    with_log_id((status, Json(body)).into_response(), &log_id)
}

/// A Login Kit API answer: always with an `error` object, `ok` when all is well (§2.6).
pub(crate) fn login_api(stage: &Stage, outcome: Result<Value, (StatusCode, &str, &str)>) -> Response {
    let log_id = stage.site.request_id();
    let (status, data, code, message) = match outcome {
        Ok(data) => (StatusCode::OK, data, "ok", ""),
        Err((status, code, message)) => (status, json!({}), code, message),
    };
    let body = json!({ "data": data, "error": { "code": code, "message": message, "log_id": log_id } });
    with_log_id((status, Json(body)).into_response(), &log_id)
}

/// A page instead of an answer.
pub(crate) fn html_error(status: StatusCode) -> Response {
    let what = status.canonical_reason().unwrap_or("Error");
    let code = status.as_u16();
    let html = format!(
        "<!doctype html><html><head><title>{code} {what}</title></head><body><center><h1>{code} {what}</h1></center>\
         <hr><center>TLB</center></body></html>"
    );
    (status, Html(html)).into_response()
}

/// No such path, or its slash is missing.
pub(crate) async fn not_found() -> Response {
    html_error(StatusCode::NOT_FOUND)
}

/// Bytes with their type.
pub(crate) fn bytes(kind: &'static str, body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], Body::from(body)).into_response()
}

fn with_log_id(mut response: Response, log_id: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(log_id) {
        response.headers_mut().insert(HeaderName::from_static("x-tt-logid"), value);
    }
    response
}
