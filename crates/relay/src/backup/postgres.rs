//! PostgreSQL: its own `pg_dump` and `pg_restore`, which must be of the server's version or newer.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Output;

use tokio::process::Command;
use tokio_postgres::config::{Host, SslMode};

use super::error::BackupError;
use crate::database::DatabaseError;

/// Dumps the database into a new file.
pub(super) async fn backup(address: &str, into: &Path) -> Result<u64, BackupError> {
    if into.exists() {
        return Err(BackupError::Exists(into.to_owned()));
    }
    let file_error = |error| BackupError::File { path: into.to_owned(), error };
    create(into).map_err(file_error)?;
    let mut dump = command("pg_dump", address)?;
    dump.args(["--format=custom", "--no-owner", "--no-privileges", "--file"]).arg(into);
    let outcome = run("pg_dump", dump).await;
    if outcome.is_err() {
        // Half of a backup is none.
        let _ = fs::remove_file(into);
    }
    outcome?;
    fs::File::open(into).and_then(|file| file.sync_all()).map_err(file_error)?;
    fs::metadata(into).map(|file| file.len()).map_err(file_error)
}

/// Restores a dump into an empty database, all of it or nothing.
pub(super) async fn restore(from: &Path, address: &str) -> Result<(), BackupError> {
    let mut look = command("psql", address)?;
    look.args(["--no-psqlrc", "--tuples-only", "--no-align", "--command"]);
    look.arg("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'");
    let tables = run("psql", look).await?;
    if String::from_utf8_lossy(&tables.stdout).trim() != "0" {
        return Err(BackupError::NotEmpty);
    }
    let mut restore = command("pg_restore", address)?;
    restore.args(["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]);
    if let Some(name) = config(address)?.get_dbname() {
        restore.args(["--dbname", name]);
    }
    restore.arg(from);
    run("pg_restore", restore).await.map(drop)
}

fn config(address: &str) -> Result<tokio_postgres::Config, DatabaseError> {
    address.parse().map_err(|error| DatabaseError::Unreachable(format!("the address is malformed: {error}")))
}

/// A program of PostgreSQL's that finds the server by its environment: every user of this computer can read the
/// arguments of a program, and the password is in the address.
fn command(program: &str, address: &str) -> Result<Command, DatabaseError> {
    let config = config(address)?;
    let mut command = Command::new(program);
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .map(|host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(folder) => folder.display().to_string(),
        })
        .collect();
    let ports: Vec<String> = config.get_ports().iter().map(u16::to_string).collect();
    if hosts.len() > 1 {
        command.env("PGTARGETSESSIONATTRS", "read-write");
    }
    let texts = [
        ("PGHOST", hosts.join(",")),
        ("PGPORT", ports.join(",")),
        ("PGUSER", config.get_user().unwrap_or_default().to_owned()),
        ("PGDATABASE", config.get_dbname().or(config.get_user()).unwrap_or_default().to_owned()),
        ("PGPASSWORD", String::from_utf8_lossy(config.get_password().unwrap_or_default()).into_owned()),
    ];
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        command.env(name, text);
    }
    let tls = match config.get_ssl_mode() {
        SslMode::Disable => "disable",
        SslMode::Require => "require",
        _ => "prefer",
    };
    command.env("PGSSLMODE", tls).env("PGCONNECT_TIMEOUT", "10").stdin(std::process::Stdio::null()).kill_on_drop(true);
    Ok(command)
}

async fn run(program: &'static str, mut command: Command) -> Result<Output, BackupError> {
    let output = command.output().await.map_err(|error| BackupError::Program {
        program,
        words: match error.kind() {
            ErrorKind::NotFound => "it is not installed: install PostgreSQL's client programs".to_owned(),
            _ => error.to_string(),
        },
    })?;
    if output.status.success() {
        return Ok(output);
    }
    let words = String::from_utf8_lossy(&output.stderr).trim().chars().take(500).collect();
    Err(BackupError::Program { program, words })
}

fn create(path: &Path) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path).map(drop)
}
