//! What the system says of a process and of this machine: `/proc`.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// How long a tick of the processor's time is.
const TICK: Duration = Duration::from_millis(10);

/// What a process takes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Memory in use now.
    pub(crate) resident_kib: u64,
    /// The most that it was.
    pub(crate) peak_kib: u64,
    /// How long it has computed.
    pub(crate) cpu: Duration,
}

pub(crate) fn usage(process: u32) -> Result<Usage> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).context("the relay's process is gone")?;
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    };
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in brackets, may hold spaces; user and system time are the 12th and 13th field after it.
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u32 = after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
    Ok(Usage { resident_kib: kib("VmRSS:"), peak_kib: kib("VmHWM:"), cpu: TICK * ticks })
}

/// How many files this process may have open.
pub(crate) fn max_open_files() -> u64 {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// So that figures of different machines are not taken for comparable.
pub(crate) fn told() -> Value {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    json!({
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "cpu": cpu.map(|(_, name)| name.trim()),
        "load": fs::read_to_string("/proc/loadavg").unwrap_or_default().trim(),
        "optimised": !cfg!(debug_assertions),
    })
}
