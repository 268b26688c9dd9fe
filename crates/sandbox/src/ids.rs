//! Ids, tokens and codes, all derived from the seed, so that the same seed tells the same story. They look like
//! TikTok's: message ids of 19 digits (too large for a JavaScript number), base64 with `+` and `/` for conversations
//! and people (they must be encoded in a query), codes with characters a URL escapes.

use base64::{Engine, engine::general_purpose};
use sha2::{Digest, Sha256};

/// 32 bytes that depend on the seed, on what they are for and on the parts, and on nothing else.
pub(crate) fn digest(seed: u64, label: &str, parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    for part in std::iter::once(&label).chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// A number drawn from the seed and the parts.
pub(crate) fn number(seed: u64, label: &str, parts: &[&str]) -> u64 {
    digest(seed, label, parts).iter().take(8).fold(0, |n, byte| n << 8 | u64::from(*byte))
}

/// 19 decimal digits.
pub(crate) fn digits(seed: u64, label: &str, parts: &[&str]) -> String {
    (7_300_000_000_000_000_000 + number(seed, label, parts) % 200_000_000_000_000_000).to_string()
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of bytes, in lower-case hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Base64 as TikTok's conversation ids have it, always with a `+`, a `/` and padding: a client that
/// forgets to encode one in a query fails with every conversation, not with one in four.
pub(crate) fn base64ish(seed: u64, label: &str, parts: &[&str]) -> String {
    let mut last = String::new();
    for attempt in 0..500_u32 {
        let bytes = digest(seed, label, &[&parts.join("\u{1f}"), &attempt.to_string()]);
        last = general_purpose::STANDARD.encode(bytes.get(..25).unwrap_or(&bytes));
        if last.contains('+') && last.contains('/') {
            break;
        }
    }
    last
}

/// Base64url without padding.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of a base64url text, padded or not.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    general_purpose::URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// `SHA-256(verifier)` in lower-case hexadecimal: TikTok's code challenge, which is not RFC 7636's (§2.1).
pub(crate) fn challenge(verifier: &str) -> String {
    sha256(verifier.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_conversation_id_needs_encoding() {
        for n in 0..200 {
            let id = base64ish(1, "conversation", &[&n.to_string()]);
            assert!(id.contains('+') && id.contains('/') && id.ends_with("=="), "{id}");
        }
    }

    #[test]
    fn digits_do_not_fit_a_javascript_number() {
        let id = digits(1, "message", &["a"]);
        assert_eq!(id.len(), 19);
        assert!(id.parse::<u64>().unwrap() > 1 << 53);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(digest(1, "a", &["bc"]), digest(1, "ab", &["c"]));
    }
}
