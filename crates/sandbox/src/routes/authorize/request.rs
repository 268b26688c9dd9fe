//! A request of an authorize page (§2.1, §2.2, §3.2): its parameters, and whether it may be put to a person.

use std::collections::BTreeMap;

use url::{Url, form_urlencoded};

use crate::{
    ledger::Platform,
    stage::Stage,
    world::{Account, grants::Grant},
};

const LOGIN_SCOPES: [&str; 3] = ["user.info.basic", "user.info.profile", "user.info.stats"];

pub(super) type Params = BTreeMap<String, String>;

/// A request that may be put to a person.
#[derive(Debug)]
pub(crate) struct AuthorizeRequest {
    pub(crate) platform: Platform,
    pub(crate) scopes: Vec<String>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) account: usize,
    pub(crate) params: Params,
    pub(super) redirect_uri: String,
    pub(super) state: String,
    pub(super) challenge: Option<String>,
    /// Whether the person is asked even if they have agreed before.
    pub(super) asks_again: bool,
}

/// Where a request ends that is not put to a person.
#[derive(Debug)]
pub(crate) enum Rejection {
    /// On a page of TikTok's: `error_type` and what it says.
    Page(&'static str, &'static str),
    /// At this address of the app's, with the error in its query.
    Callback(String),
}

/// Checks a request's parameters.
pub(crate) fn read(stage: &Stage, params: Params) -> Result<AuthorizeRequest, Rejection> {
    let get = |name: &str| params.get(name).map_or("", String::as_str);
    let (key, apps) = (get("client_key"), &stage.site.apps);
    let platform = match key {
        _ if key == apps.login_client_key => Platform::LoginKit,
        _ if key == apps.business_app_id => Platform::Business,
        _ => return Err(Rejection::Page("client_key", "The client key is not known.")),
    };
    let redirect_uri = get("redirect_uri").to_owned();
    let registered = match platform {
        Platform::LoginKit => stage.site.config.login_redirects.iter().any(|rule| matches_rule(rule, &redirect_uri)),
        Platform::Business => redirect_uri == apps.business_redirect_uri,
    };
    if !registered {
        return Err(Rejection::Page("redirect_uri", "The redirect address is not registered for this app."));
    }
    let state = get("state").to_owned();
    let back = |error: &str, error_type: &str, text: &str| {
        let pairs = [("error", error), ("error_type", error_type), ("error_description", text)];
        Err(Rejection::Callback(callback(&redirect_uri, &pairs, &state)))
    };
    if get("response_type") != "code" {
        return back("unsupported_response_type", "response_type", "The response type must be code.");
    }
    let challenge = match platform {
        Platform::LoginKit if !challenge_is_good(get("code_challenge"), get("code_challenge_method")) => {
            return Err(Rejection::Page(
                "code_challenge",
                "The code challenge is missing or not a hexadecimal SHA-256.",
            ));
        }
        Platform::LoginKit => Some(get("code_challenge").to_owned()),
        // Not asked for and not looked at on this platform (§3.2).
        Platform::Business => None,
    };
    let scopes: Vec<String> = get("scope").split(',').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    let approved = |scope: &String| match platform {
        Platform::LoginKit => LOGIN_SCOPES.contains(&scope.as_str()),
        Platform::Business => stage.site.config.business_scopes.contains(scope),
    };
    if scopes.is_empty() || !scopes.iter().all(approved) {
        return back("invalid_scope", "scope", "The app is not approved for one of the scopes.");
    }
    let mut world = stage.world();
    let account = world.default_account();
    let wanted = Grant { platform, account, scopes };
    let asks_again = get("disable_auto_auth") == "1" || !world.grants.agreed(&wanted);
    let (accounts, scopes) = (world.accounts.clone(), wanted.scopes);
    Ok(AuthorizeRequest { platform, scopes, accounts, account, redirect_uri, state, challenge, asks_again, params })
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

/// The redirect address with these parameters and the state.
pub(super) fn callback(redirect_uri: &str, pairs: &[(&str, &str)], state: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    if !state.is_empty() {
        query.append_pair("state", state);
    }
    format!("{redirect_uri}?{}", query.finish())
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
}
