//! Loopback ports.

use std::net::{Ipv4Addr, TcpListener};

/// The first free port from this one on.
pub(crate) fn free_port(from: u16) -> Option<u16> {
    (from..from.saturating_add(100)).find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_passed_over() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert_ne!(free_port(port), Some(port));
    }
}
