//! Random days at the desk: whatever is composed, taken back, changed, moved, kept for later, stopped, lost, crashed,
//! unplugged and refused in whatever order, at the end of the day nothing is lost, nothing is sent twice unasked, and
//! the screen says what TikTok truly has.
//!
//! The agent here is truthful: they say "it arrived" only of what the ledger has. A failing day prints its seed;
//! `DESKBELL_SEED=<seed> cargo test -p tests --test it property` lives through that one alone.

mod agent;
mod judge;

use desk::commands::{GetOverview, SyncAccounts};
use std::time::Duration;

use desk::Timing;
use model::ConversationId;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use sandbox::{Config, Customer, Fault, Limits, Times, WindowRule};
use serde_json::{Value, json};
use store::table::outbox::{self, OutboxState};
use tests::{TestHost, World, quick};

use agent::Reply;

const DAYS: u64 = 64;
const STEPS: usize = 25;
/// So many days are lived at once: mostly they wait.
const AT_ONCE: usize = 8;
const NAMES: [&str; 3] = ["Ana", "Ben", "Cleo"];

fn timing(seed: u64) -> Timing {
    let ms = Duration::from_millis;
    Timing {
        look: [10, 20, 40, 80, 120, 160, 200].map(ms).to_vec(),
        look_again: ms(60),
        undecided_after: ms(200),
        rate_pause: ms(60),
        backoff_first: ms(10),
        backoff_most: ms(60),
        call: ms(1_000),
        undo: ms(if undoes(seed) { 60 } else { 0 }),
        // Some days the thread is read before nearly every reply.
        fresh: ms(if seed % 4 < 2 { 30 } else { 2_000 }),
        ..quick()
    }
}

/// Whether replies can be undone on this day.
fn undoes(seed: u64) -> bool {
    seed.is_multiple_of(3)
}

struct Day {
    seed: u64,
    lot: StdRng,
    world: World,
    customers: Vec<(Customer, ConversationId)>,
    /// In the order in which the agent wants them to go out.
    replies: Vec<Reply>,
    /// What should not have happened.
    wrong: Vec<String>,
    undoes: bool,
    diary: Vec<String>,
    plugged: bool,
    written: usize,
}

impl Day {
    async fn begin(seed: u64) -> Self {
        let rule = if seed.is_multiple_of(2) { WindowRule::A } else { WindowRule::B };
        let config = Config { limits: Limits::NONE, seed, rule, ..Config::default() };
        let mut world = World::with(config, timing(seed), TestHost::new()).await;
        world.link().await;
        let mut customers = Vec::new();
        for name in NAMES {
            let customer = world.customer(name);
            customer.says(&format!("{name} says hello"));
            let id = world.conversation(&customer).await;
            customers.push((customer, id));
        }
        Self {
            seed,
            lot: StdRng::seed_from_u64(seed),
            world,
            customers,
            replies: Vec::new(),
            wrong: Vec::new(),
            undoes: undoes(seed),
            diary: Vec::new(),
            plugged: true,
            written: 0,
        }
    }

    async fn step(&mut self) {
        let who = self.lot.random_range(0..self.customers.len());
        let (customer, conversation) = self.customers[who].clone();
        let dice = self.lot.random_range(0..100);
        let what = match dice {
            0..=30 => self.compose(who, conversation).await,
            31..=34 => self.schedule(who, conversation).await,
            35..=44 => {
                self.written += 1;
                customer.says(&format!("{} writes {}", NAMES[who], self.written));
                format!("{} writes {}", NAMES[who], self.written)
            }
            45..=51 => {
                self.written += 1;
                customer.colleague_replies(&format!("colleague {}", self.written), "APP");
                format!("colleague {} to {}", self.written, NAMES[who])
            }
            52..=66 => self.decide(who, conversation).await,
            67..=84 => self.fault(),
            85..=90 => self.die().await,
            91..=95 if self.plugged => {
                self.world.tiktok.unplug().await;
                self.plugged = false;
                "unplug".to_owned()
            }
            91..=95 => {
                self.plug_in().await;
                "plug in".to_owned()
            }
            _ => {
                self.world.ask(SyncAccounts {}).await;
                "sync now".to_owned()
            }
        };
        self.diary.push(what);
        // Some steps follow at once, some let the desk do a little work: a few reads of its own database.
        for _ in 0..self.lot.random_range(0..12) {
            self.world.ask(GetOverview {}).await;
        }
    }

    fn fault(&mut self) -> String {
        let faults = [
            Fault::HangUpBefore,
            Fault::HangUpAfter,
            Fault::HangUpMidAnswer,
            Fault::TruncatedJson,
            Fault::Html { accepting: true },
            Fault::Html { accepting: false },
            Fault::Status { status: 502, accepting: true },
            Fault::Status { status: 503, accepting: false },
            Fault::AnswerLate(Duration::from_millis(60)),
            Fault::RateLimited,
            Fault::Code { code: 50_000, message: "system".to_owned(), accepting: true },
            Fault::code(50_000),
        ];
        // A listing that lags for longer than anybody looks: what arrived is left to the agent.
        if self.lot.random_bool(0.1) {
            let (fault, lag) = (Fault::Stale { messages: 2 }, Duration::from_millis(400));
            self.world.tiktok.fault("content_list", fault, Times::For(lag));
            return format!("content_list lags for {lag:?}");
        }
        let endpoint = *["send", "send", "send", "content_list", "conversation_list"].choose(&mut self.lot).unwrap();
        let refuses = endpoint == "send" && self.lot.random_bool(0.15);
        let fault = if refuses { Fault::code(40064) } else { faults.choose(&mut self.lot).unwrap().clone() };
        let calls = self.lot.random_range(1..=3);
        self.world.tiktok.fault(endpoint, fault.clone(), Times::Next(calls));
        format!("{endpoint}: {fault:?} x{calls}")
    }

