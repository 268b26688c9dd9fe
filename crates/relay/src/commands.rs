//! The program's commands. `serve` is the relay itself; the others set it up and look after it.

mod app;
mod archive;
mod certificate;
mod devices;
mod doctor;
mod profile;
mod serve;
mod webhook;

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use secrecy::zeroize::Zeroizing;
use tiktok::Client;
use tracing_subscriber::EnvFilter;
use wire::api::Platform;

use crate::config::{Config, Environment, LogFormat, Settings};
use crate::context::Context;
use crate::credential::new_id;
use crate::database::Database;
use crate::log::Log;
use crate::metrics::Metrics;
use crate::refusal::Refusal;
use crate::seal::{Seal, SealError};

/// The longest secret that is read from the standard input, in bytes.
const MAX_SECRET_BYTES: u64 = 4_096;

/// The shop's relay: takes TikTok's webhooks, holds the link to TikTok, and streams what happens to Deskbell.
#[derive(Debug, Parser)]
#[command(name = "deskbell-relay", version, about, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve: take webhooks, stream events, pass calls on to TikTok
    Serve {
        /// For tests: a relay with a database and a key of its own, linked by itself to the sandbox that `--endpoints`
        /// names; its addresses and tokens are written to this file as JSON
        #[arg(long, value_name = "FILE")]
        test_profile: Option<PathBuf>,
    },
    /// Print a code with which a desktop is paired, once and within ten minutes
    Pair {
        /// For a desktop that may link accounts, set up webhooks and manage devices
        #[arg(long)]
        admin: bool,
    },
    /// Set an app's id and redirect address; its secret is read from the standard input
    App(AppArguments),
    /// Print an address at which a TikTok account is linked, in any browser and within ten minutes
    Link,
    /// Show or change where TikTok sends the app's webhooks
    Webhook {
        #[command(subcommand)]
        action: WebhookAction,
    },
    /// Look at everything that a relay needs, and say what to do
    Doctor,
    /// Copy the database into a new file, while the relay serves
    Backup {
        /// The new file
        file: PathBuf,
    },
    /// Make a database from a backup; no relay may serve it
    Restore(RestoreArguments),
    /// Replace a secret
    RotateSecret {
        /// Which one
        secret: RotatedSecret,
    },
    /// Print a new key that seals secrets
    Key,
}

#[derive(Debug, Args)]
struct AppArguments {
    /// The app's platform
    platform: PlatformName,
    /// The app's id, or client key
    #[arg(long)]
    id: String,
    /// The redirect address that is registered for it [default: this relay's own]
    #[arg(long, default_value = "")]
    redirect_uri: String,
    /// TikTok has approved the app for listing posts
    #[arg(long)]
    may_list_posts: bool,
}

#[derive(Debug, Args)]
struct RestoreArguments {
    /// The backup
    #[arg(required_unless_present = "mark_only")]
    file: Option<PathBuf>,
    /// The database was restored by another program: only begin a new epoch
    #[arg(long, conflicts_with = "file")]
    mark_only: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PlatformName {
    /// TikTok API for Business: messages
    Business,
    /// Login Kit
    LoginKit,
}

impl From<PlatformName> for Platform {
    fn from(name: PlatformName) -> Self {
        match name {
            PlatformName::Business => Self::Business,
            PlatformName::LoginKit => Self::LoginKit,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RotatedSecret {
    /// The Business app's secret, read from the standard input; the one before verifies webhooks for 73 hours more
    Business,
    /// The Login Kit app's secret, likewise
    LoginKit,
    /// Seal everything with the first of the configured keys, so that the others can be taken away
    Key,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
enum WebhookAction {
    /// Show where TikTok sends the app's webhooks
    Show,
    /// Have TikTok send them to this relay
    Set {
        /// Replace another address, which then receives nothing any more
        #[arg(long)]
        replace: bool,
    },
    /// Have TikTok send them nowhere
    Clear,
    /// Send one to this relay's public address and look for it
    Test,
}

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            // Standard error may be closed.
            let _ = writeln!(std::io::stderr(), "deskbell-relay: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let Cli { settings, command } = cli;
    if matches!(command, Command::Key) {
        say(&Seal::new_key())?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::read(settings, &Environment);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads")?;
    if matches!(command, Command::Doctor) {
        return runtime.block_on(doctor::examine(config.as_ref().map_err(Clone::clone)));
    }
    let config = config?;
    start_log(&config)?;
    runtime.block_on(async {
        match command {
            Command::Serve { test_profile: None } => serve::serve(config).await,
            Command::Serve { test_profile: Some(file) } => profile::serve(config, &file).await,
            Command::Pair { admin } => devices::print_code(&open(&config).await?, admin).await,
            Command::App(arguments) => app::set(&open(&config).await?, arguments).await,
            Command::Link => app::print_link(&open(&config).await?).await,
            Command::Webhook { action } => webhook::run(&open(&config).await?, action).await,
            Command::Backup { file } => archive::backup(&config, &file).await,
            Command::Restore(arguments) => archive::restore(&config, &arguments).await,
            Command::RotateSecret { secret } => app::rotate(&open(&config).await?, secret).await,
            // Both are done already.
            Command::Doctor | Command::Key => Ok(()),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Opens what every command works with.
async fn open(config: &Config) -> anyhow::Result<Context> {
    let seal = seal(config)?;
    let database = Database::open(&config.database).await.context("the database cannot be opened")?;
    context(config, database, seal).await
}

async fn context(config: &Config, database: Database, seal: Seal) -> anyhow::Result<Context> {
    let metrics = Metrics::default();
    let client = Client::new(config.endpoints.clone()).map_err(|_| anyhow!("the system's certificates are missing"))?;
    Ok(Context {
        log: Log::start(database.clone(), metrics.clone()).await.context("the log cannot be opened")?,
        database,
        seal,
        client,
        metrics,
        worker: Arc::from(new_id()),
        public_url: config.public_url.clone(),
    })
}

fn seal(config: &Config) -> anyhow::Result<Seal> {
    let text = config.secrets.key().ok_or(SealError::NoKey).context(
        "`deskbell-relay key` makes one; name its file by `key_file`, or put it into DESKBELL_RELAY_KEY, or give it to \
         systemd as the credential deskbell-relay-key",
    )?;
    Ok(Seal::from_text(text)?)
}

fn start_log(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log).map_err(|_| anyhow!("`log` is no filter such as warn,relay=debug"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match config.log_format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow!("the log cannot be written: {error}"))
}

/// Writes a line for the person at the terminal.
fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).context("the output cannot be written")
}

/// A secret from the standard input: arguments are seen by everybody on the machine.
fn read_secret() -> anyhow::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    std::io::stdin().take(MAX_SECRET_BYTES).read_to_string(&mut text).context("the secret cannot be read")?;
    let secret = Zeroizing::new(text.trim().to_owned());
    if secret.is_empty() {
        bail!("the secret is expected on the standard input, and there is none");
    }
    Ok(secret)
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn refused(Refusal(failure): Refusal) -> anyhow::Error {
    anyhow!(failure.detail)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_commands_are_well_formed() {
        Cli::command().debug_assert();
        for line in [
            "deskbell-relay serve --listen 0.0.0.0:80",
            "deskbell-relay --config /c.toml serve --test-profile /p.json",
            "deskbell-relay pair --admin",
            "deskbell-relay app business --id 7",
            "deskbell-relay restore --mark-only",
            "deskbell-relay rotate-secret login-kit",
            "deskbell-relay webhook set --replace",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
        for line in ["deskbell-relay", "deskbell-relay restore", "deskbell-relay serve --public-ulr x"] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
