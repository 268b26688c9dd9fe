//! `media://localhost/<key>`: pictures from the desk's vault. The page never loads anything from the network.

use tauri::http::{Method, Request, Response, StatusCode, header};
use tauri::{AppHandle, UriSchemeResponder};

use crate::pending_desk::current_desk;

/// The scheme's name, as in the page's content security policy.
pub(crate) const SCHEME: &str = "media";
/// Characters in the longest key.
const MAX_KEY_LEN: usize = 128;

/// Answers one request, off the window's thread.
pub(crate) fn answer(app: &AppHandle, request: &Request<Vec<u8>>, responder: UriSchemeResponder) {
    let key = key(request).map(str::to_owned);
    let desk = current_desk(app);
    tauri::async_runtime::spawn(async move {
        let media = match (key, desk) {
            (Some(key), Some(desk)) => desk.media(&key).await,
            _ => None,
        };
        responder.respond(match media {
            Some(media) => response(StatusCode::OK, media.mime, media.bytes),
            None => response(StatusCode::NOT_FOUND, "text/plain", Vec::new()),
        });
    });
}

/// The media key in the request's address, if it has one.
fn key(request: &Request<Vec<u8>>) -> Option<&str> {
    let key = request.uri().path().strip_prefix('/')?;
    let fits = (1..=MAX_KEY_LEN).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    (request.method() == Method::GET && fits).then_some(key)
}

fn response(status: StatusCode, mime: &'static str, bytes: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(bytes);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, mime),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "sandbox"),
        // The scheme exists in our window only; without this even its own page could not read a 404.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ] {
        headers.insert(name, header::HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: Method, uri: &str) -> Option<String> {
        let request = Request::builder().method(method).uri(uri).body(Vec::new()).unwrap();
        key(&request).map(str::to_owned)
    }

    #[test]
    fn a_key_is_hexadecimal_and_nothing_else() {
        assert_eq!(asked(Method::GET, "media://localhost/00ffab"), Some("00ffab".to_owned()));
        for bad in [
            "media://localhost/",
            "media://localhost/../etc/passwd",
            "media://localhost/ab/cd",
            "media://localhost/%61b",
            "media://localhost/xyz",
        ] {
            assert_eq!(asked(Method::GET, bad), None, "{bad}");
        }
        assert_eq!(asked(Method::GET, &format!("media://localhost/{}", "a".repeat(MAX_KEY_LEN + 1))), None);
        assert_eq!(asked(Method::POST, "media://localhost/00ffab"), None);
    }

    #[test]
    fn a_picture_can_be_nothing_but_a_picture() {
        let answered = response(StatusCode::OK, "image/png", vec![1]);
        assert_eq!(answered.headers()[header::CONTENT_TYPE], "image/png");
        assert_eq!(answered.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(answered.headers()[header::CONTENT_SECURITY_POLICY], "sandbox");
    }
}
