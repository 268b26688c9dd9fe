//! Reading a Business call: its query, its JSON body, the account that makes it, and the conversation it is about.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    http::{HeaderMap, Uri},
};
use serde_json::Value;

use crate::{
    ledger::Platform,
    refusal::Refusal,
    world::{World, grants::InvalidToken},
};

/// The query of a call, decoded as a form: a bare `+` becomes a space, which is how an id that was not encoded breaks.
pub(crate) fn query(uri: &Uri) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
}

/// The JSON body of a call.
pub(crate) fn body(bytes: &Bytes) -> Result<Value, Refusal> {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value) if value.is_object() => Ok(value),
        _ => Err(Refusal::new(40002, "The request body is not valid JSON")),
    }
}

/// A required text field of a body.
pub(crate) fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or_else(|| Refusal::missing(name))
}

/// A required parameter of a query.
pub(crate) fn param<'a>(query: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, Refusal> {
    query.get(name).map(String::as_str).filter(|text| !text.is_empty()).ok_or_else(|| Refusal::missing(name))
}

/// The account behind the `Access-Token` header, if it was granted `scope` and is the one the call names (§3.4).
pub(crate) fn caller(
    world: &World,
    headers: &HeaderMap,
    scope: &str,
    business_id: &str,
    now: i64,
) -> Result<usize, Refusal> {
    let token = headers.get("access-token").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if token.is_empty() {
        return Err(Refusal::new(40104, "Access token is missing in the request header"));
    }
    let grant = world.grants.bearer(token, Platform::Business, now).map_err(|bad| match bad {
        InvalidToken::Expired => Refusal::new(40102, "Access token is expired"),
        InvalidToken::Unknown => Refusal::new(40105, "Access token is incorrect or has been revoked"),
    })?;
    if !grant.scopes.iter().any(|granted| granted == scope) {
        return Err(Refusal::new(40001, format!("No permission to operate: scope {scope} is required")));
    }
    if world.account_of_business(business_id) != Some(grant.account) {
        return Err(Refusal::new(40001, "No permission to operate this business_id"));
    }
    Ok(grant.account)
}

/// The conversation of that id. An id that is not even base64, such as one whose `+` became a space, is a wrong
/// parameter; one without a conversation does not exist.
pub(crate) fn conversation(world: &World, account: usize, name: &str, id: &str) -> Result<usize, Refusal> {
    if !id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')) {
        return Err(Refusal::param(name));
    }
    let found = world.find(id).filter(|at| {
        world.conversations.get(*at).is_some_and(|there| there.account == account && !there.messages.is_empty())
    });
    found.ok_or_else(|| Refusal::new(40007, "The conversation does not exist"))
}
