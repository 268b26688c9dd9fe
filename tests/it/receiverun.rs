//! The fault run of what comes in: customers write, the lists lie, hang up and lag, pushes come twice, late or never, and
//! Deskbell is killed at random moments. At the end it has what TikTok has, each message once and in order; where more came
//! than TikTok lists, a gap is shown.
//!
//! `cargo xtask faults --receive --seed N --messages 10000 --kills 200` is the full run; among the ordinary tests it is a
//! short one. The seed repeats what is written, dialled and killed; when the machine gets to it is not in anybody's hands.

mod figures;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use sandbox::{Config, Customer, Fault, Limits, Sandbox, Times, WebhookFaults, WindowRule};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::faultrun::page::Page;
use crate::faultrun::process::{Ear, Lives};
use crate::faultrun::{link, until};
use crate::history::{compare, lines};
use figures::Figures;

struct Sizes {
    seed: u64,
    messages: usize,
    kills: usize,
}

impl Sizes {
    fn read() -> Self {
        let number = |name: &str, otherwise: u64| match std::env::var(name) {
            Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")),
            Err(_) => otherwise,
        };
        let size = |name, otherwise| usize::try_from(number(name, otherwise)).expect("it fits");
        Self {
            seed: number("DESKBELL_SEED", 1),
            messages: size("DESKBELL_MESSAGES", 1_000),
            kills: size("DESKBELL_KILLS", 20),
        }
    }

    fn customers(&self) -> usize {
        (self.messages / 25).clamp(12, 150)
    }
}

