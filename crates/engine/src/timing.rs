//! How often and how long: every interval of the engine in one place, so that tests can shorten them.

use std::time::Duration;

use model::Millis;

/// The engine's intervals.
#[derive(Debug, Clone)]
pub struct Timing {
    /// Between two fetches of the conversation on screen while the window has the focus.
    pub open_conversation: Duration,
    /// The same once nothing has happened in it for `quiet_after`.
    pub open_quiet: Duration,
    /// How long nothing has to happen in the conversation on screen.
    pub quiet_after: Duration,
    /// Between two listings while the window has the focus.
    pub sweep_focused: Duration,
    /// Between two listings while it has not.
    pub sweep_background: Duration,
    /// The same once the agent has been away for `idle_after`.
    pub sweep_idle: Duration,
    /// How long the agent has to be away.
    pub idle_after: Duration,
    /// Between two listings to the last page; the others stop where nothing is new.
    pub sweep_whole: Duration,
    /// The first wait after a failure; each further one doubles.
    pub backoff_first: Duration,
    /// The longest wait after a failure.
    pub backoff_most: Duration,
    /// The shortest time between two renewals of an account's token, whatever TikTok says of its life.
    pub renew_floor: Duration,
    /// When an unconfirmed message's conversation is read, after its attempt began. Also the growing waits of a conversation
    /// that cannot be read or does not show its newest message.
    pub look: Vec<Duration>,
    /// Between two further looks of either kind.
    pub look_again: Duration,
    /// Readings without it leave it to the agent if the last of them is this long after the attempt began.
    pub undecided_after: Duration,
    /// How long the browser may take while linking.
    pub link: Duration,
    /// How long a per-minute limit of TikTok's is waited out.
    pub rate_pause: Duration,
    /// How long one call may take.
    pub call: Duration,
    /// How long a reply can be undone.
    pub undo: Duration,
    /// A reading of a thread serves the replies that wait for it for this long; then the thread is read again before one
    /// goes into it.
    pub fresh: Duration,
    /// A typing sign lasts this long; none is sent sooner after another.
    pub typing: Duration,
    /// A scheduled reply that is this late is left to the agent.
    pub overdue: Duration,
    /// How often it is looked whether the computer slept, moved to another network, or had its clock set.
    pub wake: Duration,
    /// How often the database is tidied.
    pub tidy: Duration,
    /// The wait before a picture that did not come is tried again; each further one is longer.
    pub picture_again: Duration,
    /// How long decoding one picture may take by the clock; its processor time has a limit of its own.
    pub decode: Duration,
    /// A picture that was fetched or shown within this time is not let go of, however little room there is.
    pub picture_rest: Duration,
    /// How often it is looked how much room pictures take.
    pub pictures: Duration,
    /// How often pictures are looked for that nothing names any more.
    pub leftovers: Duration,
    /// A picture that nothing names stays for so long after it was last used.
    pub leftover_rest: Duration,
    /// How long a conversation that cannot be read is put aside.
    pub put_aside: Duration,
    /// TikTok's lists may be this much behind: what is complete is claimed up to so long before they were asked for, and a
    /// conversation whose newest message does not show is read again for so long.
    pub lag: Duration,
    /// Between two readings of an account's automatic messages.
    pub automatic: Duration,
    /// The same while TikTok reviews one of them, or an agent has looked at them within `automatic`.
    pub automatic_soon: Duration,
    /// How many calls are planned for the app's credential.
    pub budget: Budget,
}

/// How many calls may be made. TikTok allows 10 a second and 600 a minute for each app (rate limits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Planned for each second.
    pub per_second: usize,
    /// Planned for each minute.
    pub per_minute: usize,
    /// What replies may use of each second; more than planned, never the whole.
    pub sends_per_second: usize,
    /// What replies may use of each minute.
    pub sends_per_minute: usize,
    /// What the first fetches of old conversations, and pictures, may use of each second.
    pub backfills_per_second: usize,
}

