//! What the run happened on, and what this process costs it.

use serde_json::{Value, json};

/// So that figures of different machines and builds are not taken for comparable.
pub(crate) fn told(sqlite: &str) -> Value {
    let profile = std::env::current_exe().ok().and_then(|program| {
        let folder = program.parent()?.file_name()?;
        Some(folder.to_string_lossy().into_owned())
    });
    json!({
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "cpu": field("/proc/cpuinfo", "model name"),
        "sqlite": sqlite,
        "profile": profile,
        "optimised": !cfg!(debug_assertions),
    })
}

/// Memory of this process that is in use, in MB; nothing where the system does not tell.
pub(crate) fn resident_mb() -> Option<f64> {
    let text = field("/proc/self/status", "VmRSS")?;
    let kilobytes: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// How long this process has been computing, in the system's ticks (10 ms as a rule).
pub(crate) fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name, in brackets, may hold spaces; user and system time are the 12th and 13th field after it.
    let after = stat.rsplit(')').next().unwrap_or_default();
    after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
