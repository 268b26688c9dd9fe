//! The table of reliability: for every code and status, what the caller is told to do.

use super::*;
use crate::client::tests::fixture;

/// The verdict in a word.
fn verdict(error: &Error) -> String {
    match error {
        Error::Unreachable { .. } => "unreachable".to_owned(),
        Error::Later { after, .. } => format!("later {}", after.as_secs()),
        Error::Refresh { .. } => "refresh".to_owned(),
        Error::Reauthorise { .. } => "reauthorise".to_owned(),
        Error::Refused { reason, .. } => format!("refused {reason:?}"),
        Error::Unknown { why, .. } => format!("unknown: {why}"),
        Error::Gateway { code, .. } => format!("gateway: {code}"),
    }
}

fn judge(status: u16, text: &str) -> String {
    business(status, None, text, &[]).map_or_else(|error| verdict(&error), |_| "ok".to_owned())
}

#[test]
fn every_fixture_has_its_verdict() {
    for (file, expected) in [
        ("send-text.json", "ok"),
        ("partial.json", "ok"),
        ("error-invalid-parameter.json", "refused InvalidParameter"),
        ("error-not-approved.json", "refused InvalidParameter"),
        ("error-no-permission.json", "refused NotPermitted"),
        ("error-bad-version.json", "refused UnsupportedVersion"),
        ("error-not-found.json", "refused NotFound"),
        ("error-not-in-sandbox.json", "refused NotInSandbox"),
        ("error-duplicate.json", "unknown: taken for a repetition"),
        ("error-messaging-rules.json", "refused MessagingRules"),
        ("error-too-many-requests.json", "later 1"),
        ("error-code-as-text.json", "later 1"),
        ("error-bad-credentials.json", "refused BadCredentials"),
        ("error-token-expired.json", "refresh"),
        ("error-refresh-token-expired.json", "reauthorise"),
        ("error-token-missing.json", "refused TokenMissing"),
        ("error-token-wrong.json", "refresh"),
        ("error-code-used.json", "reauthorise"),
        ("error-app-blocked.json", "refused AppBlocked"),
        ("error-not-allowlisted.json", "refused NotAllowlisted"),
        ("error-file-too-large.json", "refused TooLarge"),
        ("error-file-type.json", "refused UnsupportedType"),
        ("error-banned-network.json", "refused BannedNetwork"),
        ("error-system.json", "unknown: an error on TikTok's side"),
        ("error-system-busy.json", "unknown: an error on TikTok's side"),
        ("error-maintenance.json", "later 60"),
        ("no-code.json", "unknown: unreadable at ."),
        ("truncated.json", "unknown: unreadable at ."),
    ] {
        assert_eq!(judge(200, &fixture(file)), expected, "{file}");
    }
}

