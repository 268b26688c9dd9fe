//! A certificate in files that another program renews.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::error::TlsError;
use super::shown::ShownCertificate;
use super::validity::Validity;
use crate::metrics::Metrics;

/// How often the files are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(10);

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate and those between it and the authority, in PEM.
    pub chain: PathBuf,
    /// Its key, in PEM.
    pub key: PathBuf,
}

impl CertificateFiles {
    /// Reads both files and shows the certificate.
    ///
    /// # Errors
    /// [`TlsError`]
    pub fn load(&self, shown: &ShownCertificate) -> Result<Validity, TlsError> {
        let (chain, key) = self.read()?;
        shown.show(&chain, &key)
    }

    /// Shows what is in the files whenever it changes, for as long as the program runs. While they do not fit, as
    /// between the writing of one and of the other, the certificate before is shown.
    pub async fn follow(self, shown: Arc<ShownCertificate>, metrics: Metrics) {
        let mut loaded = self.fingerprint();
        let mut complained = None;
        loop {
            tokio::time::sleep(LOOK_INTERVAL).await;
            self.look(&shown, &metrics, &mut loaded, &mut complained);
        }
    }

    /// One look; complains once about each content.
    fn look(
        &self,
        shown: &ShownCertificate,
        metrics: &Metrics,
        loaded: &mut Option<[u8; 32]>,
        complained: &mut Option<[u8; 32]>,
    ) {
        let now = self.fingerprint();
        if now == *loaded {
            return;
        }
        match self.load(shown) {
            Ok(validity) => {
                tracing::info!(not_after_s = validity.not_after_s, "the certificate was renewed");
                metrics.set_certificate_expires(validity.not_after_s);
                *loaded = now;
            }
            Err(error) if *complained != now => {
                tracing::error!(%error, "the new certificate cannot be used; the one before is still shown");
                *complained = now;
            }
            Err(_) => {}
        }
    }

    pub(crate) fn read(&self) -> Result<(Vec<u8>, Vec<u8>), TlsError> {
        let read =
            |path: &PathBuf| std::fs::read(path).map_err(|error| TlsError::File(path.display().to_string(), error));
        Ok((read(&self.chain)?, read(&self.key)?))
    }

    /// Of what is in the files; none if they cannot be read.
    fn fingerprint(&self) -> Option<[u8; 32]> {
        let (chain, key) = self.read().ok()?;
        Some(Sha256::new().chain_update(Sha256::digest(chain)).chain_update(key).finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(files: &CertificateFiles, name: &str) -> String {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        std::fs::write(&files.chain, made.cert.pem()).unwrap();
        std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        made.cert.pem()
    }

    fn shown_pem(shown: &ShownCertificate) -> Vec<u8> {
        shown.current().unwrap().cert[0].to_vec()
    }

    #[test]
    fn a_renewed_certificate_is_shown_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = CertificateFiles { chain: folder.path().join("c.pem"), key: folder.path().join("k.pem") };
        let (shown, metrics) = (ShownCertificate::default(), Metrics::default());
        assert!(matches!(files.load(&shown), Err(TlsError::File(..))));
        write(&files, "a.example");
        let validity = files.load(&shown).unwrap();
        assert!(validity.not_before_s < validity.not_after_s);
        let (mut loaded, mut complained) = (files.fingerprint(), None);
        let first = shown_pem(&shown);

        // The certificate is new, the key not yet.
        let key = std::fs::read(&files.key).unwrap();
        write(&files, "b.example");
        let new_key = std::fs::read(&files.key).unwrap();
        std::fs::write(&files.key, key).unwrap();
        files.look(&shown, &metrics, &mut loaded, &mut complained);
        assert_eq!(shown_pem(&shown), first);
        assert!(complained.is_some());

        std::fs::write(&files.key, new_key).unwrap();
        files.look(&shown, &metrics, &mut loaded, &mut complained);
        assert_ne!(shown_pem(&shown), first);

        std::fs::write(&files.chain, "no certificate").unwrap();
        files.look(&shown, &metrics, &mut loaded, &mut complained);
        assert_ne!(shown_pem(&shown), first);
    }
}
