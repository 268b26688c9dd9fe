//! A desktop that takes nothing costs its own connection, and is cut off.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use futures_util::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use wire::EventBody;
use wire::event::Hint;

use super::super::{StreamSettings, Streams, router};
use super::client::Desktop;
use crate::log::NewEvent;
use crate::testing::{PATIENCE, TestDatabase, hint, pair, until};
use crate::write_timeout::WriteTimeout;

const EVENTS: usize = 60;
const EVENT_BYTES: usize = 300_000;

/// A listener whose connections have the limit.
struct Limited(TcpListener);

impl Listener for Limited {
    type Io = WriteTimeout<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (socket, address) = self.0.accept().await.unwrap();
        (WriteTimeout::new(socket, Duration::from_secs(1)), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desktop_that_takes_nothing_is_cut_off_and_nobody_else_waits() {
    let database = TestDatabase::sqlite().await;
    let context = database.context().await;
    let streams = Streams::start(context.clone(), StreamSettings::default(), |_| std::future::pending().boxed());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = router(Arc::clone(&streams));
    tokio::spawn(async move { axum::serve(Limited(listener), app).await });

    // It asks for the stream, and then takes nothing.
    let token = pair(&context, "stuck").await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stuck = socket.connect(address).await.unwrap();
    let request =
        format!("GET {} HTTP/1.1\r\nhost: relay\r\nauthorization: Bearer {token}\r\n\r\n", wire::paths::STREAM);
    stuck.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stuck.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");

    let token = pair(&context, "quick").await;
    let mut quick = Desktop::open(&format!("http://{address}"), &token, None).await;
    quick.hello().await;
    assert_eq!(streams.count(), 2);
    for key in 1..=EVENTS {
        let body = EventBody::Hint(Hint { conversation: Some("x".repeat(EVENT_BYTES)) });
        context.log.append(NewEvent { body, ..hint(&key.to_string()) }, PATIENCE).await.unwrap();
        assert_eq!(quick.event().await.id.sequence, key as u64);
    }
    until("the one that takes nothing is cut off", || async { streams.count() == 1 }).await;
    drop(stuck);

    context.log.append(hint("next"), PATIENCE).await.unwrap();
    assert_eq!(quick.event().await.id.sequence, EVENTS as u64 + 1);
}

#[tokio::test]
async fn a_write_that_makes_no_progress_fails_and_a_slow_one_does_not() {
    let (near, mut far) = tokio::io::duplex(64);
    let mut near = WriteTimeout::new(near, Duration::from_millis(200));
    // A little at a time, each within the limit, for longer than the limit in all.
    let reading = tokio::spawn(async move {
        let mut taken = 0;
        let mut bytes = [0; 32];
        while taken < 512 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            taken += far.read(&mut bytes).await.unwrap();
        }
        far
    });
    near.write_all(&[0; 512]).await.unwrap();
    let _far = reading.await.unwrap();
    let stuck = near.write_all(&[0; 512]).await.unwrap_err();
    assert_eq!(stuck.kind(), io::ErrorKind::TimedOut);
}
