//! The one window.

use std::path::Path;

use tauri::webview::NewWindowResponse;
use tauri::window::Color;
use tauri::{AppHandle, Manager, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

/// The window's label, which capabilities/main.json names.
const LABEL: &str = "main";
/// Behind the page until its first paint, so that nothing flashes: `--surface-page` of ui/src/style/tokens.css.
const LIGHT: Color = Color(0xfd, 0xfd, 0xfc, 0xff);
/// The same in the dark theme.
const DARK: Color = Color(0x1b, 0x1d, 0x21, 0xff);

/// Opens the window. What WebKit keeps for itself goes into `webview_dir`.
pub(crate) fn open(app: &AppHandle, practice: bool, webview_dir: &Path) -> tauri::Result<WebviewWindow> {
    let dev_page = app.config().build.dev_url.clone().filter(|_| tauri::is_dev());
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title(if practice { "Deskbell (Practice)" } else { "Deskbell" })
        .inner_size(1280.0, 800.0)
        .min_inner_size(900.0, 600.0)
        .center()
        .data_directory(webview_dir.to_owned())
        .background_color(LIGHT)
        .disable_drag_drop_handler()
        .on_navigation(move |url| is_ours(url, dev_page.as_ref()))
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()?;
    if matches!(window.theme(), Ok(tauri::Theme::Dark)) {
        window.set_background_color(Some(DARK))?;
    }
    Ok(window)
}

/// Brings the window to the agent.
pub(crate) fn focus(app: &AppHandle) {
    let Some(window) = app.get_webview_window(LABEL) else { return };
    // Each may be refused by the window manager; the next one may still help.
    for refused in [window.show(), window.unminimize(), window.set_focus()].into_iter().filter_map(Result::err) {
        tracing::warn!(error = %refused, "the window did not come to the front");
    }
}

/// Takes the window off the screen.
pub(crate) fn hide(app: &AppHandle) {
    if let Some(Err(error)) = app.get_webview_window(LABEL).map(|window| window.hide()) {
        tracing::warn!(%error, "the window could not be hidden");
    }
}

/// Whether the address is the bundled page.
fn is_ours(url: &Url, dev_page: Option<&Url>) -> bool {
    let bundled = match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        "http" | "https" => cfg!(windows) && url.host_str() == Some("tauri.localhost"),
        _ => false,
    };
    bundled || dev_page.is_some_and(|page| page.origin() == url.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_goes_nowhere_but_its_own_page() {
        let ours = |address: &str| is_ours(&Url::parse(address).unwrap(), None);
        assert!(ours("tauri://localhost/index.html"));
        for foreign in [
            "https://www.tiktok.com/",
            "http://tauri.localhost.example.com/",
            "tauri://localhost.example.com/",
            "file:///etc/passwd",
            "about:blank",
            "data:text/html,x",
            "media://localhost/ab",
        ] {
            assert!(!ours(foreign), "{foreign}");
        }
    }

    #[test]
    fn vites_page_is_ours_only_in_development() {
        let vite = Url::parse("http://localhost:5173/").unwrap();
        assert!(is_ours(&vite, Some(&vite)));
        assert!(!is_ours(&vite, None));
        assert!(!is_ours(&Url::parse("http://localhost:5174/").unwrap(), Some(&vite)));
    }
}
