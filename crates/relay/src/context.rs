//! What every part of the relay works with, at the bottom of its import graph.

use std::sync::Arc;

use tiktok::Client;
use url::Url;

use crate::database::Database;
use crate::log::Log;
use crate::metrics::Metrics;
use crate::seal::Seal;

pub use crate::team::TEAM;

/// The database, the log, secrets, TikTok and metrics. Clones share everything.
#[derive(Debug, Clone)]
pub struct Context {
    /// The database.
    pub database: Database,
    /// The log.
    pub log: Log,
    /// Seals secrets.
    pub seal: Seal,
    /// Calls TikTok.
    pub client: Client,
    /// Counts.
    pub metrics: Metrics,
    /// This process among those that share the database: random.
    pub worker: Arc<str>,
    /// The relay's address as desktops, browsers and TikTok reach it; none if it is not configured.
    pub public_url: Option<Url>,
}
