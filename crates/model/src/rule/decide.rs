//! What rules decide about one message. Pure: the same answer for a live message and for one of the past.
//!
//! A message is looked at when it arrives, and again whenever a rule's wait for an answer is over. At each look the rules
//! are walked in order, and what one does is seen by those after it.
//!
//! Whatever the rules say: one message gets at most one automatic answer, none once a person has answered it, none outside
//! the reply window, and none of the replies that are kept for people. In one conversation at most three automatic answers go
//! out within ten minutes and ten within a day, so that two machines do not talk to each other for ever.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::keyword::{Keyword, Text};
use super::language;
use super::spec::{Action, AssignTo, Condition, NoReply, RuleSpec, Trigger, Verdict};
use crate::{AccountId, Content, Hours, Millis, ReplyWindow, RuleId, SavedReplyId, SendLedger, Zone, text_fold};

const MINUTE_MS: i64 = 60_000;
/// What should have been answered longer ago than this is not answered by itself any more: an agent is here again.
pub const LATE_MS: i64 = 60 * MINUTE_MS;
/// So many automatic answers in one conversation within so long, and no more.
pub const MAX_ANSWERS: [(usize, i64); 2] = [(3, 10 * MINUTE_MS), (10, 24 * 60 * MINUTE_MS)];

/// What an account is to its rules.
#[derive(Debug, Clone)]
pub struct RuleAccount {
    /// The account.
    pub account: AccountId,
    /// When it answers; none if always.
    pub hours: Option<Hours>,
    /// Where it is.
    pub zone: Zone,
    /// Whether this computer answers for it.
    pub here: bool,
    /// How many replies rules leave to people.
    pub reserve: u32,
}

/// A customer's message, and the look that is taken at it.
#[derive(Debug, Clone)]
pub struct RuleInput<'a> {
    /// Its text, image, card, …
    pub content: &'a Content,
    /// When it was sent.
    pub sent_at_ms: Millis,
    /// When it is looked at.
    pub now_ms: Millis,
    /// Waits that ended from here to now are over. None at the first look, when all that ended is.
    pub since_ms: Option<Millis>,
    /// Whether it is the customer's first.
    pub first: bool,
    /// Whether the business had never answered before it.
    pub request: bool,
    /// Whether the customer follows the business.
    pub follower: Option<bool>,
    /// How many messages each saved reply makes for this customer; those that cannot be sent are not in it.
    pub replies: &'a HashMap<SavedReplyId, u32>,
}

/// How a conversation stands. What rules do changes it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConversationState {
    /// The customer's tags, folded.
    pub tags: Vec<String>,
    /// Whether it is done.
    pub done: bool,
    /// The customer's newest message.
    pub opened_at_ms: Option<Millis>,
    /// What was sent since.
    pub ledger: SendLedger,
    /// Whether anybody has answered since the message.
    pub answered: bool,
    /// Whether that was a person.
    pub by_person: bool,
    /// The rules that have fired on the message.
    pub fired: Vec<RuleId>,
    /// Whether one of them answered it.
    pub replied: bool,
    /// The rules that have fired in the conversation since it was answered last.
    pub waited: Vec<RuleId>,
    /// When rules have answered in the conversation, for as long as the longest of [`MAX_ANSWERS`] looks back.
    pub answers_at_ms: Vec<Millis>,
}

/// Something a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlannedAction {
    /// Sends this saved reply.
    Reply(SavedReplyId),
    /// Would send a reply, and does not.
    NoReply(NoReply),
    /// Puts a tag on the customer that they do not have.
    Tag(String),
    /// Assigns the conversation.
    Assign(AssignTo),
    /// Puts the conversation away until then.
    Snooze(Millis),
    /// Marks it as done.
    Done,
    /// Notifies the agent.
    Notify,
}

/// A rule that fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiredRule {
    /// Its place among the rules.
    pub at: usize,
    /// What it does.
    pub steps: Vec<PlannedAction>,
}

/// What the rules decide at one look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// Those that fire.
    pub firings: Vec<FiredRule>,
    /// When to look again; none if no rule waits for an answer any longer.
    pub again_at_ms: Option<Millis>,
}

/// Rules in their order, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    rules: Vec<Ready>,
}

#[derive(Debug, Clone)]
struct Ready {
    id: RuleId,
    spec: RuleSpec,
    keywords: Vec<Keyword>,
    /// The tags its conditions name, folded; one for each condition.
    tags: Vec<Option<String>>,
}

/// Why a rule does not fire at a look.
enum Misfit {
    Trigger,
    Condition(usize),
}

/// A message's words, cut only if a rule asks for them.
struct Words<'a> {
    body: Option<&'a str>,
    text: OnceCell<Text>,
    language: OnceCell<Option<&'static str>>,
}

