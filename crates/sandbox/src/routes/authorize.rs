//! The page a person agrees on (§2.1 to §2.3, §3.2), for both apps: the client key tells which. What is wrong with the
//! app or the address stops on a page of TikTok's; what is wrong with the request goes back to the app.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::Bytes,
    extract::State,
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use url::{Url, form_urlencoded};

use super::{business::query, page};
use crate::{
    ids,
    ledger::Platform,
    stage::Stage,
    world::{Account, grants::Grant},
};

const LOGIN_SCOPES: [&str; 3] = ["user.info.basic", "user.info.profile", "user.info.stats"];

type Params = BTreeMap<String, String>;

/// A request that may be put to a person.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) platform: Platform,
    pub(crate) scopes: Vec<String>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) account: usize,
    pub(crate) params: Params,
    redirect_uri: String,
    state: String,
    challenge: Option<String>,
    asks_again: bool,
}

/// Where a request ends that may not.
#[derive(Debug)]
pub(crate) enum Stop {
    /// On a page of TikTok's: `error_type` and what it says.
    Page(&'static str, &'static str),
    /// At this address of the app's, with the error in its query.
    Callback(String),
}

/// What the person decides.
#[derive(Debug)]
pub(crate) enum Decision {
    /// As this account, with these scopes.
    Agree { account: usize, scopes: Vec<String> },
    /// Cancel was pressed.
    Cancel,
}

