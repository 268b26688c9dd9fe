//! The keys of the configuration, as a file, the environment and flags give them.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::error::ConfigError;
use crate::limits::Network;

const PREFIX: &str = "DESKBELL_RELAY_";
/// Variables that are no keys: secrets, which no flag and no file has.
const SECRET_VARIABLES: [&str; 2] = ["DESKBELL_RELAY_KEY", "DESKBELL_RELAY_DATABASE_PASSWORD"];

/// How the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object on each line.
    Json,
}

/// Every key. A key that is not given has its default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The configuration's file, in TOML [default: /etc/deskbell-relay/deskbell-relay.toml if it is there]
    #[arg(long, global = true, env = "DESKBELL_RELAY_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// sqlite:PATH or postgres://USER@HOST/NAME [default: sqlite:/var/lib/deskbell-relay/relay.db]
    #[arg(long, global = true, env = "DESKBELL_RELAY_DATABASE", hide_env_values = true, value_name = "ADDRESS")]
    pub database: Option<String>,
    /// A file with the database's password, if it is not in the address
    #[arg(long, global = true, env = "DESKBELL_RELAY_DATABASE_PASSWORD_FILE", value_name = "FILE")]
    pub database_password_file: Option<PathBuf>,
    /// A file with the keys that seal secrets, the current one first; `deskbell-relay key` makes one
    #[arg(long, global = true, env = "DESKBELL_RELAY_KEY_FILE", value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8480]
    #[arg(long, global = true, env = "DESKBELL_RELAY_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// The relay's address as TikTok, browsers and desktops reach it: `https://relay.shop.example`
    #[arg(long, global = true, env = "DESKBELL_RELAY_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// A certificate with its chain, in PEM; read again when it changes
    #[arg(long, global = true, env = "DESKBELL_RELAY_TLS_CERTIFICATE", value_name = "FILE")]
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's key, in PEM
    #[arg(long, global = true, env = "DESKBELL_RELAY_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Get a certificate by ACME, and agree to the terms of the certificate authority [default: false]
    #[arg(
        long,
        global = true,
        env = "DESKBELL_RELAY_ACME",
        num_args = 0..=1,
        default_missing_value = "true",
        require_equals = true,
        value_name = "true|false"
    )]
    pub acme: Option<bool>,
    /// Whom the certificate authority writes to: name@shop.example
    #[arg(long, global = true, env = "DESKBELL_RELAY_ACME_CONTACT", value_name = "ADDRESS")]
    pub acme_contact: Option<String>,
    /// The certificate authority's directory [default: Let's Encrypt]
    #[arg(long, global = true, env = "DESKBELL_RELAY_ACME_DIRECTORY", value_name = "URL")]
    pub acme_directory: Option<String>,
    /// A certificate in PEM by which the directory itself is verified, for an authority of the shop's own [default: the
    /// system's]
    #[arg(long, global = true, env = "DESKBELL_RELAY_ACME_ROOT", value_name = "FILE")]
    pub acme_root: Option<PathBuf>,
    /// Proxies whose X-Forwarded-For is believed: addresses or networks, separated by commas
    #[arg(long, global = true, env = "DESKBELL_RELAY_TRUSTED_PROXIES", value_delimiter = ',', value_name = "NETWORK")]
    pub trusted_proxies: Option<Vec<Network>>,
    /// Addresses that may read /metrics and the details of /health [default: 127.0.0.1, ::1]
    #[arg(long, global = true, env = "DESKBELL_RELAY_MONITORS", value_delimiter = ',', value_name = "NETWORK")]
    pub monitors: Option<Vec<Network>>,
    /// Requests a second of one address; five times as many at once [default: 1000]
    #[arg(long, global = true, env = "DESKBELL_RELAY_REQUESTS_PER_SECOND", value_name = "NUMBER")]
    pub requests_per_second: Option<NonZeroU32>,
    /// Calls a second to TikTok with the shop's app, of all relay processes together, as TikTok's developer portal states them
    /// for the app [default: 10]
    #[arg(long, global = true, env = "DESKBELL_RELAY_CALLS_PER_SECOND", value_name = "NUMBER")]
    pub calls_per_second: Option<NonZeroU32>,
    /// Forget events after so many days, at least 4 [default: never]
    #[arg(long, global = true, env = "DESKBELL_RELAY_RETENTION_DAYS", value_name = "DAYS")]
    pub retention_days: Option<u32>,
    /// For developers: a file with other addresses in place of TikTok's, as the sandbox writes it
    #[arg(long, global = true, env = "DESKBELL_RELAY_ENDPOINTS", value_name = "FILE")]
    pub endpoints: Option<PathBuf>,
    /// The log's filter, as in `warn,relay=debug` [default: warn,relay=info,tiktok=info]
    #[arg(long, global = true, env = "DESKBELL_RELAY_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// The log's format [default: text]
    #[arg(long, global = true, env = "DESKBELL_RELAY_LOG_FORMAT", value_enum, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
}

impl Settings {
    /// Reads a file.
    pub(super) fn from_file(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::new(format!("{} cannot be read: {error}", path.display())))?;
        Self::from_toml(&text).map_err(|error| ConfigError::new(format!("{}, {error}", path.display())))
    }

    /// Reads a file's text. The error names the line, and quotes nothing of it: it may hold a password.
    pub(super) fn from_toml(text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let message = error.message().replace("unknown field", "there is no key");
            ConfigError::new(format!("line {line}: {message}"))
        })
    }

    /// These settings, and the others' where these say nothing.
    pub(super) fn or(self, others: Self) -> Self {
        Self {
            config: self.config.or(others.config),
            database: self.database.or(others.database),
            database_password_file: self.database_password_file.or(others.database_password_file),
            key_file: self.key_file.or(others.key_file),
            listen: self.listen.or(others.listen),
            public_url: self.public_url.or(others.public_url),
            tls_certificate: self.tls_certificate.or(others.tls_certificate),
            tls_key: self.tls_key.or(others.tls_key),
            acme: self.acme.or(others.acme),
            acme_contact: self.acme_contact.or(others.acme_contact),
            acme_directory: self.acme_directory.or(others.acme_directory),
            acme_root: self.acme_root.or(others.acme_root),
            trusted_proxies: self.trusted_proxies.or(others.trusted_proxies),
            monitors: self.monitors.or(others.monitors),
            requests_per_second: self.requests_per_second.or(others.requests_per_second),
            calls_per_second: self.calls_per_second.or(others.calls_per_second),
            retention_days: self.retention_days.or(others.retention_days),
            endpoints: self.endpoints.or(others.endpoints),
            log: self.log.or(others.log),
            log_format: self.log_format.or(others.log_format),
        }
    }
}

/// A misspelt variable would be a setting that silently does nothing.
pub(super) fn refuse_unknown_variables(names: &[String]) -> Result<(), ConfigError> {
    let keys = Settings::augment_args(clap::Command::new("keys"));
    let known = |name: &str| {
        SECRET_VARIABLES.contains(&name)
            || keys.get_arguments().filter_map(clap::Arg::get_env).any(|known| known.to_str() == Some(name))
    };
    match names.iter().find(|name| name.starts_with(PREFIX) && !known(name)) {
        Some(name) => Err(ConfigError::new(format!(
            "the environment has {name}, and there is no such key; `deskbell-relay help serve` names all"
        ))),
        None => Ok(()),
    }
}
