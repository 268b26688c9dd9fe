//! A shop's history, made up from a seed: sessions of a few messages each, running side by side, most of them with few
//! customers. One conversation, the giant, has a tenth of all; the next twenty are the VIPs.

use model::{Content, ConversationKind, Direction, MediaState, Millis, Reaction, Surface};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use store::table::message::IncomingMessage;
use store::table::person::PersonUpdate;

use crate::script::Script;

/// Changes with what is made, so that data of an older bench is made anew.
pub(crate) const EDITION: u32 = 2;
/// How long the shop has been open.
pub(crate) const SPAN_MS: Millis = 730 * 24 * 3_600_000;
/// When the history ends: 1 November 2026.
pub(crate) const END_MS: Millis = 1_793_491_200_000;
/// So many conversations go on at once.
const AT_ONCE: usize = 40;

/// What one message is, and where it goes.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// The customer's number; 0 is the giant.
    pub(crate) customer: u32,
    pub(crate) news: IncomingMessage,
}

struct Session {
    customer: u32,
    left: u32,
    last: Option<String>,
}

/// The history as it happens.
pub(crate) struct Shop {
    seed: u64,
    lot: StdRng,
    total: u64,
    said: u64,
    now_ms: Millis,
    sessions: Vec<Session>,
    newcomers: u32,
}

impl Shop {
    pub(crate) fn new(seed: u64, total: u64) -> Self {
        let lot = StdRng::seed_from_u64(seed ^ total);
        Self { seed, lot, total, said: 0, now_ms: END_MS - SPAN_MS, sessions: Vec::new(), newcomers: 0 }
    }

    /// The same shop after its history, which ends about [`END_MS`], give or take some hours: only [`Shop::fresh`] messages
    /// are to come.
    pub(crate) fn later(seed: u64, total: u64) -> Self {
        Self { said: total, now_ms: END_MS + 10 * 24 * 3_600_000, ..Self::new(seed, total) }
    }

    /// How many customers there are: one for every twenty messages.
    pub(crate) fn customers(&self) -> u32 {
        u32::try_from(self.total / 20).unwrap_or(u32::MAX).max(40)
    }

    /// Who writes next. Sizes follow Zipf's law; the giant is apart.
    fn draw(&mut self) -> u32 {
        if self.lot.random_ratio(1, 10) {
            return 0;
        }
        // The inverse of the sum of 1 / k^0.8.
        let most = f64::from(self.customers());
        let rank = (1.0 + self.lot.random::<f64>() * (most.powf(0.2) - 1.0)).powi(5);
        (rank as u32).clamp(1, self.customers() - 1)
    }

    fn content(&mut self, customer: &Customer) -> Content {
        let number = self.said;
        match self.lot.random_range(0..100) {
            0..82 => {
                // A few write to a shop in a language that is not their own.
                let script = if self.lot.random_ratio(1, 12) { Script::of(0) } else { customer.script };
                Content::Text { body: script.sentence(&mut self.lot) }
            }
            82..90 => {
                let key = format!("{:016x}{:016x}{:032x}", mix(number), mix(!number), number);
                let media = MediaState::Kept { key, width: 1080, height: 1440 };
                Content::Image { media_id: format!("v1{:016x}", mix(number)), media }
            }
            90..93 => {
                let url = format!("https://p16-sign.tiktokcdn.com/sticker/{:012x}.webp", mix(number % 300));
                Content::Sticker { url, media: MediaState::Unavailable }
            }
            93..98 => {
                let item_id = format!("73{:017}", mix(number % 80) % 100_000_000_000_000_000);
                let embed_url = format!("https://www.tiktok.com/embed/v2/{item_id}");
                Content::SharePost { embed_url, item_id: Some(item_id) }
            }
            98 => Content::Video { media_id: format!("v2{:016x}", mix(number)) },
            _ => {
                let buttons = vec![customer.script.word(&mut self.lot), customer.script.word(&mut self.lot)];
                Content::Card { kind: None, title: customer.script.sentence(&mut self.lot), buttons }
            }
        }
    }

    /// A message nobody has seen yet, later than all others: for what is measured.
    pub(crate) fn fresh(&mut self, customer: u32, outgoing: bool) -> IncomingMessage {
        let who = Customer::of(self.seed, customer);
        self.now_ms += 1_000;
        self.said += 1;
        let content = Content::Text { body: who.script.sentence(&mut self.lot) };
        self.news(&who, content, outgoing, None)
    }

    /// The number of a customer that the history does not know.
    pub(crate) fn next_newcomer(&mut self) -> u32 {
        self.newcomers += 1;
        self.customers() + self.newcomers
    }

    fn news(
        &mut self,
        customer: &Customer,
        content: Content,
        outgoing: bool,
        quoted: Option<String>,
    ) -> IncomingMessage {
        let remote_id = format!("{:016x}{:012x}", mix(self.said ^ self.seed), self.said);
        let surface = match (outgoing, self.lot.random_range(0..4)) {
            (true, 0) => Surface::Phone,
            (true, _) => Surface::Api,
            (false, _) => Surface::Phone,
        };
        let mut reactions = Vec::new();
        if self.lot.random_ratio(1, 50) {
            let from = if outgoing { Direction::In } else { Direction::Out };
            reactions.push(Reaction { emoji: "❤".to_owned(), picture: None, from });
        }
        let raw = raw(&remote_id, customer, self.now_ms, outgoing, &content);
        IncomingMessage {
            remote_id,
            sent_at_ms: self.now_ms,
            is_timed: true,
            outgoing,
            surface,
            auto: None,
            content,
            quoted_remote_id: quoted,
            reactions,
            raw,
        }
    }
}

