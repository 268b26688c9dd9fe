//! The outbox against a model of TikTok and of the shop's relay, every combination of what can go wrong: a call's outcome,
//! a crash, a message that shows up by another way, a listing that lags behind, the agent's decision.
//!
//! Every step on our side is the real code on a real database; only the lane's choice of its next step and TikTok itself
//! are played here. A failing case names its number: `DESKBELL_CASE=1234 cargo test -p engine --lib outbox` runs it alone
//! and tells its steps.

mod budget;
mod case;
mod check;
mod desk;
mod moment;
mod play;
mod tiktok;

use std::ops::RangeInclusive;

use case::{Case, Decision, Kind, List};
use desk::Desk;
use play::{Play, Reached};

/// Databases, each on a thread of its own.
const DESKS: usize = 2;
/// So many failures tell enough.
const TOLD: usize = 12;

/// What came of a set of cases.
#[derive(Default)]
struct Tally {
    run: usize,
    /// By how many messages and which case: the simplest is told first.
    failed: Vec<(usize, usize, String)>,
}

/// Runs one case; whether it got where its crash and its decision play a part.
fn run(desk: &Desk, case: &Case, tally: &mut Tally) -> Reached {
    let mut play = Play::new(desk, case);
    let result = play.run();
    let reached = play.reached();
    if case.is_alone() {
        println!("{}", play.story());
    }
    // A crash that is never reached makes the case the same as the one without it.
    if case.crash.is_none() || reached.crashed {
        tally.run += 1;
    }
    if let Err(why) = result {
        tally.failed.push((case.outcomes.len(), case.index, format!("{why}\n    {case}")));
    }
    play.forget();
    reached
}

/// Runs a combination with the first decision, and with the others where there is something to decide.
fn run_all(desk: &Desk, case: &Case, tally: &mut Tally) {
    let reached = run(desk, case, tally);
    if case.crash.is_some() && !reached.crashed {
        return;
    }
    for decision in Decision::OTHERS {
        let plays_a_part = match decision {
            Decision::Again => false,
            Decision::AgainLost => reached.undecided && case.list != List::Fresh,
            Decision::Discard => reached.undecided,
            Decision::Arrived => reached.undecided_yet_there,
        };
        if plays_a_part {
            run(desk, &case.deciding(decision), tally);
        }
    }
}

/// Runs every nth combination for these many messages of a kind, and prints how many cases that made.
fn every_case_of(kind: Kind, messages: RangeInclusive<usize>, every_nth: usize) {
    play_all(kind, case::every(kind, messages), every_nth);
}

/// Plays every nth of these cases, and prints how many that were.
fn play_all(kind: Kind, mut cases: Vec<Case>, every_nth: usize) {
    let alone = case::alone();
    if alone.is_none() {
        cases = cases.into_iter().step_by(every_nth).collect();
    }
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..DESKS)
            .map(|at| {
                let cases = &cases;
                scope.spawn(move || {
                    let desk = Desk::open();
                    let mut tally = Tally::default();
                    for case in cases.iter().skip(at).step_by(DESKS) {
                        match alone {
                            None => run_all(&desk, case, &mut tally),
                            Some(index) => {
                                let decisions = [Decision::Again].into_iter().chain(Decision::OTHERS);
                                for wanted in decisions.map(|decision| case.deciding(decision)) {
                                    if wanted.index == index {
                                        run(&desk, &wanted, &mut tally);
                                    }
                                }
                            }
                        }
                    }
                    tally
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let run: usize = tallies.iter().map(|tally| tally.run).sum();
    let mut failed: Vec<_> = tallies.iter().flat_map(|tally| &tally.failed).collect();
    failed.sort();
    println!("{kind:?}: {run} cases, {} failed", failed.len());
    let told: Vec<_> = failed.iter().take(TOLD).map(|(_, index, why)| format!("case {index}: {why}")).collect();
    assert!(failed.is_empty(), "{} of {run} cases failed:\n{}", failed.len(), told.join("\n"));
}

#[test]
fn a_text_arrives_once_or_the_agent_is_told_whatever_fails() {
    every_case_of(Kind::Text, 1..=1, 1);
}

// The rest in samples: every combination takes minutes (`cargo test -p engine --lib -- --ignored every_combination`).

#[test]
fn two_texts_arrive_once_and_in_order_whatever_fails() {
    every_case_of(Kind::Text, 2..=2, 7);
}

#[test]
fn no_message_goes_out_after_a_colleagues_while_it_could_still_be_undone() {
    play_all(Kind::Text, case::every_with_a_colleague(Kind::Text), 7);
}

#[test]
fn a_text_through_the_relay_arrives_once_or_the_agent_is_told_whatever_fails() {
    play_all(Kind::Text, case::every_through_the_relay(Kind::Text, 1..=1), 1);
}

#[test]
fn two_texts_through_the_relay_arrive_once_and_in_order_whatever_fails() {
    play_all(Kind::Text, case::every_through_the_relay(Kind::Text, 2..=2), 13);
}

#[test]
fn a_picture_through_the_relay_arrives_once_or_the_agent_is_told_whatever_fails() {
    play_all(Kind::Picture, case::every_through_the_relay(Kind::Picture, 1..=2), 13);
}

#[test]
fn three_texts_arrive_once_and_in_order_whatever_fails() {
    every_case_of(Kind::Text, 3..=3, 67);
}

#[test]
fn a_picture_arrives_once_or_the_agent_is_told_whatever_fails() {
    every_case_of(Kind::Picture, 1..=2, 7);
}

#[test]
fn a_card_arrives_once_or_the_agent_is_told_whatever_fails() {
    every_case_of(Kind::Card, 1..=2, 7);
}

#[test]
#[ignore = "takes minutes: all of what the tests before take samples of"]
fn texts_pictures_and_cards_in_every_combination() {
    every_case_of(Kind::Text, 1..=3, 1);
    play_all(Kind::Text, case::every_with_a_colleague(Kind::Text), 1);
    every_case_of(Kind::Picture, 1..=2, 1);
    every_case_of(Kind::Card, 1..=2, 1);
    for (kind, messages) in [(Kind::Text, 1..=2), (Kind::Picture, 1..=2), (Kind::Card, 1..=2)] {
        play_all(kind, case::every_through_the_relay(kind, messages), 1);
    }
}
