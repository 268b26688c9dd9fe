//! The fault run: the real engine in a process of its own, faults at TikTok, and `kill -9` at random moments. At the end
//! the ledger and the screen agree on each message: none lost, none sent twice unasked.
//!
//! Once on the desk's own link, and once through the shop's relay, which is killed at random moments too.
//!
//! `cargo xtask faults --seed N --sends 1000 --kills 500` is the full run, with `--relay` through the relay; among the
//! ordinary tests it is a short one.
//! The seed repeats what is sent, dialled and killed; when the machine gets to it is not in anybody's hands.

mod judge;
pub(crate) mod keychain;
pub(crate) mod page;
pub(crate) mod process;
mod tab;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use sandbox::{Config, Customer, Fault, Limits, Sandbox, Times, WindowRule};
use serde_json::{Value, json};
use tests::Patience;
use tests::relay::RelayProcess;
use tokio::sync::{mpsc, watch};

use judge::{Figures, judge};
use page::Page;
use process::Lives;
use tab::{Done, Job, Tab};

/// How long the evening may take until all is settled.
const EVENING: Duration = Duration::from_secs(180);
/// How often the screen is looked at while waiting.
const GLANCE: Duration = Duration::from_millis(50);

/// How the replies go to TikTok.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Direct,
    Relay,
}

struct Sizes {
    seed: u64,
    sends: usize,
    kills: usize,
}

impl Sizes {
    fn read() -> Self {
        let number = |name: &str, otherwise: u64| match std::env::var(name) {
            Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")),
            Err(_) => otherwise,
        };
        let size = |name, otherwise| usize::try_from(number(name, otherwise)).expect("it fits");
        Self { seed: number("DESKBELL_SEED", 1), sends: size("DESKBELL_SENDS", 60), kills: size("DESKBELL_KILLS", 15) }
    }

    fn customers(&self) -> usize {
        (self.sends / 10).clamp(3, 25)
    }
}

