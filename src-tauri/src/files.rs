//! What leaves the desk for the rest of the computer: a picture to the clipboard, a film to the system's player.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use arboard::{Clipboard, ImageData};
use desk::HostError;

/// The clipboard while it holds an image of ours. On Linux the image is there only as long as this process offers it.
#[derive(Default)]
pub(crate) struct ClipboardImage(Mutex<Option<Clipboard>>);

impl ClipboardImage {
    /// Puts an image into the clipboard.
    pub(crate) fn copy(&self, bytes: &[u8]) -> Result<(), HostError> {
        // Our own encoding, so it decodes; a stranger's bytes never come here.
        let picture = image::load_from_memory(bytes)
            .map_err(|error| HostError(format!("the picture cannot be read: {error}")))?
            .into_rgba8();
        let failed = |error: arboard::Error| HostError(format!("the clipboard did not take the picture: {error}"));
        let size = |side: u32| usize::try_from(side).unwrap_or(usize::MAX);
        let (width, height) = (size(picture.width()), size(picture.height()));
        let mut clipboard_image = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let clipboard = match clipboard_image.take() {
            Some(clipboard) => clipboard_image.insert(clipboard),
            None => clipboard_image.insert(Clipboard::new().map_err(failed)?),
        };
        let copied = clipboard.set_image(ImageData { width, height, bytes: picture.into_raw().into() });
        if copied.is_err() {
            // The next one asks anew for a clipboard: this one may have gone with its display.
            *clipboard_image = None;
        }
        copied.map_err(failed)
    }
}

/// Opens a film in the system's player: one of the desk's own, whatever the path looks like.
pub(crate) fn open_film(films: &Path, path: &Path) -> Result<(), HostError> {
    let film = film_in(films, path).ok_or_else(|| HostError("this is not a film of Deskbell's".to_owned()))?;
    tauri_plugin_opener::open_path(film, None::<&str>)
        .map_err(|error| HostError(format!("no player could be started: {error}")))
}

/// The path without its turns and links, if it is a film in this folder.
fn film_in(films: &Path, path: &Path) -> Option<PathBuf> {
    let (films, path) = (films.canonicalize().ok()?, path.canonicalize().ok()?);
    let ending = path.extension()?.to_str()?;
    let inside = path.parent() == Some(films.as_path());
    (inside && matches!(ending, "mp4" | "webm") && path.is_file()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_film_of_ours_is_opened() {
        let place = tempfile::tempdir().unwrap();
        let films = place.path().join("films");
        std::fs::create_dir_all(films.join("below")).unwrap();
        for name in ["films/1.mp4", "films/2.webm", "films/3.exe", "films/4.mp4.part", "films/below/5.mp4", "6.mp4"] {
            std::fs::write(place.path().join(name), "film").unwrap();
        }
        let opened = |name: &str| film_in(&films, &place.path().join(name)).is_some();
        assert!(opened("films/1.mp4") && opened("films/2.webm") && opened("films/../films/1.mp4"));
        for other in
            ["films/3.exe", "films/4.mp4.part", "films/below/5.mp4", "6.mp4", "films/../6.mp4", "films", "films/7.mp4"]
        {
            assert!(!opened(other), "{other}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(place.path().join("6.mp4"), films.join("8.mp4")).unwrap();
            assert!(!opened("films/8.mp4"), "a link that leads elsewhere");
        }
    }
}
