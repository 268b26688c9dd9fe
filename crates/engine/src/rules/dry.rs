//! A dry run: what rules would have done with past messages. It reads and nothing else.
//!
//! The past is lived through again, conversation by conversation: customers write, people answer as they did, waits come to
//! their end, and at each look the very same rules decide ([`RuleSet::decide`]) that decide about live messages. What they
//! would have done stands from there on: tags, done, answers with what these cost of the budget, and the guard that counts
//! them. Answers that rules really sent are left out.
//!
//! What history does not tell is taken as it is now: a customer's tags but for those that the log says rules put on, whether
//! they follow, the business hours, the saved replies and the reserve. That an agent marked a conversation as done without
//! answering is not known. Every message is looked at as if Deskbell had run at that time, and this computer answered.

use std::collections::HashMap;

use model::{
    AccountId, Content, ConversationId, ConversationState, Decision, MessageId, Millis, NoReply, PlannedAction,
    RuleAccount, RuleId, RuleInput, RuleSet, RuleSpec, SavedReplyId, SendLedger,
};
use store::table::firing::past::{self, PastEvent, PastState};
use store::{Connection, StoreError};

use super::prepare::{self, Who};

/// How many messages of each rule are shown as examples.
const EXAMPLES: usize = 20;

/// Which rules are tried, and on what.
#[derive(Debug, Clone)]
pub struct DryRun {
    /// Of one account's messages, or of all.
    pub account: Option<AccountId>,
    /// The rules, in order.
    pub rules: Vec<(RuleId, RuleSpec)>,
    /// From when on, ms since the epoch.
    pub from_ms: Millis,
}

/// What rules would have done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DryTally {
    /// How many customers' messages were looked at.
    pub messages: u32,
    /// In how many conversations.
    pub conversations: u32,
    /// When the first and the last of them were sent.
    pub span_ms: Option<(Millis, Millis)>,
    /// What each rule would have done, in their order.
    pub rules: Vec<Tally>,
}

/// What one rule would have done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// How often it would have fired.
    pub fired: u32,
    /// How many messages it would have sent.
    pub replies: u32,
    /// How often it would have sent no reply, by why.
    pub no_replies: HashMap<NoReply, u32>,
    /// Some of the messages, newest first.
    pub examples: Vec<Example>,
}

/// A message that a rule would have fired on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The message.
    pub message: MessageId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// When it was sent, ms since the epoch.
    pub sent_at_ms: Millis,
    /// Why no reply would have been sent, if one should have been.
    pub no_reply: Option<NoReply>,
}

/// One time a rule would have fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Its place among the rules.
    pub at: usize,
    /// On which message.
    pub message: MessageId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// When the message was sent, ms since the epoch.
    pub sent_at_ms: Millis,
    /// When the rule would have fired, ms since the epoch.
    pub fired_at_ms: Millis,
    /// What it would have done.
    pub steps: Vec<PlannedAction>,
    /// How many messages it would have sent.
    pub replies: u32,
}

fn count(rules: &mut [Tally], outcome: &Outcome) {
    let Some(tally) = rules.get_mut(outcome.at) else { return };
    let no_reply = outcome.steps.iter().find_map(|step| match step {
        PlannedAction::NoReply(why) => Some(*why),
        _ => None,
    });
    tally.fired = tally.fired.saturating_add(1);
    tally.replies = tally.replies.saturating_add(outcome.replies);
    if let Some(why) = no_reply {
        *tally.no_replies.entry(why).or_default() += 1;
    }
    let Outcome { message, conversation, sent_at_ms, .. } = *outcome;
    // Newest first; those of other conversations come in no order.
    let place = tally.examples.partition_point(|one| (one.sent_at_ms, one.message) > (sent_at_ms, message));
    if place < EXAMPLES {
        tally.examples.insert(place, Example { message, conversation, sent_at_ms, no_reply });
        tally.examples.truncate(EXAMPLES);
    }
}

