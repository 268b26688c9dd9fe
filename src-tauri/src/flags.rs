//! The command line. An agent never needs it; tests, developers and Practice do.

use std::ffi::OsString;
use std::path::PathBuf;

/// The text of `--help`.
pub(crate) const HELP: &str = "\
Deskbell, a desktop inbox for TikTok direct messages.

deskbell                    opens the inbox
    --practice              opens Practice: a built-in TikTok with scripted customers. Nothing leaves this computer,
                            and nothing stays on it
    --data-dir DIRECTORY    keeps everything in this directory instead of the usual one
    --endpoints FILE        talks to the addresses in this file instead of to TikTok (for tests and development;
                            needs --data-dir)
    --pair-with FILE        pairs with the relay whose address and code are in this file (needs --endpoints)
    --version               prints the version
    --help                  prints this";

/// The action that the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CliAction {
    /// Print the help.
    Help,
    /// Print the version.
    Version,
    /// Run.
    Run(Flags),
}

/// How to run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// Practice instead of TikTok.
    pub(crate) practice: bool,
    /// Where everything is kept; the system's place for it if not given.
    pub(crate) data_dir: Option<PathBuf>,
    /// A file with other addresses than TikTok's.
    pub(crate) endpoints: Option<PathBuf>,
    /// A file with a relay's address and a pairing code.
    pub(crate) pair_with: Option<PathBuf>,
}

/// Reads the arguments after the program's name; a sentence if they make no sense.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<CliAction, String> {
    let mut flags = Flags::default();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let path = |value: Option<OsString>, what: &str| match value {
            Some(value) if !value.is_empty() => Ok(Some(PathBuf::from(value))),
            _ => Err(format!("`{}` needs a {what} after it.", argument.display())),
        };
        match argument.to_str() {
            Some("--help" | "-h") => return Ok(CliAction::Help),
            Some("--version" | "-V") => return Ok(CliAction::Version),
            Some("--practice") => flags.practice = true,
            Some("--data-dir") => flags.data_dir = path(arguments.next(), "directory")?,
            Some("--endpoints") => flags.endpoints = path(arguments.next(), "file")?,
            Some("--pair-with") => flags.pair_with = path(arguments.next(), "file")?,
            _ => {
                return Err(format!(
                    "Deskbell does not know `{}`. `deskbell --help` lists what it knows.",
                    argument.display()
                ));
            }
        }
    }
    if flags.practice && (flags.data_dir.is_some() || flags.endpoints.is_some()) {
        return Err("Practice has its own data and addresses: `--practice` stands alone.".to_owned());
    }
    // The agent's own inbox and keychain must never meet a TikTok that is not one.
    if flags.endpoints.is_some() && flags.data_dir.is_none() {
        return Err("`--endpoints` needs `--data-dir`, so that the real inbox stays untouched.".to_owned());
    }
    if flags.pair_with.is_some() && flags.endpoints.is_none() {
        return Err("`--pair-with` is for development and needs `--endpoints`.".to_owned());
    }
    Ok(CliAction::Run(flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Result<CliAction, String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn nothing_on_the_command_line_opens_the_inbox() {
        assert_eq!(asked(""), Ok(CliAction::Run(Flags::default())));
    }

    #[test]
    fn an_unknown_flag_is_refused_with_a_sentence_that_names_it() {
        let sentence = asked("--practise").unwrap_err();
        assert!(sentence.contains("`--practise`") && sentence.contains("--help"), "{sentence}");
        assert!(asked("inbox").is_err());
    }

    #[test]
    fn a_flag_without_its_value_is_refused() {
        assert_eq!(asked("--data-dir"), Err("`--data-dir` needs a directory after it.".to_owned()));
    }

    #[test]
    fn other_addresses_never_meet_the_real_inbox() {
        assert!(asked("--endpoints a.json").is_err());
        assert!(asked("--endpoints a.json --data-dir d").is_ok());
        assert!(asked("--practice --data-dir d").is_err());
        assert!(asked("--practice --endpoints a.json").is_err());
        assert!(asked("--pair-with p").is_err());
        assert!(asked("--endpoints a.json --data-dir d --pair-with p").is_ok());
    }

    #[test]
    fn help_and_version_win_over_everything_after_them() {
        assert_eq!(asked("--help --nonsense"), Ok(CliAction::Help));
        assert_eq!(asked("--version"), Ok(CliAction::Version));
    }
}
