//! The apps' secrets, read from the database no more often than they change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tiktok::ClientSecret;
use tiktok::business::webhook::{self, SignatureError, Verified};
use wire::api::Platform;

use super::outcome::Outcome;
use crate::apps;
use crate::context::Context;

/// How long secrets are used without asking again: after it a secret that was taken away verifies nothing.
const MAX_AGE: Duration = Duration::from_secs(5);
/// How often a wrong signature may have them read again.
const RELOAD_INTERVAL: Duration = Duration::from_millis(500);

/// The secrets that were read last.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    read: Mutex<HashMap<Platform, Arc<Reading>>>,
}

/// The secrets of a platform's app: the current one, and the one before while it is still good.
#[derive(Debug)]
pub(super) struct Reading {
    secrets: Vec<ClientSecret>,
    at: Instant,
}

impl Reading {
    pub(super) fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    pub(super) fn verify(&self, header: &str, body: &[u8], now_s: i64) -> Result<Verified, SignatureError> {
        let secrets: Vec<&ClientSecret> = self.secrets.iter().collect();
        webhook::verify(header, body, &secrets, now_s)
    }
}

impl Secrets {
    /// The secrets, at most a few seconds old.
    pub(super) async fn cached(&self, context: &Context, platform: Platform) -> Result<Arc<Reading>, Outcome> {
        let known = self.known(platform);
        match known.filter(|reading| reading.at.elapsed() < MAX_AGE) {
            Some(reading) => Ok(reading),
            None => self.reload(context, platform).await,
        }
    }

    /// The secrets read anew, unless these are new enough.
    pub(super) async fn newer_than(
        &self,
        tried: &Reading,
        context: &Context,
        platform: Platform,
    ) -> Result<Option<Arc<Reading>>, Outcome> {
        if let Some(newer) = self.known(platform).filter(|known| known.at > tried.at) {
            return Ok(Some(newer));
        }
        if tried.at.elapsed() < RELOAD_INTERVAL { Ok(None) } else { self.reload(context, platform).await.map(Some) }
    }

    fn known(&self, platform: Platform) -> Option<Arc<Reading>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).get(&platform).cloned()
    }

    async fn reload(&self, context: &Context, platform: Platform) -> Result<Arc<Reading>, Outcome> {
        // Before the question: what is written while it is asked is read again.
        let at = Instant::now();
        let secrets = apps::webhook_secrets(context, platform).await.map_err(|_| Outcome::Unavailable)?;
        let reading = Arc::new(Reading { secrets, at });
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(platform, Arc::clone(&reading));
        Ok(reading)
    }
}
