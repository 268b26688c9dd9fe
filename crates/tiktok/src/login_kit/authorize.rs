//! The beginning of a login: the address for the browser, and what must be kept until it comes back ("Authorize").

use crate::{ClientSecret, Endpoints};
use oauth2::{CsrfToken, PkceCodeChallenge};
use sha2::{Digest, Sha256};
use std::fmt::{self, Write};
use url::Url;

/// The operator's own Login Kit app.
#[derive(Debug, Clone)]
pub struct LoginApp {
    /// The client key.
    pub client_key: String,
    /// The client secret; required even with PKCE ("Token, refresh, revoke").
    pub client_secret: ClientSecret,
}

/// A login that was begun: open `url`, keep the other two until the callback. `Debug` prints none of it.
#[derive(Clone)]
pub struct Authorization {
    /// For the browser.
    pub url: Url,
    /// Must come back unchanged.
    pub state: String,
    /// For [`super::exchange`]; proves that the code belongs to this login.
    pub verifier: String,
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization([redacted])")
    }
}

/// Begins a login ("Authorize"). `redirect_uri` is a loopback address with a port that the portal knows, if only by
/// its wildcard `http://127.0.0.1:*/callback/`.
#[must_use]
pub fn authorize(endpoints: &Endpoints, app: &LoginApp, redirect_uri: &str, scopes: &[&str]) -> Authorization {
    let state = CsrfToken::new_random_len(32).into_secret();
    let (_, verifier) = PkceCodeChallenge::new_random_sha256_len(48);
    let verifier = verifier.into_secret();
    let mut url = endpoints.authorize.clone();
    url.query_pairs_mut()
        .append_pair("client_key", &app.client_key)
        .append_pair("response_type", "code")
        .append_pair("scope", &scopes.join(","))
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("state", &state)
        .append_pair("code_challenge", &challenge(&verifier))
        .append_pair("code_challenge_method", "S256")
        .append_pair("disable_auto_auth", "1");
    Authorization { url, state, verifier }
}

/// TikTok's own PKCE challenge: lower-case hex, where the standard (and every OAuth crate) says base64url.
fn challenge(verifier: &str) -> String {
    Sha256::digest(verifier.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn the_challenge_is_the_hex_of_the_digest() {
        assert_eq!(challenge("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn the_consent_page_gets_what_tiktok_wants() {
        let app = LoginApp { client_key: "key&1".into(), client_secret: ClientSecret::new("canary") };
        let begun = authorize(&Endpoints::default(), &app, "http://127.0.0.1:4567/callback/", &["a.b", "c.d"]);
        let query: HashMap<String, String> = begun.url.query_pairs().into_owned().collect();
        assert_eq!(begun.url.host_str(), Some("www.tiktok.com"));
        assert_eq!(query["client_key"], "key&1");
        assert!(!query.contains_key("client_id"));
        assert_eq!(query["scope"], "a.b,c.d");
        assert_eq!(query["redirect_uri"], "http://127.0.0.1:4567/callback/");
        assert_eq!(query["code_challenge"], challenge(&begun.verifier));
        assert_eq!(query["state"], begun.state);
        assert!((43..=128).contains(&begun.verifier.len()), "{}", begun.verifier.len());
        assert!(begun.state.len() >= 43, "256 bits");
        let again = authorize(&Endpoints::default(), &app, "http://127.0.0.1:4567/callback/", &["a.b"]);
        assert!(again.state != begun.state && again.verifier != begun.verifier);
        assert!(!begun.url.as_str().contains("canary") && !begun.url.as_str().contains(&begun.verifier));
        assert_eq!(format!("{begun:?}"), "Authorization([redacted])");
    }
}
