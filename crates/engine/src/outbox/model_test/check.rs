//! What must hold after every step, and at the end.

use model::{Millis, SendLedger, Surface};
use store::table::message::{self, PageAnchor};
use store::table::outbox::{self, OutboxState};
use store::table::{conversation, gap};

use super::case::List;
use super::play::Play;

impl Play<'_> {
    /// After every commit.
    pub(super) fn check(&self) -> Result<(), String> {
        let id = self.id;
        let (rows, known) = self.desk.read(|sql| Ok((outbox::of_conversation(sql, id)?, conversation::get(sql, id)?)));
        let row = |of: usize| rows.iter().find(|row| row.message == self.ours[of].id);
        for (of, ours) in self.ours.iter().enumerate() {
            let copies = self.tiktok.copies.iter().filter(|copy| copy.of == of).count();
            if copies > 1 + ours.resends as usize {
                return Err(format!("I1: TikTok has message {of} {copies} times"));
            }
            if row(of).is_none() && !ours.discarded && copies == 0 {
                return Err(format!("I2: message {of} is shown as sent, and TikTok does not have it"));
            }
            if row(of).is_some_and(|row| row.state == OutboxState::Refused) && copies > 0 {
                return Err(format!("I3: message {of} is shown as refused, and TikTok has it"));
            }
        }
        // What nobody could have seen yet is not counted.
        if !matches!(self.case.list, List::Late | List::Last) && self.case.colleague.is_none() {
            let in_flight = rows.iter().filter(|row| !matches!(row.state, OutboxState::Refused | OutboxState::Stopped));
            let in_flight: Vec<_> = in_flight.map(|row| row.message).collect();
            let settled = self.tiktok.copies.iter().filter(|copy| !in_flight.contains(&self.ours[copy.of].id));
            let sent = settled.map(|copy| copy.at_ms).chain(in_flight.iter().map(|_| self.now_ms));
            self.check_budget(known.ledger, sent.collect())?;
        }
        Ok(())
    }

    fn check_budget(&self, counted: SendLedger, mut sent_ms: Vec<Millis>) -> Result<(), String> {
        sent_ms.sort_unstable();
        let mut ledger = SendLedger::default();
        ledger.record_customer_message(self.asked_ms);
        sent_ms.iter().for_each(|at_ms| ledger.record_reply(*at_ms));
        if counted.budget() == ledger.budget() {
            return Ok(());
        }
        Err(format!("I8: {:?} are counted, {:?} are left", counted.budget(), ledger.budget()))
    }

    /// Once nothing is open any more.
    pub(super) fn end(&mut self) -> Result<(), String> {
        self.now_ms += 1_000;
        self.tiktok.catch_up();
        self.list()?;
        self.now_ms += 1_000;
        if self.list()? != crate::inbound::Applied::default() {
            return Err("a listing taken in twice changed something".to_owned());
        }
        let id = self.id;
        let (rows, known, gaps, messages) = self.desk.read(|sql| {
            let messages = message::page(sql, id, PageAnchor::Newest, 100)?.0;
            Ok((
                outbox::of_conversation(sql, id)?,
                conversation::get(sql, id)?,
                gap::of_conversation(sql, id)?,
                messages,
            ))
        });
        if let Some(open) = rows.iter().find(|row| row.state != OutboxState::Refused) {
            return Err(format!("I4: a message is left {:?}", open.state));
        }
        if !gaps.is_empty() {
            return Err("a hole is shown where there is none".to_owned());
        }

        let copies = &self.tiktok.copies;
        let first_sends: Vec<usize> = copies.iter().filter(|copy| !copy.resent).map(|copy| copy.of).collect();
        if !first_sends.is_sorted() {
            return Err(format!("I5: they arrived in the order {first_sends:?}"));
        }

        let ours = |message: &&message::Message| message.outgoing && message.surface != Surface::Phone;
        let shown: Vec<_> = messages.iter().filter(ours).collect();
        let sent: Vec<_> = shown.iter().filter(|shown| rows.iter().all(|row| row.message != shown.id)).collect();
        if sent.len() != copies.len() {
            return Err(format!("I7: {} are shown as sent, and TikTok has {}", sent.len(), copies.len()));
        }
        for copy in copies {
            match shown.iter().filter(|shown| shown.remote_id.as_ref() == Some(&copy.remote_id)).count() {
                1 => {}
                times => return Err(format!("I6: {} is shown {times} times", copy.remote_id)),
            }
        }
        for (of, ours) in self.ours.iter().enumerate() {
            let held = sent.iter().find(|message| message.id == ours.id);
            let named = held.and_then(|held| held.remote_id.as_ref());
            let copy = named.and_then(|name| copies.iter().find(|copy| copy.remote_id == *name));
            if held.is_some() && copy.is_none_or(|copy| copy.of != of) {
                return Err(format!("I2: message {of} is taken for {named:?}"));
            }
        }
        let sent_ms = copies.iter().map(|copy| copy.at_ms).chain(self.tiktok.colleague_ms);
        self.check_budget(known.ledger, sent_ms.collect())
    }
}
