//! PostgreSQL's primary dies under load, and its synchronous standby takes its place.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::run::judge::judge;
use crate::run::load::{Load, TEXT_LENGTH, endless_book};
use crate::run::options::Options;
use crate::run::postgres::Server;
use crate::run::report::Report;
use crate::run::servers::blocking;
use crate::run::shop::{Address, Shop};

pub(crate) const NAME: &str = "failover";
const LIFETIME: Duration = Duration::from_secs(2);
const MAX_STALL_S: f64 = 10.0;
const PATIENCE: Duration = Duration::from_secs(30);
const DATABASE: &str = "postgres";

pub(crate) async fn run(options: &Options, database: &'static str) -> Result<Report> {
    let (primary, standby) = blocking(|| {
        let primary = Server::start("");
        let standby = Server::start_standby(&primary);
        primary.make_synchronous();
        (Arc::new(primary), Arc::new(standby))
    })
    .await?;
    let address = Address::of_database(&[&primary, &standby], DATABASE);
    let mut shop = Shop::open(Some(address), options.desktops).await?;
    let book = endless_book(options.rate);
    let desktops = shop.desktops(&book, options.desktops, options.seed, |device| device % 4 == 0).await?;
    let load = Load::start(&shop, &book, options.rate, TEXT_LENGTH, options);
    tokio::time::sleep(LIFETIME).await;
    let (dead, promoted) = (Arc::clone(&primary), Arc::clone(&standby));
    let began = Instant::now();
    blocking(move || {
        dead.kill();
        promoted.promote();
    })
    .await?;
    let promoted_after = began.elapsed();
    book.next_acknowledgement(PATIENCE).await.context("nothing is acknowledged after the failover")?;
    let stalled = began.elapsed();
    tokio::time::sleep(LIFETIME).await;
    let sent = load.finish().await?;
    let judged = judge(&book, &shop.database, desktops).await?;
    let mut report = Report::new(NAME, database);
    report.judged(&judged, &sent);
    report.usage(shop.relay()?.usage()?);
    report.at_most("acknowledged again after", Some(stalled.as_secs_f64()), MAX_STALL_S, "s");
    let read_again = judged.judgement.read_again;
    report.check("the new epoch was noticed", read_again > 0, &format!("{read_again} events read again"));
    report.note("promoted_after_s", promoted_after.as_secs_f64().into());
    Ok(report)
}
