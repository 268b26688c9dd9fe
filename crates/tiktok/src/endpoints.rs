//! Where the two platforms live: TikTok's own hosts, unless a developer's file says otherwise.
//!
//! The file exists for tests and Practice, where a fake TikTok listens on this computer. It must name every address:
//! a file that forgot one would quietly send that part of a test to the real TikTok.

use serde::Deserialize;
use url::{Host, Url};

/// The addresses the client talks to, and the hosts it may fetch images and videos from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// The page both platforms send a person to ("Authorize URL"); opened in the browser, never called.
    pub authorize: Url,
    /// Base of Login Kit's API; paths such as `/v2/oauth/token/` are put behind it.
    pub login_kit: Url,
    /// Base of the Business API, with its version: `…/open_api/v1.3/`.
    pub business: Url,
    /// Hosts, beside TikTok's own, that images and videos may come from, as `host` or `host:port`. They may be
    /// loopback.
    pub media_hosts: Vec<String>,
}

/// Why an addresses file was not accepted: one sentence a developer can act on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EndpointsError(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    authorize: String,
    login_kit: String,
    business: String,
    #[serde(default)]
    media_hosts: Vec<String>,
}

impl Default for Endpoints {
    /// TikTok's own hosts only.
    #[expect(clippy::expect_used, reason = "three constants, parsed by a test")]
    fn default() -> Self {
        let parse = |text| Url::parse(text).expect("TikTok's own addresses are well formed");
        Self {
            authorize: parse("https://www.tiktok.com/v2/auth/authorize/"),
            login_kit: parse("https://open.tiktokapis.com/"),
            business: parse("https://business-api.tiktok.com/open_api/v1.3/"),
            media_hosts: Vec::new(),
        }
    }
}

impl Endpoints {
    /// Reads the developer and test file: `{"authorize":…, "login_kit":…, "business":…, "media_hosts":[…]}`.
    ///
    /// The three addresses are required. `http` is accepted for loopback hosts only.
    ///
    /// # Errors
    /// [`EndpointsError`] with a sentence naming the key that is wrong and why.
    pub fn from_json(text: &str) -> Result<Self, EndpointsError> {
        let file: File = serde_json::from_str(text)
            .map_err(|error| EndpointsError(format!("The addresses file is not what was expected: {error}.")))?;
        for host in &file.media_hosts {
            let bare = Url::parse(&format!("http://{host}/"));
            let is_bare = bare.is_ok_and(|url| {
                url.has_host() && url.path() == "/" && url.query().is_none() && url.username().is_empty()
            });
            if !is_bare || host.contains(['/', '@', '?', '#']) {
                return Err(EndpointsError(format!("`media_hosts` holds `{host}`, which is not a host or host:port.")));
            }
        }
        Ok(Self {
            authorize: address("authorize", &file.authorize)?,
            login_kit: address("login_kit", &file.login_kit)?,
            business: address("business", &file.business)?,
            media_hosts: file.media_hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
        })
    }

    /// Whether these are addresses on this computer, as in Practice and tests.
    pub(crate) fn is_local(&self) -> bool {
        is_loopback(&self.business) && is_loopback(&self.login_kit)
    }
}

fn address(key: &str, text: &str) -> Result<Url, EndpointsError> {
    let wrong = |why: &str| Err(EndpointsError(format!("`{key}` {why}.")));
    let Ok(url) = Url::parse(text) else {
        return wrong("is not an absolute web address");
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => {
            return wrong("uses http, which is allowed only for 127.0.0.1, [::1] and localhost");
        }
        _ => return wrong("must begin with https://"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("must not carry a user name or password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("must not carry a query or a fragment");
    }
    Ok(url)
}

/// Whether the address names this computer: a loopback literal or `localhost`.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// `base` with `path` put behind whatever path it already has.
pub(crate) fn join(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let joined = format!("{}{path}", base.path().trim_end_matches('/'));
    url.set_path(&joined);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(business: &str) -> String {
        format!(
            r#"{{"authorize":"http://127.0.0.1:9/a","login_kit":"http://localhost:9/","business":"{business}","media_hosts":["127.0.0.1:9"]}}"#
        )
    }

    #[test]
    fn the_default_is_tiktok_and_nothing_else() {
        let endpoints = Endpoints::default();
        assert_eq!(endpoints.business.as_str(), "https://business-api.tiktok.com/open_api/v1.3/");
        assert!(endpoints.media_hosts.is_empty());
        assert!(!endpoints.is_local());
    }

    #[test]
    fn a_path_goes_behind_the_version() {
        let url = join(&Endpoints::default().business, "/business/message/send/");
        assert_eq!(url.as_str(), "https://business-api.tiktok.com/open_api/v1.3/business/message/send/");
    }

    #[test]
    fn a_local_file_is_read() {
        let endpoints = Endpoints::from_json(&file("http://[::1]:9/open_api/v1.3/")).unwrap();
        assert!(endpoints.is_local());
        assert_eq!(endpoints.media_hosts, ["127.0.0.1:9"]);
    }

    #[test]
    fn a_bad_address_is_refused_with_a_sentence_naming_its_key() {
        for (bad, says) in [
            ("http://example.com/", "allowed only for 127.0.0.1"),
            ("http://127.0.0.1.example.com/", "allowed only for 127.0.0.1"),
            ("ftp://127.0.0.1/", "must begin with https://"),
            ("file:///etc/passwd", "must begin with https://"),
            ("https://a:b@example.com/", "user name"),
            ("https://example.com/?a=b", "query"),
            ("/open_api", "not an absolute"),
            ("", "not an absolute"),
        ] {
            let error = Endpoints::from_json(&file(bad)).unwrap_err().to_string();
            assert!(error.starts_with("`business`") && error.contains(says), "{bad}: {error}");
        }
    }

    #[test]
    fn a_file_that_forgets_an_address_is_refused() {
        let error = Endpoints::from_json(r#"{"authorize":"https://a.example/"}"#).unwrap_err().to_string();
        assert!(error.contains("login_kit"), "{error}");
    }

    #[test]
    fn a_media_host_is_a_host_and_nothing_more() {
        for bad in ["https://cdn.example", "cdn.example/x", "u@cdn.example", ""] {
            let text = file("https://b.example/").replace("127.0.0.1:9\"]", &format!("{bad}\"]"));
            assert!(Endpoints::from_json(&text).is_err(), "{bad}");
        }
    }
}
