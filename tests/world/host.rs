//! A host that remembers what it was asked to do, with a keychain that can be taken away.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use desk::{Host, HostError, Notification, SecretString, Secrets, SecretsError, SessionSecrets};

/// Whether a keychain answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyring {
    /// It answers.
    Present,
    /// There is none.
    Missing,
    /// It is there and says no.
    Locked,
    /// It gives what it has and keeps nothing new.
    ReadOnly,
}

/// The stories' host.
#[derive(Debug)]
pub struct TestHost {
    keyring: Mutex<Keyring>,
    secrets: SessionSecrets,
    /// The names of what was ever kept.
    names: Mutex<BTreeSet<String>>,
    notifications: Mutex<Vec<Notification>>,
    opened: Mutex<Vec<String>>,
    copied: Mutex<Vec<(String, Vec<u8>)>>,
    films: Mutex<Vec<PathBuf>>,
    downloads: Mutex<Option<PathBuf>>,
}

impl TestHost {
    /// A host with a keychain.
    pub fn new() -> Arc<Self> {
        Self::with_keyring(Keyring::Present)
    }

    /// A host with this keychain.
    pub fn with_keyring(keyring: Keyring) -> Arc<Self> {
        Arc::new(Self {
            keyring: Mutex::new(keyring),
            secrets: SessionSecrets::default(),
            names: Mutex::default(),
            notifications: Mutex::default(),
            opened: Mutex::default(),
            copied: Mutex::default(),
            films: Mutex::default(),
            downloads: Mutex::default(),
        })
    }

    /// Gives or takes the keychain.
    pub fn set_keyring(&self, keyring: Keyring) {
        *self.keyring.lock().unwrap() = keyring;
    }

    /// All the keychain holds: names and secrets.
    pub fn secrets(&self) -> Vec<(String, SecretString)> {
        let names = self.names.lock().unwrap().clone();
        names.into_iter().filter_map(|name| Some((name.clone(), self.secrets.read(&name).ok()??))).collect()
    }

    /// The notifications shown so far.
    pub fn notifications(&self) -> Vec<Notification> {
        self.notifications.lock().unwrap().clone()
    }

    /// The addresses opened in the browser so far.
    pub fn opened(&self) -> Vec<String> {
        self.opened.lock().unwrap().clone()
    }

    /// The pictures put into the clipboard so far, each with its type.
    pub fn copied(&self) -> Vec<(String, Vec<u8>)> {
        self.copied.lock().unwrap().clone()
    }

    /// The films opened in the player so far.
    pub fn films(&self) -> Vec<PathBuf> {
        self.films.lock().unwrap().clone()
    }

    /// Gives or takes the folder for what the agent saves.
    pub fn set_downloads(&self, folder: Option<PathBuf>) {
        *self.downloads.lock().unwrap() = folder;
    }

    fn keychain(&self, to_write: bool) -> Result<&SessionSecrets, SecretsError> {
        match *self.keyring.lock().unwrap() {
            Keyring::Missing => Err(SecretsError::Missing),
            Keyring::Locked => Err(SecretsError::Refused("locked".to_owned())),
            Keyring::ReadOnly if to_write => Err(SecretsError::Refused("read-only".to_owned())),
            Keyring::Present | Keyring::ReadOnly => Ok(&self.secrets),
        }
    }
}

impl Secrets for TestHost {
    fn read(&self, key: &str) -> Result<Option<SecretString>, SecretsError> {
        self.keychain(false)?.read(key)
    }

    fn write(&self, key: &str, secret: &SecretString) -> Result<(), SecretsError> {
        self.keychain(true)?.write(key, secret)?;
        self.names.lock().unwrap().insert(key.to_owned());
        Ok(())
    }

    fn erase(&self, key: &str) -> Result<(), SecretsError> {
        self.keychain(true)?.erase(key)
    }
}

impl Host for TestHost {
    fn notify(&self, notification: Notification) -> Result<(), HostError> {
        self.notifications.lock().unwrap().push(notification);
        Ok(())
    }

    fn open_link(&self, address: &str) -> Result<(), HostError> {
        self.opened.lock().unwrap().push(address.to_owned());
        Ok(())
    }

    fn copy_picture(&self, mime: &str, bytes: &[u8]) -> Result<(), HostError> {
        self.copied.lock().unwrap().push((mime.to_owned(), bytes.to_vec()));
        Ok(())
    }

    fn downloads(&self) -> Option<PathBuf> {
        self.downloads.lock().unwrap().clone()
    }

    fn open_file(&self, path: &Path) -> Result<(), HostError> {
        self.films.lock().unwrap().push(path.to_owned());
        Ok(())
    }
}
