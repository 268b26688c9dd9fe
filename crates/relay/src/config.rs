//! How a relay is set up: one file, the environment, and flags, each before the one that is named first.
//!
//! Every key has one name in all three: `public_url` in the file, `DESKBELL_RELAY_PUBLIC_URL`, `--public-url`.
//! Secrets have no key of their own in the file: they come from files of theirs, from the environment, or from systemd
//! (`LoadCredential=`).

mod error;
mod secrets;
mod settings;
mod surroundings;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use tiktok::Endpoints;
use url::{Host, Url};

use crate::database::DatabaseAddress;
use crate::limits::Network;
use crate::maintenance::MIN_KEEP_DAYS;
use crate::tls::CertificateFiles;

pub use error::ConfigError;
pub use secrets::{SecretSource, Secrets};
pub use settings::{LogFormat, Settings};
pub use surroundings::{Environment, Surroundings};

/// Where the file is unless another one is named.
const DEFAULT_FILE: &str = "/etc/deskbell-relay/deskbell-relay.toml";
const DEFAULT_DATABASE: &str = "sqlite:/var/lib/deskbell-relay/relay.db";
const DEFAULT_LISTEN: &str = "127.0.0.1:8480";
/// Let's Encrypt.
const DEFAULT_ACME_DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";
const DEFAULT_REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::MIN.saturating_add(999);
/// What TikTok grants a new app.
const DEFAULT_CALLS_PER_SECOND: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
const DEFAULT_LOG: &str = "warn,relay=info,tiktok=info";

/// The configuration, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file that it was read from.
    pub file: Option<PathBuf>,
    /// The database.
    pub database: DatabaseAddress,
    /// Whether the configuration names none.
    pub is_database_default: bool,
    /// Where the relay listens.
    pub listen: SocketAddr,
    /// Whether the configuration names none.
    pub is_listen_default: bool,
    /// Its address as others reach it.
    pub public_url: Option<Url>,
    /// Its certificate.
    pub tls: TlsConfig,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// The addresses that may read `/metrics` and the details of `/health`.
    pub monitors: Vec<Network>,
    /// Requests a second of one address.
    pub requests_per_second: NonZeroU32,
    /// Calls a second to TikTok with the shop's app, of all relay processes together.
    pub calls_per_second: NonZeroU32,
    /// For how many days events are kept; for ever if none.
    pub retention_days: Option<u32>,
    /// Where TikTok is.
    pub endpoints: Endpoints,
    /// The log's filter.
    pub log: String,
    /// The log's format.
    pub log_format: LogFormat,
    /// The keys that seal secrets.
    pub secrets: Secrets,
}

/// Where the relay's certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsConfig {
    /// A proxy in front has it.
    Plain,
    /// Files that another program renews.
    Files(CertificateFiles),
    /// The relay gets it by itself.
    Acme(AcmeConfig),
}

/// How the relay gets a certificate by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmeConfig {
    /// The certificate authority's directory.
    pub directory: String,
    /// Whom it writes to when a certificate runs out: `mailto:…`.
    pub contact: Option<String>,
    /// The name that the certificate is for.
    pub name: String,
    /// The certificate that verifies the directory, if not one of the system's.
    pub root: Option<PathBuf>,
}

impl Config {
    /// The configuration by the file and these settings, which are those of flags and environment.
    ///
    /// # Errors
    /// [`ConfigError`]
    pub fn read(given: Settings, surroundings: &dyn Surroundings) -> Result<Self, ConfigError> {
        settings::refuse_unknown_variables(&surroundings.names())?;
        let (file, settings) = match config_file(given.config.as_deref()) {
            Some(file) => (Some(file.clone()), given.or(Settings::from_file(&file)?)),
            None => (None, given),
        };
        Self::check(file, settings, surroundings)
    }

    fn check(file: Option<PathBuf>, settings: Settings, surroundings: &dyn Surroundings) -> Result<Self, ConfigError> {
        let public_url = settings.public_url.as_deref().map(public_url).transpose()?;
        let tls = tls(&settings, public_url.as_ref())?;
        let database = settings.database.as_deref().unwrap_or(DEFAULT_DATABASE);
        let password = secrets::database_password(&settings, surroundings)?;
        let listen = settings.listen.as_deref().unwrap_or(DEFAULT_LISTEN);
        let monitors = ["127.0.0.1", "::1"].iter().filter_map(|text| text.parse().ok()).collect();
        Ok(Self {
            file,
            is_database_default: settings.database.is_none(),
            is_listen_default: settings.listen.is_none(),
            database: database_address(database, password.as_deref().map(String::as_str))?,
            listen: listen
                .parse()
                .map_err(|_| ConfigError::new("`listen` is an address with a port, such as 0.0.0.0:8480"))?,
            public_url,
            tls,
            trusted_proxies: settings.trusted_proxies.clone().unwrap_or_default(),
            monitors: settings.monitors.clone().unwrap_or(monitors),
            requests_per_second: settings.requests_per_second.unwrap_or(DEFAULT_REQUESTS_PER_SECOND),
            calls_per_second: settings.calls_per_second.unwrap_or(DEFAULT_CALLS_PER_SECOND),
            retention_days: settings.retention_days.map(retention_days).transpose()?,
            endpoints: match &settings.endpoints {
                Some(path) => endpoints(path)?,
                None => Endpoints::default(),
            },
            log: settings.log.clone().unwrap_or_else(|| DEFAULT_LOG.to_owned()),
            log_format: settings.log_format.unwrap_or_default(),
            secrets: Secrets::find(&settings, surroundings)?,
        })
    }
}

