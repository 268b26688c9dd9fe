//! One case, step by step: the lane's choices by a clock that stands still between them.

use std::time::Duration;

use model::{ConversationId, MessageId, Millis};
use store::table::outbox::actions::{DraftSource, Submission, SubmitOutcome};
use store::table::outbox::{self, BeginOutcome, OutboxReply, OutboxState, actions};
use store::table::{conversation, upload};

use super::super::settle::{settle, settle_told};
use super::case::{Case, Crash, Decision, Echo, Kind, List, Way};
use super::desk::Desk;
use super::tiktok::{TikTok, outgoing};
use crate::call::CallError;
use crate::completeness::is_recent;
use crate::inbound::Applied;
use crate::source::Batch;
use crate::timing::Timing;
use crate::timing::after;

/// More steps than any case takes.
const STEPS: usize = 200;
/// A start takes a while.
const RESTART_MS: i64 = 4_000;
/// For how long a reply can be undone, where a colleague answers in that time.
const HOLD_MS: i64 = 5_000;
/// So long before the reading that ends that time: the last moment of which decision 7 promises anything.
const COLLEAGUE_BEFORE_READING_MS: i64 = 10;

/// How far a case got.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reached {
    pub(super) crashed: bool,
    pub(super) undecided: bool,
    pub(super) undecided_yet_there: bool,
    pub(super) stopped: bool,
}

/// What we know of one of the messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ours {
    pub(super) id: MessageId,
    /// Calls made for it since the agent last asked.
    calls: u32,
    pub(super) resends: u32,
    pub(super) discarded: bool,
    /// Listings read while it was looked for.
    looks: usize,
    /// What the agent decided of it.
    decisions: u32,
}

pub(super) struct Play<'a> {
    pub(super) desk: &'a Desk,
    pub(super) case: &'a Case,
    pub(super) id: ConversationId,
    pub(super) tiktok: TikTok,
    pub(super) ours: Vec<Ours>,
    pub(super) asked_ms: Millis,
    pub(super) now_ms: Millis,
    timing: Timing,
    /// When the thread was last read; none after a start.
    read_at_ms: Option<Millis>,
    reached: Reached,
    story: Vec<String>,
}

impl<'a> Play<'a> {
    pub(super) fn new(desk: &'a Desk, case: &'a Case) -> Self {
        // Cases do not share a time, as conversations hardly do.
        let asked_ms = 1_700_000_000_000 + i64::try_from(case.index).unwrap() * 60_000;
        Self {
            desk,
            case,
            id: desk.conversation(format!("conversation-{}", case.index), asked_ms),
            tiktok: TikTok::new(case, asked_ms),
            ours: Vec::new(),
            asked_ms,
            now_ms: asked_ms + 1_000,
            timing: Timing::default(),
            read_at_ms: None,
            reached: Reached::default(),
            story: Vec::new(),
        }
    }

    pub(super) fn reached(&self) -> Reached {
        self.reached
    }

    pub(super) fn story(&self) -> String {
        self.story.join("\n")
    }

    pub(super) fn forget(self) {
        self.desk.forget(self.id);
    }

