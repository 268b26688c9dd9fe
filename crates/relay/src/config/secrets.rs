//! Where secrets come from: a file of theirs, the environment, or systemd.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;

use super::error::ConfigError;
use super::settings::Settings;
use super::surroundings::Surroundings;

/// Where systemd puts what `LoadCredential=` names.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
const KEY_CREDENTIAL: &str = "deskbell-relay-key";
const PASSWORD_CREDENTIAL: &str = "deskbell-relay-database-password";
const KEY_VARIABLE: &str = "DESKBELL_RELAY_KEY";
const PASSWORD_VARIABLE: &str = "DESKBELL_RELAY_DATABASE_PASSWORD";

/// Where a secret was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A variable of the environment.
    Environment,
    /// A file that the configuration names.
    File(PathBuf),
    /// A credential of systemd's.
    Credential(PathBuf),
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("the environment"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Credential(path) => write!(f, "systemd's credential {}", path.display()),
        }
    }
}

/// The keys that seal secrets. `Debug` leaves them out.
#[derive(Clone)]
pub struct Secrets {
    key: Option<(SecretSource, Zeroizing<String>)>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("key", &self.source()).finish()
    }
}

impl Secrets {
    /// Keys that were made a moment ago, for a test.
    #[must_use]
    pub fn of_text(key: Zeroizing<String>) -> Self {
        Self { key: Some((SecretSource::Environment, key)) }
    }

    /// The keys in base64; none if none are configured.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_ref().map(|(_, key)| key.as_str())
    }

    /// Where the keys were found.
    #[must_use]
    pub fn source(&self) -> Option<&SecretSource> {
        self.key.as_ref().map(|(source, _)| source)
    }

    pub(super) fn find(settings: &Settings, surroundings: &dyn Surroundings) -> Result<Self, ConfigError> {
        Ok(Self { key: secret(surroundings, KEY_VARIABLE, settings.key_file.as_deref(), KEY_CREDENTIAL)? })
    }
}

/// The database's password, where the address has none.
pub(super) fn database_password(
    settings: &Settings,
    surroundings: &dyn Surroundings,
) -> Result<Option<Zeroizing<String>>, ConfigError> {
    let file = settings.database_password_file.as_deref();
    Ok(secret(surroundings, PASSWORD_VARIABLE, file, PASSWORD_CREDENTIAL)?.map(|(_, password)| password))
}

/// A secret by the environment, by its file, or by systemd, in this order.
fn secret(
    surroundings: &dyn Surroundings,
    variable: &str,
    file: Option<&Path>,
    credential: &str,
) -> Result<Option<(SecretSource, Zeroizing<String>)>, ConfigError> {
    if let Some(text) = surroundings.variable(variable) {
        return Ok(Some((SecretSource::Environment, trimmed(Zeroizing::new(text)))));
    }
    let read = |path: &Path| {
        std::fs::read_to_string(path)
            .map(|text| trimmed(Zeroizing::new(text)))
            .map_err(|error| ConfigError::new(format!("{} cannot be read: {error}", path.display())))
    };
    if let Some(file) = file {
        return Ok(Some((SecretSource::File(file.to_owned()), read(file)?)));
    }
    let given = surroundings.variable(CREDENTIALS).map(|folder| Path::new(&folder).join(credential));
    match given.filter(|path| path.exists()) {
        Some(path) => Ok(Some((SecretSource::Credential(path.clone()), read(&path)?))),
        None => Ok(None),
    }
}

fn trimmed(text: Zeroizing<String>) -> Zeroizing<String> {
    Zeroizing::new(text.trim().to_owned())
}
