//! Films: written as they come, with a picture's care and more timeouts.

use super::server::{Deed, Server, client_to, token};
use crate::{Client, Endpoints, MediaError, NotAllowed, VideoError, media_fetch::VideoTimeouts};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tokio::io::AsyncWrite;

const SHORT: VideoTimeouts = VideoTimeouts { idle: Duration::from_millis(300), total: Duration::from_secs(60) };
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nbegun";

async fn fetch(deed: Deed, cap: usize, timeouts: VideoTimeouts) -> (Result<u64, VideoError>, Vec<u8>) {
    let server = Server::start(vec![deed]).await;
    let url = format!("http://{}/video.mp4?x-expires=1792592000", server.address);
    let mut video = Vec::new();
    let outcome = server.client().media().fetch_video(&url, Some(&token()), cap, &mut video, timeouts).await;
    (outcome, video)
}

fn media(outcome: Result<u64, VideoError>) -> MediaError {
    match outcome {
        Err(VideoError::Media(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_video_larger_than_any_picture_is_written_whole() {
    let length = 11 * 1024 * 1024;
    let server = Server::start(vec![Deed::Answer("200 OK", "x".repeat(length))]).await;
    let url = format!("http://{}/video.mp4", server.address);
    let mut video = Vec::new();
    let written = server.client().fetch_video(&url, Some(&token()), usize::MAX, &mut video).await.unwrap();
    assert_eq!((written, video.len()), (u64::try_from(length).unwrap(), length));
    let heard = server.heard().remove(0).to_lowercase();
    assert!(heard.contains("x-user: act.canary") && !heard.contains("access-token"), "{heard}");
}

#[tokio::test]
async fn a_video_that_is_too_much_is_left() {
    let (outcome, video) = fetch(Deed::Answer("200 OK", "x".repeat(2000)), 1000, VideoTimeouts::default()).await;
    assert_eq!(media(outcome), MediaError::TooLarge { cap: 1000 });
    assert!(video.is_empty(), "it said so before it came");
    let mut endless = HEAD.to_vec();
    endless.resize(64 * 1024, 0);
    let (outcome, video) = fetch(Deed::Raw(endless), 1000, VideoTimeouts::default()).await;
    assert_eq!(media(outcome), MediaError::TooLarge { cap: 1000 });
    assert!(video.len() <= 1000);
    let huge = b"HTTP/1.1 200 OK\r\nContent-Length: 209715201\r\n\r\n".to_vec();
    let (outcome, _) = fetch(Deed::Raw(huge), usize::MAX, VideoTimeouts::default()).await;
    assert_eq!(media(outcome), MediaError::TooLarge { cap: 200 * 1024 * 1024 });
}

#[tokio::test]
async fn a_dead_link_is_told_from_a_bad_day() {
    for (answer, expected) in [
        ("401 Unauthorized", MediaError::Expired { status: 401 }),
        ("403 Forbidden", MediaError::Expired { status: 403 }),
        ("404 Not Found", MediaError::Expired { status: 404 }),
        ("410 Gone", MediaError::Expired { status: 410 }),
        ("503 Oh", MediaError::Later { detail: "HTTP 503".to_owned() }),
        ("302 Found\r\nLocation: http://127.0.0.1:1/", MediaError::Later { detail: "HTTP 302".to_owned() }),
    ] {
        let (outcome, video) = fetch(Deed::Answer(answer, String::new()), 1000, VideoTimeouts::default()).await;
        assert_eq!((media(outcome), video.len()), (expected.clone(), 0), "{answer}");
        let server = Server::start(vec![Deed::Answer(answer, String::new())]).await;
        let url = format!("http://{}/a.jpeg", server.address);
        assert_eq!(server.client().fetch_media(&url, None, 1000).await.unwrap_err(), expected, "{answer}");
    }
}

#[tokio::test]
async fn a_video_that_stops_coming_is_given_up() {
    for deed in [Deed::Sulk, Deed::Trickle(HEAD.to_vec(), None)] {
        let (outcome, _) = fetch(deed, 1000, SHORT).await;
        assert_eq!(media(outcome), MediaError::Later { detail: "nothing came for too long".to_owned() });
    }
    let (outcome, video) = fetch(
        Deed::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun".to_vec()),
        1000,
        VideoTimeouts::default(),
    )
    .await;
    assert!(matches!(media(outcome), MediaError::Later { .. }), "cut off");
    assert_eq!(video, b"begun");
}

#[tokio::test]
async fn a_video_that_comes_drop_by_drop_has_an_end_too() {
    let (started, timeouts) =
        (Instant::now(), VideoTimeouts { total: Duration::from_millis(700), ..VideoTimeouts::default() });
    let drops = Deed::Trickle(HEAD.to_vec(), Some(Duration::from_millis(20)));
    let (outcome, video) = fetch(drops, 1000, timeouts).await;
    assert!(matches!(media(outcome), MediaError::Later { .. }));
    assert!(video.starts_with(b"begun") && started.elapsed() >= timeouts.total, "and no sooner");
}

#[tokio::test]
async fn a_video_is_fetched_from_tiktoks_hosts_only() {
    let client = Client::new(Endpoints::default()).unwrap();
    for (url, why) in [
        ("https://evil.example/video.mp4", NotAllowed::Host),
        ("http://p16.tiktokcdn.com/video.mp4", NotAllowed::Scheme),
        ("https://127.0.0.1/video.mp4", NotAllowed::Host),
        ("https://localhost/video.mp4", NotAllowed::Host),
        ("https://a@p16.tiktokcdn.com/video.mp4", NotAllowed::Credentials),
        ("https://p16.tiktokcdn.com:8443/video.mp4", NotAllowed::Port),
        ("file:///etc/passwd", NotAllowed::Scheme),
    ] {
        let mut video = Vec::new();
        let outcome = client.fetch_video(url, Some(&token()), 1000, &mut video).await;
        assert_eq!((media(outcome), video.len()), (MediaError::NotAllowed(why), 0), "{url}");
    }
}

/// A disk without room.
struct Full;

impl AsyncWrite for Full {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::StorageFull.into()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_full_disk_is_not_the_networks_fault() {
    let server = Server::start(vec![Deed::Answer("200 OK", "video".to_owned())]).await;
    let url = format!("http://{}/video.mp4", server.address);
    let outcome = client_to(&server.address).fetch_video(&url, None, 1000, &mut Full).await;
    let Err(VideoError::NotWritten(error)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}
