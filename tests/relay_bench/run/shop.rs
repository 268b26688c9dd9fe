//! A shop for one case: a TikTok, a database, and one relay or two on it.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use relay::database::{Database, DatabaseAddress};
use sandbox::{Config, Limits, Sandbox, WindowRule};
use serde::Deserialize;
use tempfile::TempDir;

use super::book::Book;
use super::desktop::{Desktop, Habits};
use super::http;
use super::machine::{self, Usage};
use super::postgres::Server;
use super::stored::add_devices;
use super::webhook::Maker;

/// How long a relay may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(30);
const LOOK_INTERVAL: Duration = Duration::from_millis(5);
/// The bench is one address, or a few; what the relay allows an address is not what is measured.
const REQUESTS_PER_SECOND: &str = "1000000";
/// Some desktops connect at once.
const CONNECTING_AT_ONCE: usize = 25;

/// A database that exists.
#[derive(Debug, Clone)]
pub(crate) enum Address {
    /// A file.
    Sqlite(PathBuf),
    /// A database of one or two servers.
    Postgres(String),
}

impl Address {
    /// A new database of this server.
    pub(crate) fn of(server: &Server) -> Self {
        Self::of_database(&[server], &database_name(&server.create_database()))
    }

    /// A database of the server, or of its standby.
    pub(crate) fn of_database(servers: &[&Server], database: &str) -> Self {
        let hosts: Vec<String> = servers
            .iter()
            .map(|server| {
                let address = server.address("");
                let socket = address.split_whitespace().find_map(|word| word.strip_prefix("host=")).unwrap_or_default();
                socket.replace('/', "%2F")
            })
            .collect();
        Self::Postgres(format!("postgres://postgres@{}/{database}", hosts.join(",")))
    }

    fn words(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(address) => address.clone(),
        }
    }

    /// Opens it beside the relay.
    pub(crate) async fn open(&self) -> Result<Database> {
        let address = match self {
            Self::Sqlite(path) => DatabaseAddress::Sqlite(path.clone()),
            Self::Postgres(address) => DatabaseAddress::Postgres(address.clone()),
        };
        Database::open(&address).await.context("the database")
    }
}

fn database_name(address: &str) -> String {
    let name = address.split_whitespace().find_map(|word| word.strip_prefix("dbname="));
    name.unwrap_or_default().to_owned()
}

/// What the relay says of itself in the test profile.
#[derive(Debug, Clone, Deserialize)]
struct Profile {
    business_secret: String,
    accounts: Vec<String>,
}

/// One relay process, again and again on the same port.
#[derive(Debug)]
pub(crate) struct Relay {
    child: Option<Child>,
    arguments: Vec<String>,
    log: PathBuf,
    pub(crate) address: SocketAddr,
}

impl Relay {
    fn new(folder: &Path, name: &str, database: &Address) -> Result<Self> {
        // Bound and let go of: the relay takes it a moment later.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let file = |name: &str| folder.join(name).display().to_string();
        let arguments = [
            "--database",
            &database.words(),
            "--endpoints",
            &file("endpoints.json"),
            "--key-file",
            &file("key"),
            "--requests-per-second",
            REQUESTS_PER_SECOND,
            "--listen",
            &address.to_string(),
        ];
        let arguments = arguments.map(str::to_owned).to_vec();
        Ok(Self { child: None, arguments, log: folder.join(format!("{name}.log")), address })
    }

    fn spawn(&mut self, words: &[&str]) -> Result<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(program()?);
        command.args(words).args(&self.arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().context("the relay does not start")?);
        Ok(())
    }

    /// Kills it as a power cut would.
    pub(crate) fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Starts it, and waits until it answers; returns how long that took.
    pub(crate) async fn start(&mut self) -> Result<Duration> {
        let began = Instant::now();
        self.spawn(&["serve"])?;
        loop {
            if let Ok((200, _)) = http::get(self.address, wire::paths::HELLO).await {
                return Ok(began.elapsed());
            }
            self.check(began)?;
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    fn check(&mut self, began: Instant) -> Result<()> {
        let ended = self.child.as_mut().map(Child::try_wait).transpose()?.flatten();
        if let Some(status) = ended {
            bail!("the relay ended ({status}): {}", self.said());
        }
        if began.elapsed() > START_TIMEOUT {
            bail!("the relay is not ready after {START_TIMEOUT:?}: {}", self.said());
        }
        Ok(())
    }

    pub(crate) fn usage(&self) -> Result<Usage> {
        machine::usage(self.child.as_ref().context("the relay does not run")?.id())
    }

    /// A figure of its metrics.
    pub(crate) async fn metric(&self, name: &str) -> Result<u64> {
        let (status, text) = http::get(self.address, wire::paths::METRICS).await?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let value = line.with_context(|| format!("no `{name}` in the metrics ({status})"))?;
        value.trim().parse().with_context(|| format!("`{name}` is {value}"))
    }

    /// The end of its log.
    pub(crate) fn said(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(8).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.kill();
    }
}

/// The program, as it was built beside this one.
fn program() -> Result<PathBuf> {
    let ours = std::env::current_exe()?;
    let program = ours.with_file_name("deskbell-relay");
    if !program.is_file() {
        bail!("`deskbell-relay` is not there: `cargo xtask relay-bench` builds it");
    }
    Ok(program)
}

/// Everything that a case works with. The relays end before the database's folder goes.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) relays: Vec<Relay>,
    /// The database, opened beside the relay.
    pub(crate) database: Database,
    account: String,
    secret: String,
    /// The devices' tokens.
    pub(crate) tokens: Vec<String>,
    _tiktok: Sandbox,
    folder: TempDir,
}

