//! Practice over loopback: the sandbox in this process and an account already linked to it, in a directory that goes
//! when it ends.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use desk::{Desk, DeskConfig, Endpoints, Request};
use sandbox::Sandbox;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::broadcast::error::RecvError;

use crate::Loopback;

/// What the directories' names begin with.
const PREFIX: &str = "deskbell-webhost-";
/// Locked in each of them as long as it is in use.
const LOCK: &str = "in-use";
/// How long a step of linking may take. The sandbox answers in milliseconds.
const STEP: Duration = Duration::from_secs(20);

/// A desk on a TikTok of its own.
pub struct Practice {
    /// The desk, with one account linked.
    pub desk: Desk,
    /// Its TikTok.
    pub tiktok: Sandbox,
    _lock: File,
    _directory: TempDir,
}

impl Practice {
    /// Starts a TikTok with scripted customers and links its account.
    ///
    /// # Errors
    /// When the disk or the sandbox refuses, or a step of linking fails.
    pub async fn start() -> Result<Self> {
        sweep(&std::env::temp_dir());
        let directory = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
        let lock = File::create(directory.path().join(LOCK))?;
        lock.lock()?;
        let tiktok =
            Sandbox::start(sandbox::Config { scripted: true, speed: 1.0, ..sandbox::Config::default() }).await?;
        let endpoints = Endpoints::from_json(&tiktok.endpoints_json())?;
        let host = Arc::new(Loopback::default());
        let data_dir = directory.path().join("data");
        std::fs::create_dir(&data_dir)?;
        let picture_decoder = desk::this_program()?;
        let config = DeskConfig { data_dir, picture_decoder, endpoints: Some(endpoints), practice: true };
        let desk = Desk::open(config, host.clone()).await?;
        host.keep_quiet(true);
        link(&desk, &tiktok).await?;
        listen(&desk, &tiktok);
        host.keep_quiet(false);
        Ok(Self { desk, tiktok, _lock: lock, _directory: directory })
    }
}

/// Hands on what the sandbox pushes, as a relay would.
fn listen(desk: &Desk, tiktok: &Sandbox) {
    let (desk, mut pushed) = (desk.clone(), tiktok.webhooks());
    tokio::spawn(async move {
        loop {
            match pushed.recv().await {
                // What is not taken in is found by polling.
                Ok(delivery) => drop(desk.hear(&delivery.signature, &delivery.body).await),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
}

/// Links the sandbox's account as an agent would, step by step.
async fn link(desk: &Desk, tiktok: &Sandbox) -> Result<()> {
    let ask = |command: &'static str, args: Value| async move {
        let request = Request { command: command.to_owned(), args };
        desk.answer(request).await.map_err(|fault| anyhow!("{command}: {fault:?}"))
    };
    let mut changes = desk.subscribe();
    let apps = tiktok.apps();
    let credentials = json!({
        "loginClientKey": "",
        "loginClientSecret": "",
        "businessAppId": apps.business_app_id,
        "businessSecret": apps.business_secret,
        "businessRedirectUri": apps.business_redirect_uri,
        "mayListPosts": true,
    });
    ask("saveCredentials", credentials).await?;
    ask("skipSignIn", json!({})).await?;
    let view = ask("startAuthorization", json!({})).await?;
    let address = view.pointer("/step/address").and_then(Value::as_str).context("startAuthorise gave no address")?;
    let landed = tiktok.agree(address).await.map_err(|error| anyhow!("TikTok's page: {error}"))?;
    let mut view = ask("pasteRedirect", json!({ "address": landed })).await?;
    // The code is exchanged behind the scenes; every step of it is told.
    while view.pointer("/step/step") != Some(&json!("confirm")) {
        if let Some(code) = view.pointer("/fault/code") {
            bail!("pasteRedirect: {code}");
        }
        tokio::time::timeout(STEP, changes.next()).await?.context("the desk ended while it was linking")?;
        view = ask("getLinkState", json!({})).await?;
    }
    ask("confirmLink", json!({})).await?;
    Ok(())
}

/// Removes what crashed before it could clean up.
fn sweep(base: &Path) {
    let Ok(entries) = std::fs::read_dir(base) else { return };
    for directory in entries.flatten().map(|entry| entry.path()) {
        let ours = directory.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(PREFIX));
        if ours && let Err(error) = remove_if_left(&directory) {
            tracing::debug!(%error, "what an earlier Practice left could not be removed");
        }
    }
}

fn remove_if_left(directory: &Path) -> io::Result<()> {
    // A directory without its lock file is just being made.
    let lock = File::open(directory.join(LOCK))?;
    lock.try_lock().map_err(io::Error::other)?;
    std::fs::remove_dir_all(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crash_left_goes_and_what_is_in_use_stays() {
        let base = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let directory = base.path().join(name);
            std::fs::create_dir(&directory).unwrap();
            (File::create(directory.join(LOCK)).unwrap(), directory)
        };
        let (lock, running) = make("deskbell-webhost-running");
        lock.lock().unwrap();
        let (_, crashed) = make("deskbell-webhost-crashed");
        let (_, other) = make("somebody-elses");
        sweep(base.path());
        assert!(running.exists() && other.exists() && !crashed.exists());
    }
}
