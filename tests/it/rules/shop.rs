//! A shop whose past can be lived through: customers and colleagues write, rules look, replies go out, by a clock that the
//! test sets. Everything passes through the engine's own transactions on a real database.

use engine::inbound::pushed::{self, Pushed, What};
use engine::inbound::{self, ApplyOptions};
use engine::rules;
use model::{
    AccountId, AutoType, Content, ConversationId, MediaState, MessageId, Millis, NoReply, RuleId, RuleSpec,
    SavedReplyId, SavedReplyText, Surface,
};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use store::table::account::{NewAccount, TokenTimes};
use store::table::firing::{self, Firing};
use store::table::message::IncomingMessage;
use store::table::outbox::{self, BeginOutcome, OutboxState};
use store::table::person::PersonUpdate;
use store::table::{account, rule, saved_reply};
use store::{Store, StoreError, Tx};
use tempfile::TempDir;

pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
/// 2026-09-01, a Tuesday.
pub(super) const BEGIN: Millis = 1_788_220_800_000;

const WORDS: [&str; 12] = [
    "hello",
    "what is the PRICE please?",
    "do you have size M",
    "¿cuánto cuesta el envío? precio por favor",
    "ขอราคาหน่อยค่ะ",
    "我要退货，谢谢",
    "Wo bleibt meine Bestellung? Ich warte seit zwei Wochen",
    "I want to return the dress, it is too small for me",
    "refund!!",
    "أين طلبي؟",
    "ok thanks",
    "❤️❤️",
];

/// Who says what.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    Customer(Content),
    Person,
    Welcome,
}

/// Something that happens in the shop.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    pub(super) at_ms: Millis,
    pub(super) customer: u32,
    pub(super) said: Said,
}

/// A past of so many messages: bursts, pauses of days, colleagues who answer sooner or later or never.
pub(super) fn past(seed: u64, messages: usize, customers: u32) -> Vec<Event> {
    let mut lot = StdRng::seed_from_u64(seed);
    let mut clocks: Vec<Millis> = (0..customers).map(|_| BEGIN + lot.random_range(0..48 * HOUR)).collect();
    let mut events = Vec::new();
    while events.len() < messages {
        let customer = lot.random_range(0..customers);
        let clock = &mut clocks[customer as usize];
        *clock += match lot.random_range(0..10) {
            0..=3 => lot.random_range(1_500..20_000),
            4..=6 => lot.random_range(MINUTE..40 * MINUTE),
            7..=8 => lot.random_range(HOUR..20 * HOUR),
            _ => lot.random_range(40 * HOUR..70 * HOUR),
        };
        let said = match lot.random_range(0..20) {
            0..=4 => Said::Person,
            5 => Said::Welcome,
            6 => Said::Customer(Content::Image { media_id: "m".to_owned(), media: MediaState::Pending }),
            7 => Said::Customer(Content::Unsupported { kind: "VOICE".to_owned() }),
            _ => Said::Customer(Content::Text { body: (*WORDS.choose(&mut lot).unwrap()).to_owned() }),
        };
        events.push(Event { at_ms: *clock, customer, said });
    }
    events.sort_by_key(|event| event.at_ms);
    // Each has a millisecond of its own, and some room for what rules say in between.
    let mut last_ms = 0;
    for event in &mut events {
        event.at_ms = event.at_ms.max(last_ms + 10);
        last_ms = event.at_ms;
    }
    events
}

/// A shop with its database.
pub(super) struct Shop {
    pub(super) store: Store,
    pub(super) account: AccountId,
    pub(super) saved: Vec<SavedReplyId>,
    _folder: TempDir,
}

/// What one time a rule fired comes to, told alike by the log and by a dry run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    pub(super) message: MessageId,
    pub(super) at_ms: Millis,
    pub(super) rule: i64,
    pub(super) replied: bool,
    pub(super) no_reply: Option<String>,
    pub(super) did: Vec<String>,
}

fn told(no_reply: Option<NoReply>) -> Option<String> {
    no_reply.map(|why| format!("{why:?}"))
}