impl Shop {
    /// Opens a shop whose relay is linked, receives webhooks, and knows so many devices. On SQLite without an address it
    /// has a file of its own.
    pub(crate) async fn open(address: Option<Address>, devices: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = address.unwrap_or_else(|| Address::Sqlite(folder.path().join("relay.db")));
        let tiktok = Sandbox::start(Config { limits: Limits::NONE, ..Config::default() }).await?;
        tiktok.open_account("maisonbloom", "Maison Bloom", WindowRule::B);
        fs::write(folder.path().join("endpoints.json"), tiktok.endpoints_json())?;
        let key = Command::new(program()?).arg("key").env_clear().output()?;
        fs::write(folder.path().join("key"), key.stdout)?;
        let mut relay = Relay::new(folder.path(), "relay", &address)?;
        let file = folder.path().join("profile.json");
        let began = Instant::now();
        relay.spawn(&["serve", "--test-profile", &file.display().to_string()])?;
        while !file.is_file() {
            relay.check(began)?;
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        let profile: Profile = serde_json::from_str(&fs::read_to_string(&file)?).context("the profile")?;
        let account = profile.accounts.into_iter().next().context("no account is linked")?;
        let database = address.open().await?;
        let tokens = add_devices(&database, devices).await?;
        // Started anew, as it is run every day.
        relay.kill()?;
        relay.start().await?;
        let secret = profile.business_secret;
        Ok(Self { relays: vec![relay], database, account, secret, tokens, _tiktok: tiktok, folder })
    }

    /// Starts another relay on the same database.
    pub(crate) async fn add_relay(&mut self, address: &Address) -> Result<()> {
        let mut relay = Relay::new(self.folder.path(), "second", address)?;
        relay.start().await?;
        self.relays.push(relay);
        Ok(())
    }

    pub(crate) fn relay(&mut self) -> Result<&mut Relay> {
        self.relays.first_mut().context("there is no relay")
    }

    /// Where the relays answer.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.relays.iter().map(|relay| relay.address).collect()
    }

    /// Webhooks for its account.
    pub(crate) fn maker(&self, text_length: usize) -> Maker {
        Maker::now(&self.account, &self.secret, text_length)
    }

    /// Starts a desktop for each of the first devices, and waits until all streams have begun.
    pub(crate) async fn desktops(
        &self,
        book: &Arc<Book>,
        count: usize,
        seed: u64,
        hops: impl Fn(usize) -> bool,
    ) -> Result<Vec<Desktop>> {
        let mut desktops: Vec<Desktop> = Vec::with_capacity(count);
        let mut tokens = self.tokens.iter().take(count).enumerate().peekable();
        let began = Instant::now();
        while tokens.peek().is_some() {
            for (device, token) in tokens.by_ref().take(CONNECTING_AT_ONCE) {
                let habits = Habits {
                    // Those that stay are spread over the relays.
                    relays: rotated(&self.addresses(), device),
                    token: token.clone(),
                    // Not the signer's addresses.
                    client: 400 + device,
                    hops: hops(device),
                    seed: seed.wrapping_add(device as u64),
                    cursor: None,
                };
                desktops.push(Desktop::start(Arc::clone(book), habits));
            }
            while !desktops.iter().all(Desktop::has_begun) {
                if began.elapsed() > START_TIMEOUT {
                    bail!("some streams do not begin");
                }
                tokio::time::sleep(LOOK_INTERVAL).await;
            }
        }
        Ok(desktops)
    }
}

fn rotated(addresses: &[SocketAddr], by: usize) -> Vec<SocketAddr> {
    let mut addresses = addresses.to_vec();
    let count = addresses.len().max(1);
    addresses.rotate_left(by % count);
    addresses
}
