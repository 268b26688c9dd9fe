//! TLS: the certificates that this relay trusts, and its own.

mod error;
mod files;
mod shown;
mod validity;

use std::sync::Arc;

use rustls::{ClientConfig, ServerConfig};
use rustls_platform_verifier::ConfigVerifierExt as _;

pub use error::TlsError;
pub use files::CertificateFiles;
pub use shown::ShownCertificate;
pub(crate) use shown::{ACME_PROTOCOL, challenge_key};
pub use validity::Validity;

const HTTP_PROTOCOL: &[u8] = b"http/1.1";

/// How the relay calls a database over TLS: certificates are verified as the system does.
///
/// # Errors
/// [`rustls::Error`] if the system has no certificates to verify by.
pub(crate) fn client_config() -> Result<ClientConfig, rustls::Error> {
    // An error means that a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    ClientConfig::with_platform_verifier()
}

/// How the relay answers over TLS.
///
/// # Errors
/// [`TlsError`], never in practice.
pub fn server_config(certificate: Arc<ShownCertificate>) -> Result<Arc<ServerConfig>, TlsError> {
    let mut config = ServerConfig::builder_with_provider(shown::provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![HTTP_PROTOCOL.to_vec(), ACME_PROTOCOL.to_vec()];
    Ok(Arc::new(config))
}
