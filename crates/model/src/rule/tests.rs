//! What rules decide, told case by case.

use std::collections::HashMap;

use super::*;
use crate::{AccountId, BusinessHours, Content, DaySpan, Hours, RuleId, SavedReplyId, SendLedger, WINDOW_MS, Zone};

const MINUTE: i64 = 60_000;
/// A Tuesday, 10:00 in UTC.
const NOW: i64 = 1_790_676_000_000;

fn business() -> RuleAccount {
    RuleAccount { account: AccountId(1), hours: None, zone: Zone::named("UTC").unwrap(), here: true, reserve: 3 }
}

fn rule(trigger: Trigger, conditions: Vec<Condition>, actions: Vec<Action>) -> RuleSpec {
    RuleSpec { name: "Rule".to_owned(), enabled: true, trigger, conditions, actions, stop: false }
}

fn replies(spec: Trigger) -> RuleSpec {
    rule(spec, Vec::new(), vec![Action::Reply { saved: SavedReplyId(1) }])
}

fn set(rules: &[RuleSpec]) -> RuleSet {
    RuleSet::of((1..).map(RuleId).zip(rules.iter().cloned()).collect())
}

fn standing() -> ConversationState {
    let mut ledger = SendLedger::default();
    ledger.record_customer_message(NOW);
    ConversationState { opened_at_ms: Some(NOW), ledger, ..ConversationState::default() }
}

fn text(body: &str) -> Content {
    Content::Text { body: body.to_owned() }
}

fn known() -> HashMap<SavedReplyId, u32> {
    [(SavedReplyId(1), 1), (SavedReplyId(2), 2)].into()
}

fn look<'a>(content: &'a Content, replies: &'a HashMap<SavedReplyId, u32>) -> RuleInput<'a> {
    RuleInput {
        content,
        sent_at_ms: NOW,
        now_ms: NOW,
        since_ms: None,
        first: false,
        request: false,
        follower: None,
        replies,
    }
}

fn steps(decision: &Decision) -> Vec<Vec<PlannedAction>> {
    decision.firings.iter().map(|firing| firing.steps.clone()).collect()
}

#[test]
fn each_trigger_fires_on_what_it_is_for_and_on_nothing_else() {
    let image = Content::Image { media_id: "x".to_owned(), media: crate::MediaState::Pending };
    let known = known();
    let closed = BusinessHours { time_zone: "UTC".to_owned(), week: vec![Vec::new(); 7], holidays: Vec::new() };
    let closed = RuleAccount { hours: Hours::of(&closed), ..business() };
    let word = Trigger::Keyword { words: vec!["price".to_owned()], matching: KeywordMatch::Word };
    let (asks, other) = (text("Price?"), text("hello"));
    let plain = look(&other, &known);
    for (trigger, at, business, expected) in [
        (word.clone(), look(&asks, &known), business(), 1),
        (word.clone(), plain.clone(), business(), 0),
        (word, look(&image, &known), business(), 0),
        (Trigger::FirstMessage, RuleInput { first: true, ..plain.clone() }, business(), 1),
        (Trigger::FirstMessage, plain.clone(), business(), 0),
        (Trigger::MessageRequest, RuleInput { request: true, ..plain.clone() }, business(), 1),
        (Trigger::MessageRequest, plain.clone(), business(), 0),
        (Trigger::Image, look(&image, &known), business(), 1),
        (Trigger::Image, plain.clone(), business(), 0),
        (Trigger::OutsideHours, plain.clone(), closed, 1),
        (Trigger::OutsideHours, plain.clone(), business(), 0),
        (Trigger::NoAnswer { minutes: 5 }, plain.clone(), business(), 0),
        (
            Trigger::NoAnswer { minutes: 5 },
            RuleInput { now_ms: NOW + 5 * MINUTE, since_ms: Some(NOW + 5 * MINUTE), ..plain.clone() },
            business(),
            1,
        ),
        (
            Trigger::NoAnswer { minutes: 5 },
            RuleInput { now_ms: NOW + 9 * MINUTE, since_ms: Some(NOW + 6 * MINUTE), ..plain.clone() },
            business(),
            0,
        ),
        (Trigger::FirstMessage, RuleInput { first: true, since_ms: Some(NOW), ..plain }, business(), 0),
    ] {
        let decision = set(&[replies(trigger.clone())]).decide(&business, &at, &mut standing());
        assert_eq!(decision.firings.len(), expected, "{trigger:?} at {at:?}");
    }
}