    /// From Enter until nothing is open any more.
    pub(super) fn run(&mut self) -> Result<(), String> {
        self.list()?;
        let (id, count) = (self.id, self.case.outcomes.len());
        match self.case.colleague {
            None => self.press(count, None),
            Some(0) => self.press_before_colleague(count),
            Some(first) => self.press(first, None),
        }
        for _ in 0..STEPS {
            let (head, held_until) = self.desk.read(|sql| Ok((outbox::head(sql, id)?, outbox::held_until(sql, id)?)));
            // The next is pressed once those before it were called for.
            if self.ours.len() < count && head.as_ref().is_none_or(|head| head.state != OutboxState::Queued) {
                self.press_before_colleague(count - self.ours.len());
                continue;
            }
            if let Some(until_ms) = held_until.filter(|until_ms| *until_ms <= self.now_ms) {
                self.desk.write(move |tx| outbox::release_held(tx, id, until_ms));
                continue;
            }
            let Some(head) = head else {
                if self.let_stopped_ones_go() {
                    continue;
                }
                // A colleague answered before it was sent, and the agent had not seen that.
                if self.tiktok.colleague_ms.is_some() && !self.reached.stopped {
                    return Err("I10: nothing was stopped, and a colleague had answered first".to_owned());
                }
                return self.end();
            };
            let of = self.which(head.message);
            self.tell(&format!("head {of} {:?} checks {}", head.state, head.checks));
            match head.state {
                OutboxState::Held => self.hold(&head)?,
                OutboxState::Queued => self.send(of, &head)?,
                OutboxState::Checking => self.look(of, &head)?,
                OutboxState::Undecided => self.decide(of)?,
                state => return Err(format!("I4: the head of the lane is left {state:?}")),
            }
        }
        Err("I4: it never ends".to_owned())
    }

    /// Presses Send for so many messages, and has a colleague answer on the phone while they can still be undone.
    fn press_before_colleague(&mut self, count: usize) {
        self.press(count, Some(self.now_ms + HOLD_MS));
        let id = self.id;
        let rows = self.desk.read(|sql| outbox::of_conversation(sql, id));
        let held = rows.iter().find(|reply| reply.state == OutboxState::Held).unwrap();
        self.tiktok.colleague_answers(held.read_from_ms - COLLEAGUE_BEFORE_READING_MS);
    }

    fn press(&mut self, count: usize, hold_until_ms: Option<Millis>) {
        let press = Submission {
            conversation: self.id,
            parts: vec![outgoing(self.case.kind); count],
            quoted: None,
            seen: None,
            anyway: false,
            key: None,
            clears: DraftSource::Reply,
            hold_until_ms,
        };
        let (now_ms, account) = (self.now_ms, self.desk.account);
        let picture = self.case.kind == Kind::Picture;
        let pressed = self.desk.write(move |tx| {
            if picture {
                // Its upload is another's concern; whether it may be repeated is decided by how often it was.
                tx.execute("DELETE FROM upload", [])?;
                upload::record_uploaded(tx, account, "picture", "picture", Millis::MAX)?;
            }
            actions::submit(tx, &press, now_ms)
        });
        let SubmitOutcome::Queued(ids) = pressed else { panic!("nobody else has written") };
        let new = |id| Ours { id, calls: 0, resends: 0, discarded: false, looks: 0, decisions: 0 };
        self.ours.extend(ids.into_iter().map(new));
    }

    fn which(&self, id: MessageId) -> usize {
        self.ours.iter().position(|ours| ours.id == id).unwrap()
    }

    /// Waits until a reply can be undone no more, and reads the thread at the end of that time.
    fn hold(&mut self, head: &OutboxReply) -> Result<(), String> {
        self.now_ms = self.now_ms.max(head.read_from_ms);
        self.list()?;
        self.now_ms = self.now_ms.max(head.not_before_ms);
        Ok(())
    }

