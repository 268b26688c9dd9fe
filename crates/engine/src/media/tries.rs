//! Counts on disk how often decoding a file was begun and not ended, so that a picture that takes the whole program down is
//! tried a few times and not at every start.
//!
//! The decoder is a process of its own, so this counts only where something else ends the program meanwhile, as a system
//! without memory does.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A file whose decoding was begun this often and never ended is not decoded any more.
const MAX_TRIES: u64 = 3;
/// After this time a file gets its tries again: by then there may be a better decoder.
const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 3600);

/// The folder with one file for each picture that is being decoded, as long as the number of its tries.
#[derive(Debug, Clone)]
pub(super) struct Tries {
    folder: PathBuf,
}

/// A decoding that was begun. It ends with this value; when the program ends instead, the try stays on disk.
#[derive(Debug)]
pub(super) struct Try {
    path: PathBuf,
}

impl Drop for Try {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the end of a picture's try could not be written");
        }
    }
}

impl Tries {
    pub(super) fn new(pictures: &Path) -> Self {
        Self { folder: pictures.join("tries") }
    }

    /// Writes down that this file, known by its hash, is being decoded; none if it has been tried too often.
    pub(super) fn begin(&self, key: &str) -> io::Result<Option<Try>> {
        fs::create_dir_all(&self.folder)?;
        let path = self.folder.join(key);
        let mut file = File::options().create(true).append(true).open(&path)?;
        if file.metadata()?.len() >= MAX_TRIES {
            return Ok(None);
        }
        file.write_all(b".")?;
        file.sync_all()?;
        Ok(Some(Try { path }))
    }

    /// Forgets old tries.
    pub(super) fn tidy(&self) {
        self.forget(|age| age >= MAX_AGE);
    }

    /// Forgets all tries.
    pub(super) fn clear(&self) {
        self.forget(|_| true);
    }

    fn forget(&self, is_old: fn(Duration) -> bool) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let written = entry.metadata().and_then(|data| data.modified()).unwrap_or_else(|_| SystemTime::now());
            if is_old(SystemTime::now().duration_since(written).unwrap_or_default())
                && let Err(error) = fs::remove_file(entry.path())
            {
                tracing::warn!(%error, "a picture's tries could not be forgotten");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_whose_decoding_never_ends_is_tried_a_few_times() {
        let place = std::env::temp_dir().join(format!("tries-{:08x}", rand::random::<u32>()));
        let tries = Tries::new(&place);
        for _ in 0..10 {
            assert!(tries.begin("good").unwrap().is_some(), "one that ends may be tried for ever");
        }
        for _ in 0..MAX_TRIES {
            // As when the program ends: nothing is dropped.
            std::mem::forget(tries.begin("bad").unwrap().expect("a try is left"));
        }
        assert!(tries.begin("bad").unwrap().is_none());
        tries.tidy();
        assert!(tries.begin("bad").unwrap().is_none(), "not old enough to be forgotten");
        tries.clear();
        assert!(tries.begin("bad").unwrap().is_some());
        fs::remove_dir_all(&place).unwrap();
    }
}
