//! What the control addresses share: their state, their answers, their refusals.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::stage::Stage;

pub(super) type StageState = State<Arc<Stage>>;
pub(super) type ControlAnswer = Result<Json<Value>, (StatusCode, Json<Value>)>;

/// A body that only names a customer.
#[derive(Deserialize)]
pub(super) struct NamedCustomer {
    pub(super) customer: String,
}

/// Refuses a call that cannot be carried out as it is.
pub(super) fn bad_request(why: &str) -> (StatusCode, Json<Value>) {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": why })))
}