impl Shop {
    /// A shop that has just been linked: what comes from here on is news.
    pub(super) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (account, saved) = store
            .write(|tx| {
                let account = link(tx, "business")?;
                let text = |name: &str, body: &str| SavedReplyText {
                    name: name.to_owned(),
                    shortcut: String::new(),
                    category: String::new(),
                    body: body.to_owned(),
                    attachment: None,
                };
                let saved = [
                    saved_reply::save(tx, None, &text("Hello", "Hello {{customer}}, we will be with you soon."))?,
                    saved_reply::save(tx, None, &text("Price", "It is 25."))?,
                    saved_reply::save(tx, None, &text("Away", "We are away until tomorrow."))?,
                    saved_reply::save(tx, None, &text("Blank", "Your order {{number}} is on its way."))?,
                ];
                Ok((account, saved.to_vec()))
            })
            .await
            .unwrap();
        Self { store, account, saved, _folder: folder }
    }

    pub(super) async fn keep(&self, specs: &[RuleSpec]) -> Vec<(RuleId, RuleSpec)> {
        let specs = specs.to_vec();
        self.store
            .write(move |tx| {
                for (id, _) in rule::all(tx)? {
                    rule::remove(tx, id)?;
                }
                for spec in &specs {
                    rule::save(tx, None, spec)?;
                }
                rule::all(tx)
            })
            .await
            .unwrap()
    }

    /// Takes in what happened without any rule.
    pub(super) async fn remember(&self, events: &[Event]) {
        let account = self.account;
        for part in events.chunks(500) {
            let part = part.to_vec();
            self.store
                .write(move |tx| {
                    for event in &part {
                        take_in(tx, account, event, event.at_ms)?;
                    }
                    Ok(())
                })
                .await
                .unwrap();
        }
    }

    /// Lives through it with the rules awake: each event at its time, each wait at its end, each reply at once.
    pub(super) async fn live(&self, events: &[Event], until_ms: Millis) {
        let account = self.account;
        for part in events.chunks(200) {
            let part = part.to_vec();
            self.store
                .write(move |tx| {
                    for event in &part {
                        wait_until(tx, account, event.at_ms)?;
                        take_in(tx, account, event, event.at_ms)?;
                        look(tx, account, event.at_ms)?;
                    }
                    Ok(())
                })
                .await
                .unwrap();
        }
        self.store.write(move |tx| wait_until(tx, account, until_ms)).await.unwrap();
    }

    /// What the log says.
    pub(super) async fn log(&self) -> Vec<Told> {
        let mut all: Vec<Told> = self.firings().await.into_iter().map(of_log).collect();
        all.sort();
        all
    }

    pub(super) async fn firings(&self) -> Vec<Firing> {
        let account = self.account;
        self.store.read(move |sql| firing::of_account(sql, account, None, None, 1_000_000)).await.unwrap()
    }

    /// What a dry run over all of it says.
    pub(super) async fn dry_run(&self, rules: Vec<(RuleId, RuleSpec)>, now_ms: Millis) -> Vec<Told> {
        let run = rules::DryRun { account: Some(self.account), rules: rules.clone(), from_ms: 0 };
        let mut all = self
            .store
            .read(move |sql| {
                let mut all = Vec::new();
                run.each(sql, now_ms, |outcome| all.push(of_outcome(&rules, outcome)))?;
                Ok(all)
            })
            .await
            .unwrap();
        all.sort();
        all
    }
}

fn of_log(firing: Firing) -> Told {
    use model::ActionTaken;
    let did = firing.did.iter().filter_map(|deed| match deed {
        ActionTaken::Replied { .. } | ActionTaken::Assigned { .. } | ActionTaken::NobodyThere => None,
        ActionTaken::Tagged { name } => Some(format!("tag {name}")),
        ActionTaken::Snoozed { until_ms } => Some(format!("snooze {until_ms}")),
        ActionTaken::Done => Some("done".to_owned()),
        ActionTaken::Notified => Some("notify".to_owned()),
    });
    Told {
        message: firing.message,
        at_ms: firing.at_ms,
        rule: firing.rule.0,
        replied: firing.reply.is_some(),
        no_reply: told(firing.no_reply),
        did: did.collect(),
    }
}