impl Iterator for Shop {
    type Item = Said;

    fn next(&mut self) -> Option<Said> {
        if self.said >= self.total {
            return None;
        }
        while self.sessions.len() < AT_ONCE {
            let (customer, left) = (self.draw(), self.lot.random_range(2..9));
            self.sessions.push(Session { customer, left, last: None });
        }
        let step = SPAN_MS / i64::try_from(self.total).unwrap_or(i64::MAX);
        self.now_ms += self.lot.random_range(1..=(2 * step - 1).max(1));
        let at = self.lot.random_range(0..self.sessions.len());
        let mut session = self.sessions.swap_remove(at);
        session.left -= 1;
        // Most sessions end with an answer.
        let outgoing = if session.left == 0 { self.lot.random_ratio(4, 5) } else { self.lot.random_ratio(2, 5) };
        let outgoing = outgoing && session.last.is_some();
        let customer = Customer::of(self.seed, session.customer);
        let content = self.content(&customer);
        let quoted = session.last.take().filter(|_| self.lot.random_ratio(1, 30));
        let news = self.news(&customer, content, outgoing, quoted);
        self.said += 1;
        let customer = session.customer;
        if session.left > 0 {
            session.last = Some(news.remote_id.clone());
            self.sessions.push(session);
        }
        Some(Said { customer, news })
    }
}

/// One of the shop's customers; all of it follows from the number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Customer {
    number: u32,
    lot: u64,
    pub(crate) script: &'static Script,
}

impl Customer {
    /// The giant writes Latin, as the largest share does.
    pub(crate) fn of(seed: u64, number: u32) -> Self {
        let lot = mix(seed ^ (u64::from(number) << 20));
        Self { number, lot, script: if number == 0 { Script::of(0) } else { Script::of(lot) } }
    }

    pub(crate) fn remote_id(&self) -> String {
        format!("{:016x}{:06x}==", self.lot, self.number)
    }

    pub(crate) fn name(&self) -> String {
        self.script.person(mix(self.lot))
    }

    pub(crate) fn handle(&self) -> String {
        format!(
            "{}{:x}",
            ["shop", "lee", "mia", "tok", "nova"].get((self.lot % 5) as usize).unwrap_or(&"u"),
            self.number
        )
    }

    pub(crate) fn person(&self) -> PersonUpdate {
        PersonUpdate {
            remote_id: format!("+{:016x}=", mix(self.lot)),
            name: Some(self.name()),
            handle: Some(self.handle()),
            avatar_url: None,
            is_follower: Some(self.lot.is_multiple_of(3)),
        }
    }

    pub(crate) fn kind(&self) -> ConversationKind {
        if self.number > 30 && self.lot % 25 == 1 { ConversationKind::Request } else { ConversationKind::Chat }
    }

    /// Whether the agent has put an answered conversation away.
    pub(crate) fn is_done(&self) -> bool {
        self.number > 0 && self.lot / 100 % 10 < 6
    }

    /// Whether the agent has taken it.
    pub(crate) fn is_mine(&self) -> bool {
        (self.lot / 500).is_multiple_of(12)
    }

    /// Whether it is put away until a time, for one in forty.
    pub(crate) fn is_snoozed(&self) -> bool {
        self.number > 0 && (self.lot / 9_000).is_multiple_of(40)
    }

    /// A tag, for one customer in twenty.
    pub(crate) fn tag(&self) -> Option<&'static str> {
        const TAGS: [&str; 6] = ["VIP", "wholesale", "Größe fragen", "退货", "late", "press"];
        (self.lot / 1_000).is_multiple_of(20).then(|| TAGS.get((self.lot / 20_000 % 6) as usize).copied())?
    }

    /// Whether a draft waits in the composer, for one in two hundred.
    pub(crate) fn has_draft(&self) -> bool {
        (self.lot / 3_000).is_multiple_of(200)
    }

    /// Whether messages are missing between two, for one in a hundred.
    pub(crate) fn has_gap(&self) -> bool {
        (self.lot / 7_000).is_multiple_of(100)
    }
}

/// What TikTok says of a message, as its documentation shows it.
fn raw(remote_id: &str, customer: &Customer, at_ms: Millis, outgoing: bool, content: &Content) -> String {
    let (conversation, handle) = (customer.remote_id(), customer.handle());
    let (from, to) = if outgoing { ("shop_a", handle.as_str()) } else { (handle.as_str(), "shop_a") };
    let (kind, inner) = match content {
        Content::Text { body } => ("TEXT", serde_json::json!({ "body": body })),
        Content::Image { media_id, .. } => ("IMAGE", serde_json::json!({ "media_id": media_id })),
        other => ("OTHER", serde_json::json!({ "value": other.searchable() })),
    };
    serde_json::json!({
        "message_id": remote_id, "conversation_id": conversation, "timestamp": at_ms, "sender": from, "recipient": to,
        "from_user": { "role": "PERSONAL_ACCOUNT", "id": conversation }, "to_user": { "role": "BUSINESS_ACCOUNT", "id": "_000EXAMPLEopenid" },
        "message_type": kind, "content": inner, "message_tag": { "source": "APP" },
    })
    .to_string()
}

/// A number that has nothing to do with the one it is made from, and is always the same (splitmix64).
pub(crate) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
