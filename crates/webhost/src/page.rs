//! The built page, from its directory.

use std::path::{Component, Path, PathBuf};

use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// The file the page asks for.
pub(crate) async fn file(ui_dir: &Path, uri: &Uri) -> Response {
    let Some(path) = inside(ui_dir, uri.path()) else { return StatusCode::NOT_FOUND.into_response() };
    match tokio::fs::read(&path).await {
        Ok(bytes) => {
            ([(header::CONTENT_TYPE, mime(&path)), (header::CACHE_CONTROL, "no-cache")], bytes).into_response()
        }
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Where the file lies, if its path leads nowhere else. The build makes plain names, so nothing is unescaped.
fn inside(ui_dir: &Path, asked: &str) -> Option<PathBuf> {
    let asked = asked.strip_prefix('/')?;
    let asked = Path::new(if asked.is_empty() { "index.html" } else { asked });
    asked.components().all(|part| matches!(part, Component::Normal(_))).then(|| ui_dir.join(asked))
}

fn mime(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_page() {
        let ui = Path::new("/ui");
        assert_eq!(inside(ui, "/"), Some("/ui/index.html".into()));
        assert_eq!(inside(ui, "/assets/index-a1.js"), Some("/ui/assets/index-a1.js".into()));
        for out in ["/../etc/passwd", "/assets/../../etc/passwd", "//etc/passwd", "/./x", "relative"] {
            assert_eq!(inside(ui, out), None, "{out}");
        }
    }
}
