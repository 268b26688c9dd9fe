//! The page a person agrees on (§2.1 to §2.3, §3.2), for both apps: the client key tells which. A request with a
//! wrong app or address ends on a page of TikTok's; any other error goes back to the app.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use url::{Url, form_urlencoded};

use super::{page, request::query};
use crate::{ids, stage::Stage, world::grants::Grant};

pub(crate) mod request;

use request::{AuthorizeRequest, Params, Rejection, callback, read};

/// The person's decision.
#[derive(Debug)]
enum Decision {
    /// As this account, with these scopes.
    Agree { account: usize, scopes: Vec<String> },
    /// Cancel was pressed.
    Cancel,
}

/// `GET /v2/auth/authorize/`.
pub(crate) async fn show(State(stage): State<Arc<Stage>>, uri: Uri) -> Response {
    match read(&stage, query(&uri)) {
        Err(rejection) => rejected(&stage, rejection),
        Ok(ask) if ask.asks_again => page::consent(&ask),
        // Agreed to before, and the app does not insist on the page.
        Ok(ask) => {
            let decision = Decision::Agree { account: ask.account, scopes: ask.scopes.clone() };
            go(&stage, &decide(&stage, &ask, decision))
        }
    }
}

/// `POST /v2/auth/authorize/`: the page's own form.
pub(crate) async fn decided(State(stage): State<Arc<Stage>>, body: Bytes) -> Response {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let params: Params = pairs.iter().cloned().collect();
    let ask = match read(&stage, params.clone()) {
        Ok(ask) => ask,
        Err(rejection) => return rejected(&stage, rejection),
    };
    let decision = match params.get("decision").map(String::as_str) {
        Some("agree") => {
            let chosen = |name: &'static str| pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value);
            let handle = chosen("account").next();
            Decision::Agree {
                account: ask.accounts.iter().position(|account| Some(&account.handle) == handle).unwrap_or(ask.account),
                scopes: ask
                    .scopes
                    .iter()
                    .filter(|scope| chosen("grant").any(|ticked| ticked == *scope))
                    .cloned()
                    .collect(),
            }
        }
        _ => Decision::Cancel,
    };
    go(&stage, &decide(&stage, &ask, decision))
}

/// Where the person's decision sends the browser.
fn decide(stage: &Stage, ask: &AuthorizeRequest, decision: Decision) -> String {
    match decision {
        Decision::Cancel => {
            let pairs = [("error", "access_denied"), ("error_description", "The user cancelled the authorization.")];
            callback(&ask.redirect_uri, &pairs, &ask.state)
        }
        Decision::Agree { account, mut scopes } => {
            // The basic scope cannot be unticked: without it there is nothing to agree to.
            if !scopes.iter().any(|scope| scope == "user.info.basic")
                && ask.scopes.iter().any(|s| s == "user.info.basic")
            {
                scopes.insert(0, "user.info.basic".to_owned());
            }
            let granted = scopes.join(",");
            let grant = Grant { platform: ask.platform, account, scopes };
            let code = stage.world().grants.code(grant, ask.redirect_uri.clone(), ask.challenge.clone(), stage.now());
            callback(&ask.redirect_uri, &[("code", code.as_str()), ("scopes", granted.as_str())], &ask.state)
        }
    }
}

/// Agrees to, or cancels, what an authorize address asks for, as the default account. Gives back where the browser ends
/// up; an error where it would stay on a page of TikTok's.
pub(crate) fn decide_at(stage: &Stage, authorize_url: &str, agrees: bool) -> Result<String, String> {
    let url = Url::parse(authorize_url).map_err(|error| format!("not an address: {error}"))?;
    if url.path() != "/v2/auth/authorize/" {
        return Err(format!("404: {} is not the authorize page", url.path()));
    }
    match read(stage, url.query_pairs().into_owned().collect()) {
        Ok(ask) => {
            let agreement = Decision::Agree { account: ask.account, scopes: ask.scopes.clone() };
            Ok(decide(stage, &ask, if agrees { agreement } else { Decision::Cancel }))
        }
        Err(Rejection::Callback(address)) => Ok(address),
        Err(Rejection::Page(error_type, text)) => Err(format!("error_type={error_type}: {text}")),
    }
}

fn rejected(stage: &Stage, rejection: Rejection) -> Response {
    match rejection {
        Rejection::Page(error_type, text) => page::refusal(error_type, text, &stage.site.request_id()),
        Rejection::Callback(address) => go(stage, &address),
    }
}

/// Sends the browser on. An https address leads nowhere from here, so its stand-in is shown instead.
fn go(stage: &Stage, address: &str) -> Response {
    let target = if address.starts_with("https://") {
        let to = form_urlencoded::Serializer::new(String::new()).append_pair("to", address).finish();
        format!("{}/registered-redirect?{to}", stage.site.base_url())
    } else {
        address.to_owned()
    };
    (StatusCode::FOUND, [(header::LOCATION, target)]).into_response()
}

/// `GET /registered-redirect?to=`: stands in for the app's https page.
pub(crate) async fn landed(State(stage): State<Arc<Stage>>, uri: Uri) -> Response {
    let query = query(&uri);
    let to = query.get("to").map_or("", String::as_str);
    let ours = to.strip_prefix(&stage.site.apps.business_redirect_uri).is_some_and(|rest| rest.starts_with('?'));
    if !ours {
        return page::refusal("redirect_uri", "This is not the app's registered address.", &stage.site.request_id());
    }
    page::landed(to, bounce(to).as_deref(), stage.site.config.auto_bounce)
}

/// The desktop's own address, if the state names its port: 32 random bytes and a big-endian port from 1024 on.
fn bounce(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let state = url.query_pairs().find(|(name, _)| name == "state")?.1.into_owned();
    let bytes = ids::from_base64url(&state).filter(|bytes| bytes.len() == 34)?;
    let port = u16::from_be_bytes([*bytes.get(32)?, *bytes.get(33)?]);
    (port >= 1024).then(|| format!("http://127.0.0.1:{port}/business/?{}", url.query().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_names_the_port_to_go_on_to() {
        let state = |port: u16, random: usize| ids::base64url(&[vec![7; random], port.to_be_bytes().to_vec()].concat());
        let address = |state: String| format!("https://bounce.deskbell.example/callback/?code=a%21b&state={state}");
        let to = bounce(&address(state(49_152, 32))).unwrap();
        assert!(to.starts_with("http://127.0.0.1:49152/business/?code=a%21b&state="), "{to}");
        assert_eq!(bounce(&address(state(1023, 32))), None);
        assert_eq!(bounce(&address(state(49_152, 31))), None);
        assert_eq!(bounce(&address("plain".to_owned())), None);
    }
}
