//! Many streams that are idle, and what each of them takes.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Result;

use crate::run::book::Book;
use crate::run::judge::judge;
use crate::run::load::{PATIENCE, TEXT_LENGTH, WORKERS};
use crate::run::options::Options;
use crate::run::report::Report;
use crate::run::shop::{Address, Shop};
use crate::run::signer::{Order, send};

pub(crate) const NAME: &str = "fan_out";
const RATE: u32 = 50;
const MAX_KIB_OF_STREAM: f64 = 64.0;
const MAX_DESKTOP_MS: f64 = 1_000.0;
/// Until the memory of opening is given back.
const SETTLE: Duration = Duration::from_secs(2);

pub(crate) async fn run(options: &Options, database: &'static str, address: Option<Address>) -> Result<Report> {
    let streams: u32 = options.size(1_000, 300);
    let count = RATE * options.size(8, 2);
    let mut shop = Shop::open(address, streams as usize).await?;
    let book = Arc::new(Book::new(count));
    let before = shop.relay()?.usage()?;
    let desktops = shop.desktops(&book, streams as usize, options.seed, |_| false).await?;
    tokio::time::sleep(SETTLE).await;
    let idle = shop.relay()?.usage()?;
    tokio::time::sleep(SETTLE).await;
    let later = shop.relay()?.usage()?;
    let open = shop.relay()?.metric("deskbell_relay_streams").await?;
    let order = Order {
        maker: shop.maker(TEXT_LENGTH),
        relays: shop.addresses(),
        numbers: 0..count,
        rate: Some(RATE),
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
    report.rate(f64::from(count) / sent.took.as_secs_f64());
    let kib = |usage: u64| (u32::try_from(usage).map_or(f64::INFINITY, f64::from)) / f64::from(streams);
    let of_stream = kib(idle.resident_kib.saturating_sub(before.resident_kib));
    report.check("open streams", open == u64::from(streams), &format!("{open} of {streams}"));
    report.at_most("memory of an idle stream", Some(of_stream), MAX_KIB_OF_STREAM, "KiB");
    report.at_most("webhook to desktop p99", report.desktop_p99(), MAX_DESKTOP_MS, "ms");
    report.note("rss_before_kib", before.resident_kib.into());
    report.note("rss_idle_kib", idle.resident_kib.into());
    report.note("rss_after_load_kib", after.resident_kib.into());
    report.note("kib_of_stream_after_load", kib(after.resident_kib.saturating_sub(before.resident_kib)).into());
    report.note("cpu_cores_idle", ((later.cpu - idle.cpu).as_secs_f64() / SETTLE.as_secs_f64()).into());
    Ok(report)
}
