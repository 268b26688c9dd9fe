//! What each case found, as a table and as JSON.

use std::io::Write as _;

use serde_json::{Map, Value, json};

use super::judge::{Judged, Judgement};
use super::machine::Usage;
use super::signer::Sent;
use super::times::Times;

/// One line. A terminal that went away is no reason to stop.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// A figure beside what it may be.
#[derive(Debug, Clone)]
struct Verdict {
    name: String,
    /// The figure and its limit, in words.
    words: String,
    is_right: bool,
}

/// What a case found.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    case: &'static str,
    database: &'static str,
    judgement: Option<Judgement>,
    events_per_second: Option<f64>,
    door: Option<(f64, f64)>,
    desktop: Option<(f64, f64)>,
    peak_mb: Option<f64>,
    verdicts: Vec<Verdict>,
    /// Other figures, for the table's second line and for the JSON.
    notes: Vec<(String, Value)>,
    /// Why it could not be measured here.
    skipped: Option<String>,
}

impl Report {
    pub(crate) fn new(case: &'static str, database: &'static str) -> Self {
        Self {
            case,
            database,
            judgement: None,
            events_per_second: None,
            door: None,
            desktop: None,
            peak_mb: None,
            verdicts: Vec::new(),
            notes: Vec::new(),
            skipped: None,
        }
    }

    pub(crate) fn skipped(case: &'static str, database: &'static str, why: &str) -> Self {
        Self { skipped: Some(why.to_owned()), ..Self::new(case, database) }
    }

    pub(crate) fn failed(case: &'static str, database: &'static str, error: &anyhow::Error) -> Self {
        let mut report = Self::new(case, database);
        report.verdicts.push(Verdict {
            name: "it could not be measured".to_owned(),
            words: format!("{error:#}"),
            is_right: false,
        });
        report
    }

    /// Takes in what the judge found.
    pub(crate) fn judged(&mut self, judged: &Judged, sent: &Sent) {
        let judgement = judged.judgement;
        let words = format!(
            "{} sent, {} unanswered, {} lost, {} doubled, {} gaps",
            judgement.sent, judgement.unanswered, judgement.lost, judgement.doubled, judgement.gaps
        );
        self.check("sets", judgement.is_right(), &words);
        self.judgement = Some(judgement);
        self.door = quantiles(&sent.door);
        self.desktop = quantiles(&judged.times);
        self.note("door_ms", times(&sent.door));
        self.note("webhook_to_desktop_ms", times(&judged.times));
        self.note("read_by_all_after_s", json!(judged.drained.as_secs_f64()));
        self.note("streams_opened", json!(judged.connections));
        let answers: Map<String, Value> =
            sent.answers.iter().map(|(status, count)| (status.to_string(), json!(count))).collect();
        self.note("answers", Value::Object(answers));
    }

    #[expect(clippy::cast_precision_loss, reason = "some gigabytes at most")]
    pub(crate) fn usage(&mut self, usage: Usage) {
        self.peak_mb = Some(usage.peak_kib as f64 / 1024.0);
        self.note("peak_rss_kib", json!(usage.peak_kib));
    }

    pub(crate) fn rate(&mut self, events_per_second: f64) {
        self.events_per_second = Some(events_per_second);
    }

    pub(crate) fn note(&mut self, name: &str, value: Value) {
        self.notes.push((name.to_owned(), value));
    }

    /// A verdict of any kind.
    pub(crate) fn check(&mut self, name: &str, is_right: bool, words: &str) {
        self.verdicts.push(Verdict { name: name.to_owned(), words: words.to_owned(), is_right });
    }

    /// A verdict about a figure that may be no more than this.
    pub(crate) fn at_most(&mut self, name: &str, figure: Option<f64>, limit: f64, unit: &str) {
        let words = figure.map_or_else(
            || format!("not measured, at most {limit} {unit}"),
            |figure| format!("{} {unit}, at most {limit}", short(figure)),
        );
        self.check(name, figure.is_some_and(|figure| figure <= limit), &words);
    }

    /// The same for one that is to be at least this.
    pub(crate) fn at_least(&mut self, name: &str, figure: f64, limit: f64, unit: &str) {
        self.check(name, figure >= limit, &format!("{} {unit}, at least {limit}", short(figure)));
    }

    pub(crate) fn door_p99(&self) -> Option<f64> {
        self.door.map(|(_, p99)| p99)
    }

    pub(crate) fn desktop_p99(&self) -> Option<f64> {
        self.desktop.map(|(_, p99)| p99)
    }

    pub(crate) fn peak_mb(&self) -> Option<f64> {
        self.peak_mb
    }

    pub(crate) fn is_right(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.is_right)
    }

    /// The case's line of the table, and below it what is wrong and what else was measured.
    pub(crate) fn print(&self) {
        if let Some(why) = &self.skipped {
            say(&format!("{:<16} {:<9} left out: {why}", self.case, self.database));
            return;
        }
        let of = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        let pair = |pair: Option<(f64, f64)>| {
            pair.map_or_else(|| "-".to_owned(), |(p50, p99)| format!("{} / {}", short(p50), short(p99)))
        };
        let judgement = self.judgement;
        say(&format!(
            "{:<16} {:<9} {:>7} {:>8} {:>5} {:>7} {:>5}  {:>14} {:>14} {:>7}  {}",
            self.case,
            self.database,
            of(judgement.map(|judgement| judgement.stored)),
            self.events_per_second.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.0}")),
            of(judgement.map(|judgement| judgement.lost)),
            of(judgement.map(|judgement| judgement.doubled)),
            of(judgement.map(|judgement| judgement.gaps)),
            pair(self.door),
            pair(self.desktop),
            self.peak_mb.map_or_else(|| "-".to_owned(), |mb| format!("{mb:.0}")),
            if self.is_right() { "ok" } else { "FAILED" },
        ));
        for verdict in &self.verdicts {
            let is_plain = verdict.name == "sets" && verdict.is_right;
            if !is_plain {
                say(&format!("    {} {}: {}", if verdict.is_right { " " } else { "!" }, verdict.name, verdict.words));
            }
        }
    }

    pub(crate) fn json(&self) -> Value {
        let verdicts: Vec<Value> = self
            .verdicts
            .iter()
            .map(|verdict| json!({ "name": verdict.name, "found": verdict.words, "ok": verdict.is_right }))
            .collect();
        let notes: Map<String, Value> = self.notes.iter().cloned().collect();
        json!({
            "case": self.case,
            "database": self.database,
            "sets": self.judgement.map(|judgement| judgement.json()),
            "events_per_second": self.events_per_second,
            "verdicts": verdicts,
            "figures": notes,
            "left_out": self.skipped,
        })
    }
}

/// The head of the table.
pub(crate) fn print_head() {
    say(&format!(
        "{:<16} {:<9} {:>7} {:>8} {:>5} {:>7} {:>5}  {:>14} {:>14} {:>7}",
        "case", "database", "events", "events/s", "lost", "doubled", "gaps", "door p50/p99", "desk p50/p99", "peak MB"
    ));
}

fn quantiles(times: &Times) -> Option<(f64, f64)> {
    times.quantile(0.5).zip(times.quantile(0.99))
}

fn times(times: &Times) -> Value {
    json!({
        "count": times.count(), "p50": times.quantile(0.5), "p99": times.quantile(0.99), "max": times.max_ms(),
    })
}

/// A figure as short as it can be read.
fn short(figure: f64) -> String {
    match figure {
        figure if figure < 10.0 => format!("{figure:.2}"),
        figure if figure < 100.0 => format!("{figure:.1}"),
        figure => format!("{figure:.0}"),
    }
}
