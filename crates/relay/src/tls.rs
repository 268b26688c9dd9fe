//! TLS: what this relay trusts, and what it shows.

use rustls::ClientConfig;
use rustls_platform_verifier::ConfigVerifierExt as _;

/// How the relay calls a database over TLS: certificates are verified as the system does.
///
/// # Errors
/// [`rustls::Error`] if the system has no certificates to verify by.
pub(crate) fn client_config() -> Result<ClientConfig, rustls::Error> {
    // An error means that a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    ClientConfig::with_platform_verifier()
}
