//! A program with all it has started: what it takes of memory and of the processor, as the system counts.

use std::collections::HashMap;
use std::fs;

/// A program's processes, itself first.
pub(crate) fn tree(root: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        if let Some(parent) = stat(pid).and_then(|fields| fields.get(1)?.parse().ok()) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut all = vec![root];
    let mut at = 0;
    while let Some(pid) = all.get(at).copied() {
        all.extend(children.remove(&pid).unwrap_or_default());
        at += 1;
    }
    all
}

/// Its proportional share of memory, in MB: pages that several programs use count by parts.
pub(crate) fn pss_mb(root: u32) -> f64 {
    let share = |pid: u32| -> Option<f64> {
        let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        line.split_whitespace().next()?.parse().ok()
    };
    tree(root).into_iter().filter_map(share).sum::<f64>() / 1024.0
}

/// For how long its processes have been computing, in the system's ticks (10 ms as a rule).
pub(crate) fn cpu_ticks(root: u32) -> u64 {
    let spent = |pid: u32| -> Option<u64> {
        let fields = stat(pid)?;
        Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
    };
    tree(root).into_iter().filter_map(spent).sum()
}

/// The fields of `/proc/PID/stat` after the program's name, which may hold spaces: the state first.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(text.rsplit(')').next()?.split_whitespace().map(str::to_owned).collect())
}
