//! The send budget against random histories: what the conversation's row says is what the whole history adds up to,
//! whatever order it was heard in.

use std::time::Duration;

use model::{AutoType, Content, ConversationId, MessageId, Millis, SendLedger, Surface};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use store::table::conversation;
use store::table::message::{self, IncomingMessage};
use store::table::outbox::actions::{self, DraftSource, Submission, SubmitOutcome};
use store::table::outbox::{self, BeginOutcome};
use tiktok::business::message::Sent;

use super::super::settle::settle;
use super::desk::Desk;
use super::tiktok::{customer, refused, unknown};
use crate::call::CallError;
use crate::source::Batch;

const HISTORIES: u64 = 600;
const STEPS: usize = 24;
const HOUR: Millis = 3_600_000;

/// One conversation and what TikTok has of it.
struct History<'a> {
    desk: &'a Desk,
    random: StdRng,
    seed: u64,
    id: ConversationId,
    now_ms: Millis,
    /// In the order of time, each with whether we were told of it.
    there: Vec<(IncomingMessage, bool)>,
    /// Pressed, and not sent yet.
    open: Vec<MessageId>,
    story: Vec<String>,
}

impl History<'_> {
    fn happens(&mut self, outgoing: bool, surface: Surface, auto: Option<AutoType>, body: String) -> String {
        let remote_id = format!("{:06}-{:03}", self.seed, self.there.len());
        let content = Content::Text { body };
        self.there
            .push((IncomingMessage { outgoing, surface, auto, content, ..customer(&remote_id, self.now_ms) }, false));
        remote_id
    }

    /// What the whole history leaves, with what waits: it will be said after the customer's newest message, and within the
    /// window if it was pressed within it. Whether it will be late nobody knows yet.
    fn left(&self) -> Option<model::SendBudget> {
        let mut ledger = SendLedger::default();
        for (news, _) in &self.there {
            match (news.outgoing, news.auto) {
                (false, _) => ledger.record_customer_message(news.sent_at_ms),
                (true, None) => ledger.record_reply(news.sent_at_ms),
                (true, Some(_)) => {}
            }
        }
        let asked_ms = self.there.iter().filter(|(news, _)| !news.outgoing).map(|(news, _)| news.sent_at_ms).max();
        for waiting in &self.open {
            let waiting = *waiting;
            let stands_ms = self.desk.read(|sql| message::get(sql, waiting)).sent_at_ms;
            ledger.record_reply(stands_ms.max(asked_ms.unwrap_or(0) + 1));
        }
        ledger.budget()
    }

    fn counted(&self) -> Option<model::SendBudget> {
        let id = self.id;
        self.desk.read(|sql| conversation::get(sql, id)).ledger.budget()
    }

    /// Takes in these of the history's messages, in no order.
    fn hear(&mut self, mut which: Vec<usize>) {
        which.shuffle(&mut self.random);
        let messages = which.iter().map(|at| self.there[*at].0.clone()).collect();
        which.iter().for_each(|at| self.there[*at].1 = true);
        let batch = Batch { messages, asked_at_ms: 0, ..Batch::default() };
        self.desk.apply(self.id, batch, self.now_ms);
        self.story.push(format!("{} heard {which:?}", self.now_ms));
    }

    fn press(&mut self) {
        let body = format!("reply {}", self.story.len());
        let press = Submission {
            conversation: self.id,
            parts: vec![model::Outgoing::Text { body }],
            quoted: None,
            seen: None,
            anyway: true,
            key: None,
            clears: DraftSource::Reply,
            hold_until_ms: None,
        };
        let now_ms = self.now_ms;
        let SubmitOutcome::Queued(ids) = self.desk.write(move |tx| actions::submit(tx, &press, now_ms)) else {
            panic!()
        };
        self.open.extend(ids);
        self.story.push(format!("{now_ms} pressed"));
    }

    /// The call for the oldest reply that waits.
    fn send(&mut self) {
        let (id, began_ms) = (self.id, self.now_ms);
        let Some(message) = self.open.first().copied() else { return };
        let begun = self.desk.write(move |tx| outbox::begin(tx, message, began_ms));
        let BeginOutcome::Call(reply) = begun else {
            assert_eq!(begun, BeginOutcome::Stopped);
            self.open.remove(0);
            return self.story.push(format!("{began_ms} stopped"));
        };
        self.now_ms += 200;
        let body = reply.outgoing.text().unwrap().to_owned();
        let what = self.random.random_range(0..10);
        let answer = match what {
            0..5 => Ok(Sent { message_id: Some(self.happens(true, Surface::Api, None, body)) }),
            5..7 => {
                self.happens(true, Surface::Api, None, body);
                Err(CallError::Unknown(unknown(tiktok::UnknownWhy::HungUp)))
            }
            7 => Err(CallError::SlowDown(Duration::from_secs(1))),
            _ => Err(CallError::Refused(refused("messaging rules"))),
        };
        if what != 7 {
            self.open.remove(0);
        }
        self.story.push(format!("{} sent: {answer:?}", self.now_ms));
        let (store, known) = (&self.desk.store, self.desk.read(|sql| conversation::get(sql, id)));
        self.desk.runtime.block_on(settle(store, &known, &reply, answer, self.now_ms, self.now_ms)).unwrap();
        if (5..7).contains(&what) {
            // A lane looks for it before it goes on.
            self.hear(vec![self.there.len() - 1]);
        }
    }

    fn step(&mut self) {
        let pause = [3, 900, HOUR / 3, 9 * HOUR, 30 * HOUR][self.random.random_range(0..5)];
        self.now_ms += 1 + self.random.random_range(0..pause);
        let before = self.counted();
        let known = self.there.iter().filter(|(news, heard)| *heard && !news.outgoing).count();
        let waiting = self.open.len();
        match self.random.random_range(0..12) {
            0..2 => drop(self.happens(false, Surface::Phone, None, "Is it in stock?".to_owned())),
            2 => drop(self.happens(true, Surface::Phone, None, "From the phone.".to_owned())),
            3 => drop(self.happens(true, Surface::Web, None, "From the web.".to_owned())),
            4 => drop(self.happens(true, Surface::Other, Some(AutoType::Welcome), "Welcome!".to_owned())),
            5..7 => self.press(),
            7..9 => self.send(),
            9 => {
                let some = (0..self.there.len()).filter(|_| self.random.random_bool(0.4)).collect();
                self.hear(some);
            }
            _ => self.hear((0..self.there.len()).collect()),
        }
        let after = self.counted();
        let news = self.there.iter().filter(|(news, heard)| *heard && !news.outgoing).count() > known;
        let unsent = self.open.len() < waiting;
        if let (Some(before), Some(after)) = (before, after) {
            // What was pressed within the window and tried after it costs one of the late ones instead.
            let late = after.late_left < before.late_left;
            assert!(
                news || unsent || late || after.left <= before.left,
                "{} without cause: {before:?} {after:?}",
                self.tell()
            );
        }
        if self.there.iter().all(|(_, heard)| *heard) {
            assert_eq!(self.counted(), self.left(), "{}", self.tell());
        }
    }

    fn tell(&self) -> String {
        let there = self
            .there
            .iter()
            .map(|(news, heard)| format!("{} out {} {:?} heard {heard}", news.sent_at_ms, news.outgoing, news.surface));
        let there: Vec<_> = there.collect();
        format!("seed {}\n{}\n-- {}\n{}", self.seed, there.join("\n"), self.now_ms, self.story.join("\n"))
    }
}

#[test]
fn the_budget_is_what_the_whole_history_adds_up_to_in_whatever_order_it_was_heard() {
    let desk = Desk::open();
    let alone: Option<u64> = std::env::var("DESKBELL_SEED").ok().and_then(|seed| seed.parse().ok());
    for seed in (0..HISTORIES).filter(|seed| alone.is_none_or(|alone| alone == *seed)) {
        let now_ms = 1_700_000_000_000;
        let id = desk.conversation(format!("budget-{seed}"), now_ms);
        let random = StdRng::seed_from_u64(seed);
        let (there, open, story) = (Vec::new(), Vec::new(), Vec::new());
        let mut history = History { desk: &desk, random, seed, id, now_ms, there, open, story };
        history.happens(false, Surface::Phone, None, "Hello".to_owned());
        for _ in 0..STEPS {
            history.step();
        }
        // What still waits goes out or does not, and then everything is heard.
        while !history.open.is_empty() {
            history.now_ms += 1_000;
            history.send();
        }
        history.hear((0..history.there.len()).collect());
        assert_eq!(history.counted(), history.left(), "{}", history.tell());
        desk.forget(id);
    }
}
