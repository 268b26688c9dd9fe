//! `kill -9` of the relay, again and again, under load.

use std::time::Duration;

use anyhow::Result;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::run::judge::judge;
use crate::run::load::{Load, TEXT_LENGTH, endless_book};
use crate::run::options::Options;
use crate::run::report::Report;
use crate::run::shop::{Address, Shop};

pub(crate) const NAME: &str = "relay_kills";
/// How long it runs between two kills.
const LIFETIME_MS: std::ops::Range<u64> = 300..1_200;
const MAX_BACK_MS: f64 = 1_000.0;

pub(crate) async fn run(options: &Options, database: &'static str, address: Option<Address>) -> Result<Report> {
    let mut shop = Shop::open(address, options.desktops).await?;
    let book = endless_book(options.rate);
    // Every fourth desktop is killed now and then too.
    let desktops = shop.desktops(&book, options.desktops, options.seed, |device| device % 4 == 0).await?;
    let load = Load::start(&shop, &book, options.rate, TEXT_LENGTH, options);
    let mut random = StdRng::seed_from_u64(options.seed);
    let mut slowest = Duration::ZERO;
    for _ in 0..options.kills {
        tokio::time::sleep(Duration::from_millis(random.random_range(LIFETIME_MS))).await;
        let relay = shop.relay()?;
        relay.kill()?;
        slowest = slowest.max(relay.start().await?);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let sent = load.finish().await?;
    let judged = judge(&book, &shop.database, desktops).await?;
    let mut report = Report::new(NAME, database);
    report.judged(&judged, &sent);
    report.usage(shop.relay()?.usage()?);
    report.at_most(
        &format!("slowest start of {}", options.kills),
        Some(slowest.as_secs_f64() * 1_000.0),
        MAX_BACK_MS,
        "ms",
    );
    report.note("kills", options.kills.into());
    Ok(report)
}
