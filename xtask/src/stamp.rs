//! Remembers which steps are done: a fingerprint of a step's inputs, kept beside its output.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A fingerprint of the files, their names and their contents; folders are walked. Missing ones count as empty.
pub(crate) fn fingerprint(base: &Path, inputs: &[&str], salt: &str) -> Result<String> {
    let mut files = Vec::new();
    for input in inputs {
        gather(&base.join(input), &mut files)?;
    }
    files.sort();
    let mut hash = Fnv::new();
    hash.take(salt.as_bytes());
    for file in files {
        let name = file.strip_prefix(base).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        hash.take(name.as_bytes());
        hash.take(&fs::read(&file).with_context(|| format!("could not read {}", file.display()))?);
    }
    Ok(format!("{:016x}", hash.0))
}

/// Whether the stamp says that this fingerprint was done.
pub(crate) fn matches(stamp: &Path, fingerprint: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|found| found.trim() == fingerprint)
}

/// Notes that this fingerprint was done.
pub(crate) fn set(stamp: &Path, fingerprint: &str) -> Result<()> {
    fs::write(stamp, format!("{fingerprint}\n")).with_context(|| format!("could not write {}", stamp.display()))
}

fn gather(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path).with_context(|| format!("could not list {}", path.display()))? {
            gather(&entry?.path(), files)?;
        }
    } else if path.is_file() {
        files.push(path.to_owned());
    }
    Ok(())
}

/// FNV-1a with the length before each piece. It guards against forgetting, not against anyone.
struct Fnv(u64);

impl Fnv {
    fn new() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }

    fn take(&mut self, bytes: &[u8]) {
        let length = (bytes.len() as u64).to_le_bytes();
        for byte in length.iter().chain(bytes) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("src")).unwrap();
        folder
    }

    #[test]
    fn a_stamp_holds_until_a_file_changes_moves_or_appears() {
        let base = folder("stamp");
        fs::write(base.join("src/a.ts"), "one").unwrap();
        let first = fingerprint(&base, &["src", "missing.json"], "").unwrap();
        set(&base.join("stamp"), &first).unwrap();
        assert!(matches(&base.join("stamp"), &fingerprint(&base, &["src", "missing.json"], "").unwrap()));

        fs::write(base.join("src/a.ts"), "two").unwrap();
        let changed = fingerprint(&base, &["src"], "").unwrap();
        assert!(!matches(&base.join("stamp"), &changed));
        fs::rename(base.join("src/a.ts"), base.join("src/b.ts")).unwrap();
        let moved = fingerprint(&base, &["src"], "").unwrap();
        fs::write(base.join("src/c.ts"), "").unwrap();
        let added = fingerprint(&base, &["src"], "").unwrap();
        assert!(changed != moved && moved != added && added != fingerprint(&base, &["src"], "salt").unwrap());
        fs::remove_dir_all(base).unwrap();
    }

    #[test]
    fn nothing_stamped_means_not_done() {
        assert!(!matches(Path::new("/no/such/stamp"), "0"));
    }
}
