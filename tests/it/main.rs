//! Every test that crosses a room: one binary, so that it links once.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a story that cannot go on has failed"
)]

#[cfg(target_os = "linux")]
#[path = "../e2e/harness.rs"]
mod e2e;

mod access;
mod automatic;
mod border;
mod budget;
mod composing;
mod contract;
mod database;
mod faultrun;
mod guards;
mod history;
mod house;
mod house_docs;
mod house_modules;
mod images;
mod kinds;
mod later;
mod linking;
mod named;
mod pictures;
mod property;
mod pushed;
mod receiverun;
mod receiving;
mod relay;
mod rules;
mod salvage;
mod saved;
mod searching;
mod secrecy;
mod sending;
mod signs;
mod triage;
mod undecided;
mod unsent;
mod vault;
mod why;
