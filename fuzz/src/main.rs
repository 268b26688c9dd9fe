//! Fuzzing of everything that reads a stranger's bytes.
//!
//! `fuzz [--runs N] [--seed N]` is the bounded run: each target takes its corpus and a fixed number of inputs made from it by a
//! seeded lot, the same ones each time. Built with the feature `libfuzzer` the program is libFuzzer on the target that
//! `DESKBELL_FUZZ_TARGET` names; `cargo xtask fuzz TARGET` builds and starts it.

#![cfg_attr(feature = "libfuzzer", no_main)]

#[cfg(not(feature = "libfuzzer"))]
mod bounded;
mod door;
mod target;

#[cfg(feature = "libfuzzer")]
libfuzzer_sys::fuzz_target!(
    init: target::expect_panics_of_decoders(),
    |input: &[u8]| target::chosen()(input)
);

#[cfg(not(feature = "libfuzzer"))]
fn main() -> anyhow::Result<()> {
    target::expect_panics_of_decoders();
    bounded::run(&bounded::Options::parse(std::env::args().skip(1))?)
}
