//! The traps of TikTok's API, each shown to be there: a client that passes against this sandbox has met them all.
//! These tests speak raw HTTP, as a client would that knows only the documentation.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

mod business;
mod cards;
mod client;
mod faults;
mod images;
mod listing;
mod login;
mod posts;
mod sending;
mod town;
