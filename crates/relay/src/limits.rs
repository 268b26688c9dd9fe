//! The address behind proxies that a request comes from, and a limit for each address.
//!
//! `X-Forwarded-For` is written by the caller and by every proxy on the way, each at its end. Only what a configured
//! proxy wrote can be believed, so the list is read from the right, for as long as the one who wrote is such a proxy.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::Deserialize;
use wire::FailureCode;

use crate::access::PeerAddress;
use crate::metrics::Metrics;
use crate::refusal::Refusal;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// How often addresses that have been quiet are forgotten.
const FORGET_INTERVAL: Duration = Duration::from_secs(60);

/// Addresses with a common beginning: `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

/// Why a text is no [`Network`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address such as 127.0.0.1, or a network such as 10.0.0.0/8, is expected")]
pub struct NetworkError;

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u32>().map_err(|_| NetworkError)?)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| NetworkError)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(bits);
        if prefix > bits { Err(NetworkError) } else { Ok(Self { address, prefix }) }
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

impl Network {
    /// Whether an address is one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32_u32.saturating_sub(self.prefix)).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128_u32.saturating_sub(self.prefix)).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// Whether an address is in one of the networks.
pub(crate) fn is_in(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}

/// The address that made a request, as far as configured proxies tell. An extension of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress {
    /// The address.
    pub address: IpAddr,
    /// Whether the request came straight from there, or through configured proxies only. A request that another proxy
    /// passed on may come from anywhere.
    pub is_certain: bool,
}

impl ClientAddress {
    /// The address behind the configured proxies.
    pub(crate) fn read(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> Self {
        let lists = headers.get_all(FORWARDED_FOR).iter().rev();
        let entries = lists.flat_map(|list| list.as_bytes().rsplit(|byte| *byte == b','));
        let mut address = peer.to_canonical();
        let mut entries = entries.map(|entry| std::str::from_utf8(entry).ok().and_then(parse_hop));
        while is_in(proxies, address) {
            match entries.next() {
                Some(Some(hop)) => address = hop,
                // The proxy names no address: the request counts as the proxy's own.
                Some(None) => return Self { address, is_certain: false },
                None => return Self { address, is_certain: true },
            }
        }
        // The rest of the list was written by the caller, or by a proxy that is not configured.
        Self { address, is_certain: entries.next().is_none() }
    }
}

/// One entry of the list: an address, perhaps with a port.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    address.or_else(bare).map(|address| address.to_canonical())
}

/// How often each address may call. Clones share the counts.
#[derive(Clone)]
pub struct Limits {
    shared: Arc<Shared>,
}

struct Shared {
    proxies: Vec<Network>,
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    metrics: Metrics,
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limits").field("addresses", &self.shared.limiter.len()).finish_non_exhaustive()
    }
}

impl Limits {
    /// So many requests a second from each address on average, and `burst` at once.
    #[must_use]
    pub fn new(per_second: NonZeroU32, burst: NonZeroU32, proxies: Vec<Network>, metrics: Metrics) -> Self {
        let limiter = RateLimiter::keyed(Quota::per_second(per_second).allow_burst(burst));
        Self { shared: Arc::new(Shared { proxies, limiter, metrics }) }
    }

    /// Forgets addresses that have been quiet, for as long as the program runs.
    pub async fn forget_quiet_addresses(self) {
        loop {
            tokio::time::sleep(FORGET_INTERVAL).await;
            self.forget();
        }
    }

    fn forget(&self) {
        self.shared.limiter.retain_recent();
        self.shared.limiter.shrink_to_fit();
    }

    fn allows(&self, address: IpAddr) -> bool {
        self.shared.limiter.check_key(&limited_as(address)).is_ok()
    }
}

/// A home or an office has a whole /64 of IPv6.
fn limited_as(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

/// Puts the [`ClientAddress`] into every request, and refuses those of an address that calls too often.
pub(crate) async fn identify(State(limits): State<Limits>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(socket)| socket.ip());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let client = ClientAddress::read(peer, request.headers(), &limits.shared.proxies);
    if !limits.allows(client.address) {
        limits.shared.metrics.record_limited();
        return Refusal::after(FailureCode::TooManyRequests, "too many requests from this address", 1_000)
            .into_response();
    }
    request.extensions_mut().insert(client);
    request.extensions_mut().insert(PeerAddress(client.address));
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Vec<Network> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_network_holds_its_addresses() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("0.0.0.0/0", "8.8.8.8", "::1"),
            ("2001:db8::/32", "2001:db8:1::2", "2001:db9::1"),
            ("::1", "::1", "::2"),
            ("192.0.2.0/24", "::ffff:192.0.2.7", "::ffff:192.0.3.7"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network:?} {inside}");
            assert!(!network.contains(outside.parse().unwrap()), "{network:?} {outside}");
        }
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "shop.example", "10.0.0/8"] {
            assert_eq!(bad.parse::<Network>(), Err(NetworkError), "{bad}");
        }
    }

    #[test]
    fn only_what_configured_proxies_wrote_is_believed() {
        let proxies = networks(&["10.0.0.0/8", "::1"]);
        for (peer, lists, address, is_certain) in [
            ("203.0.113.9", vec![], "203.0.113.9", true),
            // The caller wrote it: no proxy of ours did.
            ("203.0.113.9", vec!["1.2.3.4"], "203.0.113.9", false),
            ("10.0.0.1", vec!["1.2.3.4"], "1.2.3.4", true),
            // The caller wrote the left one, the proxy the right one.
            ("10.0.0.1", vec!["9.9.9.9, 1.2.3.4"], "1.2.3.4", false),
            ("10.0.0.1", vec!["9.9.9.9", "1.2.3.4 , 10.0.0.2"], "1.2.3.4", false),
            ("::1", vec!["[2001:db8::1]:443"], "2001:db8::1", true),
            ("::1", vec!["192.0.2.1:8080"], "192.0.2.1", true),
            ("10.0.0.1", vec![], "10.0.0.1", true),
            ("10.0.0.1", vec!["unknown"], "10.0.0.1", false),
            ("10.0.0.1", vec!["1.2.3.4,"], "10.0.0.1", false),
            ("::ffff:10.0.0.1", vec!["::ffff:1.2.3.4"], "1.2.3.4", true),
        ] {
            let mut headers = HeaderMap::new();
            for list in &lists {
                headers.append(FORWARDED_FOR, list.parse().unwrap());
            }
            let client = ClientAddress::read(peer.parse().unwrap(), &headers, &proxies);
            assert_eq!(client, ClientAddress { address: address.parse().unwrap(), is_certain }, "{peer} {lists:?}");
        }
    }

    #[test]
    fn each_address_has_its_own_limit_and_quiet_ones_are_forgotten() {
        let (one, two) = (NonZeroU32::MIN, NonZeroU32::new(2).unwrap());
        let limits = Limits::new(one, two, Vec::new(), Metrics::default());
        let (first, second): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        assert!(limits.allows(first) && limits.allows(first) && !limits.allows(first));
        assert!(limits.allows(second));
        // One /64 is one caller.
        let of = |host: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host));
        assert!(limits.allows(of(1)) && limits.allows(of(2)) && !limits.allows(of(3)));

        let limits = Limits::new(NonZeroU32::MAX, two, Vec::new(), Metrics::default());
        assert!(limits.allows(first));
        let until = std::time::Instant::now() + Duration::from_secs(10);
        while !limits.shared.limiter.is_empty() {
            assert!(std::time::Instant::now() < until, "an address is never forgotten");
            limits.forget();
        }
    }
}
