//! A desktop that reads one byte a second, and one that reads nothing: both are cut off, and nobody else notices.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;
use wire::EventId;

use crate::run::book::Book;
use crate::run::desktop::{Desktop, Habits, request};
use crate::run::http;
use crate::run::judge::judge;
use crate::run::load::{Load, PATIENCE, WORKERS};
use crate::run::options::Options;
use crate::run::report::Report;
use crate::run::shop::{Address, Shop};
use crate::run::signer::{Order, send};
use crate::run::stored;

pub(crate) const NAME: &str = "slow_readers";
/// So many large events wait for the slow readers that no buffer of the system takes them all.
const BACKLOG: u32 = 3_000;
const TEXT_LENGTH: usize = 4_000;
const RECEIVE_BUFFER: u32 = 4_096;
/// The relay's limit, and the time that the system's buffers take to fill.
const MAX_CUT_S: f64 = 25.0;
const MAX_DESKTOP_MS: f64 = 250.0;
const MAX_GROWTH_MB: f64 = 16.0;

pub(crate) async fn run(options: &Options, database: &'static str, address: Option<Address>) -> Result<Report> {
    // The last two devices are the slow ones.
    let mut shop = Shop::open(address, options.desktops + 2).await?;
    let count = BACKLOG + options.rate * 60;
    let book = Arc::new(Book::new(count));
    book.time_from(BACKLOG);
    let mut desktops = shop.desktops(&book, options.desktops, options.seed, |_| false).await?;
    let order = Order {
        maker: shop.maker(TEXT_LENGTH),
        relays: shop.addresses(),
        numbers: 0..BACKLOG,
        rate: None,
        workers: WORKERS,
        seed: options.seed,
        patience: PATIENCE,
    };
    send(Arc::clone(&book), order, Arc::new(AtomicBool::new(false))).await;
    let begin = EventId { sequence: 0, ..stored::head_id(&shop.database).await? };
    let head = stored::head(&shop.database).await?;
    while !desktops.iter().all(|desktop| desktop.has_read_to(head)) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let relay = *shop.addresses().first().context("no relay")?;
    let slow_tokens: Vec<String> = shop.tokens.iter().skip(options.desktops).cloned().collect();

    // What others get from here on is timed.
    let before = shop.relay()?.usage()?;
    let load = Load::start_from(&shop, &book, BACKLOG, options.rate, 300, options);
    let mut slow = Vec::new();
    for (token, reads) in slow_tokens.iter().zip([true, false]) {
        slow.push(read_slowly(relay, token, &begin, reads).await?);
    }
    let began = Instant::now();
    let all = u64::try_from(options.desktops + slow.len())?;
    let mut cut = Vec::new();
    let mut peak = before.resident_kib;
    while cut.len() < slow.len() && began.elapsed().as_secs_f64() < MAX_CUT_S * 2.0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let open = shop.relay()?.metric("deskbell_relay_streams").await?;
        peak = peak.max(shop.relay()?.usage()?.resident_kib);
        while cut.len() < usize::try_from(all.saturating_sub(open))?.min(slow.len()) {
            cut.push(began.elapsed().as_secs_f64());
        }
    }
    for task in slow {
        task.abort();
    }
    // They come back as ordinary readers, by their cursors.
    for (place, token) in slow_tokens.into_iter().enumerate() {
        let client = 400 + options.desktops + place;
        let habits = Habits { relays: vec![relay], token, client, hops: false, seed: 0, cursor: Some(begin.clone()) };
        desktops.push(Desktop::start(Arc::clone(&book), habits));
    }
    let sent = load.finish().await?;
    let judged = judge(&book, &shop.database, desktops).await?;
    let mut report = Report::new(NAME, database);
    report.judged(&judged, &sent);
    report.usage(shop.relay()?.usage()?);
    let (opened, all) = (judged.connections, u64::try_from(options.desktops)? + 2);
    report.check("no other stream was cut", opened == all, &format!("{opened} streams opened by {all} desktops"));
    let cut_at = |place: usize| cut.get(place).copied();
    report.at_most("first slow reader cut after", cut_at(0), MAX_CUT_S, "s");
    report.at_most("second slow reader cut after", cut_at(1), MAX_CUT_S, "s");
    report.at_most("webhook to the other desktops p99", report.desktop_p99(), MAX_DESKTOP_MS, "ms");
    let growth = u32::try_from(peak.saturating_sub(before.resident_kib)).map_or(f64::INFINITY, f64::from) / 1024.0;
    report.at_most("memory for both", Some(growth), MAX_GROWTH_MB, "MB");
    Ok(report)
}

/// Opens a stream, and reads one byte of it a second, or nothing at all.
async fn read_slowly(relay: SocketAddr, token: &str, begin: &EventId, reads: bool) -> Result<JoinHandle<()>> {
    let mut stream = http::connect(relay, 300, Some(RECEIVE_BUFFER)).await?;
    stream.write_all(request(token, Some(begin)).as_bytes()).await?;
    // The stream has begun when its first byte is there.
    stream.read_u8().await?;
    Ok(tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if reads && stream.read_u8().await.is_err() {
                return;
            }
        }
    }))
}
