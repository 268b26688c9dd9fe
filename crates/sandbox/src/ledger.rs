//! What TikTok truly received: the one witness for "nothing lost, nothing sent twice". It is only ever appended to,
//! and a fault that hides an answer never hides the entry.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::auto_message::{AutoChange, AutoKind, AutoMessage};

/// A message of the business that was accepted through the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Accepted {
    /// The conversation it went to.
    pub conversation_id: String,
    /// Display name of the customer there.
    pub customer: String,
    /// The handle it was sent as.
    pub from: String,
    /// `TEXT`, `IMAGE`, `SHARE_POST` or `TEMPLATE`.
    pub kind: &'static str,
    /// Its text, to the byte; empty where it has none.
    pub text: String,
    /// The image of an `IMAGE`.
    pub image: Option<SentImage>,
    /// The post of a `SHARE_POST`.
    pub item_id: Option<String>,
    /// The card of a `TEMPLATE`, as it was sent.
    pub template: Option<Value>,
    /// The comment it answers (§4.8).
    pub comment_id: Option<String>,
    /// The id it was given.
    pub message_id: String,
    /// The message it quotes.
    pub referenced_message_id: Option<String>,
    /// The time on the sandbox's clock, in ms since the epoch.
    pub at_ms: i64,
}

impl Accepted {
    /// The message on one line: `hello`, `> 73… hello` where it quotes one, `[to comment 73…] hello` where it answers a
    /// comment, `[image 1200x800 jpeg 312 kB]` (kB rounded up; without the size if the header does not tell), `[post
    /// 73…]`, `[card Title | Yes | No]`.
    #[must_use]
    pub fn line(&self) -> String {
        let quote = self.referenced_message_id.as_ref().map_or_else(String::new, |id| format!("> {id} "));
        let what = if let Some(image) = &self.image {
            let size =
                image.width.zip(image.height).map_or_else(String::new, |(width, height)| format!("{width}x{height} "));
            format!("[image {size}{} {} kB]", image.kind, image.bytes.div_ceil(1000))
        } else if let Some(item_id) = &self.item_id {
            format!("[post {item_id}]")
        } else if let Some(card) = &self.template {
            let title = |value: &Value| value.get("title").and_then(Value::as_str).unwrap_or_default().to_owned();
            let buttons = card.get("buttons").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let titles: Vec<String> = std::iter::once(card).chain(buttons).map(title).collect();
            format!("[card {}]", titles.join(" | "))
        } else {
            self.text.clone()
        };
        let comment = self.comment_id.as_ref().map_or_else(String::new, |id| format!("[to comment {id}] "));
        format!("{comment}{quote}{what}")
    }
}

/// An image as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentImage {
    /// The id its upload was answered with.
    pub media_id: String,
    /// SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// How many bytes it has.
    pub bytes: usize,
    /// `jpeg` or `png`.
    pub kind: &'static str,
    /// In pixels, if its header tells.
    pub width: Option<u32>,
    /// In pixels, if its header tells.
    pub height: Option<u32>,
}

/// An image that was uploaded, sent or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Upload {
    /// The handle of the account it belongs to.
    pub account: String,
    /// The id it was given.
    pub media_id: String,
    /// How many bytes it has.
    pub bytes: usize,
    /// `jpeg` or `png`.
    pub kind: &'static str,
    /// The time on the sandbox's clock, in ms since the epoch.
    pub at_ms: i64,
}

/// How a send ended, whatever its sender was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Accepted, under this message id.
    Accepted(String),
    /// Refused with this code (§7.5).
    Refused(i64),
    /// A fault kept TikTok from looking at it.
    Lost,
}

/// One call of the send endpoint with a message in it; typing and mark-read are not attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// The recipient as it was written in the call; empty where it answers a comment.
    pub conversation_id: String,
    /// The comment it answers, as it was written in the call.
    pub comment_id: Option<String>,
    /// The message type as it was written in the call.
    pub kind: String,
    /// The text as it was written in the call.
    pub text: String,
    /// How it ended.
    pub verdict: Verdict,
    /// The time on the sandbox's clock, in ms since the epoch.
    pub at_ms: i64,
}

/// A typing sign or a mark-read in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sign {
    /// The conversation.
    pub conversation_id: String,
    /// Display name of the customer there.
    pub customer: String,
    /// The time on the sandbox's clock, in ms since the epoch.
    pub at_ms: i64,
}

/// The two platforms. They are two apps with two secrets (§1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// TikTok for Developers.
    LoginKit,
    /// TikTok API for Business.
    Business,
}

/// A call of a token endpoint, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenCall {
    /// The platform it was for.
    pub platform: Platform,
    /// Whether it was a refresh; otherwise it exchanged a code.
    pub refresh: bool,
    /// Whether a new pair of tokens was issued.
    pub issued: bool,
    /// The time on the sandbox's clock, in ms since the epoch.
    pub at_ms: i64,
}

