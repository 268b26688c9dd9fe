//! Two relays on one database: both take webhooks, and desktops go from one to the other.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::run::judge::judge;
use crate::run::load::{Load, TEXT_LENGTH, endless_book};
use crate::run::options::Options;
use crate::run::report::Report;
use crate::run::shop::{Address, Shop};

pub(crate) const NAME: &str = "two_relays";
/// Each looks four times a second for what the other has stored.
const MAX_DESKTOP_MS: f64 = 1_000.0;

pub(crate) async fn run(options: &Options, database: &'static str, address: Option<Address>) -> Result<Report> {
    let address = address.context("two relays share no SQLite")?;
    let mut shop = Shop::open(Some(address.clone()), options.desktops).await?;
    shop.add_relay(&address).await?;
    let book = endless_book(options.rate);
    let desktops = shop.desktops(&book, options.desktops, options.seed, |device| device % 2 == 0).await?;
    let load = Load::start(&shop, &book, options.rate, TEXT_LENGTH, options);
    tokio::time::sleep(Duration::from_secs(options.size(8, 3))).await;
    let sent = load.finish().await?;
    let judged = judge(&book, &shop.database, desktops).await?;
    let mut report = Report::new(NAME, database);
    report.judged(&judged, &sent);
    report.usage(shop.relay()?.usage()?);
    report.at_most("webhook to desktop p99", report.desktop_p99(), MAX_DESKTOP_MS, "ms");
    for (name, relay) in ["first", "second"].into_iter().zip(&shop.relays) {
        let stored = relay.metric("deskbell_relay_webhooks_total{platform=\"business\",outcome=\"stored\"}").await?;
        report.check(&format!("stored by the {name}"), stored > 0, &stored.to_string());
    }
    Ok(report)
}
