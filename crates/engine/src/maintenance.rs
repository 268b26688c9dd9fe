//! Keeps the database in shape in the background: erasing brought to its end, the search index made and merged, the
//! log kept short, and every page of it looked at now and then.
//!
//! Everything is done in slices, so that a reply that is to be kept never waits for more than one of them.

use std::time::Duration;

use store::{StoreError, search};

use crate::context::Context;
use crate::unlinking::Unlinking;

/// How many messages are indexed in one transaction.
const SLICE: u32 = 500;
/// How many pages of the index are merged in one transaction.
const PAGES: u32 = 200;
/// The pause between two slices, for others to have their turn.
const SLICE_PAUSE: Duration = Duration::from_millis(20);

/// Keeps the database in shape.
#[derive(Debug, Clone)]
pub(crate) struct Maintenance {
    context: Context,
    unlinking: Unlinking,
}

impl Maintenance {
    pub(crate) fn new(context: Context, unlinking: Unlinking) -> Self {
        Self { context, unlinking }
    }

    /// Runs for as long as the engine does.
    pub(crate) async fn run(self) {
        self.finish_erasing().await;
        if let Err(error) = self.build_index().await {
            tracing::error!(%error, "could not build the search index");
        }
        loop {
            // The store logs what it finds, and tells the page. What is damaged is recovered at the next start.
            if let Err(error) = self.context.store().check_if_due().await {
                tracing::error!(%error, "could not check the database for damage");
            }
            tokio::time::sleep(self.context.timing().tidy).await;
            if let Err(error) = self.compact().await {
                tracing::error!(%error, "could not compact the database");
            }
            self.finish_erasing().await;
        }
    }

    /// Removes what an erased account left behind, if a crash or something else kept it.
    async fn finish_erasing(&self) {
        if let Err(error) = self.unlinking.finish_erasing().await {
            tracing::error!(%error, "could not finish erasing an account");
        }
    }

    /// Indexes the messages that are not in the search index, newest first.
    async fn build_index(&self) -> Result<(), StoreError> {
        let store = self.context.store();
        if !store.read(search::is_rebuilding).await? {
            return Ok(());
        }
        tracing::info!("building the search index");
        while store.write(|tx| search::rebuild(tx, SLICE)).await? {
            tokio::time::sleep(SLICE_PAUSE).await;
        }
        tracing::info!("the search index is complete");
        self.context.signals().request_index_merge();
        Ok(())
    }

    async fn compact(&self) -> Result<(), StoreError> {
        let store = self.context.store();
        store.maintain().await?;
        // Merging writes the whole index anew: worth it after much was written at once, and SQLite's own merging does for the
        // rest.
        if !self.context.signals().take_index_merge_request() {
            return Ok(());
        }
        while store.write(|tx| search::merge(tx, PAGES)).await? {
            tokio::time::sleep(SLICE_PAUSE).await;
        }
        Ok(())
    }
}
