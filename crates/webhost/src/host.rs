//! The loopback host: no keychain, no notifications, no browser of its own. What it would do, it says.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use desk::{Host, HostError, Notification, SecretString, Secrets, SecretsError, SessionSecrets};

/// A host for tests and the browser demo. Secrets live in memory and end with it.
#[derive(Debug, Default)]
pub struct Loopback {
    secrets: SessionSecrets,
    quiet: AtomicBool,
}

impl Loopback {
    /// While quiet, links are taken without a word.
    pub fn keep_quiet(&self, quiet: bool) {
        self.quiet.store(quiet, Ordering::Release);
    }
}

impl Secrets for Loopback {
    fn read(&self, key: &str) -> Result<Option<SecretString>, SecretsError> {
        self.secrets.read(key)
    }

    fn write(&self, key: &str, secret: &SecretString) -> Result<(), SecretsError> {
        self.secrets.write(key, secret)
    }

    fn erase(&self, key: &str) -> Result<(), SecretsError> {
        self.secrets.erase(key)
    }
}

impl Host for Loopback {
    fn notify(&self, notification: Notification) -> Result<(), HostError> {
        // Names and words of customers stay out of logs.
        tracing::info!(account = %notification.account, opens = ?notification.opens, "a notification would be shown");
        Ok(())
    }

    fn open_link(&self, address: &str) -> Result<(), HostError> {
        if !self.quiet.load(Ordering::Acquire) {
            writeln!(std::io::stdout(), "Open in a browser: {address}")
                .map_err(|error| HostError(error.to_string()))?;
        }
        Ok(())
    }

    fn open_file(&self, path: &Path) -> Result<(), HostError> {
        writeln!(std::io::stdout(), "Open a film: {}", path.display()).map_err(|error| HostError(error.to_string()))
    }
}
