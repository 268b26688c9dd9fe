//! Pictures: fetched with care, or not at all.

use super::server::{Deed, Server, ok, token};
use crate::{Client, Endpoints, MediaError, NotAllowed};

#[tokio::test]
async fn a_picture_is_fetched_with_the_token_in_its_own_header() {
    let server = Server::start(vec![Deed::Answer("200 OK", "picture".to_owned())]).await;
    let url = format!("http://{}/a.jpeg?x=1", server.address);
    let bytes = server.client().fetch_media(&url, Some(&token()), 1024).await.unwrap();
    assert_eq!(&bytes[..], b"picture");
    let heard = server.heard().remove(0).to_lowercase();
    assert!(heard.contains("x-user: act.canary") && !heard.contains("access-token"), "{heard}");
}

#[tokio::test]
async fn a_picture_that_is_too_much_is_left() {
    let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    endless.resize(64 * 1024, 0);
    for (deed, expected) in [
        (Deed::Answer("200 OK", "x".repeat(2000)), MediaError::TooLarge { cap: 1000 }),
        (Deed::Raw(endless), MediaError::TooLarge { cap: 1000 }),
        (Deed::Answer("403 Forbidden", String::new()), MediaError::Expired { status: 403 }),
        (Deed::Answer("503 Oh", String::new()), MediaError::Later { detail: "HTTP 503".to_owned() }),
        (
            Deed::Answer("302 Found\r\nLocation: http://127.0.0.1:1/", String::new()),
            MediaError::Later { detail: "HTTP 302".to_owned() },
        ),
    ] {
        let server = Server::start(vec![deed]).await;
        let url = format!("http://{}/a", server.address);
        assert_eq!(server.client().fetch_media(&url, None, 1000).await.unwrap_err(), expected);
    }
    let server = Server::start(vec![Deed::Sulk]).await;
    let url = format!("http://{}/a", server.address);
    assert!(matches!(server.client().fetch_media(&url, None, 1000).await, Err(MediaError::Later { .. })));
}

#[tokio::test]
async fn a_token_is_not_carried_to_a_strangers_host() {
    let trap = Server::start(vec![ok("messages.json")]).await;
    let client = Client::new(Endpoints::default()).unwrap();
    for host in [trap.address.clone(), trap.address.replace("127.0.0.1", "localhost")] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}/a");
            let error = client.fetch_media(&url, Some(&token()), 1000).await.unwrap_err();
            assert_eq!(error, MediaError::NotAllowed(NotAllowed::Host), "{url}");
        }
    }
    assert!(trap.heard().is_empty());
}