/// `GET /v2/auth/authorize/`.
pub(crate) async fn show(State(stage): State<Arc<Stage>>, uri: Uri) -> Response {
    match read(&stage, query(&uri)) {
        Err(stop) => stopped(&stage, stop),
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
        Err(stop) => return stopped(&stage, stop),
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
pub(crate) fn decide(stage: &Stage, ask: &Ask, decision: Decision) -> String {
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

/// Checks a request's parameters.
pub(crate) fn read(stage: &Stage, params: Params) -> Result<Ask, Stop> {
    let get = |name: &str| params.get(name).map_or("", String::as_str);
    let (key, apps) = (get("client_key"), &stage.apps);
    let platform = match key {
        _ if key == apps.login_client_key => Platform::LoginKit,
        _ if key == apps.business_app_id => Platform::Business,
        _ => return Err(Stop::Page("client_key", "The client key is not known.")),
    };
    let redirect_uri = get("redirect_uri").to_owned();
    let registered = match platform {
        Platform::LoginKit => stage.config.login_redirects.iter().any(|rule| matches_rule(rule, &redirect_uri)),
        Platform::Business => redirect_uri == apps.business_redirect_uri,
    };
    if !registered {
        return Err(Stop::Page("redirect_uri", "The redirect address is not registered for this app."));
    }
    let state = get("state").to_owned();
    let back = |error: &str, error_type: &str, text: &str| {
        let pairs = [("error", error), ("error_type", error_type), ("error_description", text)];
        Err(Stop::Callback(callback(&redirect_uri, &pairs, &state)))
    };
    if get("response_type") != "code" {
        return back("unsupported_response_type", "response_type", "The response type must be code.");
    }
    let challenge = match platform {
        Platform::LoginKit if !challenge_is_good(get("code_challenge"), get("code_challenge_method")) => {
            return Err(Stop::Page("code_challenge", "The code challenge is missing or not a hexadecimal SHA-256."));
        }
        Platform::LoginKit => Some(get("code_challenge").to_owned()),
        // Not asked for and not looked at on this platform (§3.2).
        Platform::Business => None,
    };
    let scopes: Vec<String> = get("scope").split(',').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    let approved = |scope: &String| match platform {
        Platform::LoginKit => LOGIN_SCOPES.contains(&scope.as_str()),
        Platform::Business => stage.config.business_scopes.contains(scope),
    };
    if scopes.is_empty() || !scopes.iter().all(approved) {
        return back("invalid_scope", "scope", "The app is not approved for one of the scopes.");
    }
    let mut world = stage.world();
    let account = world.default_account();
    let wanted = Grant { platform, account, scopes };
    let asks_again = get("disable_auto_auth") == "1" || !world.grants.agreed(&wanted);
    let (accounts, scopes) = (world.accounts.clone(), wanted.scopes);
    Ok(Ask { platform, scopes, accounts, account, redirect_uri, state, challenge, asks_again, params })
}

/// 64 lower-case hexadecimal digits, and the method says so: RFC 7636's base64url is refused (§2.1).
fn challenge_is_good(challenge: &str, method: &str) -> bool {
    challenge.len() == 64 && challenge.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')) && method == "S256"
}

/// Whether a registered desktop address covers this one; only the port may be a `*`.
fn matches_rule(rule: &str, address: &str) -> bool {
    let Some((before, after)) = rule.split_once(":*") else {
        return rule == address;
    };
    let Some(rest) = address.strip_prefix(before).and_then(|rest| rest.strip_prefix(':')) else {
        return false;
    };
    let digits = rest.chars().take_while(char::is_ascii_digit).count();
    let (port, path) = rest.split_at_checked(digits).unwrap_or_default();
    port.parse::<u16>().is_ok_and(|port| port > 0) && path == after
}

/// Whether an address may be registered for a desktop app (§2.2).
pub(crate) fn is_registrable(rule: &str) -> bool {
    let Ok(url) = Url::parse(&rule.replacen(":*", ":65000", 1)) else {
        return false;
    };
    let host = matches!(url.host_str(), Some("localhost" | "127.0.0.1"));
    // A URL forgets a port that is its scheme's own, so the text is asked.
    let port =
        rule.split_once("://").is_some_and(|(_, rest)| rest.split('/').next().is_some_and(|host| host.contains(':')));
    matches!(url.scheme(), "http" | "https")
        && host
        && port
        && url.query().is_none()
        && url.fragment().is_none()
        && rule.len() < 512
}

fn callback(redirect_uri: &str, pairs: &[(&str, &str)], state: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    if !state.is_empty() {
        query.append_pair("state", state);
    }
    format!("{redirect_uri}?{}", query.finish())
}

fn stopped(stage: &Stage, stop: Stop) -> Response {
    match stop {
        Stop::Page(error_type, text) => page::refusal(error_type, text, &stage.request_id()),
        Stop::Callback(address) => go(stage, &address),
    }
}

/// Sends the browser on. An https address leads nowhere from here, so its stand-in is shown instead.
fn go(stage: &Stage, address: &str) -> Response {
    let target = if address.starts_with("https://") {
        let to = form_urlencoded::Serializer::new(String::new()).append_pair("to", address).finish();
        format!("{}/registered-redirect?{to}", stage.base_url())
    } else {
        address.to_owned()
    };
    (StatusCode::FOUND, [(header::LOCATION, target)]).into_response()
}

/// `GET /registered-redirect?to=`: stands in for the app's https page.
pub(crate) async fn landed(State(stage): State<Arc<Stage>>, uri: Uri) -> Response {
    let query = query(&uri);
    let to = query.get("to").map_or("", String::as_str);
    let ours = to.strip_prefix(&stage.apps.business_redirect_uri).is_some_and(|rest| rest.starts_with('?'));
    if !ours {
        return page::refusal("redirect_uri", "This is not the app's registered address.", &stage.request_id());
    }
    page::landed(to, bounce(to).as_deref(), stage.config.auto_bounce)
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
    fn a_registered_star_covers_every_port_and_nothing_else() {
        let rule = "http://127.0.0.1:*/callback/";
        assert!(matches_rule(rule, "http://127.0.0.1:49152/callback/"));
        for wrong in [
            "http://127.0.0.1/callback/",
            "http://127.0.0.1:/callback/",
            "http://127.0.0.1:99999/callback/",
            "http://127.0.0.1:49152/callback",
            "http://localhost:49152/callback/",
            "http://127.0.0.1:49152.evil.example/callback/",
            "http://127.0.0.1:49152/callback/?a=b",
        ] {
            assert!(!matches_rule(rule, wrong), "{wrong}");
        }
    }

    #[test]
    fn only_loopback_with_a_port_may_be_registered() {
        assert!(is_registrable("http://127.0.0.1:*/callback/") && is_registrable("http://localhost:80/"));
        for wrong in [
            "http://127.0.0.1/callback/",
            "https://deskbell.example:*/callback/",
            "http://127.0.0.1:*/callback/?x=1",
            "http://127.0.0.1:*/callback/#x",
            "/callback/",
        ] {
            assert!(!is_registrable(wrong), "{wrong}");
        }
    }

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
