//! Practice: the sandbox in this process, with scripted customers, and an account already linked to it.
//!
//! It keeps its data in a directory of its own, which goes when it ends. Whoever starts Practice next removes what a
//! crash left behind.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use desk::{Desk, Request};
use sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

/// How long a step of linking may take. The sandbox answers in milliseconds.
const STEP: Duration = Duration::from_secs(20);

/// A directory that lasts as long as this process.
pub(crate) struct Nest {
    directory: PathBuf,
    lock_path: PathBuf,
    /// Held while the directory is in use; the system lets go of it even when we crash.
    _lock: File,
}

impl Nest {
    /// Makes a directory under `base`, and removes those whose owners are gone.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn build(base: &Path) -> io::Result<Self> {
        desk::private::create_folder(base)?;
        sweep(base)?;
        let directory = base.join(std::process::id().to_string());
        let lock_path = directory.with_extension("lock");
        let lock = File::create(&lock_path)?;
        lock.lock()?;
        desk::private::create_folder(&directory)?;
        Ok(Self { directory, lock_path, _lock: lock })
    }

    /// Where it is.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }
}

impl Drop for Nest {
    fn drop(&mut self) {
        // WebKit's processes may write for a moment after the window is gone.
        for _ in 0..20 {
            match std::fs::remove_dir_all(&self.directory) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => std::thread::sleep(Duration::from_millis(50)),
                _ => break,
            }
        }
        if !self.directory.exists() {
            // Without its lock file the next sweep would not find what is left, so it goes last.
            let _ = std::fs::remove_file(&self.lock_path);
        }
    }
}

fn sweep(base: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(base)?.flatten() {
        let lock_path = entry.path();
        if lock_path.extension().is_none_or(|extension| extension != "lock") {
            continue;
        }
        let Ok(lock) = File::open(&lock_path) else { continue };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => continue,
        }
        let directory = lock_path.with_extension("");
        match std::fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "what an earlier Practice left could not be removed");
            }
            _ => drop(std::fs::remove_file(&lock_path)),
        }
    }
    Ok(())
}

/// Starts a TikTok with Maison Bloom and its customers in it.
pub(crate) async fn tiktok() -> Result<Sandbox, String> {
    let config = sandbox::Config { scripted: true, speed: 1.0, ..sandbox::Config::default() };
    Sandbox::start(config).await.map_err(|error| error.to_string())
}

/// Hands on what the sandbox pushes, as a relay would.
pub(crate) fn listen(desk: &Desk, tiktok: &Sandbox) {
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

/// Links the sandbox's account as an agent would, step by step. The host's browser has to keep still meanwhile.
pub(crate) async fn link(desk: &Desk, tiktok: &Sandbox) -> Result<(), String> {
    let ask = |command: &'static str, args: Value| async move {
        let request = Request { command: command.to_owned(), args };
        desk.answer(request)
            .await
            .map_err(|fault| format!("{command}: {:?} {}", fault.code, fault.detail.unwrap_or_default()))
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
    let address = view.pointer("/step/address").and_then(Value::as_str).ok_or("startAuthorise: no address")?;
    let landed = tiktok.agree(address).await?;
    let mut view = ask("pasteRedirect", json!({ "address": landed })).await?;
    // The code is exchanged behind the scenes; every step of it is told.
    while view.pointer("/step/step") != Some(&json!("confirm")) {
        if let Some(code) = view.pointer("/fault/code") {
            return Err(format!("pasteRedirect: {code}"));
        }
        match tokio::time::timeout(STEP, changes.next()).await {
            Ok(Some(_)) => view = ask("getLinkState", json!({})).await?,
            Ok(None) | Err(_) => return Err("pasteRedirect: no answer".to_owned()),
        }
    }
    ask("confirmLink", json!({})).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn practice_leaves_nothing_behind() {
        let base = tempfile::tempdir().unwrap();
        let nest = Nest::build(base.path()).unwrap();
        std::fs::write(nest.directory().join("desk.sqlite"), "customers").unwrap();
        drop(nest);
        assert_eq!(std::fs::read_dir(base.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_crash_left_behind_goes_at_the_next_start() {
        let base = tempfile::tempdir().unwrap();
        let crashed = base.path().join("4000000");
        std::fs::create_dir(&crashed).unwrap();
        std::fs::write(crashed.join("desk.sqlite"), "customers").unwrap();
        std::fs::write(base.path().join("4000000.lock"), "").unwrap();
        let _nest = Nest::build(base.path()).unwrap();
        assert!(!crashed.exists());
    }

    #[test]
    fn a_practice_that_still_runs_is_left_alone() {
        let base = tempfile::tempdir().unwrap();
        let running = base.path().join("4000000");
        std::fs::create_dir(&running).unwrap();
        let lock = File::create(running.with_extension("lock")).unwrap();
        lock.lock().unwrap();
        let _nest = Nest::build(base.path()).unwrap();
        assert!(running.exists());
    }
}
