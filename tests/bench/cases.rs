//! What is measured, by what the agent does.

pub(crate) mod list;
pub(crate) mod opening;
pub(crate) mod rules;
pub(crate) mod search;
pub(crate) mod sending;
pub(crate) mod taking_in;
pub(crate) mod thread;

/// So many operations to a slice where each takes well under a millisecond.
pub(crate) const MANY: usize = 30;
/// So many where each waits for the disk.
pub(crate) const SOME: usize = 8;
