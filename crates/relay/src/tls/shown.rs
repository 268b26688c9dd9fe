//! The certificate that the relay shows, and those that answer a certificate authority.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::error::TlsError;
use super::validity::Validity;

/// The protocol by which a certificate authority asks whether a name is ours (RFC 8737).
pub(crate) const ACME_PROTOCOL: &[u8] = b"acme-tls/1";

/// The certificate that the relay shows, which can be replaced at any time.
#[derive(Debug, Default)]
pub struct ShownCertificate {
    current: RwLock<Option<Arc<CertifiedKey>>>,
    /// By name: shown only to a certificate authority that asks.
    challenges: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl ShownCertificate {
    /// Shows this certificate from now on. Returns when it is valid.
    ///
    /// # Errors
    /// [`TlsError`] if chain and key are unreadable or do not belong together; the one before stays.
    pub fn show(&self, chain_pem: &[u8], key_pem: &[u8]) -> Result<Validity, TlsError> {
        let certified = certified_key(chain_pem, key_pem)?;
        let validity = certified.cert.first().and_then(|leaf| Validity::read(leaf)).ok_or(TlsError::NoCertificate)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(certified));
        Ok(validity)
    }

    /// Whether there is one.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.current().is_some()
    }

    pub(super) fn current(&self) -> Option<Arc<CertifiedKey>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers a certificate authority's question about a name until [`Self::end_challenge`].
    pub(crate) fn begin_challenge(&self, name: &str, certified: CertifiedKey) {
        let mut challenges = self.challenges.lock().unwrap_or_else(PoisonError::into_inner);
        challenges.insert(name.to_ascii_lowercase(), Arc::new(certified));
    }

    /// The question was answered.
    pub(crate) fn end_challenge(&self, name: &str) {
        self.challenges.lock().unwrap_or_else(PoisonError::into_inner).remove(&name.to_ascii_lowercase());
    }
}

impl ResolvesServerCert for ShownCertificate {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asks_for_challenge = hello
            .alpn()
            .is_some_and(|mut protocols| protocols.next() == Some(ACME_PROTOCOL) && protocols.next().is_none());
        if asks_for_challenge {
            let name = hello.server_name()?.to_ascii_lowercase();
            return self.challenges.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        }
        self.current()
    }
}

/// Reads a chain and its key, which must be the chain's.
fn certified_key(chain_pem: &[u8], key_pem: &[u8]) -> Result<CertifiedKey, TlsError> {
    let (chain, key) = read(chain_pem, key_pem)?;
    Ok(CertifiedKey::from_der(chain, key, &provider())?)
}

/// Reads a certificate that answers a certificate authority. It has a critical extension that no verifier knows, so it is
/// not looked into.
pub(crate) fn challenge_key(chain_pem: &[u8], key_pem: &[u8]) -> Result<CertifiedKey, TlsError> {
    let (chain, key) = read(chain_pem, key_pem)?;
    Ok(CertifiedKey::new(chain, provider().key_provider.load_private_key(key)?))
}

fn read(chain_pem: &[u8], key_pem: &[u8]) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain_pem)
        .collect::<Result<_, _>>()
        .map_err(|error| TlsError::Pem("certificate", error))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(|error| TlsError::Pem("key", error))?;
    Ok((chain, key))
}

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
