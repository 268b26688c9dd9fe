//! What the run says: a line while it goes on, a table, growth, JSON, and what changed since an earlier run.

use std::io::Write;

use serde_json::{Value, json};

use crate::budget::{Budget, IDLE_CPU, IDLE_MB, OPENED_MB, SLOPE};
use crate::measure::{Level, Measured};

/// A change below this says nothing.
const CHANGED: f64 = 1.10;

/// One line. A terminal that went away is no reason to stop.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// Everything measured at one size.
#[derive(Debug, Clone)]
pub(crate) struct Sized {
    pub(crate) size: &'static str,
    pub(crate) messages: u64,
    /// What is known of the data: bytes, rates.
    pub(crate) facts: Value,
    pub(crate) memory: Value,
    /// What the window takes, and other programs' windows.
    pub(crate) window: Value,
    pub(crate) cases: Vec<Measured>,
    /// Cases that could not be measured, and why.
    pub(crate) failed: Vec<(String, String)>,
}

impl Sized {
    /// Nothing measured yet.
    pub(crate) fn new(size: &'static str, messages: u64, facts: Value) -> Self {
        let (cases, failed) = (Vec::new(), Vec::new());
        Self { size, messages, facts, memory: Value::Null, window: Value::Null, cases, failed }
    }
}

/// A time as short as it can be read.
fn ms(value: f64) -> String {
    match value {
        value if value < 0.1 => format!("{value:.4}"),
        value if value < 10.0 => format!("{value:.3}"),
        value => format!("{value:.1}"),
    }
}

fn pair(level: Option<&Level>) -> String {
    level.map_or_else(|| "-".to_owned(), |level| format!("{} / {}", ms(level.p50), ms(level.p95)))
}

fn ratio(level: Option<&Level>) -> String {
    let ratio = level.and_then(|level| level.ratio);
    ratio.map_or_else(|| "-".to_owned(), |(middle, bad)| format!("{middle:.1} ({bad:.1})"))
}

/// The table of one size.
pub(crate) fn table(sized: &Sized) {
    say(&format!(
        "\n{}: milliseconds, p50 / p95; times the floor, median of the rounds (bad end of its 95 % interval)\n",
        sized.size
    ));
    say(&line(["case", "floor", "store", "x floor", "desk", "x floor", "budget", "met"]));
    for case in &sized.cases {
        let budget = Budget::of(&case.name);
        let met = budget.and_then(|budget| budget.is_met(case));
        let drifted = if case.drifted > 0 { " ~" } else { "" };
        say(&line([
            &format!("{}{drifted}", case.name),
            &pair(case.floor.as_ref()),
            &pair(case.store.as_ref()),
            &ratio(case.store.as_ref()),
            &pair(case.desk.as_ref()),
            &ratio(case.desk.as_ref()),
            &budget.map_or_else(String::new, Budget::told),
            met.map_or("", |met| if met { "yes" } else { "NO" }),
        ]));
    }
    for case in sized.cases.iter().filter(|case| case.messages > 0) {
        let rate = |level: Option<&Level>| level.map_or(0.0, |level| f64::from(case.messages) / level.p50);
        let (floor, store) = (rate(case.floor.as_ref()), rate(case.store.as_ref()));
        say(&format!("{}: floor {floor:.1} k/s, store {store:.1} k/s, {:.0} %", case.name, store / floor * 100.0));
    }
    for (case, why) in &sized.failed {
        say(&format!("{case}: could not be measured: {why}"));
    }
    if sized.cases.iter().any(|case| case.drifted > 0) {
        say("~ the floor moved by more than a quarter in some round, each time it was tried");
    }
    data(sized);
}