impl Budget {
    /// A part of it, at least one call of each kind.
    #[must_use]
    pub fn at(self, rate: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "small and positive"
        )]
        let part = |calls: usize| ((calls as f64 * rate) as usize).max(1);
        Self {
            per_second: part(self.per_second),
            per_minute: part(self.per_minute),
            sends_per_second: part(self.sends_per_second),
            sends_per_minute: part(self.sends_per_minute),
            backfills_per_second: part(self.backfills_per_second),
        }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self { per_second: 5, per_minute: 300, sends_per_second: 8, sends_per_minute: 540, backfills_per_second: 2 }
    }
}

impl Default for Timing {
    fn default() -> Self {
        let s = Duration::from_secs;
        Self {
            open_conversation: s(3),
            open_quiet: s(10),
            quiet_after: s(120),
            sweep_focused: s(10),
            sweep_background: s(30),
            sweep_idle: s(60),
            idle_after: s(600),
            sweep_whole: s(15 * 60),
            backoff_first: s(1),
            backoff_most: s(60),
            renew_floor: s(60),
            look: [2, 5, 10, 20, 40, 60, 90].map(s).to_vec(),
            look_again: s(60),
            undecided_after: s(60),
            link: s(5 * 60),
            rate_pause: s(5 * 60),
            call: s(30),
            undo: s(5),
            fresh: s(3),
            typing: s(5),
            overdue: s(15 * 60),
            wake: s(10),
            tidy: s(300),
            picture_again: s(30),
            decode: s(60),
            picture_rest: s(24 * 3600),
            pictures: s(60),
            leftovers: s(3600),
            leftover_rest: s(24 * 3600),
            put_aside: s(30),
            lag: s(60),
            automatic: s(600),
            automatic_soon: s(60),
            budget: Budget::default(),
        }
    }
}

/// A duration in milliseconds.
#[must_use]
pub(crate) fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// The time that comes this long after another.
#[must_use]
pub(crate) fn after(from_ms: Millis, wait: Duration) -> Millis {
    from_ms.saturating_add(millis(wait))
}

/// How long from now until a time; at least a millisecond, so that a loop that waits for it never spins.
#[must_use]
pub(crate) fn until(now_ms: Millis, then_ms: Millis) -> Duration {
    Duration::from_millis(u64::try_from(then_ms.saturating_sub(now_ms)).unwrap_or(0).max(1))
}

/// Waits that double from the first to the most, each drawn from the whole of it ("full jitter"): when TikTok comes back,
/// those who lost it together do not ask together.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    failures: u32,
}

impl Backoff {
    /// No failure yet.
    #[must_use]
    pub fn new(timing: &Timing) -> Self {
        Self { first: timing.backoff_first, most: timing.backoff_most, failures: 0 }
    }

    /// The wait after one more failure.
    pub fn failed(&mut self) -> Duration {
        let full = self.first.saturating_mul(1 << self.failures.min(16)).min(self.most);
        self.failures = self.failures.saturating_add(1);
        full.mul_f64(rand::random_range(0.0..=1.0))
    }

    /// It worked again; whether it had failed before.
    pub fn worked(&mut self) -> bool {
        std::mem::take(&mut self.failures) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_most_and_start_over_after_a_success() {
        let mut backoff = Backoff::new(&Timing::default());
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            let wait = backoff.failed();
            let full = Duration::from_secs(seconds);
            assert!(wait <= full, "{wait:?} of {full:?}");
        }
        assert!(backoff.worked());
        assert!(!backoff.worked());
        assert!(backoff.failed() <= Duration::from_secs(1));
    }

    #[test]
    fn those_who_fail_together_come_back_at_any_time_of_the_wait() {
        let (first, mut quarters) = (Timing::default().backoff_first, [0; 4]);
        for _ in 0..1_000 {
            let part = Backoff::new(&Timing::default()).failed().as_secs_f64() / first.as_secs_f64();
            let quarter = [0.25, 0.5, 0.75].iter().filter(|end| part >= **end).count();
            quarters[quarter] += 1;
        }
        assert!(quarters.iter().all(|count| *count > 100), "{quarters:?}");
    }
}
