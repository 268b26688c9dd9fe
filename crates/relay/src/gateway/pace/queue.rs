//! The calls of one priority that wait, one device after the other.

use std::collections::{HashMap, VecDeque};

use tokio::sync::oneshot;

use super::NoTurn;

/// How a waiting call hears of its turn.
pub(super) type Give = oneshot::Sender<Result<(), NoTurn>>;

#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Devices with waiting calls, in the order of their next turns; each stands here once.
    devices: VecDeque<String>,
    waiting: HashMap<String, VecDeque<(u64, Give)>>,
    len: usize,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn len_of(&self, device: &str) -> usize {
        self.waiting.get(device).map_or(0, VecDeque::len)
    }

    pub(super) fn push(&mut self, device: &str, ticket: u64, give: Give) {
        if !self.waiting.contains_key(device) {
            self.devices.push_back(device.to_owned());
        }
        self.waiting.entry(device.to_owned()).or_default().push_back((ticket, give));
        self.len += 1;
    }

    /// The next call: the first of the device whose turn it is.
    pub(super) fn pop(&mut self) -> Option<Give> {
        let device = self.devices.pop_front()?;
        let calls = self.waiting.get_mut(&device)?;
        let call = calls.pop_front();
        if calls.is_empty() {
            self.waiting.remove(&device);
        } else {
            self.devices.push_back(device);
        }
        let (_, give) = call?;
        self.len -= 1;
        Some(give)
    }

    /// Takes a call out, if it still waits.
    pub(super) fn remove(&mut self, device: &str, ticket: u64) {
        let Some(calls) = self.waiting.get_mut(device) else { return };
        let before = calls.len();
        calls.retain(|(known, _)| *known != ticket);
        self.len -= before - calls.len();
        if calls.is_empty() {
            self.waiting.remove(device);
            self.devices.retain(|known| known != device);
        }
    }
}