    async fn plug_in(&mut self) {
        self.world.tiktok.plug_in().await.expect("the port is still free");
        self.plugged = true;
    }

    async fn messages(&self, conversation: ConversationId) -> Vec<Value> {
        let page = json!({ "conversation": conversation, "before": null, "after": null, "limit": 200 });
        self.world.ask_json("listMessages", page).await["messages"].as_array().cloned().unwrap_or_default()
    }

    /// Nothing more happens by itself: every lane is empty or waits for the agent.
    async fn rests(&self) -> bool {
        let heads = self.world.desk().engine().store().read(|sql| {
            let lanes = outbox::lanes(sql)?;
            lanes.into_iter().map(|(_, conversation)| outbox::head(sql, conversation)).collect::<Result<Vec<_>, _>>()
        });
        let rest =
            heads.await.is_ok_and(|heads| heads.iter().flatten().all(|head| head.state == OutboxState::Undecided));
        rest && self.scheduled().await.iter().all(|scheduled| !scheduled["stopped"].is_null())
    }

    /// The evening: faults end, the plug is in, the agent decides what is left to them.
    async fn end(&mut self) {
        if !self.plugged {
            self.plug_in().await;
        }
        self.world.tiktok.clear_faults();
        loop {
            self.world.ask(SyncAccounts {}).await;
            self.until("the lanes rest", async |day| day.rests().await).await;
            let mut left = false;
            for scheduled in self.scheduled().await {
                let what = self.decide_scheduled(&scheduled).await;
                self.diary.push(what);
                left = true;
            }
            for who in 0..self.customers.len() {
                let conversation = self.customers[who].1;
                while let Some(message) = self.messages(conversation).await.into_iter().find(is_left) {
                    let what = self.decide_about(who, conversation, &message).await;
                    self.diary.push(what);
                    left = true;
                }
            }
            if !left && self.world.desk().engine().store().read(outbox::lanes).await.is_ok_and(|lanes| lanes.is_empty())
            {
                break;
            }
        }
        self.world.ask(SyncAccounts {}).await;
        for (who, (customer, conversation)) in self.customers.iter().enumerate() {
            let conversation = *conversation;
            // All that TikTok still lists is here, and at TikTok's time: a reply first stands where it was composed.
            let thread = customer.thread();
            let listed: Vec<(String, i64)> =
                thread.iter().rev().take(20).map(|written| (written.message_id.clone(), written.at_ms)).collect();
            self.until(&format!("{}'s thread is as TikTok lists it", NAMES[who]), async |day| {
                let held = day.held(conversation).await;
                listed.iter().all(|message| held.contains(message))
            })
            .await;
        }
    }

    /// TikTok's id and time of every message here that has one.
    async fn held(&self, conversation: ConversationId) -> Vec<(String, i64)> {
        let store = self.world.desk().engine().store();
        let held = store.read(move |sql| {
            let mut query = sql.prepare(
                "SELECT remote_id, sent_at_ms FROM message WHERE conversation_id = ?1 AND remote_id IS NOT NULL",
            )?;
            let rows = query.query_map([conversation.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        });
        held.await.unwrap_or_default()
    }

    async fn until(&self, what: &str, state: impl AsyncFn(&Self) -> bool) {
        self.world.until(&format!("{what} (seed {}: {:#?})", self.seed, self.diary), async |_| state(self).await).await;
    }
}

/// Whether nothing more will happen to it unless the agent does something, a refusal aside.
fn is_left(message: &Value) -> bool {
    message["delivery"]["state"] == "stopped" || message["delivery"]["stage"] == "undecided"
}

fn body(message: &Value) -> &str {
    message["content"]["body"].as_str().unwrap_or_default()
}

fn is_sent(message: &Value) -> bool {
    matches!(message["delivery"]["state"].as_str(), Some("sent" | "read"))
}

async fn live(seed: u64) {
    let mut day = Day::begin(seed).await;
    for _ in 0..STEPS {
        day.step().await;
    }
    day.end().await;
    let wrong = day.judge().await;
    if !wrong.is_empty() {
        let mut threads = String::new();
        for (customer, _) in &day.customers {
            threads.push_str(&day.world.reads(customer).await);
        }
        panic!("seed {seed}: {wrong:#?}\n{:#?}\n{threads}{:#?}", day.diary, day.world.tiktok.ledger().attempts);
    }
    day.world.close().await;
}

#[tokio::test]
async fn no_day_at_the_desk_loses_doubles_or_invents_a_message() {
    let seeds: Vec<u64> = match std::env::var("DESKBELL_SEED") {
        Ok(seed) => vec![seed.parse().expect("a number")],
        Err(_) => (0..DAYS).collect(),
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
