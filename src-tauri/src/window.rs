//! The one window.

use std::path::Path;

use tauri::webview::NewWindowResponse;
use tauri::window::Color;
use tauri::{AppHandle, Manager, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

/// The window's label, which capabilities/main.json names.
const LABEL: &str = "main";
/// The window's size in logical pixels when it opens for the first time.
const WIDTH: f64 = 1280.0;
const HEIGHT: f64 = 800.0;
/// A laptop's 1366 by 768 shown at 150 % has 911 by 512 logical pixels, less the task bar and the window's frame.
const MIN_WIDTH: f64 = 860.0;
const MIN_HEIGHT: f64 = 420.0;
/// The space that a window's own frame takes of the screen.
const FRAME: f64 = 40.0;
/// Behind the page until its first paint, so that nothing flashes: `--surface-page` of ui/src/style/tokens.css.
const LIGHT: Color = Color(0xfd, 0xfd, 0xfc, 0xff);
/// The same in the dark theme.
const DARK: Color = Color(0x1b, 0x1d, 0x21, 0xff);

/// Opens the window. WebKit's own data goes into `webview_dir`.
pub(crate) fn open(app: &AppHandle, practice: bool, webview_dir: &Path) -> tauri::Result<WebviewWindow> {
    let dev_page = app.config().build.dev_url.clone().filter(|_| tauri::is_dev());
    let (width, height) = fitting(room(app));
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title(if practice { "Deskbell (Practice)" } else { "Deskbell" })
        .inner_size(width, height)
        .min_inner_size(MIN_WIDTH, MIN_HEIGHT)
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

/// The part of the first screen that windows may cover, in logical pixels.
fn room(app: &AppHandle) -> Option<(f64, f64)> {
    let monitor = app.primary_monitor().ok().flatten()?;
    let size = monitor.work_area().size.to_logical::<f64>(monitor.scale_factor());
    Some((size.width, size.height))
}

/// The size to open with, so that the whole window is on a screen of this size.
fn fitting(room: Option<(f64, f64)>) -> (f64, f64) {
    let (width, height) = room.unwrap_or((f64::INFINITY, f64::INFINITY));
    (WIDTH.min(width).max(MIN_WIDTH), HEIGHT.min(height - FRAME).max(MIN_HEIGHT))
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
    fn the_window_fits_on_a_small_screen() {
        assert_eq!(fitting(Some((1920.0, 1040.0))), (1280.0, 800.0));
        assert_eq!(fitting(None), (1280.0, 800.0));
        // 1366 by 768 at 150 %, with a task bar.
        let (width, height) = fitting(Some((911.0, 480.0)));
        assert!(width <= 911.0 && height <= 440.0, "{width} by {height}");
        assert!(MIN_WIDTH <= width && MIN_HEIGHT <= height);
    }

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
