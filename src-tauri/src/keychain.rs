//! The system's keychain: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows.
//!
//! One entry per secret, under the service [`SERVICE`]. There is no plaintext fallback: without a keychain the agent
//! is asked, and may go on with secrets in memory.
//!
//! Dropped: `keyring::Entry::new` on Linux. It looks for the Secret Service once per process, and an agent who starts
//! their keyring after Deskbell could press "Try again" for ever. Here the store is opened when it is needed and let
//! go when it fails.

use desk::{ExposeSecret, SecretString, Secrets, SecretsError};
use keyring::{Entry, Error};

/// Under which name the system's keychain lists our entries.
pub(crate) const SERVICE: &str = "app.deskbell.desktop";
/// Bytes in one secret. Windows keeps 2,560; what does not fit there is refused everywhere, so that it is noticed.
const MAX_SECRET_BYTES: usize = 2_500;
/// Read to learn whether the keychain answers.
const PROBE: &str = "probe";

/// The system's keychain, one profile's part of it.
pub(crate) struct Keychain {
    mark: String,
    store: store::Store,
}

impl Keychain {
    /// The keychain as the profile with this mark uses it. Nothing is asked of the system yet.
    pub(crate) fn new(mark: String) -> Self {
        Self { mark, store: store::Store::default() }
    }

    fn with<T>(&self, key: &str, act: impl Fn(&Entry) -> keyring::Result<T>) -> Result<T, SecretsError> {
        let user = if self.mark.is_empty() { key.to_owned() } else { format!("{key}@{}", self.mark) };
        let attempt = || self.store.entry(&user).and_then(|entry| act(&entry));
        let outcome = attempt().or_else(|error| match error {
            // The keyring was restarted since we last spoke with it: once more, from the beginning.
            Error::PlatformFailure(_) if self.store.forget() => attempt(),
            other => Err(other),
        });
        outcome.map_err(|error| {
            let fault = fault(&error);
            if !matches!(error, Error::NoEntry) {
                self.store.forget();
                tracing::warn!(%fault, "the keychain did not do what was asked");
            }
            fault
        })
    }
}

