//! What is still to be brought to the registered address, and when: tried again ever more rarely until it is answered
//! with 200, for 72 hours at most (§6.3).

use std::{collections::BTreeMap, time::Duration};

use super::delivery::Delivery;
use crate::clock::{HOUR_MS, ms};

/// How much waits at once; what comes beyond is lost.
const MAX_QUEUED: usize = 10_000;
/// The longest pause between two tries.
const MAX_RETRY_PAUSE_MS: i64 = HOUR_MS;
/// After this long a webhook is given up.
const GIVE_UP_AFTER_MS: i64 = 72 * HOUR_MS;

/// A delivery on its way.
#[derive(Debug, Clone)]
pub(super) struct QueuedDelivery {
    pub(super) delivery: Delivery,
    since: i64,
    tries: u32,
}

impl QueuedDelivery {
    /// Whether it was brought before and not taken.
    pub(super) fn is_retry(&self) -> bool {
        self.tries > 0
    }
}

/// All of them, by the moment they are due.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeMap<(i64, u64), QueuedDelivery>,
    taken_in: u64,
}

impl Queue {
    /// Whether there was room.
    pub(super) fn push(&mut self, delivery: Delivery, now: i64) -> bool {
        if self.waiting.len() >= MAX_QUEUED {
            return false;
        }
        self.put(now, QueuedDelivery { delivery, since: now, tries: 0 });
        true
    }

    /// The first that is due.
    pub(super) fn pop(&mut self, now: i64) -> Option<QueuedDelivery> {
        let entry = self.waiting.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }

    /// It was not answered with 200. Whether it will be tried again.
    pub(super) fn put_back(&mut self, mut queued: QueuedDelivery, first_pause: Duration, now: i64) -> bool {
        let pause = ms(first_pause).max(1).saturating_mul(1 << queued.tries.min(30)).min(MAX_RETRY_PAUSE_MS);
        queued.tries += 1;
        let due = now + pause;
        let again = due - queued.since <= GIVE_UP_AFTER_MS;
        if again {
            self.put(due, queued);
        }
        again
    }

    pub(super) fn next_due(&self) -> Option<i64> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    fn put(&mut self, due: i64, queued: QueuedDelivery) {
        self.taken_in += 1;
        self.waiting.insert((due, self.taken_in), queued);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(n: usize) -> Delivery {
        Delivery { signature: String::new(), body: n.to_string().into() }
    }

    #[test]
    fn what_is_due_together_goes_in_the_order_it_came() {
        let mut queue = Queue::default();
        assert!((0..3).all(|n| queue.push(delivery(n), 5)));
        assert!(queue.pop(4).is_none());
        let out: Vec<_> = std::iter::from_fn(|| queue.pop(5)).map(|queued| queued.delivery.body).collect();
        assert_eq!(out, ["0", "1", "2"]);
    }

    #[test]
    fn pauses_double_and_after_three_days_nobody_tries_any_more() {
        let mut queue = Queue::default();
        queue.push(delivery(0), 0);
        let (mut now, mut pauses) = (0, Vec::new());
        loop {
            let queued = queue.pop(now).unwrap();
            if !queue.put_back(queued, Duration::from_secs(1), now) {
                break;
            }
            let due = queue.next_due().unwrap();
            pauses.push(due - now);
            now = due;
        }
        assert_eq!(pauses.first_chunk(), Some(&[1000, 2000, 4000, 8000]));
        assert_eq!(pauses.iter().max(), Some(&MAX_RETRY_PAUSE_MS));
        assert!((GIVE_UP_AFTER_MS - MAX_RETRY_PAUSE_MS..=GIVE_UP_AFTER_MS).contains(&now), "{now}");
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn there_is_room_for_so_many_and_no_more() {
        let mut queue = Queue::default();
        assert!((0..MAX_QUEUED).all(|n| queue.push(delivery(n), 0)));
        assert!(!queue.push(delivery(MAX_QUEUED), 0));
        assert_eq!(queue.len(), MAX_QUEUED);
    }
}
