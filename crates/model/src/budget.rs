//! The send budget: how many replies TikTok still takes, counted from what this computer knows.
//!
//! Two descriptions of TikTok's rule exist ("Messaging windows"). A: ten replies within 48 hours of a customer's first
//! message, no limit within 48 hours of each later one, three more after 48 hours of silence. B: ten replies within 48
//! hours of the customer's newest message, none after. Deskbell counts by the stricter one and says what the other would
//! allow; TikTok's verdict on a send decides. Automatic messages cost nothing; a reply from the phone or the web costs as
//! much as one from here.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Millis, ReplyWindow};

/// Replies until the customer answers.
pub const MAX_REPLIES: u32 = 10;
/// By rule A, replies after 48 hours of silence.
pub const MAX_LATE_REPLIES: u32 = 3;

/// What was sent since the customer's newest message: all a budget depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SendLedger {
    opened_at_ms: Option<Millis>,
    sent: u32,
    late: u32,
    replied: bool,
    engaged: bool,
}

impl SendLedger {
    /// A ledger from stored counts: of the replies since the customer's message at `opened_at_ms`, how many went within 48
    /// hours of it and how many after; and whether the customer has ever answered a reply.
    #[must_use]
    pub fn of(opened_at_ms: Option<Millis>, sent: u32, late: u32, engaged: bool) -> Self {
        Self { opened_at_ms, sent, late, replied: sent + late > 0, engaged }
    }

    /// The customer wrote: everything is counted anew.
    pub fn record_customer_message(&mut self, at_ms: Millis) {
        *self = Self { opened_at_ms: Some(at_ms), engaged: self.engaged || self.replied, ..Self::default() };
    }

    /// The business sent a message, from here, the phone or the web; not an automatic one.
    pub fn record_reply(&mut self, at_ms: Millis) {
        self.replied = true;
        let Some(opened) = self.opened_at_ms else { return };
        if ReplyWindow::opened_by(opened).is_open(at_ms) {
            self.sent = self.sent.saturating_add(1);
        } else {
            self.late = self.late.saturating_add(1);
        }
    }

    /// Whether more replies went out within the window than the stricter rule allows.
    #[must_use]
    pub fn is_overspent(self) -> bool {
        self.sent > MAX_REPLIES
    }

    /// The budget; none before the customer has written, for a business cannot begin.
    #[must_use]
    pub fn budget(self) -> Option<SendBudget> {
        self.opened_at_ms.map(|_| SendBudget {
            left: MAX_REPLIES.saturating_sub(self.sent),
            late_left: MAX_LATE_REPLIES.saturating_sub(self.late),
            engaged: self.engaged,
        })
    }
}