/// Something a person wrote after the sandbox opened: a customer, or a colleague on the phone or the web.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// The conversation.
    pub conversation_id: String,
    /// Display name of the customer there.
    pub customer: String,
    /// Whether the customer wrote it; otherwise a colleague did.
    pub by_customer: bool,
    /// Its text; empty where it has none.
    pub text: String,
    /// Its id.
    pub message_id: String,
    /// The time on the sandbox's clock, in ms since the epoch.
    pub at_ms: i64,
}

/// Counts of webhooks. Without a listener and an address none are made, and none are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct WebhookTally {
    /// Events made.
    pub made: usize,
    /// Of these, lost to the fault dial or to a queue that was full.
    pub dropped: usize,
    /// Of these, delivered twice.
    pub doubled: usize,
    /// Of these, held back for later ones to overtake.
    pub held: usize,
    /// Brought to the registered address and answered with 200.
    pub taken: usize,
    /// Brought there, or tried to, and not answered with 200.
    pub refused: usize,
    /// Given up after 72 hours.
    pub given_up: usize,
}

/// The record, in the order things happened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Messages accepted through the API.
    pub accepted: Vec<Accepted>,
    /// Calls of the send endpoint.
    pub attempts: Vec<Attempt>,
    /// Images that were uploaded.
    pub uploads: Vec<Upload>,
    /// Calls of the token endpoints that no fault kept away.
    pub tokens: Vec<TokenCall>,
    /// Conversations that were marked as read.
    pub mark_reads: Vec<Sign>,
    /// Typing signs.
    pub typing: Vec<Sign>,
    /// Messages that customers and colleagues wrote.
    pub written: Vec<Written>,
    /// Counts of webhooks.
    pub webhooks: WebhookTally,
    /// Changes to automatic messages since the sandbox opened.
    pub auto_changes: Vec<AutoChange>,
    /// Every account's automatic messages, as they are at this moment.
    pub auto_messages: Vec<AutoMessage>,
    /// Calls refused for being too fast.
    pub rate_limited: usize,
    calls: BTreeMap<String, usize>,
}

impl Ledger {
    /// The texts a customer truly got through the API, oldest first. `customer` is a display name.
    #[must_use]
    pub fn texts_to(&self, customer: &str) -> Vec<String> {
        self.sent_to(customer).filter(|sent| sent.kind == "TEXT").map(|sent| sent.text.clone()).collect()
    }

    /// Every message a customer truly got through the API, of any kind, oldest first, each as [`Accepted::line`].
    #[must_use]
    pub fn messages_to(&self, customer: &str) -> Vec<String> {
        self.sent_to(customer).map(Accepted::line).collect()
    }

    fn sent_to<'a>(&'a self, customer: &'a str) -> impl Iterator<Item = &'a Accepted> {
        self.accepted.iter().filter(move |sent| sent.customer == customer)
    }

    /// The ids of everything that came about in a customer's conversation since the sandbox opened, on either side and
    /// by whatever way, in the order of its times: what a client that was there all the time must hold. `customer` is a
    /// display name, as it was at the time.
    #[must_use]
    pub fn ids_with(&self, customer: &str) -> Vec<String> {
        let written = self.written.iter().filter(|line| line.customer == customer);
        let mut all: Vec<(i64, &String)> = written.map(|line| (line.at_ms, &line.message_id)).collect();
        all.extend(self.sent_to(customer).map(|sent| (sent.at_ms, &sent.message_id)));
        // Stable, so what was written into one moment keeps its order.
        all.sort_by_key(|(at_ms, _)| *at_ms);
        all.into_iter().map(|(_, id)| id.clone()).collect()
    }

    /// The automatic messages of a kind that there are now, in TikTok's order, each as [`AutoMessage::line`]. All
    /// accounts' together: most worlds have one.
    #[must_use]
    pub fn automatic(&self, kind: AutoKind) -> Vec<String> {
        self.auto_messages.iter().filter(|message| message.kind == kind).map(AutoMessage::line).collect()
    }

    /// How many calls of an endpoint arrived, faults included. `*` counts them all.
    #[must_use]
    pub fn calls(&self, endpoint: &str) -> usize {
        if endpoint == "*" {
            return self.calls.values().sum();
        }
        self.calls.get(endpoint).copied().unwrap_or(0)
    }

    /// Calls per endpoint name.
    #[must_use]
    pub fn all_calls(&self) -> &BTreeMap<String, usize> {
        &self.calls
    }

    /// How many refreshes issued a new pair of tokens.
    #[must_use]
    pub fn refreshes(&self) -> usize {
        self.tokens.iter().filter(|call| call.refresh && call.issued).count()
    }

    /// How many refreshes were asked for and looked at, granted or not.
    #[must_use]
    pub fn refresh_calls(&self) -> usize {
        self.tokens.iter().filter(|call| call.refresh).count()
    }

    /// How many codes were exchanged for tokens.
    #[must_use]
    pub fn exchanges(&self) -> usize {
        self.tokens.iter().filter(|call| !call.refresh && call.issued).count()
    }

    pub(crate) fn count(&mut self, endpoint: &str) {
        *self.calls.entry(endpoint.to_owned()).or_default() += 1;
    }
}
