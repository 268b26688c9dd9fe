//! The signature of a webhook (§6.2): HMAC-SHA256 over the time, a dot and the body's bytes as they are sent.

use sha2::{Digest, Sha256};

use crate::ids;

/// A hash block of SHA-256, in bytes.
const BLOCK: usize = 64;

/// The value of the `Tiktok-Signature` header.
pub(super) fn header(secret: &str, at_s: i64, body: &[u8]) -> String {
    let message = [format!("{at_s}.").as_bytes(), body].concat();
    format!("t={at_s},s={}", ids::hex(&hmac(secret.as_bytes(), &message)))
}

/// RFC 2104 over SHA-256.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; BLOCK];
    let hashed = Sha256::digest(key);
    let key = if key.len() > BLOCK { hashed.as_slice() } else { key };
    for (byte, key) in block.iter_mut().zip(key) {
        *byte = *key;
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_vectors_of_rfc_4231_come_out() {
        let cases: [(&[u8], &[u8], &str); 4] = [
            (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ];
        for (key, message, digest) in cases {
            assert_eq!(ids::hex(&hmac(key, message)), digest);
        }
    }

    #[test]
    fn the_header_names_its_parts() {
        let header = header("secret", 1_790_000_000, b"{}");
        let (time, digest) = header.split_once(",s=").unwrap();
        assert_eq!(time, "t=1790000000");
        assert!(digest.len() == 64 && digest.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')), "{digest}");
    }
}
