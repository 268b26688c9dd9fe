//! Keeps the database in shape while nobody waits for it: erasing brought to its end, the search index made and merged, the
//! log kept short, and every page of it looked at now and then.
//!
//! Everything is done in slices, so that a reply that is to be kept never waits for more than one of them.

use std::time::Duration;

use store::{StoreError, search};

use crate::engine::Engine;

/// So many messages are put into the index in one transaction.
const SLICE: u32 = 500;
/// So many pages of the index are merged in one transaction.
const PAGES: u32 = 200;
/// Between two slices, for others to have their turn.
const BREATH: Duration = Duration::from_millis(20);

/// Tidies for as long as the engine runs.
pub(crate) async fn run(engine: Engine) {
    finish_erasing(&engine).await;
    if let Err(error) = index(&engine).await {
        tracing::error!(%error, "tidy.not_indexed");
    }
    loop {
        if let Err(error) = check(&engine).await {
            tracing::error!(%error, "tidy.not_checked");
        }
        tokio::time::sleep(engine.timing().tidy).await;
        if let Err(error) = tidy(&engine).await {
            tracing::error!(%error, "tidy.failed");
        }
        finish_erasing(&engine).await;
    }
}

/// What an erased account left behind, if a crash or something else kept it.
async fn finish_erasing(engine: &Engine) {
    if let Err(error) = engine.finish_erasing().await {
        tracing::error!(%error, "tidy.not_erased");
    }
}

/// Makes the index of what is not in it, newest first.
async fn index(engine: &Engine) -> Result<(), StoreError> {
    if !engine.store().read(search::is_rebuilding).await? {
        return Ok(());
    }
    tracing::info!("tidy.indexing");
    while engine.store().write(|tx| search::rebuild(tx, SLICE)).await? {
        tokio::time::sleep(BREATH).await;
    }
    tracing::info!("tidy.indexed");
    engine.much_was_written();
    Ok(())
}

/// Reads the whole database for damage, if it is time; the window is there meanwhile. What is damaged is mended at the next
/// start.
async fn check(engine: &Engine) -> Result<(), StoreError> {
    // The store itself logs what it finds, and tells the page.
    engine.store().check_if_due().await?;
    Ok(())
}

async fn tidy(engine: &Engine) -> Result<(), StoreError> {
    engine.store().maintain().await?;
    // Merging writes the whole index anew: worth it after much was written at once, and SQLite's own merging does for the
    // rest.
    if !engine.was_much_written() {
        return Ok(());
    }
    while engine.store().write(|tx| search::merge(tx, PAGES)).await? {
        tokio::time::sleep(BREATH).await;
    }
    Ok(())
}
