//! How a batch is applied.

use model::Millis;

use crate::timing::{Timing, millis};

/// What applying a batch needs to know beside the batch.
#[derive(Debug, Clone, Copy)]
pub struct ApplyOptions {
    /// By TikTok's clock.
    pub now_ms: Millis,
    /// How long one call may take.
    pub call_ms: i64,
    /// How long after its attempt a reply that was not found is left to the agent.
    pub undecided_after_ms: i64,
    /// How long a message may be on its way: what was written since is not judged.
    pub lag_ms: i64,
    /// TikTok's `update_time` that this batch answers.
    pub updated_ms: Millis,
    /// Whether a batch that ends before that time leaves the conversation to be read again: the two listings are not always
    /// of one moment. What the first reading of an old conversation lacks comes with its next activity.
    pub reread_if_behind: bool,
}

impl ApplyOptions {
    /// The options for something that was pushed, which answers no listing.
    #[must_use]
    pub fn new(now_ms: Millis, timing: &Timing) -> Self {
        Self {
            now_ms,
            call_ms: millis(timing.call),
            undecided_after_ms: millis(timing.undecided_after),
            lag_ms: millis(timing.lag),
            updated_ms: 0,
            reread_if_behind: false,
        }
    }

    /// The options for a batch that answers TikTok's `update_time`.
    #[must_use]
    pub fn answering(self, updated_ms: Millis, reread_if_behind: bool) -> Self {
        Self { updated_ms, reread_if_behind, ..self }
    }
}
