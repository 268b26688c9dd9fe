//! A load in the background of a case: the signer in a task, until it is told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::task::JoinHandle;

use super::book::Book;
use super::options::Options;
use super::shop::Shop;
use super::signer::{Order, Sent, send};

/// Connections of the signer.
pub(crate) const WORKERS: usize = 64;
/// How long repetitions may go on.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// A load that has no end of its own has one all the same.
const MAX_SECONDS: u32 = 600;
pub(crate) const TEXT_LENGTH: usize = 300;

#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) book: Arc<Book>,
    stop: Arc<AtomicBool>,
    task: JoinHandle<Sent>,
}

/// A book for a load without an end.
pub(crate) fn endless_book(rate: u32) -> Arc<Book> {
    Arc::new(Book::new(rate.saturating_mul(MAX_SECONDS)))
}

impl Load {
    /// Begins to send at this rate.
    pub(crate) fn start(shop: &Shop, book: &Arc<Book>, rate: u32, text_length: usize, options: &Options) -> Self {
        Self::start_from(shop, book, 0, rate, text_length, options)
    }

    /// The same; the numbers begin here.
    pub(crate) fn start_from(
        shop: &Shop,
        book: &Arc<Book>,
        first: u32,
        rate: u32,
        text_length: usize,
        options: &Options,
    ) -> Self {
        let count = u32::try_from(book.len()).unwrap_or(u32::MAX);
        let order = Order {
            maker: shop.maker(text_length),
            relays: shop.addresses(),
            numbers: first..count,
            rate: Some(rate),
            workers: WORKERS,
            seed: options.seed,
            patience: PATIENCE,
        };
        let stop = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(send(Arc::clone(book), order, Arc::clone(&stop)));
        Self { book: Arc::clone(book), stop, task }
    }

    /// Sends nothing new, and waits until what was sent is acknowledged.
    pub(crate) async fn finish(self) -> Result<Sent> {
        self.stop.store(true, Ordering::Relaxed);
        let sent = tokio::time::timeout(PATIENCE, self.task).await.context("the signer does not end")?;
        sent.context("the signer failed")
    }
}
