//! `doctor`: looks at everything that a relay needs, one line each, with what to do about it.

mod certificate;
mod findings;
mod stored;
mod tiktok;

use std::process::ExitCode;

use findings::{Findings, Level};

use super::setup;
use super::terminal::say;
use crate::config::{Config, ConfigError, SecretSource};
use crate::database::{Database, DatabaseAddress};

/// Prints what was found. Fails if anything does.
pub(super) async fn examine(config: Result<&Config, ConfigError>) -> anyhow::Result<ExitCode> {
    let mut findings = Findings::default();
    match config {
        Err(error) => findings.fail("configuration", error),
        Ok(config) => look(config, &mut findings).await,
    }
    for (_, line) in findings.lines() {
        say(line)?;
    }
    let fails = findings.lines().iter().any(|(level, _)| *level == Level::Fail);
    Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn look(config: &Config, findings: &mut Findings) {
    look_at_configuration(config, findings);
    let seal = match setup::seal(config) {
        Ok(seal) => {
            look_at_key(config, findings);
            seal
        }
        Err(error) => return findings.fail("key", format!("{error:#}")),
    };
    if let DatabaseAddress::Sqlite(path) = &config.database
        && !path.exists()
    {
        return findings.warn("database", format!("there is no {} yet: `serve` makes it", path.display()));
    }
    let database = match Database::open(&config.database).await {
        Ok(database) => database,
        Err(error) => {
            return findings.fail("database", format!("{error}: look whether it runs, and at `database`"));
        }
    };
    let context = match setup::context(config, database, seal).await {
        Ok(context) => context,
        Err(error) => return findings.fail("database", format!("{error:#}")),
    };
    stored::look(&context, findings).await;
    certificate::look(config, &context, findings).await;
    tiktok::look(&context, findings).await;
}

fn look_at_configuration(config: &Config, findings: &mut Findings) {
    let file = config.file.as_ref().map_or_else(|| "no file".to_owned(), |file| file.display().to_string());
    findings.ok("configuration", format!("{file}; listens on {}; {}", config.listen, config.tls));
    match &config.public_url {
        Some(url) => findings.ok("public_url", url),
        None => findings.fail(
            "public_url",
            "is not set: TikTok, browsers and desktops do not find the relay; set it to https://relay.your-shop",
        ),
    }
    if !config.listen.ip().is_loopback() && config.tls == crate::config::TlsConfig::Plain {
        findings.warn(
            "listen",
            "others can reach the relay without TLS: listen on 127.0.0.1 behind a proxy, or configure a certificate",
        );
    }
}

fn look_at_key(config: &Config, findings: &mut Findings) {
    let Some(source) = config.secrets.source() else { return };
    match source {
        SecretSource::File(path) if is_readable_by_others(path) => {
            findings.warn("key", format!("everybody on this machine can read {source}: chmod 600 it"));
        }
        SecretSource::File(_) | SecretSource::Credential(_) | SecretSource::Environment => {
            findings.ok("key", format!("from {source}"));
        }
    }
}

#[cfg(unix)]
fn is_readable_by_others(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o007 != 0)
}

#[cfg(not(unix))]
fn is_readable_by_others(_: &std::path::Path) -> bool {
    false
}

#[cfg(test)]
mod tests;
