//! Tokens of TikTok API for Business (§3.3): JSON in, the envelope out, the code is called `auth_code`.

use std::sync::Arc;

use axum::{body::Bytes, extract::State, response::Response};
use serde_json::{Value, json};

use super::{
    answer::envelope,
    request::{body, text},
};
use crate::{
    ledger::{Platform, TokenCall},
    refusal::Refusal,
    stage::Stage,
    world::{
        World,
        grants::{InvalidToken, TokenPair},
    },
};

/// `POST tt_user/oauth2/token/`.
pub(crate) async fn token(State(stage): State<Arc<Stage>>, bytes: Bytes) -> Response {
    let outcome = body(&bytes).and_then(|body| exchange(&stage, &body));
    answered(&stage, false, outcome)
}

/// `POST tt_user/oauth2/refresh_token/`.
pub(crate) async fn refresh(State(stage): State<Arc<Stage>>, bytes: Bytes) -> Response {
    let outcome = body(&bytes).and_then(|body| rotate(&stage, &body));
    answered(&stage, true, outcome)
}

fn answered(stage: &Stage, refresh: bool, outcome: Result<TokenPair, Refusal>) -> Response {
    let call = TokenCall { platform: Platform::Business, refresh, issued: outcome.is_ok(), at_ms: stage.now() };
    let outcome = {
        let mut world = stage.world();
        world.ledger.tokens.push(call);
        outcome.map(|pair| issued(&world, &pair))
    };
    envelope(stage, outcome)
}

/// The app is who it says it is: a wrong id is another app (40113), a wrong secret a wrong value (40101).
fn client(stage: &Stage, body: &Value) -> Result<(), Refusal> {
    if text(body, "client_id")? != stage.site.apps.business_app_id {
        return Err(Refusal::new(40113, "The app id or secret is incorrect, or the app is blocked"));
    }
    if text(body, "client_secret")? != stage.site.apps.business_secret {
        return Err(Refusal::new(40101, "The app secret is incorrect"));
    }
    Ok(())
}

fn exchange(stage: &Stage, body: &Value) -> Result<TokenPair, Refusal> {
    client(stage, body)?;
    if text(body, "grant_type")? != "authorization_code" {
        return Err(Refusal::param("grant_type"));
    }
    let code = text(body, "auth_code")?;
    if text(body, "redirect_uri")? != stage.site.apps.business_redirect_uri {
        return Err(Refusal::param("redirect_uri"));
    }
    let (mut world, now) = (stage.world(), stage.now());
    let found = world.grants.good_code(code, now).cloned().map_err(|bad| match bad {
        InvalidToken::Expired => Refusal::new(40110, "The auth code is used or expired"),
        InvalidToken::Unknown => Refusal::new(40101, "The auth code is incorrect"),
    })?;
    if found.grant.platform != Platform::Business {
        return Err(Refusal::new(40115, "The auth code belongs to another authorization flow"));
    }
    world.grants.use_up(code);
    let lifetimes = stage.site.config.lifetimes;
    Ok(world.grants.issue(found.grant, (lifetimes.business_access_s, lifetimes.business_refresh_s), now))
}

fn rotate(stage: &Stage, body: &Value) -> Result<TokenPair, Refusal> {
    client(stage, body)?;
    if text(body, "grant_type")? != "refresh_token" {
        return Err(Refusal::param("grant_type"));
    }
    let old = text(body, "refresh_token")?;
    let (mut world, now) = (stage.world(), stage.now());
    let (grant, left_s) = world.grants.rotate(old, Platform::Business, now).map_err(|bad| match bad {
        InvalidToken::Expired => Refusal::new(40103, "The refresh token is expired"),
        InvalidToken::Unknown => Refusal::new(40107, "The refresh token is incorrect"),
    })?;
    // The year runs from linking: a live answer to a renewal showed 31,527,314 s.
    Ok(world.grants.issue(grant, (stage.site.config.lifetimes.business_access_s, left_s), now))
}

fn issued(world: &World, pair: &TokenPair) -> Value {
    let open_id = world.accounts.get(pair.grant.account).map(|account| account.business_id.clone());
    json!({
        "access_token": pair.access,
        "token_type": "Bearer",
        "scope": pair.grant.scopes.join(","),
        "expires_in": pair.access_s,
        "refresh_token": pair.refresh,
        "refresh_token_expires_in": pair.refresh_s,
        "open_id": open_id,
    })
}

/// `POST tt_user/oauth2/revoke/`.
pub(crate) async fn revoke(State(stage): State<Arc<Stage>>, bytes: Bytes) -> Response {
    let outcome = body(&bytes).and_then(|body| {
        client(&stage, &body)?;
        let revoked = stage.world().grants.revoke(text(&body, "access_token")?, Platform::Business);
        revoked.map_err(|_| Refusal::new(40105, "Access token is incorrect or has been revoked"))?;
        Ok(json!({}))
    });
    envelope(&stage, outcome)
}

/// `POST tt_user/token_info/get/`: no secret, no header.
pub(crate) async fn token_info(State(stage): State<Arc<Stage>>, bytes: Bytes) -> Response {
    let outcome = body(&bytes).and_then(|body| {
        if text(&body, "app_id")? != stage.site.apps.business_app_id {
            return Err(Refusal::new(40113, "The app id is incorrect, or the app is blocked"));
        }
        let world = stage.world();
        let token = text(&body, "access_token")?;
        let grant = world.grants.bearer(token, Platform::Business, stage.now()).map_err(|bad| match bad {
            InvalidToken::Expired => Refusal::new(40102, "Access token is expired"),
            InvalidToken::Unknown => Refusal::new(40105, "Access token is incorrect or has been revoked"),
        })?;
        let creator_id = world.accounts.get(grant.account).map(|account| account.business_id.clone());
        Ok(json!({
            "app_id": stage.site.apps.business_app_id,
            "creator_id": creator_id,
            "scope": grant.scopes.join(","),
        }))
    });
    envelope(&stage, outcome)
}
