//! Many webhooks at once, as after an outage of the relay.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::Result;

use crate::run::book::Book;
use crate::run::judge::judge;
use crate::run::load::{PATIENCE, TEXT_LENGTH};
use crate::run::options::Options;
use crate::run::report::Report;
use crate::run::shop::{Address, Shop};
use crate::run::signer::{Order, send};

pub(crate) const NAME: &str = "burst";
/// TikTok's connections.
const WORKERS: usize = 256;
const DESKTOPS: usize = 10;
const MAX_DRAIN_S: f64 = 60.0;

pub(crate) async fn run(options: &Options, database: &'static str, address: Option<Address>) -> Result<Report> {
    let count = options.size(20_000, 3_000);
    let mut shop = Shop::open(address, DESKTOPS).await?;
    let book = Arc::new(Book::new(count));
    let desktops = shop.desktops(&book, DESKTOPS, options.seed, |_| false).await?;
    let before = shop.relay()?.usage()?;
    let order = Order {
        maker: shop.maker(TEXT_LENGTH),
        relays: shop.addresses(),
        numbers: 0..count,
        rate: None,
        workers: WORKERS,
        seed: options.seed,
        patience: PATIENCE,
    };
    let began = Instant::now();
    let sent = send(Arc::clone(&book), order, Arc::new(AtomicBool::new(false))).await;
    let judged = judge(&book, &shop.database, desktops).await?;
    let drained = began.elapsed();
    let after = shop.relay()?.usage()?;
    let mut report = Report::new(NAME, database);
    report.judged(&judged, &sent);
    report.usage(after);
    report.rate(f64::from(count) / sent.took.as_secs_f64());
    report.at_most("stored, and read by all", Some(drained.as_secs_f64()), MAX_DRAIN_S, "s");
    report.note("connections", WORKERS.into());
    report.note("cpu_cores", ((after.cpu - before.cpu).as_secs_f64() / drained.as_secs_f64()).into());
    Ok(report)
}