impl fmt::Display for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain => f.write_str("no TLS: a proxy in front has the certificate"),
            Self::Files(files) => write!(f, "the certificate in {}", files.chain.display()),
            Self::Acme(acme) => write!(f, "a certificate for {} by ACME", acme.name),
        }
    }
}

/// The file that was named, or the usual one if it is there.
fn config_file(named: Option<&Path>) -> Option<PathBuf> {
    let usual = || Some(PathBuf::from(DEFAULT_FILE)).filter(|file| file.exists());
    named.map(Path::to_owned).or_else(usual)
}

fn database_address(text: &str, password: Option<&str>) -> Result<DatabaseAddress, ConfigError> {
    if let Some(path) = text.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.contains('?') {
            return Err(ConfigError::new("`database` names no file behind `sqlite:`"));
        }
        return Ok(DatabaseAddress::Sqlite(PathBuf::from(path)));
    }
    if !(text.starts_with("postgres://") || text.starts_with("postgresql://")) {
        return Err(ConfigError::new("`database` begins with sqlite: or with postgres://"));
    }
    let Some(password) = password else { return Ok(DatabaseAddress::Postgres(text.to_owned())) };
    let (_, rest) = text.split_once("://").unwrap_or_default();
    let (user, place) = rest.split_once('@').ok_or_else(|| {
        ConfigError::new("`database` names no user, and a password for it is configured: postgres://USER@HOST/NAME")
    })?;
    if user.contains(':') {
        return Err(ConfigError::new("the database's password is in `database`, and configured a second time"));
    }
    let password: String = url::form_urlencoded::byte_serialize(password.as_bytes()).collect();
    // In this part of an address a space is %20 only.
    Ok(DatabaseAddress::Postgres(format!("postgres://{user}:{}@{place}", password.replace('+', "%20"))))
}

fn public_url(text: &str) -> Result<Url, ConfigError> {
    let wrong = |why: &str| Err(ConfigError::new(format!("`public_url` {why}")));
    let Ok(url) = Url::parse(text) else {
        return wrong("is no web address; it looks like https://relay.shop.example");
    };
    match url.scheme() {
        "https" => {}
        "http" if is_this_computer(&url) => {}
        _ => return wrong("begins with https://: TikTok sends webhooks nowhere else"),
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return wrong("has a user, a query or a fragment, and must not");
    }
    Ok(url)
}

/// Whether an address leads to this computer.
pub(crate) fn is_this_computer(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn tls(settings: &Settings, public_url: Option<&Url>) -> Result<TlsConfig, ConfigError> {
    let files = match (&settings.tls_certificate, &settings.tls_key) {
        (Some(chain), Some(key)) => Some(CertificateFiles { chain: chain.clone(), key: key.clone() }),
        (None, None) => None,
        (Some(_), None) => return Err(ConfigError::new("`tls_certificate` is given, and `tls_key` is not")),
        (None, Some(_)) => return Err(ConfigError::new("`tls_key` is given, and `tls_certificate` is not")),
    };
    match (files, settings.acme.unwrap_or(false)) {
        (Some(_), true) => Err(ConfigError::new("`acme` and `tls_certificate` exclude each other")),
        (Some(files), false) => Ok(TlsConfig::Files(files)),
        (None, false) => Ok(TlsConfig::Plain),
        (None, true) => {
            let name = public_url.and_then(Url::domain).ok_or_else(|| {
                ConfigError::new("`acme` needs a `public_url` with a name, for which it gets the certificate")
            })?;
            Ok(TlsConfig::Acme(AcmeConfig {
                directory: settings.acme_directory.clone().unwrap_or_else(|| DEFAULT_ACME_DIRECTORY.to_owned()),
                contact: settings.acme_contact.as_ref().map(|address| format!("mailto:{address}")),
                name: name.to_owned(),
                root: settings.acme_root.clone(),
            }))
        }
    }
}

fn retention_days(days: u32) -> Result<u32, ConfigError> {
    if days < MIN_KEEP_DAYS {
        return Err(ConfigError::new(format!(
            "`retention_days` is at least {MIN_KEEP_DAYS}: TikTok repeats a webhook for three days, and a repetition is \
             told from news by what is kept"
        )));
    }
    Ok(days)
}

fn endpoints(path: &Path) -> Result<Endpoints, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::new(format!("`endpoints`: {} cannot be read: {error}", path.display())))?;
    Endpoints::from_json(&text).map_err(|error| ConfigError::new(format!("`endpoints`: {error}")))
}