impl DryRun {
    /// Counts what each rule would have done.
    pub(super) fn tally(&self, sql: &Connection, now_ms: Millis) -> Result<DryTally, StoreError> {
        let mut tally = DryTally { rules: vec![Tally::default(); self.rules.len()], ..DryTally::default() };
        let looked = self.each(sql, now_ms, |outcome| count(&mut tally.rules, outcome))?;
        Ok(DryTally { rules: tally.rules, ..looked })
    }

    /// Lives through the past up to now and tells of each time a rule would have fired; how much was looked at.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn each(
        &self,
        sql: &Connection,
        now_ms: Millis,
        mut fired: impl FnMut(&Outcome),
    ) -> Result<DryTally, StoreError> {
        let rules = RuleSet::of(self.rules.clone());
        let mut looked = DryTally::default();
        let mut businesses: HashMap<AccountId, RuleAccount> = HashMap::new();
        let mut replies: HashMap<(AccountId, bool, bool), HashMap<SavedReplyId, u32>> = HashMap::new();
        for id in past::conversations(sql, self.account, self.from_ms)? {
            let begin_ms = past::begin_at(sql, id, self.from_ms)?;
            let before = past::state_before(sql, id, begin_ms)?;
            let account = before.known.account;
            if let std::collections::hash_map::Entry::Vacant(entry) = businesses.entry(account) {
                entry.insert(RuleAccount { here: true, ..prepare::business(sql, account)? });
            }
            let Some(business) = businesses.get(&account) else { continue };
            // What a saved reply makes depends on whether there is a name, and on whether pictures go; not on which name.
            let pictures = before.known.images.is_none_or(|(images, _)| images);
            let kind = (account, before.name.trim().is_empty(), pictures);
            if let std::collections::hash_map::Entry::Vacant(entry) = replies.entry(kind) {
                let who = Who::of(sql, &before.known, &before.name)?;
                entry.insert(prepare::counted(&prepare::replies(sql, &rules, &who, business, now_ms)?));
            }
            let Some(replies) = replies.get(&kind) else { continue };
            let mut life = Life::begin(&rules, business, replies, before);
            past::events(sql, id, begin_ms, |line| {
                life.until(line.sent_at_ms, &mut fired);
                life.live(line, self.from_ms, &mut fired);
                Ok(())
            })?;
            life.until(now_ms, &mut fired);
            if let Some((first_ms, last_ms)) = life.span_ms {
                looked.messages = looked.messages.saturating_add(life.messages);
                looked.conversations = looked.conversations.saturating_add(1);
                let (from_ms, to_ms) = looked.span_ms.unwrap_or((first_ms, last_ms));
                looked.span_ms = Some((from_ms.min(first_ms), to_ms.max(last_ms)));
            }
        }
        Ok(looked)
    }
}

/// A conversation that is lived through again.
struct Life<'a> {
    rules: &'a RuleSet,
    business: &'a RuleAccount,
    replies: &'a HashMap<SavedReplyId, u32>,
    id: ConversationId,
    follower: Option<bool>,
    /// How it stands; what is about one message is set for each look.
    standing: ConversationState,
    begun: bool,
    answered: bool,
    newest_ms: Millis,
    answered_at_ms: Millis,
    person_at_ms: Millis,
    waiting: Vec<Waiting>,
    messages: u32,
    span_ms: Option<(Millis, Millis)>,
}

/// A message of which a rule waits to see whether it is answered.
struct Waiting {
    line: MessageId,
    sent_at_ms: Millis,
    content: Content,
    first: bool,
    request: bool,
    fired: Vec<RuleId>,
    replied: bool,
    /// When it is looked at next; none at the first look.
    due_ms: Option<Millis>,
}

impl<'a> Life<'a> {
    fn begin(
        rules: &'a RuleSet,
        business: &'a RuleAccount,
        replies: &'a HashMap<SavedReplyId, u32>,
        before: PastState,
    ) -> Self {
        Self {
            rules,
            business,
            replies,
            id: before.known.id,
            follower: before.follower,
            standing: ConversationState {
                tags: before.tags,
                ledger: SendLedger::default(),
                ..ConversationState::default()
            },
            begun: before.begun,
            answered: before.answered,
            newest_ms: Millis::MIN,
            answered_at_ms: Millis::MIN,
            person_at_ms: Millis::MIN,
            waiting: Vec::new(),
            messages: 0,
            span_ms: None,
        }
    }

