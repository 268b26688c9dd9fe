//! Which addresses may reach the system's browser. What opens them on the other side (`xdg-open`, `ShellExecute`)
//! would also start programs and mount shares, so only web pages pass.

use url::{Host, Url};

/// Whether the address may be opened: `https`; where a fake TikTok is at home also `http` on this computer.
pub(crate) fn may_open(address: &str, loopback: bool) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let here = || match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    // The text is what is handed on, so it must be what was judged.
    url.as_str() == address
        && url.username().is_empty()
        && url.password().is_none()
        && match url.scheme() {
            "https" => url.has_host(),
            "http" => loopback && here(),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_pages_reach_the_browser() {
        assert!(may_open("https://www.tiktok.com/v2/auth/authorize/?client_key=a", false));
        for bad in [
            "http://example.com/",
            "file:///etc/passwd",
            "smb://host/share",
            "javascript:alert(1)",
            "-new-window",
            "https:/evil",
            "https://a:b@example.com/",
            " https://example.com/",
            "https://example.com/\n--flag",
            "",
        ] {
            assert!(!may_open(bad, true), "{bad:?}");
        }
    }

    #[test]
    fn pages_on_this_computer_open_only_beside_a_fake_tiktok() {
        for here in ["http://127.0.0.1:4010/authorize", "http://[::1]:4010/", "http://localhost:4010/"] {
            assert!(may_open(here, true), "{here}");
            assert!(!may_open(here, false), "{here}");
        }
        assert!(!may_open("http://127.0.0.1.example.com/", true));
    }
}
