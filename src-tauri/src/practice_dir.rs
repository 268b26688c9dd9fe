//! The directory of one Practice: it is removed when Practice ends, and the next Practice removes those that a crash left
//! behind.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A directory that is removed when this is dropped.
pub(crate) struct PracticeDir {
    directory: PathBuf,
    lock_path: PathBuf,
    /// PracticeResources while the directory is in use; the system lets go of it even when we crash.
    _lock: File,
}

impl PracticeDir {
    /// Makes a directory under `base`, and removes those whose owners are gone.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn create(base: &Path) -> io::Result<Self> {
        desk::private::create_folder(base)?;
        sweep(base)?;
        let directory = base.join(std::process::id().to_string());
        let lock_path = directory.with_extension("lock");
        let lock = File::create(&lock_path)?;
        lock.lock()?;
        desk::private::create_folder(&directory)?;
        Ok(Self { directory, lock_path, _lock: lock })
    }

    /// The directory's path.
    pub(crate) fn path(&self) -> &Path {
        &self.directory
    }
}

impl Drop for PracticeDir {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn practice_leaves_nothing_behind() {
        let base = tempfile::tempdir().unwrap();
        let practice = PracticeDir::create(base.path()).unwrap();
        std::fs::write(practice.path().join("desk.sqlite"), "customers").unwrap();
        drop(practice);
        assert_eq!(std::fs::read_dir(base.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_crash_left_behind_goes_at_the_next_start() {
        let base = tempfile::tempdir().unwrap();
        let crashed = base.path().join("4000000");
        std::fs::create_dir(&crashed).unwrap();
        std::fs::write(crashed.join("desk.sqlite"), "customers").unwrap();
        std::fs::write(base.path().join("4000000.lock"), "").unwrap();
        let _practice = PracticeDir::create(base.path()).unwrap();
        assert!(!crashed.exists());
    }

    #[test]
    fn a_practice_that_still_runs_is_left_alone() {
        let base = tempfile::tempdir().unwrap();
        let running = base.path().join("4000000");
        std::fs::create_dir(&running).unwrap();
        let lock = File::create(running.with_extension("lock")).unwrap();
        lock.lock().unwrap();
        let _practice = PracticeDir::create(base.path()).unwrap();
        assert!(running.exists());
    }
}
