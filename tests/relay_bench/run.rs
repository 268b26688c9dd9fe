//! The run: every case on each database.

mod book;
mod cases;
mod desktop;
mod events;
mod http;
mod judge;
mod load;
mod machine;
mod options;
#[expect(clippy::unwrap_used, clippy::panic, dead_code, reason = "the relay's own tests have the same servers")]
#[path = "../../crates/relay/src/testing/postgres.rs"]
mod postgres;
mod report;
mod servers;
mod shop;
mod signer;
mod stored;
mod times;
mod webhook;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use cases::{
    burst, database_kills, disk_full, door, failover, fan_out, relay_kills, slow_readers, throughput, two_relays,
};
use options::Options;
use postgres::Server;
use report::{Report, say};
use servers::blocking;
use shop::Address;

/// Two for each stream of the largest case, and some.
const MIN_OPEN_FILES: u64 = 3_000;

pub(crate) fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(arguments: &[String]) -> Result<bool> {
    let options = Options::parse(arguments)?;
    if machine::max_open_files() < MIN_OPEN_FILES {
        bail!("a process may have too few open files here: `ulimit -n {MIN_OPEN_FILES}` first");
    }
    judge::check_itself().context("the judge")?;
    let began = Instant::now();
    let machine = machine::told();
    say(&format!("{machine}"));
    say(&format!(
        "seed {}: {} webhooks/s, {} desktops, {} kills; times in ms",
        options.seed, options.rate, options.desktops, options.kills
    ));
    if cfg!(debug_assertions) {
        say("This build is not optimised: its figures say nothing. `cargo xtask relay-bench` builds the right one.");
    }
    report::print_head();
    let mut reports = Vec::new();
    if options.sqlite {
        on_sqlite(&options, &mut reports).await;
    }
    if options.postgres {
        on_postgres(&options, &mut reports).await?;
    }
    let wrong = reports.iter().filter(|report| !report.is_right()).count();
    let took = began.elapsed().as_secs_f64();
    let told = json!({
        "machine": machine,
        "seed": options.seed,
        "rate": options.rate,
        "seconds": options.seconds,
        "desktops": options.desktops,
        "quick": options.quick,
        "took_s": took,
        "cases": reports.iter().map(Report::json).collect::<Vec<Value>>(),
    });
    let file = write(&told)?;
    say(&format!("\n{} cases, {wrong} with something wrong, in {took:.0} s. All of it: {file}", reports.len()));
    Ok(wrong == 0 && !reports.is_empty())
}

/// The figures go to `target/bench/relay.json`.
fn write(told: &Value) -> Result<String> {
    let program = std::env::current_exe()?;
    let target = program.parent().and_then(Path::parent).context("the program lies in no target folder")?;
    let folder = target.join("bench");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("relay.json");
    std::fs::write(&file, serde_json::to_string_pretty(told)?)?;
    Ok(file.display().to_string())
}

fn tell(reports: &mut Vec<Report>, case: &'static str, database: &'static str, found: Result<Report>) {
    let report = found.unwrap_or_else(|error| Report::failed(case, database, &error));
    report.print();
    reports.push(report);
}

const QUICK_SLOW: &str = "a slow reader is cut after 20 s: not with --quick";

async fn on_sqlite(options: &Options, reports: &mut Vec<Report>) {
    let name = "sqlite";
    if options.wants(throughput::NAME) {
        tell(reports, throughput::NAME, name, throughput::run(options, name, None).await);
    }
    if options.wants(burst::NAME) {
        tell(reports, burst::NAME, name, burst::run(options, name, None).await);
    }
    if options.wants(fan_out::NAME) {
        tell(reports, fan_out::NAME, name, fan_out::run(options, name, None).await);
    }
    if options.wants(relay_kills::NAME) {
        tell(reports, relay_kills::NAME, name, relay_kills::run(options, name, None).await);
    }
    if options.wants(disk_full::NAME) {
        tell(reports, disk_full::NAME, name, disk_full::run(options, name, true).await);
    }
    if options.wants(slow_readers::NAME) {
        let found = if options.quick {
            Ok(Report::skipped(slow_readers::NAME, name, QUICK_SLOW))
        } else {
            slow_readers::run(options, name, None).await
        };
        tell(reports, slow_readers::NAME, name, found);
    }
    if options.wants(door::NAME) {
        tell(reports, door::NAME, name, door::run(options, name, None).await);
    }
}

async fn on_postgres(options: &Options, reports: &mut Vec<Report>) -> Result<()> {
    let name = "postgres";
    // Its commits are durable, as a shop's are.
    let server = Arc::new(blocking(|| Server::start("")).await?);
    let database = async || {
        let server = Arc::clone(&server);
        Ok::<_, anyhow::Error>(Some(blocking(move || Address::of(&server)).await?))
    };
    if options.wants(throughput::NAME) {
        tell(reports, throughput::NAME, name, throughput::run(options, name, database().await?).await);
    }
    if options.wants(burst::NAME) {
        tell(reports, burst::NAME, name, burst::run(options, name, database().await?).await);
    }
    if options.wants(fan_out::NAME) {
        tell(reports, fan_out::NAME, name, fan_out::run(options, name, database().await?).await);
    }
    if options.wants(relay_kills::NAME) {
        tell(reports, relay_kills::NAME, name, relay_kills::run(options, name, database().await?).await);
    }
    if options.wants(database_kills::NAME) {
        tell(reports, database_kills::NAME, name, database_kills::run(options, name).await);
    }
    if options.wants(failover::NAME) {
        tell(reports, failover::NAME, name, failover::run(options, name).await);
    }
    if options.wants(disk_full::NAME) {
        tell(reports, disk_full::NAME, name, disk_full::run(options, name, false).await);
    }
    if options.wants(slow_readers::NAME) {
        let found = if options.quick {
            Ok(Report::skipped(slow_readers::NAME, name, QUICK_SLOW))
        } else {
            slow_readers::run(options, name, database().await?).await
        };
        tell(reports, slow_readers::NAME, name, found);
    }
    if options.wants(two_relays::NAME) {
        tell(reports, two_relays::NAME, name, two_relays::run(options, name, database().await?).await);
    }
    if options.wants(door::NAME) {
        tell(reports, door::NAME, name, door::run(options, name, database().await?).await);
    }
    Ok(())
}
