//! As much HTTP/1.1 as the signer and the desktops need, on sockets whose own address can be chosen: the relay limits the
//! connections of one address.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Clients that share an address; the relay takes 200.
const CLIENTS_OF_ADDRESS: usize = 100;

/// Opens a socket from the loopback address that this client, by its number, has.
pub(crate) async fn connect(to: SocketAddr, client: usize, receive_buffer: Option<u32>) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if let Some(bytes) = receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    let host = u8::try_from(client / CLIENTS_OF_ADDRESS).context("too many clients")?;
    socket.bind((Ipv4Addr::new(127, 0, 7, host.saturating_add(1)), 0).into())?;
    let stream = tokio::time::timeout(CONNECT_TIMEOUT, socket.connect(to)).await.context("no connection in time")??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A connection with what was read and is not used yet.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    pub(crate) buffer: Vec<u8>,
}

/// An answer's beginning.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Head {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.text.lines().filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub(crate) fn is_chunked(&self) -> bool {
        self.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
    }
}

impl Connection {
    pub(crate) async fn open(to: SocketAddr, client: usize) -> Result<Self> {
        Ok(Self { stream: connect(to, client, None).await?, buffer: Vec::new() })
    }

    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// Reads more into the buffer.
    pub(crate) async fn fill(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the connection was closed");
        }
        Ok(())
    }

    pub(crate) async fn head(&mut self) -> Result<Head> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                let bytes: Vec<u8> = self.buffer.drain(..end + 4).collect();
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no status")?;
                return Ok(Head { status, text });
            }
            self.fill().await?;
        }
    }

    /// Reads a whole answer, so that the connection can be used again.
    pub(crate) async fn answer(&mut self) -> Result<(u16, String)> {
        let head = self.head().await?;
        let length = head.header("content-length").map_or(Ok(0), str::parse::<usize>).context("its length")?;
        while self.buffer.len() < length {
            self.fill().await?;
        }
        let body: Vec<u8> = self.buffer.drain(..length).collect();
        Ok((head.status, String::from_utf8_lossy(&body).into_owned()))
    }
}

/// Where these bytes begin.
pub(crate) fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Opens an address of a relay.
pub(crate) async fn get(to: SocketAddr, path: &str) -> Result<(u16, String)> {
    let asked = async {
        let mut connection = Connection::new(TcpStream::connect(to).await?);
        connection.send(format!("GET {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n\r\n").as_bytes()).await?;
        connection.answer().await
    };
    tokio::time::timeout(CONNECT_TIMEOUT, asked).await.context("no answer in time")?
}
