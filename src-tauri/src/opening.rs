//! The desk on its way. The window opens while the keychain is still being asked, which may take as long as the agent
//! takes to type a password; the page's first question waits.

use desk::Desk;
use tauri::{AppHandle, Manager};
use tokio::sync::watch;

/// Where the desk will be.
pub(crate) struct Opening(watch::Sender<Option<Desk>>);

impl Default for Opening {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Opening {
    /// Lets everybody in.
    pub(crate) fn opened(&self, desk: Desk) {
        self.0.send_replace(Some(desk));
    }

    /// Waits for the desk. If it never opens, Deskbell ends, and nobody waits any more.
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
pub(crate) fn desk_now(app: &AppHandle) -> Option<Desk> {
    app.try_state::<Opening>().and_then(|opening| opening.0.borrow().clone())
}
