//! Closing the window and Quit: if replies have not gone out yet, the page asks the agent first.
//!
//! A page that does not answer does not keep Deskbell open, and a signal (the end of the session) does not ask.

use tauri::{AppHandle, Manager, WindowEvent};

use crate::pending_desk::current_desk;
use crate::{tray, window};

/// The exit code that means: end in good order, then start again.
pub(crate) const RESTART: i32 = 75;

/// The window is asked to close: it hides where a tray keeps it reachable, and otherwise Deskbell ends.
pub(crate) fn on_close_requested(window: &tauri::Window, event: &WindowEvent) {
    let WindowEvent::CloseRequested { api, .. } = event else { return };
    let app = window.app_handle();
    let hidden = tray::is_visible(app) && window.hide().is_ok();
    // Without a desk there is nothing to lose.
    if hidden || current_desk(app).is_some() {
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
        match current_desk(&app) {
            Some(desk) if !desk.may_close().await => window::focus(&app),
            _ => app.exit(0),
        }
    });
}
