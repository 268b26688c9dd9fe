//! Pairs a desk with a relay at its start, for development: `cargo xtask relay` starts one beside the sandbox.

use std::path::Path;

use desk::commands::{GetRelay, PairWithRelay};
use desk::{Command as _, Desk};

use crate::PracticeError;

/// What a pairing file says: the relay's address on its first line, a code on its second. `Debug` leaves the code out.
#[derive(Clone, PartialEq, Eq)]
pub struct Pairing {
    address: String,
    code: String,
}

impl std::fmt::Debug for Pairing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pairing").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Reads a pairing file.
///
/// # Errors
/// A sentence that names the file.
pub fn read_pairing(file: &Path) -> Result<Pairing, String> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("The file {} cannot be read: {error}.", file.display()))?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match (lines.next(), lines.next()) {
        (Some(address), Some(code)) => Ok(Pairing { address: address.to_owned(), code: code.to_owned() }),
        _ => Err(format!("The file {} has no address and code, each on a line of its own.", file.display())),
    }
}

/// Pairs the desk, unless it is paired already.
///
/// # Errors
/// [`PracticeError::Link`]
pub async fn pair(desk: &Desk, pairing: Pairing) -> Result<(), PracticeError> {
    let failed = |fault: desk::Fault| PracticeError::Link {
        step: "PairWithRelay",
        reason: format!("{:?} {}", fault.code, fault.detail.unwrap_or_default()),
    };
    let known = GetRelay {}.run(desk).await.map_err(failed)?;
    if known.pairing.is_some() {
        return Ok(());
    }
    let Pairing { address, code } = pairing;
    let command = PairWithRelay { address, code, device_name: "This computer".to_owned() };
    command.run(desk).await.map(drop).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pairing_file_has_an_address_and_a_code() {
        let folder = std::env::temp_dir().join(format!("deskbell-pairing-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("pairing");
        std::fs::write(&file, "http://127.0.0.1:4700\n\n BCDF-GHJK \n").unwrap();
        let read = read_pairing(&file).unwrap();
        assert_eq!((read.address.as_str(), read.code.as_str()), ("http://127.0.0.1:4700", "BCDF-GHJK"));
        std::fs::write(&file, "http://127.0.0.1:4700").unwrap();
        assert!(read_pairing(&file).unwrap_err().contains("pairing"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
