//! Images the business uploaded (§4.5): kept to the byte, sendable for thirty days, and served for as long as a message
//! shows them.

use std::{collections::HashMap, io::Cursor, sync::Arc};

use image::ImageReader;

use crate::{
    clock::DAY_MS,
    ids,
    ledger::{SentImage, Upload},
};

/// How long a media id is good: an upload may be sent, and what a message shows may be fetched (§7.2).
pub(crate) const MEDIA_LIFETIME_MS: i64 = 30 * DAY_MS;

/// The image types TikTok takes, told by the first bytes and not by a name or a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageKind {
    Jpeg,
    Png,
}

impl ImageKind {
    pub(crate) fn of(bytes: &[u8]) -> Option<ImageKind> {
        if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
            return Some(ImageKind::Jpeg);
        }
        bytes.starts_with(b"\x89PNG\r\n\x1a\n").then_some(ImageKind::Png)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            ImageKind::Jpeg => "jpeg",
            ImageKind::Png => "png",
        }
    }

    pub(crate) fn mime(self) -> &'static str {
        match self {
            ImageKind::Jpeg => "image/jpeg",
            ImageKind::Png => "image/png",
        }
    }
}

/// An uploaded image.
#[derive(Debug, Clone)]
pub(crate) struct StoredImage {
    account: usize,
    pub(crate) kind: ImageKind,
    pub(crate) bytes: Arc<Vec<u8>>,
    /// Its entry for the ledger, once it is sent.
    pub(crate) sent: SentImage,
    at_ms: i64,
}

/// All uploads, and the messages that show them.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    all: HashMap<String, StoredImage>,
    /// A listed media id and the uploaded one behind it.
    listed: HashMap<String, String>,
}

impl Uploads {
    /// Stores an image; gives back its ledger entry.
    pub(crate) fn take(
        &mut self,
        seed: u64,
        (account, handle): (usize, &str),
        (kind, bytes): (ImageKind, Vec<u8>),
        at_ms: i64,
    ) -> Upload {
        let digest = ids::digest(seed, "upload", &[handle, &self.all.len().to_string()]);
        let media_id: String = ids::hex(&digest).chars().take(32).collect();
        let reader = ImageReader::new(Cursor::new(bytes.as_slice())).with_guessed_format().ok();
        let size = reader.and_then(|reader| reader.into_dimensions().ok());
        let sent = SentImage {
            media_id: media_id.clone(),
            sha256: ids::sha256(&bytes),
            bytes: bytes.len(),
            kind: kind.name(),
            width: size.map(|(width, _)| width),
            height: size.map(|(_, height)| height),
        };
        let entry = Upload {
            account: handle.to_owned(),
            media_id: media_id.clone(),
            bytes: bytes.len(),
            kind: kind.name(),
            at_ms,
        };
        self.all.insert(media_id, StoredImage { account, kind, bytes: Arc::new(bytes), sent, at_ms });
        entry
    }

    /// An image by the id its upload was answered with.
    pub(crate) fn uploaded(&self, media_id: &str) -> Option<&StoredImage> {
        self.all.get(media_id)
    }

    /// An image that this account may send now.
    pub(crate) fn sendable(&self, account: usize, media_id: &str, now: i64) -> Option<&StoredImage> {
        self.all.get(media_id).filter(|stored| stored.account == account && now - stored.at_ms < MEDIA_LIFETIME_MS)
    }

    /// An uploaded image is listed under another id from now on.
    pub(crate) fn list(&mut self, listed: &str, media_id: &str) {
        self.listed.insert(listed.to_owned(), media_id.to_owned());
    }

    /// An image by the id its message is listed with.
    pub(crate) fn listed(&self, listed: &str) -> Option<&StoredImage> {
        self.all.get(self.listed.get(listed)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_what_an_image_is() {
        assert_eq!(ImageKind::of(&[0xFF, 0xD8, 0xFF, 0xE0]), Some(ImageKind::Jpeg));
        assert_eq!(ImageKind::of(b"\x89PNG\r\n\x1a\nIHDR"), Some(ImageKind::Png));
        for wrong in [b"GIF89a".as_slice(), b"RIFF....WEBP", b"\xFF\xD8", b"<svg/>", b""] {
            assert_eq!(ImageKind::of(wrong), None, "{wrong:?}");
        }
    }
}
