//! The page's half of the contract: generated from `crates/desk`, checked in, compared in every check.
//!
//! The generator is an example of the desk, run as a program, so that this one needs nothing of the workspace.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{say, shell, tree};

const FILE: &str = "ui/src/ipc/bindings.ts";

/// `cargo xtask bindings [--check]`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    match arguments {
        [] => say::timed("bindings", FILE, write),
        [only] if only == "--check" => say::timed("bindings", FILE, compare),
        _ => bail!("`cargo xtask bindings` takes --check and nothing else"),
    }
}

fn write() -> Result<()> {
    let file = tree::root()?.join(FILE);
    let generated = generate()?;
    if fs::read_to_string(&file).is_ok_and(|found| found == generated) {
        return Ok(());
    }
    fs::write(&file, generated).with_context(|| format!("could not write {FILE}"))
}

/// Fails if the file is not what the contract says.
pub(crate) fn compare() -> Result<()> {
    let found = fs::read_to_string(tree::root()?.join(FILE)).with_context(|| format!("could not read {FILE}"))?;
    match first_difference(&found, &generate()?) {
        None => Ok(()),
        Some(difference) => bail!("{FILE} is not what crates/desk says. {difference}\nRun `cargo xtask bindings`."),
    }
}

fn generate() -> Result<String> {
    // With the whole workspace, so that features are resolved as in every other step and nothing is built twice.
    let build = ["build", "--quiet", "--locked", "--workspace", "--features", tree::FEATURES, "--example", "bindings"];
    shell::run(shell::cargo(&tree::root()?).args(build))?;
    let text = shell::read(&mut Command::new(tree::program("examples/bindings")?))?;
    if text.is_empty() {
        bail!("crates/desk/examples/bindings.rs printed nothing");
    }
    Ok(text)
}

fn first_difference(found: &str, generated: &str) -> Option<String> {
    let (mut ours, mut theirs) = (found.lines(), generated.lines());
    for number in 1.. {
        let (one, other) = (ours.next(), theirs.next());
        if one != other {
            let (file, contract) = (one.unwrap_or("(the end)"), other.unwrap_or("(the end)"));
            return Some(format!("Line {number}:\n  file      {file}\n  generated {contract}"));
        }
        one?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_differing_line_is_named() {
        assert_eq!(first_difference("a\r\nb\r\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb", "a\nc").unwrap(), "Line 2:\n  file      b\n  generated c");
        assert_eq!(first_difference("a", "a\nb").unwrap(), "Line 2:\n  file      (the end)\n  generated b");
    }
}
