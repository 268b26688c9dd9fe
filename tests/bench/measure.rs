//! How a case is measured: rounds of floor, ours, floor, in slices that are short enough to share the machine's moods; each
//! pass on inputs of its own, so that none finds the pages warm that another one read. A round in which the floor itself
//! moved by more than a quarter is repeated: then it was the machine.

use std::time::Instant;

use anyhow::{Result, anyhow};
use desk::{Desk, Request};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::value::RawValue;
use tokio::runtime::Runtime;

/// The floor may move by this much within a round.
const DRIFT: f64 = 1.25;
/// So often do the levels take turns within a round.
const SLICES: usize = 4;
/// So often a round is tried.
const TRIES: u32 = 3;

/// Measures some operations on inputs it draws; milliseconds each.
pub(crate) type Pass<'a> = Box<dyn FnMut(&mut StdRng) -> Result<Vec<f64>> + 'a>;

/// Something to be measured, at up to three levels.
pub(crate) struct Case<'a> {
    pub(crate) name: String,
    pub(crate) floor: Option<Pass<'a>>,
    pub(crate) store: Option<Pass<'a>>,
    pub(crate) desk: Option<Pass<'a>>,
    /// So many messages make one operation, if it is about a rate.
    pub(crate) messages: u32,
}

impl<'a> Case<'a> {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), floor: None, store: None, desk: None, messages: 0 }
    }

    pub(crate) fn floor(self, pass: impl FnMut(&mut StdRng) -> Result<Vec<f64>> + 'a) -> Self {
        Self { floor: Some(Box::new(pass)), ..self }
    }

    pub(crate) fn store(self, pass: impl FnMut(&mut StdRng) -> Result<Vec<f64>> + 'a) -> Self {
        Self { store: Some(Box::new(pass)), ..self }
    }

    pub(crate) fn desk(self, pass: impl FnMut(&mut StdRng) -> Result<Vec<f64>> + 'a) -> Self {
        Self { desk: Some(Box::new(pass)), ..self }
    }

    pub(crate) fn messages(self, messages: u32) -> Self {
        Self { messages, ..self }
    }
}

/// What was measured at one level.
#[derive(Debug, Clone, Default)]
pub(crate) struct Level {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) samples: usize,
    /// How much slower than the floor: the median of the rounds, and the bad end of its 95 % interval.
    pub(crate) ratio: Option<(f64, f64)>,
}

/// What was measured of a case.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) floor: Option<Level>,
    pub(crate) store: Option<Level>,
    pub(crate) desk: Option<Level>,
    pub(crate) messages: u32,
    pub(crate) rounds: usize,
    /// Rounds that were thrown away because the floor moved.
    pub(crate) repeated: u32,
    /// Rounds kept although it moved each time.
    pub(crate) drifted: u32,
}

#[derive(Default)]
struct Rounds {
    samples: Vec<f64>,
    middles: Vec<f64>,
}

impl Rounds {
    fn add(&mut self, samples: Option<Vec<f64>>) {
        if let Some(samples) = samples {
            self.middles.push(percentile(&samples, 50.0));
            self.samples.extend(samples);
        }
    }

    fn level(&self, floor: &Rounds) -> Option<Level> {
        if self.samples.is_empty() {
            return None;
        }
        let ratios: Vec<f64> = self.middles.iter().zip(&floor.middles).map(|(ours, floor)| ours / floor).collect();
        Some(Level {
            p50: percentile(&self.samples, 50.0),
            p95: percentile(&self.samples, 95.0),
            samples: self.samples.len(),
            ratio: (!ratios.is_empty()).then(|| (median(&ratios), bad_end(&ratios))),
        })
    }
}

/// What was measured of a case that can be had only a few times.
pub(crate) fn few(name: &str, samples: &[f64]) -> Measured {
    let mut rounds = Rounds::default();
    rounds.add(Some(samples.to_vec()));
    Measured {
        name: name.to_owned(),
        floor: None,
        store: None,
        desk: rounds.level(&Rounds::default()),
        messages: 0,
        rounds: 1,
        repeated: 0,
        drifted: 0,
    }
}

