//! The README's picture: `cargo xtask picture`. A story of the real window takes it (`tests/e2e/picture.rs`).

use anyhow::{Result, bail};

use crate::{node, page, say, shell, system, tree};

/// What the README shows.
const PICTURE: &str = "docs/inbox.png";

/// Builds the app and takes the picture of its window on a desktop of its own.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    if !arguments.is_empty() {
        bail!("`cargo xtask picture` takes no options");
    }
    if !cfg!(target_os = "linux") {
        bail!("the real window is driven on Linux only");
    }
    let root = tree::root()?;
    system::ensure(system::WINDOW)?;
    system::ensure(system::TESTS)?;
    node::check()?;
    node::packages(&root)?;
    page::build(&root)?;
    let scope = ["--locked", "--workspace", "--features", tree::FEATURES];
    say::timed("build", "the app", || {
        shell::run(shell::cargo(&root).arg("build").args(scope).args(["--bin", "deskbell"]))
    })?;
    say::timed("picture", PICTURE, || {
        let story = ["--test", "it", "--", "--ignored", "e2e::picture"];
        let file = root.join(PICTURE);
        shell::run(shell::cargo(&root).arg("test").args(scope).args(story).env("DESKBELL_PICTURE", file))
    })
}
