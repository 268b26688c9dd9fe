//! The page: Vite's output for `ui/`. It is part of the app's binary, so it is built before the app.

use std::path::Path;

use anyhow::Result;

use crate::{node, say, shell, stamp};

/// What the page is made from.
const INPUTS: &[&str] = &[
    "index.html",
    "package.json",
    "package-lock.json",
    "public",
    "src",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
];

/// Builds the page, if it has changed since it was built.
pub(crate) fn build(root: &Path) -> Result<()> {
    let ui = root.join("ui");
    // Vite empties the folder, so a page built by hand is built again once: better than trusting it.
    let stamp = ui.join("dist/.stamp");
    let wanted = stamp::fingerprint(&ui, INPUTS, "")?;
    if ui.join("dist/index.html").is_file() && stamp::matches(&stamp, &wanted) {
        say::already("page", "unchanged");
        return Ok(());
    }
    say::timed("page", "npm run build", || {
        shell::run(node::npm(root).args(["run", "build"]))?;
        stamp::set(&stamp, &wanted)
    })
}