/// A fault, and what it is called in the figures.
type Named = (&'static str, fn() -> Fault);

/// What can go wrong with a send.
const FAULTS: [Named; 15] = [
    ("taken, hung up", || Fault::HangUpAfter),
    ("taken, hung up in the middle of the answer", || Fault::HangUpMidAnswer),
    ("not taken, hung up", || Fault::HangUpBefore),
    ("taken, 502", || Fault::Status { status: 502, accepting: true }),
    ("not taken, 503", || Fault::Status { status: 503, accepting: false }),
    ("taken, HTML", || Fault::Html { accepting: true }),
    ("not taken, HTML", || Fault::Html { accepting: false }),
    ("taken, half the JSON", || Fault::TruncatedJson),
    ("40100", || Fault::RateLimited),
    ("taken, answered late", || Fault::AnswerLate(Duration::from_millis(80))),
    ("taken, 50000", || Fault::Code { code: 50_000, message: "system".to_owned(), accepting: true }),
    ("not taken, 50000", || Fault::code(50_000)),
    ("taken, never answered", || Fault::NeverAnswer { accepting: true }),
    ("not taken, never answered", || Fault::NeverAnswer { accepting: false }),
    ("late", || Fault::Delay(Duration::from_millis(60))),
];

/// What can go wrong with a listing.
const BLIND: [Named; 4] = [
    ("listing: hung up", || Fault::HangUpBefore),
    ("listing: 502", || Fault::Status { status: 502, accepting: false }),
    ("listing: half the JSON", || Fault::TruncatedJson),
    ("listing: 40100", || Fault::RateLimited),
];

struct Run {
    lot: StdRng,
    tiktok: Sandbox,
    lives: Lives,
    /// What stands between the desk and TikTok, if something does.
    relay: Option<RelayProcess>,
    page: Page,
    pressed: Arc<watch::Sender<usize>>,
    figures: Figures,
}

impl Run {
    async fn begin(seed: u64, way: Way) -> Self {
        let config = Config { limits: Limits::NONE, seed, rule: WindowRule::A, ..Config::default() };
        let tiktok = Sandbox::start(config).await.expect("a loopback port is free");
        tiktok.open_account("maisonbloom", "Maison Bloom", WindowRule::A);
        let relay = match way {
            Way::Direct => None,
            Way::Relay => Some(RelayProcess::start(&tiktok).await),
        };
        let mut lives = Lives::new(&tiktok).await;
        lives.begin();
        lives.listens().await;
        let page = Page::new(lives.living());
        let (pressed, figures) = (Arc::new(watch::Sender::new(0)), Figures::default());
        Self { lot: StdRng::seed_from_u64(seed), tiktok, lives, relay, page, pressed, figures }
    }

    /// A customer who has answered the shop, so that TikTok does not count the shop's replies.
    async fn tab(&self, number: usize, account: &Value) -> Tab {
        let customer = self.tiktok.customer(&format!("Customer {number}"));
        customer.says("hello");
        customer.colleague_replies("Hello! How can we help?", "APP");
        customer.says("I have a few questions");
        let (page, name) = (&self.page, customer.name());
        let all = json!({ "account": account, "tab": "all", "offset": 0, "limit": 200 });
        let row = async || {
            let window = page.must("listConversations", all.clone()).await;
            let rows = window["rows"].as_array().cloned().unwrap_or_default();
            rows.into_iter().find(|row| row["person"]["name"] == name.as_str())
        };
        until("the conversation is here", async || row().await.is_some()).await;
        let conversation = row().await.expect("it is here")["id"].clone();
        until("its messages are here", async || page.thread(&conversation).await.0.len() == 3).await;
        let (tiktok, page, pressed) = (self.tiktok.clone(), self.page.clone(), Arc::clone(&self.pressed));
        Tab { customer, conversation, done: Done::default(), tiktok, page, pressed }
    }

    fn dial(&mut self, endpoint: &str, faults: &[Named]) {
        let (name, fault) = faults.choose(&mut self.lot).expect("there are some");
        *self.figures.faults.entry((*name).to_owned()).or_default() += 1;
        self.tiktok.fault(endpoint, fault(), Times::Next(1));
    }

    /// One life of the process, to its violent end.
    async fn live(&mut self, texts: Vec<String>, tabs: &[mpsc::UnboundedSender<Job>], customers: &[Customer]) {
        self.lives.begin();
        for text in texts {
            if self.lot.random_bool(0.6) {
                self.dial("send", &FAULTS);
            }
            tabs.choose(&mut self.lot).expect("a tab").send(Job::Press(text)).expect("the tab is there");
        }
        if self.lot.random_bool(0.3) {
            let listing = if self.lot.random() { "content_list" } else { "conversation_list" };
            self.dial(listing, &BLIND);
        }
        // Longer than anybody looks: what arrived is left to the agent.
        if self.lot.random_bool(0.05) {
            *self.figures.faults.entry("listing: behind for 1.2 s".to_owned()).or_default() += 1;
            let lag = Times::For(Duration::from_millis(1_200));
            self.tiktok.fault("content_list", Fault::Stale { messages: 2 }, lag);
        }
        for tab in tabs {
            if self.lot.random_bool(0.1) {
                tab.send(Job::Look).expect("the tab is there");
            }
        }
        if self.lot.random_bool(0.3) {
            let customer = customers.choose(&mut self.lot).expect("a customer");
            customer.says(&format!("question {}", self.figures.kills));
        }
        match self.lot.random_range(0..100) {
            0..10 => {
                let moment = Duration::from_millis(self.lot.random_range(0..150));
                match tokio::time::timeout(moment, self.lives.listens()).await {
                    Ok(()) => {}
                    Err(_) => self.figures.kills_in_start += 1,
                }
            }
            10..50 => {
                self.lives.listens().await;
                tokio::time::sleep(Duration::from_millis(self.lot.random_range(0..400))).await;
            }
            _ => {
                let mut pressed = self.pressed.subscribe();
                self.lives.listens().await;
                // The next press, or one that was begun before this life and is repeated in it.
                let _ = tokio::time::timeout(Duration::from_millis(100), pressed.changed()).await;
                tokio::time::sleep(Duration::from_millis(self.lot.random_range(0..80))).await;
            }
        }
        if self.relay.is_some() && self.lot.random_bool(0.5) {
            self.kill_relay().await;
        }
        self.lives.kill().await;
        self.figures.kills += 1;
    }

    /// Kills the relay under the desk that lives, starts it again, and lets the desk go on for a moment.
    async fn kill_relay(&mut self) {
        let Some(relay) = &mut self.relay else { return };
        relay.kill();
        self.figures.relay_kills += 1;
        tokio::time::sleep(Duration::from_millis(self.lot.random_range(0..60))).await;
        relay.restart().await;
        tokio::time::sleep(Duration::from_millis(self.lot.random_range(0..300))).await;
    }

    /// The account as the desk has it: linked by the agent, or followed after pairing with the relay.
    async fn account(&self) -> Value {
        let Some(relay) = &self.relay else { return link(&self.tiktok, &self.page).await };
        let code = relay.pairing_code("agent").await;
        let pair = json!({ "address": relay.address(), "code": code, "deviceName": "Front desk" });
        self.page.must("pairWithRelay", pair).await;
        self.page.must("getOverview", json!({})).await["accounts"][0]["id"].clone()
    }

    /// The faults end, Deskbell lives on, and the agent decides what is left to them.
    async fn evening(&self, tabs: &mut [Tab]) {
        let mut patience = Patience::of(EVENING);
        loop {
            let mut rests = true;
            for tab in tabs.iter_mut() {
                rests &= tab.look().await;
            }
            if rests || patience.is_over() {
                break;
            }
            tokio::time::sleep(GLANCE).await;
        }
        self.page.must("syncAccounts", json!({})).await;
        for tab in tabs.iter() {
            let listed: Vec<String> = tab.customer.thread().iter().rev().take(20).map(|one| one.text.clone()).collect();
            let all_here = async || {
                let (thread, _) = self.page.thread(&tab.conversation).await;
                listed.iter().all(|text| thread.iter().any(|message| tab::body(message) == text))
            };
            until(&format!("all that {} and the shop wrote is here", tab.customer.name()), all_here).await;
        }
    }
}

/// Links the account as an agent would.
pub(crate) async fn link(tiktok: &Sandbox, page: &Page) -> Value {
    let apps = tiktok.apps();
    let credentials = json!({
        "loginClientKey": apps.login_client_key, "loginClientSecret": apps.login_client_secret,
        "businessAppId": apps.business_app_id, "businessSecret": apps.business_secret,
        "businessRedirectUri": apps.business_redirect_uri,
    });
    page.must("saveCredentials", credentials).await;
    page.must("skipSignIn", json!({})).await;
    let authorising = page.must("startAuthorization", json!({})).await;
    let address = authorising["step"]["address"].as_str().expect("an address to open");
    let landed = tiktok.agree(address).await.expect("TikTok's page agrees");
    page.must("pasteRedirect", json!({ "address": landed })).await;
    until("the account is shown", async || page.must("getLinkState", json!({})).await["step"]["step"] == "confirm")
        .await;
    page.must("confirmLink", json!({})).await["id"].clone()
}

pub(crate) async fn until(what: &str, state: impl AsyncFn() -> bool) {
    let mut patience = Patience::of(Duration::from_secs(60));
    while !state().await {
        assert!(!patience.is_over(), "waited in vain until {what}");
        tokio::time::sleep(GLANCE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_at_random_among_faults_loses_and_doubles_nothing() {
    fault_run(Way::Direct).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_and_its_relay_killed_at_random_among_faults_lose_and_double_nothing() {
    fault_run(Way::Relay).await;
}

#[expect(clippy::print_stdout, reason = "the figures are what the run is for")]
async fn fault_run(way: Way) {
    let sizes = Sizes::read();
    let began = Instant::now();
    println!("seed {}, {way:?}: {} sends, {} kills", sizes.seed, sizes.sends, sizes.kills);
    let mut run = Run::begin(sizes.seed, way).await;
    let account = run.account().await;
    let (mut jobs, mut customers, mut working) = (Vec::new(), Vec::new(), Vec::new());
    for number in 1..=sizes.customers() {
        let tab = run.tab(number, &account).await;
        let (sender, receiver) = mpsc::unbounded_channel();
        jobs.push(sender);
        customers.push(tab.customer.clone());
        working.push(tokio::spawn(tab.run(receiver)));
    }
    run.lives.kill().await;

    let mut lives: Vec<Vec<String>> = vec![Vec::new(); sizes.kills.max(1)];
    for number in 0..sizes.sends {
        let life = run.lot.random_range(0..lives.len());
        lives[life].push(format!("reply {number}"));
    }
    for texts in lives {
        run.live(texts, &jobs, &customers).await;
    }

    run.lives.begin();
    run.lives.listens().await;
    drop(jobs);
    let mut tabs = Vec::new();
    for tab in working {
        tabs.push(tab.await.unwrap());
    }
    run.tiktok.clear_faults();
    run.evening(&mut tabs).await;

    let mut wrong = String::new();
    for tab in &tabs {
        run.figures.sends += tab.done.pressed.len();
        if let Some(text) = judge(tab, &mut run.figures).await {
            wrong.push_str(&text);
        }
    }
    run.figures.attempts = run.tiktok.ledger().attempts.len();
    run.figures.answers_lost = run.page.lost.load(Ordering::Relaxed);
    run.figures.seconds = began.elapsed().as_secs_f64();
    println!("{}", run.figures.print());
    let relay = run.relay.as_ref().map(RelayProcess::said).unwrap_or_default();
    assert!(wrong.is_empty(), "seed {}:\n{wrong}\n{}\n{relay}", sizes.seed, run.lives.said());
    assert_eq!(run.figures.sends, sizes.sends);
}