impl Words<'_> {
    fn hold(&self, keywords: &[Keyword]) -> bool {
        let Some(body) = self.body else { return false };
        let text = self.text.get_or_init(|| Text::of(body));
        keywords.iter().any(|keyword| keyword.stands_in(text))
    }

    fn language(&self) -> Option<&'static str> {
        *self.language.get_or_init(|| self.body.and_then(language::language))
    }
}

impl RuleSet {
    /// Makes rules ready.
    #[must_use]
    pub fn of(rules: Vec<(RuleId, RuleSpec)>) -> Self {
        let ready = |(id, spec): (RuleId, RuleSpec)| {
            let keywords = match &spec.trigger {
                Trigger::Keyword { words, matching } => {
                    words.iter().filter_map(|word| Keyword::of(word, *matching)).collect()
                }
                _ => Vec::new(),
            };
            let tags = spec.conditions.iter().map(|condition| match condition {
                Condition::Tag { name, .. } => Some(text_fold::fold(name)),
                _ => None,
            });
            Ready { id, keywords, tags: tags.collect(), spec }
        };
        Self { rules: rules.into_iter().map(ready).collect() }
    }

    /// The rules, in order.
    pub fn iter(&self) -> impl Iterator<Item = (RuleId, &RuleSpec)> {
        self.rules.iter().map(|rule| (rule.id, &rule.spec))
    }

    /// One of them by its place.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<(RuleId, &RuleSpec)> {
        self.rules.get(at).map(|rule| (rule.id, &rule.spec))
    }

    /// Decides, and brings the standing up to date with what is decided.
    pub fn decide(&self, business: &RuleAccount, look: &RuleInput<'_>, standing: &mut ConversationState) -> Decision {
        let mut decision = Decision::default();
        let words = words(look);
        for (at, rule) in self.rules.iter().enumerate() {
            let fits = !standing.fired.contains(&rule.id)
                && rule.spec.enabled
                && rule.misfit(business, look, standing, &words).is_none();
            if fits {
                let steps = rule.fire(business, look, standing);
                decision.firings.push(FiredRule { at, steps });
            }
            if rule.spec.stop && standing.fired.contains(&rule.id) {
                break;
            }
        }
        decision.again_at_ms = self.again_at(look, standing);
        decision
    }

    /// What each rule says of a message at this look, in their order, and why no reply would go out if one of them would
    /// send one.
    #[must_use]
    pub fn explain(
        &self,
        business: &RuleAccount,
        look: &RuleInput<'_>,
        standing: &ConversationState,
    ) -> (Vec<Verdict>, Option<NoReply>) {
        let (mut standing, words) = (standing.clone(), words(look));
        let (mut stopped, mut no_reply) = (None, None);
        let verdicts = self.rules.iter().map(|rule| {
            if let Some(by) = &stopped {
                return Verdict::Stopped { by: String::clone(by) };
            }
            if !rule.spec.enabled {
                return Verdict::Disabled;
            }
            match rule.misfit(business, look, &standing, &words) {
                Some(Misfit::Trigger) => return Verdict::Trigger,
                Some(Misfit::Condition(at)) => return Verdict::Condition { at: u32::try_from(at).unwrap_or(u32::MAX) },
                None => {}
            }
            for step in rule.fire(business, look, &mut standing) {
                if let PlannedAction::NoReply(why) = step {
                    no_reply.get_or_insert(why);
                }
            }
            if rule.spec.stop {
                stopped = Some(rule.spec.name.clone());
            }
            Verdict::Fired
        });
        (verdicts.collect(), no_reply)
    }

    /// When the next wait for an answer ends, if any rule still waits.
    fn again_at(&self, look: &RuleInput<'_>, standing: &ConversationState) -> Option<Millis> {
        if standing.answered || standing.done {
            return None;
        }
        let waits = self.rules.iter().filter(|rule| rule.spec.enabled).filter_map(|rule| rule.wait_ends(look));
        waits.filter(|end| *end > look.now_ms).min()
    }
}

fn words<'a>(look: &RuleInput<'a>) -> Words<'a> {
    let body = match look.content {
        Content::Text { body } => Some(body.as_str()),
        Content::Image { .. }
        | Content::Video { .. }
        | Content::SharePost { .. }
        | Content::Sticker { .. }
        | Content::Card { .. }
        | Content::Unsupported { .. }
        | Content::Unreadable => None,
    };
    Words { body, text: OnceCell::new(), language: OnceCell::new() }
}

impl Ready {
    fn wait_ends(&self, look: &RuleInput<'_>) -> Option<Millis> {
        match self.spec.trigger {
            Trigger::NoAnswer { minutes } => Some(look.sent_at_ms.saturating_add(i64::from(minutes) * MINUTE_MS)),
            _ => None,
        }
    }

