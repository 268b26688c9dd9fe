//! What the log holds after a call: where it went and what came of it, and nothing anyone said or could use.

use super::fixture;
use super::server::{Deed, Server};
use crate::{
    AccessToken, ClientSecret, RefreshToken,
    business::{
        message::{ListMessages, Outgoing, SendMessage},
        oauth::BusinessApp,
        webhook,
    },
    login_kit::{self, LoginApp},
};
use std::{
    io,
    sync::{Arc, Mutex},
};
use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_call_leaves_its_path_and_code_and_no_canary() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    // For the whole process: what the other tests do meanwhile must not leak either, and a subscriber of one thread
    // can miss a call site that another thread met first.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let server = Server::start(vec![
        Deed::Answer("200 OK", fixture("messages.json").replace("Do you ship", "canary-customer")),
        Deed::Answer("200 OK", fixture("error-echoes-token.json")),
        Deed::Answer("400 Bad Request", fixture("login-error-invalid-grant.json")),
    ])
    .await;
    let client = server.client();
    let token = AccessToken::new("act.canary!4321.va");
    let chat = "canary-chat".to_owned();
    let business_id = "canary-shop".to_owned();
    client
        .call(&token, ListMessages { business_id: business_id.clone(), conversation_id: chat.clone() })
        .await
        .unwrap();
    // The server listens to one connection at a time; this one would stay open for more reads.
    drop(client);
    let body = Outgoing::Text { body: "canary-reply".to_owned(), referenced_message_id: None };
    let client = server.client();
    client.call(&token, SendMessage { business_id, conversation_id: chat, body }).await.unwrap_err();
    let app = LoginApp { client_key: "canary-key".to_owned(), client_secret: ClientSecret::new("canary-secret") };
    login_kit::refresh(&client, &app, &RefreshToken::new("rft.canary")).await.unwrap_err();

    let server = Server::start(vec![Deed::HangUp]).await;
    let app = BusinessApp {
        app_id: "1".to_owned(),
        secret: ClientSecret::new("canary-secret"),
        redirect_uri: "https://shop.example/".to_owned(),
    };
    // The one secret that travels in an address.
    webhook::callback(&server.client(), &app).await.unwrap_err();

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("canary"), "{text}");
    for part in [
        "/business/message/content/list/",
        "/business/message/send/",
        "/v2/oauth/token/",
        "/business/webhook/list/",
        "code=40105",
        "status=400",
        "duration_ms=",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}
