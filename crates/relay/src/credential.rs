//! Random tokens and ids, and the hash that is kept of a token.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::distr::Alphanumeric;
use rand::{Rng as _, RngCore as _};
use secrecy::zeroize::Zeroizing;
use sha2::{Digest as _, Sha256};

const TOKEN_BYTES: usize = 32;
const ID_LENGTH: usize = 16;
/// How long a token is: 32 bytes in base64.
pub(crate) const TOKEN_LENGTH: usize = 43;

/// A new token of 256 random bits, in URL-safe base64.
pub(crate) fn new_token() -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
    rand::rng().fill_bytes(bytes.as_mut_slice());
    Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(bytes.as_slice()))
}

/// What is kept of a token. Its bits are too many to be guessed, so a plain hash will do.
pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// A new id of letters and digits.
pub(crate) fn new_id() -> String {
    rand::rng().sample_iter(Alphanumeric).take(ID_LENGTH).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_its_length_and_is_no_other() {
        let (one, other) = (new_token(), new_token());
        assert_eq!((one.len(), other.len()), (TOKEN_LENGTH, TOKEN_LENGTH));
        assert_ne!(*one, *other);
        assert_ne!(token_hash(&one), token_hash(&other));
    }
}
