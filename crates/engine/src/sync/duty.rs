//! What the loop of an account does that goes through the shop's relay: while events come, one desktop at a time sweeps
//! TikTok's lists for all, and the others only follow.

use std::time::Duration;

use model::{AccountId, Millis};
use store::StoreError;
use store::table::{account, relay};
use tokio::time::Instant;

use crate::context::Context;

/// How often the relay is asked who sweeps. The lease lasts three times as long.
const LEASE_INTERVAL: Duration = Duration::from_secs(20);

/// What an account's loop does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Duty {
    /// Sweeps and reads as it does without a relay: for an account with a link of its own, while no events come, and until
    /// everything from before the stream has been read.
    Poll,
    /// Sweeps slowly, for all desktops: what it reads goes into the relay's log.
    SweepForAll,
    /// Reads nothing: what happens comes as events.
    Follow,
}

/// Who sweeps an account's lists, as far as the relay has said.
#[derive(Debug, Default)]
pub(super) struct Lease {
    held: bool,
    asked_at: Option<Instant>,
}

impl Lease {
    /// What the loop of this account does now.
    pub(super) async fn duty(&mut self, context: &Context, id: AccountId, remote_id: &str) -> Result<Duty, StoreError> {
        if !context.caller().gateway().has_account(id) || !context.signals().is_stream_live() {
            return Ok(Duty::Poll);
        }
        let caught_up = context.store().read(move |sql| {
            let (account, relay) = (account::get(sql, id)?, relay::get(sql)?);
            let from_ms = relay.map_or(Millis::MAX, |relay| relay.followed_from_ms);
            Ok(account.backfilled && account.complete_to_ms.is_some_and(|complete_to_ms| complete_to_ms >= from_ms))
        });
        if !caught_up.await? {
            return Ok(Duty::Poll);
        }
        if self.asked_at.is_none_or(|at| at.elapsed() >= LEASE_INTERVAL) {
            self.ask(context, id, remote_id).await;
        }
        Ok(if self.held { Duty::SweepForAll } else { Duty::Follow })
    }

    async fn ask(&mut self, context: &Context, id: AccountId, remote_id: &str) {
        self.asked_at = Some(Instant::now());
        let Some(route) = context.caller().gateway().route() else { return };
        match route.relay.lease(remote_id, false).await {
            Ok(lease) => {
                if lease.held != self.held {
                    tracing::info!(account = id.0, held = lease.held, "the relay says which desktop sweeps the lists");
                }
                self.held = lease.held;
            }
            Err(error) => {
                tracing::debug!(account = id.0, %error, "could not ask the relay which desktop sweeps the lists");
                self.held = false;
            }
        }
    }

    /// When the relay is asked again.
    pub(super) fn ask_again_at(&self) -> Instant {
        self.asked_at.unwrap_or_else(Instant::now) + LEASE_INTERVAL
    }
}

/// Tells the other desktops that the account is complete from one time to the other.
pub(super) async fn publish_claim(context: &Context, remote_id: &str, from_ms: Millis, to_ms: Millis) {
    let Some(route) = context.caller().gateway().route() else { return };
    if let Err(error) = route.relay.claim(remote_id, from_ms, to_ms).await {
        tracing::warn!(%error, "could not tell the other desktops up to when an account is complete");
    }
}