fn of_outcome(rules: &[(RuleId, RuleSpec)], outcome: &rules::Outcome) -> Told {
    use model::PlannedAction;
    let (mut no_reply, mut did) = (None, Vec::new());
    for step in &outcome.steps {
        match step {
            PlannedAction::NoReply(why) => no_reply = told(Some(*why)),
            PlannedAction::Tag(name) => did.push(format!("tag {name}")),
            PlannedAction::Snooze(until_ms) => did.push(format!("snooze {until_ms}")),
            PlannedAction::Done => did.push("done".to_owned()),
            PlannedAction::Notify => did.push("notify".to_owned()),
            PlannedAction::Reply(_) | PlannedAction::Assign(_) => {}
        }
    }
    Told {
        message: outcome.message,
        at_ms: outcome.fired_at_ms,
        rule: rules[outcome.at].0.0,
        replied: outcome.replies > 0,
        no_reply,
        did,
    }
}

pub(super) fn link(tx: &mut Tx<'_>, remote_id: &str) -> Result<AccountId, StoreError> {
    let tokens =
        TokenTimes { issued_at_ms: 0, access_expires_at_ms: 0, refresh_expires_at_ms: 0, scopes: String::new() };
    let new = NewAccount {
        remote_id: remote_id.to_owned(),
        handle: "maisonbloom".to_owned(),
        display_name: "Maison Bloom".to_owned(),
        avatar: None,
        tokens,
    };
    let id = account::link(tx, &new, BEGIN - HOUR)?;
    account::mark_backfilled(tx, id)?;
    Ok(id)
}

/// An event comes in, as if pushed.
pub(super) fn take_in(
    tx: &mut Tx<'_>,
    account: AccountId,
    event: &Event,
    now_ms: Millis,
) -> Result<Option<ConversationId>, StoreError> {
    let number = event.customer;
    let (outgoing, surface, auto, content) = match &event.said {
        Said::Customer(content) => (false, Surface::Phone, None, content.clone()),
        Said::Person => (true, Surface::Phone, None, Content::Text { body: "a person answers".to_owned() }),
        Said::Welcome => (true, Surface::Other, Some(AutoType::Welcome), Content::Text { body: "Welcome!".to_owned() }),
    };
    let news = IncomingMessage {
        remote_id: format!("message-{}-{}", account.0, event.at_ms),
        sent_at_ms: event.at_ms,
        is_timed: true,
        outgoing,
        surface,
        auto,
        content,
        quoted_remote_id: None,
        reactions: Vec::new(),
        raw: "{}".to_owned(),
    };
    let person = PersonUpdate {
        remote_id: format!("person-{}-{number}", account.0),
        // Some customers have not said their name.
        name: (!number.is_multiple_of(7)).then(|| format!("Customer {number}")),
        handle: None,
        avatar_url: None,
        is_follower: [Some(true), Some(false), None][number as usize % 3],
    };
    let pushed = Pushed {
        heard_at_ms: None,
        conversation: format!("conversation-{}-{number}", account.0),
        person: Some(person),
        what: What::Said(news),
    };
    let told = ApplyOptions {
        now_ms,
        call_ms: 10_000,
        lag_ms: 60_000,
        undecided_after_ms: 60_000,
        updated_ms: 0,
        reread_if_behind: false,
    };
    Ok(pushed::apply(tx, account, &pushed, told)?.1)
}

/// Waits that end by then come to their end, each at its own time.
pub(super) fn wait_until(tx: &mut Tx<'_>, account: AccountId, now_ms: Millis) -> Result<(), StoreError> {
    while let Some(due_ms) = rule::next_due_at(tx)?.filter(|due_ms| *due_ms <= now_ms) {
        look(tx, account, due_ms)?;
    }
    Ok(())
}

/// The rules look at all that is due, and what they say goes out.
pub(super) fn look(tx: &mut Tx<'_>, account: AccountId, now_ms: Millis) -> Result<(), StoreError> {
    while let Some(turned) = rules::evaluate_next(tx, now_ms)? {
        if turned.replied {
            send(tx, account, turned.conversation, now_ms)?;
        }
    }
    Ok(())
}

/// What waits in a lane goes out, and TikTok takes it.
pub(super) fn send(
    tx: &mut Tx<'_>,
    account: AccountId,
    conversation: ConversationId,
    now_ms: Millis,
) -> Result<(), StoreError> {
    for reply in outbox::of_conversation(tx, conversation)? {
        if reply.state == OutboxState::Queued
            && let BeginOutcome::Call(reply) = outbox::begin(tx, reply.message, now_ms)?
        {
            inbound::confirm(tx, account, reply.message, &format!("ours-{}", reply.message.0))?;
        }
    }
    Ok(())
}
