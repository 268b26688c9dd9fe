//! Random days at the desk: whatever is composed, discarded, lost, crashed, unplugged and refused in whatever order, at
//! the end of the day nothing is lost, nothing is sent twice unasked, and the screen says what TikTok truly has.
//!
//! The agent here is truthful: they say "it arrived" only of what the ledger has. A failing day prints its seed;
//! `DESKBELL_SEED=<seed> cargo test -p tests --test it property` lives through that one alone.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use desk::{FaultCode, Timing};
use model::ConversationId;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use sandbox::{Config, Customer, Fault, Limits, Times, WindowRule};
use serde_json::{Value, json};
use store::table::outbox::{self, State};
use tests::{TestHost, World, quick};

const DAYS: u64 = 64;
const STEPS: usize = 25;
/// So many days are lived at once: mostly they wait.
const AT_ONCE: usize = 8;
const NAMES: [&str; 3] = ["Ana", "Ben", "Cleo"];

fn timing() -> Timing {
    let ms = Duration::from_millis;
    Timing {
        look: [10, 20, 40, 80, 120, 160, 200].map(ms).to_vec(),
        look_again: ms(60),
        undecided_after: ms(200),
        rate_pause: ms(60),
        backoff_first: ms(10),
        backoff_most: ms(60),
        call: ms(1_000),
        ..quick()
    }
}

/// What the agent did about one text.
#[derive(Debug, Default, Clone)]
struct Said {
    composed: usize,
    again: usize,
    discarded: usize,
}

struct Day {
    seed: u64,
    lot: StdRng,
    world: World,
    customers: Vec<(Customer, ConversationId)>,
    /// By customer and text.
    said: BTreeMap<(usize, String), Said>,
    /// In the order of composing.
    composed: Vec<(usize, String)>,
    diary: Vec<String>,
    plugged: bool,
    written: usize,
}

impl Day {
    async fn begin(seed: u64) -> Self {
        let rule = if seed.is_multiple_of(2) { WindowRule::A } else { WindowRule::B };
        let config = Config { limits: Limits::NONE, seed, rule, ..Config::default() };
        let mut world = World::with(config, timing(), TestHost::new()).await;
        world.link().await;
        let mut customers = Vec::new();
        for name in NAMES {
            let customer = world.customer(name);
            customer.says(&format!("{name} says hello"));
            let id = world.conversation(&customer).await;
            customers.push((customer, id));
        }
        let (said, composed, diary) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self {
            seed,
            lot: StdRng::seed_from_u64(seed),
            world,
            customers,
            said,
            composed,
            diary,
            plugged: true,
            written: 0,
        }
    }

