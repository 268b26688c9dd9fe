//! The state of this TikTok: accounts, their conversations, who was granted what, and what was recorded of it.

use std::collections::HashMap;

use super::{
    agenda::Agenda,
    auto_message::{AutoMessages, Reviewer},
    conversation::{Content, Conversation, Message, Person, Referral, Source, Tap},
    event::WorldEvent,
    grants::Grants,
    outgoing::OutgoingMessage,
    post::Post,
    posted_comment::PostedComment,
    uploads::{ImageKind, Uploads},
};
use crate::{
    clock::MINUTE_MS,
    config::WindowRule,
    ids,
    ledger::{Accepted, Ledger, Upload, Written},
};

/// A TikTok account a shop owns.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// `open_id` towards the Business app: its business id (§3.3).
    pub(crate) business_id: String,
    /// `open_id` towards the Login Kit app, which is another one (§1).
    pub(crate) login_open_id: String,
    pub(crate) union_id: String,
    pub(crate) handle: String,
    pub(crate) display_name: String,
    pub(crate) rule: WindowRule,
    /// Where it is registered, as ISO 3166-1 alpha-2 has it.
    pub(crate) country: String,
    pub(crate) automatic: AutoMessages,
    /// Comment-to-Message is on.
    pub(crate) answers_comments: bool,
}

/// A message as it comes about, before it has an id.
#[derive(Debug, Default)]
pub(crate) struct NewMessage {
    pub(crate) content: Content,
    /// Its id; a new one if none is given.
    pub(crate) id: Option<String>,
    pub(crate) source: Source,
    pub(crate) auto: Option<&'static str>,
    pub(crate) referenced: Option<String>,
    pub(crate) tapped: Option<Tap>,
}

impl NewMessage {
    pub(crate) fn of(content: Content) -> NewMessage {
        NewMessage { content, ..NewMessage::default() }
    }
}

/// The side that wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Customer,
    Business,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    rule: WindowRule,
    /// Where accounts that are opened from now on are registered.
    pub(crate) country: String,
    /// When the sandbox opened, in ms since the epoch.
    pub(super) opened_at: i64,
    default_account: usize,
    pub(crate) accounts: Vec<Account>,
    pub(crate) conversations: Vec<Conversation>,
    pub(crate) comments: Vec<PostedComment>,
    pub(crate) posts: Vec<Post>,
    pub(crate) uploads: Uploads,
    /// How long each video is, in bytes, by the id it is listed with.
    pub(crate) videos: HashMap<String, usize>,
    /// What happened since the world was last let go; webhooks are made of it.
    pub(crate) events: Vec<WorldEvent>,
    by_id: HashMap<String, usize>,
    by_person: HashMap<(usize, String), usize>,
    pub(crate) grants: Grants,
    pub(crate) reviewer: Reviewer,
    pub(crate) ledger: Ledger,
    pub(crate) agenda: Agenda,
}

impl World {
    pub(crate) fn new(seed: u64, rule: WindowRule, speed: f64, opened_at: i64) -> World {
        World {
            seed,
            rule,
            country: String::new(),
            opened_at,
            default_account: 0,
            accounts: Vec::new(),
            conversations: Vec::new(),
            comments: Vec::new(),
            posts: Vec::new(),
            uploads: Uploads::default(),
            videos: HashMap::new(),
            events: Vec::new(),
            by_id: HashMap::new(),
            by_person: HashMap::new(),
            grants: Grants::new(seed),
            reviewer: Reviewer::default(),
            ledger: Ledger::default(),
            agenda: Agenda::new(seed, speed),
        }
    }

    /// Opens an account, or gives back the one of that handle. Either way it is the default from now on.
    pub(crate) fn open_account(&mut self, handle: &str, display_name: &str, rule: WindowRule) -> usize {
        let handle = handle.trim_start_matches('@');
        if let Some(at) = self.accounts.iter().position(|account| account.handle == handle) {
            self.default_account = at;
            return at;
        }
        let id = |label| format!("_000{}", ids::base64url(&ids::digest(self.seed, label, &[handle])));
        self.accounts.push(Account {
            business_id: id("business id"),
            login_open_id: format!("-000{}", ids::base64url(&ids::digest(self.seed, "login open id", &[handle]))),
            union_id: ids::base64url(&ids::digest(self.seed, "union id", &[handle])),
            handle: handle.to_owned(),
            display_name: display_name.to_owned(),
            rule,
            country: self.country.clone(),
            automatic: AutoMessages::default(),
            answers_comments: false,
        });
        self.default_account = self.accounts.len() - 1;
        self.post_catalogue(self.default_account, handle);
        self.default_account
    }

