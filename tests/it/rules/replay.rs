//! A dry run says what really would have happened: the same past, once tried and once lived through with the rules awake.

use engine::rules::RESERVE_SETTING;
use model::{Action, AssignTo, BusinessHours, Condition, DaySpan, KeywordMatch, RuleSpec, SavedReplyId, Trigger};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use store::table::{rule, setting};

use super::shop::{BEGIN, HOUR, Shop, Told, past};

const TAGS: [&str; 3] = ["New", "Returns", "VIP"];

/// A rule by lot, of any kind there is.
pub(super) fn any_rule(lot: &mut StdRng, saved: &[SavedReplyId]) -> RuleSpec {
    let words = [vec!["price"], vec!["precio", "ราคา"], vec!["退货", "return", "refund"], vec!["hello"], vec!["❤"]];
    let trigger = match lot.random_range(0..7) {
        0 | 1 => Trigger::Keyword {
            words: words.choose(lot).unwrap().iter().map(|&word| word.to_owned()).collect(),
            matching: *[KeywordMatch::Exact, KeywordMatch::Word, KeywordMatch::Phrase].choose(lot).unwrap(),
        },
        2 => Trigger::FirstMessage,
        3 => Trigger::OutsideHours,
        4 => Trigger::NoAnswer { minutes: *[1, 5, 30, 240, 2_880].choose(lot).unwrap() },
        5 => Trigger::MessageRequest,
        _ => Trigger::Image,
    };
    let tag = |lot: &mut StdRng| (*TAGS.choose(lot).unwrap()).to_owned();
    let mut conditions = Vec::new();
    while lot.random_bool(0.3) {
        conditions.push(match lot.random_range(0..4) {
            0 => Condition::Tag { name: tag(lot), has: lot.random() },
            1 => Condition::Language { languages: vec!["eng".to_owned(), "tha".to_owned()] },
            2 => Condition::Follower { follows: lot.random() },
            _ => Condition::Time {
                span: DaySpan { from_minute: lot.random_range(0..1_440), to_minute: lot.random_range(0..=1_440) },
                days: if lot.random() { vec![1, 2, 3] } else { Vec::new() },
            },
        });
    }
    let mut actions = Vec::new();
    if lot.random_bool(0.8) {
        actions.push(Action::Reply { saved: *saved.choose(lot).unwrap() });
    }
    while actions.is_empty() || lot.random_bool(0.4) {
        actions.push(match lot.random_range(0..5) {
            0 | 1 => Action::Tag { name: tag(lot) },
            2 => Action::Assign { to: AssignTo::LeastBusy },
            3 => Action::Snooze { minutes: lot.random_range(1..600) },
            _ => Action::Notify,
        });
    }
    if lot.random_bool(0.15) {
        actions.push(Action::Done);
    }
    let name = format!("Rule {}", lot.random_range(0..1_000));
    RuleSpec { name, enabled: lot.random_bool(0.9), trigger, conditions, actions, stop: lot.random_bool(0.2) }
}

pub(super) fn any_rules(lot: &mut StdRng, saved: &[SavedReplyId]) -> Vec<RuleSpec> {
    (0..lot.random_range(1..10)).map(|_| any_rule(lot, saved)).collect()
}

pub(super) fn hours() -> BusinessHours {
    let day =
        || vec![DaySpan { from_minute: 9 * 60, to_minute: 12 * 60 }, DaySpan { from_minute: 780, to_minute: 1_080 }];
    let week =
        vec![day(), day(), day(), day(), day(), vec![DaySpan { from_minute: 1_320, to_minute: 120 }], Vec::new()];
    let holidays = vec![model::Holiday { date: "2026-09-15".to_owned(), name: String::new() }];
    BusinessHours { time_zone: "Asia/Bangkok".to_owned(), week, holidays }
}

async fn open() -> Shop {
    let shop = Shop::open().await;
    let account = shop.account;
    shop.store.write(move |tx| rule::set_hours(tx, account, Some(&hours()))).await.unwrap();
    shop
}

fn first_difference(tried: &[Told], lived: &[Told]) -> String {
    let at = tried.iter().zip(lived).take_while(|(one, other)| one == other).count();
    format!(
        "{} tried, {} lived; from {at}:\ntried {:#?}\nlived {:#?}",
        tried.len(),
        lived.len(),
        tried.get(at),
        lived.get(at)
    )
}

