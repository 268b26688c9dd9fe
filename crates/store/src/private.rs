//! Files and folders that only this user can read, from their first byte on.

use std::fs::OpenOptions;
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

use crate::OpenError;
use crate::files::{DATABASE, LOCK, MARKER, log_of};

/// Makes a folder and those above it that are missing, for this user alone. One that is there stays as it is.
///
/// # Errors
/// When it cannot be made.
pub fn create_folder(folder: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
    }
    #[cfg(not(unix))]
    std::fs::create_dir_all(folder)
}

/// Options that make a file for this user alone.
#[must_use]
pub fn new_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes the folder of a profile, or makes sure that it can be used as one. Only a folder that Deskbell makes or that holds its
/// database, or what is left of it, is closed to others. An empty one stays as open as it is; what Deskbell puts into it is private by itself.
///
/// # Errors
/// [`OpenError::NotOurFolder`] if it holds other things and others can read it; [`OpenError::Io`].
pub fn claim_folder(folder: &Path) -> std::result::Result<(), OpenError> {
    let io = |error: Error| OpenError::Io { path: folder.display().to_string(), detail: error.to_string() };
    if !folder.exists() {
        return create_folder(folder).map_err(io);
    }
    if !folder.is_dir() {
        return Err(io(Error::from(ErrorKind::NotADirectory)));
    }
    // A log without its database, or one that is being mended, is as much ours.
    let database = folder.join(DATABASE);
    if database.exists() || log_of(&database).exists() || folder.join(MARKER).exists() {
        return close_to_others(folder, 0o700).map_err(io);
    }
    if folder.join(LOCK).exists() {
        return Ok(());
    }
    let is_empty = std::fs::read_dir(folder).map_err(io)?.next().is_none();
    if !is_empty && is_open_to_others(folder).map_err(io)? {
        return Err(OpenError::NotOurFolder { path: folder.display().to_string() });
    }
    // From here on it is ours, whatever is put into it next.
    new_file().write(true).create(true).truncate(false).open(folder.join(LOCK)).map(drop).map_err(io)
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_path: &Path) -> Result<bool> {
    Ok(false)
}

/// Gives a file or folder of ours this mode.
#[cfg(unix)]
pub(crate) fn close_to_others(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
pub(crate) fn close_to_others(_path: &Path, _mode: u32) -> Result<()> {
    Ok(())
}