    /// The account opened last; a world without one opens a small shop.
    pub(crate) fn default_account(&mut self) -> usize {
        if self.accounts.is_empty() {
            return self.open_account("cornershop", "Corner Shop", self.rule);
        }
        self.default_account
    }

    /// The account with this business id.
    pub(crate) fn account_of_business(&self, business_id: &str) -> Option<usize> {
        self.accounts.iter().position(|account| account.business_id == business_id)
    }

    /// The conversation between an account and the person of that display name; both are made if need be.
    pub(crate) fn conversation_with(&mut self, account: usize, name: &str) -> usize {
        if let Some(at) = self.by_person.get(&(account, name.to_owned())) {
            return *at;
        }
        let shop = self.accounts.get(account).map_or("", |account| account.handle.as_str()).to_owned();
        let conversation = Conversation {
            id: ids::base64ish(self.seed, "conversation", &[&shop, name]),
            account,
            person: Person {
                unique_identifier: format!("+Z{}", ids::base64ish(self.seed, "person", &[name])),
                username: username(self.seed, name),
                display_name: name.to_owned(),
                follower: ids::number(self.seed, "follower", &[name]).is_multiple_of(2),
                in_europe: false,
                new_faces: 0,
            },
            answered: false,
            blocked: false,
            takes_images: true,
            customer_read_at: None,
            referral: None,
            messages: Vec::new(),
            minted: 0,
            voice: None,
        };
        let at = self.conversations.len();
        self.by_id.insert(conversation.id.clone(), at);
        self.by_person.insert((account, name.to_owned()), at);
        self.conversations.push(conversation);
        at
    }

    /// The place of the conversation with this id.
    pub(crate) fn find(&self, conversation_id: &str) -> Option<usize> {
        self.by_id.get(conversation_id).copied()
    }

    /// A person goes by another name from now on. They are still found by the old one.
    pub(crate) fn rename(&mut self, conversation: usize, name: &str) {
        if let Some(there) = self.conversations.get_mut(conversation) {
            name.clone_into(&mut there.person.display_name);
            self.by_person.entry((there.account, name.to_owned())).or_insert(conversation);
        }
    }

    /// A message that was there before the sandbox opened: no ledger entry, no answer is planned, no webhook is made.
    pub(crate) fn remember(&mut self, conversation: usize, side: Side, at_ms: i64, new: NewMessage) -> String {
        self.put(conversation, side, at_ms, new).map(|message| message.id).unwrap_or_default()
    }

    fn put(&mut self, conversation: usize, side: Side, at_ms: i64, new: NewMessage) -> Option<Message> {
        let seed = self.seed;
        let there = self.conversations.get_mut(conversation)?;
        there.minted += 1;
        let minted = || ids::digits(seed, "message", &[&there.id, &there.minted.to_string()]);
        let id = new.id.clone().unwrap_or_else(minted);
        there.answered |= side == Side::Business && new.auto.is_none();
        let message = Message {
            id,
            at_ms,
            by_customer: side == Side::Customer,
            source: new.source,
            content: new.content,
            auto: new.auto,
            referenced: new.referenced,
            tapped: new.tapped,
            reactions: Vec::new(),
        };
        there.insert(message.clone());
        Some(message)
    }

    /// A person writes: a customer, or a colleague on the phone or the web; or TikTok does for the shop.
    pub(crate) fn write(&mut self, conversation: usize, side: Side, at_ms: i64, new: NewMessage) -> String {
        let answers = side == Side::Business && new.auto.is_none();
        let first = self.conversations.get(conversation).is_some_and(|there| there.messages.is_empty());
        let Some(message) = self.put(conversation, side, at_ms, new).map(Box::new) else {
            return String::new();
        };
        let message_id = message.id.clone();
        if let Some(there) = self.conversations.get(conversation) {
            self.ledger.written.push(Written {
                conversation_id: there.id.clone(),
                customer: there.person.display_name.clone(),
                by_customer: side == Side::Customer,
                text: message.content.text().to_owned(),
                message_id: message_id.clone(),
                at_ms,
            });
        }
        let said = message.content.text().to_owned();
        self.events.push(WorldEvent::Message { conversation, message });
        if answers {
            self.expect_answer(conversation, &message_id, at_ms);
        }
        if side == Side::Customer {
            self.serve(conversation, first, &said, at_ms);
        }
        message_id
    }

    /// A customer reads every message so far. The mark never goes back.
    pub(crate) fn read(&mut self, conversation: usize, at_ms: i64) {
        if let Some(there) = self.conversations.get_mut(conversation) {
            let at_ms = there.customer_read_at.map_or(at_ms, |before| before.max(at_ms));
            there.customer_read_at = Some(at_ms);
            self.events.push(WorldEvent::Read { conversation, at_ms });
        }
    }