#[test]
fn a_message_that_names_the_media_id_is_about_the_image() {
    let refused = |code: i64, message: &str| judge(200, &format!(r#"{{"code":{code},"message":"{message}"}}"#));
    assert_eq!(refused(40_002, "Param image.media_id is invalid"), "refused MediaNotFound");
    assert_eq!(refused(40_002, "Param recipient is invalid"), "refused InvalidParameter");
    assert_eq!(refused(40_064, "media_id"), "refused MessagingRules");
}

#[test]
fn every_code_of_the_documentations_table_has_its_verdict() {
    let system_error = "unknown: an error on TikTok's side";
    for (code, expected) in [
        (0, "ok"),
        (20_001, "ok"),
        (40_000, "refused InvalidParameter"),
        (40_001, "refused NotPermitted"),
        (40_002, "refused InvalidParameter"),
        (40_006, "refused UnsupportedVersion"),
        (40_007, "refused NotFound"),
        (40_008, "refused NotInSandbox"),
        (40_009, "refused NotInSandbox"),
        (40_014, "refused NotInSandbox"),
        (40_016, "later 1"),
        (40_050, "unknown: taken for a repetition"),
        (40_051, "refused UnsupportedVersion"),
        (40_064, "refused MessagingRules"),
        (40_100, "later 1"),
        (40_101, "refused BadCredentials"),
        (40_102, "refresh"),
        (40_103, "reauthorise"),
        (40_104, "refused TokenMissing"),
        (40_105, "refresh"),
        (40_107, "reauthorise"),
        (40_110, "reauthorise"),
        (40_113, "refused AppBlocked"),
        (40_115, "reauthorise"),
        (40_118, "refused NotAllowlisted"),
        (40_132, "refused TooOften"),
        (40_133, "later 1"),
        (40_907, "refused TooLarge"),
        (40_908, "refused UnsupportedType"),
        (41_000, "refused BannedNetwork"),
        (50_000, system_error),
        (50_002, system_error),
        (51_065, system_error),
        (51_305, system_error),
        (60_001, "later 60"),
    ] {
        assert_eq!(judge(200, &format!(r#"{{"code":{code},"message":"m"}}"#)), expected, "{code}");
    }
}

#[test]
fn codes_in_no_table_are_refusals_only_within_a_family_of_refusals() {
    for (code, expected) in [
        (40_003, "refused Other"),
        (49_999, "refused Other"),
        (59_999, "unknown: an error on TikTok's side"),
        (1, "unknown: an undocumented code"),
        (-1, "unknown: an undocumented code"),
        (70_000, "unknown: an undocumented code"),
        (i64::from(i32::MAX), "unknown: an undocumented code"),
        (i64::MAX, "unknown: unreadable at ."),
    ] {
        assert_eq!(judge(200, &format!(r#"{{"code":{code},"message":"m"}}"#)), expected, "{code}");
    }
}

#[test]
fn the_status_decides_where_the_text_does_not() {
    let page = fixture("not-found-page.html");
    for (status, expected) in [
        (200, "unknown: unreadable at ."),
        (204, "unknown: unreadable at ."),
        (302, "unknown: HTTP 302"),
        (400, "unknown: HTTP 400"),
        (401, "unknown: HTTP 401"),
        (403, "unknown: HTTP 403"),
        (404, "unknown: HTTP 404"),
        (407, "unknown: HTTP 407"),
        (408, "unknown: HTTP 408"),
        (413, "refused TooLarge"),
        (415, "refused UnsupportedType"),
        (429, "later 1"),
        (500, "unknown: HTTP 500"),
        (502, "unknown: HTTP 502"),
        (504, "unknown: HTTP 504"),
    ] {
        assert_eq!(judge(status, &page), expected, "{status}");
        assert_eq!(judge(status, ""), expected, "{status}, empty");
    }
    // A server in trouble is not believed, whatever its text says; nor is a success under an error status.
    assert_eq!(judge(503, &fixture("error-too-many-requests.json")), "unknown: HTTP 503");
    assert_eq!(judge(500, &fixture("send-text.json")), "unknown: HTTP 500");
    assert_eq!(judge(404, &fixture("send-text.json")), "unknown: HTTP 404");
    // A refusal in TikTok's own words counts under any other status.
    assert_eq!(judge(400, &fixture("error-token-wrong.json")), "refresh");
    assert_eq!(judge(403, &fixture("error-no-permission.json")), "refused NotPermitted");
}

#[test]
fn hostile_envelopes_are_read_without_falling_over() {
    for text in [
        "null",
        "[]",
        "0",
        "\"\"",
        "{}",
        "{\"code\":null}",
        "{\"code\":{}}",
        "{\"code\":1e999}",
        "{\"code\":0.5}",
        "{\"code\":99999999999999999999}",
        "{\"code\":0",
        "\u{feff}{\"code\":0}",
        "{\"code\":\"\"}",
    ] {
        assert_eq!(judge(200, text), "unknown: unreadable at .", "{text}");
    }
    let deep = format!("{{\"code\":0,\"data\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(judge(200, &deep), "ok");
}

#[test]
fn a_server_that_names_its_wait_is_heeded() {
    let wait = Some(Duration::from_secs(7));
    let error = business(429, wait, "", &[]).unwrap_err();
    assert_eq!(verdict(&error), "later 7");
    assert_eq!(error.code(), Some(429));
    let error = business(200, wait, &fixture("error-too-many-requests.json"), &[]).unwrap_err();
    assert_eq!(verdict(&error), "later 7");
}

#[test]
fn an_error_keeps_tiktoks_words_and_no_token() {
    let error = business(200, None, &fixture("error-messaging-rules.json"), &[]).unwrap_err();
    assert_eq!(error.code(), Some(40_064));
    assert_eq!(error.message(), "You are sending messages too fast");
    assert_eq!(error.request_id(), Some("20261122093000AAAA0001"));
    assert!(error.raw().unwrap().contains("40064"));
    assert!(error.is_certainly_not_taken());

    let error = business(200, None, &fixture("error-echoes-token.json"), &[]).unwrap_err();
    let all = format!("{error} {error:?} {} {}", error.message(), error.raw().unwrap());
    assert!(!all.contains("canary"), "{all}");

    let error = business(200, None, &fixture("error-code-as-text.json"), &[]).unwrap_err();
    assert_eq!(error.request_id(), Some("20261122093000"), "a number is a name too");
}

#[test]
fn what_is_kept_is_short_and_does_not_reach_the_log() {
    let long = format!(r#"{{"code":40002,"message":"{}"}}"#, "é".repeat(50_000));
    let error = business(200, None, &long, &[]).unwrap_err();
    assert!(error.raw().unwrap().len() <= 4096 && error.message().len() <= 512);
    assert!(format!("{error:?}").len() < 2048);
    let quoted = business(200, None, "<html>Dear Nok</html>", &[]).unwrap_err();
    assert!(!format!("{quoted:?} {quoted}").contains("Nok"));
}

#[test]
fn login_kits_words_have_their_verdicts_too() {
    let judge = |status, text: &str| {
        login_kit(status, None, text, &[]).map_or_else(|error| verdict(&error), |_| "ok".to_owned())
    };
    assert_eq!(judge(200, &fixture("login-tokens.json")), "ok");
    assert_eq!(judge(200, &fixture("login-user.json")), "ok", "an error object with code ok is success");
    assert_eq!(judge(200, ""), "ok", "revoke answers with nothing");
    assert_eq!(judge(400, &fixture("login-error-invalid-grant.json")), "reauthorise");
    assert_eq!(judge(200, &fixture("login-error-invalid-grant.json")), "reauthorise");
    assert_eq!(judge(401, &fixture("login-user-error-token.json")), "refresh");
    assert_eq!(judge(503, &fixture("login-tokens.json")), "unknown: HTTP 503");
    assert_eq!(judge(401, &fixture("not-found-page.html")), "unknown: HTTP 401");
    assert_eq!(judge(403, &fixture("not-found-page.html")), "unknown: HTTP 403");
    for (word, expected) in [
        ("access_denied", "reauthorise"),
        ("invalid_client", "refused BadCredentials"),
        ("unauthorized_client", "refused BadCredentials"),
        ("invalid_request", "refused InvalidParameter"),
        ("invalid_scope", "refused InvalidParameter"),
        ("server_error", "unknown: an error on TikTok's side"),
        ("temporarily_unavailable", "later 60"),
        ("something_new", "refused Other"),
    ] {
        assert_eq!(judge(400, &format!(r#"{{"error":"{word}"}}"#)), expected, "{word}");
    }
    for (word, expected) in [
        ("scope_not_authorized", "reauthorise"),
        ("scope_permission_missed", "reauthorise"),
        ("invalid_params", "refused InvalidParameter"),
        ("rate_limit_exceeded", "later 60"),
        ("internal_error", "unknown: an error on TikTok's side"),
    ] {
        assert_eq!(judge(400, &format!(r#"{{"error":{{"code":"{word}","message":"m"}}}}"#)), expected, "{word}");
    }
    let error = login_kit(400, None, &fixture("login-error-invalid-grant.json"), &[]).unwrap_err();
    assert_eq!(error.message(), "invalid_grant: Authorization code is expired.");
    assert_eq!(error.request_id(), Some("2026112209300000010"));
}
