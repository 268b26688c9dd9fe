//! The life customers lead while the sandbox runs: they read what the shop writes, answer it after a while, and now and
//! then one of them writes unasked or comes for the first time. The agenda draws each moment from the seed; moving the
//! clock forward lets everything happen at once.

use super::{arrivals, script::HEART};
use crate::world::{
    NewMessage, Side, World,
    agenda::PlannedEvent,
    conversation::{Content, Reaction, ReactionKind},
    voice::Voice,
};

/// Plans who comes to Maison Bloom after this moment.
pub(crate) fn expect_arrivals(world: &mut World, at_ms: i64) {
    world.agenda.plan_arrivals(at_ms, arrivals::times());
}

/// Lets everything happen that is due by now.
pub(crate) fn catch_up(world: &mut World, now: i64) {
    let heart = |at_ms| Reaction { kind: ReactionKind::Emoji(HEART.to_owned()), by_customer: true, at_ms };
    while let Some((at_ms, event)) = world.agenda.next(now) {
        match event {
            PlannedEvent::Reads(conversation) => world.read(conversation, at_ms),
            PlannedEvent::Loves(conversation, message_id) => {
                world.react(conversation, &message_id, heart(at_ms));
            }
            PlannedEvent::Regrets(conversation, message_id) => {
                world.take_reaction_back(conversation, &message_id, heart(at_ms));
            }
            PlannedEvent::Arrives(place) => arrivals::happen(world, place, at_ms),
            PlannedEvent::Answers(conversation) => {
                let voice = world.conversations.get_mut(conversation).and_then(|there| there.voice.as_mut());
                if let Some(text) = voice.and_then(Voice::next_answer) {
                    speak(world, conversation, at_ms, text);
                }
            }
            PlannedEvent::Someone => {
                world.agenda.plan_someone(at_ms);
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
                let drawn = world.agenda.draw(talkers.len());
                let Some(conversation) = talkers.get(drawn).copied() else {
                    continue;
                };
                let voice = world.conversations.get_mut(conversation).and_then(|there| there.voice.as_mut());
                if let Some(text) = voice.and_then(Voice::next_unasked) {
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
