//! TikTok for Developers: tokens and user info of Login Kit for Desktop (§2). The answers are flat, the errors are
//! OAuth's, and the code verifier is checked against a hexadecimal challenge.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::{
    answer::{login_api, oauth_error},
    request::query,
};
use crate::{
    ids,
    ledger::{Platform, TokenCall},
    links,
    stage::Stage,
    world::grants::{InvalidToken, TokenPair},
};

type FormFields = BTreeMap<String, String>;
/// An OAuth `error` (§2.5) with its description.
type OauthFault = (&'static str, &'static str);

/// `POST /v2/oauth/token/`: exchange or refresh, by `grant_type`.
pub(crate) async fn token(State(stage): State<Arc<Stage>>, headers: HeaderMap, body: Bytes) -> Response {
    let form = match form(&stage, &headers, &body) {
        Ok(form) => form,
        Err(fault) => return refused(&stage, fault),
    };
    let refresh = match form.get("grant_type").map(String::as_str) {
        Some("authorization_code") => false,
        Some("refresh_token") => true,
        _ => {
            return refused(&stage, ("unsupported_grant_type", "Grant type is not supported."));
        }
    };
    let outcome = if refresh { rotate(&stage, &form) } else { exchange(&stage, &form) };
    let call = TokenCall { platform: Platform::LoginKit, refresh, issued: outcome.is_ok(), at_ms: stage.now() };
    stage.world().ledger.tokens.push(call);
    match outcome {
        Ok(pair) => issued(&stage, &pair),
        Err(fault) => refused(&stage, fault),
    }
}

/// The form of a call whose client is who it says it is.
fn form(stage: &Stage, headers: &HeaderMap, body: &Bytes) -> Result<FormFields, OauthFault> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(("invalid_request", "Only `application/x-www-form-urlencoded` is accepted as Content-Type."));
    }
    let form: FormFields = url::form_urlencoded::parse(body).into_owned().collect();
    let is = |name: &str, value: &str| form.get(name).map(String::as_str) == Some(value);
    if !is("client_key", &stage.site.apps.login_client_key) {
        return Err(("invalid_client", "Client key or secret is incorrect."));
    }
    // A desktop has no public-client mode: PKCE does not stand in for the secret (§2.4).
    if !is("client_secret", &stage.site.apps.login_client_secret) {
        return Err(("invalid_client", "Client key or secret is incorrect."));
    }
    Ok(form)
}

fn required<'a>(form: &'a FormFields, name: &str) -> Result<&'a str, OauthFault> {
    let value = form.get(name).map(String::as_str).filter(|value| !value.is_empty());
    value.ok_or(("invalid_request", "The request parameters are malformed."))
}

fn exchange(stage: &Stage, form: &FormFields) -> Result<TokenPair, OauthFault> {
    let (code, redirect_uri) = (required(form, "code")?, required(form, "redirect_uri")?);
    let verifier = required(form, "code_verifier")?;
    let (mut world, now) = (stage.world(), stage.now());
    let found = world.grants.good_code(code, now).cloned();
    let found = found.ok().filter(|found| found.grant.platform == Platform::LoginKit);
    let found = found.ok_or(("invalid_grant", "Authorization code is expired."))?;
    if found.redirect_uri != redirect_uri {
        return Err(("invalid_request", "Redirect_uri is not matched with the uri when requesting code."));
    }
    if !verifier_is_well_formed(verifier) || found.challenge.as_deref() != Some(ids::challenge(verifier).as_str()) {
        return Err(("invalid_request", "Code verifier or code challenge is invalid."));
    }
    world.grants.use_up(code);
    let lifetimes = stage.site.config.lifetimes;
    Ok(world.grants.issue(found.grant, (lifetimes.login_access_s, lifetimes.login_refresh_s), now))
}

/// 43 to 128 unreserved characters (§2.1).
fn verifier_is_well_formed(verifier: &str) -> bool {
    (43..=128).contains(&verifier.len())
        && verifier.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~'))
}

