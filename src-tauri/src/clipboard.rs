//! Reads from the clipboard what WebKitGTK does not give a page: files copied in a file manager, and images.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use desk::{Fault, FaultCode};
use image::{ImageFormat, RgbaImage};
use tauri::AppHandle;

/// The desk reads no file that is larger.
const MAX_FILE_BYTES: u64 = 32 * 1024 * 1024;

/// The files that were in the clipboard when the page asked last: the only ones it may have.
#[derive(Default)]
pub(crate) struct CopiedFiles(Mutex<Vec<PathBuf>>);

impl CopiedFiles {
    /// Looks into the clipboard, and gives the names of the files there.
    pub(crate) async fn look(&self, app: &AppHandle) -> Vec<String> {
        let files = copied_files(app).await;
        let names = files.iter().filter_map(|file| Some(file.file_name()?.to_string_lossy().into_owned())).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = files;
        names
    }

    /// The bytes of one of them.
    pub(crate) async fn read(&self, at: usize) -> Result<Vec<u8>, Fault> {
        let file = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(at).cloned();
        let file = file.ok_or_else(|| Fault::with_detail(FaultCode::BadRequest, "at"))?;
        // A name that cannot be read any more, or a folder, is no picture: the sentence says so, and what to do.
        let about = tokio::fs::metadata(&file).await.map_err(|_| Fault::new(FaultCode::ImageNotAPicture))?;
        if !about.is_file() {
            return Err(Fault::new(FaultCode::ImageNotAPicture));
        }
        if about.len() > MAX_FILE_BYTES {
            return Err(Fault::new(FaultCode::ImageTooLarge));
        }
        tokio::fs::read(&file).await.map_err(|_| Fault::new(FaultCode::ImageNotAPicture))
    }
}

/// The picture as PNG; none if there is none, it cannot be read, or there is text beside it, which is what was meant then:
/// a spreadsheet offers a picture of the cells too.
pub(crate) fn picture() -> Option<Vec<u8>> {
    let found = arboard::Clipboard::new().and_then(|mut clipboard| {
        if clipboard.get_text().is_ok_and(|text| !text.trim().is_empty()) {
            return Err(arboard::Error::ContentNotAvailable);
        }
        clipboard.get_image()
    });
    let found = match found {
        Ok(found) => found,
        Err(arboard::Error::ContentNotAvailable) => return None,
        Err(error) => {
            tracing::warn!(%error, "the clipboard's picture could not be read");
            return None;
        }
    };
    let (width, height) = (u32::try_from(found.width).ok()?, u32::try_from(found.height).ok()?);
    let mut png = Cursor::new(Vec::new());
    RgbaImage::from_raw(width, height, found.bytes.into_owned())?.write_to(&mut png, ImageFormat::Png).ok()?;
    Some(png.into_inner())
}

/// The files that were copied in a file manager. GTK is asked, which knows the clipboard under X11 and Wayland alike.
#[cfg(target_os = "linux")]
async fn copied_files(app: &AppHandle) -> Vec<PathBuf> {
    /// How long the program that owns the clipboard may take.
    const CLIPBOARD_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(3);

    let (answer, answered) = tokio::sync::oneshot::channel();
    if app.run_on_main_thread(|| linux::request_files(&linux::TARGETS, answer)).is_err() {
        return Vec::new();
    }
    tokio::time::timeout(CLIPBOARD_TIMEOUT, answered).await.ok().and_then(Result::ok).unwrap_or_default()
}

/// The files that were copied in the Finder or the Explorer.
#[cfg(not(target_os = "linux"))]
async fn copied_files(_: &AppHandle) -> Vec<PathBuf> {
    let files = || arboard::Clipboard::new().and_then(|mut clipboard| clipboard.get().file_list());
    tauri::async_runtime::spawn_blocking(files).await.ok().and_then(Result::ok).unwrap_or_default()
}

#[cfg(target_os = "linux")]
mod linux {
    use std::path::PathBuf;

    use gtk::gdk;
    use tokio::sync::oneshot::Sender;
    use url::Url;

    /// How file managers offer copied files, best first: GNOME's and its kin's, everybody's, and as text, which Nautilus
    /// did for some years.
    pub(super) const TARGETS: [&str; 3] = ["x-special/gnome-copied-files", "text/uri-list", "UTF8_STRING"];
    /// The first line of the text that Nautilus copies.
    const NAUTILUS: &str = "x-special/nautilus-clipboard";

    /// Asks for one target after the other until one names files. On GTK's own thread.
    pub(super) fn request_files(targets: &'static [&'static str], answer: Sender<Vec<PathBuf>>) {
        let Some((target, others)) = targets.split_first() else {
            // The one who asked may have gone.
            let _ = answer.send(Vec::new());
            return;
        };
        let clipboard = gtk::Clipboard::get(&gdk::SELECTION_CLIPBOARD);
        clipboard.request_contents(&gdk::Atom::intern(target), |_, data| {
            let bytes = if data.length() > 0 { data.data() } else { Vec::new() };
            let files = files_in(target, &String::from_utf8_lossy(&bytes));
            if files.is_empty() {
                request_files(others, answer);
            } else {
                let _ = answer.send(files);
            }
        });
    }

    /// The files that a target's content names; none unless it names nothing else.
    fn files_in(target: &str, content: &str) -> Vec<PathBuf> {
        let mut lines = content.lines().map(|line| line.trim_matches(['\0', ' ', '\r'])).peekable();
        if target == "UTF8_STRING" && lines.next() != Some(NAUTILUS) {
            return Vec::new();
        }
        lines
            .filter(|line| !line.is_empty() && !line.starts_with('#') && !matches!(*line, "copy" | "cut"))
            .map(|line| Url::parse(line).ok().filter(|url| url.scheme() == "file")?.to_file_path().ok())
            .collect::<Option<Vec<PathBuf>>>()
            .unwrap_or_default()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn copied_files_are_named_as_file_managers_name_them() {
            let two = ["/home/mia/My photo ä.png", "/home/mia/b.jpg"].map(PathBuf::from);
            let lines = "file:///home/mia/My%20photo%20%C3%A4.png\nfile:///home/mia/b.jpg";
            assert_eq!(files_in("x-special/gnome-copied-files", &format!("copy\n{lines}")), two);
            assert_eq!(files_in("x-special/gnome-copied-files", &format!("cut\n{lines}\0")), two);
            assert_eq!(files_in("text/uri-list", &format!("# from KDE\r\n{}\r\n", lines.replace('\n', "\r\n"))), two);
            assert_eq!(files_in("UTF8_STRING", &format!("{NAUTILUS}\ncopy\n{lines}\n")), two);
            assert_eq!(files_in("text/uri-list", "file://localhost/a.png\r\n"), [PathBuf::from("/a.png")]);
        }

        #[test]
        fn what_only_looks_like_a_file_is_none() {
            for (target, content) in [
                ("text/uri-list", "https://example.com/a.png\r\n"),
                ("text/uri-list", "file:///a.png\r\nhttps://example.com/\r\n"),
                ("text/uri-list", "file://elsewhere/a.png\r\n"),
                ("text/uri-list", ""),
                ("UTF8_STRING", "/home/mia/a.png"),
                ("UTF8_STRING", "file:///home/mia/a.png"),
                ("UTF8_STRING", "copy"),
            ] {
                assert!(files_in(target, content).is_empty(), "{target}: {content}");
            }
        }
    }
}
