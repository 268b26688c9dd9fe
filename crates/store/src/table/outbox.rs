//! Replies on their way out: one row for each message of ours that TikTok has not confirmed.
//!
//! A conversation's rows are its lane, in the order of `position`. The engine's steps are here; what the agent does to the
//! rows is in [`actions`].

pub mod actions;
mod begin;
mod claim;
mod crash;
mod row;
mod transition;

pub use self::begin::{BeginOutcome, begin, colleague_replied, seen_up_to};
pub use self::claim::{claimable, is_listable, may_have_arrived, reopen, sent_besides, was_named};
pub use self::crash::recover_after_crash;
pub(crate) use self::row::WaitWord;
pub use self::row::{
    OutboxReply, OutboxState, count_ready, get, head, held_until, lanes, of_conversation, with_undecided,
};
pub use self::transition::{
    confirm_sent, mark_unconfirmed, mark_undecided, record_attempt_end, record_check, refuse, release_all_held,
    release_held, release_offline, requeue, resume_sending, set_wait_reason, stop,
};