fn rotate(stage: &Stage, form: &FormFields) -> Result<TokenPair, OauthFault> {
    let old = required(form, "refresh_token")?;
    let (mut world, now) = (stage.world(), stage.now());
    let (grant, _) = world
        .grants
        .rotate(old, Platform::LoginKit, now)
        .map_err(|_| ("invalid_grant", "Refresh token is invalid or expired."))?;
    let lifetimes = stage.site.config.lifetimes;
    Ok(world.grants.issue(grant, (lifetimes.login_access_s, lifetimes.login_refresh_s), now))
}

fn issued(stage: &Stage, pair: &TokenPair) -> Response {
    let world = stage.world();
    let open_id = world.accounts.get(pair.grant.account).map(|account| account.login_open_id.clone());
    Json(json!({
        "access_token": pair.access,
        "expires_in": pair.access_s,
        "open_id": open_id,
        "refresh_expires_in": pair.refresh_s,
        "refresh_token": pair.refresh,
        "scope": pair.grant.scopes.join(","),
        "token_type": "Bearer",
    }))
    .into_response()
}

fn refused(stage: &Stage, (error, description): OauthFault) -> Response {
    let status = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    oauth_error(stage, status, error, description)
}

/// `POST /v2/oauth/revoke/`: success is an empty body.
pub(crate) async fn revoke(State(stage): State<Arc<Stage>>, headers: HeaderMap, body: Bytes) -> Response {
    let outcome = form(&stage, &headers, &body).and_then(|form| {
        let token = required(&form, "token")?;
        let revoked = stage.world().grants.revoke(token, Platform::LoginKit);
        revoked.map_err(|_| ("invalid_request", "Access token is invalid."))
    });
    match outcome {
        Ok(()) => StatusCode::OK.into_response(),
        Err(fault) => refused(&stage, fault),
    }
}

/// `GET /v2/user/info/?fields=` (§2.6).
pub(crate) async fn user_info(State(stage): State<Arc<Stage>>, headers: HeaderMap, uri: Uri) -> Response {
    let outcome = read_user(&stage, &headers, &query(&uri));
    login_api(&stage, outcome)
}

fn read_user(
    stage: &Stage,
    headers: &HeaderMap,
    query: &FormFields,
) -> Result<Value, (StatusCode, &'static str, &'static str)> {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let (world, now) = (stage.world(), stage.now());
    let grant = world.grants.bearer(token, Platform::LoginKit, now).map_err(|bad| {
        let message = match bad {
            InvalidToken::Expired => "The access token has expired.",
            InvalidToken::Unknown => "The access token is invalid or not found in the request.",
        };
        (StatusCode::UNAUTHORIZED, "access_token_invalid", message)
    })?;
    let invalid = (StatusCode::BAD_REQUEST, "invalid_params", "The fields parameter is missing or invalid.");
    let account = world.accounts.get(grant.account).ok_or(invalid)?;
    let fields = query.get("fields").filter(|fields| !fields.is_empty()).ok_or(invalid)?;
    let mut user = Map::new();
    for field in fields.split(',') {
        let (scope, value) = match field {
            "open_id" => ("user.info.basic", json!(account.login_open_id)),
            "union_id" => ("user.info.basic", json!(account.union_id)),
            "display_name" => ("user.info.basic", json!(account.display_name)),
            "avatar_url" | "avatar_url_100" | "avatar_large_url" => {
                ("user.info.basic", json!(links::avatar(&stage.site, &account.handle)))
            }
            "username" => ("user.info.profile", json!(account.handle)),
            "bio_description" => ("user.info.profile", json!("Linen, cotton and slow mornings.")),
            "is_verified" => ("user.info.profile", json!(false)),
            "profile_deep_link" => ("user.info.profile", json!(format!("https://www.tiktok.com/@{}", account.handle))),
            "follower_count" => ("user.info.stats", json!(12_480)),
            "following_count" => ("user.info.stats", json!(84)),
            "likes_count" => ("user.info.stats", json!(96_310)),
            "video_count" => ("user.info.stats", json!(212)),
            _ => return Err(invalid),
        };
        if !grant.scopes.iter().any(|granted| granted == scope) {
            let message = "The user did not authorize the scope required for completing this request.";
            return Err((StatusCode::UNAUTHORIZED, "scope_not_authorized", message));
        }
        user.insert(field.to_owned(), value);
    }
    Ok(json!({ "user": user }))
}
