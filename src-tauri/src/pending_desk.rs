//! The desk while it is being opened. The window is shown before the keychain has answered, which may take as long as the
//! agent takes to type a password; the page's first request waits for the desk.

use desk::Desk;
use tauri::{AppHandle, Manager};
use tokio::sync::watch;

/// Holds the desk once it is open.
pub(crate) struct PendingDesk(watch::Sender<Option<Desk>>);

impl Default for PendingDesk {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl PendingDesk {
    /// Sets the desk: requests that wait for it go on.
    pub(crate) fn set(&self, desk: Desk) {
        self.0.send_replace(Some(desk));
    }

    /// Waits for the desk. If it cannot be opened, Deskbell exits.
    pub(crate) async fn desk(&self) -> Desk {
        let mut opening = self.0.subscribe();
        loop {
            if let Some(desk) = opening.borrow_and_update().as_ref() {
                return desk.clone();
            }
            if opening.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// The desk, if it is open by now.
pub(crate) fn current_desk(app: &AppHandle) -> Option<Desk> {
    app.try_state::<PendingDesk>().and_then(|opening| opening.0.borrow().clone())
}
