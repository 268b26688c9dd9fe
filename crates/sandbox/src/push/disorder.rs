//! What befalls events on their way: at least once, in no order, and sometimes never (§6.3). Drawn from the seed.

use std::mem;

use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::ids;

/// The longest a delayed event waits for a later one to overtake it, in ms of the sandbox's clock.
const MAX_DELAY_MS: i64 = 2_000;
/// How many events are delayed at once; beyond that all are let go.
const MAX_DELAYED: usize = 8;

/// How much goes wrong with webhooks, each as a share of the events from 0 to 1. The default is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct WebhookFaults {
    /// Delivered twice, the same to the byte.
    pub duplicates: f64,
    /// Held back until one to three later events were delivered, or for two seconds if none comes.
    pub reordered: f64,
    /// Never delivered at all.
    pub dropped: f64,
}

/// An event that is held back until later ones have overtaken it.
#[derive(Debug)]
struct DelayedEvent<T> {
    event: T,
    /// How many deliveries have to overtake it yet.
    behind: u32,
    until: i64,
}

/// What the faults did to one event.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) dropped: bool,
    pub(super) doubled: bool,
    pub(super) delayed: bool,
}

/// The dial, and the events that it delays.
#[derive(Debug)]
pub(super) struct Disorder<T> {
    faults: WebhookFaults,
    lot: StdRng,
    delayed: Vec<DelayedEvent<T>>,
}

impl<T: Clone> Disorder<T> {
    pub(super) fn new(seed: u64) -> Disorder<T> {
        let lot = StdRng::from_seed(ids::digest(seed, "webhook faults", &[]));
        Disorder { faults: WebhookFaults::default(), lot, delayed: Vec::new() }
    }

    pub(super) fn faults(&self) -> WebhookFaults {
        self.faults
    }

    /// Sets the dial. Gives back the events that were delayed: they go out now.
    pub(super) fn set(&mut self, faults: WebhookFaults) -> Vec<T> {
        self.faults = faults;
        self.all()
    }

    /// Takes an event in; gives back what is to be delivered now, in this order.
    pub(super) fn pass(&mut self, event: T, now: i64) -> (Vec<T>, Fate) {
        let mut fate = Fate { dropped: self.draw(self.faults.dropped), ..Fate::default() };
        if fate.dropped {
            return (Vec::new(), fate);
        }
        fate.doubled = self.draw(self.faults.duplicates);
        let mut out = Vec::new();
        let mut late = Vec::new();
        for _ in 0..=usize::from(fate.doubled) {
            if self.draw(self.faults.reordered) {
                let behind = self.lot.random_range(1..=3);
                late.push(DelayedEvent { event: event.clone(), behind, until: now + MAX_DELAY_MS });
            } else {
                out.push(event.clone());
            }
        }
        fate.delayed = !late.is_empty();
        if !out.is_empty() {
            for delayed in &mut self.delayed {
                delayed.behind -= 1;
            }
            out.extend(self.delayed.extract_if(.., |delayed| delayed.behind == 0).map(|delayed| delayed.event));
        }
        self.delayed.append(&mut late);
        if self.delayed.len() > MAX_DELAYED {
            out.extend(self.all());
        }
        (out, fate)
    }

    /// The events that nothing overtook in time.
    pub(super) fn overdue(&mut self, now: i64) -> Vec<T> {
        let mut due: Vec<T> =
            self.delayed.extract_if(.., |delayed| delayed.until <= now).map(|delayed| delayed.event).collect();
        due.reverse();
        due
    }

    /// When the first delayed event goes out at the latest.
    pub(super) fn next_due(&self) -> Option<i64> {
        self.delayed.iter().map(|delayed| delayed.until).min()
    }

    /// Every delayed event, the newest first.
    fn all(&mut self) -> Vec<T> {
        mem::take(&mut self.delayed).into_iter().rev().map(|delayed| delayed.event).collect()
    }

    /// Draws nothing where nothing can come of it: a dial at zero does not move the lot on.
    fn draw(&mut self, share: f64) -> bool {
        share > 0.0 && self.lot.random_bool(share.min(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(faults: WebhookFaults, seed: u64) -> Vec<u32> {
        let mut disorder = Disorder::new(seed);
        disorder.set(faults);
        let mut out: Vec<u32> = (0..200).flat_map(|n| disorder.pass(n, i64::from(n)).0).collect();
        out.extend(disorder.overdue(i64::MAX));
        out
    }

    #[test]
    fn with_the_dial_at_zero_everything_comes_once_and_in_order() {
        assert_eq!(run(WebhookFaults::default(), 1), (0..200).collect::<Vec<u32>>());
    }

    #[test]
    fn late_ones_come_after_later_ones_and_none_is_lost() {
        let faults = WebhookFaults { reordered: 0.3, ..WebhookFaults::default() };
        let mut out = run(faults, 1);
        assert!(!out.is_sorted());
        assert_eq!(out, run(faults, 1), "the same seed disorders the same way");
        assert_ne!(out, run(faults, 2));
        out.sort_unstable();
        assert_eq!(out, (0..200).collect::<Vec<u32>>());
        let all_late = run(WebhookFaults { reordered: 1.0, ..WebhookFaults::default() }, 1);
        assert!(all_late.len() == 200 && !all_late.is_sorted());
    }

    #[test]
    fn duplicates_are_extra_and_drops_are_gone() {
        let doubled = run(WebhookFaults { duplicates: 1.0, ..WebhookFaults::default() }, 1);
        assert_eq!(doubled.len(), 400);
        let thinned = run(WebhookFaults { dropped: 0.5, ..WebhookFaults::default() }, 1);
        assert!((60..140).contains(&thinned.len()), "{}", thinned.len());
        assert!(run(WebhookFaults { dropped: 1.0, ..WebhookFaults::default() }, 1).is_empty());
    }
}