impl Secrets for Keychain {
    fn read(&self, key: &str) -> Result<Option<SecretString>, SecretsError> {
        self.with(key, |entry| match entry.get_secret() {
            Ok(bytes) => keyring_text(bytes).map(Some),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn write(&self, key: &str, secret: &SecretString) -> Result<(), SecretsError> {
        let secret = secret.expose_secret().as_bytes();
        if secret.len() > MAX_SECRET_BYTES {
            return Err(SecretsError::Refused(format!(
                "a secret of {} bytes is too long: {MAX_SECRET_BYTES} is the most",
                secret.len()
            )));
        }
        self.with(key, |entry| entry.set_secret(secret))
    }

    fn erase(&self, key: &str) -> Result<(), SecretsError> {
        self.with(key, |entry| match entry.delete_credential() {
            Err(Error::NoEntry) => Ok(()),
            other => other,
        })
    }

    fn probe(&self) -> Result<(), SecretsError> {
        self.read(PROBE)?;
        if self.store.has_keyring() {
            return Ok(());
        }
        // The service answers but has nowhere to keep anything. Where a person can be asked, it asks for a password
        // and makes a keyring, once; where none can, there is no keychain.
        let kept = self.write(PROBE, &SecretString::from("Deskbell was here".to_owned()));
        kept.and_then(|()| self.erase(PROBE)).map_err(|_| SecretsError::Missing)
    }
}

fn keyring_text(bytes: Vec<u8>) -> keyring::Result<SecretString> {
    // The bytes come back in the error and must not reach a log.
    String::from_utf8(bytes).map(SecretString::from).map_err(|_| Error::BadEncoding(Vec::new()))
}

/// Maps a keychain error to what it means for the agent.
fn fault(error: &Error) -> SecretsError {
    match error {
        Error::NoDefaultStore => SecretsError::Missing,
        Error::PlatformFailure(cause) if is_absent(cause.as_ref()) => SecretsError::Missing,
        Error::NoStorageAccess(_) => SecretsError::Refused("the keychain is locked, or access was denied".to_owned()),
        Error::PlatformFailure(cause) => SecretsError::Refused(cause.to_string()),
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            SecretsError::Refused("the entry holds something Deskbell did not put there".to_owned())
        }
        Error::TooLong(what, most) => {
            SecretsError::Refused(format!("{what} is longer than the {most} the keychain takes"))
        }
        Error::Ambiguous(_) => SecretsError::Refused("the keychain holds more than one entry of this name".to_owned()),
        _ => SecretsError::Refused("the keychain could not do this".to_owned()),
    }
}

/// Whether the error says that there is no keychain at all.
#[cfg(target_os = "linux")]
fn is_absent(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        // The libraries' errors are not all reachable by type through the two versions of zbus in the tree.
        let text = error.to_string();
        let debug = format!("{error:?}");
        if error.is::<store::Unreachable>()
            || debug.starts_with("Unavailable")
            || ["ServiceUnknown", "NameHasNoOwner"].iter().any(|name| text.contains(name) || debug.contains(name))
        {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(not(target_os = "linux"))]
fn is_absent(_error: &(dyn std::error::Error + 'static)) -> bool {
    false
}

/// The Secret Service, reached when needed and let go when it fails.
#[cfg(target_os = "linux")]
mod store {
    use std::sync::{Arc, Mutex, PoisonError};

    use keyring::{Entry, Error, Result};
    use keyring_core::CredentialStore;

    /// No session bus, or no secret service on it.
    #[derive(Debug, thiserror::Error)]
    #[error("no Secret Service answers: {0}")]
    pub(super) struct Unreachable(Error);

    #[derive(Default)]
    pub(super) struct Store(Mutex<Option<Arc<CredentialStore>>>);

    impl Store {
        pub(super) fn entry(&self, user: &str) -> Result<Entry> {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let store = match &*kept {
                Some(store) => Arc::clone(store),
                None => {
                    let opened = zbus_secret_service_keyring_store::Store::new()
                        .map_err(|error| Error::PlatformFailure(Box::new(Unreachable(error))))?;
                    Arc::clone(kept.insert(opened))
                }
            };
            Ok(Entry { inner: store.build(super::SERVICE, user, None)? })
        }

        /// Whether the service has a keyring to keep things in. Without anybody to ask for its password,
        /// gnome-keyring runs with none.
        pub(super) fn has_keyring(&self) -> bool {
            const SERVICE: &str = "org.freedesktop.secrets";
            let ask = || -> zbus::Result<()> {
                let bus = zbus::blocking::Connection::session()?;
                let interface = Some("org.freedesktop.Secret.Service");
                let answer =
                    bus.call_method(Some(SERVICE), "/org/freedesktop/secrets", interface, "ReadAlias", &("default",))?;
                let keyring: zbus::zvariant::OwnedObjectPath = answer.body().deserialize()?;
                // "/" stands for none, and has no such property either.
                let property = &("org.freedesktop.Secret.Collection", "Locked");
                let interface = Some("org.freedesktop.DBus.Properties");
                bus.call_method(Some(SERVICE), &keyring, interface, "Get", property).map(|_| ())
            };
            ask().is_ok()
        }

        /// Whether there was a store to let go.
        pub(super) fn forget(&self) -> bool {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
        }
    }
}

/// Keychain and Credential Manager are always there.
#[cfg(not(target_os = "linux"))]
mod store {
    #[derive(Default)]
    pub(super) struct Store;

    impl Store {
        pub(super) fn entry(&self, user: &str) -> keyring::Result<keyring::Entry> {
            keyring::Entry::new(super::SERVICE, user)
        }

        pub(super) fn has_keyring(&self) -> bool {
            true
        }

        pub(super) fn forget(&self) -> bool {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_windows_could_not_keep_is_refused_everywhere() {
        let keychain = Keychain::new(String::new());
        let refused = keychain.write("token", &SecretString::from("x".repeat(MAX_SECRET_BYTES + 1))).unwrap_err();
        assert!(matches!(&refused, SecretsError::Refused(words) if words.contains("2501 bytes")), "{refused}");
    }

    #[test]
    fn a_locked_keychain_is_there_but_refuses() {
        assert!(matches!(fault(&Error::NoStorageAccess("locked".into())), SecretsError::Refused(_)));
        assert!(matches!(fault(&Error::NoDefaultStore), SecretsError::Missing));
    }

    #[test]
    fn an_entry_that_is_no_text_does_not_show_its_bytes() {
        let error = keyring_text(b"se\xffcret".to_vec()).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("115"), "{error:?}");
    }
}
