//! A crowd that writes: most of it to a few, as Zipf's law has it, and everything drawn from the seed.

use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::phrases::{EMOJI, LANGUAGES, Language};
use crate::{
    clock::ms,
    config::Crowd,
    ids,
    world::{
        NewMessage, Side, World,
        conversation::{Content, Source},
    },
};

/// Whether the crowd writes now, with webhooks and ledger entries, or wrote before the sandbox opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CrowdTime {
    /// It happens now.
    Now,
    /// It was there when the sandbox opened.
    Before,
}

/// Lets a crowd write to an account; gives back the places of its conversations, the busiest first.
pub(crate) fn write(world: &mut World, account: usize, crowd: Crowd, now: i64, seen: CrowdTime) -> Vec<usize> {
    let customers = crowd.customers.min(crowd.messages);
    let people: Vec<(usize, &Language)> = (0..customers)
        .filter_map(|n| {
            let tongue = LANGUAGES.get(n % LANGUAGES.len())?;
            Some((world.conversation_with(account, &tongue.name(n / LANGUAGES.len())), tongue))
        })
        .collect();
    // What they have in all, up to each of them: a lot falls to the first that reaches it.
    let shares: Vec<f64> = (1..=people.len())
        .scan(0.0, |sum, rank| {
            *sum += 1.0 / float(rank);
            Some(*sum)
        })
        .collect();
    let whole = shares.last().copied().unwrap_or_default();
    let sizes = [crowd.customers, crowd.messages].map(|size| size.to_string());
    let mut lot = StdRng::from_seed(ids::digest(world.seed, "crowd's lot", &[&sizes[0], &sizes[1]]));
    for n in 0..crowd.messages {
        // Everybody says one thing, and then it is drawn who goes on.
        let who = if n < people.len() {
            n
        } else {
            let drawn = lot.random_range(0.0..whole);
            shares.partition_point(|share| *share < drawn)
        };
        let Some((at, tongue)) = people.get(who.min(people.len().saturating_sub(1))) else {
            break;
        };
        let (side, new) = line(world.seed, &mut lot, tongue, n, n >= people.len());
        let at_ms = world.after_last(*at, now - left(crowd.over, n + 1, crowd.messages));
        match seen {
            CrowdTime::Now => world.write(*at, side, at_ms, new),
            CrowdTime::Before => world.remember(*at, side, at_ms, new),
        };
    }
    people.into_iter().map(|(at, _)| at).collect()
}

/// The message of this number: mostly the customer's words, now and then a picture of some kind or a colleague's
/// answer.
fn line(seed: u64, lot: &mut StdRng, tongue: &Language, n: usize, may_be_answer: bool) -> (Side, NewMessage) {
    let mut pick = |all: &'static [&'static str]| {
        let drawn = lot.random_range(0..all.len().max(1));
        Content::Text(all.get(drawn).copied().unwrap_or_default().into())
    };
    let words = pick(tongue.asks);
    let answer = pick(tongue.answers);
    let emoji = pick(EMOJI);
    match lot.random_range(0..100) {
        0..25 if may_be_answer => {
            (Side::Business, NewMessage { content: answer, source: Source::Web, ..NewMessage::default() })
        }
        90..94 => (Side::Customer, NewMessage::of(emoji)),
        94..96 => {
            let media_id = ids::digits(seed, "media", &["crowd", &n.to_string()]);
            (Side::Customer, NewMessage::of(Content::Image { media_id }))
        }
        96..98 => (Side::Customer, NewMessage::of(Content::Sticker { name: "wave".to_owned() })),
        98..100 => (Side::Customer, NewMessage::of(Content::Emoji { name: "sparkles".to_owned() })),
        _ => (Side::Customer, NewMessage::of(words)),
    }
}

/// How long before the end of the time the message of this number is written, in ms.
fn left(over: Duration, n: usize, all: usize) -> i64 {
    let parts = |n: usize| i128::try_from(n).unwrap_or(i128::MAX);
    let left = i128::from(ms(over)) * parts(all - n.min(all)) / parts(all.max(1));
    i64::try_from(left).unwrap_or(i64::MAX / 4)
}

fn float(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}
