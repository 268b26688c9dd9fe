//! A database as it lies on the disk, page by page: the file, and over it what its log holds.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use crate::files::log_of;

use super::wal::{self, Wal};

pub(super) const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// More than any inbox needs, and few enough to keep a byte for each.
const MAX_PAGES: u32 = 1 << 28;

/// The first hundred bytes of a database, as far as they matter here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) page_size: usize,
    pub(super) reserved: usize,
    pub(super) user_version: u32,
    pub(super) application_id: u32,
}

impl Header {
    /// Nothing if these bytes are no header.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.get(..16)? != MAGIC {
            return None;
        }
        let page_size = match u16::from_be_bytes(bytes.get(16..18)?.try_into().ok()?) {
            1 => 65_536,
            size => usize::from(size),
        };
        let word = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let header = Self {
            page_size,
            reserved: usize::from(*bytes.get(20)?),
            user_version: word(60)?,
            application_id: word(68)?,
        };
        (wal::is_page_size(page_size) && header.reserved <= 64).then_some(header)
    }
}

/// The beginning of a file; shorter if the file is.
pub(super) fn beginning(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(100).read_to_end(&mut bytes)?,
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    Ok(bytes)
}

/// The pages of a database.
#[derive(Debug)]
pub(super) struct Image {
    file: Option<File>,
    whole_pages: u32,
    log: Option<(File, Wal)>,
    /// The header of the newest first page, if it can be read.
    pub(super) header: Option<Header>,
    /// The bytes of a page that trees may use.
    pub(super) usable: usize,
    page_size: usize,
    /// How many pages there are, readable or not.
    pub(super) pages: u32,
}

impl Image {
    /// Opens what there is of a database and its log.
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        let on_disk = Header::read(&beginning(path)?);
        let wal = wal::read(&log_of(path), on_disk.map(|header| header.page_size))?;
        // A log agrees with its database in the size of pages; without either it is SQLite's usual one.
        let page_size = wal.as_ref().map(|wal| wal.page_size).or(on_disk.map(|header| header.page_size));
        let page_size = page_size.unwrap_or(4096);
        let file = match File::open(path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let length = file.as_ref().map_or(Ok(0), |file| file.metadata().map(|about| about.len()))?;
        let whole_pages = u32::try_from(length / page_size as u64).unwrap_or(u32::MAX).min(MAX_PAGES);
        let log = wal.map(|wal| File::open(log_of(path)).map(|file| (file, wal))).transpose()?;
        let logged = log.as_ref().map_or(0, |(_, wal)| wal.pages.keys().copied().max().unwrap_or(0));
        let pages = whole_pages.max(logged).min(MAX_PAGES);
        let mut image = Self { file, whole_pages, log, header: None, usable: page_size, page_size, pages };
        image.header =
            image.page(1).and_then(|page| Header::read(&page)).filter(|newest| newest.page_size == page_size);
        image.usable -= image.header.map_or(0, |header| header.reserved);
        Ok(image)
    }

    /// Whether changes that were committed may be missing altogether: then this is an older state of the database.
    pub(super) fn is_stale(&self) -> bool {
        self.log.as_ref().is_some_and(|(_, wal)| wal.damage.is_some())
    }

    /// The newest version of a page; nothing if it cannot be read.
    pub(super) fn page(&self, number: u32) -> Option<Vec<u8>> {
        let logged = self.log.as_ref().and_then(|(file, wal)| Some((file, *wal.pages.get(&number)?)));
        let (mut file, offset) = match logged {
            Some(logged) => logged,
            None if number == 0 || number > self.whole_pages => return None,
            None => (self.file.as_ref()?, u64::from(number - 1) * self.page_size as u64),
        };
        let mut page = vec![0; self.page_size];
        file.seek(SeekFrom::Start(offset)).ok()?;
        file.read_exact(&mut page).ok()?;
        Some(page)
    }
}
