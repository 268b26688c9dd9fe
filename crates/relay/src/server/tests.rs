//! The accept loop against slow, greedy, silent and dead peers.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::routing::get;
use futures_util::stream;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Notify, oneshot};
use tokio_rustls::TlsConnector;

use super::*;
use crate::testing::{PATIENCE, until};

struct Running {
    address: SocketAddr,
    metrics: Metrics,
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    async fn start(router: Router, limits: ServerLimits, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, metrics) = (listener.local_addr().unwrap(), Metrics::default());
        let (stop, stopped) = oneshot::channel();
        let server = Server { listener, router, tls, limits, metrics: metrics.clone() };
        let task = tokio::spawn(server.run(async move {
            let _ = stopped.await;
        }));
        Self { address, metrics, stop: Some(stop), task }
    }

    fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

fn hello() -> Router {
    Router::new().route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() }))
}

async fn get_hello(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: relay\r\nconnection: close\r\n\r\n").await.unwrap();
    rest(stream).await
}

/// Everything until the other side hangs up.
async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = String::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut text)).await.expect("the peer hangs up");
    // A connection that is cut in the middle may end with an error.
    if let Err(error) = read {
        assert!(matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof), "{error}");
    }
    text
}

#[tokio::test]
async fn a_request_is_answered_and_knows_its_peer() {
    let server = Running::start(hello(), ServerLimits::default(), None).await;
    let answer = get_hello(&mut server.connect().await).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("127.0.0.1"), "{answer}");
}

