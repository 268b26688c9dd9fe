//! A pairing code, and what is kept of it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rand::Rng as _;
use secrecy::zeroize::Zeroizing;
use sha2::{Digest as _, Sha256};

use crate::credential::new_token;
use crate::database::{DatabaseError, Tx, Value};
use crate::refusal::Refusal;
use crate::seal::{Seal, SealError};

/// No vowel, so that no word comes out, and nothing that looks like another (RFC 8628, 6.1).
const ALPHABET: [char; 20] =
    ['B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Z'];
const LENGTH: usize = 8;
const HALF: usize = LENGTH / 2;
/// The setting with the key of the hashes, sealed, in base64.
pub(super) const KEY_SETTING: &str = "sealed/pairing_key";

/// A code: eight characters of [`ALPHABET`]. It has no `Debug`.
pub(super) struct Code(Zeroizing<String>);

impl Code {
    pub(super) fn random() -> Self {
        let mut rng = rand::rng();
        let draw = |_| ALPHABET.get(rng.random_range(0..ALPHABET.len())).copied().unwrap_or('B');
        Self(Zeroizing::new((0..LENGTH).map(draw).collect()))
    }

    /// Reads what somebody typed: case, spaces and hyphens of any kind do not matter.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_between = |c: char| c.is_whitespace() || matches!(c, '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}');
        // Longer than any code with what may stand in it.
        if text.len() > 64 {
            return None;
        }
        let code: String = text.chars().filter(|c| !is_between(*c)).map(|c| c.to_ascii_uppercase()).collect();
        let code = Self(Zeroizing::new(code));
        (code.0.len() == LENGTH && code.0.chars().all(|c| ALPHABET.contains(&c))).then_some(code)
    }

    /// As it is shown: `BCDF-GHJK`.
    pub(super) fn shown(&self) -> String {
        let (first, second) = self.halves();
        format!("{first}-{second}")
    }

    fn halves(&self) -> (&str, &str) {
        self.0.split_at_checked(HALF).unwrap_or((&self.0, ""))
    }
}

/// The key of the hashes.
pub(super) struct HashKey(Zeroizing<String>);

impl HashKey {
    pub(super) fn code_hash(&self, code: &Code) -> [u8; 32] {
        self.hash(b"code", &code.0)
    }

    pub(super) fn prefix_hash(&self, code: &Code) -> [u8; 32] {
        self.hash(b"half", code.halves().0)
    }

    fn hash(&self, kind: &[u8], text: &str) -> [u8; 32] {
        Sha256::new_with_prefix(self.0.as_bytes()).chain_update(kind).chain_update(text).finalize().into()
    }
}

/// Reads the key of the hashes, made when it is first needed, and locks it until the transaction ends.
pub(super) async fn lock_key(tx: &mut Tx, seal: &Seal) -> Result<HashKey, Refusal> {
    if let Some(value) = locked(tx).await? {
        match opened(seal, &value) {
            Ok(key) => return Ok(HashKey(key)),
            Err(error) => tracing::warn!(%error, "the key of the pairing codes is made anew: those that wait are void"),
        }
    }
    let key = new_token();
    let value = BASE64_STANDARD.encode(seal.seal(KEY_SETTING, key.as_bytes())?);
    tx.execute(
        "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        &[Value::Text(KEY_SETTING), Value::Text(&value)],
    )
    .await?;
    Ok(HashKey(key))
}

async fn locked(tx: &mut Tx) -> Result<Option<String>, DatabaseError> {
    let sql = "UPDATE setting SET value = value WHERE name = $1 RETURNING value";
    tx.query_one(sql, &[Value::Text(KEY_SETTING)]).await?.map(|row| row.text("value")).transpose()
}

fn opened(seal: &Seal, value: &str) -> Result<Zeroizing<String>, SealError> {
    seal.open(KEY_SETTING, &BASE64_STANDARD.decode(value).map_err(|_| SealError::Damaged)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        for text in ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "b c d f – g h j k", "BCDF\u{2011}GHJK", "bcdf\tghjk\n"]
        {
            assert_eq!(Code::parse(text).unwrap().shown(), "BCDF-GHJK", "{text:?}");
        }
        for text in ["", "BCDFGHJ", "BCDFGHJKL", "ACDF-GHJK", "BCDF-GHJ0", "бCDFGHJK", "BCDF+GHJK", &"B".repeat(70)] {
            assert!(Code::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn codes_use_the_whole_alphabet() {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let code = Code::random();
            assert!(Code::parse(&code.shown()).is_some());
            seen.extend(code.0.chars());
        }
        assert_eq!(seen.len(), ALPHABET.len());
    }
}
