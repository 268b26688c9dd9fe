//! A small ACME authority (RFC 8555) that verifies names by `tls-alpn-01` and no request's signature.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, head, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{CertificateParams, Issuer, KeyPair, PublicKeyData, SignatureAlgorithm};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use serde_json::{Value as JsonValue, json};
use sha2::{Digest as _, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use crate::config::AcmeConfig;
use crate::metrics::Metrics;
use crate::server::{Server, ServerLimits};
use crate::tls::{ACME_PROTOCOL, ShownCertificate, server_config};

const TOKEN: &str = "a-token-of-the-authoritys-own";

/// The authority, listening.
pub(super) struct Authority {
    address: SocketAddr,
    shared: Arc<Shared>,
    folder: tempfile::TempDir,
}

struct Shared {
    base: String,
    /// The relay that is asked.
    relay: SocketAddr,
    lifetime_s: AtomicI64,
    accounts: AtomicUsize,
    orders: AtomicUsize,
    current: Mutex<Order>,
    issuer: Issuer<'static, KeyPair>,
}

#[derive(Default)]
struct Order {
    name: String,
    status: &'static str,
    thumbprint: String,
    chain: String,
}

impl Authority {
    /// Starts it, and a relay's server that shows `shown`, which it asks.
    pub(super) async fn start(shown: Arc<ShownCertificate>, lifetime_s: i64) -> Self {
        let relay = listen(Router::new(), shown).await;
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = Issuer::new(parameters, key);

        let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("root.pem"), own.cert.pem()).unwrap();
        let certificate = Arc::new(ShownCertificate::default());
        certificate.show(own.cert.pem().as_bytes(), own.signing_key.serialize_pem().as_bytes()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            base: format!("https://localhost:{}", address.port()),
            relay,
            lifetime_s: AtomicI64::new(lifetime_s),
            accounts: AtomicUsize::new(0),
            orders: AtomicUsize::new(0),
            current: Mutex::default(),
            issuer,
        });
        serve(listener, router(Arc::clone(&shared)), certificate);
        Self { address, shared, folder }
    }

    pub(super) fn config(&self, name: &str) -> AcmeConfig {
        AcmeConfig {
            directory: format!("https://localhost:{}/directory", self.address.port()),
            contact: Some("mailto:admin@shop.example".to_owned()),
            name: name.to_owned(),
            root: Some(self.folder.path().join("root.pem")),
        }
    }

    pub(super) fn set_lifetime(&self, lifetime_s: i64) {
        self.shared.lifetime_s.store(lifetime_s, Ordering::SeqCst);
    }

    pub(super) fn accounts(&self) -> usize {
        self.shared.accounts.load(Ordering::SeqCst)
    }

    pub(super) fn orders(&self) -> usize {
        self.shared.orders.load(Ordering::SeqCst)
    }
}

async fn listen(router: Router, shown: Arc<ShownCertificate>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    serve(listener, router, shown);
    address
}

fn serve(listener: TcpListener, router: Router, shown: Arc<ShownCertificate>) {
    let tls = Some(server_config(shown).unwrap());
    let server = Server { listener, router, tls, limits: ServerLimits::default(), metrics: Metrics::default() };
    tokio::spawn(server.run(std::future::pending()));
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/directory", get(directory))
        .route("/nonce", head(|| async { with_nonce(StatusCode::OK.into_response()) }))
        .route("/account", post(account))
        .route("/order", post(new_order))
        .route("/order/1", post(order))
        .route("/authorization", post(authorization))
        .route("/challenge", post(challenge))
        .route("/finalize", post(finalize))
        .route("/certificate", post(certificate))
        .with_state(shared)
}

fn with_nonce(mut response: Response) -> Response {
    response.headers_mut().insert("replay-nonce", "bm9uY2U".parse().unwrap());
    response
}

fn part(body: &JsonValue, name: &str) -> JsonValue {
    let bytes = URL_SAFE_NO_PAD.decode(body[name].as_str().unwrap()).unwrap();
    if bytes.is_empty() { JsonValue::Null } else { serde_json::from_slice(&bytes).unwrap() }
}

async fn directory(State(shared): State<Arc<Shared>>) -> Json<JsonValue> {
    let at = |path: &str| format!("{}/{path}", shared.base);
    Json(json!({
        "newNonce": at("nonce"), "newAccount": at("account"), "newOrder": at("order"),
        "revokeCert": at("revoke"), "keyChange": at("key"),
    }))
}

async fn account(State(shared): State<Arc<Shared>>, Json(body): Json<JsonValue>) -> Response {
    let jwk = part(&body, "protected")["jwk"].clone();
    let canonical = format!(r#"{{"crv":{},"kty":{},"x":{},"y":{}}}"#, jwk["crv"], jwk["kty"], jwk["x"], jwk["y"]);
    shared.current.lock().unwrap().thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(canonical));
    shared.accounts.fetch_add(1, Ordering::SeqCst);
    let location = [("location", format!("{}/account/1", shared.base))];
    with_nonce((StatusCode::CREATED, location, Json(json!({ "status": "valid" }))).into_response())
}

