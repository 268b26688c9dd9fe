//! The arguments of the program.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use wire::api::Platform;

use crate::config::Settings;

/// The shop's relay: takes TikTok's webhooks, holds the link to TikTok, and streams what happens to Deskbell.
#[derive(Debug, Parser)]
#[command(name = "deskbell-relay", version, about, max_term_width = 100)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) settings: Settings,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve: take webhooks, stream events, pass calls on to TikTok
    Serve {
        /// For tests: a relay with a database and a key of its own, linked by itself to the sandbox that `--endpoints`
        /// names; its addresses and tokens are written to this file as JSON
        #[arg(long, value_name = "FILE")]
        test_profile: Option<PathBuf>,
    },
    /// Print a code with which a desktop is paired, once and within ten minutes
    Pair {
        /// For a desktop that may link accounts, set up webhooks and manage devices
        #[arg(long)]
        admin: bool,
    },
    /// Set an app's id and redirect address; its secret is read from the standard input
    App(AppArguments),
    /// Print an address at which a TikTok account is linked, in any browser and within ten minutes
    Link,
    /// Show or change where TikTok sends the app's webhooks
    Webhook {
        #[command(subcommand)]
        action: WebhookAction,
    },
    /// Look at everything that a relay needs, and say what to do
    Doctor,
    /// Copy the database into a new file, while the relay serves
    Backup {
        /// The new file
        file: PathBuf,
    },
    /// Make a database from a backup; no relay may serve it
    Restore(RestoreArguments),
    /// Replace a secret
    RotateSecret {
        /// Which one
        secret: RotatedSecret,
    },
    /// Print a new key that seals secrets
    Key,
}

#[derive(Debug, Args)]
pub(super) struct AppArguments {
    /// The app's platform
    pub(super) platform: PlatformName,
    /// The app's id, or client key
    #[arg(long)]
    pub(super) id: String,
    /// The redirect address that is registered for it [default: this relay's own]
    #[arg(long, default_value = "")]
    pub(super) redirect_uri: String,
    /// TikTok has approved the app for listing posts
    #[arg(long)]
    pub(super) may_list_posts: bool,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArguments {
    /// The backup
    #[arg(required_unless_present = "mark_only")]
    pub(super) file: Option<PathBuf>,
    /// The database was restored by another program: only begin a new epoch
    #[arg(long, conflicts_with = "file")]
    pub(super) mark_only: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PlatformName {
    /// TikTok API for Business: messages
    Business,
    /// Login Kit
    LoginKit,
}

impl From<PlatformName> for Platform {
    fn from(name: PlatformName) -> Self {
        match name {
            PlatformName::Business => Self::Business,
            PlatformName::LoginKit => Self::LoginKit,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RotatedSecret {
    /// The Business app's secret, read from the standard input; the one before verifies webhooks for 73 hours more
    Business,
    /// The Login Kit app's secret, likewise
    LoginKit,
    /// Seal everything with the first of the configured keys, so that the others can be taken away
    Key,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub(super) enum WebhookAction {
    /// Show where TikTok sends the app's webhooks
    Show,
    /// Have TikTok send them to this relay
    Set {
        /// Replace another address, which then receives nothing any more
        #[arg(long)]
        replace: bool,
    },
    /// Have TikTok send them nowhere
    Clear,
    /// Send one to this relay's public address and look for it
    Test,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_commands_are_well_formed() {
        Cli::command().debug_assert();
        for line in [
            "deskbell-relay serve --listen 0.0.0.0:80",
            "deskbell-relay --config /c.toml serve --test-profile /p.json",
            "deskbell-relay pair --admin",
            "deskbell-relay app business --id 7",
            "deskbell-relay restore --mark-only",
            "deskbell-relay rotate-secret login-kit",
            "deskbell-relay webhook set --replace",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
        for line in ["deskbell-relay", "deskbell-relay restore", "deskbell-relay serve --public-ulr x"] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
