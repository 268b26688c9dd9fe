//! The same page in Chromium, served by `webhost` over loopback HTTP.

use anyhow::Result;
use serde_json::json;

use super::app::program;
use super::driver::Driver;
use super::window::Window;
use tests::desktop::Desktop;
use tests::process::{Process, free_port, which};

/// A web browser with a page.
#[derive(Debug)]
pub(crate) struct Browser {
    window: Window,
    _driver: Driver,
    _host: Option<Process>,
}

impl Browser {
    /// Whether there is one to drive: not every system has Chromium as a package.
    pub(crate) fn is_there() -> bool {
        which("chromedriver").is_some() && which("chromium").is_some()
    }

    /// Starts `webhost` with these arguments and opens its page.
    pub(crate) async fn start(desktop: &Desktop, arguments: &[&str]) -> Result<Browser> {
        let port = free_port()?;
        let mut command = desktop.command(program("WEBHOST_BIN", "webhost")?);
        command.args(["--port", &port.to_string()]).args(arguments);
        let mut host = Process::start(&mut command, &desktop.log("webhost"))?;
        host.listens(port).await?;
        let mut browser = Browser::open(desktop, &format!("http://127.0.0.1:{port}/")).await?;
        browser._host = Some(host);
        Ok(browser)
    }

    /// Opens a page.
    pub(crate) async fn open(desktop: &Desktop, address: &str) -> Result<Browser> {
        let driver = Driver::chromium(desktop).await?;
        // Without a sandbox of its own, because tests in containers run as root; and without talking to anyone.
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--disable-sync",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
        ];
        let options = json!({ "binary": which("chromium"), "args": arguments });
        let client = driver.session(json!({ "browserName": "chrome", "goog:chromeOptions": options })).await?;
        client.goto(address).await?;
        Ok(Browser { window: Window::new(client, "chromium"), _driver: driver, _host: None })
    }

    /// Its page.
    pub(crate) fn window(&self) -> &Window {
        &self.window
    }
}
