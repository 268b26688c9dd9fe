//! Looks a name up and lets only public addresses through: the check cannot be outrun by a second lookup, because the
//! connection uses the very addresses that were checked.

use super::guard::{Guard, is_public};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::SocketAddr;

#[derive(Debug)]
pub(super) struct PublicOnly {
    guard: Guard,
}

/// A name that leads to a private network only.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to a private network")]
struct Private;

impl PublicOnly {
    pub(super) fn new(guard: Guard) -> Self {
        Self { guard }
    }
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let may_be_private = self.guard.may_be_private(name.as_str());
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let kept = keep(&found, may_be_private);
            if kept.is_empty() && !found.is_empty() {
                return Err(Private.into());
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

fn keep(found: &[SocketAddr], may_be_private: bool) -> Vec<SocketAddr> {
    found.iter().copied().filter(|address| may_be_private || is_public(address.ip())).collect()
}

/// Whether this is what stopped a fetch.
pub(super) fn is_private(error: &reqwest::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.is::<Private>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_names_addresses_only_the_public_ones_are_used() {
        let found: Vec<SocketAddr> = ["23.45.67.89:0", "10.0.0.1:0", "[::1]:0"].map(|a| a.parse().unwrap()).to_vec();
        assert_eq!(keep(&found, false), [found[0]]);
        assert_eq!(keep(&found, true), found, "the operator named this host");
    }
}
