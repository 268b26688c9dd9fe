//! The full fault run: `cargo xtask faults`. The real engine as a process, faults at TikTok, `kill -9` at random moments.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use crate::{say, shell, system, tree};

/// How the run was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    /// Repeats what was sent, dialled and killed; drawn by lot if not given.
    seed: Option<u32>,
    sends: u32,
    kills: u32,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Options> {
        let mut options = Options { seed: None, sends: 1000, kills: 500 };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut number = || {
                let value = rest.next().with_context(|| format!("`{argument}` needs a number after it"))?;
                value.parse::<u32>().with_context(|| format!("`{argument}` needs a number, not `{value}`"))
            };
            match argument.as_str() {
                "--seed" => options.seed = Some(number()?),
                "--sends" => options.sends = number()?,
                "--kills" => options.kills = number()?,
                other => bail!("`cargo xtask faults` takes --seed, --sends and --kills, not `{other}`"),
            }
        }
        Ok(options)
    }
}

pub(crate) fn run(options: Options) -> Result<()> {
    system::ensure(system::COMPILER)?;
    let seed = options.seed.unwrap_or_else(lot);
    let Options { sends, kills, .. } = options;
    let what = format!("seed {seed}: {sends} sends, {kills} kills");
    say::timed("fault run", &what, || {
        let scope = ["test", "--locked", "--workspace", "--features", tree::FEATURES, "--test", "it"];
        shell::run(
            shell::cargo(&tree::root()?)
                .args(scope)
                .args(["--", "faultrun", "--nocapture"])
                .env("DESKBELL_SEED", seed.to_string())
                .env("DESKBELL_SENDS", sends.to_string())
                .env("DESKBELL_KILLS", kills.to_string()),
        )
    })
    .with_context(|| format!("to repeat it: cargo xtask faults --seed {seed} --sends {sends} --kills {kills}"))
}

/// A seed nobody chose.
fn lot() -> u32 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options> {
        Options::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_full_run_is_what_one_gets_unasked() {
        assert_eq!(parse("").unwrap(), Options { seed: None, sends: 1000, kills: 500 });
        assert_eq!(parse("--kills 20 --seed 7 --sends 60").unwrap(), Options { seed: Some(7), sends: 60, kills: 20 });
        assert!(parse("--seed").unwrap_err().to_string().contains("number"));
        assert!(parse("--seed x").is_err() && parse("--sneds 3").is_err());
    }
}
