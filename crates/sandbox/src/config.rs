//! How a sandbox is set up: its seed, its rules, its registered apps.

use std::time::Duration;

/// Which reading of TikTok's reply window an account follows; the sources disagree (§7.1 of the API facts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum WindowRule {
    /// Ten messages within 48 h of a customer's first words; without limit for 48 h after each later answer; three
    /// more once the customer has been silent for 48 h.
    #[default]
    A,
    /// Ten messages per 48 h, counted anew with each customer message; nothing after 48 h.
    B,
}

/// A large shop for load: this many conversations, each with this many messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Populate {
    /// Conversations to invent.
    pub conversations: usize,
    /// Messages in each of them.
    pub messages: usize,
}

/// Many people who write at once: most messages come from a few (Zipf's law), in nine
/// scripts and in emoji. One in four is a colleague's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    /// How many people write.
    pub customers: usize,
    /// How many messages there are in all; with fewer than one for each customer, the last customers write nothing.
    pub messages: usize,
    /// The time over which they are spread; it ends now.
    pub over: Duration,
}

/// The app's request budget on TikTok API for Business (§7.4, Basic tier). Beyond it every call answers 40100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Calls in any second.
    pub per_second: u32,
    /// Calls in any minute; after it the app waits five minutes.
    pub per_minute: u32,
    /// Calls in a day (UTC); after it the app waits until midnight.
    pub per_day: u32,
}

impl Limits {
    /// No limit at all, for tests of something else.
    pub const NONE: Limits = Limits { per_second: u32::MAX, per_minute: u32::MAX, per_day: u32::MAX };
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { per_second: 10, per_minute: 600, per_day: 864_000 }
    }
}

/// What TikTok does with an image that quotes a message. Its documentation lets only texts quote, but a client that is
/// in use sends it all the same, so the true behaviour is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PictureQuotes {
    /// 40002, as documented.
    #[default]
    Refused,
    /// The image is sent, and quotes.
    Taken,
    /// The image is sent, and quotes nothing.
    Dropped,
}

/// How long tokens live, in seconds (§2.4 and §3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Login Kit access token: 2 h on the pages of November 2026.
    pub login_access_s: i64,
    /// Login Kit refresh token: 180 days.
    pub login_refresh_s: i64,
    /// Business access token: a day.
    pub business_access_s: i64,
    /// Business refresh token: a year.
    pub business_refresh_s: i64,
}

impl Default for Lifetimes {
    fn default() -> Lifetimes {
        Lifetimes {
            login_access_s: 7_200,
            login_refresh_s: 180 * 86_400,
            business_access_s: 86_400,
            business_refresh_s: 365 * 86_400,
        }
    }
}

/// What a sandbox is started with. `Config::default()` is an empty, silent TikTok on any free port.
#[derive(Debug, Clone)]
pub struct Config {
    /// Loopback port to listen on; 0 takes any free one.
    pub port: u16,
    /// Everything drawn by lot follows from it: ids, customers, the order of messages in a listing.
    pub seed: u64,
    /// How fast customers live: 0 is silence, 1 is a calm shop, 10 a busy one.
    pub speed: f64,
    /// Whether Maison Bloom and its customers are there.
    pub scripted: bool,
    /// Invented conversations for load, in an account of their own unless Maison Bloom is there.
    pub populate: Option<Populate>,
    /// People who wrote before the sandbox opened; they are in no ledger. [`crate::Sandbox::crowd`] has them write
    /// later.
    pub crowd: Option<Crowd>,
    /// Whether the stand-in for the registered https page goes on to the desktop's loopback port by itself.
    pub auto_bounce: bool,
    /// The request budget.
    pub limits: Limits,
    /// The reply window of Maison Bloom and of accounts that are opened by themselves.
    pub rule: WindowRule,
    /// Token lifetimes.
    pub lifetimes: Lifetimes,
    /// The Business app's one active redirect address, compared byte for byte (§1).
    pub business_redirect_uri: String,
    /// The Login Kit app's registered redirect addresses; the port may be `*` (§2.2).
    pub login_redirects: Vec<String>,
    /// The scopes the Business app was approved for; one more in a request refuses it all (§3.2).
    pub business_scopes: Vec<String>,
    /// The pause before a webhook that was not answered with 200 is brought again; it doubles each time (§6.3).
    pub webhook_retry: Duration,
    /// Whether a retry is signed with the time of the retry. Otherwise with the time of the first try; it is not
    /// documented (§6.2).
    pub signs_retries_anew: bool,
    /// Where accounts are registered, as ISO 3166-1 alpha-2 has it; `VN`, `ID` and `TH` have Comment-to-Message (§4.8).
    pub country: String,
    /// How long the review of an automatic message takes: seconds to hours in life (§5).
    pub review: Duration,
    /// Automatic messages with any of these words in them, in whatever case, are rejected.
    pub review_rejects: Vec<String>,
    /// What happens to an image that quotes a message.
    pub picture_quotes: PictureQuotes,
    /// What the sandbox's clock shows at the start, in ms since the epoch; the real time if not given.
    pub start_at_ms: Option<i64>,
}

