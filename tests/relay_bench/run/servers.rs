//! PostgreSQL servers wait for other programs: off the async threads.

use anyhow::{Context, Result};

/// Does what takes its time; a panic of it, as when PostgreSQL is missing, is an error.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("PostgreSQL")
}
