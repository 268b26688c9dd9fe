//! The pages of SQLite's trees, read without SQLite: what is broken may be just what it relies on
//! (sqlite.org/fileformat2.html). Nothing in them is taken on trust; what does not add up is not there.

use rusqlite::types::Value;

use super::image::Image;

/// Longer than anything we store: not a length.
const LONGEST: usize = 1 << 26;

/// What a page is in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageKind {
    /// Branches of a table; they hold no rows.
    TableBranch,
    /// Rows of a table.
    TableLeaf,
    /// Branches of an index, or of a table without rowids; they hold entries as leaves do.
    IndexBranch,
    /// Entries of an index, or rows of a table without rowids.
    IndexLeaf,
}

impl PageKind {
    /// Whether pages of this kind are of tables with rowids.
    pub(super) fn has_rowids(self) -> bool {
        matches!(self, Self::TableBranch | Self::TableLeaf)
    }
}

/// A page of a tree.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: PageKind,
    page: Vec<u8>,
    cells: Vec<usize>,
    right: Option<u32>,
}

/// A row, or an index entry, in the order in which it is stored.
#[derive(Debug, PartialEq)]
pub(super) struct Record {
    pub(super) rowid: Option<i64>,
    pub(super) values: Vec<Value>,
}

impl Node {
    /// Nothing if the page cannot be one of a tree.
    pub(super) fn read(image: &Image, number: u32) -> Option<Self> {
        let page = image.page(number)?;
        // The file's own header stands on its first page.
        let start = if number == 1 { 100 } else { 0 };
        let (kind, branch) = match page.get(start)? {
            0x02 => (PageKind::IndexBranch, true),
            0x05 => (PageKind::TableBranch, true),
            0x0A => (PageKind::IndexLeaf, false),
            0x0D => (PageKind::TableLeaf, false),
            _ => return None,
        };
        let count = short(&page, start + 3)?;
        let pointers = start + if branch { 12 } else { 8 };
        let cells = (0..count).map(|nth| short(&page, pointers + 2 * nth)).collect::<Option<Vec<_>>>()?;
        let earliest = pointers + 2 * count;
        if cells.iter().any(|cell| *cell < earliest || *cell >= image.usable) {
            return None;
        }
        let right = if branch { Some(word(&page, start + 8)?) } else { None };
        Some(Self { kind, page, cells, right })
    }

    /// The pages below this one.
    pub(super) fn children(&self) -> Vec<u32> {
        let Some(right) = self.right else { return Vec::new() };
        self.cells.iter().map(|cell| word(&self.page, *cell).unwrap_or(0)).chain([right]).collect()
    }

    /// The records that stand on this page; nothing in place of one that cannot be read.
    pub(super) fn records<'a>(&'a self, image: &'a Image) -> impl Iterator<Item = Option<Record>> + 'a {
        let cells: &[usize] = if self.kind == PageKind::TableBranch { &[] } else { &self.cells };
        cells.iter().map(|cell| self.record(*cell, image))
    }

    fn record(&self, cell: usize, image: &Image) -> Option<Record> {
        let mut at = cell + if self.kind == PageKind::IndexBranch { 4 } else { 0 };
        let length = usize::try_from(varint(&self.page, &mut at)?).ok()?;
        let rowid = if self.kind == PageKind::TableLeaf { Some(varint(&self.page, &mut at)?) } else { None };
        let payload = self.payload(at, length, image)?;
        Some(Record { rowid, values: values(&payload)? })
    }

    /// All of a cell's payload: its beginning on this page, the rest on overflow pages.
    fn payload(&self, at: usize, length: usize, image: &Image) -> Option<Vec<u8>> {
        let usable = image.usable;
        let least = (usable - 12) * 32 / 255 - 23;
        let most = if self.kind == PageKind::TableLeaf { usable - 35 } else { (usable - 12) * 64 / 255 - 23 };
        if length <= most {
            return Some(self.page.get(at..at.checked_add(length)?).filter(|_| at + length <= usable)?.to_vec());
        }
        if length > LONGEST {
            return None;
        }
        let fitting = least + (length - least) % (usable - 4);
        let here = if fitting <= most { fitting } else { least };
        let mut payload = self.page.get(at..at + here)?.to_vec();
        let mut next = word(&self.page, at + here)?;
        while payload.len() < length {
            let page = image.page(next)?;
            let wanted = (length - payload.len()).min(usable - 4);
            payload.extend_from_slice(page.get(4..4 + wanted)?);
            next = word(&page, 0)?;
        }
        // A chain ends where its payload does.
        (next == 0).then_some(payload)
    }
}

/// The columns of a record.
fn values(payload: &[u8]) -> Option<Vec<Value>> {
    let mut at = 0;
    let header = usize::try_from(varint(payload, &mut at)?).ok()?;
    let mut body = header;
    let mut values = Vec::new();
    while at < header {
        let kind = varint(payload, &mut at)?;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            12.. => usize::try_from((kind - 12) / 2).ok()?,
            _ => return None,
        };
        let bytes = payload.get(body..body.checked_add(length)?)?;
        body += length;
        values.push(match kind {
            0 => Value::Null,
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            1..=6 => {
                let sign = bytes.first().is_some_and(|first| *first >= 0x80);
                Value::Integer(bytes.iter().fold(if sign { -1 } else { 0 }, |sum, byte| sum << 8 | i64::from(*byte)))
            }
            7 => Value::Real(f64::from_be_bytes(bytes.try_into().ok()?)),
            _ if kind % 2 == 0 => Value::Blob(bytes.to_vec()),
            _ => Value::Text(String::from_utf8(bytes.to_vec()).ok()?),
        });
    }
    (at == header && body == payload.len()).then_some(values)
}

/// One to nine bytes, seven bits in each but the ninth.
fn varint(bytes: &[u8], at: &mut usize) -> Option<i64> {
    let mut value: u64 = 0;
    for nth in 0..9 {
        let byte = u64::from(*bytes.get(*at)?);
        *at += 1;
        if nth == 8 {
            value = value << 8 | byte;
        } else {
            value = value << 7 | byte & 0x7F;
            if byte < 0x80 {
                break;
            }
        }
    }
    Some(value.cast_signed())
}

fn short(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
