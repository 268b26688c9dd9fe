//! Where keys and tokens are kept: the system's keychain, or this session's memory if there is none.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

pub use secrecy::{ExposeSecret, SecretString};

use crate::lock::lock;

/// Why a secret could not be kept or read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SecretsError {
    /// No keychain answers on this system.
    #[error("no keychain answers on this system")]
    Missing,
    /// The keychain is there and said no: locked, denied, or the value is too large.
    #[error("the keychain refused: {0}")]
    Refused(String),
}

/// A keychain. One entry per secret, because Windows keeps at most 2,560 bytes in one. Every call may block.
pub trait Secrets: Send + Sync + 'static {
    /// Reads a secret; `None` if there is none under this key.
    ///
    /// # Errors
    /// [`SecretsError`]
    fn read(&self, key: &str) -> Result<Option<SecretString>, SecretsError>;

    /// Keeps a secret, replacing the one before it.
    ///
    /// # Errors
    /// [`SecretsError`]
    fn write(&self, key: &str, secret: &SecretString) -> Result<(), SecretsError>;

    /// Forgets a secret. Forgetting one that is not there succeeds.
    ///
    /// # Errors
    /// [`SecretsError`]
    fn erase(&self, key: &str) -> Result<(), SecretsError>;

    /// Whether a keychain answers now.
    ///
    /// # Errors
    /// [`SecretsError`] that says why not.
    fn probe(&self) -> Result<(), SecretsError> {
        self.read("probe").map(|_| ())
    }
}

/// Secrets in memory, gone when Deskbell ends: for a session without a keychain, for Practice and for tests.
#[derive(Debug, Default)]
pub struct SessionSecrets {
    kept: Mutex<HashMap<String, SecretString>>,
}

impl Secrets for SessionSecrets {
    fn read(&self, key: &str) -> Result<Option<SecretString>, SecretsError> {
        Ok(lock(&self.kept).get(key).cloned())
    }

    fn write(&self, key: &str, secret: &SecretString) -> Result<(), SecretsError> {
        lock(&self.kept).insert(key.to_owned(), secret.clone());
        Ok(())
    }

    fn erase(&self, key: &str) -> Result<(), SecretsError> {
        lock(&self.kept).remove(key);
        Ok(())
    }
}

/// Where secrets are kept just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// In the system's keychain.
    System,
    /// Nowhere yet: no keychain answers, and the agent has not decided what to do about it.
    Nowhere,
    /// In this session's memory, by the agent's choice.
    Session,
}

/// The secrets of this run: the keychain, or memory once the agent chose that. Calls wait off the async threads.
#[derive(Clone)]
pub struct SecretStore {
    system: Arc<dyn Secrets>,
    session: Arc<SessionSecrets>,
    keeping: Arc<Mutex<Keeping>>,
}

impl std::fmt::Debug for SecretStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretStore").field("keeping", &self.keeping()).finish_non_exhaustive()
    }
}

impl SecretStore {
    /// Asks the system whether a keychain answers.
    pub async fn open(system: Arc<dyn Secrets>) -> Self {
        let store = Self { system, session: Arc::default(), keeping: Arc::new(Mutex::new(Keeping::Nowhere)) };
        store.probe().await;
        store
    }

    /// Asks again; does nothing once secrets are kept in memory.
    pub async fn probe(&self) -> Keeping {
        if self.keeping() != Keeping::Session {
            let system = Arc::clone(&self.system);
            let answer = tokio::task::spawn_blocking(move || system.probe()).await;
            let keeping = match answer {
                // A keychain that refuses is there: its words come up when it is used.
                Ok(Ok(()) | Err(SecretsError::Refused(_))) => Keeping::System,
                Ok(Err(SecretsError::Missing)) | Err(_) => Keeping::Nowhere,
            };
            self.set(keeping);
        }
        self.keeping()
    }

    /// Keeps secrets in memory from now on.
    pub fn keep_in_session(&self) {
        self.set(Keeping::Session);
    }

    /// Where secrets are kept just now.
    #[must_use]
    pub fn keeping(&self) -> Keeping {
        *lock(&self.keeping)
    }

    fn set(&self, keeping: Keeping) {
        *lock(&self.keeping) = keeping;
    }

    /// Reads a secret.
    ///
    /// # Errors
    /// [`SecretsError`]
    pub async fn read(&self, key: &str) -> Result<Option<SecretString>, SecretsError> {
        let key = key.to_owned();
        self.with(move |secrets| secrets.read(&key)).await
    }

    /// Keeps a secret.
    ///
    /// # Errors
    /// [`SecretsError`]
    pub async fn write(&self, key: &str, secret: &str) -> Result<(), SecretsError> {
        let (key, secret) = (key.to_owned(), SecretString::from(secret));
        self.with(move |secrets| secrets.write(&key, &secret)).await
    }

    /// Forgets a secret.
    ///
    /// # Errors
    /// [`SecretsError`]
    pub async fn erase(&self, key: &str) -> Result<(), SecretsError> {
        let key = key.to_owned();
        self.with(move |secrets| secrets.erase(&key)).await
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Secrets) -> Result<T, SecretsError> + Send + 'static,
    ) -> Result<T, SecretsError> {
        let secrets: Arc<dyn Secrets> = match self.keeping() {
            Keeping::System => Arc::clone(&self.system),
            Keeping::Session => Arc::<SessionSecrets>::clone(&self.session),
            Keeping::Nowhere => return Err(SecretsError::Missing),
        };
        tokio::task::spawn_blocking(move || work(secrets.as_ref()))
            .await
            .unwrap_or_else(|_| Err(SecretsError::Refused("the keychain call was cut off".to_owned())))
    }
}