/// What it is called in the figures, and the fault.
type Trouble = (&'static str, fn() -> Fault);

/// What can go wrong with a listing.
const FAULTS: [Trouble; 12] = [
    ("502", || Fault::Status { status: 502, accepting: false }),
    ("50000", || Fault::code(50_000)),
    ("40007", || Fault::code(40_007)),
    ("hung up before", || Fault::HangUpBefore),
    ("hung up in the middle", || Fault::HangUpMidAnswer),
    ("half the JSON", || Fault::TruncatedJson),
    ("HTML", || Fault::Html { accepting: false }),
    ("40100", || Fault::RateLimited),
    ("never answered", || Fault::NeverAnswer { accepting: false }),
    ("late", || Fault::Delay(Duration::from_millis(60))),
    ("shuffled and doubled", || Fault::Shuffled { duplicates: 5 }),
    ("behind", || Fault::Stale { messages: 1 }),
];

struct Run {
    lot: StdRng,
    tiktok: Sandbox,
    lives: Lives,
    page: Page,
    customers: Vec<Customer>,
    most_customers: usize,
    figures: Figures,
}

impl Run {
    async fn begin(sizes: &Sizes) -> Self {
        let config = Config { limits: Limits::NONE, seed: sizes.seed, ..Config::default() };
        let tiktok = Sandbox::start(config).await.expect("a loopback port is free");
        tiktok.open_account("maisonbloom", "Maison Bloom", WindowRule::A);
        let mut lives = Lives::new(&tiktok).await;
        lives.begin();
        lives.listens().await;
        let page = Page::new(lives.living());
        let lot = StdRng::seed_from_u64(sizes.seed);
        let (customers, most_customers) = (Vec::new(), sizes.customers());
        Self { lot, tiktok, lives, page, customers, most_customers, figures: Figures::default() }
    }

    /// So many messages, mostly a few at a time, now and then more than TikTok lists; one in five is a colleague's.
    fn write(&mut self, mut count: usize) {
        while count > 0 {
            let is_new = self.customers.len() < self.most_customers && self.lot.random_bool(0.2);
            if is_new || self.customers.is_empty() {
                self.customers.push(self.tiktok.customer(&format!("Customer {}", self.customers.len())));
            }
            let customer = self.customers.choose(&mut self.lot).expect("there are some");
            let some = if self.lot.random_bool(0.01) { 28 } else { self.lot.random_range(1..6) }.min(count);
            if self.lot.random_bool(0.2) {
                for n in 0..some {
                    customer.colleague_replies(&format!("colleague {n}"), if n % 2 == 0 { "APP" } else { "WEB" });
                }
            } else {
                customer.says_many(some);
            }
            count -= some;
        }
    }

    fn dial(&mut self) {
        let listing = *["content_list", "conversation_list"].choose(&mut self.lot).expect("there are some");
        let (name, fault) = FAULTS.choose(&mut self.lot).expect("there are some");
        let times = match *name {
            // Every call of half a second would be all there is.
            "never answered" | "40100" => Times::Next(1),
            "behind" => Times::For(Duration::from_millis(self.lot.random_range(20..80))),
            _ => Times::Next(self.lot.random_range(1..4)),
        };
        *self.figures.faults.entry(format!("{listing}: {name}")).or_default() += 1;
        self.tiktok.fault(listing, fault(), times);
    }

    /// One life of the process, to its violent end.
    async fn live(&mut self, messages: usize) {
        self.lives.begin();
        // Some is written before it listens, some while it does, some in its last moment.
        let parts = [messages / 4, messages / 2, messages - messages / 4 - messages / 2];
        self.write(parts[0]);
        for _ in 0..self.lot.random_range(0..4) {
            self.dial();
        }
        if self.lot.random_bool(0.1) {
            let moment = Duration::from_millis(self.lot.random_range(0..150));
            if tokio::time::timeout(moment, self.lives.listens()).await.is_err() {
                self.figures.kills_in_start += 1;
            }
            self.write(parts[1]);
        } else {
            self.lives.listens().await;
            for part in [parts[1] / 2, parts[1] - parts[1] / 2] {
                tokio::time::sleep(Duration::from_millis(self.lot.random_range(0..400))).await;
                self.write(part);
                if self.lot.random_bool(0.5) {
                    self.dial();
                }
            }
            tokio::time::sleep(Duration::from_millis(self.lot.random_range(0..400))).await;
        }
        self.write(parts[2]);
        self.lives.kill().await;
        self.figures.kills += 1;
    }

    /// The rows of the list, by the customer's name.
    async fn rows(&self, account: &Value) -> BTreeMap<String, Value> {
        let all = json!({ "account": account, "tab": "all", "offset": 0, "limit": 200 });
        let window = self.page.must("listConversations", all).await;
        let rows = window["rows"].as_array().cloned().unwrap_or_default();
        rows.into_iter().map(|row| (row["person"]["name"].as_str().unwrap_or_default().to_owned(), row)).collect()
    }

    /// The faults end, Deskbell lives on, and all that TikTok still lists is here.
    async fn evening(&mut self, account: &Value) {
        self.tiktok.clear_faults();
        self.lives.begin();
        self.lives.listens().await;
        self.page.must("syncAccounts", json!({})).await;
        for customer in self.customers.iter().filter(|customer| !customer.thread().is_empty()) {
            let (name, newest) = (customer.name(), customer.thread().pop().expect("a message").at_ms);
            until(&format!("{name}'s newest message is here"), async || {
                let Some(row) = self.rows(account).await.remove(&name) else { return false };
                let last = json!({ "conversation": row["id"], "before": null, "after": null, "limit": 1 });
                self.page.must("listMessages", last).await["messages"][0]["sentAtMs"] == newest
            })
            .await;
        }
        // What was pushed is on screen at once: a listing has to confirm it.
        let lists = || self.tiktok.ledger().calls("conversation_list");
        let before = lists();
        until("it was listed again", async || lists() > before + 20).await;
    }

    /// Holds everything shown against everything written.
    async fn judge(&mut self, account: &Value) -> String {
        let rows = self.rows(account).await;
        let mut wrong = String::new();
        for customer in self.customers.clone() {
            let written = customer.thread();
            self.figures.messages += written.len();
            self.figures.beyond += written.len().saturating_sub(20);
            let Some(row) = rows.get(&customer.name()) else { continue };
            let (messages, gaps) = self.page.thread(&row["id"]).await;
            // All of it was written since the account was linked.
            let found = compare(&written, &lines(&messages, &gaps), 0);
            let told = row["hasGap"] == !gaps.is_empty();
            if !found.wrong.is_empty() || !told || row["unreadable"] == true {
                wrong.push_str(&format!("{}: {:#?}, {row}\n", customer.name(), found.wrong));
            }
            self.figures.count(&found);
        }
        wrong
    }
}

/// Hands what TikTok pushes to whichever process lives, as a relay does; what comes while none does is lost.
async fn forward(tiktok: Sandbox, ear: Ear, handed: Arc<AtomicUsize>) {
    let mut pushed = tiktok.webhooks();
    while let Ok(delivery) = pushed.recv().await {
        let line = format!("{}\t{}\n", delivery.signature, String::from_utf8_lossy(&delivery.body));
        if let Some(ear) = ear.lock().await.as_mut()
            && ear.write_all(line.as_bytes()).await.is_ok()
        {
            handed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_customers_write_while_deskbell_is_killed_among_faults_is_all_there_once_and_in_order() {
    let sizes = Sizes::read();
    let began = Instant::now();
    println!("seed {}: {} messages, {} kills", sizes.seed, sizes.messages, sizes.kills);
    let mut run = Run::begin(&sizes).await;
    let account = link(&run.tiktok, &run.page).await;
    let handed = Arc::new(AtomicUsize::new(0));
    let relay = tokio::spawn(forward(run.tiktok.clone(), run.lives.ear(), Arc::clone(&handed)));
    run.tiktok.webhook_faults(WebhookFaults { duplicates: 0.3, reordered: 0.3, dropped: 0.3 });
    run.lives.kill().await;

    let lives = sizes.kills.max(1);
    for life in 0..lives {
        run.live(sizes.messages * (life + 1) / lives - sizes.messages * life / lives).await;
        // A day with pushes, a day without.
        let on = run.lot.random_bool(0.7);
        let share = if on { 0.3 } else { 1.0 };
        run.tiktok.webhook_faults(WebhookFaults { duplicates: 0.3, reordered: 0.3, dropped: share });
    }
    run.evening(&account).await;
    let wrong = run.judge(&account).await;
    run.figures.webhooks = run.tiktok.ledger().webhooks;
    run.figures.handed = handed.load(Ordering::Relaxed);
    run.figures.seconds = began.elapsed().as_secs_f64();
    relay.abort();
    println!("{}", run.figures.print());
    assert!(wrong.is_empty(), "seed {}:\n{wrong}\n{}", sizes.seed, run.lives.said());
    assert_eq!(run.figures.messages, sizes.messages);
    // What TikTok still lists is here, however slow the machine was; and there are few gaps where nothing is missing.
    let (missing, unproven) = (run.figures.missing_said, run.figures.unproven);
    assert!(missing <= run.figures.beyond, "{missing} missing, but only {} not listed", run.figures.beyond);
    assert!(unproven * 20 <= sizes.messages, "{unproven} gaps where nothing is missing");
    assert_eq!((run.figures.doubled, run.figures.missing_unsaid, run.figures.out_of_order), (0, 0, 0));
    assert!(run.figures.handed > 0, "something was pushed");
}
