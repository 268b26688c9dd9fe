//! Secrets at rest: sealed with a key that is never in the database.
//!
//! XChaCha20-Poly1305 with a random nonce. What a secret is for and whose it is goes into the authentication, so that a
//! sealed value copied into another row does not open. Several keys may be known at once: the first seals, all open.
//! A sealed value is `version 1 | key id, 4 bytes | nonce, 24 bytes | ciphertext and tag`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rand::RngCore as _;
use secrecy::zeroize::Zeroizing;
use sha2::{Digest as _, Sha256};

const VERSION: u8 = 1;
const KEY_LENGTH: usize = 32;
const KEY_ID_LENGTH: usize = 4;
const NONCE_LENGTH: usize = 24;

/// Why a secret cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The configured text is no key.
    #[error("a key is 32 bytes in base64: 44 characters; `deskbell-relay key` makes one")]
    NotAKey,
    /// No key is configured.
    #[error("no key for secrets is configured")]
    NoKey,
    /// It was sealed with a key that is not configured.
    #[error("it was sealed with a key that is not configured any more")]
    KeyMissing,
    /// The bytes were changed, or are of another row.
    #[error("a sealed secret is damaged")]
    Damaged,
}

/// The keys.
#[derive(Clone)]
pub struct Seal {
    keys: Vec<SealKey>,
}

#[derive(Clone)]
struct SealKey {
    id: [u8; KEY_ID_LENGTH],
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Seal({} keys)", self.keys.len())
    }
}

impl Seal {
    /// Reads keys in base64, separated by white space; the first seals.
    ///
    /// # Errors
    /// [`SealError::NotAKey`], [`SealError::NoKey`]
    pub fn from_text(text: &str) -> Result<Self, SealError> {
        let keys: Vec<SealKey> = text.split_whitespace().map(SealKey::from_base64).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(SealError::NoKey) } else { Ok(Self { keys }) }
    }

    /// A new random key, in base64.
    #[must_use]
    pub fn new_key() -> Zeroizing<String> {
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        rand::rng().fill_bytes(key.as_mut_slice());
        Zeroizing::new(STANDARD.encode(key.as_slice()))
    }

    /// Seals a secret for one place: `account/_000shop/access_token`.
    ///
    /// # Errors
    /// [`SealError::NoKey`]
    pub fn seal(&self, place: &str, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let key = self.keys.first().ok_or(SealError::NoKey)?;
        let mut nonce = [0; NONCE_LENGTH];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: secret, aad: place.as_bytes() };
        let sealed = key.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Damaged)?;
        let mut bytes = Vec::with_capacity(1 + KEY_ID_LENGTH + NONCE_LENGTH + sealed.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&key.id);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// [`SealError`]
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<String>, SealError> {
        let rest = sealed.strip_prefix(&[VERSION]).ok_or(SealError::Damaged)?;
        let (id, rest) = rest.split_first_chunk::<KEY_ID_LENGTH>().ok_or(SealError::Damaged)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(SealError::Damaged)?;
        let key = self.keys.iter().find(|key| key.id == *id).ok_or(SealError::KeyMissing)?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        let secret = key.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| SealError::Damaged)?;
        String::from_utf8(secret).map(Zeroizing::new).map_err(|_| SealError::Damaged)
    }

    /// Whether this value was sealed with the first key; if not, seal it again.
    #[must_use]
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        let id = sealed.strip_prefix(&[VERSION]).and_then(|rest| rest.split_first_chunk::<KEY_ID_LENGTH>());
        self.keys.first().zip(id).is_some_and(|(key, (id, _))| key.id == *id)
    }
}

impl SealKey {
    fn from_base64(text: &str) -> Result<Self, SealError> {
        let bytes = Zeroizing::new(STANDARD.decode(text).map_err(|_| SealError::NotAKey)?);
        let key: [u8; KEY_LENGTH] = bytes.as_slice().try_into().map_err(|_| SealError::NotAKey)?;
        let hash: [u8; 32] = Sha256::new_with_prefix(b"deskbell relay key id").chain_update(key).finalize().into();
        let mut id = [0; KEY_ID_LENGTH];
        id.iter_mut().zip(hash).for_each(|(id, byte)| *id = byte);
        Ok(Self { id, cipher: XChaCha20Poly1305::new(&Key::from(key)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_in_its_own_place_only() {
        let seal = Seal::from_text(&Seal::new_key()).unwrap();
        let sealed = seal.seal("account/a/access_token", b"tok\xc3\xa9n").unwrap();
        assert_eq!(*seal.open("account/a/access_token", &sealed).unwrap(), "tok\u{e9}n");
        assert_eq!(seal.open("account/b/access_token", &sealed).unwrap_err(), SealError::Damaged);
        assert!(!sealed.windows(3).any(|bytes| bytes == b"tok"));
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(seal.open("account/a/access_token", &changed).is_err(), "byte {index}");
        }
    }

    #[test]
    fn an_older_key_opens_until_it_is_taken_away() {
        let (old, new) = (Seal::new_key(), Seal::new_key());
        let sealed = Seal::from_text(&old).unwrap().seal("x", b"s").unwrap();
        let both = Seal::from_text(&format!("{}\n{}", *new, *old)).unwrap();
        assert_eq!(*both.open("x", &sealed).unwrap(), "s");
        assert!(!both.is_current(&sealed));
        assert!(both.is_current(&both.seal("x", b"s").unwrap()));
        assert_eq!(Seal::from_text(&new).unwrap().open("x", &sealed).unwrap_err(), SealError::KeyMissing);
        assert_eq!(Seal::from_text("short").unwrap_err(), SealError::NotAKey);
        assert_eq!(Seal::from_text(" ").unwrap_err(), SealError::NoKey);
    }
}