/// Measures a case.
pub(crate) fn run(mut case: Case<'_>, rounds: usize, seed: u64) -> Result<Measured> {
    let mut lot = StdRng::seed_from_u64(seed);
    let mut ask = |pass: &mut Option<Pass<'_>>| pass.as_mut().map(|pass| pass(&mut lot)).transpose();
    // Statements are prepared and caches filled before anything counts.
    for pass in [&mut case.floor, &mut case.store, &mut case.desk] {
        ask(pass)?;
    }
    let (mut floor, mut store, mut desk) = (Rounds::default(), Rounds::default(), Rounds::default());
    let (mut repeated, mut drifted) = (0, 0);
    for _ in 0..rounds {
        for attempt in 1..=TRIES {
            let (mut before, mut ours, mut theirs, mut after) = (None, None, None, None);
            for _ in 0..SLICES {
                join(&mut before, ask(&mut case.floor)?);
                join(&mut ours, ask(&mut case.store)?);
                join(&mut theirs, ask(&mut case.desk)?);
                join(&mut after, ask(&mut case.floor)?);
            }
            let moved = before.as_deref().zip(after.as_deref()).is_some_and(|(before, after)| {
                let (before, after) = (percentile(before, 50.0), percentile(after, 50.0));
                before.max(after) > DRIFT * before.min(after)
            });
            if moved && attempt < TRIES {
                repeated += 1;
                continue;
            }
            drifted += u32::from(moved);
            floor.add(before.zip(after).map(|(before, after)| [before, after].concat()));
            store.add(ours);
            desk.add(theirs);
            break;
        }
    }
    let none = Rounds::default();
    Ok(Measured {
        name: case.name,
        floor: floor.level(&none),
        store: store.level(&floor),
        desk: desk.level(&floor),
        messages: case.messages,
        rounds,
        repeated,
        drifted,
    })
}

fn join(all: &mut Option<Vec<f64>>, slice: Option<Vec<f64>>) {
    if let Some(slice) = slice {
        all.get_or_insert_default().extend(slice);
    }
}

/// Runs an operation on each input and says how long each took, in milliseconds.
pub(crate) fn timed<T>(inputs: Vec<T>, mut operation: impl FnMut(T) -> Result<()>) -> Result<Vec<f64>> {
    let mut samples = Vec::with_capacity(inputs.len());
    for input in inputs {
        let started = Instant::now();
        operation(input)?;
        samples.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(samples)
}

/// Asks the desk, one question after the other, as the page does; on a worker, where a host asks.
pub(crate) fn asked(runtime: &Runtime, desk: &Desk, requests: Vec<Request>) -> Result<(Vec<f64>, Vec<Box<RawValue>>)> {
    let desk = desk.clone();
    let asking = runtime.spawn(async move {
        let mut samples = Vec::with_capacity(requests.len());
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            let command = request.command.clone();
            let started = Instant::now();
            let answer = desk.answer_json(request).await;
            samples.push(started.elapsed().as_secs_f64() * 1e3);
            answers.push(answer.map_err(|fault| anyhow!("{command}: {fault:?}"))?);
        }
        Ok((samples, answers))
    });
    runtime.block_on(asking)?
}

/// The value below which so many of a hundred lie.
pub(crate) fn percentile(samples: &[f64], of_hundred: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = (sorted.len().saturating_sub(1) as f64 * of_hundred / 100.0).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

fn median(values: &[f64]) -> f64 {
    percentile(values, 50.0)
}

/// The upper end of the median's 95 % interval, from the order of the values alone.
fn bad_end(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len();
    // So many of the highest can be left out: the chance that the median lies beyond is under 2.5 % on this side.
    let (mut chance, mut term, mut left_out) = (0.0, 0.5_f64.powi(i32::try_from(n).unwrap_or(i32::MAX)), 0);
    for k in 0..n {
        chance += term;
        if chance > 0.025 {
            break;
        }
        left_out = k;
        term *= (n - k) as f64 / (k + 1) as f64;
    }
    sorted.get(n.saturating_sub(1 + left_out)).copied().unwrap_or(f64::NAN)
}