    fn send(&mut self, of: usize, head: &OutboxReply) -> Result<(), String> {
        self.now_ms = self.now_ms.max(head.not_before_ms);
        let (id, message) = (self.id, head.message);
        let again = self.desk.read(|sql| outbox::may_have_arrived(sql, message));
        let read = self.read_at_ms.filter(|at_ms| *at_ms >= head.read_from_ms);
        if read.is_none_or(|at_ms| !is_recent(at_ms, self.now_ms, self.timing.fresh)) {
            self.list()?;
        }
        // What was to be sent again may have been found.
        if self.desk.read(|sql| outbox::head(sql, id)).is_none_or(|head| head.message != message) {
            return Ok(());
        }
        if again && self.tiktok.shows(of) {
            return Err(format!("I9: message {of} is sent again, and TikTok's list shows it"));
        }
        if self.crashes(of, Crash::BeforeCall) {
            return self.restart();
        }
        // Asked for before the call, and there after it.
        let early = (self.case.list == List::StaleOnce).then(|| self.tiktok.listing(self.now_ms));
        self.now_ms += 5;
        let began_ms = self.now_ms;
        let known = self.desk.read(|sql| conversation::get(sql, id));
        let reply = match self.desk.write(move |tx| outbox::begin(tx, message, began_ms)) {
            BeginOutcome::Call(reply) => *reply,
            BeginOutcome::Stopped => {
                self.reached.stopped = true;
                return Ok(());
            }
            BeginOutcome::Gone => return Err("the head of the lane was gone".to_owned()),
        };
        self.tiktok.begin(of);
        let ours = &mut self.ours[of];
        (ours.calls, ours.looks) = (ours.calls + 1, 0);
        let (calls, resent) = (ours.calls, ours.resends > 0);
        if self.crashes(of, Crash::BeforeBytes) {
            return self.restart();
        }
        self.now_ms += 120;
        let answer = self.tiktok.call(self.case, of, calls, resent, self.now_ms);
        self.tell(&format!("called for {of}: {answer:?}"));
        if self.crashes(of, Crash::AfterBytes) {
            self.restart()?;
            return self.echo_after(of);
        }
        if matches!(self.case.echo, Echo::BeforeAnswer | Echo::Twice) {
            self.echo(of)?;
        }
        self.now_ms += 100;
        if self.crashes(of, Crash::AfterAnswer) {
            self.restart()?;
            return self.echo_after(of);
        }
        let wait = match &answer {
            Err(CallError::SlowDown(wait)) => *wait,
            Err(CallError::Offline(_)) => Duration::from_secs(1),
            _ => Duration::ZERO,
        };
        let (store, now_ms) = (&self.desk.store, self.now_ms);
        let settled = settle(store, &known, &reply, answer, now_ms, after(now_ms, wait));
        self.desk.runtime.block_on(settled).map_err(|error| error.to_string())?;
        self.check()?;
        if let Some(early) = early {
            self.apply(early)?;
        }
        if self.crashes(of, Crash::AfterOutcome) {
            self.restart()?;
        }
        self.echo_after(of)
    }

    fn look(&mut self, of: usize, head: &OutboxReply) -> Result<(), String> {
        let looks = head.checks as usize;
        if let Some(look) = self.timing.look.get(looks) {
            self.now_ms = self.now_ms.max(after(head.started_at_ms.unwrap(), *look));
        }
        if self.ask_relay(of, head)? {
            return Ok(());
        }
        let asked_at_ms = self.now_ms;
        self.list()?;
        self.ours[of].looks += 1;
        let message = head.message;
        let left = self.desk.read(|sql| outbox::get(sql, message));
        let checking = left.is_some_and(|reply| reply.state == OutboxState::Checking);
        // Three listings, the last a minute later, settle it: no more, and no less.
        let enough = looks + 1 >= 3 && asked_at_ms - head.started_at_ms.unwrap() >= 60_000;
        if checking == enough && (checking || !self.tiktok.has(of)) {
            return Err(format!("I4: checking {checking} after {} listings", looks + 1));
        }
        if self.ours[of].looks > self.timing.look.len() {
            return Err("I4: it is looked for too often".to_owned());
        }
        if self.crashes(of, Crash::WhileChecking) {
            return self.restart();
        }
        let pace = self.timing.look[0] / 4;
        self.now_ms = after(self.now_ms, if looks >= self.timing.look.len() { self.timing.look_again } else { pace });
        Ok(())
    }

