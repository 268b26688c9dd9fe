//! Tokens of both platforms: asked for, renewed, given back, and never leaked.

use super::{
    fixture,
    server::{Deed, Server, ok, token},
};
use crate::{
    ClientSecret, Endpoints, Error, RefreshToken, UnknownWhy,
    business::oauth::{self, BusinessApp},
    login_kit::{self, LoginApp},
};
use std::time::Duration;

pub(super) fn shop_app() -> BusinessApp {
    BusinessApp {
        app_id: "7361234567890123457".to_owned(),
        secret: ClientSecret::new("canary-secret"),
        redirect_uri: "https://shop.example/tiktok/".to_owned(),
    }
}

#[tokio::test]
async fn business_tokens_are_exchanged_refreshed_and_given_back() {
    for name in ["tokens.json", "tokens-numbers-as-text.json"] {
        let server = Server::start(vec![ok(name)]).await;
        let tokens = oauth::exchange(&server.client(), &shop_app(), "c0de").await.unwrap();
        assert_eq!(tokens.access.expose(), "act.A");
        assert_eq!(tokens.refresh.as_ref().map(RefreshToken::expose), Some("rft.B"));
        assert_eq!(tokens.expires_in, Some(Duration::from_secs(86_400)));
        assert_eq!(tokens.refresh_token_expires_in, Some(Duration::from_secs(31_536_000)));
        assert_eq!((tokens.open_id.as_deref(), tokens.scope.len()), (Some("_000EXAMPLEopenid"), 4));
        let heard = server.heard().remove(0);
        assert!(heard.starts_with("POST /open_api/v1.3/tt_user/oauth2/token/ "), "{heard}");
        for part in [r#""auth_code":"c0de""#, r#""client_id":"7361234567890123457""#, r#""redirect_uri":"https://"#] {
            assert!(heard.contains(part), "{part} in {heard}");
        }
        assert!(!heard.to_lowercase().contains("access-token:"));
    }
    let server = Server::start(vec![ok("tokens.json")]).await;
    oauth::refresh(&server.client(), &shop_app(), &RefreshToken::new("rft.old")).await.unwrap();
    let heard = server.heard().remove(0);
    assert!(heard.contains(r#""refresh_token":"rft.old""#) && !heard.contains("redirect_uri"), "{heard}");

    let server = Server::start(vec![ok("revoke.json")]).await;
    oauth::revoke(&server.client(), &shop_app(), &token()).await.unwrap();
    let heard = server.heard().remove(0);
    assert!(heard.starts_with("POST /open_api/v1.3/tt_user/oauth2/revoke/ "), "{heard}");
    for part in [r#""access_token":"act.canary""#, r#""client_id":"7361"#, r#""client_secret":"canary-secret""#] {
        assert!(heard.contains(part), "{part} in {heard}");
    }
    let server = Server::start(vec![ok("token-info.json")]).await;
    let info = oauth::token_info(&server.client(), &shop_app(), &token()).await.unwrap();
    assert_eq!((info.app_id.as_str(), info.creator_id.as_str()), ("7361234567890123457", "_000EXAMPLEopenid"));
}

#[tokio::test]
async fn half_a_pair_is_taken_if_it_is_the_half_that_is_needed() {
    let server = Server::start(vec![ok("tokens-without-refresh.json")]).await;
    let tokens = oauth::exchange(&server.client(), &shop_app(), "c0de").await.unwrap();
    assert_eq!(tokens.access.expose(), "act.canary");
    assert!(tokens.refresh.is_none() && tokens.refresh_token_expires_in.is_none() && tokens.scope.is_empty());
    let other_half = fixture("tokens-without-refresh.json").replace("access_token", "refresh_token");
    let server = Server::start(vec![Deed::Answer("200 OK", other_half)]).await;
    let error = oauth::exchange(&server.client(), &shop_app(), "c0de").await.unwrap_err();
    assert!(matches!(error, Error::Unknown { why: UnknownWhy::NoRequiredData { .. }, .. }), "{error}");
    assert!(!format!("{error} {error:?} {}", error.raw().unwrap()).contains("canary"));
    let server = Server::start(vec![ok("error-code-used.json")]).await;
    let error = oauth::exchange(&server.client(), &shop_app(), "c0de").await.unwrap_err();
    assert!(matches!(error, Error::Reauthorise { code: 40_110, .. }), "{error}");
}

#[tokio::test]
async fn a_refresh_that_no_token_of_ours_can_make_wants_a_new_link() {
    for code in [40_102, 40_103, 40_105, 40_107] {
        let text = format!(r#"{{"code":{code},"message":"The refresh token is not valid","request_id":"2026"}}"#);
        let server = Server::start(vec![Deed::Answer("200 OK", text)]).await;
        let old = RefreshToken::new("rft.old");
        let error = oauth::refresh(&server.client(), &shop_app(), &old).await.unwrap_err();
        assert!(matches!(error, Error::Reauthorise { .. }), "{error}");
        assert_eq!((error.code(), error.request_id()), (Some(code), Some("2026")));
        assert!(error.raw().is_some_and(|raw| raw.contains("not valid")));
    }
    // A gateway's word is not TikTok's: it says nothing about the token.
    let server = Server::start(vec![Deed::Answer("401 Unauthorized", String::new())]).await;
    let error = oauth::refresh(&server.client(), &shop_app(), &RefreshToken::new("rft.old")).await.unwrap_err();
    assert!(matches!(error, Error::Unknown { code: None, .. }), "{error}");
}

#[test]
fn the_business_consent_page_gets_what_tiktok_wants() {
    let url = oauth::authorize(&Endpoints::default(), &shop_app(), oauth::DM_SCOPES, "st&te");
    let query: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(query["client_key"], "7361234567890123457");
    assert_eq!(query["scope"], oauth::DM_SCOPES.join(","));
    assert_eq!((query["state"].as_str(), query["disable_auto_auth"].as_str()), ("st&te", "1"));
    assert!(!url.as_str().contains("canary"));
}

#[test]
fn an_extra_scope_is_asked_for_once_and_never_by_itself() {
    assert!(!oauth::DM_SCOPES.contains(&oauth::VIDEO_LIST_SCOPE), "one unapproved scope refuses them all");
    assert_eq!(oauth::dm_scopes_and(&[]), oauth::DM_SCOPES);
    let scopes = oauth::dm_scopes_and(&[oauth::VIDEO_LIST_SCOPE, "message.list.read", oauth::VIDEO_LIST_SCOPE]);
    assert_eq!(scopes, [oauth::DM_SCOPES, &[oauth::VIDEO_LIST_SCOPE]].concat());
    let url = oauth::authorize(&Endpoints::default(), &shop_app(), &scopes, "state");
    let scope = url.query_pairs().find(|(name, _)| name == "scope").unwrap().1.into_owned();
    assert!(scope.ends_with(",message.list.manage,video.list"), "{scope}");
}

pub(super) fn login_app() -> LoginApp {
    LoginApp { client_key: "key-1".to_owned(), client_secret: ClientSecret::new("canary-secret") }
}

#[tokio::test]
async fn a_login_code_is_exchanged_in_tiktoks_dialect() {
    let server = Server::start(vec![ok("login-tokens.json")]).await;
    let redirect = "http://127.0.0.1:4567/callback/";
    let verifier = "v".repeat(64);
    let tokens = login_kit::exchange(&server.client(), &login_app(), "c*0/de", redirect, &verifier).await.unwrap();
    assert_eq!((tokens.access.expose(), tokens.refresh.expose()), ("act.XXXX", "rft.YYYY"));
    assert_eq!((tokens.expires_in.as_secs(), tokens.refresh_expires_in.as_secs()), (7200, 15_552_000));
    assert_eq!(tokens.scope, ["user.info.basic", "user.info.profile"]);
    assert_eq!(tokens.open_id, "9c1e-0000");
    let heard = server.heard().remove(0);
    let (head, form) = heard.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v2/oauth/token/ "), "{head}");
    assert!(!head.to_lowercase().contains("authorization"), "{head}");
    let form: std::collections::HashMap<_, _> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    let mut names: Vec<&str> = form.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["client_key", "client_secret", "code", "code_verifier", "grant_type", "redirect_uri"]);
    assert_eq!((form["client_key"].as_str(), form["code"].as_str()), ("key-1", "c*0/de"));
    assert_eq!((form["code_verifier"].as_str(), form["redirect_uri"].as_str()), (verifier.as_str(), redirect));
}

#[tokio::test]
async fn a_login_is_refreshed_refused_and_given_back() {
    let server = Server::start(vec![ok("login-tokens.json")]).await;
    login_kit::refresh(&server.client(), &login_app(), &RefreshToken::new("rft.old")).await.unwrap();
    assert!(server.heard()[0].contains("refresh_token=rft.old") && server.heard()[0].contains("client_key=key-1"));

    let server = Server::start(vec![Deed::Answer("400 Bad Request", fixture("login-error-invalid-grant.json"))]).await;
    let error = login_kit::refresh(&server.client(), &login_app(), &RefreshToken::new("rft.old")).await.unwrap_err();
    assert!(matches!(error, Error::Reauthorise { code: 400, .. }), "{error}");

    for (deed, expected) in [
        (Deed::HangUp, UnknownWhy::HungUp),
        (ok("no-code.json"), UnknownWhy::Garbled { path: ".".to_owned() }),
        (Deed::Answer("200 OK", String::new()), UnknownWhy::Garbled { path: ".".to_owned() }),
    ] {
        let server = Server::start(vec![deed]).await;
        let error =
            login_kit::refresh(&server.client(), &login_app(), &RefreshToken::new("rft.old")).await.unwrap_err();
        let Error::Unknown { why, .. } = error else { panic!("{error}") };
        assert_eq!(why, expected);
    }

    let server = Server::start(vec![Deed::Answer("200 OK", String::new())]).await;
    login_kit::revoke(&server.client(), &login_app(), &token()).await.unwrap();
    assert!(server.heard()[0].ends_with("client_key=key-1&client_secret=canary-secret&token=act.canary"));
}

#[tokio::test]
async fn a_login_says_who_it_is() {
    let server = Server::start(vec![ok("login-user.json")]).await;
    let user = login_kit::user_info(&server.client(), &token()).await.unwrap();
    assert_eq!((user.open_id.as_str(), user.display_name.as_deref()), ("9c1e-0000", Some("Shop A")));
    assert!(server.heard()[0].to_lowercase().contains("authorization: bearer act.canary"));
    let server = Server::start(vec![Deed::Answer("401 Unauthorized", fixture("login-user-error-token.json"))]).await;
    let error = login_kit::user_info(&server.client(), &token()).await.unwrap_err();
    assert!(matches!(error, Error::Refresh { code: 401, .. }), "{error}");
}
