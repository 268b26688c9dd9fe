//! The picture in the clipboard. A page in WebKitGTK is told of text and of files there, but not of a screenshot.

use std::io::Cursor;

use image::{ImageFormat, RgbaImage};

/// The picture as PNG; none if there is none, or it cannot be read.
pub(crate) fn picture() -> Option<Vec<u8>> {
    let found = match arboard::Clipboard::new().and_then(|mut clipboard| clipboard.get_image()) {
        Ok(found) => found,
        Err(arboard::Error::ContentNotAvailable) => return None,
        Err(error) => {
            tracing::warn!(%error, "clipboard.unread");
            return None;
        }
    };
    let (width, height) = (u32::try_from(found.width).ok()?, u32::try_from(found.height).ok()?);
    let mut png = Cursor::new(Vec::new());
    RgbaImage::from_raw(width, height, found.bytes.into_owned())?.write_to(&mut png, ImageFormat::Png).ok()?;
    Some(png.into_inner())
}