fn data(sized: &Sized) {
    let number = |of: &Value, path: &str| of.pointer(path).and_then(Value::as_f64);
    if let (Some(store), Some(floor)) = (number(&sized.facts, "/bytes/store"), number(&sized.facts, "/bytes/floor")) {
        let (store, floor) = (store / 1e6, floor / 1e6);
        say(&format!("on disk: store {store:.0} MB, floor {floor:.0} MB, {:.1}x", store / floor));
    }
    if let (Some(store), Some(floor)) =
        (number(&sized.facts, "/ingest_per_s/store"), number(&sized.facts, "/ingest_per_s/floor"))
    {
        let (store, floor) = (store / 1e3, floor / 1e3);
        let part = store / floor * 100.0;
        say(&format!("while it was made, 1,000 to a commit: store {store:.1} k/s, floor {floor:.1} k/s, {part:.0} %"));
    }
    if let (Some(opened), Some(after)) = (number(&sized.memory, "/opened_mb"), number(&sized.memory, "/after_500_mb")) {
        let (start, half) = (
            number(&sized.memory, "/started_mb").unwrap_or(0.0),
            number(&sized.memory, "/after_250_mb").unwrap_or(0.0),
        );
        let met = if after - opened <= OPENED_MB { "yes" } else { "NO" };
        say(&format!(
            "memory of the process: {start:.0} MB, with the desk open {opened:.0} MB, 250 conversations later {half:.0} MB, 500 later {after:.0} MB (+<={OPENED_MB} MB: {met})"
        ));
    }
}

/// What the window takes beside the empty one.
pub(crate) fn window(told: &Value) {
    let number = |path: &str| told.pointer(path).and_then(Value::as_f64);
    let met = |is: bool| if is { "yes" } else { "NO" };
    if let (Some(empty), Some(idle)) = (number("/memory/empty_pss_mb"), number("/memory/idle_pss_mb")) {
        let within = met(idle <= empty + IDLE_MB);
        say(&format!(
            "memory of all its processes (PSS): empty window {empty:.0} MB, idle {idle:.0} MB (<=+{IDLE_MB} MB: {within})"
        ));
        if let (Some(half), Some(after)) = (number("/memory/after_250_mb"), number("/memory/after_500_mb")) {
            let within = met(after <= idle + OPENED_MB);
            say(&format!(
                "250 conversations later {half:.0} MB, 500 later {after:.0} MB (<=+{OPENED_MB} MB: {within})"
            ));
        }
    }
    if let Some(idle) = number("/memory/idle_cpu_percent") {
        say(&format!("idle, polling: {idle:.2} % of a core (<={IDLE_CPU} %: {})", met(idle <= IDLE_CPU)));
    }
}

fn line(columns: [&str; 8]) -> String {
    let widths = [24, 17, 17, 13, 17, 13, 18, 3];
    let padded = columns.iter().zip(widths).map(|(column, width)| format!("{column:<width$}"));
    padded.collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

/// How p95 grows with the size: by size, and as a log-log slope beside the floor's.
pub(crate) fn growth(all: &[Sized]) -> Value {
    let mut grown = serde_json::Map::new();
    let Some(last) = all.last().filter(|_| all.len() > 1) else { return Value::Object(grown) };
    let sizes: Vec<&str> = all.iter().map(|sized| sized.size).collect();
    say(&format!("\ngrowth: p95 in ms at {}; log-log slope (floor's + {SLOPE} is allowed)\n", sizes.join(" -> ")));
    for case in &last.cases {
        let slopes: Vec<Option<f64>> = LEVELS.iter().map(|(name, of)| grow(all, &case.name, name, *of)).collect();
        let [floor, store, desk] = slopes.as_slice() else { continue };
        let met = floor.zip(desk.or(*store)).map(|(floor, ours)| ours <= floor + SLOPE);
        if let Some(met) = met {
            say(&format!("{:<24} {}", "", if met { "allowed: yes" } else { "allowed: NO" }));
        }
        grown.insert(case.name.clone(), json!({ "floor": floor, "store": store, "desk": desk, "met": met }));
    }
    Value::Object(grown)
}

type Of = fn(&Measured) -> Option<&Level>;
const LEVELS: [(&str, Of); 3] =
    [("floor", |case| case.floor.as_ref()), ("store", |case| case.store.as_ref()), ("desk", |case| case.desk.as_ref())];

/// Says how one level of a case grows; its slope.
fn grow(all: &[Sized], case: &str, level: &str, of: Of) -> Option<f64> {
    let points: Vec<(f64, f64)> = all
        .iter()
        .filter_map(|sized| {
            let found = sized.cases.iter().find(|measured| measured.name == case)?;
            Some((sized.messages as f64, of(found)?.p95))
        })
        .collect();
    let slope = slope(&points)?;
    let times: Vec<String> = points.iter().map(|(_, p95)| ms(*p95)).collect();
    say(&format!("{case:<24} {level:<6} {:<36} {slope:+.2}", times.join(" -> ")));
    Some(slope)
}

/// The least-squares slope of log time over log size.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    if points.len() < 2 {
        return None;
    }
    let logs: Vec<(f64, f64)> = points.iter().map(|(size, time)| (size.ln(), time.ln())).collect();
    let count = logs.len() as f64;
    let (mean_x, mean_y) =
        (logs.iter().map(|(x, _)| x).sum::<f64>() / count, logs.iter().map(|(_, y)| y).sum::<f64>() / count);
    let over: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let under: f64 = logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    Some(over / under)
}

