//! Closing the window and Quit: nothing that has not gone out is held up without a word.
//!
//! The page says what would be held up and asks the agent. A page that does not answer does not keep Deskbell open, and the
//! end of the session (a signal) asks nobody.

use tauri::{AppHandle, Manager, WindowEvent};

use crate::opening::desk_now;
use crate::{tray, window};

/// The exit code that means: end in good order, then start again.
pub(crate) const RESTART: i32 = 75;

/// The window is asked to close: it hides where a tray keeps it reachable, and otherwise Deskbell ends.
pub(crate) fn heed_close(window: &tauri::Window, event: &WindowEvent) {
    let WindowEvent::CloseRequested { api, .. } = event else { return };
    let app = window.app_handle();
    let hidden = tray::stands(app) && window.hide().is_ok();
    // Without a desk there is nothing to lose.
    if hidden || desk_now(app).is_some() {
        api.prevent_close();
    }
    if !hidden {
        ask_to_quit(app);
    }
}

/// Ends Deskbell, unless something has not gone out: then the page asks the agent first.
pub(crate) fn ask_to_quit(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        match desk_now(&app) {
            Some(desk) if !desk.may_close().await => window::focus(&app),
            _ => app.exit(0),
        }
    });
}
