//! The benchmarks: `cargo xtask bench`. Built as what is shipped, but for the minutes of linking; the program does the rest.

use anyhow::{Context, Result};

use crate::{say, shell, system, tree};

/// A profile of its own: optimised, and out of the way of what is shipped and of what the tests have compiled.
const PROFILE: &str = "bench-run";

/// Builds the program and hands it the options; it knows them.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    system::ensure(system::COMPILER)?;
    let root = tree::root()?;
    say::timed("build", "optimised", || {
        shell::run(shell::cargo(&root).args([
            "build",
            "--locked",
            "--profile",
            PROFILE,
            "--package",
            "tests",
            "--bin",
            "bench",
        ]))
    })?;
    let target = tree::built()?.parent().map(std::path::Path::to_owned).context("there is no target folder")?;
    let program = target.join(PROFILE).join(format!("bench{}", std::env::consts::EXE_SUFFIX));
    shell::run(std::process::Command::new(program).args(arguments))
}
