//! A browser's or an attacker's HTTP, by hand: nothing is tidied, nothing is followed, every byte is the story's own.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header lines, as they came.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Opens an address as a browser does.
///
/// # Errors
/// Nobody listens there, or hung up without an answer.
pub async fn get(address: &str) -> std::io::Result<Answer> {
    ask("GET", address, &[], "").await
}

/// Asks for an `http://host:port/path` address. A `Host` header among the headers replaces the right one.
///
/// # Errors
/// Nobody listens there, or hung up without an answer.
pub async fn ask(method: &str, address: &str, headers: &[(&str, &str)], body: &str) -> std::io::Result<Answer> {
    ask_with_bytes(method, address, headers, body.as_bytes()).await
}

/// As [`ask`], with a body that is no text.
///
/// # Errors
/// As [`ask`].
pub async fn ask_with_bytes(
    method: &str,
    address: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Answer> {
    let rest = address.strip_prefix("http://").unwrap_or_else(|| panic!("only http: {address}"));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut request = format!("{method} /{path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request.push_str(&format!("Host: {host}\r\n"));
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    let mut stream = TcpStream::connect(host).await?;
    // A server that has heard enough may answer and close before the last byte is written.
    let _ = stream.write_all(&[request.as_bytes(), body].concat()).await;
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        read?;
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    };
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or(std::io::ErrorKind::InvalidData)?;
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
}