#[tokio::test]
async fn a_dry_run_over_a_past_is_what_living_through_it_with_the_rules_does() {
    let messages: usize = std::env::var("RULE_MESSAGES").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000);
    let (mut fired, mut replied, mut reasons) = (0, 0, std::collections::BTreeMap::new());
    for seed in 0..if messages > 20_000 { 1 } else { 4 } {
        let part = if messages > 20_000 { messages } else { messages / 4 };
        let events = past(seed, part, u32::try_from(part / 40 + 1).unwrap());
        let until_ms = events.last().unwrap().at_ms + 72 * HOUR;
        let (quiet, awake) = (open().await, open().await);
        let specs = any_rules(&mut StdRng::seed_from_u64(seed + 100), &awake.saved);
        let specs: Vec<RuleSpec> = if seed == 0 { everything(&awake.saved) } else { specs };
        let rules = awake.keep(&specs).await;
        if seed == 3 {
            // Nearly all is kept for people.
            for shop in [&quiet, &awake] {
                shop.store.write(|tx| setting::set(tx, RESERVE_SETTING, "10")).await.unwrap();
            }
        }
        quiet.remember(&events).await;
        let started = std::time::Instant::now();
        let tried = quiet.dry_run(rules.clone(), until_ms).await;
        eprintln!("{part} messages: tried in {} ms", started.elapsed().as_millis());
        let started = std::time::Instant::now();
        awake.live(&events, until_ms).await;
        eprintln!("{part} messages: lived through in {} ms", started.elapsed().as_millis());
        let lived = awake.log().await;
        assert!(tried == lived, "seed {seed}: {}", first_difference(&tried, &lived));
        // A past with automatic answers in it, tried with the rules that gave them, tells the same again.
        let again = awake.dry_run(rules, until_ms).await;
        assert!(again == lived, "seed {seed}, once more: {}", first_difference(&again, &lived));
        fired += lived.len();
        replied += lived.iter().filter(|told| told.replied).count();
        for told in lived {
            *reasons.entry(told.no_reply.unwrap_or_default()).or_insert(0) += 1;
        }
    }
    eprintln!("{fired} fired, {replied} replied, no reply: {reasons:?}");
    assert!(replied > 50 && fired > replied, "the rules had something to do: {fired} fired, {replied} replied");
    // One long past is lived through with the usual reserve, which its customers do not come near.
    for why in ["AlreadyAnswered", "Loop", "Reserve", "SavedReplyUnfit"] {
        if messages > 20_000 && why == "Reserve" {
            continue;
        }
        assert!(reasons.contains_key(why), "{why} came to pass: {reasons:?}");
    }
}

/// A rule of each kind.
fn everything(saved: &[SavedReplyId]) -> Vec<RuleSpec> {
    let rule = |name: &str, trigger, conditions, actions| RuleSpec {
        name: name.to_owned(),
        enabled: true,
        trigger,
        conditions,
        actions,
        stop: false,
    };
    let reply = |at: usize| Action::Reply { saved: saved[at] };
    let tag = |name: &str| Action::Tag { name: name.to_owned() };
    let has = |name: &str, has| Condition::Tag { name: name.to_owned(), has };
    let word = |words: &[&str]| Trigger::Keyword {
        words: words.iter().map(|&word| word.to_owned()).collect(),
        matching: KeywordMatch::Phrase,
    };
    vec![
        rule("First", Trigger::FirstMessage, vec![], vec![tag("New"), reply(0)]),
        rule("Price", word(&["price", "precio", "ราคา"]), vec![], vec![reply(1)]),
        rule("Return", word(&["退货", "return"]), vec![has("returns", false)], vec![tag("Returns"), reply(3)]),
        rule("Again", word(&["return"]), vec![has("returns", true)], vec![Action::Notify, reply(1)]),
        rule("Away", Trigger::OutsideHours, vec![], vec![reply(2), Action::Snooze { minutes: 60 }]),
        rule("Request", Trigger::MessageRequest, vec![], vec![Action::Assign { to: AssignTo::LeastBusy }]),
        rule("Picture", Trigger::Image, vec![Condition::Follower { follows: true }], vec![tag("VIP")]),
        rule("Thanks", word(&["ok thanks"]), vec![], vec![Action::Done]),
        rule("Slow", Trigger::NoAnswer { minutes: 5 }, vec![], vec![Action::Notify]),
        rule("Slower", Trigger::NoAnswer { minutes: 30 }, vec![has("vip", false)], vec![reply(2)]),
        rule("Slowest", Trigger::NoAnswer { minutes: 2_880 }, vec![], vec![reply(2)]),
    ]
}

#[tokio::test]
async fn a_dry_run_of_some_days_looks_at_their_messages_only_and_knows_what_was_before() {
    let shop = open().await;
    let rules = shop.keep(&everything(&shop.saved)).await;
    let events = past(7, 600, 12);
    shop.remember(&events).await;
    let until_ms = events.last().unwrap().at_ms + HOUR;
    let from_ms = BEGIN + 10 * 24 * HOUR;
    let run = engine::rules::DryRun { account: None, rules, from_ms };
    let (tally, firsts) = shop
        .store
        .read(move |sql| {
            let mut firsts = 0;
            let tally = run.each(sql, until_ms, |outcome| {
                assert!(outcome.sent_at_ms >= from_ms);
                firsts += usize::from(outcome.at == 0);
            })?;
            Ok((tally, firsts))
        })
        .await
        .unwrap();
    let expected =
        events.iter().filter(|event| event.at_ms >= from_ms && matches!(event.said, super::shop::Said::Customer(_)));
    assert_eq!(tally.messages as usize, expected.count());
    assert_eq!(firsts, 0, "all customers had written before");
}
