//! `backup` and `restore`

use std::path::Path;

use anyhow::Context as _;

use super::arguments::RestoreArguments;
use super::terminal::say;
use crate::backup::{self, Restored};
use crate::config::Config;
use crate::database::Database;

/// Copies the database.
pub(super) async fn backup(config: &Config, file: &Path) -> anyhow::Result<()> {
    let bytes = backup::backup(&config.database, file).await?;
    say(&format!("{} has {bytes} bytes. The key that seals secrets is not in it: keep that elsewhere.", file.display()))
}

/// Makes the database from a backup, or marks one that was.
pub(super) async fn restore(config: &Config, arguments: &RestoreArguments) -> anyhow::Result<()> {
    let restored = match &arguments.file {
        Some(file) => backup::restore(file, &config.database).await?,
        None => {
            let database = Database::open(&config.database).await.context("the database cannot be opened")?;
            backup::mark_restored(&database).await?
        }
    };
    let Restored { epoch, devices } = restored;
    say(&format!("The log goes on in a new epoch, {epoch}; desktops look at the newest events again."))?;
    say("These devices are paired. One that was revoked after the backup has to be revoked again:")?;
    devices.iter().try_for_each(|device| say(&format!("  {device}")))
}
