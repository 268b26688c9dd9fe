//! A crowd for load: many conversations with many messages, spread over the last ninety days.

use crate::{
    clock::{DAY_MS, MINUTE_MS},
    config::Populate,
    ids,
    world::{
        NewMessage, Side, World,
        conversation::{Content, Source},
    },
};

const QUESTIONS: [&str; 8] = [
    "Hi! Is the linen shirt still available in M?",
    "How long does delivery to Lyon take?",
    "The blue one or the sand one, which is softer?",
    "Can I change the address on my order?",
    "I love it, thank you so much 🤎",
    "It arrived with a loose thread on the sleeve",
    "Do you restock the midi dress this month?",
    "Could I pick it up in the store instead?",
];

const ANSWERS: [&str; 6] = [
    "Hi! Yes, we have two left in M.",
    "Delivery takes 2 to 4 working days, and you get a tracking link here.",
    "The sand one is washed twice, so it is a little softer.",
    "Of course, just send us the new address and the order number.",
    "Oh no! Send us a photo and we will make it right.",
    "Thank you, that made our day.",
];

/// Fills an account with a crowd.
pub(crate) fn crowd(world: &mut World, account: usize, populate: Populate, opened_at: i64) {
    let span = 89 * DAY_MS;
    for n in 0..populate.conversations {
        let name = format!("Customer {:05}", n + 1);
        let at = world.conversation_with(account, &name);
        // The newest conversations are close together, the oldest far apart, as in a real inbox.
        let share = ratio(n, populate.conversations);
        let last = opened_at - scaled(span, share * share) - MINUTE_MS;
        let lot = ids::number(world.seed, "crowd", &[&name]);
        for m in 0..populate.messages {
            let back = i64::try_from(populate.messages - 1 - m).unwrap_or(0);
            let pick = usize::try_from(lot % 64).unwrap_or(0) + m;
            // Mostly turn and turn about; it begins with the customer, and one in four was never answered.
            let by_customer = m % 2 == 0 || lot.is_multiple_of(4);
            let text =
                if by_customer { QUESTIONS.get(pick % QUESTIONS.len()) } else { ANSWERS.get(pick % ANSWERS.len()) };
            let content = Content::Text(text.copied().unwrap_or_default().into());
            let side = if by_customer { Side::Customer } else { Side::Business };
            let source = if by_customer { Source::App } else { Source::Web };
            world.remember(
                at,
                side,
                last - back * 7 * MINUTE_MS,
                NewMessage { content, source, ..NewMessage::default() },
            );
        }
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    let small = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    small(part) / small(whole.max(1))
}

/// That share of a span; the cast saturates and both are far below 2^53.
fn scaled(span: i64, share: f64) -> i64 {
    (span as f64 * share) as i64
}
