//! Saved replies in files: to move them to another computer, and to write many at once in a spreadsheet.
//!
//! What is written is read back word for word, and written again it is the same, byte for byte. Two limits: a table has no
//! pictures, and a photo that comes from another computer is encoded anew, as every picture is that comes in.

mod entry;
mod json;
mod table;

use std::collections::{HashMap, HashSet};

use model::{SavedReplyId, SavedReplyProblem};
use store::StoreError;
use store::table::media;
use store::table::saved_reply::{self, SavedReply};

pub(crate) use self::entry::Pictures;
use self::entry::{Entry, Picture, Read};
use crate::view::{ImportRefusal, ImportReport};
use crate::{Desk, Fault, FaultCode};

pub(crate) use json::write as write_json;
pub(crate) use table::write as write_table;

/// Bytes in the largest table.
const MAX_TABLE_BYTES: usize = 8 * 1024 * 1024;
/// Bytes in the largest file with pictures, which are a third larger in it than by themselves.
pub(crate) const MAX_JSON_BYTES: usize = 64 * 1024 * 1024;
/// More than anybody has written; 100,000 rows are another kind of file.
const MAX_ENTRIES: usize = 10_000;
/// So many are kept in one transaction: the writer is free for others in between.
const SLICE: usize = 200;

/// Takes a table in.
///
/// # Errors
/// [`FaultCode::ImportUnreadable`] with `tooLarge`, `tooMany`, `columns`, or `quotes:` and a line.
pub(crate) async fn import_table(desk: &Desk, text: String) -> Result<ImportReport, Fault> {
    import(desk, text, MAX_TABLE_BYTES, table::read).await
}

/// Takes a file with pictures in.
///
/// # Errors
/// [`FaultCode::ImportUnreadable`] with `tooLarge`, `tooMany`, `format`, or `json:` and a line.
pub(crate) async fn import_json(desk: &Desk, text: String) -> Result<ImportReport, Fault> {
    import(desk, text, MAX_JSON_BYTES, json::read).await
}

fn unreadable(detail: impl Into<String>) -> Fault {
    Fault::with_detail(FaultCode::ImportUnreadable, detail)
}

async fn import(
    desk: &Desk,
    text: String,
    largest: usize,
    read: fn(&str) -> Result<Read, String>,
) -> Result<ImportReport, Fault> {
    if text.len() > largest {
        return Err(unreadable("tooLarge"));
    }
    let read = tokio::task::spawn_blocking(move || read(text.strip_prefix('\u{FEFF}').unwrap_or(&text)));
    let entries = read.await.map_err(|error| Fault::unexpected(&error))?.map_err(unreadable)?;
    if entries.len() > MAX_ENTRIES {
        return Err(unreadable("tooMany"));
    }
    let mut intake = Intake::new(desk.store().read(saved_reply::all).await?);
    let mut entries = entries.into_iter();
    loop {
        let slice: Vec<_> = entries.by_ref().take(SLICE).collect();
        if slice.is_empty() {
            break;
        }
        intake = take_in(desk, intake, slice).await?;
    }
    Ok(intake.report)
}

/// One slice: its pictures first, then its rows in one transaction.
async fn take_in(desk: &Desk, mut intake: Intake, slice: Vec<Result<Entry, ImportRefusal>>) -> Result<Intake, Fault> {
    let (mut ready, mut hands) = (Vec::new(), Vec::new());
    for read in slice {
        let mut entry = match read {
            Ok(entry) => entry,
            Err(refusal) => {
                intake.report.refused.push(refusal);
                continue;
            }
        };
        let Picture::Bytes(bytes) = entry.picture else {
            ready.push((entry, None));
            continue;
        };
        entry.picture = Picture::None;
        match desk.keep_picture(bytes).await {
            Ok((held, _, hand)) => {
                hands.push(hand);
                entry.text.attachment = Some(held.key.clone());
                ready.push((entry, Some(held)));
            }
            Err(fault) if fault.code == FaultCode::DiskFull => return Err(fault),
            Err(_) => intake.refuse(entry.place, &entry.text.name, SavedReplyProblem::PictureInvalid),
        }
    }
    let now_ms = desk.engine().clock().now_ms();
    let written = desk.store().write(move |tx| {
        for (entry, held) in ready {
            if let Some(held) = held {
                media::record(tx, &held, now_ms)?;
            }
            intake.take(tx, entry)?;
        }
        Ok(intake)
    });
    let written = written.await;
    drop(hands);
    Ok(written?)
}

/// An import under way.
struct Intake {
    report: ImportReport,
    /// What there was before, by name. One that an entry was matched with is matched with no other: two of one name stay two.
    there: HashMap<String, Vec<SavedReply>>,
    matched: HashSet<SavedReplyId>,
}

impl Intake {
    fn new(there: Vec<SavedReply>) -> Self {
        let mut by_name: HashMap<String, Vec<SavedReply>> = HashMap::new();
        for one in there {
            by_name.entry(one.name.clone()).or_default().push(one);
        }
        let report = ImportReport { added: 0, replaced: 0, unchanged: 0, refused: Vec::new() };
        Self { report, there: by_name, matched: HashSet::new() }
    }

    fn refuse(&mut self, place: u32, name: &str, problem: SavedReplyProblem) {
        self.report.refused.push(ImportRefusal { place, name: name.to_owned(), problem });
    }

    fn take(&mut self, tx: &mut store::Tx<'_>, entry: Entry) -> Result<(), StoreError> {
        let name = entry.text.name.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut alike = self.there.get(&name).into_iter().flatten().filter(|one| !self.matched.contains(&one.id));
        let there = alike.next().cloned();
        let mut text = entry.text;
        if matches!(entry.picture, Picture::Unsaid) {
            text.attachment = there.as_ref().and_then(|there| there.attachment.clone());
        }
        let text = match text.validated() {
            Ok(text) => text,
            Err(problem) => {
                self.refuse(entry.place, &name, problem);
                return Ok(());
            }
        };
        let same = there.as_ref().is_some_and(|there| there.text() == text);
        let id = match (&there, same) {
            (Some(there), true) => Ok(there.id),
            (there, _) => saved_reply::save(tx, there.as_ref().map(|there| there.id), &text),
        };
        let id = match id {
            Err(StoreError::WrongState) => {
                self.refuse(entry.place, &name, SavedReplyProblem::ShortcutTaken);
                return Ok(());
            }
            id => id?,
        };
        saved_reply::set_usage(tx, id, entry.uses, entry.used_at_ms)?;
        self.matched.insert(id);
        match (there, same) {
            (None, _) => self.report.added += 1,
            (Some(_), true) => self.report.unchanged += 1,
            (Some(_), false) => self.report.replaced += 1,
        }
        Ok(())
    }
}