#[test]
fn every_condition_must_hold_and_what_is_not_known_holds_for_nothing() {
    let known = known();
    let content = text("quiero devolver el vestido porque me queda pequeño");
    let at = RuleInput { follower: Some(true), ..look(&content, &known) };
    let span = DaySpan { from_minute: 9 * 60, to_minute: 11 * 60 };
    let tag = |has| Condition::Tag { name: "vip".to_owned(), has };
    for (condition, holds) in [
        (Condition::Account { accounts: vec![AccountId(2), AccountId(1)] }, true),
        (Condition::Account { accounts: vec![AccountId(2)] }, false),
        (tag(true), true),
        (tag(false), false),
        (Condition::Language { languages: vec!["eng".to_owned(), "spa".to_owned()] }, true),
        (Condition::Language { languages: vec!["eng".to_owned()] }, false),
        (Condition::Follower { follows: true }, true),
        (Condition::Follower { follows: false }, false),
        (Condition::Time { span, days: vec![2] }, true),
        (Condition::Time { span, days: vec![3] }, false),
        (Condition::Time { span: DaySpan { from_minute: 0, to_minute: 60 }, days: vec![] }, false),
    ] {
        let spec = rule(Trigger::FirstMessage, vec![condition.clone()], vec![Action::Done]);
        let mut standing = ConversationState { tags: vec![crate::text_fold::fold("VIP")], ..standing() };
        let decision = set(&[spec]).decide(&business(), &RuleInput { first: true, ..at.clone() }, &mut standing);
        assert_eq!(decision.firings.len(), usize::from(holds), "{condition:?}");
    }
    for follows in [true, false] {
        let spec = rule(Trigger::FirstMessage, vec![Condition::Follower { follows }], vec![Action::Done]);
        let unknown = RuleInput { first: true, follower: None, ..at.clone() };
        assert_eq!(set(&[spec]).decide(&business(), &unknown, &mut standing()), Decision::default());
    }
}

#[test]
fn every_reason_for_no_reply_has_its_case() {
    let known = known();
    let content = text("hi");
    let at = RuleInput { first: true, ..look(&content, &known) };
    let spent = |replies: u32| SendLedger::of(Some(NOW), replies, 0, false);
    let late = RuleInput { now_ms: NOW + LATE_MS + 1, ..at.clone() };
    let closed = ConversationState { opened_at_ms: Some(NOW - WINDOW_MS), ..standing() };
    let answers = |minutes: &[i64]| minutes.iter().map(|ago| NOW - ago * MINUTE).collect();
    for (standing, at, business, saved, expected) in [
        (standing(), at.clone(), business(), 1, None),
        (ConversationState { replied: true, ..standing() }, at.clone(), business(), 1, Some(NoReply::AlreadyAnswered)),
        (ConversationState { by_person: true, ..standing() }, at.clone(), business(), 1, Some(NoReply::AgentAnswered)),
        (standing(), late, business(), 1, Some(NoReply::History)),
        (standing(), at.clone(), RuleAccount { here: false, ..business() }, 1, Some(NoReply::OtherComputer)),
        (closed, at.clone(), business(), 1, Some(NoReply::WindowClosed)),
        (
            ConversationState { opened_at_ms: None, ..standing() },
            at.clone(),
            business(),
            1,
            Some(NoReply::WindowClosed),
        ),
        (standing(), at.clone(), business(), 3, Some(NoReply::SavedReplyUnfit)),
        (
            ConversationState { answers_at_ms: answers(&[9, 5, 1]), ..standing() },
            at.clone(),
            business(),
            1,
            Some(NoReply::Loop),
        ),
        (ConversationState { answers_at_ms: answers(&[10, 5, 1]), ..standing() }, at.clone(), business(), 1, None),
        (
            ConversationState {
                answers_at_ms: answers(&[60, 120, 180, 240, 300, 360, 420, 480, 540, 600]),
                ..standing()
            },
            at.clone(),
            business(),
            1,
            Some(NoReply::Loop),
        ),
        (ConversationState { ledger: spent(6), ..standing() }, at.clone(), business(), 1, None),
        (ConversationState { ledger: spent(7), ..standing() }, at.clone(), business(), 1, Some(NoReply::Reserve)),
        (ConversationState { ledger: spent(6), ..standing() }, at.clone(), business(), 2, Some(NoReply::Reserve)),
        (ConversationState { ledger: spent(9), ..standing() }, at, RuleAccount { reserve: 0, ..business() }, 1, None),
    ] {
        let spec = rule(Trigger::FirstMessage, vec![], vec![Action::Reply { saved: SavedReplyId(saved) }]);
        let decision = set(&[spec]).decide(&business, &at, &mut standing.clone());
        let why = expected.map_or(PlannedAction::Reply(SavedReplyId(saved)), PlannedAction::NoReply);
        assert_eq!(steps(&decision), [[why]], "{standing:?}");
    }
}

