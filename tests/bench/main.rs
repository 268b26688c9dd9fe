//! How fast the desk is, beside the fastest SQLite can be: `cargo xtask bench`.
//!
//! Each case runs in the same process, in turns, on the same history in two databases: ours, and a floor that does nothing
//! but store and find. Ours is asked twice, through the store and through the desk's command, which is what the page pays.
//! Times move with the machine; how many times the floor it took does not, much.

mod budget;
mod cases;
mod fill;
mod floor;
mod machine;
mod measure;
mod options;
mod report;
mod script;
mod segment;
mod shop;
mod stage;
#[cfg(target_os = "linux")]
mod window;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use cases::{list, opening, rules, search, sending, taking_in, thread};
use measure::{Case, Measured};
use options::Options;
use report::{Sized, say};
use stage::Stage;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = Runtime::new()?;
    if let [flag, folder] = arguments.as_slice()
        && flag == "--memory-of"
    {
        say(&opening::measure_memory(&runtime, Path::new(folder))?.to_string());
        return Ok(());
    }
    let options = Options::parse(&arguments)?;
    let bench = folder()?;
    // Read before hours of measuring, not after.
    let earlier: Option<Value> = match &options.compare {
        Some(file) => Some(serde_json::from_str(&std::fs::read_to_string(file)?).context("the earlier run")?),
        None => None,
    };
    let machine = machine::told(&floor::Floor::make(&tempfile::tempdir_in(&bench)?.path().join("x.db"))?.version()?);
    say(&format!("{machine}"));
    if cfg!(debug_assertions) {
        say("This build is not optimised: its figures say nothing. `cargo xtask bench` builds the right one.");
    }
    let mut all = Vec::new();
    for (size, messages) in options.sizes() {
        let measure = if options.window { measure_window } else { measure_size };
        let sized = measure(&runtime, &bench, &options, size, messages)?;
        report::table(&sized);
        all.push(sized);
    }
    let growth = report::growth(&all);
    let told = report::json(machine, options.seed, &all, growth);
    let file = options.out.clone().unwrap_or_else(|| bench.join("last.json"));
    std::fs::write(&file, serde_json::to_string_pretty(&told)?)?;
    say(&format!("\nAll of it: {}", file.display()));
    if let Some(earlier) = earlier {
        report::compare(&earlier, &told);
    }
    if all.iter().any(|sized| !sized.failed.is_empty()) {
        bail!("some cases could not be measured");
    }
    Ok(())
}

/// Where the data is kept: `target/bench`.
fn folder() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.parent().and_then(Path::parent).context("the program lies in no target folder")?;
    let bench = target.join("bench");
    std::fs::create_dir_all(&bench)?;
    Ok(bench)
}

fn measure_size(
    runtime: &Runtime,
    bench: &Path,
    options: &Options,
    size: &'static str,
    messages: u64,
) -> Result<Sized> {
    let made = fill::ready(runtime, bench, size, messages, options.seed)?;
    let work = tempfile::tempdir_in(bench)?;
    let data = made.copy(work.path())?;
    let facts = data.facts.clone();
    let mut sized = Sized::new(size, messages, facts);
    let account = serde_json::from_value(data.facts.get("account").cloned().unwrap_or(Value::Null))?;
    measure_cases(options, &mut sized, vec![opening::cold(runtime, &data, account)]);

    let stage = Stage::open(runtime, &data, options.seed)?;
    measure_cases(options, &mut sized, list::cases(&stage)?);
    measure_cases(options, &mut sized, thread::cases(&stage));
    measure_cases(options, &mut sized, search::cases(&stage));
    measure_cases(options, &mut sized, vec![rules::dry_run(&stage)]);
    measure_cases(options, &mut sized, sending::cases(&stage));
    measure_cases(options, &mut sized, taking_in::cases(&stage));
    stage.close();
    if options.wants("memory") {
        match opening::memory(&data) {
            Ok(memory) => sized.memory = memory,
            Err(error) => sized.failed.push(("memory".to_owned(), format!("{error:#}"))),
        }
    }
    Ok(sized)
}

/// The real window on the history of this size.
#[cfg(target_os = "linux")]
fn measure_window(
    runtime: &Runtime,
    bench: &Path,
    options: &Options,
    size: &'static str,
    messages: u64,
) -> Result<Sized> {
    let made = fill::ready(runtime, bench, size, messages, options.seed)?;
    let mut sized = Sized::new(size, messages, made.facts.clone());
    let window = window::Window::open(runtime, &made)?;
    measure_cases(options, &mut sized, vec![window.start()]);
    let peers = if options.wants("window_peers") { window.peers()? } else { Value::Null };
    let shown = window.set_up()?;
    window.picture(&bench.join("window.png"))?;
    if options.wants("window_bubble") {
        sized.cases.push(measure::few("window_bubble", &shown.bubble()?));
    }
    // Before anything else has been done with it.
    let memory = if options.wants("window_memory") { window.memory(&shown)? } else { Value::Null };
    measure_cases(options, &mut sized, vec![shown.key_to_paint(), shown.search(), shown.switch(), shown.scroll()]);
    window.picture(&bench.join("window-after.png"))?;
    sized.window = json!({ "memory": memory, "peers": peers });
    report::window(&sized.window);
    Ok(sized)
}

#[cfg(not(target_os = "linux"))]
fn measure_window(_: &Runtime, _: &Path, _: &Options, _: &'static str, _: u64) -> Result<Sized> {
    bail!("the window is measured on Linux only: it wants an X server of its own")
}

fn measure_cases(options: &Options, sized: &mut Sized, cases: Vec<Case<'_>>) {
    for case in cases.into_iter().filter(|case| options.wants(&case.name)) {
        stage::quiet();
        let (name, started) = (case.name.clone(), Instant::now());
        match measure::run(case, options.rounds, options.seed) {
            Ok(measured) => {
                let took = started.elapsed().as_secs_f64();
                say(&format!("  {} {:<24} {}  ({took:.1} s)", sized.size, name, summary(&measured)));
                sized.cases.push(measured);
            }
            Err(error) => {
                say(&format!("  {} {name}: {error:#}", sized.size));
                sized.failed.push((name, format!("{error:#}")));
            }
        }
    }
}

fn summary(measured: &Measured) -> String {
    let level = |name: &str, level: &Option<measure::Level>| {
        level.as_ref().map(|level| format!("{name} {:.3} / {:.3}", level.p50, level.p95))
    };
    let levels = [level("floor", &measured.floor), level("store", &measured.store), level("desk", &measured.desk)];
    levels.into_iter().flatten().collect::<Vec<_>>().join("   ")
}
