//! Whether a body is TikTok's: its signature over the very bytes that came ("Webhooks", signature).

use crate::ClientSecret;
use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use subtle::{Choice, ConstantTimeEq};

/// How old a signature may be, and how far ahead of our clock, in seconds. TikTok leaves this to the receiver, and does
/// not say whether a repeated delivery is signed anew.
const MAX_AGE_S: i64 = 300;
const MAX_AHEAD_S: i64 = 60;
/// HMAC's block and SHA-256's result, in bytes.
const BLOCK: usize = 64;
const HASH: usize = 32;

/// A body that is TikTok's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// When it was signed, seconds since the epoch.
    pub at_s: i64,
    /// Whether that was at most 300 s ago and at most 60 s ahead. A body that is not fresh is TikTok's too, though
    /// perhaps replayed: read the conversation then, and do not use the content.
    pub fresh: bool,
}

/// Why a body is not known to be TikTok's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SignatureError {
    /// No `t` or no `s`.
    #[error("the header has no {0}")]
    Missing(&'static str),
    /// `t` or `s` twice: there would be a choice of which to believe.
    #[error("the header has more than one {0}")]
    Repeated(&'static str),
    /// `t` is no number of seconds.
    #[error("the header's time is no number")]
    Time,
    /// `s` is not 64 hexadecimal digits.
    #[error("the header's signature is not 64 hexadecimal digits")]
    Signature,
    /// Well formed, and by none of the secrets.
    #[error("the signature is by another secret or over another body")]
    Wrong,
}

/// Checks the header `Tiktok-Signature` against the body as it came: `t=<seconds>,s=<hex>`, where `s` is HMAC-SHA256 by
/// the app's secret over `t`, a full stop and the body's bytes. Both platforms sign alike, each with its own app's
/// secret.
///
/// `secrets` are the current one and, for as long as TikTok may still repeat what was signed with it, the one before.
/// All are tried, and compared in constant time. An empty secret signs nothing. `now_s` is seconds since the epoch.
///
/// # Errors
/// [`SignatureError`]: the body is to be dropped unread.
pub fn verify(header: &str, body: &[u8], secrets: &[&ClientSecret], now_s: i64) -> Result<Verified, SignatureError> {
    let (mut time, mut signature) = (None, None);
    for part in header.split(',') {
        // A part we do not know may be one that TikTok has added since.
        let Some((name, value)) = part.split_once('=') else { continue };
        let (name, slot) = match name.trim() {
            "t" => ("t", &mut time),
            "s" => ("s", &mut signature),
            _ => continue,
        };
        if slot.replace(value.trim()).is_some() {
            return Err(SignatureError::Repeated(name));
        }
    }
    let time = time.ok_or(SignatureError::Missing("t"))?;
    let signature = signature.ok_or(SignatureError::Missing("s"))?;
    let at_s = seconds(time).ok_or(SignatureError::Time)?;
    let signature = bytes(signature).ok_or(SignatureError::Signature)?;

    let mut fits = Choice::from(0);
    for secret in secrets.iter().map(|secret| secret.expose()).filter(|secret| !secret.is_empty()) {
        let expected = hmac_sha256(secret.as_bytes(), &[time.as_bytes(), b".", body]);
        fits |= expected.as_slice().ct_eq(signature.as_slice());
    }
    if !bool::from(fits) {
        return Err(SignatureError::Wrong);
    }
    Ok(Verified { at_s, fresh: (-MAX_AHEAD_S..=MAX_AGE_S).contains(&now_s.saturating_sub(at_s)) })
}

/// Signs a body as TikTok does, for a receiver that tries itself out. Gives back the header's value.
#[must_use]
pub fn sign(body: &[u8], secret: &ClientSecret, at_s: i64) -> String {
    let signature = hmac_sha256(secret.expose().as_bytes(), &[at_s.to_string().as_bytes(), b".", body]);
    let mut header = format!("t={at_s},s=");
    for byte in signature {
        // Writing into a string does not fail.
        let _ = write!(header, "{byte:02x}");
    }
    header
}

fn seconds(text: &str) -> Option<i64> {
    text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn bytes(hex: &str) -> Option<[u8; HASH]> {
    if hex.len() != 2 * HASH {
        return None;
    }
    let mut bytes = [0; HASH];
    for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        for digit in digits {
            *byte = *byte << 4 | u8::try_from(char::from(*digit).to_digit(16)?).ok()?;
        }
    }
    Some(bytes)
}

/// HMAC (RFC 2104) with SHA-256 over the parts one after another.
fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; HASH] {
    let mut block = Zeroizing::new([0; BLOCK]);
    let hashed = Zeroizing::new(if key.len() > BLOCK { Sha256::digest(key).to_vec() } else { Vec::new() });
    let key = if hashed.is_empty() { key } else { &hashed };
    for (byte, key) in block.iter_mut().zip(key) {
        *byte = *key;
    }
    let keyed = |pad: u8| Sha256::new_with_prefix(Zeroizing::new(block.map(|byte| byte ^ pad)).as_slice());
    let inner = parts.iter().fold(keyed(0x36), Sha256::chain_update).finalize();
    keyed(0x5c).chain_update(inner).finalize().into()
}

#[cfg(test)]
pub(super) mod tests;
