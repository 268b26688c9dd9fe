//! The fixtures' reader; beside it the tests that use it, and a server that misbehaves on demand.

mod automatic;
mod callbacks;
mod fixtures;
mod logs;
mod messages;
mod network;
mod pictures;
mod server;
mod tokens;
mod uploads;
mod video_files;
mod videos;

use super::{Answer, settle};
use crate::{Endpoint, Error};
use std::path::PathBuf;

/// The fixtures' folder.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/tiktok")
}

/// A body from the fixtures.
pub(crate) fn fixture(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What an endpoint makes of a fixture that came with HTTP 200.
fn answer<E: Endpoint>(endpoint: &E, name: &str) -> Result<E::Reply, Error> {
    settle(endpoint, &Answer { status: 200, retry_after: None, text: fixture(name), gateway_failure: None }, &[])
}
