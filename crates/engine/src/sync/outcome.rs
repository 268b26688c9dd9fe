//! What follows from a step of an account's loop: its health, and the wait before the next step.

use std::time::Duration;

use store::table::account;
use tokio::time::Instant;

use super::AccountSync;
use crate::call::CallError;
use crate::health::SyncHealth;
use crate::retry::{RetryPlan, retry_plan};
use crate::source::Source;
use crate::timing::after;

/// How often the time of the newest success is written down when nothing else is.
const SYNCED_AT_INTERVAL: Duration = Duration::from_secs(60);
/// The wait of an account that has to be linked again; linking it ends the wait.
const UNTIL_LINKED: Duration = Duration::from_secs(24 * 3600);

impl<S: Source> AccountSync<S> {
    /// Notes that a step succeeded.
    pub(super) async fn record_success(&mut self) {
        let recovered = self.backoff.worked();
        let now_ms = self.context.clock().now_ms();
        self.context.health().record_success(self.account, now_ms);
        if self.synced_at_kept.is_none_or(|at| at.elapsed() >= SYNCED_AT_INTERVAL) {
            self.synced_at_kept = Some(Instant::now());
            let account = self.account;
            if let Err(error) = self.context.store().write(move |tx| account::set_synced_at(tx, account, now_ms)).await
            {
                tracing::error!(account = account.0, %error, "could not note when an account was last synced");
            }
        }
        if recovered {
            tracing::info!(account = self.account.0, "TikTok answers again");
            self.context.signals().network_is_back.notify_one();
        }
    }

    /// Notes that a step failed; how long to wait before the next.
    pub(super) fn record_failure(&mut self, error: &CallError) -> Duration {
        let now_ms = self.context.clock().now_ms();
        let plan = retry_plan(error);
        // An account that has to be linked again counts as failing too, so that its first success afterwards raises
        // `network_is_back`.
        let wait = if let RetryPlan::After(wait) = plan { wait } else { self.backoff.failed() };
        let (health, retry_at_ms) = (self.context.health(), after(now_ms, wait));
        match plan {
            RetryPlan::After(_) => {
                health.record_trouble(self.account, now_ms, |_| SyncHealth::RateLimited { until_ms: retry_at_ms });
            }
            // The account's row says so. A signal comes when it is linked again, or has a token after all.
            RetryPlan::OnceLinked => return UNTIL_LINKED,
            RetryPlan::BackOff { offline: true } => {
                health.record_trouble(self.account, now_ms, |since_ms| SyncHealth::Offline { since_ms, retry_at_ms });
            }
            RetryPlan::BackOff { offline: false } | RetryPlan::Settle => {
                tracing::warn!(account = self.account.0, %error, wait_ms = wait.as_millis(), "could not sync an account");
                let detail = error.to_string();
                health.record_trouble(self.account, now_ms, |since_ms| SyncHealth::Unwell {
                    since_ms,
                    retry_at_ms,
                    detail,
                });
            }
        }
        wait
    }
}
