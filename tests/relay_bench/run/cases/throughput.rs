//! A steady load, with desktops that read it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;

use crate::run::book::Book;
use crate::run::judge::judge;
use crate::run::load::{PATIENCE, TEXT_LENGTH, WORKERS};
use crate::run::options::Options;
use crate::run::report::Report;
use crate::run::shop::{Address, Shop};
use crate::run::signer::{Order, send};

pub(crate) const NAME: &str = "throughput";
const MAX_DOOR_MS: f64 = 50.0;
const MAX_DESKTOP_MS: f64 = 250.0;
const MAX_MB: f64 = 150.0;
/// A signer that does not keep up has measured nothing.
const MIN_RATE: f64 = 0.9;

pub(crate) async fn run(options: &Options, database: &'static str, address: Option<Address>) -> Result<Report> {
    let mut shop = Shop::open(address, options.desktops).await?;
    let count = options.rate.saturating_mul(options.seconds);
    let book = Arc::new(Book::new(count));
    let desktops = shop.desktops(&book, options.desktops, options.seed, |_| false).await?;
    let before = shop.relay()?.usage()?;
    let order = Order {
        maker: shop.maker(TEXT_LENGTH),
        relays: shop.addresses(),
        numbers: 0..count,
        rate: Some(options.rate),
        workers: WORKERS,
        seed: options.seed,
        patience: PATIENCE,
    };
    let sent = send(Arc::clone(&book), order, Arc::new(AtomicBool::new(false))).await;
    let after = shop.relay()?.usage()?;
    let judged = judge(&book, &shop.database, desktops).await?;
    let mut report = Report::new(NAME, database);
    report.judged(&judged, &sent);
    report.usage(after);
    let rate = f64::from(count) / sent.took.as_secs_f64();
    report.rate(rate);
    report.at_least("rate", rate, f64::from(options.rate) * MIN_RATE, "events/s");
    report.at_most("door p99", report.door_p99(), MAX_DOOR_MS, "ms");
    report.at_most("webhook to desktop p99", report.desktop_p99(), MAX_DESKTOP_MS, "ms");
    report.at_most("peak memory", report.peak_mb(), MAX_MB, "MB");
    let cores = (after.cpu - before.cpu).as_secs_f64() / sent.took.as_secs_f64();
    report.note("desktops", options.desktops.into());
    report.note("cpu_cores", cores.into());
    Ok(report)
}
