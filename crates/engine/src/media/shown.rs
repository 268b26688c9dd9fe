//! When pictures were last shown. It is written down once an hour at most.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use model::Millis;

pub(super) const HOUR_MS: Millis = 3_600_000;

/// Which pictures were shown this hour, and which of them are not written down yet.
#[derive(Debug, Default)]
pub(super) struct Shown {
    hour: Millis,
    pub(super) last: HashMap<String, Instant>,
    pub(super) unwritten: HashSet<String>,
}

impl Shown {
    pub(super) fn note(&mut self, key: &str, now_ms: Millis) {
        let hour = now_ms / HOUR_MS;
        if self.hour != hour {
            self.hour = hour;
            self.last.clear();
        }
        if self.last.insert(key.to_owned(), Instant::now()).is_none() {
            self.unwritten.insert(key.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_shown_often_is_written_down_once_an_hour() {
        let mut shown = Shown::default();
        for minute in 0..60 {
            shown.note("a", minute * 60_000);
        }
        assert_eq!(shown.unwritten.drain().count(), 1);
        shown.note("a", HOUR_MS - 1);
        assert_eq!(shown.unwritten.len(), 0, "this hour is written down");
        shown.note("a", HOUR_MS);
        assert_eq!(shown.unwritten.len(), 1, "the next is not");
    }
}
