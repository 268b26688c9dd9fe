//! Every check and every test, in the order in which they are cheapest to fail: `cargo xtask check`.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};

use crate::{bindings, fuzz, node, page, say, shell, system, tools, tree};

/// One step of the check.
struct Step {
    name: &'static str,
    what: &'static str,
    /// What must be installed for it.
    wants: &'static [Want],
    /// The steps without whose results it cannot run.
    needs: &'static [&'static str],
    run: fn(&Path, &Options) -> Result<()>,
}

/// What the setup can install.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    Compiler,
    Window,
    Desktop,
    Database,
    Node,
    Tools,
}

/// In this order: quick steps come first.
const STEPS: &[Step] = &[
    Step { name: "format", what: "cargo fmt --check", wants: &[], needs: &[], run: format },
    Step {
        name: "deny",
        what: "licences, sources and known faults of what we depend on",
        wants: &[Want::Tools],
        needs: &[],
        run: deny,
    },
    Step {
        name: "unused",
        what: "no dependency and no file is left over",
        wants: &[Want::Tools],
        needs: &[],
        run: unused,
    },
    Step { name: "page", what: "the page builds", wants: &[Want::Node], needs: &[], run: |root, _| page::build(root) },
    Step {
        name: "ui-check",
        what: "svelte-check and tsc",
        wants: &[Want::Node],
        needs: &[],
        run: |root, _| npm(root, "check"),
    },
    Step {
        name: "ui-format",
        what: "prettier --check",
        wants: &[Want::Node],
        needs: &[],
        run: |root, _| npm(root, "format:check"),
    },
    Step {
        name: "ui-lint",
        what: "eslint and knip",
        wants: &[Want::Node],
        needs: &[],
        run: |root, _| npm(root, "lint"),
    },
    Step { name: "ui-test", what: "vitest", wants: &[Want::Node], needs: &[], run: |root, _| npm(root, "test") },
    Step { name: "clippy", what: "cargo clippy, no warning", wants: &[Want::Window], needs: &["page"], run: clippy },
    Step { name: "docs", what: "cargo doc, no warning", wants: &[Want::Window], needs: &["page"], run: docs },
    Step {
        name: "bindings",
        what: "the page's half of the contract is up to date",
        wants: &[Want::Compiler],
        needs: &[],
        run: |_, _| bindings::compare(),
    },
    Step { name: "build", what: "the app and all tests compile", wants: &[Want::Window], needs: &["page"], run: build },
    Step {
        name: "test",
        what: "cargo test, real-window tests included",
        wants: &[Want::Window, Want::Desktop, Want::Database],
        needs: &["page", "build"],
        run: test,
    },
    Step {
        name: "fuzz",
        what: "strangers' bytes, a bounded run",
        wants: &[Want::Window],
        needs: &["page", "build"],
        run: |_, _| fuzz::run_bounded(),
    },
    Step {
        name: "release",
        what: "the app compiles as it ships",
        wants: &[Want::Window],
        needs: &["page"],
        run: release,
    },
    Step {
        name: "smoke",
        what: "the shipped build does the whole job in the real window",
        wants: &[Want::Window, Want::Desktop],
        needs: &["page", "build", "release"],
        run: smoke,
    },
];

/// The command's options.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Options {
    only: Vec<String>,
    list: bool,
    no_setup: bool,
    /// What follows `--`, for the test step.
    test_arguments: Vec<String>,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Options> {
        let mut options = Options::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--list" => options.list = true,
                "--no-setup" => options.no_setup = true,
                "--only" => {
                    let name = rest.next().context("--only wants the name of a step")?;
                    step(name)?;
                    options.only.push(name.clone());
                }
                "--" => options.test_arguments.extend(rest.by_ref().cloned()),
                other => bail!("`cargo xtask check` does not know `{other}`; see `cargo xtask help`"),
            }
        }
        Ok(options)
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.list {
        for step in STEPS {
            say::line(&format!("{:<10} {}", step.name, step.what));
        }
        return Ok(());
    }
    let root = tree::root()?;
    let started = Instant::now();
    let plan = plan(&options.only)?;
    if !options.no_setup {
        setup(&root, &plan)?;
    }
    for step in &plan {
        let name = step.name;
        say::timed(name, step.what, || (step.run)(&root, options))
            .map_err(|error| anyhow!("{error:#}\n  To repeat just this step: cargo xtask check --only {name}"))?;
    }
    say::line(&format!("\nAll well: {} steps in {}.", plan.len(), say::duration(started.elapsed())));
    Ok(())
}

/// `cargo xtask setup`.
pub(crate) fn setup_for_everything(arguments: &[String]) -> Result<()> {
    if !arguments.is_empty() {
        bail!("`cargo xtask setup` takes no options");
    }
    setup(&tree::root()?, &plan(&[])?)
}

fn setup(root: &Path, plan: &[&Step]) -> Result<()> {
    let wanted = |want| plan.iter().any(|step| step.wants.contains(&want));
    if wanted(Want::Window) {
        system::ensure(system::WINDOW)?;
    } else if wanted(Want::Compiler) {
        system::ensure(system::COMPILER)?;
    }
    if wanted(Want::Desktop) && cfg!(target_os = "linux") {
        system::ensure(system::TESTS)?;
    } else if wanted(Want::Desktop) {
        say::already(system::TESTS.title, "the real-window tests run on Linux only");
    }
    if wanted(Want::Database) && cfg!(target_os = "linux") {
        system::ensure(system::DATABASE)?;
    } else if wanted(Want::Database) {
        say::already(system::DATABASE.title, "the relay's tests on PostgreSQL run on Linux only");
    }
    if wanted(Want::Node) {
        node::check()?;
        node::packages(root)?;
    }
    if wanted(Want::Tools) {
        tools::ensure(root)?;
    }
    Ok(())
}

