//! Deskbell's own commands, so that running it and testing it take one line each.
//!
//! A newcomer waits for this crate first, so it has one small dependency and none of the workspace's crates. A step that is
//! done already is skipped: a second run installs nothing.

mod bench;
mod bindings;
mod check;
mod demo;
mod faults;
mod fuzz;
mod network;
mod node;
mod page;
mod picture;
mod relay;
mod say;
mod shell;
mod stamp;
mod system;
mod tools;
mod tree;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask demo [--browser]     installs what is missing, builds Deskbell and opens Practice, the built-in sandbox
                                 with scripted customers; without a display, or with --browser, in a web browser
cargo xtask check                installs what is missing and runs every check and every test
    --list                       names the steps
    --only STEP                  runs this step, and what it needs (may be given several times)
    --no-setup                   installs nothing
    -- ARGUMENTS                 for the test step: what to hand to `cargo test`
cargo xtask faults               sends and kills the engine's process at random among faults at TikTok; the ledger and the
                                 screen must agree on each message
    --seed N                     repeats a run; random otherwise
    --sends N, --kills N         1000 and 500 unless given
    --relay                      through the shop's relay, which is killed too
    --receive                    the other way round: customers write while it is killed
    --messages N, --kills N      10000 and 200 unless given
cargo xtask fuzz TARGET          the long run on what reads a stranger's bytes: picture, webhook, answer or query (Linux only)
    --minutes N                  10 unless given
cargo xtask bench                how fast the desk is beside the fastest SQLite can be, on made-up data; docs in CONTRIBUTING.md
    --size 10k|100k|1m|5m|10m    how many messages; 100k unless given
    --growth                     all sizes up to 1m, or up to --size, and how times grow
    --window                     the real window instead, on a desktop of its own, beside an empty one (Linux only)
    --cases A,B                  only cases whose names begin so
    --rounds N, --seed N         7 rounds and seed 7 unless given
    --out FILE                   where the figures go as JSON; target/bench/last.json unless given
    --compare FILE               what changed by more than a tenth since an earlier run
cargo xtask relay [--browser]    a relay on this computer, on the sandbox, and a Deskbell that is paired with it
cargo xtask relay-bench          the relay's program under load and faults, on SQLite and on PostgreSQL, in about five minutes:
                                 nothing that was acknowledged may be lost, doubled or out of order; and its times and memory
    --quick                      everything smaller, in about a minute
    --window                     instead: from TikTok's webhook to the bubble in the real window, and by polling (Linux only)
    --database sqlite|postgres   this one only
    --seconds N, --rate N        of the steady load: 15 and 500 webhooks a second unless given
    --desktops N, --kills N      50 and 10 unless given
    --cases A,B                  only cases whose names begin so
    --seed N                     7 unless given
cargo xtask picture              takes the README's picture anew, of the built app on a desktop of its own (Linux only)
cargo xtask setup                installs what `check` needs, and nothing else
cargo xtask bindings [--check]   writes ui/src/ipc/bindings.ts from the contract in crates/desk, or compares them
cargo xtask help                 this page";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::failed(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", arguments),
    };
    match command {
        "demo" => demo::run(demo::Options::parse(rest)?),
        "check" => check::run(&check::Options::parse(rest)?),
        "bench" => bench::run(rest),
        "fuzz" => fuzz::run(fuzz::Options::parse(rest)?),
        "faults" => faults::run(faults::Options::parse(rest)?),
        "picture" => picture::run(rest),
        "relay" => relay::run(relay::Options::parse(rest)?),
        "relay-bench" => bench::run_relay(rest),
        "setup" => check::setup_for_everything(rest),
        "bindings" => bindings::run(rest),
        "help" | "--help" | "-h" => {
            say::line(HELP);
            Ok(())
        }
        other => bail!("there is no command `{other}`.\n\n{HELP}"),
    }
}
