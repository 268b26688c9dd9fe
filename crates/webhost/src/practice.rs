//! Practice over loopback: the sandbox in this process and an account already linked to it, in a directory that goes
//! when it ends.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use desk::Desk;
use sandbox::Sandbox;
use tempfile::TempDir;

use crate::Loopback;

/// What the directories' names begin with.
const PREFIX: &str = "deskbell-webhost-";
/// Locked in each of them as long as it is in use.
const LOCK: &str = "in-use";

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
        let data_dir = directory.path().join("data");
        std::fs::create_dir(&data_dir)?;
        let host = Arc::new(Loopback::default());
        host.keep_quiet(true);
        let (desk, tiktok) = practice::start(data_dir, host.clone()).await?;
        host.keep_quiet(false);
        Ok(Self { desk, tiktok, _lock: lock, _directory: directory })
    }
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
