//! From a fresh checkout to the open inbox: `cargo xtask demo`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{network, node, page, say, shell, system, tree};

const FIRST_PORT: u16 = 4590;

/// How the demo was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// In a web browser instead of a window.
    browser: bool,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Options> {
        let mut options = Options::default();
        for argument in arguments {
            match argument.as_str() {
                "--browser" => options.browser = true,
                other => bail!("`cargo xtask demo` takes --browser and nothing else, not `{other}`"),
            }
        }
        Ok(options)
    }
}

pub(crate) fn run(options: Options) -> Result<()> {
    let root = tree::root()?;
    let in_browser = options.browser || !has_display();
    if in_browser && !options.browser {
        say::line("There is no display here, so Practice opens for a web browser.");
    }
    system::ensure(if in_browser { system::COMPILER } else { system::WINDOW })?;
    node::check()?;
    node::packages(&root)?;
    page::build(&root)?;
    if in_browser { browser(&root) } else { window(&root) }
}

pub(crate) fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

fn window(root: &Path) -> Result<()> {
    build(root, "deskbell", "about 5 minutes")?;
    say::line("\nDeskbell opens Practice, with invented customers. Nothing of it reaches TikTok.");
    shell::become_program(Command::new(tree::program("deskbell")?).arg("--practice"))
}

fn browser(root: &Path) -> Result<()> {
    build(root, "webhost", "about 3 minutes")?;
    let port = network::free_port(FIRST_PORT).context("no free port between 4590 and 4690")?;
    say::line(
        "\nPractice opens for a web browser, with invented customers. Nothing of it reaches TikTok. Ctrl-C ends it.",
    );
    shell::become_program(Command::new(tree::program("webhost")?).args(["--practice", "--port", &port.to_string()]))
}

fn build(root: &Path, program: &str, first_time: &str) -> Result<()> {
    let what = if tree::program(program)?.is_file() {
        format!("building {program}")
    } else {
        format!("building {program} (the first time takes {first_time})")
    };
    // Named within the whole workspace, so that `cargo xtask check` later finds it built with the same features.
    let words = ["build", "--locked", "--workspace", "--features", tree::FEATURES, "--bin", program];
    say::timed("Deskbell", &what, || shell::run(shell::cargo(root).args(words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_is_asked_for_by_name() {
        assert_eq!(Options::parse(&[]).unwrap(), Options { browser: false });
        assert_eq!(Options::parse(&["--browser".to_owned()]).unwrap(), Options { browser: true });
        assert!(Options::parse(&["--brwoser".to_owned()]).unwrap_err().to_string().contains("--brwoser"));
    }
}
