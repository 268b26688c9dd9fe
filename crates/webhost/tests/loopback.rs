//! Who gets what over loopback. Requests are written by hand, because a client library would not send the wrong ones.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::sync::Arc;
use std::time::Duration;

use desk::{Desk, DeskConfig, Endpoints};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use webhost::{Loopback, WebHost};

struct Host {
    web: WebHost,
    _directory: TempDir,
}

impl Host {
    /// A desk without accounts, and a page of one file.
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let ui_dir = directory.path().join("ui");
        std::fs::create_dir(&ui_dir).unwrap();
        std::fs::write(ui_dir.join("index.html"), "<!doctype html><title>Deskbell</title>").unwrap();
        std::fs::write(directory.path().join("secret.txt"), "secret").unwrap();
        let nowhere =
            r#"{"authorize":"http://127.0.0.1:9/","login_kit":"http://127.0.0.1:9/","business":"http://127.0.0.1:9/"}"#;
        let config = DeskConfig {
            data_dir: directory.path().join("data"),
            picture_decoder: env!("CARGO_BIN_EXE_webhost").into(),
            endpoints: Some(Endpoints::from_json(nowhere).unwrap()),
            practice: false,
        };
        std::fs::create_dir(&config.data_dir).unwrap();
        let desk = Desk::open(config, Arc::new(Loopback::default())).await.unwrap();
        Self { web: WebHost::start(desk, 0, &ui_dir).await.unwrap(), _directory: directory }
    }

    /// Sends the request with our own name in it and gives back what came within a second.
    async fn ask(&self, line: &str, headers: &[(&str, &str)], body: &str) -> String {
        let name = self.web.address.to_string();
        self.ask_as(&name, line, headers, body).await
    }

    async fn ask_as(&self, name: &str, line: &str, headers: &[(&str, &str)], body: &str) -> String {
        let mut request =
            format!("{line} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for (header, value) in headers {
            request.push_str(&format!("{header}: {value}\r\n"));
        }
        request.push_str("\r\n");
        request.push_str(body);
        let mut stream = TcpStream::connect(self.web.address).await.unwrap();
        // The host may answer and hang up before it has read all of a body that is too large.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(1), stream.read_to_end(&mut answer)).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn question(&self, headers: &[(&str, &str)]) -> String {
        let mut all = vec![("Content-Type", "application/json")];
        all.extend(headers);
        self.ask("POST /rpc", &all, r#"{"command":"getOverview","args":{}}"#).await
    }
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("no answer")
}

#[tokio::test]
async fn our_page_asks_and_is_answered() {
    let host = Host::start().await;
    let own = format!("http://{}", host.web.address);
    let answer = host.question(&[("Origin", &own), ("Sec-Fetch-Site", "same-origin")]).await;
    assert_eq!(status(&answer), "200");
    assert!(answer.contains(r#"{"reply":{"#), "{answer}");
}

#[tokio::test]
async fn an_unknown_question_is_a_fault_and_not_an_http_error() {
    let host = Host::start().await;
    let answer = host.ask("POST /rpc", &[("Content-Type", "application/json")], r#"{"command":"nonsense"}"#).await;
    assert_eq!(status(&answer), "200");
    assert!(answer.contains(r#""code":"badRequest""#), "{answer}");
}

#[tokio::test]
async fn a_name_that_only_points_here_gets_nothing() {
    let host = Host::start().await;
    let port = host.web.address.port();
    for name in [format!("evil.example:{port}"), "evil.example".to_owned(), "127.0.0.1".to_owned()] {
        for line in ["GET /", "GET /events", "POST /rpc"] {
            assert_eq!(status(&host.ask_as(&name, line, &[], "").await), "421", "{line} for {name}");
        }
    }
}

#[tokio::test]
async fn other_peoples_pages_get_nothing() {
    let host = Host::start().await;
    for foreign in [("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")] {
        assert_eq!(status(&host.question(&[foreign]).await), "403", "{foreign:?}");
        assert_eq!(status(&host.ask("GET /events", &[foreign], "").await), "403", "{foreign:?}");
        assert_eq!(status(&host.ask("GET /media/ab", &[foreign], "").await), "403", "{foreign:?}");
    }
}

#[tokio::test]
async fn a_question_is_json_and_of_bounded_size() {
    let host = Host::start().await;
    // What a foreign page could send without asking the browser first.
    assert_eq!(
        status(&host.ask("POST /rpc", &[("Content-Type", "text/plain")], r#"{"command":"getOverview"}"#).await),
        "415"
    );
    // Larger than any file of saved replies.
    let large = format!(r#"{{"command":"getOverview","args":"{}"}}"#, "x".repeat(72 * 1024 * 1024));
    assert_eq!(status(&host.ask("POST /rpc", &[("Content-Type", "application/json")], &large).await), "413");
}

#[tokio::test]
async fn the_page_is_served_under_the_windows_policy_and_nothing_beside_it() {
    let host = Host::start().await;
    let page = host.ask("GET /", &[], "").await;
    assert!(status(&page) == "200" && page.contains("<title>Deskbell</title>"), "{page}");
    assert!(
        page.contains("default-src 'none'; script-src 'self';") && page.contains("frame-ancestors 'none'"),
        "{page}"
    );
    assert!(page.contains("nosniff"), "{page}");
    for out in [
        "GET /../secret.txt",
        "GET /%2e%2e/secret.txt",
        "GET /..%2fsecret.txt",
        "GET //secret.txt",
        "GET /media/../secret.txt",
    ] {
        let answer = host.ask(out, &[], "").await;
        assert!(status(&answer) == "404" || status(&answer) == "400", "{out}: {answer}");
    }
}

#[tokio::test]
async fn events_arrive_as_a_stream() {
    let host = Host::start().await;
    let answer = host.ask("GET /events", &[("Sec-Fetch-Site", "same-origin")], "").await;
    assert!(status(&answer) == "200" && answer.to_lowercase().contains("content-type: text/event-stream"), "{answer}");
}

#[tokio::test]
async fn a_picture_that_is_not_there_is_not_there() {
    let host = Host::start().await;
    for key in ["00ff", "nothex", "..%2f..%2fetc"] {
        assert_eq!(status(&host.ask(&format!("GET /media/{key}"), &[], "").await), "404", "{key}");
    }
}
