//! The portal's rules for a Business redirect address, checked before a person is sent on a trip that must fail.

use url::{Host, Url};

/// What is wrong with a redirect address ("Authorising a Business Account", redirect rules).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RedirectProblem {
    /// Not a whole web address.
    NotAbsolute,
    /// Not `https://`.
    NotHttps,
    /// This computer; TikTok's Business login cannot come back to it.
    Loopback,
    /// It names a port.
    HasPort,
    /// It has a `?…`.
    HasQuery,
    /// It has a `#…`.
    HasFragment,
    /// Shorter than 10 characters.
    TooShort,
    /// Longer than 512 characters.
    TooLong,
    /// It does not end in `/`. The documentation wants it, the portal has taken addresses without: a warning only.
    NoTrailingSlash,
}

impl RedirectProblem {
    /// Whether the address may work all the same, so that a person may go on.
    #[must_use]
    pub fn is_warning(self) -> bool {
        self == Self::NoTrailingSlash
    }
}

/// Everything wrong with a redirect address; empty when it is as the portal wants it.
///
/// TikTok compares byte for byte with what was registered, so the text is judged as it is, not as a browser would
/// tidy it.
#[must_use]
pub fn check_redirect_uri(uri: &str) -> Vec<RedirectProblem> {
    let mut problems = Vec::new();
    let mut note = |is_wrong: bool, problem| {
        if is_wrong {
            problems.push(problem);
        }
    };
    note(uri.chars().count() < 10, RedirectProblem::TooShort);
    note(uri.chars().count() > 512, RedirectProblem::TooLong);
    let Ok(url) = Url::parse(uri) else {
        note(true, RedirectProblem::NotAbsolute);
        return problems;
    };
    note(!url.has_host() || uri.trim() != uri, RedirectProblem::NotAbsolute);
    note(url.scheme() != "https", RedirectProblem::NotHttps);
    let is_loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    };
    note(is_loopback, RedirectProblem::Loopback);
    note(names_a_port(uri), RedirectProblem::HasPort);
    note(url.query().is_some(), RedirectProblem::HasQuery);
    note(url.fragment().is_some(), RedirectProblem::HasFragment);
    note(!url.path().ends_with('/') || !uri.ends_with('/'), RedirectProblem::NoTrailingSlash);
    problems
}

/// `Url` forgets `:443`; the portal does not.
fn names_a_port(uri: &str) -> bool {
    let Some((_, rest)) = uri.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let after_host = host.rsplit_once(']').map_or(host, |(_, after)| after);
    after_host.contains(':')
}

#[cfg(test)]
mod tests {
    use super::{RedirectProblem as P, *};

    #[test]
    fn the_portals_rules_as_a_table() {
        let long = format!("https://shop.example/{}/", "a".repeat(500));
        for (uri, expected) in [
            ("https://shop.example/tiktok/", &[][..]),
            ("https://shop.example/tiktok", &[P::NoTrailingSlash]),
            ("http://shop.example/", &[P::NotHttps]),
            ("https://shop.example:443/", &[P::HasPort]),
            ("https://shop.example:8443/", &[P::HasPort]),
            ("https://shop.example/?a=b/", &[P::HasQuery]),
            ("https://shop.example/#/", &[P::HasFragment]),
            ("http://127.0.0.1:9999/callback/", &[P::NotHttps, P::Loopback, P::HasPort]),
            ("https://localhost/", &[P::Loopback]),
            ("https://[::1]:4/", &[P::Loopback, P::HasPort]),
            ("/callback/", &[P::NotAbsolute]),
            ("https://", &[P::TooShort, P::NotAbsolute]),
            ("", &[P::TooShort, P::NotAbsolute]),
            (long.as_str(), &[P::TooLong]),
            ("deskbell://callback/", &[P::NotHttps]),
        ] {
            assert_eq!(check_redirect_uri(uri), expected, "{uri}");
        }
        assert!(P::NoTrailingSlash.is_warning() && !P::HasPort.is_warning());
    }
}
