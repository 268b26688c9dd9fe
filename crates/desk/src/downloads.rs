//! Files the agent saves: under a name that says what they are and that every system takes, whole or not at all.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use model::clean_name;
use store::private;

/// What a name begins with when nothing is left of it.
const DEFAULT_NAME: &str = "Picture";
/// In bytes: with the time, a number and the ending it is far below what any file system takes.
const MAX_NAME_LEN: usize = 120;
/// So many files of one name are told apart.
const MAX_SAME_NAME: u32 = 999;
/// Devices on Windows, whatever ending they have.
const RESERVED_NAMES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "COM", "LPT"];

/// A file's name without its ending: who, and when.
pub(crate) fn name(who: &str, when: &str) -> String {
    let mut kept = String::new();
    let who = clean_name(who);
    for word in who.split(|c: char| c.is_whitespace() || c.is_control() || is_forbidden(c)) {
        if !kept.is_empty() && !word.is_empty() {
            kept.push(' ');
        }
        kept.push_str(word);
    }
    while kept.len() > MAX_NAME_LEN {
        kept.pop();
    }
    // A point hides a file or hides its ending, a dash makes it an option.
    let kept = kept.trim_matches([' ', '.', '-', '~']);
    let kept = if kept.is_empty() { DEFAULT_NAME } else { kept };
    let stem: String = kept.split('.').next().unwrap_or_default().trim().to_ascii_uppercase();
    let device = RESERVED_NAMES.iter().any(|device| {
        stem.strip_prefix(device).is_some_and(|rest| rest.chars().count() <= 1 && !rest.contains(char::is_alphabetic))
    });
    format!("{}{kept} {when}", if device { "_" } else { "" })
}

/// What no name may have in it on one of the systems.
fn is_forbidden(c: char) -> bool {
    matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
}

/// Saves a file, numbered if its name is taken; gives back its name.
pub(crate) fn save(folder: &Path, name: &str, ending: &str, bytes: &[u8]) -> std::io::Result<String> {
    std::fs::create_dir_all(folder)?;
    let part = Part(folder.join(format!(".deskbell-{:08x}.part", rand::random::<u32>())));
    let mut file = private::new_file().write(true).create_new(true).open(&part.0)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    for number in 1..=MAX_SAME_NAME {
        let name = if number == 1 { format!("{name}.{ending}") } else { format!("{name} ({number}).{ending}") };
        let path = folder.join(&name);
        // The name is taken before the file gets it: nobody's file is written over.
        match File::create_new(&path) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        }
        if let Err(error) = std::fs::rename(&part.0, &path) {
            let _ = std::fs::remove_file(&path);
            return Err(error);
        }
        return Ok(name);
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// A file without its name yet. Unless it gets one, it goes.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_every_system_takes() {
        for (who, expected) in [
            ("Nadia Rahman", "Nadia Rahman"),
            ("  Zoë \t Müller ", "Zoë Müller"),
            ("ليلى", "ليلى"),
            ("../../.ssh/authorized_keys", "ssh authorized_keys"),
            ("C:\\Windows\\system32", "C Windows system32"),
            ("a<b>c:d\"e|f?g*h", "a b c d e f g h"),
            ("evil\u{202E}gpj.exe", "evilgpj.exe"),
            ("\u{2066}\u{200B}\u{FEFF}", "Picture"),
            ("...", "Picture"),
            ("-rf ~", "rf"),
            ("\0\u{7}Ana\n", "Ana"),
            ("CON", "_CON"),
            ("com1.png", "_com1.png"),
            ("Constance", "Constance"),
            ("", "Picture"),
        ] {
            assert_eq!(name(who, "2026-11-22 14-31"), format!("{expected} 2026-11-22 14-31"), "{who:?}");
        }
        let long = name(&"🤎".repeat(500), "2026-11-22 14-31");
        assert!(long.len() < 150 && long.starts_with("🤎🤎"), "{} bytes", long.len());
    }

    #[test]
    fn a_file_is_numbered_where_its_name_is_taken_and_nothing_is_left_over() {
        let folder = std::env::temp_dir().join(format!("downloads-{:08x}", rand::random::<u32>()));
        for expected in ["Ana.jpg", "Ana (2).jpg", "Ana (3).jpg"] {
            assert_eq!(save(&folder, "Ana", "jpg", expected.as_bytes()).unwrap(), expected);
        }
        let mut there: Vec<_> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        there.sort();
        assert_eq!(there, ["Ana (2).jpg", "Ana (3).jpg", "Ana.jpg"]);
        assert_eq!(std::fs::read(folder.join("Ana.jpg")).unwrap(), b"Ana.jpg", "what was there is as it was");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
