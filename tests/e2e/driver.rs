//! The two browser engines' drivers. Both are asked over WebDriver, on a port of their own, from inside the desktop.

use std::time::Duration;

use anyhow::{Context, Result};
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::Value;

use tests::Patience;
use tests::desktop::Desktop;
use tests::process::{Process, free_port};

/// A running driver. Dropping it ends it, and what it started.
#[derive(Debug)]
pub(crate) struct Driver {
    process: Process,
    port: u16,
}

impl Driver {
    /// WebKit's, which starts the app itself as if that were a browser.
    pub(crate) async fn webkit(desktop: &Desktop) -> Result<Driver> {
        let port = free_port()?;
        let mut command = desktop.command("WebKitWebDriver");
        // The app inherits this, and only then lets itself be driven; without it a session request never returns.
        command.env("TAURI_WEBVIEW_AUTOMATION", "true");
        command.args([format!("--port={port}"), "--host=127.0.0.1".to_owned()]);
        Driver::start(Process::start(&mut command, &desktop.log("deskbell"))?, port).await
    }

    /// Chromium's.
    pub(crate) async fn chromium(desktop: &Desktop) -> Result<Driver> {
        let port = free_port()?;
        let mut command = desktop.command("chromedriver");
        command.arg(format!("--port={port}"));
        Driver::start(Process::start(&mut command, &desktop.log("chromedriver"))?, port).await
    }

    async fn start(mut process: Process, port: u16) -> Result<Driver> {
        process.listens(port).await?;
        Ok(Driver { process, port })
    }

    /// A session with what the driver starts for these capabilities.
    pub(crate) async fn session(&self, capabilities: Value) -> Result<Client> {
        let Value::Object(capabilities) = capabilities else { anyhow::bail!("capabilities are an object") };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(Capabilities::from_iter(capabilities));
        let address = format!("http://127.0.0.1:{}", self.port);
        let session = Patience::of(Duration::from_secs(60)).wait_for(builder.connect(&address)).await;
        session
            .context("the driver gave no session within a minute")
            .and_then(|session| session.context("the driver gave no session"))
            .with_context(|| format!("it said:\n{}", self.process.said()))
    }
}
