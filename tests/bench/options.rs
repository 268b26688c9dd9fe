//! How the run was asked for.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// The sizes there are: name and messages.
pub(crate) const SIZES: [(&str, u64); 5] =
    [("10k", 10_000), ("100k", 100_000), ("1m", 1_000_000), ("5m", 5_000_000), ("10m", 10_000_000)];
/// Fewer say nothing about the interval of a median.
const FEWEST_ROUNDS: usize = 7;

#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// One of [`SIZES`], by its place.
    pub(crate) size: usize,
    /// Every size up to this one, and how times grow.
    pub(crate) growth: bool,
    /// The real window instead of the store and the desk.
    pub(crate) window: bool,
    /// Only cases whose names begin so; all if empty.
    pub(crate) cases: Vec<String>,
    pub(crate) rounds: usize,
    pub(crate) seed: u64,
    pub(crate) out: Option<PathBuf>,
    pub(crate) compare: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self> {
        let (mut size, mut growth, mut window) = (None, false, false);
        let (mut cases, mut rounds, mut seed) = (Vec::new(), FEWEST_ROUNDS, 7);
        let (mut out, mut compare) = (None, None);
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--growth" => growth = true,
                "--window" => window = true,
                _ => {}
            }
            if matches!(argument.as_str(), "--growth" | "--window") {
                continue;
            }
            let value = rest.next().with_context(|| format!("`{argument}` is unknown or needs something after it"))?;
            match argument.as_str() {
                "--size" => {
                    let known = SIZES.iter().position(|(name, _)| name == value);
                    size = Some(known.with_context(|| format!("there is no size `{value}`: 10k, 100k, 1m, 5m, 10m"))?);
                }
                "--cases" => cases = value.split(',').map(str::to_owned).collect(),
                "--rounds" => rounds = value.parse().context("--rounds needs a number")?,
                "--seed" => seed = value.parse().context("--seed needs a number")?,
                "--out" => out = Some(value.into()),
                "--compare" => compare = Some(value.into()),
                other => bail!("there is no option `{other}`; see `cargo xtask help`"),
            }
        }
        if rounds < FEWEST_ROUNDS {
            bail!("fewer than {FEWEST_ROUNDS} rounds prove nothing");
        }
        // The budgets are about a million; so is growth, unless more is asked for.
        let size = size.unwrap_or(if growth || window { 2 } else { 1 });
        Ok(Self { size, growth, window, cases, rounds, seed, out, compare })
    }

    /// Whether this case was asked for.
    pub(crate) fn wants(&self, case: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|begin| case.starts_with(begin.as_str()))
    }

    /// The sizes to run, smallest first: name and messages.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let first = if self.growth { 0 } else { self.size };
        SIZES.into_iter().take(self.size + 1).skip(first)
    }
}
