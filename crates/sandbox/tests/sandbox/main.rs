//! The traps of TikTok's API, each shown to be there: a client that passes against this sandbox has met them all.
//! These tests speak raw HTTP, as a client would that knows only the documentation.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

mod auto_pushed;
mod auto_refused;
mod auto_served;
mod automatic;
mod business;
mod callbacks;
mod cards;
mod client;
mod comments;
mod control;
mod crowds;
mod faults;
mod images;
mod listing;
mod login;
mod media;
mod people;
mod posts;
mod sending;
mod tokens;
mod town;
mod webhooks;
