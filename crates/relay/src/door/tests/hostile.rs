//! Slow, broken and misdirected requests, and a database that does not answer.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wire::paths;

use super::fixture::{Fixture, SECRET, incoming, now_s, sign};
use crate::testing::{PATIENCE, TestDatabase};

async fn fixture() -> Fixture {
    Fixture::start(TestDatabase::sqlite().await).await
}

/// Sends these bytes, and reads until the door has answered or hung up.
async fn exchange(fixture: &Fixture, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(fixture.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 1_024];
    while !answer.windows(4).any(|window| window == b"\r\n\r\n") {
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap().unwrap();
        if read == 0 {
            break;
        }
        answer.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8(answer).unwrap()
}

fn head(signature: Option<&str>, length: &str) -> String {
    let signature = signature.map(|signature| format!("tiktok-signature: {signature}\r\n")).unwrap_or_default();
    format!("POST {} HTTP/1.1\r\nhost: relay\r\n{signature}{length}\r\n\r\n", paths::BUSINESS_WEBHOOK)
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let fixture = fixture().await;
    let body = incoming("m-1");
    let head = head(Some(&sign(SECRET, &body, now_s())), &format!("content-length: {}", body.len()));
    let answer = exchange(&fixture, [head.as_bytes(), &body.as_bytes()[..20]].concat().as_slice()).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert_eq!(fixture.counted("too_slow"), 1);
    assert!(fixture.events().await.is_empty());
}

#[tokio::test]
async fn what_is_not_signed_or_too_long_is_answered_before_its_body_comes() {
    let fixture = fixture().await;
    let answer = exchange(&fixture, head(None, "content-length: 100").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let signature = sign(SECRET, "", now_s());
    let answer = exchange(&fixture, head(Some(&signature), "content-length: 262145").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // One that does not say how long it is.
    let chunk = format!("{:x}\r\n{}\r\n", 200 << 10, "x".repeat(200 << 10));
    let chunked = format!("{}{chunk}{chunk}0\r\n\r\n", head(Some(&signature), "transfer-encoding: chunked"));
    let answer = exchange(&fixture, chunked.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!((fixture.counted("not_signed"), fixture.counted("too_large")), (1, 2));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_nothing() {
    let fixture = fixture().await;
    let signature = sign(SECRET, "", now_s());
    let answer =
        exchange(&fixture, format!("{}zz\r\n", head(Some(&signature), "transfer-encoding: chunked")).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(fixture.counted("broken"), 1);
}

#[tokio::test]
async fn only_post_has_an_answer() {
    let fixture = fixture().await;
    for method in ["GET", "PUT", "DELETE"] {
        let request = format!("{method} {} HTTP/1.1\r\nhost: relay\r\n\r\n", paths::BUSINESS_WEBHOOK);
        let answer = exchange(&fixture, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 405"), "{method}: {answer}");
    }
}

#[tokio::test]
async fn a_database_that_fails_is_never_answered_with_200() {
    let fixture = fixture().await;
    assert_eq!(fixture.push(&incoming("m-1")).await.as_u16(), 200);
    // As after a disk that lost the table: reads of secrets are kept for seconds, so only the append fails.
    fixture.execute("ALTER TABLE event RENAME TO event_lost", Vec::new()).await;
    assert_eq!(fixture.push(&incoming("m-2")).await.as_u16(), 503);
    fixture.execute("ALTER TABLE event_lost RENAME TO event", Vec::new()).await;
    fixture.execute("ALTER TABLE account RENAME TO account_lost", Vec::new()).await;
    assert_eq!(fixture.push(&incoming("m-2")).await.as_u16(), 503);
    fixture.execute("ALTER TABLE account_lost RENAME TO account", Vec::new()).await;
    assert_eq!(fixture.counted("unavailable"), 2);
    assert_eq!(fixture.push(&incoming("m-2")).await.as_u16(), 200, "TikTok's repetition is stored");
    assert_eq!(fixture.events().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_database_that_hangs_is_answered_with_503_in_time() {
    let fixture = fixture().await;
    // Somebody holds the one writer.
    let (release, held) = tokio::sync::oneshot::channel::<()>();
    let database = fixture.context.database.clone();
    let (locked, is_locked) = tokio::sync::oneshot::channel();
    let holder = tokio::spawn(async move {
        let done: Result<(), crate::database::DatabaseError> = database
            .write(move |_| {
                Box::pin(async move {
                    let _ = locked.send(());
                    let _ = held.await;
                    Ok(())
                })
            })
            .await;
        done.unwrap();
    });
    is_locked.await.unwrap();
    let body = incoming("m-1");
    let mut headers = axum::http::HeaderMap::new();
    headers.insert("tiktok-signature", sign(SECRET, &body, now_s()).parse().unwrap());
    let outcome = fixture.door.receive(wire::api::Platform::Business, &headers, body.as_bytes()).await;
    assert_eq!(outcome, super::super::Outcome::Unavailable);
    release.send(()).unwrap();
    holder.await.unwrap();
}
