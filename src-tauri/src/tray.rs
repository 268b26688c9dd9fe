//! The tray, for agents who want Deskbell to go on when its window closes.
//!
//! A window that hides where no tray shows could never be found again, so it hides only while one does: the library
//! has to be there (without it the tray would panic) and, on Linux, a program that shows tray icons. GNOME has none
//! unless an extension is installed.

use tauri::image::Image;
use tauri::menu::MenuBuilder;
use tauri::tray::{TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, include_image};

use crate::{leaving, window};

const ID: &str = "main";
const ICON: Image<'_> = include_image!("../icons/tray.png");

/// Shows the tray icon, or removes it.
pub(crate) fn set_enabled(app: &AppHandle, wanted: bool) {
    let handle = app.clone();
    let queued = app.run_on_main_thread(move || {
        let there = handle.tray_by_id(ID).is_some();
        if wanted && !there && can_exist() {
            if let Err(error) = build(&handle) {
                tracing::warn!(%error, "the tray icon could not be made");
            }
        } else if !wanted && there {
            drop(handle.remove_tray_by_id(ID));
        }
    });
    if let Err(error) = queued {
        tracing::warn!(%error, "the tray could not be reached");
    }
}

/// Whether the tray icon can be seen, so that a hidden window can be found again.
pub(crate) fn is_visible(app: &AppHandle) -> bool {
    app.tray_by_id(ID).is_some() && is_shown()
}

fn build(app: &AppHandle) -> tauri::Result<()> {
    let menu = MenuBuilder::new(app).text("show", "Show Deskbell").separator().text("quit", "Quit Deskbell").build()?;
    TrayIconBuilder::with_id(ID)
        .icon(ICON)
        .tooltip("Deskbell")
        .menu(&menu)
        .show_menu_on_left_click(cfg!(target_os = "macos"))
        .on_menu_event(|app, event| match event.id().as_ref() {
            "show" => window::focus(app),
            "quit" => leaving::ask_to_quit(app),
            _ => {}
        })
        .on_tray_icon_event(|tray, event| {
            if matches!(event, TrayIconEvent::DoubleClick { .. }) {
                window::focus(tray.app_handle());
            }
        })
        .build(app)?;
    Ok(())
}

#[cfg(target_os = "linux")]
fn can_exist() -> bool {
    // In the order in which the tray itself will look.
    let library = ["libayatana-appindicator3.so.1", "libappindicator3.so.1"].into_iter().any(|name| {
        #[expect(unsafe_code, reason = "loading a library runs its initialisers; this one is loaded next anyway")]
        // SAFETY: the system's own tray library, whose initialisers have no preconditions; nothing is called in it.
        unsafe { libloading::Library::new(name) }.is_ok()
    });
    if !library {
        tracing::info!("no tray: libayatana-appindicator3 is not installed");
    }
    library && is_shown()
}

/// Whether anybody on the session bus shows tray icons.
#[cfg(target_os = "linux")]
fn is_shown() -> bool {
    let ask = || {
        let bus = zbus::blocking::Connection::session()?;
        let answer = bus.call_method(
            Some("org.freedesktop.DBus"),
            "/org/freedesktop/DBus",
            Some("org.freedesktop.DBus"),
            "NameHasOwner",
            &("org.kde.StatusNotifierWatcher",),
        )?;
        answer.body().deserialize::<bool>()
    };
    ask().unwrap_or_else(|error: zbus::Error| {
        tracing::info!(%error, "no tray: the session bus does not answer");
        false
    })
}

#[cfg(not(target_os = "linux"))]
fn can_exist() -> bool {
    true
}

#[cfg(not(target_os = "linux"))]
fn is_shown() -> bool {
    true
}
