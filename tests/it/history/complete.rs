//! Random days of writing, faults, pauses, crashes and restarts. At any moment everything that TikTok has up to the time
//! that Deskbell calls complete is on screen, unless a gap stands there or the conversation is said to be unreadable.
//!
//! A failing day prints its seed; `DESKBELL_SEED=<seed> cargo test -p tests --test it complete` lives through that alone.

use desk::commands::{PauseBackfill, SyncAccounts};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use sandbox::{Config, Customer, Fault, Limits, Times};
use serde_json::json;
use tests::{TestHost, World, quick};

use super::{account, compare, lines, linked_at_ms};

const DAYS: u64 = 12;
const STEPS: usize = 40;
/// TikTok lists a hundred conversations on a page.
const PASSERS_BY: usize = 120;
/// So many days are lived at once: mostly they wait.
const AT_ONCE: usize = 6;
/// How long TikTok may lag: less than what Deskbell allows it.
const LAG: Duration = Duration::from_millis(60);

struct Day {
    seed: u64,
    lot: StdRng,
    world: World,
    customers: Vec<Customer>,
    /// Those who wrote once; enough of them that a list has a second page.
    passers_by: Vec<Customer>,
    diary: Vec<String>,
    /// How often a time was claimed that is later than some message, so that there was something to prove.
    proofs: usize,
    paused: bool,
}

impl Day {
    async fn begin(seed: u64) -> Self {
        let mut timing = quick();
        timing.rate_pause = Duration::from_millis(60);
        timing.backoff_most = Duration::from_millis(60);
        // No fault of these days swallows an answer: a call that takes long is only late, and must not end a linking.
        timing.call = Duration::from_secs(30);
        // Some days the lists are seldom read to their end.
        timing.sweep_whole = Duration::from_millis(if seed.is_multiple_of(3) { 2_000 } else { 150 });
        // Some days a list has a second page. Then there is more to read between two listings.
        let crowded = seed.is_multiple_of(4);
        if crowded {
            let seldom = Duration::from_millis(400);
            (timing.sweep_focused, timing.sweep_background, timing.sweep_idle) = (seldom, seldom, seldom);
        }
        let config = Config { limits: Limits::NONE, seed, ..Config::default() };
        let mut world = World::with(config, timing, TestHost::new()).await;
        let customers: Vec<Customer> = (0..3).map(|n| world.customer(&format!("Customer {n}"))).collect();
        customers[0].says_many(25);
        customers[1].says("hello");
        let passers_by = if crowded { PASSERS_BY } else { 0 };
        let passers_by: Vec<Customer> = (0..passers_by).map(|n| world.customer(&format!("Passer-by {n}"))).collect();
        world.link().await;
        for some in passers_by.chunks(10) {
            some.iter().for_each(|passer_by| drop(passer_by.says("hello")));
            super::until_newest(&world, &some[some.len() - 1]).await;
        }
        let lot = StdRng::seed_from_u64(seed);
        Self { seed, lot, world, customers, passers_by, diary: Vec::new(), proofs: 0, paused: false }
    }

    fn somebody(&mut self) -> Customer {
        if self.lot.random_bool(0.15) {
            self.customers.push(self.world.customer(&format!("Customer {}", self.customers.len())));
        }
        self.customers.choose(&mut self.lot).expect("there are some").clone()
    }

    fn write(&mut self) -> String {
        if !self.passers_by.is_empty() && self.lot.random_bool(0.3) {
            let at = self.lot.random_range(0..self.passers_by.len());
            let passer_by = self.passers_by.swap_remove(at);
            // An answer takes it from one list to the other.
            if self.lot.random_bool(0.5) {
                passer_by.colleague_replies(&format!("colleague at step {}", self.diary.len()), "APP");
            } else {
                passer_by.says("still there?");
            }
            let wrote = format!("{} is back", passer_by.name());
            self.customers.push(passer_by);
            return wrote;
        }
        let (customer, count) = (self.somebody(), *[1, 1, 2, 3, 8, 25].choose(&mut self.lot).expect("there are some"));
        if self.lot.random_bool(0.3) {
            customer.colleague_replies(&format!("colleague at step {}", self.diary.len()), "APP");
            return format!("a colleague writes to {}", customer.name());
        }
        customer.says_many(count);
        format!("{} writes {count}", customer.name())
    }

