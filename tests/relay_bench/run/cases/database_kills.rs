//! `kill -9` of all of PostgreSQL's processes under load.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::run::judge::judge;
use crate::run::load::{Load, TEXT_LENGTH, endless_book};
use crate::run::options::Options;
use crate::run::postgres::Server;
use crate::run::report::Report;
use crate::run::servers::blocking;
use crate::run::shop::{Address, Shop};

pub(crate) const NAME: &str = "database_kills";
const LIFETIME: Duration = Duration::from_millis(800);
const MAX_STALL_S: f64 = 10.0;
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn run(options: &Options, database: &'static str) -> Result<Report> {
    let server = Arc::new(blocking(|| Server::start("")).await?);
    let kills = options.kills.div_ceil(2);
    let made = Arc::clone(&server);
    let address = blocking(move || Address::of(&made)).await?;
    let mut shop = Shop::open(Some(address), options.desktops).await?;
    let book = endless_book(options.rate);
    let desktops = shop.desktops(&book, options.desktops, options.seed, |device| device % 4 == 0).await?;
    let load = Load::start(&shop, &book, options.rate, TEXT_LENGTH, options);
    let mut longest = Duration::ZERO;
    for _ in 0..kills {
        tokio::time::sleep(LIFETIME).await;
        let killed = Arc::clone(&server);
        let began = std::time::Instant::now();
        blocking(move || {
            killed.kill();
            killed.launch();
        })
        .await?;
        book.next_acknowledgement(PATIENCE).await.context("nothing is acknowledged after a kill")?;
        longest = longest.max(began.elapsed());
    }
    tokio::time::sleep(LIFETIME).await;
    let sent = load.finish().await?;
    let judged = judge(&book, &shop.database, desktops).await?;
    let mut report = Report::new(NAME, database);
    report.judged(&judged, &sent);
    report.usage(shop.relay()?.usage()?);
    let name = format!("longest stall of {kills} kills");
    report.at_most(&name, Some(longest.as_secs_f64()), MAX_STALL_S, "s");
    report.note("kills", kills.into());
    Ok(report)
}