impl Default for Config {
    fn default() -> Config {
        let owned = |all: &[&str]| all.iter().map(ToString::to_string).collect();
        Config {
            port: 0,
            seed: 1,
            speed: 0.0,
            scripted: false,
            populate: None,
            crowd: None,
            auto_bounce: true,
            limits: Limits::default(),
            rule: WindowRule::A,
            lifetimes: Lifetimes::default(),
            business_redirect_uri: "https://bounce.deskbell.example/callback/".to_owned(),
            login_redirects: owned(&[
                "http://127.0.0.1:*/callback/",
                "http://127.0.0.1:*/login/",
                "http://localhost:*/callback/",
                "http://localhost:*/login/",
            ]),
            business_scopes: owned(&[
                "user.info.basic",
                "user.info.username",
                "user.info.profile",
                "user.info.stats",
                "user.account.type",
                "user.insights",
                "message.list.read",
                "message.list.send",
                "message.list.manage",
                "comment.list",
                "comment.list.manage",
                "video.list",
            ]),
            webhook_retry: Duration::from_secs(1),
            signs_retries_anew: true,
            country: "TH".to_owned(),
            review: Duration::from_secs(20),
            review_rejects: owned(&["free money"]),
            picture_quotes: PictureQuotes::default(),
            start_at_ms: None,
        }
    }
}

impl Config {
    /// The same sandbox, but the Business app was never approved for this scope: an authorize page that asks for it
    /// refuses the whole request as `invalid_scope` (§3.2).
    #[must_use]
    pub fn without_scope(mut self, scope: &str) -> Config {
        self.business_scopes.retain(|approved| approved != scope);
        self
    }
}

/// The two registered demo apps: what a person would copy from TikTok's two portals.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Apps {
    /// Login Kit: the client key.
    pub login_client_key: String,
    /// Login Kit: the client secret, required even on a desktop (§2.4).
    pub login_client_secret: String,
    /// API for Business: the app id, named `client_key`, `client_id` and `app_id` by turns (§3.1).
    pub business_app_id: String,
    /// API for Business: the app's secret.
    pub business_secret: String,
    /// API for Business: the registered redirect address.
    pub business_redirect_uri: String,
}

impl Apps {
    pub(crate) fn of(config: &Config) -> Apps {
        let secret = |label| crate::ids::hex(&crate::ids::digest(config.seed, label, &[])).chars().take(40).collect();
        Apps {
            login_client_key: "awdeskbellpractice".to_owned(),
            login_client_secret: secret("login secret"),
            business_app_id: "7400000000000000019".to_owned(),
            business_secret: secret("business secret"),
            business_redirect_uri: config.business_redirect_uri.clone(),
        }
    }
}