    fn fault(&mut self) -> String {
        let next = Times::Next(self.lot.random_range(1..4));
        let (fault, times) = match self.lot.random_range(0..9) {
            0 => (Fault::Status { status: 502, accepting: false }, next),
            1 => (Fault::HangUpBefore, next),
            2 => (Fault::HangUpMidAnswer, next),
            3 => (Fault::TruncatedJson, next),
            4 => (Fault::RateLimited, Times::Next(1)),
            5 => (Fault::Shuffled { duplicates: 4 }, next),
            6 => (Fault::Delay(Duration::from_millis(50)), next),
            _ => {
                // What is hidden was written just now.
                let customer = self.somebody();
                customer.colleague_replies(&format!("a colleague TikTok hides at step {}", self.diary.len()), "WEB");
                customer.says_many(self.lot.random_range(1..3));
                (Fault::Stale { messages: 1 }, Times::For(LAG))
            }
        };
        let endpoint = *["content_list", "conversation_list"].choose(&mut self.lot).expect("there are some");
        let told = format!("{endpoint}: {fault:?}, {times:?}");
        self.world.tiktok.fault(endpoint, fault, times);
        told
    }

    async fn absence(&mut self) -> String {
        let crash = self.lot.random();
        if crash {
            self.world.crash().await;
        } else {
            self.world.close().await;
        }
        for _ in 0..self.lot.random_range(0..4) {
            let wrote = self.write();
            self.diary.push(format!("(away) {wrote}"));
        }
        self.world.restart().await;
        format!("back, crash: {crash}")
    }

    async fn step(&mut self) {
        let what = match self.lot.random_range(0..100) {
            0..40 => self.write(),
            40..65 => self.fault(),
            65..73 => self.absence().await,
            73..90 => {
                // A minute or more goes by at TikTok; what it hid has come to light by then.
                self.calls(8).await;
                self.world.tiktok.advance(Duration::from_secs(self.lot.random_range(61..200)));
                "time goes by".to_owned()
            }
            90..95 => {
                self.paused = !self.paused;
                let pause = json!({ "account": self.world.account(), "paused": self.paused });
                self.world.ask_json("pauseBackfill", pause).await;
                format!("paused: {}", self.paused)
            }
            _ => {
                self.world.ask(SyncAccounts {}).await;
                "sync now".to_owned()
            }
        };
        self.diary.push(what);
        let calls = self.lot.random_range(0..6);
        for _ in 0..calls {
            self.check().await;
            self.calls(1).await;
        }
        self.check().await;
    }

    /// Waits until Deskbell has asked TikTok so many times more.
    async fn calls(&self, count: usize) {
        let asked = || self.world.tiktok.ledger().calls("*");
        let before = asked();
        self.world.until("it has asked again", async |_| asked() >= before + count).await;
    }