/// All of it, for a later comparison.
pub(crate) fn json(machine: Value, seed: u64, all: &[Sized], growth: Value) -> Value {
    let level = |level: &Option<Level>| {
        level.as_ref().map(|level| {
            json!({
                "p50_ms": level.p50, "p95_ms": level.p95, "samples": level.samples,
                "ratio": level.ratio.map(|(middle, _)| middle), "ratio_bad_end": level.ratio.map(|(_, bad)| bad),
            })
        })
    };
    let sizes = all.iter().map(|sized| {
        let cases = sized.cases.iter().map(|case| {
            let budget = Budget::of(&case.name);
            let told = json!({
                "floor": level(&case.floor), "store": level(&case.store), "desk": level(&case.desk), "messages": case.messages,
                "rounds": case.rounds, "repeated": case.repeated, "drifted": case.drifted,
                "budget": budget.map(Budget::told), "met": budget.and_then(|budget| budget.is_met(case)),
            });
            (case.name.clone(), told)
        });
        let cases: serde_json::Map<String, Value> = cases.collect();
        let failed: serde_json::Map<String, Value> =
            sized.failed.iter().map(|(case, why)| (case.clone(), json!(why))).collect();
        let told = json!({ "data": sized.facts, "memory": sized.memory, "window": sized.window, "cases": cases, "failed": failed });
        (sized.size.to_owned(), told)
    });
    let sizes: serde_json::Map<String, Value> = sizes.collect();
    json!({ "machine": machine, "seed": seed, "sizes": sizes, "growth": growth })
}

/// What changed by more than a tenth since an earlier run. Times of two runs are of two moments; what is compared is how
/// many times the floor it took, where there is one.
pub(crate) fn compare(before: &Value, now: &Value) {
    say("\nchanged by more than 10 % since the earlier run:\n");
    let mut changes = 0;
    for (size, told) in now.get("sizes").and_then(Value::as_object).into_iter().flatten() {
        for (case, levels) in told.get("cases").and_then(Value::as_object).into_iter().flatten() {
            for level in ["store", "desk"] {
                let at = |run: &Value, what: &str| run.pointer(&format!("/{level}/{what}")).and_then(Value::as_f64);
                let Some(earlier) = before.pointer(&format!("/sizes/{size}/cases/{case}")) else { continue };
                for (what, unit) in [("ratio", "x the floor"), ("p95_ms", "ms p95")] {
                    // Without a floor only the time is left.
                    if what == "p95_ms" && at(levels, "ratio").is_some() {
                        continue;
                    }
                    let (Some(was), Some(is)) = (at(earlier, what), at(levels, what)) else { continue };
                    if is > was * CHANGED || was > is * CHANGED {
                        changes += 1;
                        let word = if is > was { "slower" } else { "faster" };
                        say(&format!("{size:<5} {case:<24} {level:<6} {was:.3} -> {is:.3} {unit}  {word}"));
                    }
                }
            }
        }
    }
    if changes == 0 {
        say("nothing");
    }
}
