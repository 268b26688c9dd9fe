//! Rules: what Deskbell does by itself with customers' messages while it runs.
//!
//! A rule has one trigger, conditions that must all hold, and actions. Rules are tried in order; one that fires may stop
//! those after it, and of all of them at most one answers a message.

mod check;
mod decide;
mod keyword;
mod language;
mod spec;

#[cfg(test)]
mod tests;

pub use self::check::RuleTargets;
pub use self::decide::{
    ConversationState, Decision, FiredRule, LATE_MS, MAX_ANSWERS, PlannedAction, RuleAccount, RuleInput, RuleSet,
};
pub use self::spec::{
    Action, ActionTaken, AssignTo, Condition, KeywordMatch, NoReply, RuleProblem, RuleSpec, Trigger, Verdict,
};
