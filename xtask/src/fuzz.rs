//! Fuzzing: the bounded run of the check, and the long one, `cargo xtask fuzz TARGET`.
//!
//! The long run is libFuzzer, guided by coverage. The compiler's pass for that is reached by stable options (`-C`), the ones
//! cargo-fuzz passes, so that it needs no nightly toolchain; only the sanitizers would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{say, shell, system, tree};

/// The targets, and where the inputs are that they begin with.
const TARGETS: [(&str, &[&str]); 5] = [
    ("picture", &["fuzz/corpus/picture", "tests/fixtures/pictures"]),
    ("webhook", &["fuzz/corpus/webhook"]),
    ("door", &["fuzz/corpus/webhook", "fuzz/corpus/door"]),
    ("answer", &["fuzz/corpus/answer", "tests/fixtures/tiktok"]),
    ("query", &["fuzz/corpus/query"]),
];
/// Counters for each edge, what is compared, and what only debug builds check.
const INSTRUMENTED: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions=on";
/// Optimised, with names for what is found.
const PROFILE: &str = "bench-run";

/// How the long run was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    target: &'static str,
    minutes: u32,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self> {
        let names = TARGETS.map(|target| target.0).join(", ");
        let mut rest = arguments.iter();
        let name = rest.next().with_context(|| format!("`cargo xtask fuzz` wants a target: {names}"))?;
        let Some((target, _)) = TARGETS.iter().find(|target| target.0 == name) else {
            bail!("there is no target `{name}`; there are {names}");
        };
        let mut options = Self { target, minutes: 10 };
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--minutes" => {
                    let value = rest.next().context("--minutes wants a number after it")?;
                    options.minutes = value.parse().with_context(|| format!("`{value}` is not a number"))?;
                }
                other => bail!("`cargo xtask fuzz` does not know `{other}`"),
            }
        }
        Ok(options)
    }
}

/// The long run. What it finds, and the inputs that reached something new, are kept below `target/fuzz`.
pub(crate) fn run(options: Options) -> Result<()> {
    system::ensure(system::COMPILER)?;
    let root = tree::root()?;
    let place = tree::built()?.with_file_name("fuzz");
    let host = host()?;
    say::timed("build", "with coverage", || {
        let what = ["build", "--locked", "--package", "fuzz", "--features", "libfuzzer", "--profile", PROFILE];
        let apart = ["--target", &host, "--target-dir"];
        shell::run(shell::cargo(&root).args(what).args(apart).arg(&place).env("RUSTFLAGS", INSTRUMENTED))
    })?;
    let (grown, finds) = (place.join("corpus").join(options.target), place.join("finds"));
    fs::create_dir_all(&grown)?;
    fs::create_dir_all(&finds)?;
    let program = place.join(host).join(PROFILE).join("fuzz");
    let seconds = options.minutes * 60;
    shell::run(
        Command::new(program)
            .arg(grown)
            .args(corpus(&root, options.target))
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-artifact_prefix={}/{}-", finds.display(), options.target))
            .args(["-timeout=25", "-rss_limit_mb=2048", "-max_len=65536", "-print_final_stats=1"])
            .env("DESKBELL_FUZZ_TARGET", options.target),
    )
}

/// The bounded run: the same inputs each time, by the program that the check's `build` has compiled.
pub(crate) fn run_bounded() -> Result<()> {
    shell::run(&mut Command::new(tree::program("fuzz")?))
}

fn corpus(root: &Path, target: &str) -> Vec<PathBuf> {
    let folders = TARGETS.iter().filter(|known| known.0 == target).flat_map(|known| known.1);
    folders.map(|folder| root.join(folder)).collect()
}

/// What we run on. Named to cargo, it keeps build scripts and macros out of the instrumentation.
fn host() -> Result<String> {
    let told = shell::read(Command::new("rustc").arg("-vV"))?;
    told.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned).context("rustc names no host")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options> {
        Options::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_target_is_named_and_the_minutes_may_be() {
        assert_eq!(parse("picture").unwrap(), Options { target: "picture", minutes: 10 });
        assert_eq!(parse("query --minutes 3").unwrap(), Options { target: "query", minutes: 3 });
        assert!(parse("").unwrap_err().to_string().contains("picture, webhook"));
        assert!(parse("pictures").is_err() && parse("picture --minutes x").is_err());
    }
}
