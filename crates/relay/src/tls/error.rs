//! Reasons why a certificate cannot be used.

use rustls::pki_types::pem;

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{0} cannot be read: {1}")]
    File(String, std::io::Error),
    /// A file is not in PEM.
    #[error("the {0} is not in PEM: {1}")]
    Pem(&'static str, pem::Error),
    /// There is no certificate, or none that can be read.
    #[error("there is no readable certificate")]
    NoCertificate,
    /// The key is of an unknown kind, or another certificate's.
    #[error("certificate and key do not fit: {0}")]
    Unusable(#[from] rustls::Error),
}
