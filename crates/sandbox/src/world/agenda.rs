//! The agenda: what customers are going to do by themselves, and when. Every moment is drawn from the seed, so the same
//! seed lives the same life. The agenda only says what is due; `crate::customers` lets it happen.

use std::{collections::BTreeMap, time::Duration};

use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{clock::ms, ids};

#[derive(Debug, Clone)]
pub(crate) enum PlannedEvent {
    /// This customer reads what the shop wrote.
    Reads(usize),
    /// This customer answers the shop.
    Answers(usize),
    /// This customer gives that message a heart.
    Loves(usize, String),
    /// This customer takes the heart back.
    Regrets(usize, String),
    /// One of the customers, drawn by lot, writes unasked.
    Someone,
    /// The arrival at this place of the list happens.
    Arrives(usize),
}

/// The planned events, by the time they are due.
#[derive(Debug)]
pub(crate) struct Agenda {
    seed: u64,
    speed: f64,
    lot: StdRng,
    due: BTreeMap<(i64, u64), PlannedEvent>,
    planned: u64,
}

impl Agenda {
    pub(crate) fn new(seed: u64, speed: f64) -> Agenda {
        let lot = StdRng::from_seed(ids::digest(seed, "life", &[]));
        Agenda { seed, speed, lot, due: BTreeMap::new(), planned: 0 }
    }

    fn is_alive(&self) -> bool {
        self.speed > 0.0 && self.speed.is_finite()
    }

    /// Life begins at this moment.
    pub(crate) fn begin(&mut self, at_ms: i64) {
        if self.is_alive() {
            self.plan_someone(at_ms);
        }
    }

    /// Plans the arrivals: each is due this many seconds after this moment.
    pub(crate) fn plan_arrivals(&mut self, at_ms: i64, after_s: impl Iterator<Item = u64>) {
        if self.is_alive() {
            for (place, after_s) in after_s.enumerate() {
                let due = at_ms + self.scaled(after_s * 1000);
                self.plan(due, PlannedEvent::Arrives(place));
            }
        }
    }

    /// A customer was answered: they read it, and will have something to say to that.
    pub(crate) fn answer_soon(
        &mut self,
        (conversation, id, count): (usize, &str, u64),
        message_id: &str,
        fickle: bool,
        at_ms: i64,
    ) {
        if !self.is_alive() {
            return;
        }
        // Before anybody answers: the shortest of those waits is longer.
        let reading = 2_000 + ids::number(self.seed, "reading", &[id, &count.to_string()]) % 5_000;
        let read_at = at_ms + self.scaled(reading);
        if !self.due.values().any(|event| matches!(event, PlannedEvent::Reads(other) if *other == conversation)) {
            self.plan(read_at, PlannedEvent::Reads(conversation));
        }
        if fickle {
            let (loved_at, regretted_at) = (read_at + self.scaled(1_500), read_at + self.scaled(13_500));
            self.plan(loved_at, PlannedEvent::Loves(conversation, message_id.to_owned()));
            self.plan(regretted_at, PlannedEvent::Regrets(conversation, message_id.to_owned()));
        }
        // Drawn from the conversation and not from the common lot: who else is served meanwhile changes nothing here.
        let wait = 8_000 + ids::number(self.seed, "wait", &[id, &count.to_string()]) % 42_000;
        let due = at_ms + self.scaled(wait);
        // A customer who is typing already does not answer twice.
        if !self.due.values().any(|event| matches!(event, PlannedEvent::Answers(other) if *other == conversation)) {
            self.plan(due, PlannedEvent::Answers(conversation));
        }
    }

    pub(crate) fn plan_someone(&mut self, after_ms: i64) {
        let wait = self.lot.random_range(20_000..90_000);
        let due = after_ms + self.scaled(wait);
        self.plan(due, PlannedEvent::Someone);
    }

    fn plan(&mut self, due: i64, event: PlannedEvent) {
        self.planned += 1;
        self.due.insert((due, self.planned), event);
    }

    /// A number below `count`, drawn by lot.
    pub(crate) fn draw(&mut self, count: usize) -> usize {
        self.lot.random_range(0..count.max(1))
    }

    /// A wait at this life's speed, in ms; never nothing, or a fast life would never let go of the clock.
    fn scaled(&self, wait_ms: u64) -> i64 {
        let wait = Duration::from_millis(wait_ms).as_secs_f64() / self.speed;
        ms(Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX)).clamp(50, i64::MAX / 4)
    }

    pub(crate) fn next(&mut self, now: i64) -> Option<(i64, PlannedEvent)> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((at, _), event) = entry.remove_entry();
        Some((at, event))
    }
}
