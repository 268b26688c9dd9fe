//! The database's disk is full for a while, under load.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::run::judge::judge;
use crate::run::load::{Load, endless_book};
use crate::run::options::Options;
use crate::run::postgres::Server;
use crate::run::report::Report;
use crate::run::servers::blocking;
use crate::run::shop::{Address, Shop};
use crate::run::stored;

pub(crate) const NAME: &str = "disk_full";
const SQLITE_SIZE: &str = "4m";
/// A database of PostgreSQL begins with 8 MB.
const POSTGRES_SIZE: &str = "12m";
const ENOUGH: &str = "512m";
const RATE: u32 = 300;
const TEXT_LENGTH: usize = 4_000;
const DESKTOPS: usize = 10;
/// So many answers that were not 200 show that it is full.
const MIN_REFUSED: u64 = 50;
const FILL_TIMEOUT: Duration = Duration::from_secs(60);
const MAX_RESUME_S: f64 = 10.0;

/// A small disk in memory.
#[derive(Debug)]
struct Disk(PathBuf);

impl Disk {
    fn mount(name: &str, size: &str) -> Result<Self> {
        let folder = PathBuf::from(format!("/tmp/deskbell-disk-{}-{name}", std::process::id()));
        std::fs::create_dir(&folder)?;
        let disk = Self(folder);
        mount(&["-t", "tmpfs", "-o", &format!("size={size},mode=0777"), "tmpfs"], &disk.0)?;
        Ok(disk)
    }

    fn grow(&self) -> Result<()> {
        mount(&["-o", &format!("remount,size={ENOUGH}")], &self.0)
    }
}

fn mount(words: &[&str], folder: &Path) -> Result<()> {
    let output = Command::new("mount").args(words).arg(folder).output().context("`mount` is missing")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A process that ends now may still have a file open.
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
        let _ = std::fs::remove_dir(&self.0);
    }
}

pub(crate) async fn run(options: &Options, database: &'static str, sqlite: bool) -> Result<Report> {
    let size = if sqlite { SQLITE_SIZE } else { POSTGRES_SIZE };
    let disk = match Disk::mount(database, size) {
        Ok(disk) => disk,
        Err(error) => {
            let why = format!("a small disk cannot be mounted here ({error:#}); it takes root");
            return Ok(Report::skipped(NAME, database, &why));
        }
    };
    if sqlite {
        return fill(options, database, Address::Sqlite(disk.0.join("relay.db")), &disk).await;
    }
    // The tables are on the small disk, and PostgreSQL's log of writes is elsewhere: without room for that it stops.
    let server = Arc::new(blocking(|| Server::start("")).await?);
    let (made, folder) = (Arc::clone(&server), disk.0.join("tables"));
    let address = blocking(move || -> Result<Address> {
        std::fs::create_dir(&folder)?;
        let owned = Command::new("chown").arg("postgres:").arg(&folder).status()?;
        if !owned.success() {
            bail!("the folder cannot be given to PostgreSQL");
        }
        made.sql(&format!("CREATE TABLESPACE small LOCATION '{}'", folder.display()));
        made.sql("CREATE DATABASE small TABLESPACE small");
        Ok(Address::of_database(&[&made], "small"))
    })
    .await??;
    let report = fill(options, database, address, &disk).await;
    // It must end before its disk goes.
    let stopped = Arc::clone(&server);
    blocking(move || stopped.stop()).await?;
    report
}

async fn fill(options: &Options, database: &'static str, address: Address, disk: &Disk) -> Result<Report> {
    let mut shop = Shop::open(Some(address), DESKTOPS).await?;
    let book = endless_book(RATE);
    let desktops = shop.desktops(&book, DESKTOPS, options.seed, |_| false).await?;
    let load = Load::start(&shop, &book, RATE, TEXT_LENGTH, options);
    let began = Instant::now();
    while load.book.refused() < MIN_REFUSED {
        if began.elapsed() > FILL_TIMEOUT {
            bail!("the disk does not get full");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let full_after = began.elapsed();
    let head = stored::head(&shop.database).await?;
    tokio::time::sleep(Duration::from_secs(options.size(2, 1))).await;
    let refused = load.book.refused();
    disk.grow()?;
    let resumed = Instant::now();
    while stored::head(&shop.database).await? <= head + 100 {
        if resumed.elapsed() > FILL_TIMEOUT {
            bail!("nothing is stored although there is room again: {}", shop.relay()?.said());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let resumed = resumed.elapsed();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let sent = load.finish().await?;
    let judged = judge(&book, &shop.database, desktops).await?;
    let mut report = Report::new(NAME, database);
    report.judged(&judged, &sent);
    report.usage(shop.relay()?.usage()?);
    let others = sent.answers.keys().filter(|status| ![200, 503].contains(*status)).count();
    report.check("answers while it was full", refused > 0 && others == 0, &format!("{refused} times 503, no other"));
    report.at_most("stores again after", Some(resumed.as_secs_f64()), MAX_RESUME_S, "s");
    report.note("full_after_s", full_after.as_secs_f64().into());
    Ok(report)
}
