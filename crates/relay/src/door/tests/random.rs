//! Random bytes, headers and mutations: the door never panics, and lets nothing in that TikTok did not sign.

use axum::http::{HeaderMap, HeaderValue};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use wire::api::Platform;

use super::super::Outcome;
use super::fixture::{ACCOUNT, Fixture, SECRET, envelope, incoming, now_s, outgoing, sign};
use crate::testing::TestDatabase;

const ROUNDS: u32 = 2_000;

/// Changes a few bytes.
fn mutated(text: &str, lot: &mut StdRng) -> Vec<u8> {
    const PIECES: [&[u8]; 10] =
        [b"\0", b"\\u0000", b"\"", b"{", b"null", b"1e999", b"-1", b"\xff\xfe", b"im_send_msg", b"t=1,s="];
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..lot.random_range(1..6) {
        let at = lot.random_range(0..=bytes.len());
        let to = lot.random_range(at..=bytes.len().min(at + 40));
        match lot.random_range(0..4) {
            0 => drop(bytes.drain(at..to)),
            1 => drop(bytes.splice(at..at, PIECES[lot.random_range(0..PIECES.len())].iter().copied())),
            2 => {
                let again = bytes[at..to].to_vec();
                drop(bytes.splice(at..at, again));
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = lot.random();
                }
            }
        }
    }
    bytes
}

fn headers(signature: &[u8]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert("tiktok-signature", HeaderValue::from_bytes(signature).ok()?);
    Some(headers)
}

async fn survives_anything(database: TestDatabase, rounds: u32) {
    let fixture = Fixture::start(database).await;
    let seeds = [
        incoming("m-1"),
        envelope(ACCOUNT, "im_send_msg", &outgoing("m-2", "API")),
        envelope(ACCOUNT, "authorization.removed", &serde_json::json!({ "reason": 1 })),
        envelope(
            ACCOUNT,
            "im_mark_read_msg",
            &serde_json::json!({ "conversation_id": "c",
            "read": { "last_read_timestamp": 1_790_000_000_123_i64 } }),
        ),
    ];
    let mut lot = StdRng::seed_from_u64(7);
    for round in 0..rounds {
        let seed = &seeds[lot.random_range(0..seeds.len())];
        let platform = if lot.random() { Platform::Business } else { Platform::LoginKit };
        // With a signature of the body before it was changed, or a changed signature: nothing comes in.
        let body = mutated(seed, &mut lot);
        let signature = sign(SECRET, seed, now_s());
        let before = fixture.context.log.ends().borrow().head;
        if body != seed.as_bytes() {
            let outcome = fixture.door.receive(platform, &headers(signature.as_bytes()).unwrap(), &body).await;
            assert_eq!(outcome, Outcome::WrongSignature, "round {round}");
        }
        let changed = mutated(&signature, &mut lot);
        if changed != signature.as_bytes()
            && let Some(headers) = headers(&changed)
        {
            let outcome = fixture.door.receive(platform, &headers, body.as_slice()).await;
            assert_eq!(outcome.status().as_u16(), 401, "round {round}: {outcome:?}");
        }
        assert_eq!(fixture.context.log.ends().borrow().head, before, "round {round}");
        // Signed rightly, whatever it is: answered with 200, so that TikTok does not repeat it for three days.
        let Ok(text) = String::from_utf8(body) else { continue };
        let headers = headers(sign(SECRET, &text, now_s()).as_bytes()).unwrap();
        let outcome = fixture.door.receive(platform, &headers, text.as_bytes()).await;
        assert_eq!(outcome.status().as_u16(), 200, "round {round}: {text}");
    }
}

#[tokio::test]
async fn nothing_comes_in_that_was_not_signed_and_what_was_is_taken() {
    survives_anything(TestDatabase::sqlite().await, ROUNDS).await;
}

#[tokio::test]
async fn the_same_on_postgres() {
    survives_anything(TestDatabase::postgres().await, ROUNDS / 10).await;
}
