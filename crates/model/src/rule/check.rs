//! Whether a rule can be kept, and whether one that was kept can still work.

use std::collections::{HashMap, HashSet};

use super::keyword::Keyword;
use super::language;
use super::spec::{Action, AssignTo, Condition, RuleProblem, RuleSpec, Trigger};
use crate::{AgentId, SavedReplyId, text_fold};

/// The longest wait for an answer: the reply window.
const MAX_WAIT_MINUTES: u32 = 48 * 60;
/// Nothing is put away for longer than thirty days.
const MAX_SNOOZE_MINUTES: u32 = 30 * 24 * 60;

/// What rules point to.
#[derive(Debug, Clone, Default)]
pub struct RuleTargets {
    /// The saved replies there are, and whether each has a blank that only an agent can fill.
    pub replies: HashMap<SavedReplyId, bool>,
    /// The agents there are.
    pub agents: HashSet<AgentId>,
}

impl RuleSpec {
    /// What is wrong with it, if anything is.
    #[must_use]
    pub fn problem(&self, pointed: &RuleTargets) -> Option<RuleProblem> {
        if self.name.trim().is_empty() {
            return Some(RuleProblem::NoName);
        }
        self.trigger
            .problem()
            .or_else(|| self.conditions.iter().find_map(Condition::problem))
            .or_else(|| self.actions.iter().find_map(|action| action.problem(pointed)))
            .or_else(|| self.actions.is_empty().then_some(RuleProblem::NoAction))
            .or_else(|| {
                let replies = self.actions.iter().filter(|action| matches!(action, Action::Reply { .. })).count();
                (replies > 1).then_some(RuleProblem::TwoReplies)
            })
    }

    /// The saved reply it sends.
    #[must_use]
    pub fn reply(&self) -> Option<SavedReplyId> {
        self.actions.iter().find_map(|action| match action {
            Action::Reply { saved } => Some(*saved),
            _ => None,
        })
    }
}

impl Trigger {
    fn problem(&self) -> Option<RuleProblem> {
        match self {
            Self::Keyword { words, matching } => {
                let none = words.is_empty() || words.iter().any(|word| Keyword::of(word, *matching).is_none());
                none.then_some(RuleProblem::NoKeyword)
            }
            Self::NoAnswer { minutes } => {
                (!(1..=MAX_WAIT_MINUTES).contains(minutes)).then_some(RuleProblem::OutOfRange)
            }
            Self::FirstMessage | Self::OutsideHours | Self::MessageRequest | Self::Image => None,
        }
    }
}

impl Condition {
    fn problem(&self) -> Option<RuleProblem> {
        let fits = match self {
            Self::Account { accounts } => !accounts.is_empty(),
            Self::Tag { name, .. } if text_fold::fold(name).trim().is_empty() => return Some(RuleProblem::NoTag),
            Self::Language { languages } => {
                !languages.is_empty() && languages.iter().all(|code| language::is_known(code))
            }
            Self::Time { span, days } => span.is_valid() && days.iter().all(|day| (1..=7).contains(day)),
            Self::Tag { .. } | Self::Follower { .. } => true,
        };
        (!fits).then_some(RuleProblem::OutOfRange)
    }
}

impl Action {
    fn problem(&self, pointed: &RuleTargets) -> Option<RuleProblem> {
        match self {
            Self::Reply { saved } => match pointed.replies.get(saved) {
                None => Some(RuleProblem::SavedReplyGone),
                Some(true) => Some(RuleProblem::SavedReplyHasBlanks),
                Some(false) => None,
            },
            Self::Tag { name } => text_fold::fold(name).trim().is_empty().then_some(RuleProblem::NoTag),
            Self::Assign { to: AssignTo::Agent { agent } } => {
                (!pointed.agents.contains(agent)).then_some(RuleProblem::AgentGone)
            }
            Self::Snooze { minutes } => {
                (!(1..=MAX_SNOOZE_MINUTES).contains(minutes)).then_some(RuleProblem::OutOfRange)
            }
            Self::Assign { to: AssignTo::LeastBusy } | Self::Done | Self::Notify => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DaySpan, KeywordMatch};

    fn pointed() -> RuleTargets {
        RuleTargets { replies: [(SavedReplyId(1), false), (SavedReplyId(2), true)].into(), agents: [AgentId(1)].into() }
    }

    fn rule(trigger: Trigger, conditions: Vec<Condition>, actions: Vec<Action>) -> RuleSpec {
        RuleSpec { name: "Rule".to_owned(), enabled: true, trigger, conditions, actions, stop: false }
    }

    #[test]
    fn each_thing_that_is_wrong_with_a_rule_has_its_name() {
        let word = |words: &[&str]| Trigger::Keyword {
            words: words.iter().map(|&word| word.to_owned()).collect(),
            matching: KeywordMatch::Word,
        };
        let reply = |id| Action::Reply { saved: SavedReplyId(id) };
        let first = || Trigger::FirstMessage;
        let tag = |name: &str| Action::Tag { name: name.to_owned() };
        let when = |condition| rule(first(), vec![condition], vec![Action::Done]);
        let span = DaySpan { from_minute: 0, to_minute: 1_440 };
        for (spec, expected) in [
            (rule(word(&["price"]), vec![], vec![reply(1)]), None),
            (
                RuleSpec { name: "  ".to_owned(), ..rule(first(), vec![], vec![Action::Done]) },
                Some(RuleProblem::NoName),
            ),
            (rule(word(&[]), vec![], vec![Action::Done]), Some(RuleProblem::NoKeyword)),
            (rule(word(&["price", "?!"]), vec![], vec![Action::Done]), Some(RuleProblem::NoKeyword)),
            (rule(first(), vec![], vec![]), Some(RuleProblem::NoAction)),
            (rule(first(), vec![], vec![reply(1), reply(1)]), Some(RuleProblem::TwoReplies)),
            (rule(first(), vec![], vec![reply(3)]), Some(RuleProblem::SavedReplyGone)),
            (rule(first(), vec![], vec![reply(2)]), Some(RuleProblem::SavedReplyHasBlanks)),
            (rule(Trigger::NoAnswer { minutes: 0 }, vec![], vec![Action::Done]), Some(RuleProblem::OutOfRange)),
            (rule(Trigger::NoAnswer { minutes: 2_881 }, vec![], vec![Action::Done]), Some(RuleProblem::OutOfRange)),
            (rule(Trigger::NoAnswer { minutes: 2_880 }, vec![], vec![Action::Done]), None),
            (rule(first(), vec![], vec![Action::Snooze { minutes: 0 }]), Some(RuleProblem::OutOfRange)),
            (when(Condition::Language { languages: vec!["en".to_owned()] }), Some(RuleProblem::OutOfRange)),
            (when(Condition::Language { languages: vec!["eng".to_owned()] }), None),
            (when(Condition::Account { accounts: vec![] }), Some(RuleProblem::OutOfRange)),
            (when(Condition::Time { span, days: vec![0] }), Some(RuleProblem::OutOfRange)),
            (when(Condition::Time { span, days: vec![1, 7] }), None),
            (when(Condition::Tag { name: " ".to_owned(), has: true }), Some(RuleProblem::NoTag)),
            (rule(first(), vec![], vec![tag("")]), Some(RuleProblem::NoTag)),
            (
                rule(first(), vec![], vec![Action::Assign { to: AssignTo::Agent { agent: AgentId(2) } }]),
                Some(RuleProblem::AgentGone),
            ),
        ] {
            assert_eq!(spec.problem(&pointed()), expected, "{spec:?}");
        }
    }
}
