//! Who may come in. A port on this computer can be reached by every page in the agent's browser.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The names this host answers to.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    names: Vec<String>,
}

impl Door {
    pub(crate) fn new(port: u16, page_at: Option<String>) -> Self {
        let own = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        Self { names: own.into_iter().chain(page_at).collect() }
    }

    /// Whether the request was meant for us: a name that only points here by somebody else's DNS is not ours.
    fn is_addressed(&self, headers: &HeaderMap) -> bool {
        header(headers, "host").is_some_and(|name| self.names.iter().any(|ours| ours == name))
    }

    /// Whether it was our own page that asked, or no page at all.
    fn is_our_page(&self, headers: &HeaderMap) -> bool {
        let origin = match headers.get(header::ORIGIN) {
            None => true,
            Some(origin) => origin
                .to_str()
                .ok()
                .and_then(|origin| origin.strip_prefix("http://"))
                .is_some_and(|name| self.names.iter().any(|ours| ours == name)),
        };
        // Pictures and event streams come without an origin; browsers tell all the same.
        origin && header(headers, "sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"))
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Refuses requests that were not meant for this host.
pub(crate) async fn addressed_only(State(door): State<Door>, request: Request, next: Next) -> Response {
    if door.is_addressed(request.headers()) {
        next.run(request).await
    } else {
        StatusCode::MISDIRECTED_REQUEST.into_response()
    }
}

/// Sends other people's pages away.
pub(crate) async fn own_page_only(State(door): State<Door>, request: Request, next: Next) -> Response {
    if door.is_our_page(request.headers()) { next.run(request).await } else { StatusCode::FORBIDDEN.into_response() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), header::HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_name_that_only_points_here_is_not_ours() {
        let door = Door::new(7420, None);
        assert!(door.is_addressed(&headers(&[("host", "127.0.0.1:7420")])));
        assert!(door.is_addressed(&headers(&[("host", "localhost:7420")])));
        for foreign in ["evil.example:7420", "127.0.0.1", "127.0.0.1:7421", "localhost:5173", ""] {
            assert!(
                !door.is_addressed(&HeaderMap::from_iter([(header::HOST, header::HeaderValue::from_static(foreign))])),
                "{foreign}"
            );
        }
        assert!(!door.is_addressed(&HeaderMap::new()));
    }

    #[test]
    fn only_our_own_page_may_ask() {
        let door = Door::new(7420, None);
        for ours in [
            &[][..],
            &[("origin", "http://127.0.0.1:7420")],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
        ] {
            assert!(door.is_our_page(&headers(ours)), "{ours:?}");
        }
        for foreign in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "http://localhost:3000"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            assert!(!door.is_our_page(&headers(&[foreign])), "{foreign:?}");
        }
    }

    #[test]
    fn vites_page_comes_in_by_name() {
        let door = Door::new(7420, Some("localhost:5173".to_owned()));
        assert!(door.is_addressed(&headers(&[("host", "localhost:5173")])));
        assert!(door.is_our_page(&headers(&[("origin", "http://localhost:5173")])));
    }
}
