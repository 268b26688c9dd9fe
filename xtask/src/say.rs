//! What is printed: one line for each step, with the time it took.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::Result;

/// One line. A terminal that went away is no reason to stop.
pub(crate) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// A step that was done already.
pub(crate) fn already(step: &str, what: &str) {
    line(&format!("✓ {step:<18} {what}"));
}

/// A step that starts; what its commands print follows.
pub(crate) fn starts(step: &str, what: &str) {
    line(&format!("… {step:<18} {what}"));
}

/// The reason why nothing more is done.
pub(crate) fn failed(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "✗ {text}");
}

/// Runs a step between its two lines.
pub(crate) fn timed<T>(step: &str, what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    starts(step, what);
    let started = Instant::now();
    let done = work()?;
    already(step, &duration(started.elapsed()));
    Ok(done)
}

/// `0.4 s`, `12 s`, `3 min 05 s`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 10 {
        format!("{:.1} s", time.as_secs_f64())
    } else if seconds < 60 {
        format!("{seconds} s")
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_speech() {
        assert_eq!(duration(Duration::from_millis(440)), "0.4 s");
        assert_eq!(duration(Duration::from_secs(59)), "59 s");
        assert_eq!(duration(Duration::from_secs(185)), "3 min 05 s");
    }
}