/// How many replies are left, whatever the time is; which number counts depends on whether the window is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SendBudget {
    /// Replies left while the window is open, of ten, until the customer answers.
    pub left: u32,
    /// Replies that TikTok may still take once the window has closed, of three; the other description of its rule says none.
    pub late_left: u32,
    /// Whether the customer has answered a reply before: by the other description nothing is counted while the window is open.
    pub engaged: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WINDOW_MS;

    const HOUR: i64 = 3_600_000;

    fn left(ledger: SendLedger) -> u32 {
        ledger.budget().unwrap().left
    }

    #[test]
    fn the_published_simulation() {
        let mut ledger = SendLedger::default();
        assert_eq!(ledger.budget(), None, "a business cannot begin");
        ledger.record_customer_message(HOUR);
        assert_eq!(left(ledger), 10);
        for _ in 0..3 {
            ledger.record_reply(2 * HOUR);
        }
        assert_eq!(left(ledger), 7);
        ledger.record_reply(4 * HOUR);
        assert_eq!(left(ledger), 6);
        ledger.record_customer_message(7 * HOUR);
        assert_eq!(left(ledger), 10);
        ledger.record_reply(10 * HOUR);
        assert_eq!(left(ledger), 9);
    }

    #[test]
    fn a_reply_after_48_hours_of_silence_costs_one_of_the_three_late_ones() {
        let mut ledger = SendLedger::default();
        ledger.record_customer_message(0);
        ledger.record_reply(HOUR);
        ledger.record_reply(WINDOW_MS - 1);
        assert_eq!((left(ledger), ledger.budget().unwrap().late_left), (8, 3));
        ledger.record_reply(WINDOW_MS);
        assert_eq!((left(ledger), ledger.budget().unwrap().late_left), (8, 2));
    }

    #[test]
    fn a_customer_who_answers_a_reply_is_engaged_for_good() {
        let mut ledger = SendLedger::default();
        ledger.record_customer_message(0);
        ledger.record_customer_message(1);
        assert!(!ledger.budget().unwrap().engaged);
        ledger.record_reply(2);
        assert!(!ledger.budget().unwrap().engaged);
        ledger.record_customer_message(3);
        ledger.record_customer_message(4);
        assert!(ledger.budget().unwrap().engaged);
    }

    /// Random numbers that are the same every time (SplitMix64), so that a failing history can be had again.
    struct Random(u64);

    impl Random {
        fn below(&mut self, most: u64) -> u64 {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (mixed ^ (mixed >> 31)) % most
        }
    }

    /// The budget of a whole history, by looking at all of it at once. `true` is the customer.
    fn by_looking(history: &[(Millis, bool)]) -> Option<SendBudget> {
        let newest = history.iter().rposition(|(_, customers)| *customers)?;
        let opened_at_ms = history[newest].0;
        let since = &history[newest + 1..];
        let within = since.iter().filter(|(at_ms, _)| at_ms - opened_at_ms < 48 * HOUR).count();
        let first_reply = history.iter().position(|(_, customers)| !customers);
        Some(SendBudget {
            left: 10 - u32::try_from(within.min(10)).unwrap(),
            late_left: 3 - u32::try_from((since.len() - within).min(3)).unwrap(),
            engaged: first_reply.is_some_and(|first| first < newest),
        })
    }

    #[test]
    fn any_history_counted_step_by_step_is_what_looking_at_all_of_it_tells() {
        let mut spent = [0; 3];
        for seed in 0..20_000 {
            let mut random = Random(seed);
            let replies_in_ten = 1 + random.below(9);
            let (mut ledger, mut history, mut now_ms) = (SendLedger::default(), Vec::new(), 0);
            for _ in 0..random.below(40) {
                let pause = [0, 1_000, 20 * HOUR, 48 * HOUR][usize::try_from(random.below(4)).unwrap()];
                // The very end of a window as well, to the millisecond.
                let early = i64::try_from(random.below(3)).unwrap();
                now_ms += if pause > 0 && random.below(2) == 0 { pause - early } else { pause / 7 };
                let customers = random.below(10) >= replies_in_ten;
                let before = ledger.budget();
                if customers {
                    ledger.record_customer_message(now_ms);
                } else {
                    ledger.record_reply(now_ms);
                }
                history.push((now_ms, customers));
                let budget = ledger.budget();
                assert_eq!(budget, by_looking(&history), "seed {seed}: {history:?}");
                if let (Some(before), Some(budget)) = (before, budget) {
                    let more = budget.left > before.left || budget.late_left > before.late_left;
                    assert!(customers || !more, "seed {seed}: only the customer gives replies back: {history:?}");
                }
                let Some(budget) = budget else { continue };
                // The database keeps two counts and a mark: they say it all.
                let stored = SendLedger::of(ledger.opened_at_ms, ledger.sent, ledger.late, budget.engaged);
                let (mut ours, mut theirs) = (ledger, stored);
                ours.record_customer_message(now_ms);
                theirs.record_customer_message(now_ms);
                assert_eq!(
                    (stored.budget(), theirs.budget()),
                    (ledger.budget(), ours.budget()),
                    "seed {seed}: {history:?}"
                );
                assert_eq!(ledger.is_overspent(), ledger.sent > 10, "seed {seed}: {history:?}");
                spent[0] += u32::from(budget.left == 0);
                spent[1] += u32::from(budget.late_left == 0);
                spent[2] += u32::from(budget.engaged);
            }
        }
        assert!(spent.iter().all(|times| *times > 1_000), "the histories reach the limits: {spent:?}");
    }
}