    async fn step(&mut self) {
        let who = self.lot.random_range(0..self.customers.len());
        let (customer, conversation) = self.customers[who].clone();
        let dice = self.lot.random_range(0..100);
        let what = match dice {
            0..=34 => self.compose(who, conversation).await,
            35..=49 => {
                self.written += 1;
                customer.says(&format!("{} writes {}", NAMES[who], self.written));
                format!("{} writes {}", NAMES[who], self.written)
            }
            50..=54 => {
                self.written += 1;
                customer.colleague_replies(&format!("colleague {}", self.written), "APP");
                format!("colleague {} to {}", self.written, NAMES[who])
            }
            55..=64 => self.decide(who, conversation).await,
            65..=84 => self.fault(),
            85..=90 => {
                self.world.crash().await;
                self.world.restart().await;
                "crash".to_owned()
            }
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
                self.world.ask("syncNow", json!({})).await;
                "sync now".to_owned()
            }
        };
        self.diary.push(what);
        // Some steps follow at once, some let the desk do a little work: a few reads of its own database.
        for _ in 0..self.lot.random_range(0..12) {
            self.world.ask("overview", json!({})).await;
        }
    }

    async fn compose(&mut self, who: usize, conversation: ConversationId) -> String {
        // Now and then the same words again: equal texts must each be sent and each be confirmed.
        let again = self.composed.iter().rfind(|(to, _)| *to == who).filter(|_| self.lot.random_bool(0.2)).cloned();
        let text = again.map_or_else(|| format!("reply {}", self.composed.len()), |(_, text)| text);
        self.world.ask("sendReply", json!({ "conversation": conversation, "body": text })).await;
        self.said.entry((who, text.clone())).or_default().composed += 1;
        self.composed.push((who, text.clone()));
        format!("to {}: {text}", NAMES[who])
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
        self.world.ask("listMessages", page).await["messages"].as_array().cloned().unwrap_or_default()
    }

    /// The agent decides about a reply that waits, was refused, or was left to them.
    async fn decide(&mut self, who: usize, conversation: ConversationId) -> String {
        let open: Vec<Value> = self
            .messages(conversation)
            .await
            .into_iter()
            .filter(|message| {
                let state = message["delivery"]["state"].as_str().unwrap_or_default();
                matches!(state, "queued" | "refused") || message["delivery"]["stage"] == "undecided"
            })
            .collect();
        let Some(message) = open.choose(&mut self.lot) else { return "nothing to decide".to_owned() };
        let text = body(message).to_owned();
        let undecided = message["delivery"]["stage"] == "undecided";
        let command = if undecided && self.unseen_copies(who, &text).await > 0 {
            "itArrived"
        } else if message["delivery"]["state"] == "queued" || self.lot.random_bool(0.5) {
            "discard"
        } else {
            "sendAgain"
        };
        match self.world.try_ask(command, json!({ "message": message["id"] })).await {
            Ok(_) => {
                let said = self.said.entry((who, text.clone())).or_default();
                match command {
                    "discard" => said.discarded += 1,
                    "sendAgain" => said.again += 1,
                    _ => {}
                }
                format!("{command} {text}")
            }
            // The lane was faster.
            Err(fault) if fault.code == FaultCode::WrongState => format!("{command} {text} came too late"),
            Err(fault) => panic!("{command} {text}: {fault:?}"),
        }
    }

    /// Copies of a text that TikTok has and the screen does not show as sent.
    async fn unseen_copies(&self, who: usize, text: &str) -> usize {
        let shown = self.messages(self.customers[who].1).await;
        let shown = shown.iter().filter(|message| body(message) == text && is_sent(message)).count();
        self.received(who, text).saturating_sub(shown)
    }

    fn received(&self, who: usize, text: &str) -> usize {
        self.world.tiktok.ledger().texts_to(NAMES[who]).iter().filter(|sent| *sent == text).count()
    }

    /// Nothing more happens by itself: every lane is empty or waits for the agent.
    async fn rests(&self) -> bool {
        let heads = self.world.desk().engine().store().read(|sql| {
            let lanes = outbox::lanes(sql)?;
            lanes.into_iter().map(|(_, conversation)| outbox::head(sql, conversation)).collect::<Result<Vec<_>, _>>()
        });
        heads.await.is_ok_and(|heads| heads.iter().flatten().all(|head| head.state == State::Undecided))
    }

    /// The evening: faults end, the plug is in, the agent decides what is left to them.
    async fn end(&mut self) {
        if !self.plugged {
            self.plug_in().await;
        }
        self.world.tiktok.clear_faults();
        loop {
            self.world.ask("syncNow", json!({})).await;
            self.until("the lanes rest", async |day| day.rests().await).await;
            let mut left = false;
            for who in 0..self.customers.len() {
                let conversation = self.customers[who].1;
                while self
                    .messages(conversation)
                    .await
                    .iter()
                    .any(|message| message["delivery"]["stage"] == "undecided")
                {
                    let what = self.decide(who, conversation).await;
                    self.diary.push(what);
                    left = true;
                }
            }
            if !left && self.world.desk().engine().store().read(outbox::lanes).await.is_ok_and(|lanes| lanes.is_empty())
            {
                break;
            }
        }
        self.world.ask("syncNow", json!({})).await;
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

    /// What must hold at the end of any day; what does not, in words.
    async fn judge(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (who, (customer, conversation)) in self.customers.iter().enumerate() {
            let shown = self.messages(*conversation).await;
            let sent_again: HashSet<&str> = self
                .said
                .iter()
                .filter(|((to, _), said)| *to == who && said.again > 0)
                .map(|((_, text), _)| &**text)
                .collect();
            for ((_, text), said) in self.said.iter().filter(|((to, _), _)| *to == who) {
                let copies = self.received(who, text);
                let mine: Vec<&Value> = shown.iter().filter(|message| body(message) == text).collect();
                let sent = mine.iter().filter(|message| is_sent(message)).count();
                if copies > said.composed + said.again {
                    wrong.push(format!("{text:?} reached TikTok {copies} times: {said:?}"));
                }
                // Both ways: what is shown as sent is there, what is there is shown, and a refused one is not there.
                if sent != copies {
                    wrong.push(format!("{text:?} is shown as sent {sent} times, TikTok has {copies}: {said:?}"));
                }
                if mine.len() + said.discarded < said.composed {
                    wrong.push(format!("{text:?} is lost: {} on screen, {said:?}", mine.len()));
                }
                let odd = mine.iter().find(|message| !is_sent(message) && message["delivery"]["state"] != "refused");
                if let Some(odd) = odd {
                    wrong.push(format!("{text:?} is neither sent nor refused: {}", odd["delivery"]));
                }
            }
            // In order of composing, the same words counted once: the second of two equal texts may be the one that went.
            let plain = |text: &str| !sent_again.contains(text);
            let twice = |text: &str| self.said.get(&(who, text.to_owned())).is_some_and(|said| said.composed > 1);
            let went: Vec<String> = self.world.tiktok.ledger().texts_to(NAMES[who]);
            let went: Vec<&String> = went.iter().filter(|text| plain(text) && !twice(text)).collect();
            let wanted: Vec<&String> = self
                .composed
                .iter()
                .filter(|(to, text)| *to == who && went.contains(&text))
                .map(|(_, text)| text)
                .collect();
            if went != wanted {
                wrong.push(format!("out of order to {}: {went:?} instead of {wanted:?}", NAMES[who]));
            }

            let ids: Vec<String> = self.held(*conversation).await.into_iter().map(|(id, _)| id).collect();
            if ids.iter().collect::<BTreeSet<_>>().len() != ids.len() {
                wrong.push(format!("one of TikTok's messages on two rows: {ids:?}"));
            }
            let page = json!({ "conversation": conversation, "before": null, "after": null, "limit": 200 });
            let gaps = self.world.ask("listMessages", page).await["gaps"].as_array().map_or(0, Vec::len);
            for written in customer.thread().iter().filter(|written| written.by_customer) {
                let times = shown
                    .iter()
                    .filter(|message| message["direction"] == "in" && body(message) == written.text)
                    .count();
                // Only where a gap says so may something be missing.
                if times > 1 || (times == 0 && gaps == 0) {
                    wrong.push(format!("{:?} is shown {times} times", written.text));
                }
            }
            let row = self.world.row(customer).await;
            let reached = |message: &Value| message["direction"] == "out" && is_sent(message);
            let answered = shown.iter().rposition(|message| reached(message) && message["auto"].is_null());
            let unread = shown
                .iter()
                .skip(answered.map_or(0, |at| at + 1))
                .filter(|message| message["direction"] == "in")
                .count();
            if row["unread"] != json!(unread) || row["waiting"] != json!(unread > 0) {
                wrong.push(format!(
                    "{}: unread {} waiting {}, counted {unread}",
                    NAMES[who], row["unread"], row["waiting"]
                ));
            }
        }
        wrong
    }
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
