//! The full fault runs: `cargo xtask faults` for sending, with `--relay` for sending through the shop's relay, with
//! `--receive` for receiving. The real engine runs in a process
//! of its own, with faults at TikTok and `kill -9` at random moments.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use crate::{say, shell, system, tree};

/// Which way the messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Out,
    /// Out through the shop's relay, which is killed too.
    Relay,
    In,
}

/// How the run was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    way: Way,
    /// Repeats what was sent or written, dialled and killed; random if not given.
    seed: Option<u32>,
    messages: u32,
    kills: u32,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Options> {
        let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
        let way = match (has("--receive"), has("--relay")) {
            (true, true) => bail!("`cargo xtask faults` takes --receive or --relay, not both"),
            (true, false) => Way::In,
            (false, true) => Way::Relay,
            (false, false) => Way::Out,
        };
        let mut options = match way {
            Way::Out | Way::Relay => Options { way, seed: None, messages: 1_000, kills: 500 },
            Way::In => Options { way, seed: None, messages: 10_000, kills: 200 },
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut number = || {
                let value = rest.next().with_context(|| format!("`{argument}` needs a number after it"))?;
                value.parse::<u32>().with_context(|| format!("`{argument}` needs a number, not `{value}`"))
            };
            match (argument.as_str(), way) {
                ("--receive" | "--relay", _) => {}
                ("--seed", _) => options.seed = Some(number()?),
                ("--sends", Way::Out | Way::Relay) | ("--messages", Way::In) => options.messages = number()?,
                ("--kills", _) => options.kills = number()?,
                (other, Way::Out | Way::Relay) => {
                    bail!("`cargo xtask faults` takes --relay, --seed, --sends and --kills, not `{other}`")
                }
                (other, Way::In) => {
                    bail!("`cargo xtask faults --receive` takes --seed, --messages and --kills, not `{other}`")
                }
            }
        }
        Ok(options)
    }
}

pub(crate) fn run(options: Options) -> Result<()> {
    system::ensure(system::COMPILER)?;
    let seed = options.seed.unwrap_or_else(random_seed);
    let Options { way, messages, kills, .. } = options;
    let (story, size, variable, flags) = match way {
        Way::Out => ("faultrun::a_process", "sends", "DESKBELL_SENDS", ""),
        Way::Relay => ("faultrun::a_desk_and_its_relay", "sends", "DESKBELL_SENDS", "--relay "),
        Way::In => ("receiverun", "messages", "DESKBELL_MESSAGES", "--receive "),
    };
    let what = format!("seed {seed}: {messages} {size}, {kills} kills");
    say::timed("fault run", &what, || {
        let scope = ["test", "--locked", "--workspace", "--features", tree::FEATURES, "--test", "it"];
        shell::run(
            shell::cargo(&tree::root()?)
                .args(scope)
                .args(["--", story, "--nocapture"])
                .env("DESKBELL_SEED", seed.to_string())
                .env(variable, messages.to_string())
                .env("DESKBELL_KILLS", kills.to_string()),
        )
    })
    .with_context(|| {
        format!("to repeat it: cargo xtask faults {flags}--seed {seed} --{size} {messages} --kills {kills}")
    })
}

/// A seed from the clock.
fn random_seed() -> u32 {
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
        let out = Options { way: Way::Out, seed: None, messages: 1_000, kills: 500 };
        assert_eq!(parse("").unwrap(), out);
        assert_eq!(
            parse("--kills 20 --seed 7 --sends 60").unwrap(),
            Options { seed: Some(7), messages: 60, kills: 20, ..out }
        );
        let inward = Options { way: Way::In, seed: None, messages: 10_000, kills: 200 };
        assert_eq!(parse("--receive").unwrap(), inward);
        assert_eq!(parse("--messages 50 --receive").unwrap(), Options { messages: 50, ..inward });
        let relay = Options { way: Way::Relay, ..out };
        assert_eq!(parse("--relay").unwrap(), relay);
        assert!(parse("--relay --receive").is_err());
        assert!(parse("--seed").unwrap_err().to_string().contains("number"));
        assert!(parse("--seed x").is_err() && parse("--sneds 3").is_err());
        assert!(parse("--messages 50").is_err() && parse("--receive --sends 50").is_err());
    }
}