    /// Asks the relay that made the call what became of it. Whether the reply is not looked for any more.
    fn ask_relay(&mut self, of: usize, head: &OutboxReply) -> Result<bool, String> {
        if self.case.way == Way::Direct {
            return Ok(false);
        }
        let Some(answer) = self.tiktok.relay_tells(of) else { return Ok(false) };
        self.tell(&format!("the relay says of {of}: {answer:?}"));
        let id = self.id;
        let known = self.desk.read(|sql| conversation::get(sql, id));
        let told = settle_told(&self.desk.store, &known, head, answer, self.now_ms);
        let told = self.desk.runtime.block_on(told).map_err(|error| error.to_string())?;
        self.check()?;
        Ok(told)
    }

    fn decide(&mut self, of: usize) -> Result<(), String> {
        let there = self.tiktok.has(of);
        self.reached.undecided = true;
        self.reached.undecided_yet_there |= there;
        self.now_ms += 3_000;
        self.ours[of].decisions += 1;
        let (message, now_ms, first) = (self.ours[of].id, self.now_ms, self.ours[of].decisions == 1);
        match self.case.decision {
            Decision::Arrived if there => {
                self.desk.write(move |tx| actions::confirm_arrived(tx, message));
            }
            // Once is enough: what is left to them again they let be.
            Decision::Discard => self.discard(of, now_ms),
            _ if !first => self.discard(of, now_ms),
            _ => {
                self.ours[of].resends += 1;
                self.ours[of].calls = 0;
                self.desk.write(move |tx| actions::send_again(tx, message, now_ms));
            }
        }
        if self.case.list != List::Last {
            self.tiktok.catch_up();
        }
        self.check()
    }

    fn discard(&mut self, of: usize, now_ms: Millis) {
        let message = self.ours[of].id;
        self.ours[of].discarded = true;
        self.desk.write(move |tx| actions::discard(tx, message, now_ms));
    }

    /// A stopped reply was not sent; the agent has looked, and sends it.
    fn let_stopped_ones_go(&mut self) -> bool {
        let (id, now_ms) = (self.id, self.now_ms);
        let stopped = self.desk.read(|sql| outbox::of_conversation(sql, id));
        let Some(first) = stopped.iter().find(|reply| reply.state == OutboxState::Stopped) else { return false };
        let message = first.message;
        self.desk.write(move |tx| actions::send_again(tx, message, now_ms));
        true
    }

    /// Everything in memory is gone.
    fn restart(&mut self) -> Result<(), String> {
        self.reached.crashed = true;
        self.tell("restart");
        self.now_ms += RESTART_MS;
        self.read_at_ms = None;
        let now_ms = self.now_ms;
        self.desk.write(move |tx| outbox::recover_after_crash(tx, now_ms));
        self.check()
    }

    fn crashes(&self, of: usize, at: Crash) -> bool {
        !self.reached.crashed && self.case.crash == Some((of, at))
    }

    fn echo_after(&mut self, of: usize) -> Result<(), String> {
        let after = match self.case.echo {
            Echo::Never => false,
            // One that came while we were not there came for nothing, unless it is kept for us: then it comes now.
            Echo::BeforeAnswer => self.reached.crashed,
            Echo::AfterAnswer | Echo::Twice => true,
        };
        if after { self.echo(of) } else { Ok(()) }
    }

    fn echo(&mut self, of: usize) -> Result<(), String> {
        match self.tiktok.echo(of) {
            Some(echo) => self.apply(echo).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Reads the thread.
    pub(super) fn list(&mut self) -> Result<Applied, String> {
        let listing = self.tiktok.listing(self.now_ms);
        self.read_at_ms = Some(self.now_ms);
        self.now_ms += 40;
        self.apply(listing)
    }

    fn apply(&mut self, batch: Batch) -> Result<Applied, String> {
        let shown = batch.messages.len();
        let applied = self.desk.apply(self.id, batch, self.now_ms);
        self.tell(&format!("{shown} messages: {applied:?}"));
        self.check()?;
        Ok(applied)
    }

    fn tell(&mut self, what: &str) {
        if self.case.is_alone() {
            self.story.push(format!("{:>8} {what}", self.now_ms - self.asked_ms));
        }
    }
}