    /// Waits that end by then come to their end.
    fn until(&mut self, now_ms: Millis, fired: &mut impl FnMut(&Outcome)) {
        loop {
            let next =
                self.waiting.iter().enumerate().filter_map(|(at, one)| Some(((one.due_ms?, one.line), at))).min();
            let Some(((due_ms, _), at)) = next.filter(|((due_ms, _), _)| *due_ms <= now_ms) else { return };
            let waiting = self.waiting.swap_remove(at);
            self.look(waiting, due_ms, fired);
        }
    }

    /// Something happens.
    fn live(&mut self, line: PastEvent, from_ms: Millis, fired: &mut impl FnMut(&Outcome)) {
        self.newest_ms = self.newest_ms.max(line.sent_at_ms);
        let Some(content) = line.said else {
            self.standing.ledger.record_reply(line.sent_at_ms);
            self.standing.waited.clear();
            (self.person_at_ms, self.answered_at_ms) = (line.sent_at_ms, self.answered_at_ms.max(line.sent_at_ms));
            (self.begun, self.answered) = (true, true);
            return;
        };
        self.standing.ledger.record_customer_message(line.sent_at_ms);
        self.standing.opened_at_ms = Some(line.sent_at_ms);
        self.standing.done = false;
        let (first, request) = (!self.begun, !self.answered);
        self.begun = true;
        if line.sent_at_ms < from_ms {
            return;
        }
        self.messages = self.messages.saturating_add(1);
        let (first_ms, _) = self.span_ms.unwrap_or((line.sent_at_ms, line.sent_at_ms));
        self.span_ms = Some((first_ms, line.sent_at_ms));
        let (sent_at_ms, line) = (line.sent_at_ms, line.id);
        let waiting =
            Waiting { line, sent_at_ms, content, first, request, fired: Vec::new(), replied: false, due_ms: None };
        self.look(waiting, sent_at_ms, fired);
    }

    /// The rules look at a message.
    fn look(&mut self, mut waiting: Waiting, now_ms: Millis, fired: &mut impl FnMut(&Outcome)) {
        let standing = &mut self.standing;
        standing.answered = self.answered_at_ms > waiting.sent_at_ms;
        standing.by_person = self.person_at_ms > waiting.sent_at_ms;
        standing.fired = std::mem::take(&mut waiting.fired);
        standing.replied = waiting.replied;
        let look = RuleInput {
            content: &waiting.content,
            sent_at_ms: waiting.sent_at_ms,
            now_ms,
            since_ms: waiting.due_ms,
            first: waiting.first,
            request: waiting.request,
            follower: self.follower,
            replies: self.replies,
        };
        let Decision { firings, again_at_ms } = self.rules.decide(self.business, &look, standing);
        if standing.replied && !waiting.replied {
            // A reply stands below everything that is there.
            self.newest_ms = now_ms.max(self.newest_ms.saturating_add(1));
            self.answered_at_ms = self.answered_at_ms.max(self.newest_ms);
            self.answered = true;
        }
        for firing in firings {
            let sent = |step: &PlannedAction| match step {
                PlannedAction::Reply(saved) => self.replies.get(saved).copied(),
                _ => None,
            };
            fired(&Outcome {
                at: firing.at,
                message: waiting.line,
                conversation: self.id,
                sent_at_ms: waiting.sent_at_ms,
                fired_at_ms: now_ms,
                replies: firing.steps.iter().filter_map(sent).sum(),
                steps: firing.steps,
            });
        }
        if again_at_ms.is_some() {
            waiting.fired = std::mem::take(&mut self.standing.fired);
            waiting.replied = self.standing.replied;
            waiting.due_ms = again_at_ms;
            self.waiting.push(waiting);
        }
    }
}
