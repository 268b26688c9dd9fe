//! The log, and the context that every command works with.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use tiktok::Client;
use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};
use crate::context::Context;
use crate::credential::new_id;
use crate::database::Database;
use crate::log::Log;
use crate::metrics::Metrics;
use crate::seal::Seal;

/// Opens what every command works with.
pub(super) async fn open(config: &Config) -> anyhow::Result<Context> {
    let seal = seal(config)?;
    let database = Database::open(&config.database).await.context("the database cannot be opened")?;
    context(config, database, seal).await
}

pub(super) async fn context(config: &Config, database: Database, seal: Seal) -> anyhow::Result<Context> {
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

pub(super) fn seal(config: &Config) -> anyhow::Result<Seal> {
    let text = config.secrets.key().context(
        "no key for secrets is configured: `deskbell-relay key` makes one; name its file by `key_file`, put it into \
         DESKBELL_RELAY_KEY, or give it to systemd as the credential deskbell-relay-key",
    )?;
    Ok(Seal::from_text(text)?)
}

pub(super) fn start_log(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log).map_err(|_| anyhow!("`log` is no filter such as warn,relay=debug"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match config.log_format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow!("the log cannot be written: {error}"))
}
