//! What follows from a call that failed: whether, when and why it is made again.

// A new kind of message, error or state does not compile here before it has an answer.
#![warn(clippy::wildcard_enum_match_arm)]

use std::time::Duration;

use model::{Millis, WaitReason};

use crate::call::CallError;
use crate::timing::Backoff;

/// What to do about a call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryPlan {
    /// It was not taken. Make it again after this time: TikTok's rate limit says so.
    After(Duration),
    /// It was not taken. Make it again once the account is linked again.
    OnceLinked,
    /// It was not taken. Make it again at growing intervals.
    BackOff {
        /// Whether TikTok could not be reached; otherwise something on this computer failed.
        offline: bool,
    },
    /// TikTok refused it, or may have taken it: making it again is not for the caller to decide.
    Settle,
}

/// The plan for each way a call can fail.
pub(crate) fn retry_plan(error: &CallError) -> RetryPlan {
    match error {
        CallError::SlowDown(wait) => RetryPlan::After(*wait),
        CallError::Relink(_) => RetryPlan::OnceLinked,
        CallError::Offline(_) => RetryPlan::BackOff { offline: true },
        CallError::Local(_) => RetryPlan::BackOff { offline: false },
        CallError::Refused(_) | CallError::Stale { .. } | CallError::Unknown(_) => RetryPlan::Settle,
    }
}

impl RetryPlan {
    /// How long to wait before the next try. Zero where the wait has no end that is known.
    pub(crate) fn wait(self, backoff: &mut Backoff) -> Duration {
        match self {
            Self::After(wait) => wait,
            Self::OnceLinked => Duration::ZERO,
            Self::BackOff { .. } | Self::Settle => backoff.failed(),
        }
    }

    /// What the screen says a reply waits for until `until_ms`; none if there is nothing to say.
    pub(crate) fn wait_reason(self, until_ms: Millis) -> Option<WaitReason> {
        match self {
            Self::After(_) => Some(WaitReason::RateLimited { until_ms }),
            Self::OnceLinked => Some(WaitReason::Relink),
            Self::BackOff { offline: true } => Some(WaitReason::Offline),
            Self::BackOff { offline: false } | Self::Settle => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::Timing;

    #[test]
    fn each_failure_has_its_plan() {
        let mut backoff = Backoff::new(&Timing::default());
        let minute = Duration::from_secs(60);
        let slow_down = retry_plan(&CallError::SlowDown(minute));
        assert_eq!(slow_down.wait(&mut backoff), minute);
        assert_eq!(slow_down.wait_reason(7), Some(WaitReason::RateLimited { until_ms: 7 }));
        let relink = retry_plan(&CallError::Relink("revoked".into()));
        assert_eq!(relink.wait(&mut backoff), Duration::ZERO);
        assert_eq!(relink.wait_reason(7), Some(WaitReason::Relink));
        let offline = retry_plan(&CallError::Offline("no route".to_owned()));
        assert!(offline.wait(&mut backoff) <= Timing::default().backoff_first);
        assert_eq!(offline.wait_reason(7), Some(WaitReason::Offline));
        let local = retry_plan(&CallError::Local(store::StoreError::Closed.into()));
        assert_eq!((local, local.wait_reason(7)), (RetryPlan::BackOff { offline: false }, None));
    }
}
