//! Which Deskbell this is: the agent's own inbox, one in a directory of its own, or Practice. They share no data, no
//! keychain entry and no window.

use std::path::{Path, PathBuf};

/// One of the Deskbells that can run side by side on a computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Profile {
    /// The agent's own.
    Own,
    /// In this directory, for tests and development.
    In(PathBuf),
    /// The sandbox.
    Practice,
}

impl Profile {
    /// A short name that tells it from every other profile; empty for the agent's own.
    pub(crate) fn mark(&self) -> String {
        match self {
            Self::Own => String::new(),
            Self::In(dir) => format!("d{:016x}", digest(dir)),
            Self::Practice => "practice".to_owned(),
        }
    }
}

/// FNV-1a over the path: not secret, but the same in every release, as the keychain's entries carry it.
fn digest(path: &Path) -> u64 {
    path.as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_do_not_share_a_mark() {
        let marks = [Profile::Own, Profile::Practice, Profile::In("/a".into()), Profile::In("/b".into())]
            .map(|profile| profile.mark());
        let distinct: std::collections::BTreeSet<_> = marks.iter().collect();
        assert_eq!(distinct.len(), marks.len());
    }

    #[test]
    fn a_directorys_mark_is_the_same_in_every_release() {
        assert_eq!(Profile::In("/tmp/desk".into()).mark(), "db53bfd66eb9c6265");
    }
}
