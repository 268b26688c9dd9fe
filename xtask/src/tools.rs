//! cargo-deny and cargo-shear, which look at our dependencies, in the versions that `xtask/tools.txt` pins.
//!
//! They come prebuilt from the Python package index, which takes a second and is verified by hash. Where that cannot be
//! done, cargo compiles the same versions, which takes minutes. They lie in `target/tools` and touch nothing of the system.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{say, shell, stamp, system, tree};

const TITLE: &str = "dependency tools";
/// What pip reads: names, versions and hashes.
const PINS: &str = "xtask/tools.txt";
/// How a package of the Python index is called that holds a program of cargo's.
const PREFIX: &str = "astral-dev-toolchain-";

/// Installs both where they are missing or another version is pinned.
pub(crate) fn ensure(root: &Path) -> Result<()> {
    let folder = folder()?;
    let wanted = stamp::fingerprint(root, &[PINS], std::env::consts::ARCH)?;
    let stamp = folder.join(".stamp");
    if stamp::matches(&stamp, &wanted) {
        say::already(TITLE, "already there");
        return Ok(());
    }
    let pins = root.join(PINS);
    let pinned = pinned(&fs::read_to_string(&pins).with_context(|| format!("could not read {}", pins.display()))?);
    let names: Vec<String> = pinned.iter().map(|(name, version)| format!("{name} {version}")).collect();
    say::timed(TITLE, &format!("installing {}", names.join(" and ")), || {
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("could not remove {}", folder.display()))?;
        }
        if has_pip() && shell::run(&mut pip(&pins, &folder)).is_ok() {
            return stamp::set(&stamp, &wanted);
        }
        say::line("There is no prebuilt one to be had here, so cargo compiles them; this takes some minutes.");
        for (name, version) in &pinned {
            let words = ["install", "--quiet", "--locked", name, "--version", version, "--root"];
            shell::run(shell::cargo(root).args(words).arg(&folder))?;
        }
        stamp::set(&stamp, &wanted)
    })
}

/// One of the two, to be started.
pub(crate) fn command(root: &Path, program: &str) -> Result<Command> {
    let place = folder()?.join("bin").join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
    if !place.is_file() {
        bail!("{program} is not installed. `cargo xtask setup` installs it");
    }
    let mut command = Command::new(place);
    command.current_dir(root);
    Ok(command)
}

fn folder() -> Result<PathBuf> {
    let target = tree::built()?.parent().map(Path::to_owned).context("there is no target folder")?;
    Ok(target.join("tools"))
}

/// Whether Python can install packages; on Debian its installer is a package of the system, which is installed if missing.
fn has_pip() -> bool {
    let answers = || shell::succeeds(Command::new(python()).args(["-m", "pip", "--version"]));
    answers() || (shell::which("apt-get").is_some() && system::ensure(system::PIP).is_ok() && answers())
}

fn python() -> &'static str {
    if cfg!(windows) { "python" } else { "python3" }
}

fn pip(pins: &Path, folder: &Path) -> Command {
    let mut command = Command::new(python());
    command.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--target",
    ]);
    command.arg(folder).arg("--requirement").arg(pins);
    // It installs into a folder of ours, so neither its remark on root nor on its own age is of use.
    command.env("PIP_ROOT_USER_ACTION", "ignore").env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    command
}

/// Each program of cargo's with its version.
fn pinned(pins: &str) -> Vec<(String, String)> {
    let packages = pins.lines().filter_map(|line| line.strip_prefix(PREFIX)?.split_once("=="));
    packages.map(|(name, rest)| (name.to_owned(), rest.trim_end_matches('\\').trim().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_compiles_what_pip_would_have_brought() {
        let pins = "# why\nastral-dev-toolchain-cargo-deny==0.20.2 \\\n    --hash=sha256:ae70\n";
        assert_eq!(pinned(pins), [("cargo-deny".to_owned(), "0.20.2".to_owned())]);
        let names: Vec<String> = pinned(include_str!("../tools.txt")).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["cargo-deny", "cargo-shear"]);
    }

    #[test]
    fn a_missing_tool_names_its_remedy() {
        let error = command(Path::new("."), "cargo-nothing").unwrap_err();
        assert!(error.to_string().contains("cargo xtask setup"), "{error}");
    }
}
