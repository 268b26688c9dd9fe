//! The addresses that images and videos may be fetched from.

use crate::Endpoints;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// TikTok's own hosts for images and videos, and everything below them.
const TIKTOKS: [&str; 9] = [
    "tiktokcdn.com",
    "tiktokcdn-us.com",
    "tiktokcdn-eu.com",
    "tiktokv.com",
    "tiktokv.us",
    "byteoversea.com",
    "ibyteimg.com",
    "muscdn.com",
    "tiktok.com",
];

/// Why an address is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NotAllowed {
    /// Not an address at all.
    #[error("it cannot be read")]
    Unreadable,
    /// Not https (http is for this computer in Practice and tests).
    #[error("it is not https")]
    Scheme,
    /// It carries a user name or password.
    #[error("it carries a user name")]
    Credentials,
    /// Not one of TikTok's hosts.
    #[error("its host is not TikTok's")]
    Host,
    /// Not the usual port.
    #[error("it names an unusual port")]
    Port,
    /// The name leads to a machine on a private network, or this one.
    #[error("it leads to a private network")]
    PrivateAddress,
}

/// Decides which addresses may be fetched from. Made once, from the endpoints file.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    named: Vec<String>,
    /// Practice and tests have nothing to fetch from TikTok.
    tiktoks: bool,
}

impl Guard {
    pub(crate) fn new(endpoints: &Endpoints) -> Self {
        Self {
            named: endpoints.media_hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
            tiktoks: !endpoints.is_local(),
        }
    }

    /// The address, if it may be followed.
    pub(crate) fn check(&self, text: &str) -> Result<Url, NotAllowed> {
        let url = Url::parse(text).map_err(|_| NotAllowed::Unreadable)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(NotAllowed::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotAllowed::Credentials);
        }
        let host = url.host_str().ok_or(NotAllowed::Host)?;
        let with_port = url.port_or_known_default().map(|port| format!("{host}:{port}"));
        let is_named = self.named.iter().any(|named| named == host || Some(named) == with_port.as_ref());
        if is_named {
            let is_plain_elsewhere = url.scheme() == "http" && !crate::endpoints::is_loopback(&url);
            return if is_plain_elsewhere { Err(NotAllowed::Scheme) } else { Ok(url) };
        }
        let is_tiktoks = matches!(url.host(), Some(Host::Domain(_))) && TIKTOKS.iter().any(|own| is_below(host, own));
        if !(self.tiktoks && is_tiktoks) {
            return Err(NotAllowed::Host);
        }
        if url.scheme() != "https" {
            return Err(NotAllowed::Scheme);
        }
        // `Url` drops the scheme's own port, so any port left is another one.
        if url.port().is_some() {
            return Err(NotAllowed::Port);
        }
        Ok(url)
    }

    /// Whether the operator named this host, which may then be on a private network.
    pub(super) fn may_be_private(&self, host: &str) -> bool {
        self.named.iter().any(|named| {
            let name = named.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
            name.map_or(named.as_str(), |(name, _)| name) == host || named == host
        })
    }
}

fn is_below(host: &str, own: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    host == own || host.strip_suffix(own).is_some_and(|rest| rest.ends_with('.'))
}

/// Whether an address is one the whole internet can reach.
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_protocol = a == 192 && b == 0 && c == 0;
    let is_benchmark = a == 198 && (b == 18 || b == 19);
    !(a == 0
        || ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || is_shared
        || is_protocol
        || is_benchmark
        || a >= 224)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    // An IPv4 address in an IPv6 coat (mapped, 6to4, NAT64) is judged by what is under it.
    let segments = ip.segments();
    let last = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            is_public_v4(last(high, low))
        }
        // 2000::/3 is all that is given out; Teredo and documentation are in it and are not hosts.
        [0x2001, 0, ..] | [0x2001, 0xdb8, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> Guard {
        Guard::new(&Endpoints { media_hosts: vec!["cdn.shop.example".to_owned()], ..Endpoints::default() })
    }

    #[test]
    fn the_rule_as_a_table() {
        use NotAllowed::{Credentials, Host, Port, Scheme, Unreadable};
        for (url, expected) in [
            ("https://p16-sign.tiktokcdn.com/a.jpeg?x-expires=1", Ok(())),
            ("https://P16.TikTokCDN-US.com/a", Ok(())),
            ("https://tiktokv.com/a", Ok(())),
            ("https://cdn.shop.example/a", Ok(())),
            ("http://cdn.shop.example/a", Err(Scheme)),
            ("https://sub.cdn.shop.example/a", Err(Host)),
            ("http://p16.tiktokcdn.com/a", Err(Scheme)),
            ("https://p16.tiktokcdn.com:8443/a", Err(Port)),
            ("https://eviltiktokcdn.com/a", Err(Host)),
            ("https://tiktokcdn.com.evil.example/a", Err(Host)),
            ("https://p16.tiktokcdn.com@evil.example/a", Err(Credentials)),
            ("https://evil.example\\.tiktokcdn.com/a", Err(Host)),
            ("https://127.0.0.1/a", Err(Host)),
            ("http://127.0.0.1/a", Err(Host)),
            ("https://0x7f000001/a", Err(Host)),
            ("https://169.254.169.254/latest/meta-data", Err(Host)),
            ("https://[::1]/a", Err(Host)),
            ("file:///etc/passwd", Err(Scheme)),
            ("data:image/png;base64,AAAA", Err(Scheme)),
            ("javascript:alert(1)", Err(Scheme)),
            ("//p16.tiktokcdn.com/a", Err(Unreadable)),
            ("", Err(Unreadable)),
        ] {
            assert_eq!(live().check(url).map(|_| ()), expected, "{url}");
        }
    }

    #[test]
    fn a_local_profile_fetches_from_its_own_host_only() {
        let local = Endpoints::from_json(
            r#"{"authorize":"http://127.0.0.1:9/","login_kit":"http://127.0.0.1:9/","business":"http://127.0.0.1:9/","media_hosts":["127.0.0.1:9"]}"#,
        );
        let guard = Guard::new(&local.unwrap());
        assert!(guard.check("http://127.0.0.1:9/a").is_ok());
        assert_eq!(guard.check("http://127.0.0.1:10/a").unwrap_err(), NotAllowed::Host);
        assert_eq!(guard.check("https://p16.tiktokcdn.com/a").unwrap_err(), NotAllowed::Host);
    }

    #[test]
    fn private_addresses_are_not_public_in_any_coat() {
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "::127.0.0.1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["23.45.67.89", "2606:4700::1111", "::ffff:8.8.8.8"] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }
}