    /// What is on screen of everybody, after the claim was read: it may only be more by then.
    async fn check(&mut self) {
        let Some(complete_to_ms) = account(&self.world).await.history.complete_to_ms else { return };
        let mut rows = Vec::new();
        for tab in ["all", "done"] {
            let asked = json!({ "account": self.world.account(), "tab": tab, "offset": 0, "limit": 200 });
            rows.extend(
                self.world.ask_json("listConversations", asked).await["rows"].as_array().cloned().unwrap_or_default(),
            );
        }
        for customer in self.customers.clone() {
            let mut written = customer.thread();
            written.retain(|one| one.at_ms <= complete_to_ms);
            let Some(newest) = written.last().cloned() else { continue };
            self.proofs += 1;
            let row = rows.iter().find(|row| row["person"]["name"] == customer.name().as_str());
            let Some(row) = row else {
                // A conversation that cannot be read has no name.
                if !rows.iter().any(|row| row["unreadable"] == true) {
                    self.fail(&format!("{} is not there, complete to {complete_to_ms}: {newest:?}", customer.name()));
                }
                continue;
            };
            if row["unreadable"] == true {
                continue;
            }
            let asked = json!({ "conversation": row["id"], "before": null, "after": null, "limit": 200 });
            let page = self.world.ask_json("listMessages", asked).await;
            let empty = Vec::new();
            let messages = page["messages"].as_array().unwrap_or(&empty);
            let mut shown = lines(messages, page["gaps"].as_array().unwrap_or(&empty));
            shown.retain(|line| line.at_ms <= complete_to_ms);
            let oldest_ms = shown.first().map_or(0, |line| line.at_ms);
            if page["hasOlder"] == true {
                written.retain(|one| one.at_ms >= oldest_ms);
                // What stands before it is on another page.
                shown.iter_mut().take(1).for_each(|line| line.gap = None);
            }
            let later = messages.iter().find(|message| message["sentAtMs"].as_i64() > Some(complete_to_ms));
            let open_gap = later.is_some_and(|later| {
                page["gaps"].as_array().is_some_and(|gaps| gaps.iter().any(|gap| gap["before"] == later["id"]))
            });
            if open_gap {
                written.retain(|one| shown.last().is_some_and(|last| one.at_ms <= last.at_ms));
            }
            let found = compare(&written, &shown, linked_at_ms(&self.world).await);
            if !found.wrong.is_empty() {
                self.fail(&format!("{}, complete to {complete_to_ms}: {:#?}", customer.name(), found.wrong));
            }
        }
    }

    fn fail(&self, why: &str) -> ! {
        panic!("seed {}: {why}\n{}", self.seed, self.diary.join("\n"));
    }

    /// All faults end: everything that TikTok still lists comes, and what is complete is said again.
    async fn evening(mut self) {
        self.world.tiktok.clear_faults();
        let id = self.world.account();
        self.world.ask(PauseBackfill { account: id, paused: false }).await;
        self.world.tiktok.advance(Duration::from_secs(300));
        self.world.ask(SyncAccounts {}).await;
        let newest = self.customers.iter().filter_map(|customer| customer.thread().last().map(|one| one.at_ms)).max();
        self.diary.push("evening".to_owned());
        self.world
            .until(&format!("all is complete (seed {})\n{}", self.seed, self.diary.join("\n")), async |world| {
                account(world).await.history.complete_to_ms > newest
            })
            .await;
        self.check().await;
        assert_eq!(account(&self.world).await.history.unreadable, 0, "seed {}", self.seed);
        for customer in &self.customers {
            if !customer.thread().is_empty() {
                let found = super::judge(&self.world, customer).await;
                assert_eq!(found.wrong, Vec::<String>::new(), "seed {}\n{}", self.seed, self.diary.join("\n"));
            }
        }
        assert!(self.proofs > 0, "seed {}: there was nothing to prove: {}", self.seed, self.proofs);
        self.world.close().await;
    }
}

async fn live(seed: u64) {
    let mut day = Day::begin(seed).await;
    for _ in 0..STEPS {
        day.step().await;
    }
    day.evening().await;
}

#[tokio::test]
async fn whatever_happens_nothing_is_called_complete_that_is_not_here() {
    let seeds: Vec<u64> = match std::env::var("DESKBELL_SEED") {
        Ok(seed) => vec![seed.parse().expect("a number")],
        Err(_) => (1..=DAYS).collect(),
    };
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            let mut days = tokio::task::JoinSet::new();
            for seed in seeds {
                if days.len() >= AT_ONCE {
                    days.join_next().await.unwrap().unwrap();
                }
                days.spawn_local(live(seed));
            }
            while let Some(day) = days.join_next().await {
                day.unwrap();
            }
        })
        .await;
}
