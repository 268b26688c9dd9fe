//! The built app, started by WebKit's driver on the test's desktop.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::json;

use super::driver::Driver;
use super::window::{self, Window};
use tests::desktop::Desktop;
use tests::process::{kill, running, wait_for};

/// The app with its window.
#[derive(Debug)]
pub(crate) struct App {
    program: PathBuf,
    arguments: Vec<String>,
    window: Window,
    driver: Driver,
}

impl App {
    /// Starts Deskbell with these arguments.
    pub(crate) async fn start(desktop: &Desktop, arguments: &[&str]) -> Result<App> {
        App::start_program(desktop, &program("DESKBELL_BIN", "deskbell")?, arguments).await
    }

    /// Starts any program with a WebKitGTK window that lets itself be driven.
    pub(crate) async fn start_program(desktop: &Desktop, program: &Path, arguments: &[&str]) -> Result<App> {
        let program = program.canonicalize()?;
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let (driver, window) = launch(desktop, &program, &arguments).await?;
        Ok(App { program, arguments, window, driver })
    }

    /// Its window.
    pub(crate) fn window(&self) -> &Window {
        &self.window
    }

    /// `kill -9`: no farewell, nothing flushed. Tells when.
    pub(crate) async fn kill(&self, desktop: &Desktop) -> Result<Instant> {
        let home = desktop.home();
        let pids = running(&self.program, &home);
        anyhow::ensure!(!pids.is_empty(), "the app does not run");
        pids.into_iter().for_each(kill);
        let killed = Instant::now();
        wait_for("the app to be gone", || running(&self.program, &home).is_empty().then_some(())).await?;
        Ok(killed)
    }

    /// Starts it again with the same arguments, after a [`App::kill`].
    pub(crate) async fn restart(&mut self, desktop: &Desktop) -> Result<()> {
        (self.driver, self.window) = launch(desktop, &self.program, &self.arguments).await?;
        Ok(())
    }
}

async fn launch(desktop: &Desktop, program: &Path, arguments: &[String]) -> Result<(Driver, Window)> {
    let driver = Driver::webkit(desktop).await?;
    let browser = json!({ "binary": program, "args": arguments });
    let client = driver.session(json!({ "webkitgtk:browserOptions": browser })).await?;
    Ok((driver, Window::new(client, "webkit")))
}

/// A built program: where the variable says, or beside the test's own.
pub(crate) fn program(variable: &str, name: &str) -> Result<PathBuf> {
    let place = match std::env::var_os(variable).filter(|value| *value != OsString::new()) {
        Some(place) => PathBuf::from(place),
        None => window::target()?.join("debug").join(name),
    };
    let advice = "`cargo xtask check --only test` builds it and runs the tests";
    place.canonicalize().with_context(|| format!("there is no {}; {advice}", place.display()))
}