#[tokio::test]
async fn headers_that_do_not_come_are_given_up() {
    let limits = ServerLimits { header_timeout: Duration::from_millis(200), ..ServerLimits::default() };
    let server = Running::start(hello(), limits, None).await;
    let (mut silent, mut slow) = (server.connect().await, server.connect().await);
    slow.write_all(b"GET / HTTP/1.1\r\nx-slow: ").await.unwrap();
    for stream in [&mut silent, &mut slow] {
        let answer = rest(stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_no_more() {
    let limits = ServerLimits { max_connections_per_address: 2, ..ServerLimits::default() };
    let server = Running::start(hello(), limits.clone(), None).await;
    let first = server.connect().await;
    let mut second = server.connect().await;
    until("two are open", || async { server.metrics.encode().contains("connections 2") }).await;
    let mut third = server.connect().await;
    assert_eq!(rest(&mut third).await, "");
    assert!(server.metrics.encode().contains("connections_refused_total{reason=\"too_many_of_address\"} 1"));
    drop(first);
    until("one has gone", || async { server.metrics.encode().contains("connections 1") }).await;
    assert!(get_hello(&mut server.connect().await).await.starts_with("HTTP/1.1 200"));
    assert!(get_hello(&mut second).await.starts_with("HTTP/1.1 200"));

    let limits = ServerLimits { max_connections_per_address: 2, proxies: vec!["127.0.0.1".parse().unwrap()], ..limits };
    let server = Running::start(hello(), limits, None).await;
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(server.connect().await);
    }
    assert!(get_hello(&mut all[4]).await.starts_with("HTTP/1.1 200"), "a proxy brings many people's connections");
}

/// Tells when it is dropped: the connection that it was sent on is gone.
struct DropFlag(Arc<AtomicBool>);

impl Drop for DropFlag {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_peer_that_takes_nothing_is_cut() {
    let gone = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&gone);
    let endless = move || {
        let flag = DropFlag(Arc::clone(&flag));
        async move {
            Body::from_stream(stream::repeat_with(move || {
                let _alive = &flag;
                Ok::<_, io::Error>(vec![b'x'; 64 << 10])
            }))
        }
    };
    let limits = ServerLimits { write_timeout: Duration::from_millis(300), ..ServerLimits::default() };
    let server = Running::start(Router::new().route("/", get(endless)), limits, None).await;
    let mut stuck = server.connect().await;
    stuck.write_all(b"GET / HTTP/1.1\r\nhost: relay\r\n\r\n").await.unwrap();
    until("the stuck peer is cut", || async { gone.load(Ordering::SeqCst) }).await;
    // One that reads all the time is not.
    gone.store(false, Ordering::SeqCst);
    let mut busy = server.connect().await;
    busy.write_all(b"GET / HTTP/1.1\r\nhost: relay\r\n\r\n").await.unwrap();
    let mut buffer = vec![0; 1 << 20];
    let (mut taken, began) = (0, std::time::Instant::now());
    while began.elapsed() < Duration::from_secs(1) {
        taken += tokio::time::timeout(PATIENCE, busy.read(&mut buffer)).await.unwrap().unwrap();
    }
    assert!(taken > 1 << 20 && !gone.load(Ordering::SeqCst), "{taken} bytes");
}

#[tokio::test]
async fn closing_lets_calls_end_and_ends_streams() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (entered, waits) = (Arc::clone(&begun), Arc::clone(&go_on));
    let call = move || async move {
        entered.notify_one();
        waits.notified().await;
        "done"
    };
    let events = || async {
        let heartbeats = stream::once(async { Ok::<_, io::Error>("data: 1\n\n") }).chain(stream::pending());
        ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(heartbeats))
    };
    let router = Router::new().route("/call", get(call)).route("/events", get(events));
    let mut server = Running::start(router, ServerLimits::default(), None).await;
    let (mut calling, mut reading) = (server.connect().await, server.connect().await);
    calling.write_all(b"GET /call HTTP/1.1\r\nhost: relay\r\n\r\n").await.unwrap();
    reading.write_all(b"GET /events HTTP/1.1\r\nhost: relay\r\n\r\n").await.unwrap();
    begun.notified().await;
    let mut beginning = [0; 16];
    tokio::time::timeout(PATIENCE, reading.read_exact(&mut beginning)).await.unwrap().unwrap();
    server.stop();
    let stream = rest(&mut reading).await;
    assert!(stream.contains("data: 1") && stream.ends_with("0\r\n\r\n"), "a stream ends properly: {stream}");
    assert!(TcpStream::connect(server.address).await.is_err(), "nothing new is taken");
    go_on.notify_one();
    assert!(rest(&mut calling).await.ends_with("done"));
    tokio::time::timeout(PATIENCE, server.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn closing_does_not_wait_for_ever() {
    let limits = ServerLimits { drain_timeout: Duration::from_millis(200), ..ServerLimits::default() };
    let begun = Arc::new(Notify::new());
    let entered = Arc::clone(&begun);
    let never = move || async move {
        entered.notify_one();
        std::future::pending::<()>().await;
    };
    let mut server = Running::start(Router::new().route("/", get(never)), limits, None).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: relay\r\n\r\n").await.unwrap();
    begun.notified().await;
    server.stop();
    tokio::time::timeout(PATIENCE, server.task).await.unwrap().unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

fn trusting(certificate: &rcgen::Certificate, protocols: &[&[u8]]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

#[tokio::test]
async fn tls_shows_the_certificate_of_now_and_a_challenge_to_who_asks_for_it() {
    let name = || ServerName::try_from("relay.example").unwrap();
    let make = || rcgen::generate_simple_self_signed(vec!["relay.example".to_owned()]).unwrap();
    let (old, new, challenge) = (make(), make(), make());
    let shown = Arc::new(tls::ShownCertificate::default());
    let config = tls::server_config(Arc::clone(&shown)).unwrap();
    let limits = ServerLimits { handshake_timeout: Duration::from_millis(300), ..ServerLimits::default() };
    let server = Running::start(hello(), limits, Some(config)).await;
    let show = |made: &rcgen::CertifiedKey<rcgen::KeyPair>| {
        shown.show(made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes()).unwrap()
    };

    let connect = |connector: TlsConnector| {
        let address = server.address;
        async move { connector.connect(name(), TcpStream::connect(address).await.unwrap()).await }
    };
    assert!(connect(trusting(&old.cert, &[])).await.is_err(), "there is no certificate yet");
    show(&old);
    let mut stream = connect(trusting(&old.cert, &[b"h2", b"http/1.1"])).await.unwrap();
    assert!(get_hello(&mut stream).await.starts_with("HTTP/1.1 200"));
    show(&new);
    assert!(connect(trusting(&old.cert, &[])).await.is_err());
    assert!(connect(trusting(&new.cert, &[])).await.is_ok());

    let acme = || trusting(&challenge.cert, &[tls::ACME_PROTOCOL]);
    assert!(connect(acme()).await.is_err(), "nobody has asked");
    let pem = (challenge.cert.pem(), challenge.signing_key.serialize_pem());
    let certified = tls::challenge_key(pem.0.as_bytes(), pem.1.as_bytes()).unwrap();
    shown.begin_challenge("relay.example", certified);
    let stream = connect(acme()).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(tls::ACME_PROTOCOL));
    assert!(connect(trusting(&new.cert, &[b"http/1.1"])).await.is_ok(), "others see the usual one");
    shown.end_challenge("relay.example");
    assert!(connect(acme()).await.is_err());

    // A peer that speaks no TLS, and one that says nothing.
    let (mut plain, mut silent) = (server.connect().await, server.connect().await);
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    for stream in [&mut plain, &mut silent] {
        let mut bytes = Vec::new();
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("it is cut");
    }
}
