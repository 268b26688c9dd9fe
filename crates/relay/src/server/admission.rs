//! Who may connect: so many in all, and so many from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts connections.
#[derive(Debug, Clone)]
pub(super) struct Admission {
    counts: Arc<Mutex<Counts>>,
    max: usize,
    max_per_address: usize,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    counts: Arc<Mutex<Counts>>,
    address: IpAddr,
}

impl Admission {
    pub(super) fn new(max: usize, max_per_address: usize) -> Self {
        Self { counts: Arc::default(), max, max_per_address }
    }

    /// A place for a connection, or why there is none. A proxy may have as many as there are.
    pub(super) fn admit(&self, address: IpAddr, is_proxy: bool) -> Result<Seat, &'static str> {
        let address = address.to_canonical();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = counts.by_address.get(&address).copied().unwrap_or(0);
        if counts.all >= self.max {
            return Err("too_many");
        }
        if of_address >= self.max_per_address && !is_proxy {
            return Err("too_many_of_address");
        }
        counts.all += 1;
        counts.by_address.insert(address, of_address + 1);
        Ok(Seat { counts: Arc::clone(&self.counts), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all = counts.all.saturating_sub(1);
        if let Some(of_address) = counts.by_address.get_mut(&self.address) {
            *of_address -= 1;
            if *of_address == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_places_and_gives_them_back() {
        let admission = Admission::new(4, 2);
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let first = admission.admit(one, false).unwrap();
        let _second = admission.admit("::ffff:192.0.2.1".parse().unwrap(), false).unwrap();
        assert_eq!(admission.admit(one, false).unwrap_err(), "too_many_of_address");
        let _proxied = admission.admit(one, true).unwrap();
        let _last = admission.admit(other, false).unwrap();
        assert_eq!(admission.admit(other, false).unwrap_err(), "too_many");
        drop(first);
        drop(admission.admit(other, false).unwrap());
        assert_eq!(admission.admit(one, false).unwrap_err(), "too_many_of_address");
        assert_eq!(admission.counts.lock().unwrap().all, 3);
    }
}