#[test]
fn rules_are_walked_in_order_see_what_earlier_ones_did_and_only_one_answers() {
    let known = known();
    let content = text("hi");
    let at = RuleInput { first: true, ..look(&content, &known) };
    let tag = rule(Trigger::FirstMessage, vec![], vec![Action::Tag { name: "New".to_owned() }]);
    let tagged = RuleSpec {
        conditions: vec![Condition::Tag { name: "new".to_owned(), has: true }],
        ..replies(Trigger::FirstMessage)
    };
    let rules = [tag.clone(), tagged.clone(), replies(Trigger::FirstMessage)];
    let decision = set(&rules).decide(&business(), &at, &mut standing());
    let (reply, none) = (PlannedAction::Reply(SavedReplyId(1)), PlannedAction::NoReply(NoReply::AlreadyAnswered));
    assert_eq!(steps(&decision), [vec![PlannedAction::Tag("New".to_owned())], vec![reply.clone()], vec![none]]);

    let stopping = [tag.clone(), RuleSpec { stop: true, ..tagged.clone() }, replies(Trigger::FirstMessage)];
    let decision = set(&stopping).decide(&business(), &at, &mut standing());
    assert_eq!(steps(&decision), [vec![PlannedAction::Tag("New".to_owned())], vec![reply]]);

    let off = [tag, RuleSpec { enabled: false, stop: true, ..tagged }];
    let (verdicts, none) = set(&off).explain(&business(), &at, &standing());
    assert_eq!((verdicts, none), (vec![Verdict::Fired, Verdict::Disabled], None));
}

#[test]
fn an_explanation_names_what_stood_in_the_way_of_each_rule() {
    let known = known();
    let content = text("hi");
    let at = RuleInput { first: true, ..look(&content, &known) };
    let vip = |spec: RuleSpec| RuleSpec {
        conditions: vec![Condition::Follower { follows: true }, Condition::Tag { name: "vip".to_owned(), has: true }],
        ..spec
    };
    let rules = [
        RuleSpec { enabled: false, ..replies(Trigger::FirstMessage) },
        replies(Trigger::Image),
        vip(replies(Trigger::FirstMessage)),
        RuleSpec { stop: true, name: "Hello".to_owned(), ..replies(Trigger::FirstMessage) },
        replies(Trigger::FirstMessage),
    ];
    let follows = RuleInput { follower: Some(true), ..at };
    let (verdicts, none) =
        set(&rules).explain(&business(), &follows, &ConversationState { replied: true, ..standing() });
    let stopped = Verdict::Stopped { by: "Hello".to_owned() };
    assert_eq!(verdicts, [Verdict::Disabled, Verdict::Trigger, Verdict::Condition { at: 1 }, Verdict::Fired, stopped]);
    assert_eq!(none, Some(NoReply::AlreadyAnswered));
}

#[test]
fn a_wait_is_told_of_until_somebody_answers_or_it_is_done() {
    let known = known();
    let content = text("hi");
    let at = look(&content, &known);
    let wait = |minutes| rule(Trigger::NoAnswer { minutes }, vec![], vec![Action::Notify]);
    let rules = set(&[wait(30), wait(5), RuleSpec { enabled: false, ..wait(1) }]);
    let again = |at: &RuleInput<'_>, standing: ConversationState| {
        rules.decide(&business(), at, &mut standing.clone()).again_at_ms
    };
    assert_eq!(again(&at, standing()), Some(NOW + 5 * MINUTE));
    let five = RuleInput { now_ms: NOW + 5 * MINUTE, since_ms: Some(NOW + 5 * MINUTE), ..at.clone() };
    assert_eq!(again(&five, standing()), Some(NOW + 30 * MINUTE));
    let slept = RuleInput { now_ms: NOW + 31 * MINUTE, ..five.clone() };
    let mut waiting = standing();
    let decision = rules.decide(&business(), &slept, &mut waiting);
    assert_eq!((decision.firings.len(), decision.again_at_ms), (2, None));
    assert_eq!(again(&at, ConversationState { answered: true, ..standing() }), None);
    assert_eq!(again(&at, ConversationState { done: true, ..standing() }), None);
    // The customer has asked once and again: the same wait is told of once.
    let second =
        RuleInput { sent_at_ms: NOW + MINUTE, now_ms: NOW + 6 * MINUTE, since_ms: Some(NOW + 6 * MINUTE), ..at };
    assert!(rules.decide(&business(), &second, &mut ConversationState { fired: vec![], ..waiting }).firings.is_empty());
}
