//! The life customers lead while the sandbox runs: they read what the shop writes, answer it after a while, and now and
//! then one of them writes unasked or comes for the first time. Everything is due at a moment drawn from the seed, so the same seed lives the same life, and moving
//! the clock forward lets it all happen at once.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{arrivals, script::HEART};
use crate::{
    ids,
    world::{
        NewMessage, Side, World,
        conversation::Content,
        reactions::{Emotion, Reaction},
    },
};

#[derive(Debug, Clone)]
enum Event {
    /// This customer reads what the shop wrote.
    Reads(usize),
    /// This customer answers the shop.
    Answers(usize),
    /// This customer gives that message a heart.
    Loves(usize, String),
    /// This customer takes the heart back.
    Regrets(usize, String),
    /// Somebody writes unasked.
    Someone,
    /// What is written for this place among the arrivals happens.
    Arrives(usize),
}

/// What is going to happen, in order.
#[derive(Debug)]
pub(crate) struct Live {
    seed: u64,
    speed: f64,
    lot: StdRng,
    due: BTreeMap<(i64, u64), Event>,
    planned: u64,
}

impl Live {
    pub(crate) fn new(seed: u64, speed: f64) -> Live {
        let lot = StdRng::from_seed(ids::digest(seed, "life", &[]));
        Live { seed, speed, lot, due: BTreeMap::new(), planned: 0 }
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

    /// Who comes to Maison Bloom after this moment.
    pub(crate) fn expect_arrivals(&mut self, at_ms: i64) {
        if self.is_alive() {
            for (place, after_s) in arrivals::times().enumerate() {
                let due = at_ms + self.scaled(after_s * 1000);
                self.plan(due, Event::Arrives(place));
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
        if !self.due.values().any(|event| matches!(event, Event::Reads(other) if *other == conversation)) {
            self.plan(read_at, Event::Reads(conversation));
        }
        if fickle {
            let (loved_at, regretted_at) = (read_at + self.scaled(1_500), read_at + self.scaled(13_500));
            self.plan(loved_at, Event::Loves(conversation, message_id.to_owned()));
            self.plan(regretted_at, Event::Regrets(conversation, message_id.to_owned()));
        }
        // Drawn from the conversation and not from the common lot: who else is served meanwhile changes nothing here.
        let wait = 8_000 + ids::number(self.seed, "wait", &[id, &count.to_string()]) % 42_000;
        let due = at_ms + self.scaled(wait);
        // A customer who is typing already does not answer twice.
        if !self.due.values().any(|event| matches!(event, Event::Answers(other) if *other == conversation)) {
            self.plan(due, Event::Answers(conversation));
        }
    }

    fn plan_someone(&mut self, after_ms: i64) {
        let wait = self.lot.random_range(20_000..90_000);
        let due = after_ms + self.scaled(wait);
        self.plan(due, Event::Someone);
    }

    fn plan(&mut self, due: i64, event: Event) {
        self.planned += 1;
        self.due.insert((due, self.planned), event);
    }

    /// A wait at this life's speed, in ms; never nothing, or a fast life would never let go of the clock.
    fn scaled(&self, wait_ms: u64) -> i64 {
        let wait = std::time::Duration::from_millis(wait_ms).as_secs_f64() / self.speed;
        crate::clock::ms(std::time::Duration::try_from_secs_f64(wait).unwrap_or(std::time::Duration::MAX))
            .clamp(50, i64::MAX / 4)
    }

    fn next(&mut self, now: i64) -> Option<(i64, Event)> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((at, _), event) = entry.remove_entry();
        Some((at, event))
    }
}

/// Lets everything happen that is due by now.
pub(crate) fn catch_up(world: &mut World, now: i64) {
    let heart = |at_ms| Reaction { emotion: Emotion::Emoji(HEART.to_owned()), by_customer: true, at_ms };
    while let Some((at_ms, event)) = world.live.next(now) {
        match event {
            Event::Reads(conversation) => world.read(conversation, at_ms),
            Event::Loves(conversation, message_id) => {
                world.react(conversation, &message_id, heart(at_ms));
            }
            Event::Regrets(conversation, message_id) => {
                world.take_reaction_back(conversation, &message_id, heart(at_ms));
            }
            Event::Arrives(place) => arrivals::happen(world, place, at_ms),
            Event::Answers(conversation) => {
                let voice = world.conversations.get_mut(conversation).and_then(|there| there.voice.as_mut());
                if let Some(text) = voice.and_then(super::script::Voice::next_answer) {
                    speak(world, conversation, at_ms, text);
                }
            }
            Event::Someone => {
                world.live.plan_someone(at_ms);
                let talkers: Vec<usize> = world
                    .conversations
                    .iter()
                    .enumerate()
                    .filter(|(_, there)| there.voice.is_some_and(|voice| !voice.unasked.is_empty()))
                    .map(|(at, _)| at)
                    .collect();
                if talkers.is_empty() {
                    continue;
                }
                let drawn = world.live.lot.random_range(0..talkers.len());
                let Some(conversation) = talkers.get(drawn).copied() else {
                    continue;
                };
                let voice = world.conversations.get_mut(conversation).and_then(|there| there.voice.as_mut());
                if let Some(text) = voice.and_then(super::script::Voice::next_unasked) {
                    speak(world, conversation, at_ms, text);
                }
            }
        }
    }
}

fn speak(world: &mut World, conversation: usize, at_ms: i64, text: &'static str) {
    world.read(conversation, at_ms);
    let at_ms = world.after_last(conversation, at_ms);
    world.write(conversation, Side::Customer, at_ms, NewMessage::of(Content::Text(text.into())));
}