async fn new_order(State(shared): State<Arc<Shared>>, Json(body): Json<JsonValue>) -> Response {
    let name = part(&body, "payload")["identifiers"][0]["value"].as_str().unwrap().to_owned();
    {
        let mut current = shared.current.lock().unwrap();
        (current.name, current.status) = (name, "pending");
    }
    shared.orders.fetch_add(1, Ordering::SeqCst);
    let location = [("location", format!("{}/order/1", shared.base))];
    with_nonce((StatusCode::CREATED, location, Json(state(&shared))).into_response())
}

fn state(shared: &Shared) -> JsonValue {
    let current = shared.current.lock().unwrap();
    let mut state = json!({
        "status": current.status,
        "identifiers": [{ "type": "dns", "value": current.name }],
        "authorizations": [format!("{}/authorization", shared.base)],
        "finalize": format!("{}/finalize", shared.base),
    });
    if current.status == "valid" {
        state["certificate"] = json!(format!("{}/certificate", shared.base));
    }
    state
}

async fn order(State(shared): State<Arc<Shared>>) -> Response {
    with_nonce(Json(state(&shared)).into_response())
}

async fn authorization(State(shared): State<Arc<Shared>>) -> Response {
    let name = shared.current.lock().unwrap().name.clone();
    let challenge = json!({ "type": "tls-alpn-01", "url": format!("{}/challenge", shared.base), "token": TOKEN,
        "status": "pending" });
    let identifier = json!({ "type": "dns", "value": name });
    with_nonce(
        Json(json!({ "status": "pending", "identifier": identifier, "challenges": [challenge] })).into_response(),
    )
}

async fn challenge(State(shared): State<Arc<Shared>>) -> Response {
    let (name, thumbprint) = {
        let current = shared.current.lock().unwrap();
        (current.name.clone(), current.thumbprint.clone())
    };
    let answered = answers(shared.relay, &name, &thumbprint).await;
    shared.current.lock().unwrap().status = if answered { "ready" } else { "invalid" };
    let url = format!("{}/challenge", shared.base);
    with_nonce(
        Json(json!({ "type": "tls-alpn-01", "url": url, "token": TOKEN, "status": "processing" })).into_response(),
    )
}

async fn finalize(State(shared): State<Arc<Shared>>, Json(body): Json<JsonValue>) -> Response {
    let csr = URL_SAFE_NO_PAD.decode(part(&body, "payload")["csr"].as_str().unwrap()).unwrap();
    let name = shared.current.lock().unwrap().name.clone();
    let mut parameters = CertificateParams::new(vec![name]).unwrap();
    let lifetime = std::time::Duration::from_secs(shared.lifetime_s.load(Ordering::SeqCst).unsigned_abs());
    parameters.not_before = std::time::SystemTime::now().into();
    parameters.not_after = parameters.not_before + lifetime;
    let chain = parameters.signed_by(&RequestedKey(public_key(&csr)), &shared.issuer).unwrap().pem();
    {
        let mut current = shared.current.lock().unwrap();
        (current.chain, current.status) = (chain, "valid");
    }
    with_nonce(Json(state(&shared)).into_response())
}

async fn certificate(State(shared): State<Arc<Shared>>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/pem-certificate-chain".parse().unwrap());
    with_nonce((headers, shared.current.lock().unwrap().chain.clone()).into_response())
}

/// The key that the request is for: P-256, whose 65 bytes begin behind the mark of its bit string.
fn public_key(csr: &[u8]) -> Vec<u8> {
    let mark = [0x03, 0x42, 0x00, 0x04];
    let at = csr.windows(mark.len()).position(|window| window == mark).unwrap();
    csr[at + 3..at + 3 + 65].to_vec()
}

struct RequestedKey(Vec<u8>);

impl PublicKeyData for RequestedKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

/// Whether the relay shows the certificate that RFC 8737 wants.
async fn answers(relay: SocketAddr, name: &str, thumbprint: &str) -> bool {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anything))
        .with_no_client_auth();
    config.alpn_protocols = vec![ACME_PROTOCOL.to_vec()];
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let stream = TcpStream::connect(relay).await.unwrap();
    let Ok(stream) = TlsConnector::from(Arc::new(config)).connect(name, stream).await else { return false };
    let session = stream.get_ref().1;
    let digest = Sha256::digest(format!("{TOKEN}.{thumbprint}"));
    let extension = [&[0x04, 0x20], digest.as_slice()].concat();
    let leaf = &session.peer_certificates().unwrap()[0];
    session.alpn_protocol() == Some(ACME_PROTOCOL) && leaf.windows(extension.len()).any(|window| window == extension)
}

/// A challenge's certificate is signed by nobody.
#[derive(Debug)]
struct Anything;

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::ECDSA_NISTP384_SHA384]
    }
}
