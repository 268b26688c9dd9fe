//! The standard input and output of the commands.

use std::io::{Read as _, Write as _};

use anyhow::{Context as _, anyhow, bail};
use secrecy::zeroize::Zeroizing;

use crate::refusal::Refusal;

/// The longest secret that is read from the standard input, in bytes.
const MAX_SECRET_BYTES: u64 = 4_096;

/// Writes a line for the person at the terminal.
pub(super) fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).context("the output cannot be written")
}

/// A secret from the standard input: arguments are seen by everybody on the machine.
pub(super) fn read_secret() -> anyhow::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    std::io::stdin().take(MAX_SECRET_BYTES).read_to_string(&mut text).context("the secret cannot be read")?;
    let secret = Zeroizing::new(text.trim().to_owned());
    if secret.is_empty() {
        bail!("the secret is expected on the standard input, and there is none");
    }
    Ok(secret)
}

pub(super) fn refused(Refusal(failure): Refusal) -> anyhow::Error {
    anyhow!(failure.detail)
}
