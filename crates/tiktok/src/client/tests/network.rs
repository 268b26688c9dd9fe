//! What breaks on the way, and what is really written to the wire.

use super::{
    fixture,
    server::{Deed, Server, client_to, client_waiting, hello, ok, read, token},
};
use crate::{
    AccessToken, Client, Endpoints, Error, RefreshToken, UnknownWhy, UnreachableWhy,
    business::{
        conversation::{ConversationKind, ListConversations},
        oauth,
    },
    login_kit,
};
use std::time::Duration;
use tokio::{io::AsyncWriteExt, net::TcpListener};

async fn why(deed: Deed) -> UnknownWhy {
    let server = Server::start(vec![deed]).await;
    let client = server.client();
    why_by(&client, &server).await
}

async fn why_by(client: &Client, server: &Server) -> UnknownWhy {
    let error = client.call(&token(), hello()).await.unwrap_err();
    let Error::Unknown { why, .. } = error else { panic!("{error}") };
    assert_eq!(server.heard().len(), 1, "asked once");
    why
}

#[tokio::test]
async fn a_refused_connection_is_certainly_not_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = client_to(&address).call(&token(), hello()).await.unwrap_err();
    let Error::Unreachable { why, detail } = &error else { panic!("{error}") };
    assert_eq!(*why, UnreachableWhy::Connect);
    assert!(detail.contains("refused") && !detail.contains("http"), "{detail}");
    assert!(error.is_certainly_not_taken());
}

#[tokio::test]
async fn a_failed_handshake_is_certainly_not_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"no speaker of secrets\r\n").await;
        }
    });
    let file = format!(r#"{{"authorize":"{address}","login_kit":"{address}","business":"{address}"}}"#);
    let client = Client::new(Endpoints::from_json(&file).unwrap()).unwrap();
    let error = client.call(&token(), hello()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { why: UnreachableWhy::Connect, .. }), "{error}");
}

#[tokio::test]
async fn a_token_no_header_can_carry_never_leaves() {
    let server = Server::start(vec![ok("send-text.json")]).await;
    let error = server.client().call(&AccessToken::new("act.\ncanary"), hello()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { why: UnreachableWhy::NotBuilt, .. }), "{error}");
    assert!(!format!("{error:?}").contains("canary"));
    assert!(server.heard().is_empty());
}

#[tokio::test]
async fn whatever_breaks_after_the_request_left_is_unknown() {
    assert_eq!(why(Deed::HangUp).await, UnknownWhy::HungUp);
    assert_eq!(why(Deed::Sulk).await, UnknownWhy::TimedOut);
    assert_eq!(why(Deed::Raw(b"HTTP/1.1 200 OK\r\n".to_vec())).await, UnknownWhy::HungUp);
    assert_eq!(
        why(Deed::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"code\":0,".to_vec())).await,
        UnknownWhy::HungUp
    );
    assert_eq!(why(Deed::Raw(b"gopher".to_vec())).await, UnknownWhy::HungUp);
    let garbled = UnknownWhy::Garbled { path: ".".to_owned() };
    assert_eq!(why(Deed::Answer("200 OK", fixture("truncated.json"))).await, garbled);
    assert_eq!(why(Deed::Answer("200 OK", String::new())).await, garbled);
    assert_eq!(why(Deed::Answer("502 Bad Gateway", String::new())).await, UnknownWhy::Status(502));
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let mut bytes = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    bytes.resize(9 * 1024 * 1024, b' ');
    let server = Server::start(vec![Deed::Raw(bytes)]).await;
    // So much takes a busy computer a while.
    let patient = client_waiting(&server.address, Duration::from_secs(60));
    assert_eq!(why_by(&patient, &server).await, UnknownWhy::TooLong);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let away = Deed::Answer("302 Found\r\nLocation: http://127.0.0.1:1/", String::new());
    assert_eq!(why(away).await, UnknownWhy::Status(302));
}

#[tokio::test]
async fn a_read_goes_out_as_documented() {
    let server = Server::start(vec![ok("messages.json"), ok("conversations.json")]).await;
    let client = server.client();
    client.call(&token(), read()).await.unwrap();
    let kind = ConversationKind::Stranger;
    let cursor = Some("9007199254740993".to_owned());
    client.call(&token(), ListConversations { business_id: "b".to_owned(), kind, limit: 0, cursor }).await.unwrap();
    let heard = server.heard();
    let line = |index: usize| heard[index].lines().next().unwrap_or_default().to_owned();
    let path = "GET /open_api/v1.3/business/message";
    assert_eq!(
        line(0),
        format!("{path}/content/list/?business_id=_000EXAMPLEopenid&conversation_id=7aB%2Bc%2Fd%3D%3D HTTP/1.1")
    );
    assert_eq!(
        line(1),
        format!(
            "{path}/conversation/list/?business_id=b&conversation_type=STRANGER&limit=1&cursor=9007199254740993 HTTP/1.1"
        )
    );
    let lower = heard[0].to_lowercase();
    assert!(lower.contains("\r\naccess-token: act.canary\r\n") && !lower.contains("bearer"), "{lower}");
}

#[tokio::test]
async fn a_send_never_reuses_a_connection() {
    // The server would gladly keep its connection, as it does for reads below.
    let server = Server::start(vec![ok("send-text.json"), ok("send-text.json"), ok("send-text.json")]).await;
    let client = server.client();
    for _ in 0..3 {
        client.call(&token(), hello()).await.unwrap();
    }
    assert_eq!(*server.connections.lock().unwrap(), 3);
    let body = server.heard()[0].clone();
    assert!(body.starts_with("POST /open_api/v1.3/business/message/send/ HTTP/1.1"), "{body}");
    assert!(body.contains(r#""recipient_type":"CONVERSATION""#), "{body}");
}

#[tokio::test]
async fn reads_share_a_connection_and_teach_the_clock() {
    let dated = |date: &'static str| Deed::Answer(date, fixture("messages.json"));
    let head = "200 OK\r\nDate: Wed, 06 Nov 2024 08:49:37 GMT";
    let server = Server::start(vec![dated(head), dated(head)]).await;
    let client = server.client();
    assert_eq!(client.server_offset_ms(), 0);
    client.call(&token(), read()).await.unwrap();
    client.clone().call(&token(), read()).await.unwrap();
    assert_eq!(*server.connections.lock().unwrap(), 1);
    assert!(client.server_offset_ms() < -10_000_000_000, "long behind");
}

#[test]
fn every_call_can_be_spawned() {
    fn spawnable<T: Send>(_: T) {}
    let client = Client::new(Endpoints::default()).unwrap();
    spawnable(client.call(&token(), hello()));
    spawnable(client.call(&token(), super::uploads::picture()));
    spawnable(client.fetch_media("", None, 0));
    spawnable(oauth::refresh(&client, &super::tokens::shop_app(), &RefreshToken::new("")));
    spawnable(login_kit::exchange(&client, &super::tokens::login_app(), "", "", ""));
    spawnable(login_kit::refresh(&client, &super::tokens::login_app(), &RefreshToken::new("")));
    spawnable(login_kit::user_info(&client, &token()));
}
