//! The benchmarks: `cargo xtask bench` and `cargo xtask relay-bench`. They are built like the program that ships, without the minutes of linking.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{node, page, say, shell, system, tree};

/// A profile of its own: optimised, and out of the way of what is shipped and of what the tests have compiled.
const PROFILE: &str = "bench-run";

/// Builds the program and hands it the options; it knows them. For the window it wants the app and a desktop to show it on.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let root = tree::root()?;
    let window = arguments.iter().any(|argument| argument == "--window");
    if window {
        system::ensure(system::WINDOW)?;
        system::ensure(system::TESTS)?;
        node::check()?;
        node::packages(&root)?;
        page::build(&root)?;
    } else {
        system::ensure(system::COMPILER)?;
    }
    say::timed("build", "optimised", || {
        build(&root, &["--package", "tests", "--bin", "bench"])?;
        if window {
            let what = [
                "--package",
                "deskbell",
                "--features",
                tree::FEATURES,
                "--bin",
                "deskbell",
                "--example",
                "empty_window",
            ];
            build(&root, &what)?;
        }
        Ok(())
    })?;
    shell::run(Command::new(program("bench")?).args(arguments))
}

/// The relay under load and faults: `cargo xtask relay-bench`. The program that ships runs in processes of its own.
pub(crate) fn run_relay(arguments: &[String]) -> Result<()> {
    let root = tree::root()?;
    if let [flag, rest @ ..] = arguments
        && flag == "--window"
    {
        anyhow::ensure!(rest.is_empty(), "`cargo xtask relay-bench --window` takes nothing more");
        return run_pixel(&root);
    }
    system::ensure(system::COMPILER)?;
    let is_without_postgres = arguments.windows(2).any(|pair| pair == ["--database", "sqlite"]);
    if !is_without_postgres {
        system::ensure(system::DATABASE)?;
    }
    say::timed("build", "optimised", || {
        build(&root, &["--package", "relay", "--bin", "deskbell-relay", "--package", "tests", "--bin", "relaybench"])
    })?;
    shell::run(Command::new(program("relaybench")?).args(arguments))
}

/// From TikTok's webhook to the bubble in the real window, and the same by polling: a story of the window that measures
/// (`tests/e2e/relay.rs`).
fn run_pixel(root: &Path) -> Result<()> {
    system::ensure(system::WINDOW)?;
    system::ensure(system::TESTS)?;
    node::check()?;
    node::packages(root)?;
    page::build(root)?;
    say::timed("build", "the app, optimised", || {
        build(root, &["--package", "deskbell", "--features", tree::FEATURES, "--bin", "deskbell"])
    })?;
    say::timed("measure", "webhook to pixel", || {
        let scope = ["test", "--locked", "--workspace", "--features", tree::FEATURES, "--test", "it"];
        let story = ["--", "--ignored", "--nocapture", "e2e::relay::from_the_webhook"];
        shell::run(shell::cargo(root).args(scope).args(story).env("DESKBELL_BIN", program("deskbell")?))
    })
}

/// A program of this profile.
fn program(name: &str) -> Result<PathBuf> {
    let target = tree::built()?.parent().map(Path::to_owned).context("there is no target folder")?;
    Ok(target.join(PROFILE).join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

fn build(root: &Path, what: &[&str]) -> Result<()> {
    shell::run(shell::cargo(root).args(["build", "--locked", "--profile", PROFILE]).args(what))
}
