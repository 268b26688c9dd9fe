//! What a desk needs from its host: the keychain, notifications, the browser, the clipboard, a player, Practice.

use std::path::{Path, PathBuf};

use model::{AccountId, CommentId, ConversationId};

use crate::view::Settings;

/// Something the host could not do.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct HostError(pub String);

/// A place on the screen that the agent may be led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A conversation.
    Conversation(ConversationId),
    /// A comment, among those that are answered by message.
    Comment(CommentId),
}

/// A notification for the agent. Plain text, already shortened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Which account it concerns.
    pub account: AccountId,
    /// What a click opens.
    pub opens: Place,
    /// The customer's name or handle; what has arrived where both are unknown.
    pub title: String,
    /// The message's or comment's first 120 characters, or what kind of message it is.
    pub body: String,
}

/// The desk's host: what differs between the desktop window, the loopback host and the tests.
///
/// Every method may block; the desk calls them off the async threads. A method with a default is a capability that a host
/// need not have; the default fails, or says that the capability is missing.
pub trait Host: engine::Secrets {
    /// Shows a notification.
    ///
    /// # Errors
    /// When the system has no way to show one.
    fn notify(&self, notification: Notification) -> Result<(), HostError>;

    /// Opens an `https` address (in Practice also loopback `http`) in the system's browser.
    ///
    /// # Errors
    /// When no browser could be started.
    fn open_link(&self, address: &str) -> Result<(), HostError>;

    /// The agent saved these settings: applies those that concern the host.
    fn settings_changed(&self, _settings: &Settings) {}

    /// Puts a picture of this type, JPEG or PNG, into the clipboard.
    ///
    /// # Errors
    /// When there is no clipboard, or it does not take it.
    fn copy_picture(&self, _mime: &str, _bytes: &[u8]) -> Result<(), HostError> {
        Err(HostError("there is no clipboard here".to_owned()))
    }

    /// The folder for what the agent saves; none if this host has none.
    fn downloads(&self) -> Option<PathBuf> {
        None
    }

    /// Opens one of the desk's films in the system's player.
    ///
    /// # Errors
    /// When it is not one of them, or no player could be started.
    fn open_file(&self, _path: &Path) -> Result<(), HostError> {
        Err(HostError("there is no player here".to_owned()))
    }

    /// Whether the tray shows Deskbell, so that a hidden window can be found again.
    fn has_tray(&self) -> bool {
        false
    }

    /// Hides the window; Deskbell goes on.
    ///
    /// # Errors
    /// When there is no window to hide.
    fn hide(&self) -> Result<(), HostError> {
        Err(HostError("there is no window here".to_owned()))
    }

    /// Ends Deskbell in good order.
    ///
    /// # Errors
    /// When it cannot be ended from here.
    fn quit(&self) -> Result<(), HostError> {
        Err(HostError("Deskbell cannot be ended from here".to_owned()))
    }

    /// Whether [`Host::restart`] can work here.
    fn can_restart(&self) -> bool {
        false
    }

    /// Ends Deskbell in good order and starts it again.
    ///
    /// # Errors
    /// When it cannot be restarted from here.
    fn restart(&self) -> Result<(), HostError> {
        Err(HostError("Deskbell cannot be restarted from here".to_owned()))
    }

    /// Whether [`Host::start_practice`] can work here.
    fn can_practice(&self) -> bool {
        false
    }

    /// Opens Practice: the sandbox, in a profile of its own.
    ///
    /// # Errors
    /// When it could not be started.
    fn start_practice(&self) -> Result<(), HostError> {
        Err(HostError("Practice cannot be started from here".to_owned()))
    }
}