fn step(name: &str) -> Result<&'static Step> {
    STEPS.iter().find(|step| step.name == name).with_context(|| {
        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        format!("there is no step `{name}`; there are {}", names.join(", "))
    })
}

/// The steps to run, in order: all, or the named ones with what they need.
fn plan(only: &[String]) -> Result<Vec<&'static Step>> {
    if only.is_empty() {
        return Ok(STEPS.iter().collect());
    }
    let mut wanted: Vec<&str> = Vec::new();
    for name in only {
        let step = step(name)?;
        wanted.extend(step.needs);
        wanted.push(step.name);
    }
    Ok(STEPS.iter().filter(|step| wanted.contains(&step.name)).collect())
}

fn cargo(root: &Path, words: &[&str]) -> Result<()> {
    shell::run(shell::cargo(root).args(words))
}

fn format(root: &Path, _: &Options) -> Result<()> {
    cargo(root, &["fmt", "--all", "--check"])
}

/// By the rules of `deny.toml`. Known vulnerabilities are looked up where their database can be reached.
fn deny(root: &Path, _: &Options) -> Result<()> {
    let deny = |words: &[&str]| {
        let mut command = tools::command(root, "cargo-deny")?;
        command.args(["--locked", "--workspace"]).args(words).env("GIT_TERMINAL_PROMPT", "0");
        anyhow::Ok(command)
    };
    shell::run(&mut deny(&["check", "--hide-inclusion-graph", "bans", "licenses", "sources"])?)?;
    if !shell::succeeds(&mut deny(&["fetch", "db"])?) {
        say::line("The database of known vulnerabilities cannot be reached from here, so it was not asked.");
        return Ok(());
    }
    shell::run(&mut deny(&["check", "--hide-inclusion-graph", "--disable-fetch", "advisories"])?)
}

fn unused(root: &Path, _: &Options) -> Result<()> {
    shell::run(tools::command(root, "cargo-shear")?.args(["--deny-warnings"]))
}

fn npm(root: &Path, script: &str) -> Result<()> {
    shell::run(node::npm(root).args(["run", "--silent", script]))
}

fn clippy(root: &Path, _: &Options) -> Result<()> {
    let scope = ["clippy", "--locked", "--workspace", "--all-targets", "--features", tree::FEATURES];
    shell::run(shell::cargo(root).args(scope).args(["--", "-D", "warnings"]))
}

fn docs(root: &Path, _: &Options) -> Result<()> {
    let scope = ["doc", "--locked", "--workspace", "--no-deps", "--features", tree::FEATURES];
    shell::run(shell::cargo(root).args(scope).env("RUSTDOCFLAGS", "-D warnings"))
}

fn build(root: &Path, _: &Options) -> Result<()> {
    cargo(root, &["build", "--locked", "--workspace", "--all-targets", "--features", tree::FEATURES])
}

fn test(root: &Path, options: &Options) -> Result<()> {
    let scope = ["test", "--locked", "--workspace", "--features", tree::FEATURES];
    shell::run(shell::cargo(root).args(scope).args(&options.test_arguments))
}

fn release(root: &Path, _: &Options) -> Result<()> {
    cargo(root, &["build", "--locked", "--release", "--package", "deskbell", "--features", tree::FEATURES])
}

/// The story of `tests/e2e/smoke.rs` with the program that ships; the test step tells it with the one that is being worked on.
fn smoke(root: &Path, _: &Options) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let shipped = tree::built()?.with_file_name("release").join("deskbell");
    let story = ["test", "--locked", "--workspace", "--features", tree::FEATURES, "--test", "it", "--", "e2e::smoke"];
    shell::run(shell::cargo(root).args(story).env("DESKBELL_BIN", shipped))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn names(only: &str) -> Vec<&'static str> {
        plan(&words(only)).unwrap().iter().map(|step| step.name).collect()
    }

    #[test]
    fn every_need_is_a_step_that_comes_before() {
        for (place, step) in STEPS.iter().enumerate() {
            for need in step.needs {
                assert!(STEPS[..place].iter().any(|earlier| earlier.name == *need), "{} needs {need}", step.name);
            }
        }
    }

    #[test]
    fn a_single_step_brings_what_it_needs_in_order() {
        assert_eq!(names("test"), ["page", "build", "test"]);
        assert_eq!(names("smoke"), ["page", "build", "release", "smoke"]);
        assert_eq!(names("clippy format"), ["format", "page", "clippy"]);
        assert_eq!(names("").len(), STEPS.len());
    }

    #[test]
    fn options_are_read_and_mistakes_named() {
        let options = Options::parse(&words("--no-setup --only test -- e2e --nocapture")).unwrap();
        assert_eq!(options.only, ["test"]);
        assert_eq!(options.test_arguments, ["e2e", "--nocapture"]);
        assert!(options.no_setup);
        assert!(Options::parse(&words("--only tset")).unwrap_err().to_string().contains("clippy"));
        assert!(Options::parse(&words("--olny")).is_err());
    }
}
