//! Login Kit for Desktop: the page, the code, the tokens.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Client, StatusCode};
use sandbox::{Config, Sandbox, WindowRule};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::client::{
    BASIC, CALLBACK, MESSAGING, VERIFIER, business_url, hex_challenge, http, login_url, query_of, unhurried,
};

async fn token(sandbox: &Sandbox, http: &Client, changes: &[(&str, &str)]) -> (StatusCode, Value) {
    let apps = sandbox.apps();
    let mut form = vec![
        ("client_key", apps.login_client_key.as_str()),
        ("client_secret", apps.login_client_secret.as_str()),
        ("grant_type", "authorization_code"),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in changes {
        form.retain(|(key, _)| key != name);
        form.push((name, value));
    }
    let response = http.post(format!("{}/v2/oauth/token/", sandbox.base_url())).form(&form).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn refresh(sandbox: &Sandbox, http: &Client, token_: &str) -> (StatusCode, Value) {
    token(sandbox, http, &[("grant_type", "refresh_token"), ("refresh_token", token_)]).await
}

async fn code(sandbox: &Sandbox, scope: &str) -> String {
    let landed = sandbox.agree(&login_url(sandbox, scope, &hex_challenge(VERIFIER))).await.unwrap();
    query_of(&landed, "code").unwrap()
}

#[tokio::test]
async fn a_hex_challenge_leads_to_flat_tokens() {
    let (sandbox, http) = (unhurried(Config::default()).await, http());
    let landed = sandbox.agree(&login_url(&sandbox, BASIC, &hex_challenge(VERIFIER))).await.unwrap();
    assert!(landed.starts_with(CALLBACK), "{landed}");
    assert_eq!(query_of(&landed, "state").as_deref(), Some("the-state"));
    assert_eq!(query_of(&landed, "scopes").as_deref(), Some(BASIC));
    let code = query_of(&landed, "code").unwrap();
    assert!(!landed.contains(&code), "a code must need decoding: {landed}");
    let (status, tokens) = token(&sandbox, &http, &[("code", &code)]).await;
    assert_eq!(status, 200);
    assert!(tokens["access_token"].as_str().unwrap().starts_with("act."));
    assert_eq!((tokens["expires_in"].as_i64(), tokens["refresh_expires_in"].as_i64()), (Some(7_200), Some(15_552_000)));
    assert_eq!(tokens["token_type"], "Bearer");
    assert!(tokens.get("data").is_none());
}

#[tokio::test]
async fn the_challenge_of_rfc_7636_is_refused() {
    let sandbox = unhurried(Config::default()).await;
    let base64url = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let upper = hex_challenge(VERIFIER).to_uppercase();
    for wrong in [base64url.as_str(), upper.as_str(), VERIFIER, ""] {
        let outcome = sandbox.agree(&login_url(&sandbox, BASIC, wrong)).await;
        assert!(outcome.as_ref().is_err_and(|why| why.contains("error_type=code_challenge")), "{wrong}: {outcome:?}");
    }
    let page = http().get(login_url(&sandbox, BASIC, &base64url)).send().await.unwrap();
    assert_eq!(page.status(), 400);
    assert!(page.text().await.unwrap().contains("error_type=code_challenge"));
}

#[tokio::test]
async fn another_verifier_is_refused_and_the_code_stays_good() {
    let (sandbox, http) = (unhurried(Config::default()).await, http());
    let code = code(&sandbox, BASIC).await;
    let other = VERIFIER.to_uppercase();
    let (status, answer) = token(&sandbox, &http, &[("code", &code), ("code_verifier", &other)]).await;
    assert_eq!((status, answer["error"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_request")));
    assert!(answer["log_id"].is_string());
    assert_eq!(token(&sandbox, &http, &[("code", &code)]).await.0, 200);
}

#[tokio::test]
async fn the_secret_is_required_although_there_is_pkce() {
    let (sandbox, http) = (unhurried(Config::default()).await, http());
    let code = code(&sandbox, BASIC).await;
    let (status, answer) = token(&sandbox, &http, &[("code", &code), ("client_secret", "")]).await;
    assert_eq!((status, answer["error"].as_str()), (StatusCode::UNAUTHORIZED, Some("invalid_client")));
}

#[tokio::test]
async fn a_json_body_is_refused() {
    let (sandbox, http) = (unhurried(Config::default()).await, http());
    let url = format!("{}/v2/oauth/token/", sandbox.base_url());
    let answer: Value = http.post(url).json(&serde_json::json!({})).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["error"], "invalid_request");
}

#[tokio::test]
async fn a_code_works_once_and_for_ten_minutes() {
    let (sandbox, http) = (unhurried(Config::default()).await, http());
    let used = code(&sandbox, BASIC).await;
    assert_eq!(token(&sandbox, &http, &[("code", &used)]).await.0, 200);
    assert_eq!(token(&sandbox, &http, &[("code", &used)]).await.1["error"], "invalid_grant");
    let late = code(&sandbox, BASIC).await;
    sandbox.advance(Duration::from_secs(600));
    assert_eq!(token(&sandbox, &http, &[("code", &late)]).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn a_refresh_token_dies_when_it_is_used() {
    let (sandbox, http) = (unhurried(Config::default()).await, http());
    let code = code(&sandbox, BASIC).await;
    let first = token(&sandbox, &http, &[("code", &code)]).await.1;
    let old = first["refresh_token"].as_str().unwrap();
    let (status, second) = refresh(&sandbox, &http, old).await;
    assert_eq!(status, 200);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(refresh(&sandbox, &http, old).await.1["error"], "invalid_grant");
    assert_eq!(refresh(&sandbox, &http, second["refresh_token"].as_str().unwrap()).await.0, 200);
    assert_eq!(sandbox.ledger().refreshes(), 2);
    assert_eq!(sandbox.ledger().calls("login_refresh"), 3);
}

#[tokio::test]
async fn user_info_has_an_error_object_when_all_is_well() {
    let (sandbox, http) = (unhurried(Config::default()).await, http());
    sandbox.open_account("shop_a", "Shop A", WindowRule::A);
    let code = code(&sandbox, BASIC).await;
    let tokens = token(&sandbox, &http, &[("code", &code)]).await.1;
    let ask = |fields: &'static str| {
        let url = format!("{}/v2/user/info/?fields={fields}", sandbox.base_url());
        http.get(url).bearer_auth(tokens["access_token"].as_str().unwrap()).send()
    };
    let good: Value = ask("open_id,display_name,avatar_url").await.unwrap().json().await.unwrap();
    assert_eq!(
        (good["error"]["code"].as_str(), good["data"]["user"]["display_name"].as_str()),
        (Some("ok"), Some("Shop A"))
    );
    assert_eq!(good["data"]["user"]["open_id"], tokens["open_id"]);
    for (fields, status, error) in
        [("username", 401, "scope_not_authorized"), ("shoe_size", 400, "invalid_params"), ("", 400, "invalid_params")]
    {
        let answer = ask(fields).await.unwrap();
        assert_eq!(answer.status(), status, "{fields}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], error, "{fields}");
    }
    sandbox.expire_access_tokens();
    let late = ask("open_id").await.unwrap();
    assert_eq!(late.status(), 401);
    assert_eq!(late.json::<Value>().await.unwrap()["error"]["code"], "access_token_invalid");
}

#[tokio::test]
async fn revoking_answers_with_an_empty_body_and_ends_the_grant() {
    let (sandbox, http) = (unhurried(Config::default()).await, http());
    let code = code(&sandbox, BASIC).await;
    let tokens = token(&sandbox, &http, &[("code", &code)]).await.1;
    let apps = sandbox.apps();
    let form = [
        ("client_key", apps.login_client_key.as_str()),
        ("client_secret", apps.login_client_secret.as_str()),
        ("token", tokens["access_token"].as_str().unwrap()),
    ];
    let url = format!("{}/v2/oauth/revoke/", sandbox.base_url());
    let answer = http.post(url).form(&form).send().await.unwrap();
    assert_eq!((answer.status(), answer.bytes().await.unwrap().len()), (StatusCode::OK, 0));
    assert_eq!(refresh(&sandbox, &http, tokens["refresh_token"].as_str().unwrap()).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn cancel_and_a_scope_that_was_not_approved_come_back_differently() {
    let sandbox = unhurried(Config::default()).await;
    let cancelled = sandbox.refuse(&business_url(&sandbox, MESSAGING, "s")).await.unwrap();
    assert_eq!(query_of(&cancelled, "error").as_deref(), Some("access_denied"));
    assert_eq!(query_of(&cancelled, "error_type"), None);
    let greedy = sandbox.agree(&business_url(&sandbox, "user.info.basic,video.upload", "s")).await.unwrap();
    assert_eq!(query_of(&greedy, "error").as_deref(), Some("invalid_scope"));
    assert_eq!(query_of(&greedy, "error_type").as_deref(), Some("scope"));
    assert_eq!(query_of(&greedy, "code"), None);
}

#[tokio::test]
async fn an_address_that_was_not_registered_never_gets_the_browser_back() {
    let sandbox = unhurried(Config::default()).await;
    for wrong in ["http://127.0.0.1:51234/elsewhere/", "https://evil.example/callback/", "http://127.0.0.1/callback/"] {
        let url = login_url(&sandbox, BASIC, &hex_challenge(VERIFIER));
        let mut url = url::Url::parse(&url).unwrap();
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(name, value)| {
                (name.clone().into_owned(), if name == "redirect_uri" { wrong.to_owned() } else { value.into_owned() })
            })
            .collect();
        url.query_pairs_mut().clear().extend_pairs(pairs);
        let outcome = sandbox.agree(url.as_str()).await;
        assert!(outcome.as_ref().is_err_and(|why| why.contains("error_type=redirect_uri")), "{wrong}: {outcome:?}");
    }
}

#[tokio::test]
async fn the_page_sends_the_browser_back_with_the_scopes_that_were_left_ticked() {
    let (sandbox, http) = (unhurried(Config::default()).await, http());
    sandbox.open_account("shop_a", "Shop A", WindowRule::A);
    let url = login_url(&sandbox, "user.info.basic,user.info.stats", &hex_challenge(VERIFIER));
    let page = http.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Agree") && page.contains("Cancel") && page.contains("@shop_a"), "{page}");
    let mut form: Vec<(String, String)> = url::Url::parse(&url).unwrap().query_pairs().into_owned().collect();
    form.push(("account".to_owned(), "shop_a".to_owned()));
    form.push(("decision".to_owned(), "agree".to_owned()));
    let answer = http.post(format!("{}/v2/auth/authorize/", sandbox.base_url())).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 302);
    let landed = answer.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(query_of(&landed, "scopes").as_deref(), Some(BASIC), "stats was unticked");
    assert_eq!(http.get(&url).send().await.unwrap().status(), 200, "more is asked for than was granted");
}

#[tokio::test]
async fn whoever_agreed_before_is_not_asked_again_unless_the_app_insists() {
    let (sandbox, http) = (unhurried(Config::default()).await, http());
    let url = login_url(&sandbox, BASIC, &hex_challenge(VERIFIER));
    assert_eq!(http.get(&url).send().await.unwrap().status(), 200);
    sandbox.agree(&url).await.unwrap();
    assert_eq!(http.get(&url).send().await.unwrap().status(), 302);
    assert_eq!(http.get(format!("{url}&disable_auto_auth=0")).send().await.unwrap().status(), 302);
    assert_eq!(http.get(format!("{url}&disable_auto_auth=1")).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_stand_in_page_shows_the_https_address_and_goes_on_to_the_port_in_the_state() {
    let http = http();
    for auto_bounce in [true, false] {
        let sandbox = unhurried(Config { auto_bounce, ..Config::default() }).await;
        let state = URL_SAFE_NO_PAD.encode([vec![9_u8; 32], 51_234_u16.to_be_bytes().to_vec()].concat());
        let url = business_url(&sandbox, MESSAGING, &state);
        let mut form: Vec<(String, String)> = url::Url::parse(&url).unwrap().query_pairs().into_owned().collect();
        form.push(("decision".to_owned(), "agree".to_owned()));
        let answer = http.post(format!("{}/v2/auth/authorize/", sandbox.base_url())).form(&form).send().await.unwrap();
        let stand_in = answer.headers()["location"].to_str().unwrap().to_owned();
        assert!(stand_in.starts_with(&format!("{}/registered-redirect?to=https", sandbox.base_url())), "{stand_in}");
        let page = http.get(&stand_in).send().await.unwrap().text().await.unwrap();
        assert!(page.contains("The address you landed on") && page.contains("readonly"));
        assert!(page.contains("https://bounce.deskbell.example/callback/?code="), "{page}");
        assert!(page.contains("http://127.0.0.1:51234/business/?code="), "{page}");
        assert_eq!(page.contains("location.replace"), auto_bounce);
    }
}

#[tokio::test]
async fn a_page_shows_what_it_was_given_as_text() {
    let (sandbox, http) = (unhurried(Config::default()).await, http());
    let url = business_url(&sandbox, MESSAGING, "\"><script>alert(1)</script>");
    let page = http.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(!page.contains("<script>alert") && page.contains("&lt;script&gt;alert"), "{page}");
}

#[tokio::test]
async fn an_address_tiktok_would_not_register_keeps_the_sandbox_from_starting() {
    let config = Config { login_redirects: vec!["https://deskbell.example/callback/".to_owned()], ..Config::default() };
    assert_eq!(Sandbox::start(config).await.unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
}