    /// A customer comes through an ad or a link.
    pub(crate) fn refer(&mut self, conversation: usize, referral: Referral, at_ms: i64) {
        if let Some(there) = self.conversations.get_mut(conversation) {
            there.referral = Some(referral.clone());
            self.events.push(WorldEvent::Referral { conversation, referral, at_ms });
        }
    }

    /// The API's send was accepted: the message is in the conversation and in the ledger, whatever becomes of the
    /// answer.
    pub(crate) fn accept(
        &mut self,
        conversation: usize,
        at_ms: i64,
        parcel: OutgoingMessage,
        referenced: Option<String>,
    ) -> String {
        let kind = parcel.kind();
        let content = self.listed_content(conversation, &parcel);
        let new = NewMessage { content, source: Source::Api, referenced: referenced.clone(), ..NewMessage::default() };
        let at_ms = self.after_last(conversation, at_ms);
        let Some(message) = self.put(conversation, Side::Business, at_ms, new).map(Box::new) else {
            return String::new();
        };
        let message_id = message.id.clone();
        let (mut text, mut image, mut item_id, mut template) = (String::new(), None, None, None);
        match parcel {
            OutgoingMessage::Text(body) => text = body,
            OutgoingMessage::Image(sent) => image = Some(sent),
            OutgoingMessage::SharePost(id) => item_id = Some(id),
            OutgoingMessage::Template(card) => template = Some(card),
        }
        if let Some(there) = self.conversations.get(conversation) {
            self.ledger.accepted.push(Accepted {
                conversation_id: there.id.clone(),
                customer: there.person.display_name.clone(),
                from: self.accounts.get(there.account).map(|account| account.handle.clone()).unwrap_or_default(),
                kind,
                text,
                image,
                item_id,
                template,
                comment_id: None,
                message_id: message_id.clone(),
                referenced_message_id: referenced,
                at_ms,
            });
        }
        self.events.push(WorldEvent::Message { conversation, message });
        self.expect_answer(conversation, &message_id, at_ms);
        message_id
    }

    /// The content that an outgoing message becomes in the conversation. An image is listed under another id than it
    /// was uploaded under: nothing promises that they are one.
    fn listed_content(&mut self, conversation: usize, parcel: &OutgoingMessage) -> Content {
        match parcel {
            OutgoingMessage::Text(body) => Content::Text(body.clone().into()),
            OutgoingMessage::Image(sent) => {
                let (id, minted) =
                    self.conversations.get(conversation).map_or(("", 0), |there| (there.id.as_str(), there.minted));
                let media_id = ids::digits(self.seed, "media", &[id, &minted.to_string()]);
                self.uploads.list(&media_id, &sent.media_id);
                Content::Image { media_id }
            }
            OutgoingMessage::SharePost(item_id) => Content::SharePost { item_id: item_id.clone() },
            OutgoingMessage::Template(card) => Content::Template(card.clone()),
        }
    }

    /// The ledger so far, with the automatic messages as they are now.
    pub(crate) fn record(&self) -> Ledger {
        let mut record = self.ledger.clone();
        record.auto_messages = self.auto_messages();
        record
    }

    /// An account uploads an image: kept, and in the ledger.
    pub(crate) fn upload(&mut self, account: usize, kind: ImageKind, bytes: Vec<u8>, at_ms: i64) -> Upload {
        let handle = self.accounts.get(account).map_or("", |account| account.handle.as_str());
        let entry = self.uploads.take(self.seed, (account, handle), (kind, bytes), at_ms);
        self.ledger.uploads.push(entry.clone());
        entry
    }

    /// `at_ms`, or just after the conversation's last message: what people see happen in a row is stamped in a row.
    /// A message scripted into the future does not drag the present along.
    pub(crate) fn after_last(&self, conversation: usize, at_ms: i64) -> i64 {
        let last = self.conversations.get(conversation).map_or(0, Conversation::updated_at);
        if last - at_ms < MINUTE_MS { at_ms.max(last + 1) } else { at_ms }
    }

    fn expect_answer(&mut self, conversation: usize, message_id: &str, at_ms: i64) {
        let Some(there) = self.conversations.get(conversation) else {
            return;
        };
        if let Some(voice) = there.voice {
            self.agenda.answer_soon((conversation, &there.id, there.minted), message_id, voice.fickle, at_ms);
        }
    }
}

/// A handle that suits the name, as far as it has Latin letters.
fn username(seed: u64, name: &str) -> String {
    let latin: String = name
        .to_lowercase()
        .split_whitespace()
        .map(|word| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(".");
    if latin.len() >= 3 && name.chars().filter(|c| c.is_alphabetic() && !c.is_ascii()).count() == 0 {
        return latin;
    }
    format!("user{}", 1_000_000 + ids::number(seed, "username", &[name]) % 9_000_000)
}
