//! The bounded run: the corpus, and inputs made from it by lot, the same ones each time.

use std::fs;
use std::io::{Write, stdout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use crate::target::TARGETS;

/// An input is not made longer than this.
const MAX_INPUT_BYTES: usize = 64 * 1024;
/// Where the corpus of each target is; the fixtures of the ordinary tests are part of it.
const CORPUS: [(&str, &str); 8] = [
    ("picture", "fuzz/corpus/picture"),
    ("picture", "tests/fixtures/pictures"),
    ("webhook", "fuzz/corpus/webhook"),
    ("door", "fuzz/corpus/webhook"),
    ("door", "fuzz/corpus/door"),
    ("answer", "fuzz/corpus/answer"),
    ("answer", "tests/fixtures/tiktok"),
    ("query", "fuzz/corpus/query"),
];
/// What is put in now and then: ends of ranges, what opens and closes, marks of formats, letters that join.
const SPLICES: [&[u8]; 14] = [
    b"\0\0\0\0",
    b"\xFF\xFF\xFF\xFF",
    b"\x7F\xFF\xFF\xFF",
    b"{}",
    b"[]",
    b"\"",
    b"null",
    b"-1",
    b"1e999",
    b"VP8L",
    b"ANMF",
    b"\xFF\xDA",
    "\u{202E}\u{301}".as_bytes(),
    "\u{1F469}\u{200D}\u{1F4BB}".as_bytes(),
];

/// How the run was asked for.
pub(crate) struct Options {
    seed: u64,
    /// In place of each target's own number.
    runs: Option<u32>,
    only: Option<String>,
}

impl Options {
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self { seed: 1, runs: None, only: None };
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let mut number =
                || arguments.next().and_then(|value| value.parse::<u32>().ok()).context("a number is missing");
            match argument.as_str() {
                "--seed" => options.seed = u64::from(number()?),
                "--runs" => options.runs = Some(number()?),
                name if TARGETS.iter().any(|target| target.0 == name) => options.only = Some(argument),
                _ => bail!("fuzz takes --seed N, --runs N and a target, not `{argument}`"),
            }
        }
        Ok(options)
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the crate lies in no checkout")?;
    for (name, target, runs) in TARGETS {
        if options.only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        let started = Instant::now();
        let corpus = corpus(root, name)?;
        let mut lot = StdRng::seed_from_u64(options.seed);
        let runs = options.runs.unwrap_or(runs);
        let made = (0..runs).map(|_| changed(&corpus, &mut lot));
        let (mut count, mut slowest) = (0, 0);
        for input in corpus.iter().cloned().chain(made) {
            let begun = Instant::now();
            if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
                bail!("{name} fails on {}", kept(root, name, &input)?.display());
            }
            slowest = slowest.max(begun.elapsed().as_millis());
            count += 1;
        }
        let took = started.elapsed().as_secs_f64();
        writeln!(stdout(), "{name}: {count} inputs in {took:.1} s, the slowest in {slowest} ms")?;
    }
    Ok(())
}

fn corpus(root: &Path, name: &str) -> Result<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    for (_, folder) in CORPUS.iter().filter(|(target, _)| *target == name) {
        let entries = fs::read_dir(root.join(folder)).with_context(|| format!("{folder} cannot be read"))?;
        for entry in entries {
            files.push(entry?.path());
        }
    }
    // In the same order everywhere.
    files.sort();
    if files.is_empty() {
        bail!("{name} has no corpus");
    }
    files.iter().map(|file| fs::read(file).with_context(|| format!("{} cannot be read", file.display()))).collect()
}

/// One of the corpus with a few changes.
fn changed(corpus: &[Vec<u8>], lot: &mut StdRng) -> Vec<u8> {
    let mut input = corpus.choose(lot).cloned().unwrap_or_default();
    for _ in 0..lot.random_range(1..=6) {
        let at = lot.random_range(0..=input.len());
        let to = lot.random_range(at..=input.len().min(at + 64));
        match lot.random_range(0..7) {
            0 | 1 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << lot.random_range(0..8);
                }
            }
            2 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte = lot.random();
                }
            }
            3 => drop(input.drain(at..to)),
            4 => {
                let again: Vec<u8> = input.get(at..to).unwrap_or_default().to_vec();
                drop(input.splice(at..at, again));
            }
            5 => {
                let piece = SPLICES.choose(lot).copied().unwrap_or_default();
                let end = if lot.random() { at } else { input.len().min(at + piece.len()) };
                drop(input.splice(at..end, piece.iter().copied()));
            }
            _ => {
                let other = corpus.choose(lot).map_or(&[][..], Vec::as_slice);
                let from = lot.random_range(0..=other.len());
                let piece = other.get(from..other.len().min(from + 256)).unwrap_or_default();
                drop(input.splice(at..to, piece.iter().copied()));
            }
        }
    }
    input.truncate(MAX_INPUT_BYTES);
    input
}

/// Keeps an input that fails, to be looked at.
fn kept(root: &Path, name: &str, input: &[u8]) -> Result<PathBuf> {
    let folder = root.join("target/fuzz/finds");
    fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{name}-{}", input.len()));
    fs::write(&file, input)?;
    Ok(file)
}
