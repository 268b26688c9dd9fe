//! The write-ahead log of a database that is not trusted (sqlite.org/walformat.html).
//!
//! SQLite takes a log up to the first frame that does not add up and drops the rest without a word: right after a crash,
//! where the rest was never promised, and wrong after damage. A frame whose commit was followed by further frames had been
//! promised: the log is flushed at each commit, before the next one is begun.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;

const HEADER: usize = 32;
const FRAME: usize = 24;

/// What a log holds.
#[derive(Debug)]
pub(super) struct Wal {
    /// The size of its pages.
    pub(super) page_size: usize,
    /// Where in the log the newest committed version of a page stands.
    pub(super) pages: HashMap<u32, u64>,
    /// How many pages the database has by its newest commit.
    pub(super) size: u32,
    /// Why it must be taken for damaged: what was committed may be missing from it.
    pub(super) damage: Option<String>,
}

type Sum = (u32, u32);

#[derive(Debug)]
struct Frame {
    number: u32,
    /// Where its page begins in the log.
    offset: u64,
    /// The size of the database in pages, if this frame ends a transaction.
    commit: u32,
    salt: Sum,
    sum: Sum,
}

/// Reads the log; nothing if there is none, or nothing in it.
pub(super) fn read(path: &Path, page_size: Option<usize>) -> std::io::Result<Option<Wal>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut log = BufReader::with_capacity(1 << 18, file);
    let mut header = [0; HEADER];
    if !fill(&mut log, &mut header)? {
        return Ok(None);
    }
    let declared = usize::try_from(word(&header, 8, true)).unwrap_or(0);
    let big = word(&header, 0, true) == 0x377F_0683;
    let magic = big || word(&header, 0, true) == 0x377F_0682;
    let stored = (word(&header, 24, true), word(&header, 28, true));
    let sound =
        magic && is_page_size(declared) && checksum((0, 0), header.get(..24).unwrap_or_default(), big) == stored;
    let page_size = if sound { declared } else { page_size.unwrap_or(4096) };

    let mut wal = Wal { page_size, pages: HashMap::new(), size: 0, damage: None };
    let mut reading = Reading::default();
    if sound {
        reading.salt = Some((word(&header, 16, true), word(&header, 20, true)));
        reading.chain = Some(stored);
    } else {
        reading.broken = true;
        if header.iter().any(|byte| *byte != 0) {
            wal.damage = Some("the write-ahead log has lost its beginning".to_owned());
        }
    }
    let mut content = vec![0; FRAME + page_size];
    let mut at = HEADER as u64;
    while fill(&mut log, &mut content)? {
        let frame = frame(&content, at + FRAME as u64);
        at += content.len() as u64;
        let adds_up = reading.chain.is_none_or(|chain| {
            let sum = checksum(chain, content.get(..8).unwrap_or_default(), big);
            checksum(sum, content.get(FRAME..).unwrap_or_default(), big) == frame.sum
        });
        reading.take(frame, adds_up, &mut wal);
    }
    if wal.damage.is_some() {
        wal.pages.extend(reading.doubtful);
        wal.size = wal.size.max(reading.size);
    }
    Ok(Some(wal).filter(|wal| !wal.pages.is_empty() || wal.damage.is_some()))
}

/// How far the log was understood.
#[derive(Debug, Default)]
struct Reading {
    /// What marks the frames of this log; others are left from an older one.
    salt: Option<Sum>,
    /// What the next frame's sum continues; nothing where the frame before it cannot be trusted to say.
    chain: Option<Sum>,
    /// Without a header: the frame before, whose salts are right if the next one continues it.
    candidate: Option<Frame>,
    /// A frame did not add up: SQLite reads no further.
    broken: bool,
    /// Since then, in an unbroken row, a transaction was ended.
    ended: bool,
    /// Frames of a transaction that is not ended yet.
    pending: Vec<(u32, u64)>,
    /// What follows the break: to be taken only if it is proven that it had been promised.
    doubtful: HashMap<u32, u64>,
    size: u32,
}

impl Reading {
    fn take(&mut self, frame: Frame, adds_up: bool, wal: &mut Wal) {
        if self.salt.is_none() {
            match self.candidate.take().filter(|before| adds_up && before.salt == frame.salt && before.number > 0) {
                Some(before) => {
                    self.salt = Some(before.salt);
                    self.keep(before, wal);
                }
                None => {
                    self.chain = Some(frame.sum);
                    self.candidate = Some(frame);
                    return;
                }
            }
        }
        let ours = self.salt == Some(frame.salt) && frame.number > 0;
        if ours && adds_up {
            self.chain = Some(frame.sum);
            self.keep(frame, wal);
        } else {
            self.broken = true;
            self.ended = false;
            self.doubtful.extend(self.pending.drain(..));
            // With its salts its sum stands too, and what follows can be checked against it.
            self.chain = ours.then_some(frame.sum);
        }
    }

    fn keep(&mut self, frame: Frame, wal: &mut Wal) {
        if self.ended {
            wal.damage.get_or_insert_with(|| "the write-ahead log is damaged in its middle".to_owned());
        }
        self.pending.push((frame.number, frame.offset));
        if frame.commit == 0 {
            return;
        }
        if self.broken {
            self.ended = true;
            self.size = frame.commit;
            self.doubtful.extend(self.pending.drain(..));
        } else {
            wal.size = frame.commit;
            wal.pages.extend(self.pending.drain(..));
        }
    }
}

fn frame(content: &[u8], offset: u64) -> Frame {
    let word = |at| word(content, at, true);
    Frame { number: word(0), offset, commit: word(4), salt: (word(8), word(12)), sum: (word(16), word(20)) }
}

/// SQLite's running sum over pairs of words.
fn checksum(start: Sum, bytes: &[u8], big: bool) -> Sum {
    bytes.chunks_exact(8).fold(start, |(one, two), pair| {
        let one = one.wrapping_add(word(pair, 0, big)).wrapping_add(two);
        (one, two.wrapping_add(word(pair, 4, big)).wrapping_add(one))
    })
}

fn word(bytes: &[u8], at: usize, big: bool) -> u32 {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).unwrap_or_default();
    if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
}

/// Whether SQLite could have chosen it.
pub(super) fn is_page_size(size: usize) -> bool {
    size.is_power_of_two() && (512..=65_536).contains(&size)
}

/// Fills the buffer, or says that there was not enough left.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<bool> {
    match from.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
