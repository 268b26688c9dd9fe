//! The program's commands. `serve` is the relay itself; the others set it up and look after it.

mod app;
mod archive;
mod arguments;
mod certificate;
mod devices;
mod doctor;
mod profile;
mod serve;
mod setup;
mod terminal;
mod webhook;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;

use crate::config::{Config, Environment};
use crate::seal::Seal;
use arguments::{Cli, Command};
use setup::open;
use terminal::say;

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            // Standard error may be closed.
            let _ = writeln!(std::io::stderr(), "deskbell-relay: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let Cli { settings, command } = cli;
    if matches!(command, Command::Key) {
        say(&Seal::new_key())?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::read(settings, &Environment);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads")?;
    if matches!(command, Command::Doctor) {
        return runtime.block_on(doctor::examine(config.as_ref().map_err(Clone::clone)));
    }
    let config = config?;
    setup::start_log(&config)?;
    runtime.block_on(async {
        match command {
            Command::Serve { test_profile: None } => serve::serve(config).await,
            Command::Serve { test_profile: Some(file) } => profile::serve(config, &file).await,
            Command::Pair { admin } => devices::print_code(&open(&config).await?, admin).await,
            Command::App(arguments) => app::set(&open(&config).await?, arguments).await,
            Command::Link => app::print_link(&open(&config).await?).await,
            Command::Webhook { action } => webhook::run(&open(&config).await?, action).await,
            Command::Backup { file } => archive::backup(&config, &file).await,
            Command::Restore(arguments) => archive::restore(&config, &arguments).await,
            Command::RotateSecret { secret } => app::rotate(&open(&config).await?, secret).await,
            // Both are done already.
            Command::Doctor | Command::Key => Ok(()),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}