    fn misfit(
        &self,
        business: &RuleAccount,
        look: &RuleInput<'_>,
        standing: &ConversationState,
        words: &Words<'_>,
    ) -> Option<Misfit> {
        let at_once = look.since_ms.is_none();
        let fits = match &self.spec.trigger {
            Trigger::NoAnswer { .. } => {
                self.wait_ends(look)
                    .is_some_and(|end| end <= look.now_ms && look.since_ms.is_none_or(|since_ms| end >= since_ms))
                    && !standing.answered
                    && !standing.done
                    && !standing.waited.contains(&self.id)
            }
            Trigger::Keyword { .. } => at_once && words.hold(&self.keywords),
            Trigger::FirstMessage => at_once && look.first,
            Trigger::OutsideHours => {
                at_once && business.hours.as_ref().is_some_and(|hours| !hours.is_open(look.sent_at_ms))
            }
            Trigger::MessageRequest => at_once && look.request,
            Trigger::Image => at_once && matches!(look.content, Content::Image { .. }),
        };
        if !fits {
            return Some(Misfit::Trigger);
        }
        let fails = |(condition, tag): (&Condition, &Option<String>)| match condition {
            Condition::Account { accounts } => !accounts.contains(&business.account),
            Condition::Tag { has, .. } => tag.as_ref().is_some_and(|tag| standing.tags.contains(tag)) != *has,
            Condition::Language { languages } => {
                !words.language().is_some_and(|code| languages.iter().any(|language| language == code))
            }
            Condition::Follower { follows } => look.follower != Some(*follows),
            Condition::Time { span, days } => !business.zone.is_within(look.sent_at_ms, *span, days),
        };
        self.spec.conditions.iter().zip(&self.tags).position(fails).map(Misfit::Condition)
    }

    /// What it does, and what the conversation is then.
    fn fire(
        &self,
        business: &RuleAccount,
        look: &RuleInput<'_>,
        standing: &mut ConversationState,
    ) -> Vec<PlannedAction> {
        standing.fired.push(self.id);
        standing.waited.push(self.id);
        let mut steps = Vec::with_capacity(self.spec.actions.len());
        for action in &self.spec.actions {
            steps.push(match action {
                Action::Reply { saved } => match self.no_reply(*saved, business, look, standing) {
                    Some(why) => PlannedAction::NoReply(why),
                    None => {
                        let messages = look.replies.get(saved).copied().unwrap_or_default();
                        standing.answer(look.now_ms, messages);
                        PlannedAction::Reply(*saved)
                    }
                },
                Action::Tag { name } => {
                    let folded = text_fold::fold(name);
                    if standing.tags.contains(&folded) {
                        continue;
                    }
                    standing.tags.push(folded);
                    PlannedAction::Tag(name.clone())
                }
                Action::Assign { to } => PlannedAction::Assign(*to),
                Action::Snooze { minutes } => {
                    standing.done = false;
                    PlannedAction::Snooze(look.now_ms.saturating_add(i64::from(*minutes) * MINUTE_MS))
                }
                Action::Done => {
                    standing.done = true;
                    PlannedAction::Done
                }
                Action::Notify => PlannedAction::Notify,
            });
        }
        steps
    }

    /// Why its reply cannot go out.
    fn no_reply(
        &self,
        saved: SavedReplyId,
        business: &RuleAccount,
        look: &RuleInput<'_>,
        standing: &ConversationState,
    ) -> Option<NoReply> {
        let should_have_ms = self.wait_ends(look).unwrap_or(look.sent_at_ms);
        let messages = look.replies.get(&saved).copied().filter(|messages| *messages > 0);
        let left = standing.ledger.budget().map_or(0, |budget| budget.left);
        let open = standing.opened_at_ms.is_some_and(|opened| ReplyWindow::opened_by(opened).is_open(look.now_ms));
        let too_many = |(most, within_ms): &(usize, i64)| {
            let since_ms = look.now_ms.saturating_sub(*within_ms);
            standing.answers_at_ms.iter().filter(|at_ms| **at_ms > since_ms).count() >= *most
        };
        if standing.replied {
            Some(NoReply::AlreadyAnswered)
        } else if standing.by_person {
            Some(NoReply::AgentAnswered)
        } else if look.now_ms.saturating_sub(should_have_ms) > LATE_MS {
            Some(NoReply::History)
        } else if !business.here {
            Some(NoReply::OtherComputer)
        } else if !open {
            Some(NoReply::WindowClosed)
        } else if messages.is_none() {
            Some(NoReply::SavedReplyUnfit)
        } else if MAX_ANSWERS.iter().any(too_many) {
            Some(NoReply::Loop)
        } else if left < messages.unwrap_or_default().saturating_add(business.reserve) {
            Some(NoReply::Reserve)
        } else {
            None
        }
    }
}

impl ConversationState {
    /// A rule answers with so many messages.
    fn answer(&mut self, now_ms: Millis, messages: u32) {
        for _ in 0..messages {
            self.ledger.record_reply(now_ms);
        }
        let [.., (_, longest_ms)] = MAX_ANSWERS;
        self.answers_at_ms.retain(|at_ms| *at_ms > now_ms.saturating_sub(longest_ms));
        self.answers_at_ms.push(now_ms);
        self.answered = true;
        self.replied = true;
        self.waited.clear();
    }
}
