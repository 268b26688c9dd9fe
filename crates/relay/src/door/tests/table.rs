//! Forged, altered, stale, replayed, oversized and malformed webhooks: what each is answered, and what comes of it.

use wire::paths::{BUSINESS_WEBHOOK, LOGIN_KIT_WEBHOOK};

use super::fixture::{Fixture, PREVIOUS_SECRET, SECRET, envelope, incoming, now_s, sign};
use crate::testing::{TestDatabase, on_both_engines};

on_both_engines!(every_webhook_has_its_result);

/// What comes of a webhook.
struct Case {
    what: &'static str,
    path: &'static str,
    signatures: Vec<String>,
    body: String,
    status: u16,
    outcome: &'static str,
    /// How many events it adds to the log.
    events: usize,
}

fn cases() -> Vec<Case> {
    let body = incoming("m-1");
    let signed = sign(SECRET, &body, now_s());
    let hex = signed.rsplit('=').next().unwrap().to_owned();
    let large = format!("{}{}", incoming("m-large"), " ".repeat(256 << 10));
    let case = |what, signatures: &[String], body: &str, status, outcome, events| Case {
        what,
        path: BUSINESS_WEBHOOK,
        signatures: signatures.to_vec(),
        body: body.to_owned(),
        status,
        outcome,
        events,
    };
    let signed_by = |what, secret: &str, body: &str, at_s, status, outcome, events| {
        case(what, &[sign(secret, body, at_s)], body, status, outcome, events)
    };
    let (now, unknown) = (now_s(), envelope("_000other", "im_receive_msg", &serde_json::json!({})));
    vec![
        case("not signed", &[], &body, 401, "not_signed", 0),
        case("an empty signature", &[String::new()], &body, 401, "malformed_signature", 0),
        case("no time", &[format!("s={hex}")], &body, 401, "malformed_signature", 0),
        case("no signature in it", &[format!("t={now}")], &body, 401, "malformed_signature", 0),
        case("two times", &[format!("t={now},{signed}")], &body, 401, "malformed_signature", 0),
        case("a time that is none", &[format!("t=now,s={hex}")], &body, 401, "malformed_signature", 0),
        case(
            "too few digits",
            &[signed.replace(&hex, &hex.replacen(char::is_alphanumeric, "", 2))],
            &body,
            401,
            "malformed_signature",
            0,
        ),
        case("another time", &[format!("t={},s={hex}", now - 7)], &body, 401, "wrong_signature", 0),
        case("two headers", &[signed.clone(), signed.clone()], &body, 401, "several_signatures", 0),
        case(
            "one right, one forged",
            &[signed.clone(), format!("t={now},s={}", "0".repeat(64))],
            &body,
            401,
            "several_signatures",
            0,
        ),
        signed_by("another secret", "guessed", &body, now, 401, "wrong_signature", 0),
        case(
            "an altered body",
            std::slice::from_ref(&signed),
            &body.replace("stock", "shock"),
            401,
            "wrong_signature",
            0,
        ),
        case("one space more", std::slice::from_ref(&signed), &format!("{body} "), 401, "wrong_signature", 0),
        case("an empty body", std::slice::from_ref(&signed), "", 401, "wrong_signature", 0),
        signed_by("too large", SECRET, &large, now, 413, "too_large", 0),
        case("right", std::slice::from_ref(&signed), &body, 200, "stored", 1),
        case("the same again", std::slice::from_ref(&signed), &body, 200, "known", 0),
        signed_by("the same, signed anew", SECRET, &body, now + 1, 200, "known", 0),
        case("spaces and another order", &[format!(" s={hex} , v=1, t={now}")], &body, 200, "known", 0),
        signed_by("the secret before", PREVIOUS_SECRET, &incoming("m-2"), now, 200, "stored", 1),
        signed_by("five minutes old", SECRET, &incoming("m-3"), now - 290, 200, "stored", 1),
        signed_by("stale, not seen before", SECRET, &incoming("m-4"), now - 400, 200, "hinted", 1),
        signed_by("from the future", SECRET, &incoming("m-5"), now + 120, 200, "hinted", 1),
        signed_by("replayed an hour later", SECRET, &body, now - 3_600, 200, "known", 0),
        signed_by("an account of another relay", SECRET, &unknown, now, 200, "stray_account", 0),
        signed_by("the same, stale", SECRET, &format!("{unknown} "), now - 900, 200, "stray_account", 0),
        signed_by(
            "an event of tomorrow",
            SECRET,
            &envelope("_000shop", "im_call", &serde_json::json!({})),
            now,
            200,
            "stray_event",
            0,
        ),
        signed_by("no JSON", SECRET, "event=im_receive_msg", now, 200, "unreadable", 0),
        signed_by("no event in it", SECRET, "{\"user_openid\":\"_000shop\"}", now, 200, "unreadable", 0),
        signed_by("no account in it", SECRET, "{\"event\":\"im_receive_msg\"}", now, 200, "unreadable", 0),
        signed_by(
            "an account with a NUL",
            SECRET,
            r#"{"event":"x","user_openid":"a\u0000b"}"#,
            now,
            200,
            "unreadable",
            0,
        ),
        // What is known by its name and cannot be read: desktops ask TikTok.
        signed_by(
            "content that is none",
            SECRET,
            &envelope("_000shop", "im_receive_msg", &serde_json::json!(7)),
            now,
            200,
            "stray_event",
            1,
        ),
        Case {
            path: LOGIN_KIT_WEBHOOK,
            ..signed_by("the other platform", SECRET, &incoming("m-6"), now, 200, "stored", 1)
        },
    ]
}

async fn every_webhook_has_its_result(database: TestDatabase) {
    let fixture = Fixture::start(database).await;
    for case in cases() {
        let (events, counted) = (fixture.events().await.len(), fixture.counted(case.outcome));
        let status = fixture.post(case.path, &case.signatures, case.body).await;
        assert_eq!(status.as_u16(), case.status, "{}", case.what);
        assert_eq!(fixture.counted(case.outcome), counted + 1, "{}: {}", case.what, fixture.context.metrics.encode());
        assert_eq!(fixture.events().await.len(), events + case.events, "{}", case.what);
    }
}
