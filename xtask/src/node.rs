//! Node.js and the page's packages.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{say, shell, stamp};

const WANTED: &str = "Deskbell's page is built with Vite 8, which needs Node.js 20.19 or newer, or 22.12 or newer. \
                      Get it from https://nodejs.org/en/download, or with nvm, fnm or your system's packages.";

/// A Node.js version: major, minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u32, u32);

impl Version {
    /// Reads `v20.20.2`.
    pub(crate) fn parse(text: &str) -> Option<Version> {
        let mut numbers = text.trim().trim_start_matches('v').split('.');
        let major = numbers.next()?.parse().ok()?;
        let minor = numbers.next()?.parse().ok()?;
        Some(Version(major, minor))
    }

    /// Whether Vite 8 runs on it.
    pub(crate) fn is_supported(self) -> bool {
        let Version(major, minor) = self;
        (major == 20 && minor >= 19) || (major == 22 && minor >= 12) || major > 22
    }
}

/// Checks that there is a Node.js that Vite 8 runs on.
pub(crate) fn check() -> Result<()> {
    if shell::which("node").is_none() || find_npm().is_none() {
        bail!("there is no `node` and `npm` in PATH. {WANTED}");
    }
    let text = shell::read(Command::new("node").arg("--version"))?;
    let version = Version::parse(&text).with_context(|| format!("`node --version` says {text:?}. {WANTED}"))?;
    if !version.is_supported() {
        bail!("this is Node.js {}. {WANTED}", text.trim());
    }
    say::already("Node.js", text.trim());
    Ok(())
}

/// Installs the page's packages, if the lock file has changed since they were.
pub(crate) fn packages(root: &Path) -> Result<()> {
    let ui = root.join("ui");
    let stamp = ui.join("node_modules/.deskbell-stamp");
    let wanted = stamp::fingerprint(&ui, &["package.json", "package-lock.json"], "")?;
    if stamp::matches(&stamp, &wanted) {
        say::already("npm packages", "already there");
        return Ok(());
    }
    say::timed("npm packages", "npm ci", || {
        shell::run(npm(root).args(["ci", "--no-audit", "--no-fund"]))?;
        stamp::set(&stamp, &wanted)
    })
}

/// npm, in the page's folder.
pub(crate) fn npm(root: &Path) -> Command {
    // On Windows npm is a batch file, which only goes by its whole name.
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.current_dir(root.join("ui"));
    command
}

fn find_npm() -> Option<std::path::PathBuf> {
    shell::which(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart() {
        let is_supported = |text| Version::parse(text).unwrap().is_supported();
        assert!(
            is_supported("v20.19.0\n")
                && is_supported("v22.12.0")
                && is_supported("v23.0.0")
                && is_supported("v24.1.0")
        );
        assert!(
            !is_supported("v20.18.3")
                && !is_supported("v18.20.4")
                && !is_supported("v21.7.0")
                && !is_supported("v22.11.0")
        );
    }

    #[test]
    fn what_is_no_version_is_none() {
        assert_eq!(Version::parse("command not found"), None);
        assert_eq!(Version::parse("v22"), None);
    }
}
