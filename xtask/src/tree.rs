//! Places in the checkout.

use std::path::PathBuf;

use anyhow::{Context, Result};

/// The features of every build, check and test: the page comes out of the binary. One set, because each set compiles
/// tauri and its plugins anew.
pub(crate) const FEATURES: &str = "deskbell/custom-protocol";

/// The checkout's root.
pub(crate) fn root() -> Result<PathBuf> {
    let here =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map(PathBuf::from).context("xtask has no parent folder")
}

/// Where cargo puts what it builds for this profile: the folder we run from.
pub(crate) fn built() -> Result<PathBuf> {
    let ours = std::env::current_exe().context("could not find our own place")?;
    ours.parent().map(PathBuf::from).context("our own program is in no folder")
}

/// A program cargo built.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    Ok(built()?.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}
